"""Hats: shells around the head's own radius map, from the brim that hair is hidden above."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from generation.renderers.embree.hair_under import brim_height
from generation.renderers.embree.headmap import HeadMap
from generation.renderers.embree.meshes import grid_surface
from generation.renderers.embree.noise import noise
from generation.renderers.embree.regions import HEAD_CENTRE
from generation.renderers.embree.surface import Surface, smoothstep
from generation.views.view import Rgb

AROUND = 96
AZIMUTH = 2 * np.pi * np.arange(AROUND) / AROUND
OVERLAP = 0.05  # a hat reaches this far below the height above which hair is hidden


def _direction(azimuth: np.ndarray, elevation: np.ndarray) -> np.ndarray:
    c = np.cos(elevation)
    return np.stack([c * np.sin(azimuth), np.sin(elevation), c * np.cos(azimuth)], axis=-1)


def _radius(head: HeadMap, azimuth: np.ndarray, elevation: np.ndarray) -> np.ndarray:
    flat = _direction(azimuth, elevation).reshape(-1, 3)
    return (1.0 - head.height(HEAD_CENTRE + flat)[0]).reshape(np.shape(azimuth))


def _edge(head: HeadMap, hat: str) -> np.ndarray:
    """Elevation (AROUND,) at which the head meets the hat's lower edge."""
    low, high = np.full(AROUND, -0.6), np.full(AROUND, 1.3)
    for _ in range(24):
        middle = (low + high) / 2
        place = _radius(head, AZIMUTH, middle)[:, None] * _direction(AZIMUTH, middle) + HEAD_CENTRE
        below = place[:, 1] < brim_height(hat, place[:, 2]) - OVERLAP
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return ndimage.gaussian_filter1d((low + high) / 2, 2.0, mode="wrap")


def _shell(head: HeadMap, hat: str, share: np.ndarray) -> np.ndarray:
    """The head from the hat's edge to the apex: (AROUND, m, 3), bridged over its hollows."""
    edge = _edge(head, hat)[:, None]
    elevation = edge + (np.pi / 2 - edge) * share[None]
    azimuth = np.repeat(AZIMUTH[:, None], len(share), axis=1)
    radius = _radius(head, azimuth, elevation)
    smooth = ndimage.gaussian_filter(radius, (4.0, 1.5), mode=["wrap", "nearest"])
    radius = np.maximum(radius, smooth)
    return radius[..., None] * _direction(azimuth, elevation)


