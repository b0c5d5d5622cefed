"""Stage-2 unlearning: the method's loss on the Hugging Face `Trainer`, with a recorded stopping rule."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from recipes.answers import AnswerScores, score_answers, score_batches
from recipes.augmentation import augmentation
from recipes.models import load_model
from recipes.outputs import RECORD, Record, check_not_input, model_identity, open_partial, publish, reuse
from recipes.questions import Collator, QuestionSet, pad_token_id
from recipes.training import (
    Probe,
    RememTrainer,
    check_positive,
    resolve_precision,
    run_trainer,
    trainer_arguments,
)
from remem_dataset.errors import RememError
from remem_dataset.files import read_json_object
from remem_dataset.schema import FORGET, RETAIN
from remem_dataset.source import open_source

from .methods import UnlearningMethod, get_method
from .pairs import PairCollator, Pairs


@dataclass(frozen=True)
class UnlearnSettings:
    """How stage 2 trains.

    Attributes:
        method: a file name in `recipes/unlearn/methods`.
        options: the method's own options, as text.
        epochs: the most passes over the forget set, all views of it.
        batch_size: forget rows in a step; as many retain rows go with them.
        lr: constant learning rate (AdamW, no weight decay), so that stopping early ends no schedule.
        augment: augmentation of the retain pictures.
        forget_views: each forget question is unlearnt with up to this many pictures of its person, so that
            the person is forgotten and not the picture; the reference is computed for each of them.
        views: pairing of retain questions and pictures, see `QuestionSet`.
        precision: "auto", "fp32" or "bf16".
        forget_log_prob: stop once the mean log P of a forget-set answer token (nats) is below this.
        retain_exact_match: … and this share of the retain rows is answered exactly.
        probe_every: steps between measurements.
        checkpoint_every: steps between checkpoints; 0 writes none.
    """

    method: str = "npo"
    options: dict[str, str] = field(default_factory=dict)
    epochs: float = 25.0
    batch_size: int = 12
    lr: float = 1e-4
    augment: str = "medium"
    forget_views: int = 4
    views: str = "any"
    precision: str = "auto"
    forget_log_prob: float = -4.0
    retain_exact_match: float = 0.99
    probe_every: int = 10
    checkpoint_every: int = 50

    def __post_init__(self) -> None:
        check_positive(self, "epochs", "batch_size", "lr", "forget_views", "probe_every")
        if self.checkpoint_every < 0:
            raise RememError(f"checkpoint_every is {self.checkpoint_every}; it must be at least 0.")
        if not 0 <= self.retain_exact_match <= 1:
            raise RememError(f"retain_exact_match is {self.retain_exact_match}; it must lie in [0, 1].")

    @property
    def stopping_rule(self) -> str:
        """The rule in words, as recorded."""
        return (
            f"mean log P of a forget answer token below {self.forget_log_prob:g} nats and retain exact match "
            f"of at least {self.retain_exact_match:g}, measured every {self.probe_every} steps on the "
            f"training rows; at most {self.epochs:g} passes over the forget set"
        )


class UnlearnTrainer(RememTrainer):
    """A `Trainer` whose loss is the method's.

    Args:
        method: gives the loss.
        reference: (rows of the forget set,) log P of their answers before unlearning, or None.
    """

    def __init__(self, *args, method: UnlearningMethod, reference: Tensor | None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.model_accepts_loss_kwargs = False  # the loss is ours and takes no item count
        self._method, self._reference = method, reference

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        """The method's loss on one batch of pairs."""
        forget, retain = self._scores(model, inputs["forget"]), self._scores(model, inputs["retain"])
        reference = None
        if self._reference is not None:
            reference = self._reference[inputs["rows"].cpu()].to(forget.log_prob.device)
        loss = self._method.loss(forget, retain, reference)
        return (loss, {}) if return_outputs else loss

    @staticmethod
    def _scores(model: Any, batch: dict[str, Tensor]) -> AnswerScores:
        labels = batch["labels"]
        return score_answers(model(**{k: v for k, v in batch.items() if k != "labels"}).logits, labels)


