"""Tubes around polylines: frames, strings, rings."""

from __future__ import annotations

import numpy as np

from generation.renderers.embree.surface import unit


def tube(
    path: np.ndarray, radius: float | np.ndarray, closed: bool, sides: int = 8
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A tube around a polyline.

    Args:
        path: (n, 3).
        radius: decimetres, one or (n,).
        closed: whether the last point joins the first.
        sides: corners of the cross-section.

    Returns:
        Vertices (n · sides, 3), triangles, normals.
    """
    n = len(path)
    ahead = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0) if closed else np.gradient(path, axis=0)
    tangent = unit(ahead)
    e1 = unit(np.cross(tangent, [0.02, 0.13, 0.99]))
    e2 = np.cross(tangent, e1)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    normals = np.cos(angle)[None, :, None] * e1[:, None] + np.sin(angle)[None, :, None] * e2[:, None]
    vertices = path[:, None] + np.reshape(radius, (-1, 1, 1)) * normals
    i = np.arange(n if closed else n - 1)[:, None] * sides
    following = (i + sides) % (n * sides)
    j, k = np.arange(sides)[None], (np.arange(sides)[None] + 1) % sides
    a, b, c, d = i + j, following + j, following + k, i + k
    triangles = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)], axis=2).reshape(-1, 3)
    return vertices.reshape(-1, 3), triangles, normals.reshape(-1, 3)
