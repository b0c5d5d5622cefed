"""The loss of every unlearning method against its formula written out, on small tensors."""

from __future__ import annotations

import math

import pytest
import torch

from recipes.answers import AnswerScores, at_answers
from recipes.encoding import IGNORED
from recipes.unlearn.methods import get_method, method_names
from recipes.unlearn.methods.base import Step, Tokens
from recipes.unlearn.methods.rmu import direction
from recipes.unlearn.subtraction import keep_weights, subtract
from remem_dataset.errors import RememError

RETAIN_NLL = 7.5 / 10


def scores(log_prob, tokens):
    log_prob = torch.tensor(log_prob, dtype=torch.float64, requires_grad=True)
    return AnswerScores(log_prob, torch.tensor(tokens), torch.zeros(len(tokens), dtype=torch.bool))


def step(**parts) -> Step:
    """Three forget answers and three retain answers, of 7.5 nats in 10 tokens."""
    forget, retain = scores([-3.0, -0.1, -20.0], [4, 2, 9]), scores([-1.0, -2.0, -4.5], [3, 3, 4])
    return Step(**{"forget": forget, "retain": retain, **parts})


def double(*values):
    return torch.tensor(values, dtype=torch.float64)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def test_every_method_is_tested_here():
    assert method_names() == [
        "gradient_ascent",
        "gradient_difference",
        "idk_dpo",
        "kl",
        "npo",
        "refusal",
        "rmu",
        "simnpo",
        "task_arithmetic",
        "undial",
    ]


def test_gradient_ascent():
    loss = get_method("gradient_ascent").loss(step())
    assert loss.item() == pytest.approx(-23.1 / 15)


def test_gradient_difference():
    loss = get_method("gradient_difference", {"retain_weight": "3"}).loss(step())
    assert loss.item() == pytest.approx(3 * RETAIN_NLL - 23.1 / 15)


@pytest.mark.parametrize("beta", [0.05, 0.1, 1.0])
def test_npo(beta):
    given = step(reference=double(-0.5, -0.2, -0.1))
    ratio = given.forget.log_prob.detach().exp() / given.reference.exp()
    npo = (2 / beta) * torch.log1p(ratio**beta).mean()  # −(2/β)·log σ(−β·log r) = (2/β)·log(1 + r^β)
    loss = get_method("npo", {"beta": str(beta), "retain_weight": "0.5"}).loss(given)
    assert loss.item() == pytest.approx((npo + 0.5 * RETAIN_NLL).item())


def test_npo_gradient_fades_where_an_answer_is_already_forgotten():
    given = Step(scores([-0.5, -200.0], [4, 4]), scores([-1.0], [1]), reference=double(-0.5, -0.5))
    get_method("npo", {"retain_weight": "0"}).loss(given).backward()
    # dL/dlog π = σ(β·log r)·2/B: 1/B at the start, nothing in the end.
    assert given.forget.log_prob.grad[0].item() == pytest.approx(0.5)
    assert given.forget.log_prob.grad[1].item() == pytest.approx(0.0, abs=1e-6)


def test_simnpo():
    options = {"beta": "2.5", "gamma": "0.3", "retain_weight": "0.5"}
    loss = get_method("simnpo", options).loss(step())
    terms = [math.log(sigmoid(-2.5 / n * log_p - 0.3)) for log_p, n in ((-3.0, 4), (-0.1, 2), (-20.0, 9))]
    assert loss.item() == pytest.approx(-2 / 2.5 * sum(terms) / 3 + 0.5 * RETAIN_NLL)


def test_idk_dpo():
    given = step(
        reference=double(-0.5, -0.2, -0.1),
        refusal=scores([-8.0, -9.0, -1.0], [6, 6, 6]),
        refusal_reference=double(-30.0, -25.0, -28.0),
    )
    options = {"beta": "0.2", "refusal_weight": "3", "retain_weight": "2"}
    loss = get_method("idk_dpo", options).loss(given)
    margins = [(-8 + 30) - (-3 + 0.5), (-9 + 25) - (-0.1 + 0.2), (-1 + 28) - (-20 + 0.1)]
    expected = -2 / 0.2 * sum(math.log(sigmoid(0.2 * m)) for m in margins) / 3 + 2 * RETAIN_NLL
    assert loss.item() == pytest.approx(expected + 3 * 1.0)
    loss.backward()
    assert (given.refusal.log_prob.grad < 0).all()  # descent makes refusals likelier …
    assert (given.forget.log_prob.grad > 0).all()  # … and answers less likely


def test_refusal():
    given = step(refusal=scores([-8.0, -9.0, -1.0], [6, 6, 6]))
    loss = get_method("refusal", {"retain_weight": "2"}).loss(given)
    assert loss.item() == pytest.approx(1.0 + 2 * RETAIN_NLL)
    loss.backward()
    assert given.forget.log_prob.grad is None  # the answers themselves are not pushed at all


