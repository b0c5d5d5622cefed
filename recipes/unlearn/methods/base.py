"""What every unlearning method is: a loss over answers to forget and answers to retain."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar

import torch
from torch import Tensor

from recipes.answers import AnswerScores
from remem_dataset.errors import RememError


class Need(Enum):
    """What a method looks at besides the scores of forget and retain answers.

    What the model before unlearning says is computed once, before the first step, and kept: no second model
    is held in memory.
    """

    REFERENCE = "log P of the forget answers before unlearning"
    REFUSALS = "scores of refusals in the place of the forget answers (config `alternatives`)"
    REFUSAL_REFERENCE = "log P of those refusals before unlearning"
    FORGET_TEACHER = "logits of the forget answers, and those before unlearning"
    RETAIN_TEACHER = "logits of the retain answers, and those before unlearning"
    HIDDEN = "hidden states of both, and those of the retain answers before unlearning"


@dataclass(frozen=True)
class Tokens:
    """What there is at the T answer tokens of a batch, row after row.

    Attributes:
        now: (T, V) logits or (T, D) hidden states of the model as it is.
        before: the same of the model before unlearning; None where a method has no use for it.
        targets: (T,) the answers' token ids.
    """

    now: Tensor
    before: Tensor | None
    targets: Tensor


@dataclass(frozen=True)
class Step:
    """What the loss of one step may look at; None is what the method does not ask for.

    Attributes:
        forget: scores of B answers of the forget set.
        retain: scores of B answers of the retain set; None if there is no retain term.
        reference: (B,) log P of the forget answers before unlearning, in nats.
        refusal: scores of one refusal for each forget question.
        refusal_reference: (B,) log P of those refusals before unlearning.
        forget_tokens: logits at the forget answers, or hidden states.
        retain_tokens: logits at the retain answers, or hidden states.
    """

    forget: AnswerScores
    retain: AnswerScores | None
    reference: Tensor | None = None
    refusal: AnswerScores | None = None
    refusal_reference: Tensor | None = None
    forget_tokens: Tokens | None = None
    retain_tokens: Tokens | None = None


class UnlearningMethod(ABC):
    """Base of all methods; subclasses are frozen dataclasses whose fields are numeric options.

    Attributes:
        needs: what `loss` looks at besides the scores of forget and retain answers.
        layer: of methods that need hidden states: which, as a share of the decoder's depth.
        lr: learning rate that suits the method on the reference LVLM (tiny preset).
        retain_term: whether `loss` looks at retain answers; if not, they are not run.
        subtracts: whether training goes towards the forget set and its difference is then taken away.
    """

    needs: ClassVar[frozenset[Need]] = frozenset()
    layer: ClassVar[float] = 0.5
    lr: ClassVar[float] = 1e-4
    retain_term: ClassVar[bool] = True
    subtracts: ClassVar[bool] = False

    @abstractmethod
    def loss(self, step: Step) -> Tensor:
        """The loss of one step, a scalar to be minimised."""


def token_mean_nll(scores: AnswerScores) -> Tensor:
    """Mean negative log-likelihood of an answer token: the loss of stage 1."""
    return -scores.log_prob.sum() / scores.tokens.sum()


def check_options(
    method: Any, *, above_zero: tuple[str, ...] = (), not_below_zero: tuple[str, ...] = ()
) -> None:
    """Refuse options out of range.

    Raises:
        RememError: names the first one.
    """
    for names, fits, range_ in (
        (above_zero, lambda value: 0 < value < math.inf, "be above 0"),
        (not_below_zero, lambda value: 0 <= value < math.inf, "not be below 0"),
    ):
        for name in names:
            value = getattr(method, name)
            if not fits(value):
                raise RememError(f"{name} is {value}; it must {range_}.")


def divergence(before: Tensor, now: Tensor) -> Tensor:
    """Mean over T tokens of KL(before ‖ now), in nats, from logits (T, V)."""
    p, q = before.float().log_softmax(-1), now.float().log_softmax(-1)
    return torch.nn.functional.kl_div(q, p, log_target=True, reduction="batchmean")
