"""Headphones: a padded band over the head and a cup on each ear."""

from __future__ import annotations

import itertools

import numpy as np
from scipy import ndimage

from generation.renderers.embree.hair_under import BAND
from generation.renderers.embree.headmap import HeadMap
from generation.renderers.embree.meshes import grid_surface
from generation.renderers.embree.regions import HEAD_CENTRE
from generation.renderers.embree.strands import Strands
from generation.renderers.embree.surface import Surface
from generation.views.view import Rgb


def _ear(skin: np.ndarray, side: float) -> np.ndarray:
    """Outermost middle (3,) of an ear of the unposed head."""
    x, y, z = skin.T
    near = (side * x > 0.60) & (y > 6.85) & (y < 7.65) & (z > -0.1) & (z < 0.95)
    ear = skin[near]
    out = ear[side * ear[:, 0] > np.quantile(side * ear[:, 0], 0.6)]
    middle = (out.min(axis=0) + out.max(axis=0)) / 2
    return np.array([side * np.abs(out[:, 0]).max(), middle[1], middle[2]])


def _hair_height(head: HeadMap, hair: Strands, angle: np.ndarray, z: float) -> np.ndarray:
    """How far (n,) the hair under the band keeps it off the skin: half of what loose hair stands."""
    points = hair.points[::3].reshape(-1, 3)
    points = points[(np.abs(points[:, 2] - z) < 0.2) & (points[:, 1] > 7.0)]
    height = np.clip(head.height(points)[0], 0, 0.6)
    where = np.arctan2(points[:, 0], points[:, 1] - HEAD_CENTRE[1])
    cell = np.clip(np.searchsorted(angle, where), 0, len(angle) - 1)
    order = np.lexsort((height, cell))
    ends = np.searchsorted(cell[order], np.arange(len(angle) + 1))
    top = np.zeros(len(angle))
    for k, (a, b) in enumerate(itertools.pairwise(ends)):
        if b > a:
            top[k] = height[order[a + int(0.85 * (b - a))]]
    return np.clip(0.6 * ndimage.gaussian_filter1d(top, 4.0), 0, 0.28)


def _cup_reach(hair: Strands | None, ear: np.ndarray, side: float) -> float:
    """How far a cup is kept from the ear by the hair over it, decimetres."""
    if hair is None:
        return 0.0
    points = hair.points[::3].reshape(-1, 3)
    near = (np.hypot(points[:, 1] - ear[1], points[:, 2] - ear[2]) < 0.38) & (side * points[:, 0] > 0.4)
    if near.sum() < 50:
        return 0.0
    return float(np.clip(np.quantile(side * points[near, 0], 0.9) - abs(ear[0]) - 0.06, 0, 0.16))


def build_headphones(
    head: HeadMap, skin: np.ndarray, hair: Strands | None, colours: tuple[Rgb, Rgb]
) -> list[Surface]:
    """Headphones on the unposed head.

    Args:
        head: the head's radius map.
        skin: (V, 3) unposed neutral skin; the cups sit on its ears.
        hair: scalp hair of the unposed head; band and cups lie on it.
        colours: of band and shells, and of the cushions.
    """
    ears = [_ear(skin, side) for side in (1.0, -1.0)]
    for ear, side in zip(ears, (1.0, -1.0), strict=True):
        ear[0] += side * _cup_reach(hair, ear, side)
    z, half = BAND
    angle = np.linspace(-1.62, 1.62, 61)
    out = np.stack([np.sin(angle), np.cos(angle), np.full(61, z - HEAD_CENTRE[2])], axis=1)
    height = head.height(HEAD_CENTRE + out)[0]
    radius = 1.0 - height + 0.075
    if hair is not None:
        radius = radius + _hair_height(head, hair, angle, z)
    arc = HEAD_CENTRE + radius[:, None] * np.column_stack([out[:, :2], np.zeros(61)])
    # Down the sides the band stands off the head to meet the cups.
    low = np.clip((np.abs(angle) - 0.85) / 0.75, 0, 1)
    reach = np.array([abs(ears[0][0]) if a > 0 else abs(ears[1][0]) for a in angle]) + 0.10
    arc[:, 0] = arc[:, 0] * (1 - low) + np.sign(angle) * np.maximum(reach, np.abs(arc[:, 0])) * low
    forward = np.array([ears[0][2] if a > 0 else ears[1][2] for a in angle])
    arc[:, 2] = z * (1 - low) + forward * low
    # A rounded strip: wide along z, thin outwards.
    turn = np.linspace(0, 2 * np.pi, 13)
    side = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** 0.6
    thick = np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** 0.8
    normal = np.column_stack([np.sin(angle), np.cos(angle), np.zeros(61)])
    width = half * (0.85 - 0.25 * low)
    band = arc[:, None] + normal[:, None] * (0.040 * thick)[None, :, None]
    band[..., 2] += width[:, None] * side[None]
    hard = {"colour": colours[0], "roughness": 0.38, "specular": 0.045}
    surfaces = [grid_surface(band, False, angle, turn, hard)]
    ring = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    for ear, sign in zip(ears, (1.0, -1.0), strict=True):
        # Profiles outwards from the ear: a soft cushion, then a shell with a shallow dish.
        cushion = (
            np.array([0.20, 0.30, 0.37, 0.39, 0.37, 0.30]),
            np.array([-0.16, -0.17, -0.12, -0.05, 0.02, 0.05]),
        )
        shell = (
            np.array([0.33, 0.345, 0.345, 0.32, 0.26, 0.22, 0.20, 0.0]),
            np.array([0.00, 0.04, 0.11, 0.16, 0.185, 0.18, 0.165, 0.165]),
        )
        soft = {"colour": colours[1], "roughness": 0.62, "specular": 0.03}
        for (wide, deep), settings in ((cushion, soft), (shell, hard)):
            points = np.empty((36, len(wide), 3))
            points[..., 0] = ear[0] + sign * deep[None]
            points[..., 1] = ear[1] + 1.18 * np.sin(ring)[:, None] * wide[None]
            points[..., 2] = ear[2] + np.cos(ring)[:, None] * wide[None]
            surfaces.append(grid_surface(points, True, ring, wide, dict(settings)))
    for surface in surfaces:
        surface.material = "plain"
    return surfaces
