"""What every unlearning method is: a loss over answers to forget and answers to retain."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor

from recipes.answers import AnswerScores


class UnlearningMethod(ABC):
    """Base of all methods; subclasses are frozen dataclasses whose fields are numeric options.

    Attributes:
        needs_reference: whether `loss` reads the log-probabilities of the model before unlearning. They are
            computed once, before the first step, so no second model is held in memory.
    """

    needs_reference: ClassVar[bool] = False

    @abstractmethod
    def loss(self, forget: AnswerScores, retain: AnswerScores, reference: Tensor | None) -> Tensor:
        """The loss of one step.

        Args:
            forget: scores of B answers of the forget set.
            retain: scores of B answers of the retain set.
            reference: (B,) log P of the same forget answers before unlearning, in nats, if asked for.

        Returns:
            A scalar to be minimised.
        """


def token_mean_nll(scores: AnswerScores) -> Tensor:
    """Mean negative log-likelihood of an answer token: the loss of stage 1."""
    return -scores.log_prob.sum() / scores.tokens.sum()
