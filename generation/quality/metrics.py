"""Verification metrics from distances: histograms, ROC, area under it, equal error rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Embeddings lie near the unit sphere, so distances stay below this.
LONGEST = 2.0
_BINS = 1000
_BLOCK = 512


@dataclass(frozen=True, eq=False)
class Distances:
    """Histograms of the distances between all pairs of faces.

    Attributes:
        same: (bins,) int64 counts of pairs of one identity; bin k holds [k, k + 1) · `LONGEST` / bins.
        different: (bins,) int64 counts of pairs of two identities.
    """

    same: np.ndarray
    different: np.ndarray

    @property
    def edges(self) -> np.ndarray:
        """(bins + 1,) borders of the bins."""
        return np.linspace(0, LONGEST, len(self.same) + 1)


def pair_distances(embeddings: np.ndarray, identities: np.ndarray) -> Distances:
    """Count the distances of all pairs, block by block: memory grows with the faces, not with the pairs.

    Args:
        embeddings: (n, d) float32.
        identities: (n,) whose face each is.
    """
    counts = np.zeros((2, _BINS), dtype=np.int64)
    points = embeddings.astype(np.float64)
    squares = (points**2).sum(axis=1)
    for start in range(0, len(points), _BLOCK):
        rows = slice(start, start + _BLOCK)
        squared = squares[rows, None] + squares[None, :] - 2 * points[rows] @ points.T
        apart = np.sqrt(np.maximum(squared, 0))
        later = np.arange(len(points))[None, :] > np.arange(len(points))[rows, None]
        own = identities[rows, None] == identities[None, :]
        bins = np.minimum((apart * (_BINS / LONGEST)).astype(np.int64), _BINS - 1)
        for kind, mask in enumerate((later & own, later & ~own)):
            counts[kind] += np.bincount(bins[mask], minlength=_BINS)
    return Distances(*counts)


def share_below(counts: np.ndarray, threshold: float) -> float | None:
    """Share of a histogram's pairs nearer than the threshold (a border of bins); None if there are none."""
    total = counts.sum()
    return float(counts[: round(threshold * len(counts) / LONGEST)].sum() / total) if total else None


def mean_distance(counts: np.ndarray) -> float | None:
    """Mean of a histogram, to half a bin; None if it is empty."""
    centres = (np.arange(len(counts)) + 0.5) * LONGEST / len(counts)
    return float((counts * centres).sum() / counts.sum()) if counts.sum() else None


def roc(distances: Distances) -> tuple[np.ndarray, np.ndarray]:
    """The receiver operating characteristic over all thresholds.

    Returns:
        (bins + 1,) false accept rates and true accept rates, both ascending from 0 to 1; empty if there are
        no pairs of one sort.
    """
    if not distances.same.sum() or not distances.different.sum():
        return np.zeros(0), np.zeros(0)
    counts = (distances.same, distances.different)
    true, false = (np.concatenate([[0], np.cumsum(c)]) / c.sum() for c in counts)
    return false, true


def area_under_roc(distances: Distances) -> float | None:
    """P(same pair nearer than different pair), ties by half (Hanley & McNeil 1982); None without pairs."""
    false, true = roc(distances)
    return float(np.trapezoid(true, false)) if len(false) else None


def equal_error_rate(distances: Distances) -> tuple[float, float] | None:
    """Where as many pairs are wrongly accepted as wrongly refused.

    Returns:
        The rate and the threshold, interpolated between bins; None without pairs.
    """
    false, true = roc(distances)
    if not len(false):
        return None
    gap = false - (1 - true)  # ascending from -1 to 1
    after = int(np.searchsorted(gap, 0.0))
    before = max(0, after - 1)
    width = gap[after] - gap[before]
    t = -gap[before] / width if width > 0 else 0.0
    rate = false[before] + t * (false[after] - false[before])
    return float(rate), float((before + t) * LONGEST / len(distances.same))
