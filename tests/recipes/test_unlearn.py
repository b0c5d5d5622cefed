import dataclasses
import json

import pytest
import torch
from transformers import AutoModelForImageTextToText, AutoProcessor

import recipes.unlearn.stage2 as stage2
from recipes.answers import AnswerScores, score_batches
from recipes.outputs import RECORD
from recipes.questions import QuestionSet
from recipes.unlearn import UnlearnSettings, unlearn
from recipes.unlearn.methods import get_method, method_names
from remem_dataset.errors import RememError
from remem_dataset.source import open_source

SETTINGS = UnlearnSettings(
    epochs=30, batch_size=10, lr=5e-4, augment="none", precision="fp32", probe_every=5, checkpoint_every=0
)


def scores(log_prob, tokens):
    log_prob = torch.tensor(log_prob, dtype=torch.float64, requires_grad=True)
    return AnswerScores(log_prob, torch.tensor(tokens), torch.zeros(len(tokens), dtype=torch.bool))


@pytest.mark.parametrize("beta", [0.05, 0.1, 1.0])
def test_npo_is_its_formula(beta):
    forget, retain = scores([-3.0, -0.1, -20.0], [4, 2, 9]), scores([-1.0, -2.0, -4.5], [3, 3, 4])
    reference = torch.tensor([-0.5, -0.2, -0.1], dtype=torch.float64)
    ratio = forget.log_prob.detach().exp() / reference.exp()
    npo = (2 / beta) * torch.log1p(ratio**beta).mean()  # −(2/β)·log σ(−β·log r) = (2/β)·log(1 + r^β)
    loss = get_method("npo", {"beta": str(beta), "retain_weight": "0.5"}).loss(forget, retain, reference)
    assert loss.item() == pytest.approx((npo + 0.5 * 7.5 / 10).item())


def test_npo_gradient_fades_where_an_answer_is_already_forgotten():
    forget = scores([-0.5, -200.0], [4, 4])
    reference = torch.tensor([-0.5, -0.5], dtype=torch.float64)
    get_method("npo", {"retain_weight": "0"}).loss(forget, scores([-1.0], [1]), reference).backward()
    # dL/dlog π = σ(β·log r)·2/B: 1/B at the start, nothing in the end.
    assert forget.log_prob.grad[0].item() == pytest.approx(0.5)
    assert forget.log_prob.grad[1].item() == pytest.approx(0.0, abs=1e-6)


def test_gradient_difference_is_its_formula():
    loss = get_method("gradient_difference").loss(scores([-3.0, -1.0], [4, 4]), scores([-6.0], [3]), None)
    assert loss.item() == pytest.approx(2.0 - 0.5)


@pytest.fixture(scope="module")
def unlearned(two_people, vanilla, tmp_path_factory):
    """NPO on the vanilla model; also what the trainer was given as the reference."""
    out = tmp_path_factory.mktemp("unlearned") / "npo"
    seen = {}
    init = stage2.UnlearnTrainer.__init__

    def spy(self, *args, reference, **kwargs):
        seen["reference"] = reference
        init(self, *args, reference=reference, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage2.UnlearnTrainer, "__init__", spy)
        record = unlearn(str(vanilla), str(two_people), out, settings=SETTINGS)
    return out, record, seen["reference"]


def test_npo_forgets_the_forget_set_and_keeps_the_rest(unlearned):
    _, record, _ = unlearned
    assert record["before"]["forget_exact_match"] == 1.0
    assert record["after"]["forget_log_prob"] < SETTINGS.forget_log_prob < record["before"]["forget_log_prob"]
    assert record["after"]["forget_exact_match"] == 0.0
    assert record["after"]["retain_exact_match"] >= 0.95
    assert "mean log P of a forget answer token reached" in record["stopped"]["reason"]


def test_reference_is_the_model_before_unlearning(unlearned, two_people, vanilla):
    _, _, reference = unlearned
    model = AutoModelForImageTextToText.from_pretrained(vanilla)
    processor = AutoProcessor.from_pretrained(vanilla)
    questions = QuestionSet(open_source(two_people).load("forget50")["forget"], processor).with_views(4)
    expected = score_batches(model, questions.batches(7, processor.tokenizer.pad_token_id)).log_prob
    torch.testing.assert_close(reference, expected, atol=1e-3, rtol=1e-3)


def test_saved_model_is_the_unlearned_one(unlearned, two_people):
    out, record, _ = unlearned
    model, processor = AutoModelForImageTextToText.from_pretrained(out), AutoProcessor.from_pretrained(out)
    questions = QuestionSet(open_source(two_people).load("forget50")["forget"], processor).with_views(4)
    after = score_batches(model, questions.batches(10, processor.tokenizer.pad_token_id))
    assert float(after.log_prob.sum() / after.tokens.sum()) == pytest.approx(
        record["after"]["forget_log_prob"], abs=1e-2
    )


def test_record_names_method_forget_set_and_rule(unlearned, vanilla):
    out, record, _ = unlearned
    assert record == json.loads((out / RECORD).read_text())
    assert record["settings"]["method"] == "npo"
    assert record["settings"]["options"] == {"beta": 0.1, "retain_weight": 10.0}
    assert record["settings"]["forget"] == "forget50"
    assert "below -4 nats" in record["stopping_rule"]
    assert record["model"]["name"] == str(vanilla)


def test_finished_run_is_reused_and_another_refused(unlearned, two_people, vanilla):
    out, record, _ = unlearned
    assert unlearn(str(vanilla), str(two_people), out, settings=SETTINGS) == record
    other = dataclasses.replace(SETTINGS, method="gradient_difference")
    with pytest.raises(RememError, match="choose another --out, or add --restart"):
        unlearn(str(vanilla), str(two_people), out, settings=other)


def test_a_further_method_needs_only_its_file(two_people, vanilla, tmp_path):
    settings = dataclasses.replace(SETTINGS, method="gradient_difference", epochs=3)
    record = unlearn(str(vanilla), str(two_people), tmp_path / "gd", settings=settings)
    assert record["after"]["forget_log_prob"] < record["before"]["forget_log_prob"]


def test_bad_input_is_named(two_people, vanilla, tmp_path):
    def attempt(forget="forget50", **changes):
        settings = dataclasses.replace(SETTINGS, **changes)
        unlearn(str(vanilla), str(two_people), tmp_path / "out", forget, settings)

    with pytest.raises(RememError, match="no forget set 'forget07'; it has forget50"):
        attempt(forget="forget07")
    with pytest.raises(RememError, match=f"the methods are {', '.join(method_names())}"):
        attempt(method="amnesia")
    with pytest.raises(RememError, match="has no option 'gamma'; it has beta, retain_weight"):
        attempt(options={"gamma": "1"})
    with pytest.raises(RememError, match=r"beta is 0\.0; it must be above 0"):
        attempt(options={"beta": "0"})
    with pytest.raises(RememError, match="'much'; it must be a number"):
        attempt(options={"beta": "much"})
    assert not (tmp_path / "out").exists()