def _push(shell: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Move points of a shell outwards."""
    length = np.linalg.norm(shell, axis=-1, keepdims=True)
    return shell * (1 + np.broadcast_to(distance, shell.shape[:2])[..., None] / length)


def build_beanie(head: HeadMap, colours: tuple[Rgb, Rgb]) -> list[Surface]:
    """A ribbed woollen beanie with a turned-up cuff.

    Args:
        head: radius map of the unposed head.
        colours: main and second colour.
    """
    share = np.array([0.02, 0.0, 0.0, 0.02, 0.10, 0.18, 0.26, 0.31, 0.335, 0.335, 0.36])
    thick = np.array([0.03, 0.05, 0.12, 0.145, 0.155, 0.155, 0.150, 0.145, 0.13, 0.09, 0.075])
    rest = np.linspace(0.40, 1.0, 18)
    share = np.concatenate([share, rest])
    thick = np.concatenate([thick, 0.085 + 0.02 * np.sin(np.pi * rest)])
    shell = _shell(head, "beanie", share)
    crown = smoothstep(0.36, 1.0, share)
    soft = 0.030 * noise(shell.reshape(-1, 3), 0.45, 2, order=2).reshape(AROUND, -1)
    points = _push(shell, thick[None] + soft * crown[None])
    points += HEAD_CENTRE + crown[None, :, None] * np.array([0.0, 0.20, -0.10])
    settings = {"cloth": "rib", "pattern": "plain", "colours": colours}
    return [grid_surface(points, True, 1.22 * AZIMUTH, 1.9 * share, settings)]


def build_cap(head: HeadMap, colours: tuple[Rgb, Rgb]) -> list[Surface]:
    """A six-panelled cap with a visor in the second colour.

    Args:
        head: radius map of the unposed head.
        colours: main and second colour.
    """
    share = np.concatenate([[0.03, 0.0, 0.0], np.linspace(0.02, 1.0, 24)])
    thick = np.concatenate([[0.02, 0.04, 0.075], np.full(24, 0.085)])
    shell = _shell(head, "cap", share)
    # The front panels are stiff and stand a little taller.
    front = smoothstep(0.2, 0.9, np.cos(AZIMUTH))[:, None] * np.sin(np.pi * np.clip(share, 0, 1))[None]
    seam = np.abs((AZIMUTH / (np.pi / 3) + 0.5) % 1 - 0.5)[:, None]
    groove = 0.014 * np.exp(-((seam / 0.03) ** 2)) * smoothstep(0.05, 0.15, share)[None]
    points = _push(shell, thick[None] + 0.09 * front - groove) + HEAD_CENTRE
    points[..., 1] += 0.07 * smoothstep(0.1, 0.8, share)[None]
    settings = {"cloth": "twill", "pattern": "plain", "colours": (colours[0], colours[0])}
    crown = grid_surface(points, True, AZIMUTH, 1.6 * share, settings)

    angle = np.linspace(-1.12, 1.12, 41)
    column = (angle / (2 * np.pi) * AROUND) % AROUND
    base = np.stack(
        [ndimage.map_coordinates(points[:, 3, c], [column], order=1, mode="grid-wrap") for c in range(3)], 1
    )
    bulge = np.clip(np.cos(angle * np.pi / 2 / 1.14), 0, 1) ** 0.55
    # Out along the top, round the edge, back along the underside.
    out = np.array([-0.04, 0.12, 0.30, 0.48, 0.66, 0.82, 0.94, 0.99, 1.0, 0.99, 0.80, 0.45, -0.04])
    under = np.array([0.0] * 7 + [0.006, 0.020, 0.034] + [0.038] * 3)
    reach = (0.66 * bulge)[:, None] * out[None]
    visor = np.repeat(base[:, None], len(out), axis=1)
    visor[..., 2] += reach
    visor[..., 0] *= 1 + 0.05 * out[None]
    arch = 0.30 * (base[:, 0] / 0.72) ** 2
    visor[..., 1] += 0.015 - 0.20 * out[None] - under[None] - arch[:, None] * np.clip(out[None], 0, 1)
    second = {"cloth": "twill", "pattern": "plain", "colours": (colours[1], colours[1])}
    return [crown, grid_surface(visor, False, angle, out, second)]


def build_hat(head: HeadMap, colours: tuple[Rgb, Rgb]) -> list[Surface]:
    """A felt hat: a creased crown, a band in the second colour, a brim.

    Args:
        head: radius map of the unposed head.
        colours: main and second colour.
    """
    base = _push(_shell(head, "hat", np.array([0.0])), np.array([0.085]))[:, 0] + HEAD_CENTRE
    base = ndimage.gaussian_filter1d(base, 1.5, axis=0, mode="wrap")
    top = HEAD_CENTRE[1] + float(_radius(head, np.zeros(1), np.full(1, np.pi / 2))[0]) + 0.26
    centre = base.mean(axis=0)
    away = base - centre
    away[:, 1] = 0
    rise = np.array([0.0, 0.2, 0.4, 0.6, 0.78, 0.90, 0.97, 1.0, 1.0, 0.99, 0.97, 0.96, 0.95])
    wide = np.array([1.0, 1.005, 1.0, 0.985, 0.96, 0.925, 0.87, 0.80, 0.66, 0.50, 0.30, 0.12, 0.0])
    points = centre + away[:, None] * wide[None, :, None]
    height = base[:, None, 1] + (top - base[:, None, 1]) * rise[None]
    # The crown is pinched lengthwise and at both sides of the front.
    dent = 0.17 * np.exp(-((points[..., 0] / 0.24) ** 2)) * smoothstep(0.9, 1.0, rise)[None]
    points[..., 1] = height - dent * smoothstep(-1.2, 0.2, points[..., 2] - centre[2])
    pinch = 0.16 * np.exp(-(((np.abs(AZIMUTH - np.pi) - 2.45) / 0.30) ** 2))[:, None]
    points -= pinch[..., None] * smoothstep(0.35, 0.95, rise)[None, :, None] * away[:, None] * 0.9
    felt = {"cloth": "felt", "pattern": "plain", "colours": (colours[0], colours[0])}
    crown = grid_surface(points, True, AZIMUTH, rise, felt)

    band_rise = np.array([0.0, 0.005, 0.10, 0.21, 0.22, 0.215])
    band_out = np.array([1.00, 1.030, 1.034, 1.030, 1.018, 1.0])
    band = centre + away[:, None] * band_out[None, :, None]
    band[..., 1] = base[:, None, 1] + (top - base[:, None, 1]) * band_rise[None]
    ribbon = {"cloth": "woven", "pattern": "plain", "colours": (colours[1], colours[1])}
    ribbon_surface = grid_surface(band, True, AZIMUTH, band_rise, ribbon)

    out = np.array([-0.08, 0.0, 0.2, 0.45, 0.7, 0.9, 0.98, 1.0, 0.98, 0.7, 0.3, -0.08])
    under = np.array([0.0] * 6 + [0.006, 0.02, 0.034] + [0.040] * 3)
    # Down in front and behind, up at the sides, a little curled at the edge.
    curl = (0.10 * np.sin(AZIMUTH) ** 2 - 0.07)[:, None] * np.clip(out, 0, 1)[None] ** 1.5
    brim = (
        base[:, None]
        + 0.58 * out[None, :, None] * (away / np.linalg.norm(away, axis=1, keepdims=True))[:, None]
    )
    brim[..., 1] += curl + 0.02 - under[None]
    return [crown, ribbon_surface, grid_surface(brim, True, AZIMUTH, out, felt)]