def unlearn(
    model: str,
    data: str,
    out: Path,
    forget: str | None = None,
    settings: UnlearnSettings | None = None,
    seed: int = 0,
    restart: bool = False,
) -> dict[str, Any]:
    """Make a model forget a dataset's forget set.

    Args:
        model: folder or Hub id of the model that has learnt the people.
        data: built dataset folder, or a Hub id.
        out: folder for the result. A finished run of the same kind is reused, an interrupted one continued.
        forget: forget config such as "forget10"; None takes the dataset's default level.
        settings: method and how to train.
        seed: seeds shuffling, pairing and augmentation.
        restart: begin anew whatever an earlier run left.

    Returns:
        The content of `training.json`.

    Raises:
        RememError: a model, dataset, forget set or method that is not there; `out` holds another
            run; the loss diverged.
    """
    settings = settings or UnlearnSettings()
    settings = dataclasses.replace(settings, precision=resolve_precision(settings.precision))
    method = get_method(settings.method, settings.options)
    change = augmentation(settings.augment)
    source = open_source(data)
    source.forget_count(forget)
    forget = forget or source.manifest["default_forget"]
    check_not_input(out, model)
    network, processor = load_model(model)
    recorded = {**dataclasses.asdict(settings), "forget": forget, "options": dataclasses.asdict(method)}
    record = Record.start("unlearn", source, model_identity(model), recorded, seed)
    if reuse(out, record, restart):
        return read_json_object(out / RECORD, "record")
    splits = source.load(forget)
    to_forget = QuestionSet(splits[FORGET], processor).with_views(settings.forget_views)
    to_retain = QuestionSet(splits[RETAIN], processor, views=settings.views)
    folder, _ = open_partial(out, record, restart)
    batches = {
        name: rows.batches(4 * settings.batch_size, pad_token_id(processor))
        for name, rows in ((FORGET, to_forget), (RETAIN, to_retain))
    }
    # Before the first step, and before a checkpoint is loaded: this is the model before unlearning.
    before = score_batches(network, batches[FORGET])

    def measure() -> dict[str, float]:
        figures = {}
        for name, rows in batches.items():
            scores = score_batches(network, rows)
            figures[f"{name}_log_prob"] = _per_token(scores)
            figures[f"{name}_exact_match"] = scores.correct.float().mean().item()
        return figures

    def rule(figures: dict[str, float]) -> str | None:
        forgot = figures["forget_log_prob"] < settings.forget_log_prob
        if forgot and figures["retain_exact_match"] >= settings.retain_exact_match:
            return (
                f"mean log P of a forget answer token reached {figures['forget_log_prob']:.2f} nats, "
                f"retain exact match {figures['retain_exact_match']:.3f}"
            )
        return None

    steps = max(1, round(settings.epochs * len(to_forget) / settings.batch_size))
    probe = Probe(settings.probe_every, measure, rule)
    trainer = UnlearnTrainer(
        model=network,
        args=trainer_arguments(
            folder,
            max_steps=steps,
            batch_size=settings.batch_size,
            lr=settings.lr,
            seed=seed,
            precision=settings.precision,
            checkpoint_every=settings.checkpoint_every,
            schedule="constant",
            warmup_steps=0,
            weight_decay=0.0,
        ),
        train_dataset=Pairs(to_forget, to_retain, steps * settings.batch_size, seed),
        data_collator=PairCollator(Collator(processor), Collator(processor, change, seed)),
        callbacks=[probe],
        method=method,
        reference=before.log_prob if method.needs_reference else None,
    )
    probe.trainer = trainer
    run_trainer(trainer, folder)
    result = {
        "stopping_rule": settings.stopping_rule,
        "stopped": {"step": trainer.state.global_step, "reason": probe.reason or "end of the budget"},
        "before": {
            "forget_log_prob": _per_token(before),
            "forget_exact_match": before.correct.float().mean().item(),
        },
        "after": {k: v for k, v in probe.history[-1].items() if k != "step"},
        "history": probe.history,
    }
    publish(out, record, result, network, processor)
    return read_json_object(out / RECORD, "record")


def _per_token(scores: AnswerScores) -> float:
    return float(scores.log_prob.sum() / scores.tokens.sum())
