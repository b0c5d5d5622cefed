"""Small meshes: tubes around polylines, grids, several surfaces as one."""

from __future__ import annotations

import numpy as np

from generation.renderers.embree.surface import Surface, unit, vertex_normals


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


def grid_surface(
    points: np.ndarray, closed: bool, across: np.ndarray, along: np.ndarray, settings: dict
) -> Surface:
    """A "cloth" surface over a grid.

    Args:
        points: (n, m, 3); the first axis runs along the edge that the piece is sewn to.
        closed: whether the last row joins the first.
        across: (n,) texture coordinate along the first axis, decimetres.
        along: (m,) texture coordinate along the second.
        settings: texture, pattern and colours.
    """
    n, m = points.shape[:2]
    i = np.arange(n if closed else n - 1)[:, None] * m
    j = np.arange(m - 1)[None]
    a, b = i + j, (i + m) % (n * m) + j
    triangles = np.stack([np.stack([a, b, b + 1], -1), np.stack([a, b + 1, a + 1], -1)], axis=2).reshape(
        -1, 3
    )
    vertices = points.reshape(-1, 3)
    s, t = (g.ravel() for g in np.meshgrid(across, along, indexing="ij"))
    values = np.column_stack([np.zeros(n * m), t, np.full(n * m, 5.0), s, np.zeros(n * m)])
    return Surface(
        material="cloth",
        vertices=vertices,
        triangles=triangles,
        normals=vertex_normals(vertices, triangles),
        values={"rest": values, "depth": np.full((n * m, 1), 1.0)},
        settings=settings,
    )


def merged(surfaces: list[Surface]) -> Surface:
    """One surface of several of the same kind."""
    offsets = np.cumsum([0] + [len(s.vertices) for s in surfaces])
    return Surface(
        material=surfaces[0].material,
        vertices=np.concatenate([s.vertices for s in surfaces]),
        triangles=np.concatenate([s.triangles + o for s, o in zip(surfaces, offsets[:-1], strict=True)]),
        normals=np.concatenate([s.normals for s in surfaces]),
        values={k: np.concatenate([s.values[k] for s in surfaces]) for k in surfaces[0].values},
        settings=dict(surfaces[0].settings),
    )
