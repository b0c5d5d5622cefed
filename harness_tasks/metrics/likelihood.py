"""Min-k % probability of an answer (Shi et al. 2024, "Detecting Pretraining Data from LLMs")."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def min_k(token_logprobs: Sequence[float] | np.ndarray, k: float = 0.1) -> float:
    """Mean log-probability of the k least likely tokens, in nats.

    Uses max(1, floor(k * n)) tokens: at k = 10 % an answer of fewer than 10 tokens would otherwise have
    none, and the mean of nothing is NaN.

    Args:
        token_logprobs: log P of each answer token given what precedes it, shape (n,), nats.
        k: share of the tokens to average, in (0, 1].

    Raises:
        ValueError: there is no token, or k lies outside (0, 1].
    """
    values = np.sort(np.asarray(token_logprobs, dtype=np.float64))
    if values.size == 0:
        raise ValueError("token_logprobs is empty; an answer has at least one token.")
    if not 0.0 < k <= 1.0:
        raise ValueError(f"k is {k}; it must lie in (0, 1].")
    # 1e-9: 0.1 * 30 is 2.9999999999999996 in some orders of evaluation.
    count = max(1, math.floor(k * values.size + 1e-9))
    return float(values[:count].mean())
