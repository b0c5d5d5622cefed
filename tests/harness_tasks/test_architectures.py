"""Scoring by every path on tiny random models of many real classes, against a plain full forward."""

from __future__ import annotations

import pytest
import torch

from harness_tasks.metrics import exposure
from harness_tasks.scoring import PrefixScorer
from tests.fakes.architectures import ALONE, QUESTION, SHARED

ANSWERS = [(7, 8, 9, 10), (11, 12), (13,), (20, 21, 22, 23, 24, 25), (7, 8, 30)]


def built(build):
    torch.manual_seed(0)
    model, inputs, marks = build()
    return model.eval(), inputs, marks


@pytest.fixture(scope="module", params=SHARED, ids=lambda build: build.__name__)
def case(request):
    return built(request.param)


def plain_forward(model, inputs, marks, answer) -> list[float]:
    """Log P of each answer token from one forward over the whole text."""
    ids = torch.tensor([answer])
    whole = dict(inputs, input_ids=torch.cat([inputs["input_ids"], ids], dim=1))
    for name, mark in {"attention_mask": 1, **marks}.items():
        whole[name] = torch.cat([inputs[name], torch.full_like(ids, mark)], dim=1)
    if "cross_attention_mask" in inputs:
        mask = inputs["cross_attention_mask"]
        whole["cross_attention_mask"] = torch.ones(
            (1, mask.shape[1] + len(answer), *mask.shape[2:]), dtype=mask.dtype
        )
    with torch.no_grad():
        logprobs = model(**whole).logits[0].log_softmax(-1)
    start = inputs["input_ids"].shape[1]
    return [float(logprobs[start + k - 1, token]) for k, token in enumerate(answer)]


@pytest.mark.parametrize("path", ["trie", "expand", "full"])
def test_scores_equal_a_plain_forward(case, path):
    model, inputs, marks = case
    scorer = PrefixScorer(model, processor=None, path=path)
    for answer, score in zip(ANSWERS, scorer.score_tokens(inputs, ANSWERS), strict=True):
        assert score.token_logprobs == pytest.approx(plain_forward(model, inputs, marks, answer), abs=1e-5)


def test_the_self_check_takes_the_trie(case):
    model, inputs, _ = case
    scorer = PrefixScorer(model, processor=None)
    scorer.score_tokens(inputs, ANSWERS)
    assert scorer.path == "trie"


def test_no_rank_changes_with_the_path(case):
    """Many answers over several packed rows, every one of them once as the gold."""
    model, inputs, _ = case
    draws = torch.Generator().manual_seed(1)
    answers = {
        tuple(
            torch.randint(10, 24, (int(torch.randint(1, 7, (), generator=draws)),), generator=draws).tolist()
        )
        for _ in range(60)
    }
    answers = sorted(answers)
    sums = {
        path: [
            score[0]
            for score in PrefixScorer(model, None, path=path, memory=1 << 16).score_tokens(inputs, answers)
        ]
        for path in ("trie", "full")
    }
    ranks = {
        path: [
            exposure(gold, values[:k] + values[k + 1 :], tolerance=1e-4).rank for k, gold in enumerate(values)
        ]
        for path, values in sums.items()
    }
    assert ranks["trie"] == ranks["full"]


@pytest.mark.parametrize("build", ALONE, ids=lambda build: build.__name__)
def test_what_cannot_be_shared_is_scored_one_by_one(build):
    model, inputs, marks = built(build)
    scorer = PrefixScorer(model, processor=None)
    for answer, score in zip(ANSWERS, scorer.score_tokens(inputs, ANSWERS), strict=True):
        assert score.token_logprobs == pytest.approx(plain_forward(model, inputs, marks, answer), abs=1e-5)
    assert scorer.path == "full"
    other = inputs | {"pixel_values": torch.randn_like(inputs["pixel_values"])}
    one, two = (scorer.score_tokens(given, ANSWERS) for given in (inputs, other))
    assert max(abs(a[0] - b[0]) for a, b in zip(one, two, strict=True)) > 1e-2


@pytest.mark.parametrize("path", ["trie", "expand", "full"])
def test_moments_are_those_of_the_whole_distribution(case, path):
    model, inputs, marks = case
    answer = ANSWERS[3]
    ids = torch.tensor([answer])
    whole = dict(inputs, input_ids=torch.cat([inputs["input_ids"], ids], dim=1))
    for name, mark in {"attention_mask": 1, **marks}.items():
        whole[name] = torch.cat([inputs[name], torch.full_like(ids, mark)], dim=1)
    with torch.no_grad():
        logprobs = model(**whole).logits[0, -len(answer) - 1 : -1].double().log_softmax(-1)
    mean = (logprobs.exp() * logprobs).sum(-1)
    spread = (logprobs.exp() * (logprobs - mean[:, None]) ** 2).sum(-1).sqrt()
    scorer = PrefixScorer(model, processor=None, path=path)
    gold, other = scorer.score_tokens(inputs, [answer, ANSWERS[0]], detailed=1)
    assert torch.tensor(gold.moments) == pytest.approx(torch.stack([mean, spread], dim=1), abs=1e-4)
    assert other.moments is None


def test_the_picture_changes_the_scores(case):
    model, inputs, _ = case
    scorer = PrefixScorer(model, processor=None)
    other = inputs | {"pixel_values": torch.randn_like(inputs["pixel_values"])}
    one, two = (scorer.score_tokens(given, ANSWERS) for given in (inputs, other))
    assert max(abs(a[0] - b[0]) for a, b in zip(one, two, strict=True)) > 1e-2


def test_a_text_question_after_a_picture_is_not_disturbed_by_it(case):
    model, inputs, marks = case
    text = {
        name: value[:, -len(QUESTION) :] for name, value in inputs.items() if name in {"input_ids", *marks}
    }
    text["attention_mask"] = torch.ones_like(text["input_ids"])
    scorer = PrefixScorer(model, processor=None, path="expand")
    before = scorer.score_tokens(text, ANSWERS, pictured=False)
    scorer.score_tokens(inputs, ANSWERS)
    assert scorer.score_tokens(text, ANSWERS, pictured=False) == before
