"""The part of training that stage 1 and stage 2 share: a Hugging Face `Trainer` that stops on a bad loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from peft import load_peft_weights, set_peft_model_state_dict
from transformers import ProgressCallback, Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from remem_dataset.errors import RememError

from .lora import is_adapter

#: `--precision`: "auto" takes bfloat16 where the processor computes with it natively.
PRECISIONS = ("auto", "fp32", "bf16")


def check_positive(settings: Any, *names: str) -> None:
    """Refuse settings that must be above 0 and are not, or are infinite.

    Raises:
        RememError: names the first one.
    """
    for name in names:
        if not 0 < getattr(settings, name) < math.inf:
            raise RememError(f"{name} is {getattr(settings, name)}; it must be above 0 and finite.")


def resolve_precision(name: str) -> str:
    """Turn `--precision` into "fp32" or "bf16" for this machine.

    Raises:
        RememError: no precision of that name.
    """
    if name not in PRECISIONS:
        raise RememError(f"There is no precision {name!r}; --precision takes {', '.join(PRECISIONS)}.")
    if name != "auto":
        return name
    if torch.cuda.is_available():
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        native = torch.cpu.get_capabilities().get("avx512_bf16", False)
    return "bf16" if native else "fp32"


class Progress(ProgressCallback):
    """The `Trainer`'s bar, with measurements as words."""

    def on_log(self, args, state, control, logs=None, **_) -> None:
        """Write figures above the bar; the closing statistics are left to `training.json`."""
        if state.is_world_process_zero and self.training_bar is not None and "train_runtime" not in logs:
            figures = ", ".join(
                f"{name.replace('_', ' ')} {value:.3f}" for name, value in logs.items() if name != "epoch"
            )
            self.training_bar.write(f"step {state.global_step}: {figures}")


