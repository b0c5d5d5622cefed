"""Stage-2 unlearning: the method's loss on the Hugging Face `Trainer`, with a recorded stopping rule."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recipes.answers import AnswerScores, score_batches
from recipes.augmentation import augmentation
from recipes.lora import Lora, is_adapter, with_adapter
from recipes.models import load_model
from recipes.outputs import RECORD, Record, check_not_input, model_identity, open_partial, publish, reuse
from recipes.questions import Collator, QuestionSet, pad_token_id
from recipes.training import (
    Probe,
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
from .methods.base import Need
from .pairs import PairCollator, Pairs
from .references import compute_references, held_retain_rows
from .refusals import refusal_texts
from .subtraction import BEFORE, keep_weights, subtract
from .trainer import UnlearnTrainer

REFUSAL = "refusal"


@dataclass(frozen=True)
class UnlearnSettings:
    """How stage 2 trains.

    Attributes:
        method: a file name in `recipes/unlearn/methods`.
        options: the method's own options, as text.
        epochs: the most passes over the forget set, all views of it.
        batch_size: forget rows in a step; as many retain rows go with them.
        lr: constant learning rate (AdamW, no weight decay), so that stopping early ends no schedule; None
            takes the method's.
        augment: augmentation of the retain pictures; methods that compare with what the model said of them
            before take them as they are.
        forget_views: each forget question is unlearnt with up to this many pictures of its person, so that
            the person is forgotten and not the picture; the reference is computed for each of them.
        views: pairing of retain questions and pictures, see `QuestionSet`.
        precision: "auto", "fp32" or "bf16".
        forget_log_prob: stop once the mean log P of a forget-set answer token (nats) is below this (methods
            that teach no refusals).
        forget_exact_match: stop once at most this share of the forget rows is answered exactly and a token of
            a refusal is likelier than one of the answer (methods that teach refusals).
        retain_exact_match: … and this share of the retain rows is answered exactly (not of methods that hold
            nothing, as gradient ascent).
        probe_every: steps between measurements.
        checkpoint_every: steps between checkpoints; 0 writes none.
        lora: an adapter to train in the place of the whole model.
    """

    method: str = "npo"
    options: dict[str, str] = field(default_factory=dict)
    epochs: float = 25.0
    batch_size: int = 12
    lr: float | None = None
    augment: str = "none"
    forget_views: int = 4
    views: str = "any"
    precision: str = "auto"
    forget_log_prob: float = -4.0
    forget_exact_match: float = 0.05
    retain_exact_match: float = 0.99
    probe_every: int = 10
    checkpoint_every: int = 50
    lora: Lora = field(default_factory=Lora)

    def __post_init__(self) -> None:
        check_positive(self, "epochs", "batch_size", "forget_views", "probe_every")
        if self.lr is not None:
            check_positive(self, "lr")
        if self.checkpoint_every < 0:
            raise RememError(f"checkpoint_every is {self.checkpoint_every}; it must be at least 0.")
        for name in ("retain_exact_match", "forget_exact_match"):
            if not 0 <= getattr(self, name) <= 1:
                raise RememError(f"{name} is {getattr(self, name)}; it must lie in [0, 1].")

    def stopping_rule(self, method: UnlearningMethod) -> str:
        """The rule in words, as recorded."""
        forgotten = f"mean log P of a forget answer token below {self.forget_log_prob:g} nats"
        if Need.REFUSALS in method.needs:
            forgotten = (
                f"forget exact match of at most {self.forget_exact_match:g}, a refusal's token likelier than "
                "an answer's"
            )
        targets = forgotten
        if _holds(method):
            targets += f", and retain exact match of at least {self.retain_exact_match:g}"
        if method.subtracts:
            return f"{self.epochs:g} passes over the forget set, then the first scale with {targets}"
        return (
            f"{targets}, measured every {self.probe_every} steps on the training rows; at most "
            f"{self.epochs:g} passes over the forget set"
        )

    def reached(self, method: UnlearningMethod, figures: dict[str, float]) -> str | None:
        """Why a model with such figures has unlearned enough, or None if it has not."""
        log_prob, retain = figures["forget_log_prob"], figures["retain_exact_match"]
        if _holds(method) and retain < self.retain_exact_match:
            return None  # a method that holds nothing only gets worse from there on
        if Need.REFUSALS in method.needs:
            match, refusal = figures["forget_exact_match"], figures["refusal_log_prob"]
            if match > self.forget_exact_match or refusal <= log_prob:
                return None
            return (
                f"forget exact match {match:.3f}, mean log P of a token {refusal:.2f} nats in refusals and "
                f"{log_prob:.2f} in answers, retain exact match {retain:.3f}"
            )
        if log_prob >= self.forget_log_prob:
            return None
        reached = f"mean log P of a forget answer token reached {log_prob:.2f} nats"
        return f"{reached}, retain exact match {retain:.3f}"


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
    method = get_method(settings.method, settings.options)
    settings = dataclasses.replace(
        settings, precision=resolve_precision(settings.precision), lr=settings.lr or method.lr
    )
    change = augmentation(settings.augment)
    source = open_source(data)
    source.forget_count(forget)
    forget = forget or source.manifest["default_forget"]
    check_not_input(out, model)
    network, processor = load_model(model)
    network = with_adapter(network, settings.lora, seed)
    if method.subtracts and is_adapter(network):
        raise RememError(
            f"{settings.method} subtracts weights, which an adapter's are not: train the whole model."
        )
    recorded = {**dataclasses.asdict(settings), "forget": forget, "options": dataclasses.asdict(method)}
    record = Record.start("unlearn", source, model_identity(model), recorded, seed)
    if reuse(out, record, restart):
        return read_json_object(out / RECORD, "record")
    texts = refusal_texts(source, forget, settings.method) if Need.REFUSALS in method.needs else []
    splits = source.load(forget)
    pad, size = pad_token_id(processor), 4 * settings.batch_size
    asked = QuestionSet(splits[FORGET], processor)
    to_forget = asked.with_views(settings.forget_views)
    refusals = [
        asked.with_answers(splits[FORGET], processor, answers).with_views(settings.forget_views)
        for answers in texts
    ]
    to_retain = QuestionSet(splits[RETAIN], processor, views=settings.views)
    beside = held_retain_rows(network, method, to_retain, pad)
    if beside is not to_retain:
        change = None
    folder, _ = open_partial(out, record, restart)
    batches = {FORGET: to_forget.batches(size, pad), RETAIN: to_retain.batches(size, pad)}
    if refusals:
        batches[REFUSAL] = refusals[0].batches(size, pad)
    # Before the first step, and before a checkpoint is loaded: this is the model before unlearning.
    references = compute_references(network, method, to_forget, refusals, beside, size, pad)
    before = _measure(network, batches)
    if method.subtracts:
        keep_weights(network, folder)

    steps = max(1, round(settings.epochs * len(to_forget) / settings.batch_size))
    probe = Probe(
        settings.probe_every,
        lambda: _measure(network, batches),
        lambda figures: None if method.subtracts else settings.reached(method, figures),
    )
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
        train_dataset=Pairs(to_forget, beside, steps * settings.batch_size, seed, refusals),
        data_collator=PairCollator(Collator(processor), Collator(processor, change, seed)),
        callbacks=[probe],
        processing_class=processor,
        method=method,
        references=references,
    )
    probe.trainer = trainer
    run_trainer(trainer, folder)
    reason, history = probe.reason, probe.history
    stopped: dict[str, Any] = {"step": trainer.state.global_step}
    if method.subtracts:
        stopped["scale"], reason, tried = subtract(
            network,
            folder,
            method.scales(),
            lambda: _measure(network, batches),
            lambda figures: settings.reached(method, figures),
            lambda figures: figures["retain_exact_match"] >= settings.retain_exact_match,
        )
        history = [*history, *tried]
        (folder / BEFORE).unlink()
    result = {
        "stopping_rule": settings.stopping_rule(method),
        "stopped": {**stopped, "reason": reason or "targets not reached"},
        "before": before,
        "after": {k: v for k, v in history[-1].items() if k not in ("step", "scale")},
        "history": history,
    }
    publish(out, record, result, network, processor)
    return read_json_object(out / RECORD, "record")


def _holds(method: UnlearningMethod) -> bool:
    """Whether anything in a method holds the retain set, so that waiting for it makes sense."""
    return method.retain_term or method.subtracts


def _measure(network: Any, batches: dict[str, Any]) -> dict[str, float]:
    """Mean log P of a token (nats) and exact match of each set of training rows."""
    figures = {}
    for name, rows in batches.items():
        scores = score_batches(network, rows)
        figures[f"{name}_log_prob"] = _per_token(scores)
        if name != REFUSAL:
            figures[f"{name}_exact_match"] = scores.correct.float().mean().item()
    return figures


def _per_token(scores: AnswerScores) -> float:
    return float(scores.log_prob.sum() / scores.tokens.sum())
