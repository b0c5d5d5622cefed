"""Band-limited noise as a function of position, so that paint sticks to the skin from every camera."""

from __future__ import annotations

import functools

import numpy as np
from scipy import ndimage

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
        (n,) values.
    """
    shift = np.float32((0.37 * seed) % _LATTICE)
    where = np.asarray(points, np.float32).T * np.float32(1 / scale) + shift
    values = ndimage.map_coordinates(
        _lattice(seed % 16), where, np.float32, order=order, mode="grid-wrap", prefilter=False
    )
    return np.float32(1.6) * values


def fractal(points: np.ndarray, scale: float, seed: int, octaves: int = 3) -> np.ndarray:
    """Sum of `octaves` noises, each half as large and half as strong as the one before."""
    total = np.zeros(len(points), dtype=np.float32)
    for octave in range(octaves):
        total += noise(points, scale / 2**octave, seed + octave) / 2**octave
    return total
