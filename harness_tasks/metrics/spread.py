"""Standard errors that know that the rows of one identity are not independent."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np


def clustered_stderr(values: Sequence[float], clusters: Sequence[Hashable]) -> float:
    """Standard error of the mean when rows of one cluster depend on each other.

    Formula (Liang & Zeger 1986, linear case): sqrt(G / (G - 1) * sum over clusters of
    (sum of residuals in the cluster)^2) / N, with G clusters and N rows.

    Args:
        values: one figure for each row, shape (N,).
        clusters: the cluster (identity) of each row, shape (N,).

    Returns:
        The standard error; NaN when there are fewer than two clusters.

    Raises:
        ValueError: `values` and `clusters` differ in length.
    """
    if len(values) != len(clusters):
        raise ValueError(f"{len(values)} values but {len(clusters)} clusters; the lengths must be equal.")
    data = np.asarray(values, dtype=np.float64)
    _, index = np.unique(np.asarray([str(c) for c in clusters]), return_inverse=True)
    groups = int(index.max()) + 1 if data.size else 0
    if groups < 2:
        return math.nan
    sums = np.bincount(index, weights=data - data.mean(), minlength=groups)
    return float(math.sqrt(groups / (groups - 1) * np.sum(sums**2)) / data.size)
