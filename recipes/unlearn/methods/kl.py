"""KL minimisation (Maini et al. 2024, TOFU, arXiv 2401.06121)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from .base import Need, Step, UnlearningMethod, check_options, divergence, token_mean_nll


@dataclass(frozen=True)
class KL(UnlearningMethod):
    """L = −NLL of the forget answers + retain_weight · mean KL(π_before ‖ π) over retain answer tokens.

    Attributes:
        retain_weight: weight of the retain term.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.RETAIN_TEACHER})

    retain_weight: float = 1.0

    def __post_init__(self) -> None:
        check_options(self, not_below_zero=("retain_weight",))

    def loss(self, step: Step) -> Tensor:
        """See the formula above."""
        kept = divergence(step.retain_tokens.before, step.retain_tokens.now)
        return self.retain_weight * kept - token_mean_nll(step.forget)


METHOD = KL
