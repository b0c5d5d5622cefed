"""What the model before unlearning says: computed once, so that no second model is held in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from recipes.answers import at_answers, score_batches
from recipes.questions import QuestionSet
from remem_dataset.errors import RememError

from .methods.base import Need, UnlearningMethod

#: Bytes that logits or hidden states of one set may take.
MOST_BYTES = 1 << 30


@dataclass(frozen=True)
class References:
    """Figures of the model before unlearning; None is what the method does not need.

    Attributes:
        forget: (rows,) log P of the forget answers, nats.
        refusals: (rows, R) log P of each refusal to each forget question, nats.
        forget_teacher: for each forget row, its answer's logits (T, V).
        retain_teacher: for each retain row, its answer's logits (T, V) or hidden states (T, D).
    """

    forget: Tensor | None = None
    refusals: Tensor | None = None
    forget_teacher: Sequence[Tensor] | None = None
    retain_teacher: Sequence[Tensor] | None = None


def hidden_states(output: Any, layer: float) -> Tensor:
    """Hidden states (B, L, D) after a share `layer` in (0, 1] of the decoder's layers."""
    states = output.hidden_states
    return states[max(1, round(layer * (len(states) - 1)))]


def held_retain_rows(model: Any, method: UnlearningMethod, retain: QuestionSet, pad: int) -> QuestionSet:
    """The retain rows that a run meets: all, or as many as the method's figures of them leave room for.

    Args:
        model: the model before unlearning.
        method: what is to be trained.
        retain: the retain set.
        pad: the padding token's id.
    """
    if not {Need.RETAIN_TEACHER, Need.HIDDEN} & method.needs:
        return retain
    row = _teach(model, method, [next(iter(retain.evenly(1).batches(1, pad)))])[0]
    return retain.evenly(max(1, MOST_BYTES // (row.numel() * row.element_size())))


def compute_references(
    model: Any,
    method: UnlearningMethod,
    forget: QuestionSet,
    refusals: Sequence[QuestionSet],
    retain: QuestionSet,
    batch_size: int,
    pad: int,
) -> References:
    """Everything that a method needs of the model before unlearning.

    Args:
        model: that model; it keeps its training mode.
        method: what is to be trained.
        forget: the forget set.
        refusals: the same with refusals as answers.
        retain: what `held_retain_rows` left.
        batch_size: rows at a time.
        pad: the padding token's id.

    Raises:
        RememError: logits of the forget set take more memory than there may be.
    """
    found: dict[str, Any] = {}
    if Need.REFERENCE in method.needs:
        found["forget"] = score_batches(model, forget.batches(batch_size, pad)).log_prob
    if Need.REFUSAL_REFERENCE in method.needs:
        columns = [score_batches(model, rows.batches(batch_size, pad)).log_prob for rows in refusals]
        found["refusals"] = torch.stack(columns, dim=1)
    if Need.FORGET_TEACHER in method.needs:
        found["forget_teacher"] = _teach(model, method, forget.batches(batch_size, pad))
    if {Need.RETAIN_TEACHER, Need.HIDDEN} & method.needs:
        found["retain_teacher"] = _teach(model, method, retain.batches(batch_size, pad))
    return References(**found)


@torch.no_grad()
def _teach(model: Any, method: UnlearningMethod, batches: Sequence[dict[str, Tensor]]) -> list[Tensor]:
    hidden = Need.HIDDEN in method.needs
    training, rows, held = model.training, [], 0
    model.eval()
    try:
        for batch in batches:
            batch = {name: value.to(model.device) for name, value in batch.items()}
            labels = batch.pop("labels")
            output = model(**batch, output_hidden_states=hidden)
            values = hidden_states(output, method.layer) if hidden else output.logits
            # A copy: a view would keep the whole batch's logits.
            rows += [
                at_answers(v[None], one[None])[0].float().cpu().clone()
                for v, one in zip(values, labels, strict=True)
            ]
            held += sum(row.numel() * row.element_size() for row in rows[-len(labels) :])
            if held > 2 * MOST_BYTES:
                raise RememError(
                    f"The method needs the logits of the whole forget set, over {2 * MOST_BYTES >> 30} GiB; "
                    "lower --forget-views or take a smaller forget set."
                )
    finally:
        model.train(training)
    return rows
