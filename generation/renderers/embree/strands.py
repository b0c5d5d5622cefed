"""Bundles of strands and the camera-facing ribbons that draw them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generation.renderers.embree.surface import Surface, unit


@dataclass(frozen=True, eq=False)
class Strands:
    """n strands of m points each.

    Attributes:
        points: (n, m, 3).
        colour: (n, 3) linear RGB.
        width: (n,) full width at the root in decimetres.
        normal: (n, m, 3) directions away from the body, for shading as a volume.
    """

    points: np.ndarray
    colour: np.ndarray
    width: np.ndarray
    normal: np.ndarray

    def __len__(self) -> int:
        return len(self.points)


def joined(bundles: list[Strands]) -> Strands:
    """One bundle of several that have equally many points to a strand."""
    fields = ("points", "colour", "width", "normal")
    return Strands(**{f: np.concatenate([getattr(b, f) for b in bundles]) for f in fields})


def ribbons(strands: Strands, camera: np.ndarray, least_width: float, taper: float = 0.35) -> Surface:
    """Ribbons that face the camera.

    Args:
        strands: the bundle, posed.
        camera: (3,) camera position.
        least_width: width below which a strand would fall between the rays.
        taper: tip width over root width.

    Returns:
        A "hair" surface whose triangles carry colour, tangent, shading normal and place along the strand.
    """
    n, m = strands.points.shape[:2]
    tangent = np.gradient(strands.points, axis=1)
    tangent = unit(tangent)
    side = unit(np.cross(tangent, camera - strands.points))
    along = np.linspace(0, 1, m)
    width = np.maximum(strands.width, least_width)[:, None] * (1 - (1 - taper) * along**2)[None]
    half = side * width[..., None] / 2
    vertices = np.stack([strands.points - half, strands.points + half], axis=2).reshape(-1, 3)
    first = (np.arange(n)[:, None] * m + np.arange(m - 1)[None]) * 2
    a, b, c, d = first, first + 1, first + 2, first + 3
    triangles = np.stack([np.stack([a, b, c], -1), np.stack([b, d, c], -1)], axis=2).reshape(-1, 3)

    def twice(values: np.ndarray) -> np.ndarray:
        return np.repeat(values.reshape(n * m, -1), 2, axis=0)

    return Surface(
        material="hair",
        vertices=vertices,
        triangles=triangles,
        normals=twice(strands.normal),
        values={
            "tangent": twice(tangent),
            "colour": twice(np.repeat(strands.colour[:, None], m, axis=1)),
            "along": twice(np.broadcast_to(along, (n, m)).copy()),
            "across": np.tile(np.array([[-1.0], [1.0]]), (n * m, 1)),
        },
    )


def sample_surface(
    vertices: np.ndarray, triangles: np.ndarray, weight: np.ndarray, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw n places on a mesh with probability ∝ area × weight.

    Args:
        vertices: (V, 3).
        triangles: (T, 3).
        weight: (T,) density.
        n: how many.
        rng: random stream.

    Returns:
        Triangle numbers (n,) and barycentric weights (n, 3).
    """
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) * weight
    total = np.cumsum(area)
    chosen = np.searchsorted(total, rng.random(n) * total[-1], side="right")
    r1, r2 = np.sqrt(rng.random(n)), rng.random(n)
    return np.minimum(chosen, len(triangles) - 1), np.stack([1 - r1, r1 * (1 - r2), r1 * r2], axis=1)


def at(values: np.ndarray, triangles: np.ndarray, where: np.ndarray, bary: np.ndarray) -> np.ndarray:
    """Per-vertex values (V, k) at sampled places."""
    return np.einsum("nc,nck->nk", bary, values[triangles[where]])
