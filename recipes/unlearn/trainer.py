"""A `Trainer` whose loss is an unlearning method's."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from recipes.answers import at_answers, score_answers
from recipes.training import RememTrainer

from .methods.base import Need, Step, Tokens, UnlearningMethod
from .references import References, hidden_states


class UnlearnTrainer(RememTrainer):
    """A `Trainer` whose loss is the method's.

    Args:
        method: gives the loss.
        references: what the model before unlearning says.
    """

    def __init__(self, *args, method: UnlearningMethod, references: References, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.model_accepts_loss_kwargs = False  # the loss is ours and takes no item count
        self._method, self._references = method, references

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        """The method's loss on one batch of pairs."""
        loss = self._method.loss(self._step(model, inputs))
        return (loss, {}) if return_outputs else loss

    def _step(self, model: Any, inputs: dict[str, Any]) -> Step:
        needs, known = self._method.needs, self._references
        rows, beside = inputs["rows"].tolist(), inputs["beside"].tolist()
        forget, forget_values, labels = self._scores(model, inputs["forget"])
        retain, retain_values, retain_labels = self._scores(model, inputs["retain"])
        parts: dict[str, Any] = {}
        if known.forget is not None:
            parts["reference"] = known.forget[rows].to(forget.log_prob.device)
        if Need.REFUSALS in needs:
            parts["refusal"], _, _ = self._scores(model, inputs["refusal"])
        if known.refusals is not None:
            which = inputs["which"].tolist()
            parts["refusal_reference"] = known.refusals[rows, which].to(forget.log_prob.device)
        if {Need.FORGET_TEACHER, Need.HIDDEN} & needs:
            parts["forget_tokens"] = _tokens(forget_values, labels, known.forget_teacher, rows)
        if {Need.RETAIN_TEACHER, Need.HIDDEN} & needs:
            parts["retain_tokens"] = _tokens(retain_values, retain_labels, known.retain_teacher, beside)
        return Step(forget, retain, **parts)

    def _scores(self, model: Any, batch: dict[str, Tensor]):
        """Scores of a batch, what its method sees at every position, and its labels."""
        labels = batch["labels"]
        hidden = Need.HIDDEN in self._method.needs
        rest = {name: value for name, value in batch.items() if name != "labels"}
        output = model(**rest, output_hidden_states=hidden)
        values = hidden_states(output, self._method.layer) if hidden else output.logits
        return score_answers(output.logits, labels), values, labels


def _tokens(values: Tensor, labels: Tensor, teacher: Any, rows: list[int]) -> Tokens:
    now, targets = at_answers(values, labels)
    before = None if teacher is None else torch.cat([teacher[row] for row in rows]).to(now.device)
    return Tokens(now, before, targets)
