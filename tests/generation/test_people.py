"""Persons: reproducible, independent of how many there are, plausible, and unlike one another."""

from __future__ import annotations

import collections
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from generation.people import sample_person
from generation.people.appearance import FRAMES, load_appearance
from generation.people.casting import candidate_person
from generation.people.choice import described_cast
from generation.people.features import features
from generation.people.sampling import tone_quarter
from generation.presets import ASSETS, load_preset
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError

COUNT = 400
CONFIG = load_preset("tiny", seed=11)


def with_identities(count: int) -> BenchmarkConfig:
    return BenchmarkConfig(**{**CONFIG.to_dict(), "identities": count})


@pytest.fixture(scope="module")
def cast():
    return described_cast(with_identities(COUNT))


@pytest.fixture(scope="module")
def persons(cast):
    return [candidate_person(CONFIG, i, k) for i, k in enumerate(cast.candidates)]


def test_same_person_in_another_process(persons, cast):
    """A process that never met the others draws the same person."""
    code = (
        "import json; from generation.people.casting import candidate_person;"
        "from generation.presets import load_preset;"
        "c = load_preset('tiny', seed=11);"
        "print(json.dumps([candidate_person(c, i, k).to_dict() for i, k in "
        f"{[(i, cast.candidates[i]) for i in (260, 3)]!r}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ASSETS.parent
    )
    assert json.loads(done.stdout) == json.loads(json.dumps([persons[260].to_dict(), persons[3].to_dict()]))


def test_more_identities_change_nobody(cast):
    assert described_cast(with_identities(40)).candidates == cast.candidates[:40]


def test_candidates_share_what_belongs_to_the_identity():
    """Else choosing candidates would unbalance the population."""
    for index in range(8):
        looks = [candidate_person(CONFIG, index, k) for k in range(6)]
        for trait in ("gender", "age", "beard", "earrings", "scar"):
            assert len({getattr(p, trait) for p in looks}) == 1, trait
        assert len({p.glasses != "none" for p in looks}) == 1
        assert len({int(p.melanin * 4) for p in looks}) == 1
        assert len({tuple(p.face_targets.values()) for p in looks}) == 6


def test_seeds_differ():
    other = load_preset("tiny", seed=12)
    assert sample_person(CONFIG, 0, "male", 40) != sample_person(other, 0, "male", 40)


def test_described_cast_starts_anew_in_each_block(cast):
    """So the cost of an identity is bounded; the second block begins with the first candidate."""
    assert cast.candidates[0] == cast.candidates[load_appearance().block] == 0


def test_amounts_and_colours_are_in_range(persons):
    styles = load_appearance().styles
    for person in persons:
        amounts = [
            *(person.muscle, person.weight, person.melanin, person.redness, person.freckles, person.grey),
            *(*person.lip, *person.iris, *person.hair_colour, *person.ancestry, person.brow_thickness),
            *person.face_targets.values(),
        ]
        assert all(0 <= a <= 1 for a in amounts)
        assert sum(person.ancestry) == pytest.approx(1)
        assert person.hair_style in styles
        assert max(person.face_targets.values()) <= 0.75


def test_genders_are_respected(persons):
    styles = load_appearance().styles
    for person in persons:
        assert styles[person.hair_style].weight[person.gender] > 0
        assert person.age >= styles[person.hair_style].min_age
        if person.gender == "female":
            assert person.beard == "none"


def test_every_choice_occurs(persons):
    men = collections.Counter(p.beard for p in persons if p.gender == "male")
    assert set(men) == {"none", "stubble", "moustache", "goatee", "full"}
    assert {p.glasses for p in persons} == {"none", *FRAMES}
    assert {p.earrings for p in persons} == {"none", "stud", "hoop"}
    assert {p.hair_style for p in persons} == set(load_appearance().styles)
    assert 0.04 < np.mean([bool(p.scar) for p in persons]) < 0.16
    for gender in ("female", "male"):
        styles = collections.Counter(p.hair_style for p in persons if p.gender == gender)
        assert max(styles.values()) < 0.3 * styles.total()


