"""UNDIAL: self-distillation with adjusted logits (Dong et al. 2024, arXiv 2402.10052), with a retain term."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from .base import Need, Step, UnlearningMethod, check_options, token_mean_nll


@dataclass(frozen=True)
class Undial(UnlearningMethod):
    """L = mean CE(softmax(z_before − strength · onehot(answer token)), π) + retain_weight · retain NLL.

    The mean is over forget answer tokens; z_before are the logits of the model before unlearning.

    Attributes:
        strength: by how much, in nats, the answer's own logit is lowered.
        retain_weight: weight of the retain term (the paper has none).
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.FORGET_TEACHER})

    strength: float = 20.0
    retain_weight: float = 1.0

    def __post_init__(self) -> None:
        check_options(self, above_zero=("strength",), not_below_zero=("retain_weight",))

    def loss(self, step: Step) -> Tensor:
        """See the formula above."""
        tokens = step.forget_tokens
        lowered = torch.nn.functional.one_hot(tokens.targets, tokens.before.shape[-1])
        goal = (tokens.before.float() - self.strength * lowered).softmax(-1)
        distilled = torch.nn.functional.cross_entropy(tokens.now.float(), goal)
        return distilled + self.retain_weight * token_mean_nll(step.retain)


METHOD = Undial
