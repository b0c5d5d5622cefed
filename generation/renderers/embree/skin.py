"""Skin, painted once per person over the atlas: melanin, blood, folds, lips, shadows of beard and scalp.

Colour follows the two pigments that make skin (Tsumura et al. 2003): the base tone times exp(−m·M − h·H) with
offsets m of melanin and h of haemoglobin, so that every blotch keeps to hues that skin can have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from generation.people.person import Person
from generation.renderers.embree.atlas import Atlas
from generation.renderers.embree.bodydata import BodyData
from generation.renderers.embree.noise import noise
from generation.renderers.embree.relief import make_relief, scar_profile
from generation.renderers.embree.shading import Material
from generation.renderers.embree.skin_features import EYE, eye_paint, hair_shadow, lip_colour, spot
from generation.renderers.embree.surface import smoothstep, unit
from generation.streams import stream

# Linear reflectance of skin from the palest to the darkest; melanin 0, 0.25, 0.5, 0.75, 1.
TONES = np.array(
    [
        [0.74, 0.50, 0.400],
        [0.62, 0.375, 0.262],
        [0.44, 0.232, 0.138],
        [0.235, 0.108, 0.058],
        [0.105, 0.047, 0.027],
    ],
    dtype=np.float32,
)
MELANIN = np.array([0.55, 0.95, 1.25], dtype=np.float32)
BLOOD = np.array([0.10, 0.85, 0.70], dtype=np.float32)
_TILT = 0.7  # longest tilt that the texture can hold
_PART = 1 << 17  # texels painted at a time


@dataclass(frozen=True, eq=False)
class SkinMaps:
    """A person's skin over the atlas.

    Attributes:
        texture: (SIZE, SIZE, 8) uint8: square root of linear albedo (3), tilt of the normal in the unposed
            head's frame (3, 127 = none), roughness, specular reflectance × 10.
        wrap: (3,) how far diffuse light reaches around the terminator.
    """

    texture: np.ndarray
    wrap: np.ndarray


def skin_tone(melanin: float) -> np.ndarray:
    """Base reflectance (3,) of a melanin level in [0, 1]."""
    return np.array([np.interp(melanin, np.linspace(0, 1, 5), TONES[:, c]) for c in range(3)], np.float32)


def sample_mask(mask: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """Bilinear look-up of a mask image at (n, 2) texture coordinates of the body model."""
    size = mask.shape[0]
    rows = (1 - uv[:, 1]) * size - 0.5
    columns = uv[:, 0] * size - 0.5
    return ndimage.map_coordinates(mask, [rows, columns], np.float32, order=1, mode="nearest")


def paint_skin(
    material: Material,
    rows: np.ndarray,
    maps: SkinMaps,
    turn: np.ndarray,
    where: np.ndarray,
    normal: np.ndarray,
) -> None:
    """Fill `material[rows]`.

    Args:
        material: to be filled.
        rows: which points.
        maps: the person's skin.
        turn: (3, 3) rotation of the head, which the relief follows.
        where: (n, 2) atlas coordinates in texels.
        normal: (n, 3) interpolated normals.
    """
    values = _bilinear(maps.texture, where.astype(np.float32))
    material.albedo[rows] = (values[:, :3] / 255) ** 2
    tilt = (values[:, 3:6] - 127) * np.float32(_TILT / 127)
    material.normal[rows] = unit(normal + tilt @ turn.T.astype(np.float32))
    material.roughness[rows] = values[:, 6] / 255
    material.specular[rows] = values[:, 7] / 2550
    material.wrap[rows] = maps.wrap


def _bilinear(texture: np.ndarray, where: np.ndarray) -> np.ndarray:
    """(n, channels) float32 values between the texels at (n, 2) coordinates (column, row)."""
    size, channels = texture.shape[0], texture.shape[2]
    places = np.clip(where, np.float32(0), np.float32(size - 1.001))
    whole = places.astype(np.int32)
    right, down = (places - whole.astype(np.float32)).T[..., None]
    # In doubles, but for the products with `right`: what was published was computed so.
    left, up = 1 - right.astype(np.float64), 1 - down.astype(np.float64)
    texels = texture.reshape(-1, channels)
    first = whole[:, 1] * size + whole[:, 0]
    low = texels.take(first, 0) * left + texels.take(first + 1, 0) * right
    high = texels.take(first + size, 0) * left + texels.take(first + size + 1, 0) * right
    return (low * up + high * down).astype(np.float32)


def bake_skin(person: Person, body: BodyData, atlas: Atlas) -> SkinMaps:
    """Paint a person's skin over the atlas.

    Args:
        person: who.
        body: for the masks.
        atlas: the texels.
    """
    lips = np.clip(sample_mask(body.masks["lips"], atlas.uv) * 1.15, 0, 1)
    relief = make_relief(person, atlas, lips)
    texture = np.empty((len(atlas.xyz), 8), np.uint8)
    # In parts, since the paint's many layers would take 100 MB over the whole atlas at once.
    for start in range(0, len(texture), _PART):
        part = slice(start, start + _PART)
        texture[part] = _texels(
            person, body, atlas.xyz[part], atlas.uv[part], lips[part], relief.fold[part], relief.tilt[part]
        )
    return SkinMaps(
        texture=atlas.spread(texture),
        wrap=np.array([0.34, 0.13, 0.07], np.float32) * (1 - 0.45 * person.melanin),
    )


def _texels(
    person: Person,
    body: BodyData,
    xyz: np.ndarray,
    uv: np.ndarray,
    lips: np.ndarray,
    fold: np.ndarray,
    tilt: np.ndarray,
) -> np.ndarray:
    """Some of the texels (n, 8) uint8, as in `SkinMaps.texture`."""
    base = skin_tone(person.melanin)
    seed = person.index * 7
    ears = sample_mask(body.masks["ears"], uv)
    melanin = _melanin(person, xyz, seed) + 0.13 * fold
    blood = _blood(person, xyz, ears, seed) + 0.10 * fold
    colour = base * np.exp(-melanin[:, None] * MELANIN - blood[:, None] * BLOOD)
    for x, y, radius in person.moles:
        away = np.hypot(xyz[:, 0] - x, xyz[:, 1] - y)
        dark = smoothstep(radius * 1.35, radius * 0.6, away) * smoothstep(0.5, 0.8, xyz[:, 2])
        colour *= 1 - dark[:, None] * np.array([0.62, 0.74, 0.78], np.float32)
    if person.scar:
        # Scar tissue has neither melanin nor fine texture; young ones are pink.
        scar = 0.75 * scar_profile(person, xyz)[:, None]
        pale = (0.65 * base + 0.35 * skin_tone(0.0)) * np.array([1.05, 0.95, 0.97], np.float32)
        colour = colour * (1 - scar) + pale * scar

    colour = lip_colour(person, base, colour, lips, xyz, seed)
    colour = hair_shadow(person, base, colour, ears, lips, xyz, seed)
    inside = np.clip(sample_mask(body.masks["inside-mouth"], uv) * 1.5, 0, 1)[:, None]
    colour = colour * (1 - inside) + np.array([0.30, 0.075, 0.065], np.float32) * inside
    # The lids' wet rim and the inner corner are flesh without pigment.
    away = np.sqrt((np.abs(xyz[:, 0]) - EYE[0]) ** 2 + (xyz[:, 1] - EYE[1]) ** 2 + (xyz[:, 2] - EYE[2]) ** 2)
    rim = smoothstep(0.163, 0.150, away)
    colour = eye_paint(person, colour, xyz)
    # Where the upper lashes grow the rim looks dark.
    lashes = smoothstep(7.285, 7.315, xyz[:, 1]) * smoothstep(0.172, 0.160, away)
    colour *= 1 - (0.70 * lashes)[:, None]
    rim = rim * (1 - 0.8 * lashes)
    flesh = np.array([0.46, 0.20, 0.17], np.float32) * (1 - 0.35 * person.melanin)
    colour = colour * (1 - 0.75 * rim[:, None]) + flesh * 0.75 * rim[:, None]

    oily = spot(xyz, (0.0, 7.0, 1.6), 0.24) + spot(xyz, (0.0, 7.78, 1.45), 0.30)
    oily += 0.6 * spot(xyz, (0.50, 7.02, 1.22), 0.16)
    rough = 0.56 - 0.09 * np.clip(oily, 0, 1) - 0.03 * person.melanin + 0.015 * noise(xyz, 0.02, seed + 37)
    rough = rough + (0.36 - rough) * lips
    rough = rough + (0.16 - rough) * rim
    shine = 0.028 + 0.008 * person.melanin + 0.014 * lips + 0.02 * rim
    texture = np.empty((len(xyz), 8), np.float32)
    texture[:, :3] = 255 * np.sqrt(np.clip(colour, 0.004, 0.95))
    texture[:, 3:6] = 127 + tilt * (127 / _TILT)
    texture[:, 6] = 255 * rough
    texture[:, 7] = 2550 * shine
    return np.clip(np.rint(texture), 0, 255).astype(np.uint8)


def _melanin(person: Person, xyz: np.ndarray, seed: int) -> np.ndarray:
    """Melanin offset (n,) from the base tone."""
    tone = person.melanin
    old = float(np.clip((person.age - 35) / 45, 0, 1))
    m = (0.030 + 0.03 * old) * noise(xyz, 0.21, seed, order=2) + 0.022 * noise(xyz, 0.055, seed + 5, order=2)
    m += 0.018 * noise(xyz, 0.018, seed + 6)
    # Around eyes and mouth and on the sides of the forehead skin is darker, most so on dark skin.
    ringed = 0.06 + 0.16 * tone
    m += ringed * (spot(xyz, (0.30, 7.13, 1.36), 0.085) + 0.6 * spot(xyz, (0.29, 7.41, 1.38), 0.075))
    m += 0.5 * ringed * spot(xyz, (0.19, 7.26, 1.33), 0.06)
    m += 0.10 * tone * (spot(xyz, (0.30, 6.58, 1.25), 0.12) + spot(xyz, (0.0, 6.42, 1.42), 0.12))
    m += 0.16 * tone * spot(xyz, (0.68, 7.75, 0.85), 0.28)
    m -= 0.10 * tone * spot(xyz, (0.42, 6.98, 1.30), 0.16)
    m += 0.03 * smoothstep(6.2, 5.8, xyz[:, 1])
    front = (
        smoothstep(0.6, 1.0, xyz[:, 2]) * smoothstep(6.2, 6.6, xyz[:, 1]) * smoothstep(8.3, 7.7, xyz[:, 1])
    )
    if person.freckles > 0:
        m += 0.60 * front * _freckles(person, xyz)
    if person.age > 42:
        patchy = smoothstep(-0.5, 1.2, noise(xyz, 0.35, seed + 15, order=2)) * front
        spots = smoothstep(1.35, 2.1, noise(xyz, 0.055, seed + 13, 2)) + smoothstep(
            1.6, 2.3, noise(xyz, 0.10, seed + 14, 2)
        )
        m += min((person.age - 42) / 60, 0.5) * (0.5 - 0.3 * tone) * np.clip(spots, 0, 1) * patchy
    return m


def _blood(person: Person, xyz: np.ndarray, ears: np.ndarray, seed: int) -> np.ndarray:
    """Haemoglobin offset (n,) from the base tone."""
    flush = 0.9 * spot(xyz, (0.50, 6.90, 1.22), 0.20) + 0.9 * spot(xyz, (0.0, 6.93, 1.66), 0.12)
    flush += 0.45 * spot(xyz, (0.12, 6.88, 1.48), 0.06) + 0.35 * spot(xyz, (0.0, 6.28, 1.45), 0.15)
    flush += 0.16 * spot(xyz, (0.30, 7.39, 1.38), 0.07) + 0.28 * spot(xyz, (0.28, 7.16, 1.36), 0.07)
    flush += 0.7 * ears
    blotch = 1 + 0.28 * noise(xyz, 0.11, seed + 8, order=2) + 0.16 * noise(xyz, 0.04, seed + 9)
    blood = (0.13 + 0.27 * person.redness) * np.minimum(flush, 1.0) * blotch
    blood += 0.035 * noise(xyz, 0.10, seed + 10, order=2)
    # The forehead is yellower than the middle of the face.
    blood -= 0.06 * smoothstep(7.6, 7.85, xyz[:, 1])
    if person.age > 45:
        # Small burst vessels on cheeks and nose.
        vessels = smoothstep(0.16, 0.04, np.abs(noise(xyz, 0.06, seed + 11)))
        weight = spot(xyz, (0.46, 6.92, 1.25), 0.16) + spot(xyz, (0.07, 6.93, 1.58), 0.10)
        blood += min((person.age - 45) / 50, 0.6) * 0.16 * vessels * weight
    return blood * (1 - 0.62 * person.melanin)


def _freckles(person: Person, xyz: np.ndarray) -> np.ndarray:
    """Darkness (n,) of freckles: dots strewn over cheeks and nose, the same ones in every view."""
    rng = stream(0, "renderer-freckles", person.index)
    n = int(520 * person.freckles)
    centres = rng.normal([0.0, 7.0], [0.36, 0.22], size=(n + 1, 2))
    radius = 0.005 + 0.010 * rng.random(n + 1) ** 2
    strength = 0.25 + 0.65 * rng.random(n + 1)
    darkness = np.zeros(len(xyz), np.float32)
    front = np.flatnonzero((xyz[:, 2] > 0.6) & (xyz[:, 1] > 6.2) & (xyz[:, 1] < 8.2))
    away, nearest = cKDTree(centres).query(xyz[front, :2], distance_upper_bound=0.03)
    found = np.isfinite(away)
    front, nearest = front[found], nearest[found]
    darkness[front] = strength[nearest] * smoothstep(1.25, 0.4, away[found] / radius[nearest])
    return darkness