class RememTrainer(Trainer):
    """A `Trainer` over a course of rows that ends with one sentence when the loss is no longer a number.

    Args:
        vision_lr_scale: the picture half (vision tower and projector) learns at this multiple of the rate.
    """

    def __init__(self, *args, vision_lr_scale: float = 1.0, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self._vision_lr_scale = vision_lr_scale
        self.remove_callback(ProgressCallback)
        self.add_callback(Progress)

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW with a learning rate of its own for the picture half; norms and biases do not decay."""
        if self.optimizer is None:
            args, model = self.args, model or self.model
            decaying = set(self.get_decay_parameter_names(model))
            groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
            for name, parameter in model.named_parameters():
                if parameter.requires_grad:
                    groups.setdefault((_sees(name), name in decaying), []).append(parameter)
            self.optimizer = torch.optim.AdamW(
                [
                    {
                        "params": parameters,
                        "lr": args.learning_rate * (self._vision_lr_scale if sees else 1.0),
                        "weight_decay": args.weight_decay if decays else 0.0,
                    }
                    for (sees, decays), parameters in groups.items()
                ],
                lr=args.learning_rate,
                betas=(args.adam_beta1, args.adam_beta2),
                eps=args.adam_epsilon,
            )
        return self.optimizer

    def _get_train_sampler(self, train_dataset: Any = None) -> torch.utils.data.Sampler:
        return torch.utils.data.SequentialSampler(train_dataset or self.train_dataset)  # shuffled in itself

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        # Saving renames some models' weights to their published names (LLaVA's among them), and only
        # `from_pretrained` names them back: the Trainer's own way would load none of them, with a warning.
        model = model or self.model
        if is_adapter(model):
            set_peft_model_state_dict(model, load_peft_weights(resume_from_checkpoint))
            return
        saved = type(model).from_pretrained(resume_from_checkpoint, dtype=torch.float32)
        model.load_state_dict(saved.state_dict())

    def training_step(
        self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """One step; see `transformers.Trainer`."""
        loss = super().training_step(model, inputs, num_items_in_batch)
        if not torch.isfinite(loss):
            kept = get_last_checkpoint(self.args.output_dir) if Path(self.args.output_dir).is_dir() else None
            raise RememError(
                f"The loss became {loss.item()} at step {self.state.global_step + 1}; lower --lr "
                f"(now {self.args.learning_rate:g}) and start again with --restart. "
                + (f"The last good checkpoint is kept: {kept}." if kept else "There is no checkpoint yet.")
            )
        return loss


def _sees(parameter: str) -> bool:
    """Whether a parameter belongs to the picture half, by the names that transformers uses."""
    return any(part in parameter for part in ("vision", "visual", "projector", "connector"))


def trainer_arguments(
    folder: Path,
    *,
    max_steps: int,
    batch_size: int,
    lr: float,
    seed: int,
    precision: str,
    checkpoint_every: int,
    schedule: str,
    warmup_steps: int,
    weight_decay: float,
) -> TrainingArguments:
    """Trainer arguments with everything named that shapes a result.

    Args:
        folder: checkpoints go into `checkpoints/` there.
        max_steps: optimiser steps.
        batch_size: rows in a step.
        lr: the schedule's highest learning rate.
        seed: the run's seed.
        precision: "fp32" or "bf16" (autocast; weights stay float32).
        checkpoint_every: steps between checkpoints; 0 writes none.
        schedule: learning-rate schedule of transformers, e.g. "cosine".
        warmup_steps: steps of linear warm-up.
        weight_decay: AdamW's weight decay.
    """
    return TrainingArguments(
        output_dir=str(folder / "checkpoints"),
        max_steps=max_steps,
        per_device_train_batch_size=batch_size,
        learning_rate=lr,
        lr_scheduler_type=schedule,
        warmup_steps=warmup_steps,
        weight_decay=weight_decay,
        adam_beta2=0.98,
        max_grad_norm=1.0,
        bf16=precision == "bf16",
        use_cpu=not torch.cuda.is_available(),
        seed=seed,
        data_seed=seed,
        logging_strategy="no",  # our own callbacks log
        save_strategy="steps" if checkpoint_every else "no",
        save_steps=max(1, checkpoint_every),
        save_total_limit=1,
        report_to="none",
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        disable_tqdm=False,
    )


def last_checkpoint(folder: Path) -> str | None:
    """The newest checkpoint in a run's working folder."""
    checkpoints = folder / "checkpoints"
    return get_last_checkpoint(str(checkpoints)) if checkpoints.is_dir() else None


def run_trainer(trainer: Trainer, folder: Path) -> None:
    """Train, from the last checkpoint in the folder if there is one.

    Args:
        trainer: ready to go.
        folder: the working folder.
    """
    last = last_checkpoint(folder)
    trainer.train(resume_from_checkpoint=last)


class Probe(TrainerCallback):
    """Measures at regular steps and at the last one, logs, and stops when the rule says so.

    Args:
        every: steps between measurements.
        measure: () -> figures by name; the current model is the caller's.
        rule: figures -> the reason to stop, or None to go on.

    Attributes:
        reason: why the run was stopped, or None.
        trainer: to be set to the trainer that runs this callback, whose log then holds the measurements
            (and travels with its checkpoints).
    """

    def __init__(
        self,
        every: int,
        measure: Callable[[], dict[str, float]],
        rule: Callable[[dict[str, float]], str | None],
    ) -> None:
        self.every, self._measure, self._rule = every, measure, rule
        self.reason: str | None = None
        self.trainer: Trainer | None = None

    def on_step_end(self, args, state, control, **_) -> None:
        """Measure if it is time, and stop if the rule says so."""
        if state.global_step % self.every and state.global_step < state.max_steps:
            return
        figures = self._measure()
        self.trainer.log({name: round(value, 4) for name, value in figures.items()})
        self.reason = self._rule(figures)
        if self.reason:
            control.should_training_stop = True

    @property
    def history(self) -> list[dict[str, float]]:
        """Measurements so far, oldest first, each with its `step`."""
        logged = self.trainer.state.log_history if self.trainer else []
        entries = [entry for entry in logged if "train_runtime" not in entry]
        return [{name: value for name, value in entry.items() if name != "epoch"} for entry in entries]
