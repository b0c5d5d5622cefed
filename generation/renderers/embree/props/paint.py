"""Wood, glaze, metal, cloth, leaves; and pictures within the picture."""

from __future__ import annotations

import numpy as np

from generation.renderers.embree.noise import noise
from generation.renderers.embree.shading import Material
from generation.renderers.embree.surface import unit


def paint_prop(
    material: Material,
    rows: np.ndarray,
    colour: np.ndarray,
    finish: np.ndarray,
    local: np.ndarray,
    normal: np.ndarray,
    to_eye: np.ndarray,
) -> None:
    """Fill `material[rows]`.

    Args:
        material: to be filled.
        rows: which points.
        colour: (n, 3) linear RGB.
        finish: (n, 4) roughness, specular, wood grain, weave.
        local: (n, 3) places in the prop's own frame, decimetres.
        normal: (n, 3) normals; leaves and shades have two sides.
        to_eye: (n, 3) directions to the camera.
    """
    wood, weave = finish[:, 2], finish[:, 3]
    # Grain runs along the longer extent, which for boards and table tops is mostly x.
    grain = noise(local * np.array([0.12, 1.0, 1.0]), 0.11, 71)
    fine = noise(local * np.array([0.25, 1.0, 1.0]), 0.035, 72)
    tone = 1 + wood * (0.16 * grain + 0.07 * fine) + weave * 0.08 * noise(local, 0.05, 73)
    facing = np.where(np.einsum("ni,ni->n", normal, to_eye) < 0, -1.0, 1.0)[:, None]
    bump = np.stack([noise(local, 0.06, 74 + k) for k in range(3)], axis=1)
    material.normal[rows] = unit(normal * facing + (0.05 * weave)[:, None] * bump)
    material.albedo[rows] = colour * np.clip(tone, 0.4, 1.5)[:, None]
    material.roughness[rows] = finish[:, 0]
    material.specular[rows] = finish[:, 1]
    material.wrap[rows] = (0.10 + 0.15 * weave)[:, None]


def paint_picture(
    material: Material,
    rows: np.ndarray,
    texture: np.ndarray,
    uv: np.ndarray,
    normal: np.ndarray,
) -> None:
    """Fill `material[rows]` with a print, bilinearly sampled.

    Args:
        material: to be filled.
        rows: which points.
        texture: (h, w, 3) linear RGB, row 0 at the top.
        uv: (n, 2) places from the upper left corner, in [0, 1].
        normal: (n, 3) normals.
    """
    high, wide = texture.shape[:2]
    x = np.clip(uv[:, 0] * wide - 0.5, 0, wide - 1.001)
    y = np.clip(uv[:, 1] * high - 0.5, 0, high - 1.001)
    i, j = x.astype(int), y.astype(int)
    fx, fy = (x - i)[:, None], (y - j)[:, None]
    above = texture[j, i] * (1 - fx) + texture[j, i + 1] * fx
    below = texture[j + 1, i] * (1 - fx) + texture[j + 1, i + 1] * fx
    material.albedo[rows] = above * (1 - fy) + below * fy
    material.normal[rows] = normal
    material.roughness[rows] = 0.45
    material.specular[rows] = 0.03
    material.wrap[rows] = 0.2
