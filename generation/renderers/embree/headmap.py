"""The head as a distance from its centre over direction: what strands slide over instead of piercing it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from generation.renderers.embree.regions import HEAD_CENTRE
from generation.renderers.embree.surface import Surface, unit
from generation.renderers.embree.tracer import Tracer

_AZIMUTHS, _ELEVATIONS = 144, 72
_START = 2.6  # rays start this far from the centre and look inwards


@dataclass(frozen=True, eq=False)
class HeadMap:
    """Outer radius (72, 144) over elevation −90…90° and azimuth −180…180° around `HEAD_CENTRE`."""

    radius: np.ndarray

    def height(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Distance of (n, 3) points above the skin along the ray from the centre, and its direction."""
        offset = points - HEAD_CENTRE
        distance = np.linalg.norm(offset, axis=1)
        out = offset / np.maximum(distance, 1e-9)[:, None]
        azimuth = np.arctan2(out[:, 0], out[:, 2])
        elevation = np.arcsin(np.clip(out[:, 1], -1, 1))
        row = (elevation / np.pi + 0.5) * _ELEVATIONS - 0.5
        column = (azimuth / (2 * np.pi) + 0.5) * _AZIMUTHS - 0.5
        # The table wraps round in azimuth and is padded by one cell there.
        padded = np.concatenate([self.radius[:, -1:], self.radius, self.radius[:, :1]], axis=1)
        skin = ndimage.map_coordinates(padded, [row, column + 1], order=1, mode="nearest")
        return distance - skin, out


def build_headmap(skin: Surface, without: np.ndarray) -> HeadMap:
    """Measure a head.

    Args:
        skin: the subdivided neutral skin.
        without: (V,) bool, vertices to leave out (ears), so that hair lies behind and over them.
    """
    kept = skin.triangles[~without[skin.triangles].any(axis=1)]
    tracer = Tracer([Surface("skin", skin.vertices, kept, skin.normals)])
    elevation = ((np.arange(_ELEVATIONS) + 0.5) / _ELEVATIONS - 0.5) * np.pi
    azimuth = ((np.arange(_AZIMUTHS) + 0.5) / _AZIMUTHS - 0.5) * 2 * np.pi
    el, az = np.meshgrid(elevation, azimuth, indexing="ij")
    out = np.stack([np.cos(el) * np.sin(az), np.sin(el), np.cos(el) * np.cos(az)], -1).reshape(-1, 3)
    hits = tracer.first_hits(HEAD_CENTRE + _START * out, -unit(out))
    radius = np.where(hits.surface >= 0, _START - hits.distance, np.nan).reshape(el.shape)
    # Below the jaw the rays meet shoulders; there the neck's radius goes on.
    radius[(radius <= 0.2) | (el < np.radians(-40))] = np.nan
    holes = np.isnan(radius)
    nearest = ndimage.distance_transform_edt(holes, return_distances=False, return_indices=True)
    filled = radius[tuple(nearest)]
    return HeadMap(radius=ndimage.gaussian_filter(filled, 0.7, mode=["nearest", "wrap"]))
