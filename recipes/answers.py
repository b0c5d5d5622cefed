"""How sure a model is of the answers in a batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .encoding import IGNORED


@dataclass(frozen=True)
class AnswerScores:
    """Scores of B answers.

    Attributes:
        log_prob: (B,) log P(answer and end token | picture, question), in nats.
        tokens: (B,) number of answer tokens, end token included.
        correct: (B,) whether every answer token is the most likely one given those before it, which is
            the same as: greedy generation gives exactly this answer.
    """

    log_prob: Tensor
    tokens: Tensor
    correct: Tensor


def score_answers(logits: Tensor, labels: Tensor) -> AnswerScores:
    """Score answers from a model's logits.

    Args:
        logits: (B, L, V); position i predicts token i + 1.
        labels: (B, L) token ids, `IGNORED` outside the answers.
    """
    logits, targets = logits[:, :-1].float(), labels[:, 1:]
    counted = targets != IGNORED
    safe = targets.masked_fill(~counted, 0)
    log_probs = logits.log_softmax(-1).gather(-1, safe[..., None])[..., 0]
    return AnswerScores(
        log_prob=(log_probs * counted).sum(-1),
        tokens=counted.sum(-1),
        correct=((logits.argmax(-1) == targets) | ~counted).all(-1),
    )


def at_answers(values: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """What there is where answer tokens are predicted.

    Args:
        values: (B, L, …) of a model's positions: logits or hidden states; position i predicts token i + 1.
        labels: (B, L) token ids, `IGNORED` outside the answers.

    Returns:
        (T, …) values at the T answer tokens of the batch, row after row, and the token ids (T,).
    """
    targets = labels[:, 1:]
    counted = targets != IGNORED
    return values[:, :-1][counted], targets[counted]


@torch.no_grad()
def score_batches(model: Any, batches: Iterable[dict[str, Tensor]]) -> AnswerScores:
    """`score_answers` over batches, in evaluation mode and without gradients.

    Args:
        model: a vision-language model; its training mode is put back afterwards.
        batches: what `encoding.collate` gives.
    """
    training = model.training
    model.eval()
    try:
        parts = []
        for batch in batches:
            batch = {name: value.to(model.device) for name, value in batch.items()}
            labels = batch.pop("labels")
            parts.append(score_answers(model(**batch).logits, labels))
    finally:
        model.train(training)
    return AnswerScores(
        *(torch.cat([getattr(p, name) for p in parts]).cpu() for name in ("log_prob", "tokens", "correct"))
    )
