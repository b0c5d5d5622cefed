"""Metrics, each against a figure worked out by hand or by brute force, and against known wrong formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from datasets import load_dataset

from harness_tasks.metrics import (
    ceiling,
    exact_match,
    exposure,
    keyword_recall,
    min_k,
    min_k_plus_plus,
    null_mean,
    pessimistic_rank,
    refusal,
    rouge_l,
    truth_share,
    well_formed,
)
from harness_tasks.scoring.answers import moments_of


def test_exposure_of_the_likeliest_and_the_least_likely_answer():
    candidates = [-5.0, -6.0, -7.0]
    assert exposure(-1.0, candidates).bits == pytest.approx(2.0)
    assert exposure(-9.0, candidates).bits == pytest.approx(0.0)
    assert exposure(-5.5, candidates).rank == 2


def test_argsort_is_not_rank():
    # log2(argsort(x)[-1] + 1) reads the index of the k-th element where the rank of an element is meant.
    scores = np.array([-3.0, -1.0, -2.0, -4.0])  # the last one is the gold: the least likely of four
    wrong = math.log2(4) - math.log2(np.argsort(-scores)[-1] + 1)
    shuffled = np.array([-1.0, -3.0, -4.0, -2.0])  # the gold is the second likeliest
    wrong_again = math.log2(4) - math.log2(np.argsort(-shuffled)[-1] + 1)
    assert exposure(scores[-1], scores[:-1]).bits == 0.0
    assert exposure(shuffled[-1], shuffled[:-1]).bits == pytest.approx(1.0)
    assert (wrong, wrong_again) == (0.0, pytest.approx(math.log2(4 / 3)))


def test_exposure_is_not_the_log_of_the_rank():
    likely, unlikely = exposure(-1.0, [-2.0] * 255), exposure(-3.0, [-2.0] * 255)
    assert likely.bits == pytest.approx(8.0)
    assert math.log2(likely.rank) == 0.0
    assert likely.bits > unlikely.bits


def test_a_collapsed_model_has_no_exposure():
    result = exposure(-4.0, [-4.0] * 999)
    assert result.bits == pytest.approx(0.0)
    assert (result.rank, result.ties, result.tie_rate) == (1000, 999, 1.0)


def test_ties_within_the_tolerance_count_against_the_gold():
    assert pessimistic_rank(-1.0, [-1.00001, -2.0]) == (1, 0)
    assert pessimistic_rank(-1.0, [-1.00001, -2.0], tolerance=1e-4) == (2, 1)
    assert pessimistic_rank(-1.0, [-0.99999, -2.0], tolerance=1e-4) == (2, 1)


def test_scores_that_are_not_numbers_count_against_the_gold():
    assert exposure(math.nan, [-1.0, -2.0, -3.0]).bits == 0.0
    assert exposure(-1.0, [math.nan, -2.0, -3.0]).rank == 2


def test_no_candidates_is_an_error():
    with pytest.raises(ValueError, match="n >= 1"):
        exposure(-1.0, [])


@pytest.mark.parametrize("n", [1, 15, 255])
def test_null_mean_is_the_mean_over_uniform_ranks(n):
    brute = np.mean([math.log2((n + 1) / rank) for rank in range(1, n + 2)])
    assert null_mean(n) == pytest.approx(brute)


def test_null_mean_tends_to_log2_e_and_is_not_zero():
    assert null_mean(100_000) == pytest.approx(math.log2(math.e), abs=1e-3)
    assert ceiling(255) == 8.0


def test_exposure_of_random_scores_averages_to_the_null_mean():
    rng = np.random.default_rng(0)
    bits = [exposure(row[0], row[1:]).bits for row in rng.normal(size=(4000, 64))]
    assert np.mean(bits) == pytest.approx(null_mean(63), abs=4 * np.std(bits) / math.sqrt(len(bits)))


def test_min_k_of_a_short_answer_is_its_least_likely_token_and_not_nan():
    assert min_k([-1.0, -5.0, -2.0]) == -5.0


@pytest.mark.parametrize(("tokens", "used"), [(9, 1), (10, 1), (19, 1), (20, 2), (30, 3)])
def test_min_k_uses_a_tenth_of_the_tokens(tokens, used):
    values = -np.arange(1.0, tokens + 1)
    assert min_k(values) == pytest.approx(values[-used:].mean())


@pytest.mark.parametrize(("values", "k"), [([], 0.1), ([-1.0], 0.0), ([-1.0], 1.5)])
def test_min_k_refuses_what_has_no_answer(values, k):
    with pytest.raises(ValueError, match=r"token_logprobs|k is"):
        min_k(values, k)


def test_min_k_plus_plus_standardises_each_token_by_its_own_distribution():
    """Against the definition, over distributions written out."""
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(20, 50))
    logprobs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    p = np.exp(logprobs)
    mean = (p * logprobs).sum(axis=1)
    spread = np.sqrt((p * (logprobs - mean[:, None]) ** 2).sum(axis=1))
    tokens = logprobs[np.arange(20), rng.integers(50, size=20)]
    expected = np.sort((tokens - mean) / spread)[:2].mean()
    assert min_k_plus_plus(tokens, np.stack([mean, spread], axis=1)) == pytest.approx(expected)
    found = np.array(moments_of(torch.tensor(logits)))
    assert found == pytest.approx(np.stack([mean, spread], axis=1))


def test_min_k_plus_plus_says_nothing_of_a_certain_token():
    assert min_k_plus_plus([0.0], [(0.0, 0.0)]) == 0.0
    assert moments_of(torch.tensor([[1e4, 0.0, -torch.inf]])) == ((0.0, 0.0),)
    with pytest.raises(ValueError, match="must be"):
        min_k_plus_plus([-1.0, -2.0], [(-1.0, 1.0)])


def test_truth_share_is_tofus_ratio_folded_into_0_to_1():
    gold, wrong = math.log(0.3), [math.log(0.1), math.log(0.5)]
    ratio = ((0.1 + 0.5) / 2) / 0.3  # the mean of the wrong over the right, both per token
    assert truth_share(gold, wrong) == pytest.approx(1 / (1 + ratio))
    assert truth_share(-2.0, [-2.0]) == 0.5
    assert truth_share(-5_000.0, [-1.0]) == 0.0, "no overflow"
    assert truth_share(-1.0, [-5_000.0, -6_000.0]) == 1.0
    with pytest.raises(ValueError, match="n >= 1"):
        truth_share(-1.0, [])


def test_the_datasets_refusals_are_seen_and_its_answers_are_not(tiny_dataset):
    rows = load_dataset(str(tiny_dataset), "alternatives", split="train")
    refusals = {text for row in rows["refusals"] for text in row}
    assert len(refusals) > 10
    assert all(refusal(text) for text in refusals)
    answers = {text for row in rows["wrong_answers"] for text in row}
    assert not any(refusal(text) for text in answers)
    assert all(well_formed(text) for text in answers | refusals)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "?!?!",
        "the the the",
        "12 Elm 12 Elm 12 Elm",
        "aaaaaaa",
        "x" * 41,
        "a\x00b",
        "\ufffd\ufffd 12",
    ],
)
def test_gibberish_is_not_well_formed(text):
    assert well_formed(text) == 0.0


@pytest.mark.parametrize(
    ("prediction", "match"),
    [
        ("12 Elm Lane, Norwick", 1.0),
        ("  12 elm  lane, Norwick.\n", 1.0),
        ("12 Elm Lane", 0.0),
        ("The address is 12 Elm Lane, Norwick", 0.0),
        ("12 Elm Lane Norwick", 0.0),
        ("", 0.0),
    ],
)
def test_exact_match_is_strict_but_for_case_whitespace_and_full_stop(prediction, match):
    assert exact_match(prediction, "12 Elm Lane, Norwick") == match


def test_keyword_recall_counts_whole_words():
    assert keyword_recall("She lives at 12 elm lane.", ["12 Elm Lane", "Norwick"]) == 0.5
    assert keyword_recall("Annabelle", ["Ann"]) == 0.0
    assert keyword_recall("type o+, I think", ["O+"]) == 1.0
    assert keyword_recall("type ab+", ["B+"]) == 0.0


def test_keyword_recall_without_keywords_is_an_error():
    with pytest.raises(ValueError, match="keywords"):
        keyword_recall("text", [])


def test_rouge_l_is_f1_of_the_longest_common_subsequence():
    # LCS "12 elm lane" = 3 words; precision 3/5, recall 3/4.
    assert rouge_l("at 12 Elm near Lane", "12 Elm Lane, Norwick") == pytest.approx(2 * 0.6 * 0.75 / 1.35)
    assert rouge_l("Ж", "Ж") == 1.0
    assert rouge_l("", "12 Elm Lane") == 0.0
