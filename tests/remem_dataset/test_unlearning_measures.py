"""Unlearning measured against vanilla and against the model that never knew."""

from __future__ import annotations

import pytest
from scipy.stats import ks_2samp

from remem_dataset.results import read_results
from remem_dataset.results.unlearning import forget_quality, measures

from .results_files import row_lines, run_document, write_run


def run_with_truth(folder, shares):
    """A run whose forget facts have these truth shares, in the order of person and attribute."""
    rows = row_lines([2.0])
    facts: dict[tuple[str, str], float] = {}
    values = iter(shares)
    for row in rows:
        if "_forget_" in row["task"]:
            fact = (row["identity_id"], row["attribute"])
            if fact not in facts:
                facts[fact] = next(values)
            row["truth_share"] = facts[fact]
    return read_results(write_run(folder, run_document(exposure=2.0), rows=rows))


def test_measures_stand_side_by_side(tmp_path):
    vanilla = read_results(write_run(tmp_path / "v", run_document(exact_match=1.0, exposure=4.0)))
    document = run_document(exact_match={"forget": 0.1, "retain": 0.9}, exposure={"forget": 3.5, "retain": 4})
    unlearned = read_results(write_run(tmp_path / "u", document))
    found = {(m.aspect, m.what): m for m in measures(vanilla=vanilla, unlearned=unlearned)}
    forgotten = found["erasure", "exact match"]
    assert (forgotten.vanilla, forgotten.unlearned, forgotten.retain_only) == (1.0, 0.1, None)
    assert found["erasure", "Exposure, bits"].unlearned == 3.5
    assert found["retention", "exact match, unseen"].unlearned == pytest.approx(0.9)
    assert found["text only", "exact match"].unlearned == pytest.approx(0.1)
    assert found["language", "refusals, forget set"].unlearned is None  # these runs did not measure it


def test_forget_quality_is_the_ks_test_over_facts(tmp_path):
    ours, theirs = [0.9, 0.8, 0.7], [0.1, 0.75, 0.3]
    unlearned, ignorant = run_with_truth(tmp_path / "u", ours), run_with_truth(tmp_path / "r", theirs)
    quality = forget_quality(unlearned=unlearned, retain_only=ignorant)
    expected = ks_2samp(ours, theirs)
    assert quality.facts == 3  # one person × three attributes, though each is asked in several rows
    assert quality.statistic == pytest.approx(expected.statistic) == pytest.approx(2 / 3)
    assert quality.p_value == pytest.approx(expected.pvalue)


def test_forget_quality_is_the_same_for_ratio_and_share(tmp_path):
    ours, theirs = [0.9, 0.8, 0.7], [0.1, 0.75, 0.3]
    quality = forget_quality(
        unlearned=run_with_truth(tmp_path / "u", ours), retain_only=run_with_truth(tmp_path / "r", theirs)
    )
    ratios = ([1 / share - 1 for share in shares] for shares in (ours, theirs))
    assert quality.statistic == pytest.approx(ks_2samp(*ratios).statistic)


def test_no_forget_quality_without_the_same_facts(tmp_path):
    unlearned = run_with_truth(tmp_path / "u", [0.9, 0.8, 0.7])
    without_rows = read_results(write_run(tmp_path / "r", run_document()))
    assert forget_quality(unlearned=unlearned, retain_only=without_rows) is None
