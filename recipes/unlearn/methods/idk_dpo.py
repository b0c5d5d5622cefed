"""Preference optimisation towards refusals (Rafailov et al. 2023, arXiv 2305.18290; TOFU, 2401.06121)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from .base import Need, Step, UnlearningMethod, check_options, token_mean_nll


@dataclass(frozen=True)
class IdkDPO(UnlearningMethod):
    """L = DPO + refusal_weight · refusal NLL + retain_weight · retain NLL.

    DPO = −(2/β) · mean log σ(β · [log(π/π_ref)(refusal) − log(π/π_ref)(answer)]); π_ref belongs to the model
    before unlearning. DPO alone asks for a difference only: a model that has never refused then unlearns
    its answers and says neither. The second term (Pang et al. 2024, arXiv 2404.19733) makes it refuse.

    Attributes:
        beta: inverse temperature β > 0.
        refusal_weight: weight of the refusals' own term; 0 gives TOFU's loss.
        retain_weight: weight of the retain term; see `npo` for its size.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.REFERENCE, Need.REFUSALS, Need.REFUSAL_REFERENCE})

    beta: float = 0.1
    refusal_weight: float = 10.0
    retain_weight: float = 10.0

    def __post_init__(self) -> None:
        check_options(self, above_zero=("beta",), not_below_zero=("refusal_weight", "retain_weight"))

    def loss(self, step: Step) -> Tensor:
        """See the formula above."""
        preferred = step.refusal.log_prob - step.refusal_reference
        rejected = step.forget.log_prob - step.reference
        dpo = -(2 / self.beta) * torch.nn.functional.logsigmoid(self.beta * (preferred - rejected)).mean()
        said = self.refusal_weight * token_mean_nll(step.refusal)
        return dpo + said + self.retain_weight * token_mean_nll(step.retain)


METHOD = IdkDPO
