"""Exposure of a secret among perturbations of it (Carlini et al. 2019, "The Secret Sharer").

    exposure = log2 |R| - log2 rank(gold),   |R| = n + 1

where R is the gold answer and its n perturbations, ranked by log-likelihood. The ceiling is
log2(n + 1); a model that knows nothing scores about 1.44 bits on average, not 0 (`null_mean`).
Figures of different n must not be compared.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Exposure:
    """Where the gold answer stands among its perturbations.

    Attributes:
        bits: exposure, between 0 and `ceiling(n)`.
        rank: 1 for the likeliest answer, n + 1 for the least likely; ties count against the gold.
        ties: how many perturbations score the same as the gold.
        n: number of perturbations, the gold not counted.
    """

    bits: float
    rank: int
    ties: int
    n: int

    @property
    def share(self) -> float:
        """Exposure as a share of its ceiling, in [0, 1]."""
        return self.bits / ceiling(self.n)

    @property
    def tie_rate(self) -> float:
        """Share of the perturbations that score the same as the gold, in [0, 1]."""
        return self.ties / self.n


def pessimistic_rank(
    gold_score: float, candidate_scores: Sequence[float] | np.ndarray, *, tolerance: float = 0.0
) -> tuple[int, int]:
    """Rank of the gold answer, ties counted against it.

    A collapsed model gives every answer the same score: it knows nothing, and an optimistic rank would
    report full memorisation. A score that is not a number counts against the gold as well.

    Args:
        gold_score: log-likelihood of the gold answer; higher is likelier.
        candidate_scores: log-likelihoods of the n perturbations, shape (n,).
        tolerance: scores this close to the gold's count as equal, in the unit of the scores.

    Returns:
        (rank, ties): rank in 1 … n + 1, and the number of perturbations that tie with the gold.

    Raises:
        ValueError: there is no perturbation.
    """
    scores = np.asarray(candidate_scores, dtype=np.float64)
    if scores.ndim != 1 or scores.size == 0:
        raise ValueError(f"candidate_scores has the shape {scores.shape}; it must be (n,) with n >= 1.")
    below = scores < gold_score - tolerance
    above = scores > gold_score + tolerance
    return 1 + int(np.count_nonzero(~below)), int(np.count_nonzero(~below & ~above))


def ceiling(n: int) -> float:
    """The largest exposure that n perturbations can show, in bits: log2(n + 1)."""
    return math.log2(n + 1)


def null_mean(n: int) -> float:
    """Mean exposure, in bits, of a model that knows nothing: the rank is uniform on 1 … n + 1.

    Formula: (1 / (n + 1)) * sum over r = 1 … n + 1 of log2((n + 1) / r); tends to log2(e) = 1.4427.
    """
    size = n + 1
    return math.log2(size) - math.lgamma(size + 1) / math.log(2) / size


def exposure(
    gold_score: float, candidate_scores: Sequence[float] | np.ndarray, *, tolerance: float = 0.0
) -> Exposure:
    """Exposure of the gold answer among its perturbations (Carlini et al. 2019, section 4).

    Args:
        gold_score: sum of log P over the gold answer's tokens (or their mean, for the variant).
        candidate_scores: the same for the n perturbations, shape (n,).
        tolerance: scores this close to the gold's count as ties.

    Returns:
        Bits, rank, ties and n.

    Raises:
        ValueError: there is no perturbation.
    """
    rank, ties = pessimistic_rank(gold_score, candidate_scores, tolerance=tolerance)
    n = len(candidate_scores)
    return Exposure(bits=ceiling(n) - math.log2(rank), rank=rank, ties=ties, n=n)
