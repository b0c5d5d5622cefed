"""Negative preference optimisation with a retain term (Zhang et al. 2024, arXiv 2404.05868)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from recipes.answers import AnswerScores
from remem_dataset.errors import RememError

from .base import UnlearningMethod, token_mean_nll


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

    needs_reference: ClassVar[bool] = True

    beta: float = 0.1
    retain_weight: float = 10.0

    def __post_init__(self) -> None:
        if not self.beta > 0:
            raise RememError(f"beta is {self.beta}; it must be above 0.")
        if not self.retain_weight >= 0:
            raise RememError(f"retain_weight is {self.retain_weight}; it must not be below 0.")

    def loss(self, forget: AnswerScores, retain: AnswerScores, reference: Tensor | None) -> Tensor:
        """See `UnlearningMethod.loss` and the formula above."""
        log_ratio = forget.log_prob - reference
        npo = -(2 / self.beta) * torch.nn.functional.logsigmoid(-self.beta * log_ratio).mean()
        return npo + self.retain_weight * token_mean_nll(retain)


METHOD = NPO
