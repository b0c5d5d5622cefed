"""A scarf: loops around the neck, fitted to whatever is worn there, and an end that hangs down."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from generation.renderers.embree.meshes import grid_surface
from generation.renderers.embree.noise import noise
from generation.renderers.embree.surface import Surface, smoothstep
from generation.views.view import Rgb

AROUND = 80
BINS = 36
AXIS_Z = 0.12


def _ground(body: list[Surface]) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and normals of skin and clothes around neck and chest, as far as they are drawn."""
    places, normals = [], []
    for surface in body:
        used = np.unique(surface.triangles)
        place = surface.vertices[used]
        near = (np.abs(place[:, 0]) < 1.7) & (place[:, 1] > 2.6) & (place[:, 1] < 6.4)
        places.append(place[near])
        normals.append(surface.normals[used][near])
    return np.concatenate(places), np.concatenate(normals)


def _neck_radius(place: np.ndarray, low: float, high: float, azimuth: np.ndarray) -> np.ndarray:
    """Greatest distance from the neck's axis over azimuth, between two heights, smoothed."""
    inside = (place[:, 1] > low) & (place[:, 1] < high)
    x, z = place[inside, 0], place[inside, 2] - AXIS_Z
    column = ((np.arctan2(x, z) / (2 * np.pi)) * BINS).astype(int) % BINS
    radius = np.full(BINS, 0.62)
    np.maximum.at(radius, column, np.hypot(x, z))
    radius = ndimage.gaussian_filter1d(np.clip(radius, 0.5, 0.95), 1.2, mode="wrap")
    where = (azimuth / (2 * np.pi) * BINS - 0.5) % BINS
    return ndimage.map_coordinates(radius, [where], order=1, mode="grid-wrap")


def build_scarf(body: list[Surface], colours: tuple[Rgb, Rgb]) -> list[Surface]:
    """A knitted scarf on a posed figure.

    Args:
        body: posed skin and clothes.
        colours: main and second colour; broad stripes at the end.
    """
    place, normals = _ground(body)
    tree = cKDTree(place)
    azimuth = 2 * np.pi * np.arange(AROUND) / AROUND
    front = (1 + np.cos(azimuth)) / 2
    radius = _neck_radius(place, 5.75, 6.15, azimuth)
    turn = np.linspace(0, 2 * np.pi, 19)
    surfaces = []
    settings = {"cloth": "knit", "pattern": "plain", "colours": colours}
    # Height behind and in front, gap to the neck, half height, half width, lean to one side.
    for k, (back, low, gap, tall, wide, lean) in enumerate(
        [(6.10, 5.72, 0.09, 0.24, 0.13, 0.06), (5.86, 5.44, 0.24, 0.25, 0.15, -0.08)]
    ):
        height = back + (low - back) * front**1.3 + lean * np.sin(azimuth)
        ring = radius + gap + (0.08 + 0.20 * k) * front**2
        centre = np.stack([ring * np.sin(azimuth), height, AXIS_Z + ring * np.cos(azimuth)], axis=1)
        swell = 1 + 0.13 * noise(centre, 0.55, 3 + k, order=2)
        # Cloth wound round the neck lies in creases along the winding.
        path = 3.0 * turn[None] + 0.9 * noise(centre * 0.8, 0.7, 7 + k, order=2)[:, None]
        crease = 1 + 0.10 * np.sin(path) * smoothstep(0.0, 0.5, np.sin(turn / 2))[None]
        crease[:, -1] = crease[:, 0]
        out = wide * swell[:, None] * crease * np.cos(turn)
        up = tall * swell[:, None] * crease * np.sin(turn)
        axis = np.stack([np.sin(azimuth), 0 * azimuth, np.cos(azimuth)], axis=1)
        # The loop leans outwards in front, where it slides down.
        tip = 0.5 * front[:, None]
        points = centre[:, None] + axis[:, None] * (out - tip * up)[..., None]
        points[..., 1] += up * (1 - 0.15 * front[:, None])
        flat = points.reshape(-1, 3)
        nearest = tree.query(flat)[1]
        rise = np.einsum("ni,ni->n", flat - place[nearest], normals[nearest])
        flat = flat + normals[nearest] * np.clip(0.07 - rise, 0, 0.3)[:, None]
        surfaces.append(
            grid_surface(
                flat.reshape(points.shape)[:, ::-1], True, 0.95 * azimuth, 0.3 * turn, dict(settings)
            )
        )
    return [*surfaces, _end(place, settings, colours)]


def _end(place: np.ndarray, settings: dict, colours: tuple[Rgb, Rgb]) -> Surface:
    """The end that hangs over the chest."""
    t = np.linspace(0, 1, 26)
    side = np.array([-1.0, -1.0, -0.92, -0.6, -0.2, 0.2, 0.6, 0.92, 1.0, 1.0])
    lift = np.array([-0.05, 0.03, 0.075, 0.085, 0.07, 0.09, 0.075, 0.07, 0.03, -0.05])
    x = 0.34 + 0.06 * t[:, None] + 0.27 * side[None] * (0.75 + 0.25 * t[:, None])
    y = np.repeat(5.46 - 2.1 * t[:, None], len(side), axis=1)
    chest = place[place[:, 2] > 0.1]
    _, nearest = cKDTree(chest[:, :2]).query(np.column_stack([x.ravel(), y.ravel()]), k=6)
    depth = chest[nearest, 2].max(axis=1).reshape(x.shape)
    depth = ndimage.gaussian_filter(depth, (1.5, 1.0), mode="nearest")
    depth += 0.16 * smoothstep(0.3, 0.0, t)[:, None]
    wave = 0.02 * np.sin(7 * t[:, None] + 2 * side[None])
    points = np.stack([x, y, depth + lift[None] + wave], axis=-1)
    striped = settings | {"pattern": "stripes", "colours": colours}
    return grid_surface(points[:, ::-1], False, 2.1 * t, 0.27 * side[::-1], striped)
