"""Teeth and gums, painted on the body model's two bands of teeth."""

from __future__ import annotations

import functools

import numpy as np

from generation.people.person import Person
from generation.renderers.embree.shading import Material
from generation.renderers.embree.surface import smoothstep

# The dental arch as half an ellipse in canonical decimetres: half width, depth, and where it begins in z.
_HALF_WIDTH, _DEPTH, _BACK = 0.29, 0.49, 1.0
# Where one tooth ends and the next begins along the arch from the middle, decimetres: incisors, canine,
# premolars, molars (mean crown widths after Ash & Nelson, Dental Anatomy).
_BOUNDS = {
    "upper-teeth": [0.0, 0.085, 0.150, 0.227, 0.297, 0.367, 0.470],
    "lower-teeth": [0.0, 0.053, 0.110, 0.180, 0.250, 0.322, 0.430],
}
# Height of the gum line and the direction in which the gums lie.
_GUM = {"upper-teeth": (6.745, 1.0), "lower-teeth": (6.565, -1.0)}


@functools.lru_cache(maxsize=1)
def _arc() -> tuple[np.ndarray, np.ndarray]:
    """Angle on the ellipse's circle, 0 at the front, and arc length up to it."""
    t = np.linspace(0, np.pi / 2, 64)
    steps = np.hypot(np.diff(_HALF_WIDTH * np.sin(t)), np.diff(_DEPTH * np.cos(t)))
    return t, np.concatenate([[0.0], np.cumsum(steps)])


def paint_teeth(
    material: Material, rows: np.ndarray, person: Person, name: str, xyz: np.ndarray, normal: np.ndarray
) -> None:
    """Fill `material[rows]`.

    Args:
        material: to be filled.
        rows: which points.
        person: older teeth are yellower.
        name: "upper-teeth" or "lower-teeth".
        xyz: (n, 3) canonical positions.
        normal: (n, 3) normals that face the camera.
    """
    angle, length = _arc()
    turned = np.arctan2(np.abs(xyz[:, 0]) / _HALF_WIDTH, np.maximum(xyz[:, 2] - _BACK, 1e-3) / _DEPTH)
    along = np.interp(turned, angle, length)
    bounds = np.array(_BOUNDS[name])
    tooth = np.clip(np.searchsorted(bounds, along, side="right") - 1, 0, len(bounds) - 2)
    low, high = bounds[tooth], bounds[tooth + 1]
    place = np.clip((along - low) / (high - low), 0, 1)
    gap = np.exp(-(((np.minimum(place, 1 - place) * (high - low)) / 0.006) ** 2))
    old = float(np.clip((person.age - 25) / 55, 0, 1))
    enamel = np.array([0.84, 0.78 - 0.06 * old, 0.67 - 0.16 * old]) * (1 - 0.12 * old)
    # Canines are yellower, and each tooth darkens towards its neck.
    shade = 1 - 0.05 * (tooth == 2) - 0.05 * (tooth % 2)
    line, sign = _GUM[name]
    scallop = line - sign * 0.018 * np.square(2 * place - 1)
    colour = enamel * (shade * (1 - 0.45 * gap))[:, None]
    gum = smoothstep(-0.006, 0.006, sign * (xyz[:, 1] - scallop))[:, None]
    flesh = np.array([0.46, 0.19, 0.175]) * (1 - 0.40 * person.melanin)
    colour = colour * (1 - gum) + flesh * gum
    # Little light reaches the back teeth.
    colour = colour * (0.35 + 0.65 * smoothstep(1.05, 1.38, xyz[:, 2]))[:, None]
    material.albedo[rows] = colour
    # Each crown bulges.
    bulge = np.sign(xyz[:, 0]) * (place - 0.5) * 0.9
    tilted = normal + np.stack([bulge, np.zeros_like(bulge), np.zeros_like(bulge)], axis=1)
    material.normal[rows] = tilted / np.linalg.norm(tilted, axis=1, keepdims=True)
    material.roughness[rows] = 0.30
    material.specular[rows] = 0.05
    material.wrap[rows] = (0.30, 0.25, 0.20)
