"""Bundles of strands and the camera-facing ribbons that draw them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generation.renderers.embree.surface import Surface

TAPER = 0.35


@dataclass(frozen=True, eq=False)
class Strands:
    """n strands of m points each, in random order, so that the first k are a fair sample.

    Attributes:
        points: (n, m, 3).
        colour: (n, 3) linear RGB.
        width: (n,) full width at the root in decimetres.
        normal: (n, m, 3) directions away from the body, for shading as a volume.
        span: (n, 2) which stretch of its hair, 0 (root) to 1 (tip), each shows; None for whole hairs.
    """

    points: np.ndarray
    colour: np.ndarray
    width: np.ndarray
    normal: np.ndarray
    span: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.points)

    def taken(self, rows: np.ndarray | slice) -> Strands:
        """Some of the strands."""
        return Strands(
            self.points[rows],
            self.colour[rows],
            self.width[rows],
            self.normal[rows],
            None if self.span is None else self.span[rows],
        )


def joined(bundles: list[Strands]) -> Strands:
    """One bundle of several that have equally many points to a strand."""
    span = None
    if any(b.span is not None for b in bundles):
        whole = [np.tile(np.float32([0.0, 1.0]), (len(b), 1)) if b.span is None else b.span for b in bundles]
        span = np.concatenate(whole)
    fields = ("points", "colour", "width", "normal")
    return Strands(**{f: np.concatenate([getattr(b, f) for b in bundles]) for f in fields}, span=span)


def thinned(strands: Strands, pixel: float, share: float) -> Strands:
    """Fewer, wider strands for a coarse picture: the same cover from as many triangles as can be seen.

    Args:
        strands: the bundle at full quality.
        pixel: size of a pixel at the strands, decimetres.
        share: width that a strand should have, in pixels.

    Returns:
        The first strands, widened by what the others covered; points are left out where the picture
        cannot show the bend.
    """
    mean = float(strands.width.mean())
    factor = max(1.0, share * pixel / mean)
    kept = strands.taken(slice(0, max(1, int(len(strands) / factor))))
    m = kept.points.shape[1]
    places = np.arange(m)
    while len(places) > 4 and _bulge(kept.points[:300, places]) < 0.3 * pixel:
        places = np.unique(np.append(places[::2], m - 1))
    return Strands(
        kept.points[:, places], kept.colour, kept.width * factor, kept.normal[:, places], kept.span
    )


def _bulge(points: np.ndarray) -> float:
    """How far strands (n, m, 3) move where every second point is left out, decimetres (95th percentile)."""
    last = points.shape[1] - 1 - (points.shape[1] - 1) % 2
    chord = 0.5 * (points[:, 0 : last - 1 : 2] + points[:, 2 : last + 1 : 2])
    return float(np.percentile(np.linalg.norm(points[:, 1:last:2] - chord, axis=2), 95))


@dataclass(frozen=True, eq=False)
class PerPoint:
    """A table with one row for every `each` vertices, read like an array with a row for every vertex."""

    table: np.ndarray
    each: int

    def __getitem__(self, vertices: np.ndarray) -> np.ndarray:
        return self.table[vertices // self.each]

    def __len__(self) -> int:
        return len(self.table) * self.each


def ribbons(strands: Strands, camera: np.ndarray, least_width: float, taper: float = TAPER) -> Surface:
    """Ribbons that face the camera.

    Args:
        strands: the bundle, posed.
        camera: (3,) camera position.
        least_width: width below which a strand would fall between the rays.
        taper: tip width over root width.

    Returns:
        A "hair" surface whose vertices carry colour, tangent, shading normal and place along the strand.
    """
    points = np.asarray(strands.points, dtype=np.float32)
    n, m = points.shape[:2]
    tangent = np.empty_like(points)
    tangent[:, 1:-1] = points[:, 2:] - points[:, :-2]
    tangent[:, 0] = points[:, 1] - points[:, 0]
    tangent[:, -1] = points[:, -1] - points[:, -2]
    tangent /= np.maximum(np.sqrt(np.einsum("nmi,nmi->nm", tangent, tangent)), 1e-9)[..., None]
    sight = np.asarray(camera, dtype=np.float32) - points
    side = np.cross(tangent, sight)
    side /= np.maximum(np.sqrt(np.einsum("nmi,nmi->nm", side, side)), 1e-9)[..., None]
    share = np.linspace(0, 1, m, dtype=np.float32)[None]
    if strands.span is not None:
        start = strands.span[:, :1].astype(np.float32)
        share = start + (strands.span[:, 1:].astype(np.float32) - start) * share
    width = np.maximum(strands.width, least_width).astype(np.float32)[:, None]
    side *= (0.5 * width * (1 - (1 - taper) * share**2))[..., None]
    vertices = np.empty((n, m, 2, 3), dtype=np.float32)
    vertices[:, :, 0] = points - side
    vertices[:, :, 1] = points + side
    first = (np.arange(n, dtype=np.int32)[:, None] * m + np.arange(m - 1, dtype=np.int32)[None]) * 2
    corners = np.array([[0, 1, 2], [1, 3, 2]], dtype=np.int32)
    triangles = (first[:, :, None, None] + corners).reshape(-1, 3)
    along = np.broadcast_to(share, (n, m)).reshape(-1, 1)
    return Surface(
        material="hair",
        vertices=vertices.reshape(-1, 3),
        triangles=triangles,
        normals=PerPoint(np.asarray(strands.normal, dtype=np.float32).reshape(-1, 3), 2),
        values={
            "tangent": PerPoint(tangent.reshape(-1, 3), 2),
            "colour": PerPoint(np.asarray(strands.colour, dtype=np.float32), 2 * m),
            "along": PerPoint(along, 2),
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
