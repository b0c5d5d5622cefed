"""Where hair may not hang: never over the eyes, whatever the style."""

from __future__ import annotations

import numpy as np


def off_the_face(p: np.ndarray, fringe: np.ndarray) -> np.ndarray:
    """Push hanging hair sideways out of the face's window.

    Args:
        p: (n, 3) current strand ends.
        fringe: (n,) strands that may fall over the forehead.

    Returns:
        (n, 3) moved ends.
    """
    half = np.interp(p[:, 1], [5.6, 6.3, 6.8, 7.3, 7.7, 8.0], [0.42, 0.60, 0.72, 0.76, 0.66, 0.0])
    inside = (p[:, 2] > 0.75) & (p[:, 1] < 7.95) & (np.abs(p[:, 0]) < half) & ~fringe
    x = np.where(inside, np.sign(p[:, 0]) * (0.4 * np.abs(p[:, 0]) + 0.6 * half), p[:, 0])
    # Nothing hangs in front of the cheeks: seen from the side it would cross the far eye.
    ahead = (p[:, 1] < 7.8) & ~fringe
    z = np.where(ahead, np.minimum(p[:, 2], 0.98 + 0.5 * np.clip(p[:, 1] - 7.5, 0, 1)), p[:, 2])
    return np.stack([x, p[:, 1], z], axis=1)


def resampled(points: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Cut (n, m, 3) strands at the fractional point numbers `last` (n,), spread over all m points again.

    Every strand then still tapers to its tip.
    """
    n, last_point = len(points), points.shape[1] - 1
    where = np.linspace(0, 1, last_point + 1)[None] * last[:, None]
    low = np.minimum(where.astype(int), last_point - 1)
    mix = (where - low)[..., None].astype(points.dtype)
    rows = np.arange(n)[:, None]
    return points[rows, low] * (1 - mix) + points[rows, low + 1] * mix


def cut_off_face(
    points: np.ndarray,
    end: np.ndarray,
    brow: np.ndarray,
    bare: float | None,
    kept: np.ndarray | None = None,
) -> np.ndarray:
    """Shorten strands at the style's end and wherever they would cross the face; nothing covers the eyes.

    Args:
        points: (n, m, 3).
        end: (n,) height at which each strand is cut.
        brow: (n,) lowest height each may reach in front of the face.
        bare: how much higher than in the base shape this person's hairline lies, in decimetres, if the
            forehead is to stay free as well; else None.
        kept: (n,) share of each strand's points that stays at most.

    Returns:
        (n, m, 3): what is left of each strand, resampled over all m points.
    """
    last_point = points.shape[1] - 1
    x, y, z = np.abs(points[..., 0]), points[..., 1], points[..., 2]
    face = (z > 0.95) & (x < 0.60) & (y < brow[:, None])
    face |= (z > 1.06) & (x < 0.95) & (y < np.minimum(brow, 7.66)[:, None])
    if bare is not None:  # combed back: no string crosses the forehead either
        face |= (z > 0.90) & (x < 0.66) & (y < np.interp(x, [0.0, 0.35, 0.60], [8.01, 7.95, 7.73]) + bare)
    gone = np.logical_or.accumulate(face | (y < end[:, None]), axis=1)
    last = np.maximum(last_point - gone.sum(axis=1), 0.05)
    if kept is not None:
        last = np.minimum(last, np.maximum(last_point * kept, 0.05))
    return resampled(points, last)
