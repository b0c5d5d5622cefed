"""Where hair and beard grow, as functions of canonical position, for painting as well as for strands."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from generation.people.person import Person
from generation.renderers.embree import tables
from generation.renderers.embree.hair_style import bare_scalp, style_of
from generation.renderers.embree.noise import noise
from generation.renderers.embree.surface import smoothstep
from generation.streams import stream

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
    moustache = smoothstep(6.63, 6.70, y) * smoothstep(6.87, 6.78, y) * smoothstep(0.40, 0.26, x)
    moustache *= smoothstep(1.15, 1.25, z) * (1 - 0.25 * smoothstep(0.05, 0.02, x))
    # Keep the nostrils and the corners of the nose clear.
    moustache *= smoothstep(6.88, 6.82, y + 0.12 * np.clip(x - 0.12, 0, 1))
    chin = (
        smoothstep(0.35, 0.20, x)
        * smoothstep(6.55, 6.44, y)
        * smoothstep(5.97, 6.12, y)
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
        cheek = smoothstep(edge + 0.05, edge - 0.15, y) * smoothstep(low - 0.14, low + 0.10, y) * front
        density = np.maximum.reduce([moustache, cheek, bridge, chin])
    # Growth is patchy, most so towards the edges.
    density = np.clip(density * (1 + 0.16 * noise(xyz, 0.10, 5)), 0, 1) * (1 - lips)
    return density * (0.75 if stubble else 1.0)


@dataclass(frozen=True)
class BrowShape:
    """How a person's eyebrows run, in canonical decimetres.

    Attributes:
        lift: of the whole brow.
        arch: extra height of the bend.
        slope: rise of the tail over its usual course.
        inner: |x| of the beginning.
        outer: |x| of the end.
        taper: how much thinner the outer half is than usual; 0 as usual.
    """

    lift: float
    arch: float
    slope: float
    inner: float
    outer: float
    taper: float


@functools.lru_cache(maxsize=256)
def brow_shape(index: int, gender: str) -> BrowShape:
    """The brows of the person with that number: men's lie lower and flatter."""
    rng = stream(0, "renderer-brow-shape", index)
    lift, arch, slope, inner, outer, taper = np.clip(rng.standard_normal(6), -1.8, 1.8)
    man = gender == "male"
    return BrowShape(
        lift=0.020 * float(lift) - 0.008 * man,
        arch=0.022 * float(arch) - 0.012 * man,
        slope=0.030 * float(slope),
        inner=0.105 + 0.022 * float(inner),
        outer=0.60 + 0.025 * float(outer),
        taper=0.25 * float(taper),
    )


def brow_arch(person: Person, xyz: np.ndarray) -> np.ndarray:
    """Height (n,) of the brow's middle line at the points' |x|."""
    shape = brow_shape(person.index, person.gender)
    x = np.abs(xyz[:, 0])
    usual = np.interp(x, [0.10, 0.20, 0.40, 0.52, 0.62], [7.484, 7.504, 7.548, 7.532, 7.475])
    bend = np.exp(-(((x - 0.42) / 0.11) ** 2))
    return usual + shape.lift + shape.arch * bend + shape.slope * smoothstep(0.15, 0.60, x)


def brow_density(person: Person, xyz: np.ndarray) -> np.ndarray:
    """Density (n,) in [0, 1] of the eyebrows, thick near the nose and thin at the tail."""
    shape = brow_shape(person.index, person.gender)
    x = np.abs(xyz[:, 0])
    width = (0.40 + 0.85 * person.brow_thickness) * (0.85 if person.gender == "female" else 1.1)
    outer = 1 - shape.taper * smoothstep(0.2, 0.5, x)
    half = width * outer * np.interp(x, [0.08, 0.16, 0.40, 0.60], [0.034, 0.044, 0.037, 0.012])
    inner = smoothstep(shape.inner - 0.03, shape.inner + 0.09, x)
    inner = inner * smoothstep(shape.outer + 0.04, shape.outer - 0.08, x)
    away = np.abs(xyz[:, 1] - brow_arch(person, xyz))
    return inner * smoothstep(half * 1.55, half * 0.35, away) * (xyz[:, 2] > 0.9)
