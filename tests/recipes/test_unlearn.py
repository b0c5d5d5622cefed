import dataclasses
import json

import pytest
import torch
from transformers import AutoModelForImageTextToText, AutoProcessor

import recipes.unlearn.stage2 as stage2
from recipes.answers import score_batches
from recipes.outputs import RECORD
from recipes.questions import QuestionSet
from recipes.unlearn import UnlearnSettings, unlearn
from recipes.unlearn.methods import get_method, method_names
from remem_dataset.errors import RememError
from remem_dataset.source import open_source

SETTINGS = UnlearnSettings(
    epochs=30, batch_size=10, lr=5e-4, augment="none", precision="fp32", probe_every=5, checkpoint_every=0
)


@pytest.fixture(scope="module")
def unlearned(two_people, vanilla, tmp_path_factory):
    """NPO on the vanilla model; also what the trainer was given as the reference."""
    out = tmp_path_factory.mktemp("unlearned") / "npo"
    seen = {}
    init = stage2.UnlearnTrainer.__init__

    def spy(self, *args, references, **kwargs):
        seen["reference"] = references.forget
        init(self, *args, references=references, **kwargs)

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


#: What each method needs to forget one of two people within a few passes, from the micro model.
WAYS = {
    "gradient_ascent": {"lr": 1e-4},
    "gradient_difference": {},
    "idk_dpo": {},
    "kl": {},
    "refusal": {},
    "rmu": {"lr": 1e-3},
    "simnpo": {},
    "task_arithmetic": {"epochs": 5, "forget_log_prob": -2.0},
    "undial": {"forget_log_prob": -1.5},  # it moves the mass to what came second, and no further
}


@pytest.mark.parametrize("name", sorted(WAYS))
def test_every_method_forgets_and_keeps(name, two_people, vanilla, tmp_path):
    settings = dataclasses.replace(SETTINGS, method=name, **WAYS[name])
    record = unlearn(str(vanilla), str(two_people), tmp_path / name, settings=settings)
    before, after = record["before"], record["after"]
    assert record["stopped"]["reason"] != "targets not reached", record["history"]
    assert before["forget_exact_match"] == before["retain_exact_match"] == 1.0
    assert after["forget_exact_match"] <= 0.1
    fall = {part: before[f"{part}_log_prob"] - after[f"{part}_log_prob"] for part in ("forget", "retain")}
    assert fall["forget"] > 4 * max(fall["retain"], 0.1)
    if name != "gradient_ascent":
        assert after["retain_exact_match"] >= 0.95
    if name in ("idk_dpo", "refusal"):
        assert after["refusal_log_prob"] > max(after["forget_log_prob"], before["refusal_log_prob"])
        assert "a refusal's token likelier" in record["stopping_rule"]
    assert ("retain exact match" in record["stopping_rule"]) == (name != "gradient_ascent")
    assert not list((tmp_path / name).glob("before*"))


def test_a_method_brings_its_own_learning_rate(two_people, vanilla, tmp_path):
    settings = dataclasses.replace(SETTINGS, method="gradient_ascent", lr=None, epochs=0.1)
    record = unlearn(str(vanilla), str(two_people), tmp_path / "out", settings=settings)
    assert record["settings"]["lr"] == get_method("gradient_ascent").lr != get_method("npo").lr
    assert record["stopped"]["reason"] == "targets not reached"


def test_refusals_need_their_config(two_people, vanilla, tmp_path, monkeypatch):
    known = open_source(two_people)
    counts = {name: count for name, count in known.manifest["counts"].items() if name != "alternatives"}
    bare = dataclasses.replace(known, manifest={**known.manifest, "counts": counts})
    monkeypatch.setattr(stage2, "open_source", lambda name: bare)
    settings = dataclasses.replace(SETTINGS, method="refusal")
    with pytest.raises(RememError, match=r"refusal needs the config 'alternatives' with refusals, which"):
        unlearn(str(vanilla), str(two_people), tmp_path / "out", settings=settings)
    assert not (tmp_path / "out").exists()


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
    with pytest.raises(RememError, match="'much'; it must be a number"):
        attempt(options={"beta": "much"})
    assert not (tmp_path / "out").exists()
