"""Metrics of an answer's token log-probabilities: Min-k %, Min-k++ % and the truth ratio."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def min_k(token_logprobs: Sequence[float] | np.ndarray, k: float = 0.1) -> float:
    """Min-k %: mean log-probability of the share k of least likely tokens, in nats (Shi et al. 2024).

    Uses max(1, floor(k * n)) tokens: at k = 10 % an answer of fewer than 10 tokens would otherwise have
    none, and the mean of nothing is NaN.

    Args:
        token_logprobs: log P of each answer token given what precedes it, shape (n,), nats.
        k: share of the tokens to average, in (0, 1].

    Raises:
        ValueError: there is no token, or k lies outside (0, 1].
    """
    values = np.sort(np.asarray(token_logprobs, dtype=np.float64))
    return float(values[: _lowest(values.size, k)].mean())


def min_k_plus_plus(
    token_logprobs: Sequence[float] | np.ndarray,
    moments: Sequence[tuple[float, float]] | np.ndarray,
    k: float = 0.1,
) -> float:
    """Min-k++ %: mean of the share k of lowest standardised log-probabilities (Zhang et al. 2024).

        z_t = (log P(x_t | x_<t) − μ_t) / σ_t,

    where μ_t and σ_t are mean and standard deviation of log P(x | x_<t) for x drawn from that distribution.
    A distribution that is certain of one token has σ = 0 and says nothing; z is 0 there.

    Args:
        token_logprobs: shape (n,), nats.
        moments: (μ, σ) of each token, shape (n, 2), nats.
        k: share of the tokens to average, in (0, 1].

    Raises:
        ValueError: there is no token, not one pair of moments for each, or k lies outside (0, 1].
    """
    values, moments = np.asarray(token_logprobs, dtype=np.float64), np.asarray(moments, dtype=np.float64)
    count = _lowest(values.size, k)
    if moments.shape != (values.size, 2):
        raise ValueError(f"moments has the shape {moments.shape}; it must be ({values.size}, 2).")
    certain = moments[:, 1] <= 1e-12
    scores = np.where(certain, 0.0, (values - moments[:, 0]) / np.where(certain, 1.0, moments[:, 1]))
    return float(np.sort(scores)[:count].mean())


def truth_share(gold_mean: float, wrong_means: Sequence[float] | np.ndarray) -> float:
    """Share of the truth: 1 / (1 + R), in [0, 1], where R is TOFU's truth ratio (Maini et al. 2024).

        R = mean over wrong answers w of P(w)^(1/|w|), over P(gold)^(1/|gold|)

    0.5 when the truth is as likely as the wrong answers are on average. TOFU puts a paraphrase in the gold's
    place, which single values do not have. The share is a monotone function of R, so a Kolmogorov–Smirnov
    test of the one is a test of the other, and unlike R it has a mean that no single row decides.

    Args:
        gold_mean: mean log-probability of the gold answer's tokens, nats.
        wrong_means: the same for each wrong answer, shape (n,).

    Raises:
        ValueError: there is no wrong answer.
    """
    wrong = np.asarray(wrong_means, dtype=np.float64)
    if wrong.ndim != 1 or wrong.size == 0:
        raise ValueError(f"wrong_means has the shape {wrong.shape}; it must be (n,) with n >= 1.")
    # log R in a form that overflows nowhere.
    highest = float(wrong.max())
    log_ratio = highest + math.log(float(np.exp(wrong - highest).mean())) - gold_mean
    return 1.0 / (1.0 + math.exp(log_ratio)) if log_ratio < 700 else 0.0


def _lowest(size: int, k: float) -> int:
    """How many tokens the share k is; at least one."""
    if size == 0:
        raise ValueError("token_logprobs is empty; an answer has at least one token.")
    if not 0.0 < k <= 1.0:
        raise ValueError(f"k is {k}; it must lie in (0, 1].")
    # 1e-9: 0.1 * 30 is 2.9999999999999996 in some orders of evaluation.
    return max(1, math.floor(k * size + 1e-9))
