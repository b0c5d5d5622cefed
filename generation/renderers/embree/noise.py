"""Band-limited noise as a function of position, so that paint sticks to the skin from every camera."""

from __future__ import annotations

import functools

import numpy as np

from generation.streams import stream

_LATTICE = 48
#: Points looked up at a time: bounds the memory, and the arrays stay in the processor's cache.
_PART = 1 << 16


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
    where = np.asarray(points, np.float32)
    lattice = _lattice(seed % 16)
    result = np.empty(len(where), np.float32)
    for start in range(0, len(where), _PART):
        part = slice(start, start + _PART)
        result[part] = _interpolated(lattice, where[part], np.float32(1 / scale), shift, order > 1)
    return result


def _interpolated(
    lattice: np.ndarray, points: np.ndarray, scale: np.float32, shift: np.float32, rounded: bool
) -> np.ndarray:
    """1.6 × the lattice at scale × points + shift, wrapped around; weights eased where `rounded`."""
    size = len(lattice)
    flat = lattice.ravel()
    x = points.T * scale + shift
    whole = np.floor(x)
    t = x - whole
    if rounded:
        t = t * t * (np.float32(3) - np.float32(2) * t)
    low = whole.astype(np.int32) % size
    high = low + 1
    high[high == size] = 0

    def along(rows: np.ndarray) -> np.ndarray:
        return flat.take(rows + low[2]) * (1 - t[2]) + flat.take(rows + high[2]) * t[2]

    # Doubles from here on: what was published was computed so.
    rest = 1 - t.astype(np.float64)
    near, far = low[0] * size**2, high[0] * size**2
    a = along(near + low[1] * size) * rest[1] + along(near + high[1] * size) * t[1]
    b = along(far + low[1] * size) * rest[1] + along(far + high[1] * size) * t[1]
    return np.float64(np.float32(1.6)) * (a * rest[0] + b * t[0])


def fractal(points: np.ndarray, scale: float, seed: int, octaves: int = 3) -> np.ndarray:
    """Sum of `octaves` noises, each half as large and half as strong as the one before."""
    total = np.zeros(len(points), dtype=np.float32)
    for octave in range(octaves):
        total += noise(points, scale / 2**octave, seed + octave) / 2**octave
    return total
