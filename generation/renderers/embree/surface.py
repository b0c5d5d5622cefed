"""Triangle surfaces with a material and values to interpolate over them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(eq=False)
class Surface:
    """A triangle mesh.

    Attributes:
        material: which shading function paints it ("skin", "eye", "hair", "cloth", "plain", …).
        vertices: (V, 3) float.
        triangles: (T, 3) int.
        normals: (V, 3) unit normals.
        values: name -> (V, k) per-vertex values.
        corners: name -> (T, 3, k) per-corner values.
        settings: anything else that the material wants.
    """

    material: str
    vertices: np.ndarray
    triangles: np.ndarray
    normals: np.ndarray
    values: dict[str, np.ndarray] = field(default_factory=dict)
    corners: dict[str, np.ndarray] = field(default_factory=dict)
    settings: dict = field(default_factory=dict)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors along the last axis, scaled to length 1 (zero stays zero)."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def vertex_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Area-weighted unit normals (V, 3)."""
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    face = np.cross(b - a, c - a)
    normals = np.empty_like(vertices)
    for axis in range(3):
        weights = np.repeat(face[:, axis], 3)
        normals[:, axis] = np.bincount(triangles.ravel(), weights=weights, minlength=len(vertices))
    return unit(normals)


def interpolate(corner_values: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Barycentric mix of (n, 3, k) corner values with Embree's (u, v)."""
    return (
        corner_values[:, 0] * (1 - u - v)[:, None]
        + corner_values[:, 1] * u[:, None]
        + corner_values[:, 2] * v[:, None]
    )


def smoothstep(low: float, high: float, x: np.ndarray) -> np.ndarray:
    """Hermite ramp from 0 at `low` to 1 at `high` (either may be the greater)."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)
