"""Where hair and beard grow, as functions of canonical position, for painting as well as for strands."""

from __future__ import annotations

import functools

import numpy as np
from scipy.interpolate import PchipInterpolator

from generation.people.person import Person
from generation.renderers.embree import tables
from generation.renderers.embree.hair_style import bare_scalp, style_of
from generation.renderers.embree.noise import noise
from generation.renderers.embree.surface import smoothstep

HEAD_CENTRE = np.array([0.0, 7.40, 0.52])
# Hairline height over azimuth around the head (0 = face, 180 = nape), in canonical decimetres.
_AZIMUTH = [0, 15, 30, 42, 52, 62, 70, 76, 84, 94, 104, 125, 145, 180]
_HEIGHT = {
    "full": [8.04, 8.05, 8.04, 7.96, 7.80, 7.64, 7.48, 7.20, 7.36, 7.36, 7.05, 6.74, 6.58, 6.52],
    "receding": [8.16, 8.24, 8.32, 8.30, 8.12, 7.84, 7.56, 7.22, 7.36, 7.36, 7.05, 6.74, 6.58, 6.52],
    "peak": [7.99, 8.06, 8.10, 8.05, 7.88, 7.68, 7.49, 7.20, 7.36, 7.36, 7.05, 6.74, 6.58, 6.52],
    "high": [8.10, 8.11, 8.11, 8.05, 7.90, 7.70, 7.50, 7.21, 7.36, 7.36, 7.05, 6.74, 6.58, 6.52],
    "crown": [9.20, 9.20, 9.20, 9.20, 8.60, 8.05, 7.74, 7.42, 7.40, 7.40, 7.40, 7.30, 7.30, 7.30],
}


@functools.lru_cache(maxsize=8)
def _curve(kind: str) -> PchipInterpolator:
    return PchipInterpolator(_AZIMUTH, _HEIGHT[kind])


def hairline_kind(style: str) -> str:
    """Which hairline a hair style has."""
    return tables.hair_table(style).get("hairline", "full")


def above_hairline(style: str, xyz: np.ndarray) -> np.ndarray:
    """Signed height (n,) above the hairline in decimetres, ragged a little by noise."""
    azimuth = np.degrees(np.arctan2(np.abs(xyz[:, 0]), xyz[:, 2] - HEAD_CENTRE[2]))
    ragged = 0.022 * noise(xyz, 0.10, 3) + 0.030 * noise(xyz, 0.35, 4)
    return xyz[:, 1] - _curve(hairline_kind(style))(azimuth) + ragged


def scalp_density(style: str, xyz: np.ndarray) -> np.ndarray:
    """How much of the skin the hair roots hide (n,), in [0, 1]."""
    if style_of(style) is None:
        return np.zeros(len(xyz))
    return smoothstep(-0.05, 0.16, above_hairline(style, xyz)) * (1 - bare_scalp(style, xyz))


def _ellipse(xyz: np.ndarray, x: float, y: float, rx: float, ry: float, soft: float = 0.25) -> np.ndarray:
    away = np.hypot((np.abs(xyz[:, 0]) - x) / rx, (xyz[:, 1] - y) / ry)
    return smoothstep(1 + soft, 1 - soft, away)


def beard_density(kind: str, xyz: np.ndarray, stubble: bool = False) -> np.ndarray:
    """Density (n,) in [0, 1] of a beard; `stubble` widens and softens it for painting on the skin."""
    if kind == "none":
        return np.zeros(len(xyz))
    x, y, z = np.abs(xyz[:, 0]), xyz[:, 1], xyz[:, 2]
    front = smoothstep(0.58, 0.75, z)
    lips = _ellipse(xyz, 0.0, 6.60, 0.285, 0.085, 0.12)
    moustache = smoothstep(6.64, 6.70, y) * smoothstep(6.86, 6.80, y) * smoothstep(0.38, 0.30, x)
    moustache *= smoothstep(1.15, 1.25, z) * (1 - 0.25 * smoothstep(0.05, 0.02, x))
    # Keep the nostrils and the corners of the nose clear.
    moustache *= smoothstep(6.88, 6.82, y + 0.12 * np.clip(x - 0.12, 0, 1))
    chin = (
        smoothstep(0.32, 0.24, x)
        * smoothstep(6.54, 6.46, y)
        * smoothstep(5.98, 6.08, y)
        * smoothstep(0.8, 1.0, z)
    )
    bridge = _ellipse(xyz, 0.34, 6.60, 0.075, 0.20, 0.3) * smoothstep(1.0, 1.1, z)
    if kind == "moustache":
        density = moustache
    elif kind == "goatee":
        density = np.maximum.reduce([moustache, chin, bridge])
    else:
        # Upper edge of the cheek beard: from the sideburn down to the corner of the mouth.
        edge = np.interp(z, [0.65, 0.80, 0.95, 1.2, 1.5], [7.50, 7.12, 6.80, 6.64, 6.58])
        low = np.interp(z, [0.65, 0.9, 1.2], [6.42, 6.12, 6.02])
        cheek = smoothstep(edge + 0.05, edge - 0.07, y) * smoothstep(low - 0.10, low + 0.06, y) * front
        density = np.maximum.reduce([moustache, cheek, bridge, chin])
    density = density * (1 - lips)
    return density * (0.75 if stubble else 1.0)


def brow_arch(xyz: np.ndarray) -> np.ndarray:
    """Height (n,) of the brow's middle line at the points' |x|."""
    return np.interp(np.abs(xyz[:, 0]), [0.10, 0.20, 0.40, 0.52, 0.62], [7.484, 7.504, 7.548, 7.532, 7.475])


def brow_density(person: Person, xyz: np.ndarray) -> np.ndarray:
    """Density (n,) in [0, 1] of the eyebrows, thick near the nose and thin at the tail."""
    x = np.abs(xyz[:, 0])
    width = (0.50 + 0.60 * person.brow_thickness) * (0.85 if person.gender == "female" else 1.1)
    half = width * np.interp(x, [0.08, 0.16, 0.40, 0.60], [0.034, 0.046, 0.038, 0.012])
    inner = smoothstep(0.085, 0.17, x) * smoothstep(0.64, 0.57, x)
    away = np.abs(xyz[:, 1] - brow_arch(xyz))
    return inner * smoothstep(half * 1.35, half * 0.55, away) * (xyz[:, 2] > 0.9)
