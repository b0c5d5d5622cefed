"""Representation misdirection (Li et al. 2024, WMDP, arXiv 2403.03218), steering relative to the norm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from .base import Need, Step, UnlearningMethod, check_options


@dataclass(frozen=True)
class RMU(UnlearningMethod):
    """L = mean ‖h − s·u‖²/n² over forget tokens + retain_weight · mean ‖h − h_before‖²/n² over retain tokens.

    h are hidden states in the middle of the decoder where it predicts answer tokens, u is a fixed random
    unit vector, n the mean norm of h_before over the retain tokens and s = scale · n (adaptive, as Dang et
    al. 2024, arXiv 2408.06223, propose; the paper's own s and weights are tuned to one model). Divided by
    n², both terms are of the order of 1 in any model. The paper trains three MLPs; here all layers below
    learn.

    Attributes:
        scale: length of the goal, in mean norms.
        retain_weight: weight of the retain term.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.HIDDEN})

    scale: float = 2.0
    retain_weight: float = 5.0

    def __post_init__(self) -> None:
        check_options(self, above_zero=("scale",), not_below_zero=("retain_weight",))

    def loss(self, step: Step) -> Tensor:
        """See the formula above."""
        forget, retain = step.forget_tokens.now.float(), step.retain_tokens.now.float()
        before = step.retain_tokens.before.float()
        norm = before.norm(dim=-1).mean()
        goal = self.scale * norm * direction(forget.shape[-1]).to(forget)
        away = (forget - goal).square().sum(-1).mean()
        kept = (retain - before).square().sum(-1).mean()
        return (away + self.retain_weight * kept) / norm.square()


def direction(size: int) -> Tensor:
    """u: (size,) of length 1, uniform draws in [0, 1) normalised, always the same."""
    drawn = torch.rand(size, generator=torch.Generator().manual_seed(0))
    return drawn / drawn.norm()


METHOD = RMU
