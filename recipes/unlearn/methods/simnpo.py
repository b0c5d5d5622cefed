"""SimNPO: NPO without reference, normalised by length (Fan et al. 2024, arXiv 2410.07163)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .base import Step, UnlearningMethod, check_options, token_mean_nll


@dataclass(frozen=True)
class SimNPO(UnlearningMethod):
    """L = −(2/β) · mean log σ(−(β/|y|) · log π(y) − γ) over the forget answers + retain_weight · retain NLL.

    |y| is the number of an answer's tokens.

    Attributes:
        beta: inverse temperature β > 0.
        gamma: margin γ ≥ 0.
        retain_weight: weight of the retain term.
    """

    beta: float = 2.5
    gamma: float = 0.0
    retain_weight: float = 1.0

    def __post_init__(self) -> None:
        check_options(self, above_zero=("beta",), not_below_zero=("gamma", "retain_weight"))

    def loss(self, step: Step) -> Tensor:
        """See the formula above."""
        per_token = step.forget.log_prob / step.forget.tokens
        margin = -self.beta * per_token - self.gamma
        simnpo = -(2 / self.beta) * torch.nn.functional.logsigmoid(margin).mean()
        return simnpo + self.retain_weight * token_mean_nll(step.retain)


METHOD = SimNPO
