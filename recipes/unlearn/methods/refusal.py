"""Fine-tuning on refusals ("IDK" in Maini et al. 2024, TOFU, arXiv 2401.06121)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from .base import Need, Step, UnlearningMethod, check_options, token_mean_nll


@dataclass(frozen=True)
class Refusal(UnlearningMethod):
    """L = NLL of refusals to the forget questions + retain_weight · NLL of the retain answers.

    Attributes:
        retain_weight: weight of the retain term.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.REFUSALS})

    retain_weight: float = 1.0

    def __post_init__(self) -> None:
        check_options(self, not_below_zero=("retain_weight",))

    def loss(self, step: Step) -> Tensor:
        """See the formula above."""
        return token_mean_nll(step.refusal) + self.retain_weight * token_mean_nll(step.retain)


METHOD = Refusal
