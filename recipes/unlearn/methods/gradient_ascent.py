"""Gradient ascent (Jang et al. 2023, arXiv 2210.01504)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from .base import Step, UnlearningMethod, token_mean_nll


@dataclass(frozen=True)
class GradientAscent(UnlearningMethod):
    """L = −NLL of the forget answers; nothing holds the rest, so it stops as soon as they are forgotten."""

    lr: ClassVar[float] = 3e-5
    retain_term: ClassVar[bool] = False

    def loss(self, step: Step) -> Tensor:
        """See the formula above."""
        return -token_mean_nll(step.forget)


METHOD = GradientAscent
