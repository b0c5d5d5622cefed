import dataclasses
import json
import math

import pytest
import torch
from safetensors.torch import load_file

import recipes.learn.stage1 as stage1
from recipes.learn import LearnSettings, learn
from recipes.outputs import RECORD, partial_folder
from recipes.training import RememTrainer, resolve_precision
from remem_dataset.errors import RememError
from remem_dataset.source import open_source

SHORT = LearnSettings(
    max_steps=6,
    batch_size=4,
    lr=1e-3,
    precision="fp32",
    probe_every=2,
    checkpoint_every=2,
    augment="light",
    warm_up=3,
)


def weights(folder):
    return load_file(folder / "model.safetensors")


def test_micro_model_memorises_two_people(vanilla):
    record = json.loads((vanilla / RECORD).read_text())
    assert record["training_exact_match"] == 1.0
    assert "training exact match reached 1.000" in record["stopped"]["reason"]
    log_probs = [entry["training_log_prob"] for entry in record["history"]]
    assert log_probs[-1] > log_probs[0]
    assert record["stopped"]["step"] < 400


def test_record_names_everything_the_result_depends_on(vanilla, two_people):
    record = json.loads((vanilla / RECORD).read_text())
    assert record["dataset"]["fingerprint"] == open_source(two_people).manifest["fingerprint"]
    assert record["model"]["identity"].startswith("blake2b:")
    assert record["seed"] == 0
    assert record["stopping_rule"] == "training exact match of at least 1 on finetune, or 400 steps"
    assert record["versions"]["torch"] == torch.__version__
    assert not (vanilla / "checkpoints").exists()
    assert not partial_folder(vanilla).exists()


def test_interrupted_run_continues_to_the_same_weights(two_people, untrained, tmp_path, monkeypatch):
    through = tmp_path / "through"
    learn(str(untrained), str(two_people), through, SHORT)

    step = RememTrainer.training_step

    def power_cut(self, *args, **kwargs):
        if self.state.global_step == 4:
            raise KeyboardInterrupt
        return step(self, *args, **kwargs)

    out = tmp_path / "cut"
    monkeypatch.setattr(RememTrainer, "training_step", power_cut)
    with pytest.raises(KeyboardInterrupt):
        learn(str(untrained), str(two_people), out, SHORT)
    assert not out.exists()
    monkeypatch.setattr(RememTrainer, "training_step", step)

    with pytest.raises(RememError, match=r"interrupted run made with settings.lr = 0.001, not 0.002"):
        learn(str(untrained), str(two_people), out, dataclasses.replace(SHORT, lr=2e-3))

    steps = []

    def counting(self, *args, **kwargs):
        steps.append(self.state.global_step)
        return step(self, *args, **kwargs)

    monkeypatch.setattr(RememTrainer, "training_step", counting)
    learn(str(untrained), str(two_people), out, SHORT)
    assert steps == [4, 5]
    for name, value in weights(through).items():
        torch.testing.assert_close(weights(out)[name], value)
    history = [json.loads((folder / RECORD).read_text())["history"] for folder in (through, out)]
    assert [e["step"] for e in history[0]] == [e["step"] for e in history[1]] == [2, 4, 6]


def test_finished_run_is_reused_and_another_refused(two_people, untrained, vanilla, monkeypatch):
    from tests.recipes.conftest import MEMORISE

    monkeypatch.setattr(stage1, "run_trainer", lambda *_: pytest.fail("trained again"))
    record = learn(str(untrained), str(two_people), vanilla, MEMORISE)
    assert record["training_exact_match"] == 1.0
    with pytest.raises(RememError, match="seed = 0, not 7; choose another --out, or add --restart"):
        learn(str(untrained), str(two_people), vanilla, MEMORISE, seed=7)
    monkeypatch.setattr(stage1, "ORDER", stage1.ORDER + 1)
    with pytest.raises(RememError, match="met the rows in another order"):
        learn(str(untrained), str(two_people), vanilla, MEMORISE)


def test_restart_replaces_a_finished_run(two_people, untrained, tmp_path):
    short = dataclasses.replace(SHORT, max_steps=1)
    learn(str(untrained), str(two_people), tmp_path / "out", short)
    record = learn(str(untrained), str(two_people), tmp_path / "out", short, seed=1, restart=True)
    assert record["seed"] == 1


def test_retain_split_leaves_the_forget_set_out(two_people):
    source = open_source(two_people)
    rows = stage1.rows_of(source, "forget50")
    assert set(rows["identity_id"]) == {"id_0002"}
    assert set(stage1.rows_of(source, "finetune")["identity_id"]) == {"id_0001", "id_0002"}


