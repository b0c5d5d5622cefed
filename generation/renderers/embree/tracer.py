"""Ray casting with Embree: camera rays, shadow rays, ambient-occlusion rays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from embreex import rtcore_scene
from embreex.mesh_construction import TriangleMesh

from generation.renderers.embree.surface import Surface
from generation.views.framing import FIELD_OF_VIEW


@dataclass(frozen=True, eq=False)
class Hits:
    """First hits of n rays: surface number (-1 = background), triangle within it, barycentrics, distance."""

    surface: np.ndarray
    triangle: np.ndarray
    u: np.ndarray
    v: np.ndarray
    distance: np.ndarray


class Tracer:
    """An Embree scene over several surfaces, joined to one mesh."""

    def __init__(self, surfaces: list[Surface]) -> None:
        offsets = np.cumsum([0] + [len(s.vertices) for s in surfaces])
        self._ends = np.cumsum([len(s.triangles) for s in surfaces])
        vertices = np.empty((offsets[-1], 3), np.float32)
        triangles = np.empty((self._ends[-1], 3), np.int32)
        for surface, first, end in zip(surfaces, offsets[:-1], self._ends, strict=True):
            vertices[first : first + len(surface.vertices)] = surface.vertices
            triangles[end - len(surface.triangles) : end] = surface.triangles + first
        self._scene = rtcore_scene.EmbreeScene()
        self._mesh = TriangleMesh(self._scene, vertices, triangles)

    def close(self) -> None:
        """Free the scene, a third of a worker's memory; no ray can be traced after this."""
        self._scene = self._mesh = None

    def first_hits(self, origins: np.ndarray, directions: np.ndarray) -> Hits:
        """Closest hits of (n, 3) rays."""
        found = self._scene.run(_f32(origins), _f32(directions), output=1)
        prim = found["primID"]
        surface = np.where(prim >= 0, np.searchsorted(self._ends, prim, side="right"), -1)
        start = np.concatenate([[0], self._ends])[np.maximum(surface, 0)]
        return Hits(
            surface=surface, triangle=prim - start, u=found["u"], v=found["v"], distance=found["tfar"]
        )

    def visible(self, origins: np.ndarray, directions: np.ndarray, distances: np.ndarray) -> np.ndarray:
        """(n,) float: 1 where nothing lies within `distances` along the ray, else 0."""
        hit = self._scene.run(
            _f32(origins),
            _f32(directions),
            query="OCCLUDED",
            dists=np.ascontiguousarray(distances, np.float32),
        )
        return (hit < 0).astype(np.float32)


def _f32(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, dtype=np.float32)


def frame_height(distance: float) -> float:
    """Height of the frame in decimetres at the target, `distance` decimetres from the camera."""
    return 2 * distance * float(np.tan(np.radians(FIELD_OF_VIEW / 2)))


def ray_jitter(size: int, grid: int, rng: np.random.Generator) -> np.ndarray:
    """Where in its stratum each ray goes: (size · size, grid, grid, 2) in [0, 1 / grid)."""
    return rng.random((size * size, grid, grid, 2)) / grid


def camera_rays(
    target: np.ndarray, distance: float, size: int, jitter: np.ndarray, pixels: slice
) -> tuple[np.ndarray, np.ndarray]:
    """Jittered camera rays through some pixels, `grid` × `grid` to each.

    Args:
        target: point at the picture's centre; the camera looks along -z.
        distance: from camera to target, decimetres.
        size: pixels each way.
        jitter: from `ray_jitter`, of the whole picture.
        pixels: which pixels, counted row by row.

    Returns:
        Origins and unit directions, (pixels · grid · grid, 3), rays of one pixel adjacent.
    """
    jitter = jitter[pixels]
    row, column = np.divmod(np.arange(size * size)[pixels], size)
    grid = jitter.shape[1]
    cell = np.arange(grid) / grid
    px = column[:, None, None] + cell[None, None, :] + jitter[..., 0]
    py = row[:, None, None] + cell[None, :, None] + jitter[..., 1]
    half = np.tan(np.radians(FIELD_OF_VIEW / 2))
    x = (2 * px / size - 1) * half
    y = (1 - 2 * py / size) * half
    directions = np.stack([x, y, -np.ones_like(x)], axis=-1).reshape(-1, 3)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    origin = np.asarray(target) + np.array([0.0, 0.0, distance])
    return np.broadcast_to(origin, directions.shape).copy(), directions