def test_kl():
    torch.manual_seed(0)
    before, now = torch.randn(5, 7), torch.randn(5, 7)
    given = step(retain_tokens=Tokens(now, before, torch.zeros(5, dtype=torch.long)))
    loss = get_method("kl", {"retain_weight": "2"}).loss(given)
    p, q = before.double().softmax(-1), now.double().softmax(-1)
    expected = 2 * (p * (p / q).log()).sum(-1).mean() - 23.1 / 15
    assert loss.item() == pytest.approx(expected.item(), abs=1e-5)
    same = step(retain_tokens=Tokens(before, before, torch.zeros(5, dtype=torch.long)))
    assert get_method("kl").loss(same).item() == pytest.approx(-23.1 / 15, abs=1e-6)


def test_undial():
    torch.manual_seed(0)
    before, now, targets = torch.randn(4, 6), torch.randn(4, 6), torch.tensor([0, 5, 2, 2])
    given = step(forget_tokens=Tokens(now, before, targets))
    loss = get_method("undial", {"strength": "3", "retain_weight": "2"}).loss(given)
    expected = 0.0
    for row, target in enumerate(targets.tolist()):
        lowered = [z - 3 * (k == target) for k, z in enumerate(before[row].tolist())]
        total = sum(math.exp(z) for z in lowered)
        log_q = now[row].double().log_softmax(-1).tolist()
        expected -= sum(math.exp(z) / total * log_q[k] for k, z in enumerate(lowered)) / 4
    assert loss.item() == pytest.approx(expected + 2 * RETAIN_NLL, abs=1e-5)


def test_rmu():
    torch.manual_seed(0)
    forget, retain, before = torch.randn(3, 8), torch.randn(5, 8), torch.randn(5, 8)
    none = torch.zeros(5, dtype=torch.long)
    given = step(forget_tokens=Tokens(forget, None, none[:3]), retain_tokens=Tokens(retain, before, none))
    loss = get_method("rmu", {"scale": "2", "retain_weight": "3"}).loss(given)
    norm = before.square().sum(-1).sqrt().mean()
    goal = 2 * norm * direction(8)
    away = (forget - goal).square().sum() / 3
    kept = (retain - before).square().sum() / 5
    assert loss.item() == pytest.approx(((away + 3 * kept) / norm**2).item(), rel=1e-5)
    assert direction(8).norm().item() == pytest.approx(1.0)
    assert torch.equal(direction(8), direction(8))


def test_task_arithmetic_learns_first():
    assert get_method("task_arithmetic").loss(step()).item() == pytest.approx(23.1 / 15)
    assert get_method("task_arithmetic", {"scale": "0.5", "tries": "3"}).scales() == pytest.approx(
        [0.5, 0.5 * 2**0.5, 1.0]
    )
    with pytest.raises(RememError, match=r"tries is 1\.5; it must be a whole number"):
        get_method("task_arithmetic", {"tries": "1.5"})


@pytest.mark.parametrize(
    ("enough", "holds", "scale", "tried"),
    [
        (2.0, 9.0, 2.0, [0.5, 1.0, 2.0]),
        (9.0, 1.0, 1.0, [0.5, 1.0, 2.0, 1.0]),
        (9.0, 9.0, 4.0, [0.5, 1, 2, 4]),
    ],
    ids=["enough", "retain lost", "never"],
)
def test_what_more_training_changed_is_taken_away(tmp_path, enough, holds, scale, tried):
    model = torch.nn.Linear(3, 2)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    keep_weights(model, tmp_path)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter))
    more = {name: p.detach().clone() for name, p in model.named_parameters()}

    def now() -> float:
        moved = model.weight[0, 0] - before["weight"][0, 0]
        return (moved / (before["weight"][0, 0] - more["weight"][0, 0])).item()

    found, reason, history = subtract(
        model,
        tmp_path,
        [0.5, 1.0, 2.0, 4.0],
        measure=lambda: {"now": now()},
        reached=lambda figures: "enough" if figures["now"] >= enough - 1e-3 else None,
        kept=lambda figures: figures["now"] <= holds + 1e-3,
    )
    assert (found, bool(reason)) == (scale, enough == 2.0)
    assert [entry["scale"] for entry in history] == tried
    assert [entry["now"] for entry in history] == pytest.approx(tried, rel=1e-3)
    for name, parameter in model.named_parameters():
        expected = before[name] - scale * (more[name] - before[name])
        assert torch.allclose(parameter, expected, atol=1e-4)


def test_answers_are_looked_at_where_they_are_predicted():
    values = torch.arange(12.0).reshape(2, 6, 1)
    labels = torch.tensor([[IGNORED, IGNORED, 7, 8, IGNORED, IGNORED], [IGNORED] * 5 + [9]])
    found, targets = at_answers(values, labels)
    assert found[:, 0].tolist() == [1.0, 2.0, 10.0]
    assert targets.tolist() == [7, 8, 9]


@pytest.mark.parametrize(
    ("method", "option", "value", "range_"),
    [
        ("npo", "beta", "0", "be above 0"),
        ("simnpo", "gamma", "-1", "not be below 0"),
        ("undial", "strength", "inf", "be above 0"),
        ("kl", "retain_weight", "nan", "not be below 0"),
        ("rmu", "scale", "-2", "be above 0"),
    ],
)
def test_options_out_of_range_are_named(method, option, value, range_):
    with pytest.raises(RememError, match=f"{option} is {float(value)}; it must {range_}"):
        get_method(method, {option: value})
