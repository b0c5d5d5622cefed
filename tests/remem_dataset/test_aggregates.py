"""Groups of rows and differences between them, against figures worked out by hand."""

from __future__ import annotations

import math

import pytest

from remem_dataset.errors import RememError
from remem_dataset.results.aggregates import differences, grid_rows, grouped
from remem_dataset.results.runs import ScoredRow


def row(task, person, value, metric="exact_match", **columns):
    columns = {"attribute": "pet", "question_type": "single_hop", "split_role": "seen", **columns}
    return ScoredRow(task=task, identity_id=person, metrics={metric: value}, **columns)


def by_name(rows, neighbours=()):
    return {(d.name, d.part, d.metric): d.figure for d in differences(rows, neighbours)}


def test_groups_have_the_mean_of_their_rows():
    rows = [row("t", "a", 1.0), row("t", "b", 0.0), row("t", "a", 0.5, attribute="email", hops=2)]
    assert {k: f.value for k, f in grouped(rows, "exact_match", "attribute").items()} == {
        "email": 0.5,
        "pet": 0.5,
    }
    assert {k: f.n for k, f in grouped(rows, "exact_match", "identity").items()} == {"a": 2, "b": 1}
    assert set(grouped(rows, "exact_match", "hops")) == {"0", "2"}
    assert grouped(rows, "exposure", "hops") == {}
    with pytest.raises(RememError, match="cannot be grouped by 'mood'; they can by attribute"):
        grouped(rows, "exact_match", "mood")


def test_the_grid_of_a_part_has_neither_the_other_part_nor_text_only_rows():
    rows = [
        row(f"remem_{name}", "a", 1.0)
        for name in ("forget_seen_single_qa", "retain_seen_single_qa", "forget_text_qa", "scene_qa")
    ]
    assert [found.task for found in grid_rows(rows, "forget")] == ["remem_forget_seen_single_qa"]


def test_a_gap_is_paired_by_person():
    """Persons differ widely and gaps do not: the error is that of the gaps."""
    task = "remem_retain_seen_single_qa"
    rows = []
    for person, level in (("a", 0.2), ("b", 0.5), ("c", 0.9)):
        rows += [
            row(task, person, level),
            row(task, person, level - 0.1, question_type="multi_hop"),
            row("remem_retain_unseen_single_qa", person, level - 0.3, split_role="unseen"),
            row("remem_retain_text_qa", person, 0.0),
        ]
    found = by_name(rows)
    hop = found["single-hop − multi-hop", "retain", "exact_match"]
    assert (hop.value, hop.n) == (pytest.approx(0.1), 3)
    assert hop.stderr == pytest.approx(0.0, abs=1e-12)
    assert found["seen − unseen", "retain", "exact_match"].value == pytest.approx(0.25)
    assert found["with picture − text only", "retain", "exact_match"].value == pytest.approx(1.6 / 3)
    assert not any(part == "forget" for _, part, _ in found)


def test_neighbours_are_compared_with_everybody_else_of_the_retain_set():
    task = "remem_retain_seen_single_exposure"
    values = {"a": 0.2, "b": 0.4, "c": 0.9, "d": 1.0}
    rows = [row(task, person, value, "exposure_share") for person, value in values.items()]
    found = by_name(rows, {"a", "b"})["neighbours − others", "retain", "exposure_share"]
    assert found.value == pytest.approx(0.3 - 0.95)
    assert found.stderr == pytest.approx(math.hypot(0.1, 0.05))
    assert found.n == 4
    assert ("neighbours − others", "retain", "exposure_share") not in by_name(rows)
