"""Skin painted as a function of canonical position: tone, blush, freckles, moles, lips, stubble, scalp."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from generation.people.person import Person
from generation.renderers.embree.bodydata import BodyData
from generation.renderers.embree.noise import noise
from generation.renderers.embree.regions import beard_density, brow_density, scalp_density
from generation.renderers.embree.shading import Material
from generation.renderers.embree.surface import smoothstep, unit
from generation.streams import stream

# Linear reflectance of skin from the palest to the darkest; melanin 0, 0.25, 0.5, 0.75, 1.
TONES = np.array(
    [
        [0.73, 0.49, 0.385],
        [0.62, 0.385, 0.270],
        [0.45, 0.252, 0.155],
        [0.25, 0.125, 0.071],
        [0.115, 0.057, 0.035],
    ]
)


def skin_tone(melanin: float) -> np.ndarray:
    """Base reflectance (3,) of a melanin level in [0, 1]."""
    return np.array([np.interp(melanin, np.linspace(0, 1, 5), TONES[:, c]) for c in range(3)])


def _spot(xyz: np.ndarray, centre: tuple[float, float, float], radius: float) -> np.ndarray:
    """Gaussian around a point and its mirror image."""
    mirrored = np.stack([np.abs(xyz[:, 0]), xyz[:, 1], xyz[:, 2]], axis=1)
    return np.exp(-((mirrored - centre) ** 2).sum(axis=1) / (2 * radius**2))


def sample_mask(mask: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """Bilinear look-up of a mask image at (n, 2) texture coordinates."""
    size = mask.shape[0]
    rows = (1 - uv[:, 1]) * size - 0.5
    columns = uv[:, 0] * size - 0.5
    return ndimage.map_coordinates(mask, [rows, columns], order=1, mode="nearest")


def paint_skin(
    material: Material,
    rows: np.ndarray,
    person: Person,
    body: BodyData,
    xyz: np.ndarray,
    uv: np.ndarray,
    normal: np.ndarray,
) -> None:
    """Fill `material[rows]`.

    Args:
        material: to be filled.
        rows: which points.
        person: whose skin.
        body: for the masks.
        xyz: (n, 3) canonical positions.
        uv: (n, 2) texture coordinates.
        normal: (n, 3) interpolated normals.
    """
    seed = person.index * 7
    base = skin_tone(person.melanin)
    colour = np.repeat(base[None], len(xyz), axis=0)
    mottle = 0.030 * noise(xyz, 0.22, seed, order=2) + 0.018 * noise(xyz, 0.06, seed + 5, order=2)
    colour *= 1 + mottle[:, None] * np.array([0.7, 1.0, 1.1])

    flush = _spot(xyz, (0.55, 6.85, 1.15), 0.22) + 0.8 * _spot(xyz, (0.0, 6.93, 1.66), 0.13)
    flush += 0.35 * _spot(xyz, (0.0, 6.28, 1.45), 0.16)
    ears = sample_mask(body.masks["ears"], uv)
    flush = (0.25 + 0.75 * person.redness) * (flush + 0.7 * ears) * (1 + 0.25 * noise(xyz, 0.12, seed + 8))
    colour *= 1 - np.clip(flush, 0, 1.2)[:, None] * np.array([0.02, 0.22, 0.20])
    hollow = _spot(xyz, (0.30, 7.12, 1.38), 0.085) * (0.35 + 0.4 * np.clip((person.age - 30) / 50, 0, 1))
    colour *= 1 - hollow[:, None] * np.array([0.22, 0.26, 0.18])
    # Upper lids and inner corners are darker than the forehead.
    colour *= 1 - (0.16 * _spot(xyz, (0.30, 7.40, 1.40), 0.085))[:, None] * np.array([0.8, 1.0, 1.0])

    front = (
        smoothstep(0.6, 1.0, xyz[:, 2]) * smoothstep(6.2, 6.6, xyz[:, 1]) * smoothstep(8.3, 7.7, xyz[:, 1])
    )
    if person.freckles > 0:
        colour *= 1 - (front * _freckles(person, xyz))[:, None] * np.array([0.26, 0.48, 0.58])
    for x, y, radius in person.moles:
        away = np.hypot(xyz[:, 0] - x, xyz[:, 1] - y)
        dark = smoothstep(radius * 1.25, radius * 0.7, away) * smoothstep(0.5, 0.8, xyz[:, 2])
        colour *= 1 - dark[:, None] * np.array([0.66, 0.76, 0.80])
    if person.age > 45:
        age_spots = smoothstep(1.7, 2.1, noise(xyz, 0.07, seed + 13)) * min((person.age - 45) / 60, 0.5)
        colour *= 1 - age_spots[:, None] * np.array([0.25, 0.38, 0.45])

    hair = np.asarray(person.hair_colour) * (1 - 0.45 * person.grey) + 0.22 * person.grey
    shade = beard_density(person.beard, xyz, stubble=True)
    if person.gender == "male" and person.beard == "none":
        shade = 0.18 * beard_density("stubble", xyz, stubble=True)
    grain = np.clip(0.75 + 0.45 * noise(xyz, 0.010, seed + 17), 0, 1.4)
    shade = np.clip(shade * 0.55 * grain, 0, 0.8)[:, None]
    colour = colour * (1 - shade) + (0.35 * hair + 0.12 * base) * shade
    roots = scalp_density(person.hair_style, xyz) * (1 - np.clip(ears * 3, 0, 1))
    roots = np.clip(roots * (0.82 + 0.10 * noise(xyz, 0.02, seed + 19)), 0, 0.92)[:, None]
    colour = colour * (1 - roots) + (0.6 * hair + 0.03 * base) * roots

    brow = (0.45 * brow_density(person, xyz))[:, None]
    colour = colour * (1 - brow) + (0.5 * hair + 0.15 * base) * brow

    lips = np.clip(sample_mask(body.masks["lips"], uv) * 1.2, 0, 1)[:, None]
    creases = 1 + 0.10 * noise(xyz * np.array([3.0, 0.6, 0.6]), 0.06, seed + 23)[:, None]
    share = 0.65 if person.gender == "female" else 0.40
    lip = (share * np.asarray(person.lip) + (1 - share) * base * np.array([0.95, 0.62, 0.60])) * creases
    colour = colour * (1 - 0.85 * lips) + lip * 0.85 * lips
    inside = np.clip(sample_mask(body.masks["inside-mouth"], uv) * 1.5, 0, 1)[:, None]
    colour = colour * (1 - inside) + np.array([0.30, 0.075, 0.065]) * inside

    material.albedo[rows] = np.clip(colour, 0.004, 0.95)
    material.normal[rows] = _bumped(normal, xyz, person, seed)
    zone = _spot(xyz, (0.0, 7.0, 1.6), 0.28) + _spot(xyz, (0.0, 7.75, 1.45), 0.30)
    material.roughness[rows] = 0.52 - 0.09 * np.clip(zone, 0, 1) - 0.17 * lips[:, 0]
    material.specular[rows] = 0.026 + 0.012 * lips[:, 0]
    material.wrap[rows] = np.array([0.28, 0.12, 0.07]) * (1 - 0.35 * person.melanin)


def _bumped(normal: np.ndarray, xyz: np.ndarray, person: Person, seed: int) -> np.ndarray:
    """Pores for everyone and, with age, forehead lines and crow's feet, as tilts of the normal."""
    pores = np.stack([noise(xyz, 0.028, seed + 29 + k) for k in range(3)], axis=1)
    tilt = 0.014 * pores
    lined = np.clip((person.age - 35) / 40, 0, 1)
    if lined > 0:
        wave = 0.9 * noise(xyz * np.array([0.5, 1.0, 0.5]), 0.25, seed + 31)
        forehead = (
            smoothstep(7.62, 7.72, xyz[:, 1])
            * smoothstep(8.0, 7.9, xyz[:, 1])
            * smoothstep(1.0, 1.2, xyz[:, 2])
        )
        tilt[:, 1] += (
            0.30 * lined * forehead * np.sin(xyz[:, 1] * 62 + 2.2 * wave) * np.clip(0.6 + 0.5 * wave, 0, 1)
        )
        corner = _spot(xyz, (0.60, 7.27, 1.18), 0.09)
        radial = np.arctan2(xyz[:, 1] - 7.27, np.abs(xyz[:, 0]) - 0.42)
        tilt[:, 1] += 0.30 * lined * corner * np.sin(radial * 14 + wave)
        tilt += (0.03 * lined) * np.stack([noise(xyz, 0.09, seed + 37 + k) for k in range(3)], axis=1)
    return unit(normal + tilt)


def _freckles(person: Person, xyz: np.ndarray) -> np.ndarray:
    """Darkness (n,) of freckles: dots strewn over cheeks and nose, the same ones in every view."""
    rng = stream(0, "renderer-freckles", person.index)
    n = int(420 * person.freckles)
    centres = rng.normal([0.0, 6.98], [0.36, 0.20], size=(n + 1, 2))
    radius = 0.006 + 0.009 * rng.random(n + 1)
    strength = 0.25 + 0.45 * rng.random(n + 1)
    away, nearest = cKDTree(centres).query(xyz[:, :2])
    return strength[nearest] * smoothstep(1.2, 0.5, away / radius[nearest])
