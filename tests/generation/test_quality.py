"""Metrics and report: right on made-up embeddings whose answer is known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from generation.quality import figures
from generation.quality.metrics import (
    Distances,
    area_under_roc,
    equal_error_rate,
    mean_distance,
    pair_distances,
    roc,
    share_below,
)
from generation.quality.report import _page, measure
from generation.quality.survey import Sight


def cloud(people: int, views: int, spread: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Unit-sphere-like embeddings around one centre for each person."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 0.06, (people, 128))
    points = np.repeat(centres, views, axis=0) + rng.normal(0, spread, (people * views, 128))
    return points.astype(np.float32), np.repeat(np.arange(people), views)


def test_pairs_are_counted_as_by_brute_force():
    """More faces than a block, so that borders between blocks count too."""
    points, owners = cloud(people=60, views=10, spread=0.02)
    counted = pair_distances(points, owners)
    upper = np.triu_indices(len(points), 1)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)[upper]
    same = (owners[:, None] == owners[None])[upper]
    assert counted.same.sum() == same.sum() == 60 * 45
    assert counted.different.sum() == (~same).sum()
    for threshold in (0.3, 0.6, 0.8):
        assert share_below(counted.same, threshold) == pytest.approx(
            (apart[same] < threshold).mean(), abs=0.01
        )
        assert share_below(counted.different, threshold) == pytest.approx(
            (apart[~same] < threshold).mean(), abs=0.01
        )
    assert mean_distance(counted.same) == pytest.approx(apart[same].mean(), abs=2e-3)
    expected = stats.mannwhitneyu(-apart[same], -apart[~same]).statistic / (same.sum() * (~same).sum())
    assert area_under_roc(counted) == pytest.approx(expected, abs=1e-3)


def test_roc_of_known_histograms():
    """Same pairs in bins 0–3, different ones in 2–5: half of each overlap."""
    same, different = np.zeros(1000, np.int64), np.zeros(1000, np.int64)
    same[:4], different[2:6] = 1, 1
    distances = Distances(same, different)
    false, true = roc(distances)
    assert (np.diff(false) >= 0).all()
    assert (true[-1], false[-1]) == (1, 1)
    # 16 pairs of pairs: 1 wrong (bin 3 against 2), 2 ties.
    assert area_under_roc(distances) == pytest.approx((16 - 1 - 2 / 2) / 16)
    rate, threshold = equal_error_rate(distances)
    assert rate == pytest.approx(0.25)
    assert threshold == pytest.approx(3 * 0.002)


def test_perfect_and_hopeless():
    points, owners = cloud(people=5, views=4, spread=0.001)
    clear = pair_distances(points, owners)
    assert area_under_roc(clear) == 1
    assert equal_error_rate(clear)[0] == 0
    shuffled = pair_distances(points, np.random.default_rng(1).permutation(owners))
    assert 0.3 < area_under_roc(shuffled) < 0.7


def test_nothing_to_compare():
    empty = pair_distances(np.zeros((0, 128), np.float32), np.zeros(0, np.int64))
    assert area_under_roc(empty) is None
    assert equal_error_rate(empty) is None
    assert share_below(empty.same, 0.6) is None
    assert mean_distance(empty.same) is None
    assert "<svg" in figures.roc_figure(empty)


@pytest.fixture
def population():
    """Six people, five pictures each; one picture shows nobody, one somebody else, one is too small."""
    points, owners = cloud(people=6, views=5, spread=0.015)
    people = {
        f"id_{k + 1:04d}": {
            "name": f"Person <{k}>",
            "age": 20 + 10 * k,
            "melanin": k / 6,
            "gender": ("female", "male")[k % 2],
            "hair_style": ("bob", "short")[k % 2],
            "beard": "none",
            "glasses": "none",
        }
        for k in range(6)
    }
    sights = []
    for row, (point, owner) in enumerate(zip(points, owners, strict=True)):
        number = row % 5
        view = {"yaw": -20.0 if number == 1 else 3.0, "framing": "bust"} if number else {}
        sights.append(
            Sight(
                identity_id=f"id_{owner + 1:04d}",
                view_id=f"train-{number:03d}" if number else "anchor-000",
                role="train" if number else "anchor",
                checked=True,
                detected=True,
                embedding=point,
                thumbnail=b"jpeg",
                view=view,
                record={"attempts": 1 + (number == 2), "passed": number != 2} if number else {},
            )
        )
    replace = {
        6: {"embedding": None, "detected": False},
        12: {"embedding": points[27]},
        29: {"checked": False},
    }
    for row, changes in replace.items():
        sights[row] = Sight(**{**sights[row].__dict__, **changes})
    return sights, people


def test_measured_population(population):
    result, judged, _ = measure(*population)
    assert result["counts"]["checked"] == 29
    assert result["counts"]["too_small_or_hidden"] == 1
    assert result["detected"] == pytest.approx(28 / 29, abs=1e-5)
    faults = {(f["identity_id"], f["view_id"]): f["fault"] for f in result["failures"]}
    assert faults == {("id_0002", "train-001"): "no face", ("id_0003", "train-002"): "unlike"}
    assert result["groups"]["hair"]["short"]["failed_share"] == pytest.approx(1 / 14, abs=1e-5)
    assert result["groups"]["yaw"]["18–30°"]["detected"] == pytest.approx(5 / 6, abs=1e-5)
    assert result["groups"]["framing"]["bust"]["checked"] == 23
    assert result["redraws"]["attempts"] == {"1": 18, "2": 6}
    assert result["redraws"]["kept_as_failed"] == 6
    assert result["likenesses"][0]["people"] == ["Person <2>", "Person <5>"]
    assert len(judged) == 29
    json.dumps(result)


def test_anchor_without_a_face(population):
    """The identity's other pictures cannot be judged, and say so."""
    sights, people = population
    sights[5] = Sight(**{**sights[5].__dict__, "embedding": None, "detected": False})
    result, _, _ = measure(sights, people)
    faults = [f["fault"] for f in result["failures"] if f["identity_id"] == "id_0002"]
    assert sorted(faults) == ["no anchor"] * 3 + ["no face"] * 2


def test_page_and_figures_are_the_same_each_time_and_escape_names(population):
    def drawn() -> str:
        result, judged, distances = measure(*population)
        drawings = {
            "distances": figures.distance_figure(distances),
            "roc": figures.roc_figure(distances),
            "groups": figures.group_figure([("hair: bob", 15, 0.0), ("hair: short", 14, 1 / 14)]),
        }
        result = {"dataset": "remem", "fingerprint": "0" * 64, **result}
        return _page(result, drawings, judged, population[1])

    page = drawn()
    assert page == drawn()
    assert page.count("<svg") == 3
    assert "Person &lt;2&gt;" in page
    assert "Person <2>" not in page
    assert page.count("data:image/jpeg") == 2


def test_what_is_not_known_of_the_looks_makes_no_group(population):
    sights, people = population
    some = {name: {"name": p["name"], "gender": p["gender"], "source": "anna"} for name, p in people.items()}
    groups = measure(sights, some)[0]["groups"]
    assert set(groups) == {"gender", "role", "yaw", "framing"}
    # An older dataset of own pictures records looks that nobody in its pictures has.
    groups = measure(sights, people, own_pictures=True)[0]["groups"]
    assert set(groups) == {"role", "framing"}
