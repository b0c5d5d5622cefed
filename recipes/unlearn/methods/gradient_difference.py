"""Gradient difference (Liu et al. 2022, "Continual Learning and Private Unlearning", arXiv 2203.12817)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from .base import Step, UnlearningMethod, check_options, token_mean_nll


@dataclass(frozen=True)
class GradientDifference(UnlearningMethod):
    """L = −NLL of the forget answers + retain_weight · NLL of the retain answers.

    Attributes:
        retain_weight: weight of the retain term.
    """

    retain_weight: float = 1.0

    def __post_init__(self) -> None:
        check_options(self, not_below_zero=("retain_weight",))

    def loss(self, step: Step) -> Tensor:
        """See the formula above."""
        return self.retain_weight * token_mean_nll(step.retain) - token_mean_nll(step.forget)


METHOD = GradientDifference
