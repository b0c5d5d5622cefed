"""Standard errors that know that rows which ask for the same fact are not independent."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence

from .runs import Figure


def clustered(values: Sequence[float], clusters: Sequence[Hashable]) -> Figure | None:
    """Mean with a cluster-robust standard error.

    Rows that ask for the same fact are not independent, so the residuals are summed within a cluster
    first (Liang & Zeger 1986): se² = G/(G−1) · Σ_g (Σ_{i∈g} (x_i − mean))² / N².

    Args:
        values: shape (N,).
        clusters: shape (N,), hashable label of each value's cluster.

    Returns:
        None for no values; no standard error for fewer than two clusters.
    """
    n = len(values)
    if not n:
        return None
    mean = math.fsum(values) / n
    sums: dict[Hashable, float] = defaultdict(float)
    for value, cluster in zip(values, clusters, strict=True):
        sums[cluster] += value - mean
    groups = len(sums)
    if groups < 2:
        return Figure(value=mean, n=n)
    variance = groups / (groups - 1) * math.fsum(s * s for s in sums.values()) / n**2
    return Figure(value=mean, n=n, stderr=math.sqrt(variance))
