"""Gradient difference (Liu et al. 2022, "Continual Learning and Private Unlearning")."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from recipes.answers import AnswerScores
from remem_dataset.errors import RememError

from .base import UnlearningMethod, token_mean_nll


@dataclass(frozen=True)
class GradientDifference(UnlearningMethod):
    """L = −NLL of the forget answers + retain_weight · NLL of the retain answers.

    Attributes:
        retain_weight: weight of the retain term; 0 gives plain gradient ascent.
    """

    retain_weight: float = 1.0

    def __post_init__(self) -> None:
        if not self.retain_weight >= 0:
            raise RememError(f"retain_weight is {self.retain_weight}; it must not be below 0.")

    def loss(self, forget: AnswerScores, retain: AnswerScores, reference: Tensor | None) -> Tensor:
        """See `UnlearningMethod.loss` and the formula above."""
        return self.retain_weight * token_mean_nll(retain) - token_mean_nll(forget)


METHOD = GradientDifference
