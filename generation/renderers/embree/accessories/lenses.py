"""Clear lenses: a thin layer over what lies behind, not part of the traced mesh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generation.renderers.embree.surface import Surface, smoothstep, unit
from generation.views.view import LightRig

TINT = np.array([0.93, 0.95, 0.94])
REFLECTANCE = 0.045
CURVE = 0.28  # how far the lens's normal leans outwards at its edge
CLOSE = 0.75  # decimetres behind the lens up to which a point can lie


@dataclass(frozen=True, eq=False)
class Lens:
    """A flat superellipse in space.

    Attributes:
        centre: (3,).
        across, up: (3,) unit axes in its plane.
        half_width, half_height: decimetres.
        power: exponent of the superellipse.
    """

    centre: np.ndarray
    across: np.ndarray
    up: np.ndarray
    half_width: float
    half_height: float
    power: float

    def moved(self, rotate: np.ndarray, offset: np.ndarray) -> Lens:
        """The lens after x -> rotate @ x + offset."""
        return Lens(
            rotate @ self.centre + offset,
            rotate @ self.across,
            rotate @ self.up,
            self.half_width,
            self.half_height,
            self.power,
        )


def reflect_in_lenses(
    radiance: np.ndarray, points: np.ndarray, to_eye: np.ndarray, surfaces: list[Surface], rig: LightRig
) -> np.ndarray:
    """Radiance as seen through the lenses of all glasses: slightly tinted, with a sheen of the surroundings.

    Args:
        radiance: (n, 3) leaving the points.
        points: (n, 3) what the camera rays hit.
        to_eye: (n, 3) unit directions to the camera.
        surfaces: what was traced; frames carry their "lenses", and "place" moves them.
        rig: the lights, whose soft boxes shine back from the glass.
    """
    result = radiance
    for surface in surfaces:
        for lens in surface.settings.get("lenses", ()):
            lens = lens.moved(np.eye(3), surface.settings.get("place", 0.0))
            rows, u, v = _behind(lens, points, to_eye)
            if not len(rows):
                continue
            if result is radiance:
                result = radiance.copy()
            seen = result[rows] * TINT
            result[rows] = seen + _sheen(lens, u, v, to_eye[rows], rig)
    return result


def _behind(lens: Lens, points: np.ndarray, to_eye: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of the points seen through a lens, and where on it, in [-1, 1]²."""
    near = np.flatnonzero(((points - lens.centre) ** 2).sum(axis=1) < (CLOSE + lens.half_width) ** 2)
    normal = np.cross(lens.across, lens.up)
    offset = lens.centre - points[near]
    along = to_eye[near] @ normal
    distance = (offset @ normal) / np.where(np.abs(along) < 1e-3, 1e-3, along)
    place = distance[:, None] * to_eye[near] - offset
    u, v = place @ lens.across / lens.half_width, place @ lens.up / lens.half_height
    inside = (distance > 0.004) & (np.abs(u) ** lens.power + np.abs(v) ** lens.power < 1.0)
    return near[inside], u[inside], v[inside]


def _sheen(lens: Lens, u: np.ndarray, v: np.ndarray, to_eye: np.ndarray, rig: LightRig) -> np.ndarray:
    flat = np.cross(lens.across, lens.up)
    normal = unit(flat + CURVE * (u[:, None] * lens.across + v[:, None] * lens.up))
    cosine = np.clip(np.einsum("ni,ni->n", normal, to_eye), 0.05, 1)
    mirror = 2 * cosine[:, None] * normal - to_eye
    sky, ground = np.asarray(rig.ambient_sky), np.asarray(rig.ambient_ground)
    light = ground + (sky - ground) * (0.5 + 0.5 * mirror[:, 1:2])
    for lamp in rig.lights:
        azimuth, elevation = np.radians([lamp.azimuth, lamp.elevation])
        out = np.array(
            [np.sin(azimuth) * np.cos(elevation), np.sin(elevation), np.cos(azimuth) * np.cos(elevation)]
        )
        # A soft box seen in the glass: an edge as soft as the box is large.
        half = np.arctan(lamp.size / 40.0)
        away = np.arccos(np.clip(mirror @ out, -1, 1))
        glow = smoothstep(1.6 * half, 0.6 * half, away)
        light = light + 1.2 * glow[:, None] * lamp.power * np.asarray(lamp.colour)
    fresnel = REFLECTANCE + (1 - REFLECTANCE) * (1 - cosine) ** 5
    return fresnel[:, None] * light