def test_twenty_people_are_already_a_fair_sample(persons):
    """Traits are dealt, not drawn."""
    for group in (persons, persons[:20], persons[20:40]):
        men = [p for p in group if p.gender == "male"]
        assert 2 * len(men) == len(group)
        assert 0.25 <= np.mean([p.glasses != "none" for p in group]) <= 0.55
        assert 0.3 <= np.mean([p.beard == "none" for p in men]) <= 0.6
        assert max(collections.Counter(p.hair_style for p in group).values()) <= 0.25 * len(group)


def test_tones_are_balanced(persons):
    tones = np.array([p.melanin for p in persons])
    quarters = np.bincount((tones * 4).astype(int), minlength=4)
    assert quarters.tolist() == [COUNT // 4] * 4
    for start in range(COUNT - 3):
        window = tones[start : start + 4]
        assert window.max() - window.min() > 0.25
    for gender in ("female", "male"):
        mean = np.mean([p.melanin for p in persons if p.gender == gender])
        assert 0.42 < mean < 0.58
    assert len({tuple(tone_quarter(11, 4 * k + j) for j in range(4)) for k in range(40)}) > 4


def test_looks_hang_together(persons):
    """Grey comes with age; blond and red hair, light eyes and freckles only with light skin."""
    grey_young = [p.grey for p in persons if p.age < 35]
    grey_old = [p.grey for p in persons if p.age > 63]
    assert max(grey_young) < 0.5
    assert np.mean(grey_young) < 0.05
    assert np.mean(grey_old) > 0.7
    for p in persons:
        if p.melanin > 0.6:
            assert max(p.hair_colour) < 0.08
            assert p.iris[2] < 0.1
            assert p.freckles == 0
    african = [p for p in persons if p.ancestry[0] > 0.6]
    assert african
    assert min(p.melanin for p in african) > 0.5


def test_persons_are_farther_apart_than_chance(persons):
    tables = load_appearance()
    chosen = np.stack([features(tables, p) for p in persons[:64]])
    first = np.stack([features(tables, candidate_person(CONFIG, i, 0)) for i in range(64)])

    def nearest(vectors: np.ndarray) -> np.ndarray:
        distance = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
        np.fill_diagonal(distance, np.inf)
        return distance.min(axis=1)

    assert nearest(chosen).min() > 1.15 * nearest(first).min()
    assert nearest(chosen).mean() > nearest(first).mean()


@pytest.mark.parametrize(
    ("index", "gender", "age", "word"),
    [(0, "other", 30, "gender"), (0, "male", 12, "age"), (-1, "male", 30, "number")],
)
def test_bad_arguments(index, gender, age, word):
    with pytest.raises(RememError, match=word):
        sample_person(CONFIG, index, gender, age)


@pytest.mark.parametrize(
    ("table", "old", "new", "message"),
    [
        ("appearance", "pool: 16", "pool: 0", "pool is 0; it must be a number between 1 and 1000"),
        ("appearance", "pool: 16", "pond: 16", "unknown key 'pond'"),
        ("appearance", "freckles: {share: 0.45, until: 0.32}", "", "lacks the key 'freckles'"),
        ("appearance", "share: 0.1", "share: 2", "scars: share is 2"),
        ("appearance", "stud: 0.06, ", "", "earrings: male lacks the key 'stud'"),
        ("appearance", 'black: "#15110f"', 'black: "#15110"', "hair_colours: black"),
        ("appearance", 'black: "#15110f"', "black: [0.1, 1.2, 0]", "between 0 and 1"),
        ("appearance", "ancestry: [1.0, 0.0, 0.0]", "ancestry: [1.0, 0.5, 0.0]", "sum to 1"),
        ("appearance", "melanin: [0.72, 1.00]", "melanin: [0.72, 0.95]", "leave out the skin tone"),
        ("appearance", "tied: [bun,", "tied: [bob, bun,", "the style 'bob' twice"),
        ("appearance", "dark_blond: 3", "mauve: 3", "mauve"),
        ("hair", "min_age: 18", "min_age: 19", "none that suits"),
        ("face_targets", "head_shapes:", "head_forms:", "head_forms"),
    ],
)
def test_faulty_tables(tmp_path, table, old, new, message):
    for name in ("appearance", "hair", "face_targets"):
        shutil.copy(ASSETS / f"{name}.yaml", tmp_path)
    path = tmp_path / f"{table}.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(RememError, match=message) as fault:
        load_appearance(tmp_path)
    assert len(str(fault.value).splitlines()) == 1
