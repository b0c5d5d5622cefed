"""Negative preference optimisation with a retain term (Zhang et al. 2024, arXiv 2404.05868)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from .base import Need, Step, UnlearningMethod, check_options, token_mean_nll


@dataclass(frozen=True)
class NPO(UnlearningMethod):
    """L = −(2/β) · mean log σ(−β · log(π/π_ref)) over the forget answers + retain_weight · retain NLL.

    π and π_ref are probabilities of whole answers; π_ref belongs to the model before unlearning. The first
    term's gradient fades as π falls below π_ref, which is what keeps NPO from collapsing as
    plain gradient ascent does (its limit for β → 0).

    Attributes:
        beta: inverse temperature β > 0.
        retain_weight: weight of the retain term; 0 leaves it out. The first term sums over the tokens of an
            answer and the second is a mean over tokens, so about an answer's length balances them.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.REFERENCE})

    beta: float = 0.1
    retain_weight: float = 10.0

    def __post_init__(self) -> None:
        check_options(self, above_zero=("beta",), not_below_zero=("retain_weight",))

    def loss(self, step: Step) -> Tensor:
        """See the formula above."""
        log_ratio = step.forget.log_prob - step.reference
        npo = -(2 / self.beta) * torch.nn.functional.logsigmoid(-self.beta * log_ratio).mean()
        return npo + self.retain_weight * token_mean_nll(step.retain)


METHOD = NPO
