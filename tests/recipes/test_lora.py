"""Adapters: trained in the place of the model, saved alone, scored and trained further."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForImageTextToText

from harness_tasks.model import RememVLM
from recipes.answers import score_batches
from recipes.learn import learn
from recipes.lora import ADAPTER, Lora
from recipes.models import load_model
from recipes.outputs import model_identity
from recipes.questions import QuestionSet, pad_token_id
from recipes.training import RememTrainer
from recipes.unlearn import unlearn
from remem_dataset.errors import RememError
from remem_dataset.schema import FINETUNE, TRAIN
from remem_dataset.source import open_source
from tests.recipes.test_learn import SHORT
from tests.recipes.test_unlearn import SETTINGS

LORA = dataclasses.replace(SHORT, warm_up=0, augment="none", lora=Lora(rank=4), max_steps=4)


@pytest.fixture(scope="module")
def adapter(two_people, vanilla, tmp_path_factory):
    """An adapter on the vanilla model that has gone on learning a little."""
    out = tmp_path_factory.mktemp("lora") / "adapter"
    learn(str(vanilla), str(two_people), out, LORA)
    return out


def log_probs(model, processor, data) -> torch.Tensor:
    rows = QuestionSet(open_source(data).load(FINETUNE)[TRAIN], processor)
    return score_batches(model, rows.batches(10, pad_token_id(processor))).log_prob


def test_an_adapter_alone_is_trained_and_saved(adapter, vanilla):
    names = set(load_file(adapter / "adapter_model.safetensors"))
    assert names
    assert all("language_model" in name and "lora_" in name for name in names)
    assert not (adapter / "model.safetensors").exists()
    assert model_identity(str(adapter))["identity"] != model_identity(str(vanilla))["identity"]


def test_remem_vlm_scores_a_model_with_its_adapter(adapter, vanilla, two_people):
    model, processor = load_model(str(adapter))
    plain = AutoModelForImageTextToText.from_pretrained(vanilla)
    with_adapter = log_probs(model, processor, two_people)
    assert not torch.allclose(with_adapter, log_probs(plain, processor, two_people), atol=1e-3)
    lm = RememVLM(str(vanilla), peft=str(adapter), device="cpu")
    torch.testing.assert_close(log_probs(lm.model, processor, two_people), with_adapter, atol=1e-4, rtol=1e-4)


def test_an_adapter_is_unlearned_further(adapter, two_people, tmp_path):
    settings = dataclasses.replace(SETTINGS, lr=5e-3)
    record = unlearn(str(adapter), str(two_people), tmp_path / "out", settings=settings)
    assert record["after"]["forget_log_prob"] < -4 < record["before"]["forget_log_prob"]
    assert (tmp_path / "out" / ADAPTER).is_file()


def test_an_interrupted_adapter_continues(two_people, vanilla, tmp_path, monkeypatch):
    learn(str(vanilla), str(two_people), tmp_path / "through", LORA)
    torch.manual_seed(7)  # the adapter's start is the run's seed's and nobody else's
    step = RememTrainer.training_step

    def power_cut(self, *args, **kwargs):
        if self.state.global_step == 2:
            raise KeyboardInterrupt
        return step(self, *args, **kwargs)

    monkeypatch.setattr(RememTrainer, "training_step", power_cut)
    with pytest.raises(KeyboardInterrupt):
        learn(str(vanilla), str(two_people), tmp_path / "cut", LORA)
    monkeypatch.setattr(RememTrainer, "training_step", step)
    learn(str(vanilla), str(two_people), tmp_path / "cut", LORA)
    through, cut = (load_file(tmp_path / name / "adapter_model.safetensors") for name in ("through", "cut"))
    for name, value in through.items():
        torch.testing.assert_close(cut[name], value)


def test_bad_input_is_named(adapter, two_people, vanilla, tmp_path):
    def attempt(model, lora):
        learn(str(model), str(two_people), tmp_path / "out", dataclasses.replace(LORA, lora=lora))

    with pytest.raises(RememError, match=r"--lora-targets names qkv, but .* are called down_proj, gate_proj"):
        attempt(vanilla, Lora(rank=4, targets="q_proj,qkv"))
    with pytest.raises(RememError, match="an adapter leaves alone"):
        learn(str(vanilla), str(two_people), tmp_path / "out", dataclasses.replace(LORA, warm_up=2))
    with pytest.raises(RememError, match="an adapter already"):
        attempt(adapter, Lora(rank=4))
    with pytest.raises(RememError, match="--lora-rank is -1"):
        Lora(rank=-1)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / ADAPTER).write_text("{}")
    with pytest.raises(RememError, match="does not name the model"):
        attempt(broken, Lora())
    assert not (tmp_path / "out").exists()
