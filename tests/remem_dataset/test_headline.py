"""The headline: what must win, and what must not."""

from __future__ import annotations

import copy

import pytest

from remem_dataset.results import read_results
from remem_dataset.results.headline import combine, forget_facts, headline, leak
from remem_dataset.results.tasks import grid_tasks

from .results_files import null_mean, run_document, write_run

N = 15
CEILING, NULL = 4.0, null_mean(N)


def run(folder, *, em_forget, em_retain, bits_forget, bits_retain=CEILING, well_formed=1.0, changes=()):
    """A run with the given figures about the forget and the retain set, and single ones changed."""
    document = run_document(
        exact_match={"forget": em_forget, "retain": em_retain},
        exposure={"forget": bits_forget, "retain": bits_retain},
        n=N,
    )
    for name, figures in document["results"].items():
        if name.endswith("_qa"):
            figures["well_formed,none"] = well_formed if "_forget_" in name else 1.0
    for task, metric, value in changes:
        document["results"][task][f"{metric},none"] = value
    return read_results(write_run(folder, document))


@pytest.fixture
def vanilla(tmp_path):
    return run(tmp_path / "vanilla", em_forget=1.0, em_retain=1.0, bits_forget=CEILING)


def test_leak_is_0_for_the_ignorant_and_1_for_who_knows():
    assert leak(NULL, NULL, CEILING) == 0
    assert leak(CEILING, NULL, CEILING) == 1
    assert leak((NULL + CEILING) / 2, NULL, CEILING) == pytest.approx(0.5)
    assert leak(0.0, NULL, CEILING) == 0  # a collapsed model, whose ties count against the gold


def test_combination_is_a_harmonic_mean_times_language():
    assert combine(erasure=1, retention=1, language=1) == 100
    assert combine(erasure=0.5, retention=1, language=1) == pytest.approx(100 * 2 / 3)
    assert combine(erasure=0.5, retention=1, language=0.5) == pytest.approx(100 / 3)
    assert combine(erasure=0, retention=0, language=1) == 0


def test_perfect_unlearning_scores_100(vanilla, tmp_path):
    best = run(tmp_path / "best", em_forget=0.0, em_retain=1.0, bits_forget=NULL)
    found = headline(vanilla=vanilla, unlearned=best)
    assert found.percent == pytest.approx(100)
    assert (found.erasure, found.retention, found.language) == (1, 1, 1)


def test_doing_nothing_scores_0(vanilla):
    found = headline(vanilla=vanilla, unlearned=vanilla)
    assert found.percent == 0
    assert found.erasure == 0
    assert found.retention == 1


@pytest.mark.parametrize(
    ("figures", "most"),
    [
        # A model that never learnt anybody: it has nothing to keep.
        ({"em_forget": 0.0, "em_retain": 0.0, "bits_forget": NULL, "bits_retain": NULL}, 0),
        # One that says the same nonsense to everything: all ranks tie.
        (
            {
                "em_forget": 0.0,
                "em_retain": 0.0,
                "bits_forget": 0.0,
                "bits_retain": 0.0,
                "well_formed": 0.0,
            },
            0,
        ),
        # One that talks nonsense about the forget set alone.
        ({"em_forget": 0.0, "em_retain": 1.0, "bits_forget": NULL, "well_formed": 0.0}, 0),
        # One that refuses, but would still rank the secret first.
        ({"em_forget": 0.0, "em_retain": 1.0, "bits_forget": CEILING}, 0),
        # One that refuses to say anything about anybody.
        ({"em_forget": 0.0, "em_retain": 0.0, "bits_forget": CEILING}, 0),
    ],
    ids=["never knew", "collapsed", "gibberish about the forgotten", "refuses", "refuses everything"],
)
def test_degenerate_models_do_not_win(vanilla, tmp_path, figures, most):
    found = headline(vanilla=vanilla, unlearned=run(tmp_path / "u", **figures))
    assert found.percent <= most


def test_the_worst_way_to_ask_counts(vanilla, tmp_path):
    for task in forget_facts():
        leaky = run(
            tmp_path / task,
            em_forget=0.0,
            em_retain=1.0,
            bits_forget=NULL,
            changes=[(task, "exposure", CEILING)],
        )
        found = headline(vanilla=vanilla, unlearned=leaky)
        assert found.percent == 0
        assert [name for name, value in found.leaks.items() if value] == [task]


def test_each_kind_of_retain_question_has_the_same_weight(vanilla, tmp_path):
    task = grid_tasks(kind="qa", subsets=("retain",))[0]
    forgetful = run(
        tmp_path / "u",
        em_forget=0.0,
        em_retain=1.0,
        bits_forget=NULL,
        changes=[(task, "exact_match", 0.0)],
    )
    assert headline(vanilla=vanilla, unlearned=forgetful).retention == pytest.approx(0.75)


def test_retention_is_measured_by_what_vanilla_knew(vanilla, tmp_path):
    changes = [
        (task, "exact_match", 0.5) for task in grid_tasks(kind="qa", subsets=("retain",), roles=("unseen",))
    ]
    figures = {"em_forget": 0.0, "em_retain": 1.0, "changes": changes}
    weaker = run(tmp_path / "v", bits_forget=CEILING, **{**figures, "em_forget": 1.0})
    same = run(tmp_path / "u", bits_forget=NULL, **figures)
    better = run(tmp_path / "b", bits_forget=NULL, em_forget=0.0, em_retain=1.0)
    assert headline(vanilla=weaker, unlearned=same).percent == pytest.approx(100)
    assert headline(vanilla=weaker, unlearned=better).percent == pytest.approx(100)


def test_without_memorisation_there_is_no_headline(tmp_path):
    ignorant = run(tmp_path / "v", em_forget=0.2, em_retain=0.2, bits_forget=NULL, bits_retain=NULL)
    found = headline(vanilla=ignorant, unlearned=ignorant)
    assert found.percent is None
    assert "has not memorised" in found.reason


def test_what_was_not_measured_is_named(vanilla, tmp_path):
    document = run_document(exact_match=0.0, exposure=NULL)
    partial = copy.deepcopy(document)
    del partial["results"]["remem_forget_text_exposure"]
    found = headline(vanilla=vanilla, unlearned=read_results(write_run(tmp_path / "u", partial)))
    assert found.percent is None
    assert "remem_forget_text_exposure is missing" in found.reason
    cut = copy.deepcopy(document)
    cut["n-samples"]["remem_retain_seen_single_qa"]["effective"] = 1
    for name, figures in cut["results"].items():
        if name.endswith("_qa"):
            figures["well_formed,none"] = 1.0
    found = headline(vanilla=vanilla, unlearned=read_results(write_run(tmp_path / "c", cut)))
    assert found.percent is None
    assert "has 1 of its 9 rows" in found.reason


def test_scores_that_are_no_numbers_have_no_headline(vanilla, tmp_path):
    broken = run(
        tmp_path / "u",
        em_forget=0.0,
        em_retain=1.0,
        bits_forget=0.0,
        changes=[(task, "not_a_number", 0.5) for task in forget_facts()],
    )
    found = headline(vanilla=vanilla, unlearned=broken)
    assert found.percent is None
    assert "no numbers" in found.reason
