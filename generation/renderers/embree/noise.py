"""Band-limited noise as a function of position, so that paint sticks to the skin from every camera."""

from __future__ import annotations

import functools

import numba
import numpy as np

from generation.streams import stream

_LATTICE = 48


@functools.lru_cache(maxsize=16)
def _lattice(seed: int) -> np.ndarray:
    values = stream(0, "renderer-noise", seed).standard_normal((_LATTICE,) * 3)
    return values.astype(np.float32)


def noise(points: np.ndarray, scale: float, seed: int, order: int = 1) -> np.ndarray:
    """Smooth value noise of about unit deviation.

    Args:
        points: (n, 3) positions in decimetres.
        scale: size of a grain in decimetres.
        seed: which of the independent fields (person.index mixed with a purpose number).
        order: 1 is fast and a little angular, 2 is round.

    Returns:
        (n,) float32 values.
    """
    shift = np.float32((0.37 * seed) % _LATTICE)
    where = np.ascontiguousarray(points, np.float32)
    return _interpolated(_lattice(seed % 16), where, np.float32(1 / scale), shift, order > 1)


@numba.njit(cache=True)
def _interpolated(
    lattice: np.ndarray, points: np.ndarray, scale: np.float32, shift: np.float32, rounded: bool
) -> np.ndarray:
    """1.6 × the lattice at scale × points + shift, wrapped around; weights eased where `rounded`."""
    size = lattice.shape[0]
    result = np.empty(len(points), np.float32)
    low = np.empty(3, np.int64)
    high = np.empty(3, np.int64)
    t = np.empty(3, np.float32)
    for i in range(len(points)):
        for k in range(3):
            x = points[i, k] * scale + shift
            whole = np.floor(x)
            f = np.float32(x - whole)
            t[k] = f * f * (np.float32(3) - np.float32(2) * f) if rounded else f
            low[k] = int(whole) % size
            high[k] = (low[k] + 1) % size
        s = np.float32(1) - t[2]
        a = lattice[low[0], low[1], low[2]] * s + lattice[low[0], low[1], high[2]] * t[2]
        b = lattice[low[0], high[1], low[2]] * s + lattice[low[0], high[1], high[2]] * t[2]
        c = lattice[high[0], low[1], low[2]] * s + lattice[high[0], low[1], high[2]] * t[2]
        d = lattice[high[0], high[1], low[2]] * s + lattice[high[0], high[1], high[2]] * t[2]
        a = a * (1 - t[1]) + b * t[1]
        c = c * (1 - t[1]) + d * t[1]
        result[i] = np.float32(1.6) * (a * (1 - t[0]) + c * t[0])
    return result


def fractal(points: np.ndarray, scale: float, seed: int, octaves: int = 3) -> np.ndarray:
    """Sum of `octaves` noises, each half as large and half as strong as the one before."""
    total = np.zeros(len(points), dtype=np.float32)
    for octave in range(octaves):
        total += noise(points, scale / 2**octave, seed + octave) / 2**octave
    return total