def test_diverging_loss_ends_with_one_sentence_and_the_last_good_checkpoint(two_people, untrained, tmp_path):
    # The first step's rate is 0, the second's too large for any weight.
    wild = dataclasses.replace(SHORT, lr=1e30, max_steps=40, probe_every=40, checkpoint_every=1, warm_up=0)
    with pytest.raises(RememError, match=r"The loss became \w+ at step 3; .* lower --lr") as ended:
        learn(str(untrained), str(two_people), tmp_path / "out", wild)
    assert not (tmp_path / "out").exists()
    checkpoints = partial_folder(tmp_path / "out") / "checkpoints"
    assert [folder.name for folder in checkpoints.iterdir()] == ["checkpoint-1"]
    assert f"the last good checkpoint is {checkpoints / 'checkpoint-1'};" in str(ended.value)
    again = dataclasses.replace(SHORT, max_steps=1, checkpoint_every=0, warm_up=0)
    record = learn(str(checkpoints / "checkpoint-1"), str(two_people), tmp_path / "again", again)
    assert math.isfinite(record["training_log_prob"])


def test_a_model_that_the_last_step_broke_is_not_saved(two_people, untrained, tmp_path):
    wild = dataclasses.replace(SHORT, lr=1e36, max_steps=1, probe_every=1, checkpoint_every=0, warm_up=0)
    with pytest.raises(
        RememError, match=r"no probabilities after step 1; there is no good checkpoint; lower"
    ):
        learn(str(untrained), str(two_people), tmp_path / "out", wild)
    assert not (tmp_path / "out").exists()


def test_bad_input_is_named(two_people, untrained, tmp_path):
    from tests.fakes.models import save_tiny_llama, save_tiny_llava

    out, data = tmp_path / "out", str(two_people)
    with pytest.raises(RememError, match=r"no model .*nowhere"):
        learn(str(tmp_path / "nowhere"), data, out, SHORT)
    with pytest.raises(RememError, match="cannot see pictures"):
        learn(str(save_tiny_llama(tmp_path / "llama")), data, out, SHORT)
    with pytest.raises(RememError, match="no chat template"):
        learn(str(save_tiny_llava(tmp_path / "llava", chat_template=None)), data, out, SHORT)
    with pytest.raises(RememError, match="no split 'forget99' to learn; it has finetune, forget50"):
        learn(str(untrained), data, out, dataclasses.replace(SHORT, split="forget99"))
    with pytest.raises(RememError, match="--augment takes one of"):
        learn(str(untrained), data, out, dataclasses.replace(SHORT, augment="wild"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(RememError, match="cannot be loaded"):
        learn(str(tmp_path / "empty"), data, out, SHORT)
    assert not out.exists()
    assert not partial_folder(out).exists()


@pytest.mark.parametrize("wrong", [{"lr": 0.0}, {"batch_size": 0}, {"max_steps": 0}, {"stop_at": 1.5}])
def test_settings_have_limits(wrong):
    with pytest.raises(RememError, match=next(iter(wrong))):
        LearnSettings(**wrong)


def test_precision_names():
    assert resolve_precision("fp32") == "fp32"
    assert resolve_precision("auto") in ("fp32", "bf16")
    with pytest.raises(RememError, match="auto, fp32, bf16"):
        resolve_precision("int3")


def test_picture_half_learns_at_its_own_rate_and_every_weight_learns_once(untrained, tmp_path):
    from transformers import AutoModelForImageTextToText

    from recipes.training import trainer_arguments

    model = AutoModelForImageTextToText.from_pretrained(untrained)
    arguments = trainer_arguments(
        tmp_path,
        max_steps=1,
        batch_size=1,
        lr=1e-3,
        seed=0,
        precision="fp32",
        checkpoint_every=0,
        schedule="constant",
        warmup_steps=0,
        weight_decay=0.1,
    )
    optimizer = RememTrainer(model=model, args=arguments, vision_lr_scale=0.3).create_optimizer()
    rate, decay = {}, {}
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            assert id(parameter) not in rate
            rate[id(parameter)], decay[id(parameter)] = group["lr"], group["weight_decay"]
    for name, parameter in model.named_parameters():
        sees = "vision_tower" in name or "multi_modal_projector" in name
        assert rate[id(parameter)] == pytest.approx(3e-4 if sees else 1e-3), name
    assert decay[id(model.lm_head.weight)] == 0.1
    assert decay[id(model.model.language_model.norm.weight)] == 0.0
