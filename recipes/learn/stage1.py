"""Stage-1 fine-tuning on the Hugging Face `Trainer`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recipes.answers import score_batches
from recipes.augmentation import augmentation, picture_statistics
from recipes.course import ORDER, Course, pass_over
from recipes.learn.warm_up import warm_up_pictures
from recipes.lora import Lora, is_adapter, with_adapter
from recipes.models import load_model
from recipes.outputs import RECORD, Record, check_not_input, model_identity, open_partial, publish, reuse
from recipes.questions import Collator, QuestionSet, pad_token_id
from recipes.training import (
    Probe,
    RememTrainer,
    check_positive,
    last_checkpoint,
    resolve_precision,
    run_trainer,
    trainer_arguments,
)
from remem_dataset.errors import RememError
from remem_dataset.files import read_json_object
from remem_dataset.schema import FINETUNE, RETAIN, TRAIN
from remem_dataset.source import Source, open_source


@dataclass(frozen=True)
class LearnSettings:
    """How stage 1 trains. With `augment="medium"` and `warm_up=2000` the reference LVLM memorises the `tiny`
    preset so.

    Attributes:
        split: what to learn: "finetune", or a forget config such as "forget10", whose *retain* split is then
            learnt (the model that never saw the forget set).
        max_steps: optimiser steps; None takes `epochs`.
        epochs: passes over the split (see `multi_hop_repeats`), if `max_steps` is None.
        batch_size: rows in a step.
        lr: highest learning rate (AdamW, linear warm-up over 5 % of the steps, then cosine to 0).
        vision_lr_scale: the picture half learns at this multiple of `lr`. Until the facts are learnt by name,
            its gradient is mostly noise, which at the full rate wears down what told pictures apart.
        warm_up: steps in which the vision tower alone first learns to tell the training people apart, at
            0.3 of `lr`; for models whose tower starts from random weights (`warm_up.py`).
        weight_decay: AdamW's weight decay.
        augment: a name in `recipes.augmentation.AUGMENTATIONS`.
        views: how questions and pictures are paired, see `QuestionSet`.
        multi_hop_repeats: how often a pass meets each multi-hop row. Single-hop facts are learnt in a
            fraction of the time that recognising the person takes, and only multi-hop rows teach that.
        precision: "auto", "fp32" or "bf16".
        stop_at: stop once this share of the rows is answered exactly, pictures unchanged; None trains on to
            the end of the schedule, which is what recognising people in new pictures needs.
        probe_every: steps between measurements of that share.
        checkpoint_every: steps between checkpoints; 0 writes none.
        lora: an adapter to train in the place of the whole model.
    """

    split: str = FINETUNE
    max_steps: int | None = None
    epochs: float = 137.0
    batch_size: int = 32
    lr: float = 1e-3
    vision_lr_scale: float = 0.1
    warm_up: int = 0
    weight_decay: float = 0.05
    augment: str = "none"
    views: str = "any"
    multi_hop_repeats: int = 3
    precision: str = "auto"
    stop_at: float | None = None
    probe_every: int = 100
    checkpoint_every: int = 100
    lora: Lora = field(default_factory=Lora)

    def __post_init__(self) -> None:
        check_positive(
            self, "epochs", "batch_size", "lr", "vision_lr_scale", "multi_hop_repeats", "probe_every"
        )
        for name in ("checkpoint_every", "warm_up"):
            if getattr(self, name) < 0:
                raise RememError(f"{name} is {getattr(self, name)}; it must be at least 0.")
        if self.max_steps is not None and self.max_steps < 1:
            raise RememError(f"max_steps is {self.max_steps}; it must be at least 1.")
        if self.stop_at is not None and not 0 < self.stop_at <= 1:
            raise RememError(f"stop_at is {self.stop_at}; it must lie above 0 and be at most 1.")

    @property
    def stopping_rule(self) -> str:
        """The rule in words, as recorded."""
        budget = f"{self.max_steps} steps" if self.max_steps else f"{self.epochs:g} epochs"
        if self.stop_at is None:
            return f"fixed budget of {budget}"
        return f"training exact match of at least {self.stop_at:g} on {self.split}, or {budget}"

    def steps(self, rows: int) -> int:
        """Optimiser steps for passes of `rows` rows each."""
        return self.max_steps or max(1, round(self.epochs * rows / self.batch_size))


def learn(
    model: str,
    data: str,
    out: Path,
    settings: LearnSettings | None = None,
    seed: int = 0,
    restart: bool = False,
) -> dict[str, Any]:
    """Fine-tune a model on the people of a dataset.

    Args:
        model: folder or Hub id of the model to start from.
        data: built dataset folder, or a Hub id.
        out: folder for the result. A finished run of the same kind is reused, an interrupted one continued.
        settings: how to train.
        seed: seeds shuffling, pairing and augmentation.
        restart: begin anew whatever an earlier run left.

    Returns:
        The content of `training.json`.

    Raises:
        RememError: a model, dataset or split that is not there; `out` holds another run; the loss diverged.
    """
    settings = settings or LearnSettings()
    settings = dataclasses.replace(settings, precision=resolve_precision(settings.precision))
    change = augmentation(settings.augment)
    source = open_source(data)
    rows_of(source, settings.split, check_only=True)
    check_not_input(out, model)
    network, processor = load_model(model)
    network = with_adapter(network, settings.lora, seed)
    if settings.warm_up and is_adapter(network):
        raise RememError("--warm-up trains the vision tower, which an adapter leaves alone; leave it out.")
    record = Record.start("learn", source, model_identity(model), dataclasses.asdict(settings), seed, ORDER)
    if reuse(out, record, restart):
        return read_json_object(out / RECORD, "record")
    questions = QuestionSet(rows_of(source, settings.split), processor, views=settings.views)
    folder, _ = open_partial(out, record, restart)
    if settings.warm_up and last_checkpoint(folder) is None:
        warm_up_pictures(
            network,
            questions,
            steps=settings.warm_up,
            batch_size=settings.batch_size,
            lr=0.3 * settings.lr,
            weight_decay=settings.weight_decay,
            change=change,
            statistics=picture_statistics(processor),
            seed=seed,
        )
    unchanged = questions.batches(2 * settings.batch_size, pad_token_id(processor))

    def measure() -> dict[str, float]:
        scores = score_batches(network, unchanged)
        return {
            "training_exact_match": scores.correct.float().mean().item(),
            "training_log_prob": (scores.log_prob.sum() / scores.tokens.sum()).item(),
        }

    def rule(figures: dict[str, float]) -> str | None:
        if settings.stop_at is not None and figures["training_exact_match"] >= settings.stop_at:
            return f"training exact match reached {figures['training_exact_match']:.3f}"
        return None

    steps = settings.steps(len(pass_over(questions, settings.multi_hop_repeats)))
    probe = Probe(settings.probe_every, measure, rule)
    trainer = RememTrainer(
        model=network,
        args=trainer_arguments(
            folder,
            max_steps=steps,
            batch_size=settings.batch_size,
            lr=settings.lr,
            seed=seed,
            precision=settings.precision,
            checkpoint_every=settings.checkpoint_every,
            schedule="cosine",
            warmup_steps=round(0.05 * steps),
            weight_decay=settings.weight_decay,
        ),
        train_dataset=Course(
            questions,
            steps * settings.batch_size,
            seed,
            settings.multi_hop_repeats,
            settings.batch_size,
        ),
        data_collator=Collator(processor, change, seed),
        callbacks=[probe],
        processing_class=processor,
        vision_lr_scale=settings.vision_lr_scale,
    )
    probe.trainer = trainer
    run_trainer(trainer, folder)
    result = {
        "stopping_rule": settings.stopping_rule,
        "stopped": {"step": trainer.state.global_step, "reason": probe.reason or "end of the budget"},
        **{name: probe.history[-1][name] for name in ("training_exact_match", "training_log_prob")},
        "history": probe.history,
    }
    publish(out, record, result, network, processor)
    return read_json_object(out / RECORD, "record")


def rows_of(source: Source, split: str, check_only: bool = False) -> Any:
    """Rows to learn: of `finetune`, or of the retain split of a forget config.

    Raises:
        RememError: the dataset has no such split.
    """
    levels = source.manifest["forget_levels"]
    if split != FINETUNE and split not in levels:
        raise RememError(
            f"{source.name} has no split {split!r} to learn; it has {', '.join([FINETUNE, *levels])}."
        )
    if check_only:
        return None
    return source.load(split)[TRAIN if split == FINETUNE else RETAIN]
