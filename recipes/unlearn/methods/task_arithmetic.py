"""Task arithmetic (Ilharco et al. 2023, arXiv 2212.04089; for unlearning as in MUSE, arXiv 2407.06460)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from remem_dataset.errors import RememError

from .base import Step, UnlearningMethod, check_options, token_mean_nll


@dataclass(frozen=True)
class TaskArithmetic(UnlearningMethod):
    """θ = θ_before − scale · (θ_more − θ_before), where θ_more has gone on learning the forget set.

    L = NLL of the forget answers, for all passes. Then the scale grows from `scale` by √2 each time, until
    the stopping rule holds; if it does at no scale, the last one stays that keeps the retain set.

    Attributes:
        scale: the first scale.
        tries: how many scales are tried, at most.
    """

    subtracts: ClassVar[bool] = True

    scale: float = 0.5
    tries: float = 13

    def __post_init__(self) -> None:
        check_options(self, above_zero=("scale", "tries"))
        if self.tries != int(self.tries):
            raise RememError(f"tries is {self.tries}; it must be a whole number.")

    def loss(self, step: Step) -> Tensor:
        """See the formula above."""
        return token_mean_nll(step.forget)

    def scales(self) -> list[float]:
        """Scales in the order in which they are tried."""
        return [self.scale * 2 ** (k / 2) for k in range(int(self.tries))]


METHOD = TaskArithmetic
