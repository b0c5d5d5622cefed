"""What lies on the skin: the lips' colour, painted eyes, the shadows of beard, brows and scalp."""

from __future__ import annotations

import numpy as np

from generation.people.person import Person
from generation.renderers.embree.noise import noise
from generation.renderers.embree.regions import beard_density, brow_density, scalp_density
from generation.renderers.embree.surface import smoothstep
from generation.streams import stream

EYE = (0.31, 7.285, 1.25)  # canonical centre of the left eyeball, decimetres


def spot(xyz: np.ndarray, centre: tuple[float, float, float], radius: float) -> np.ndarray:
    """Gaussian around a point and its mirror image."""
    x, y, z = np.abs(xyz[:, 0]) - centre[0], xyz[:, 1] - centre[1], xyz[:, 2] - centre[2]
    return np.exp((x * x + y * y + z * z) * np.float32(-1 / (2 * radius**2)))


def lip_colour(
    person: Person, base: np.ndarray, colour: np.ndarray, lips: np.ndarray, xyz: np.ndarray, seed: int
) -> np.ndarray:
    """Lips: the person's lip colour over the skin's, darker above, with an edge that fades into the skin."""
    share = 0.60 if person.gender == "female" else 0.26
    natural = base * np.array([0.90, 0.64, 0.65], np.float32)
    lip = share * np.asarray(person.lip, np.float32) + (1 - share) * natural
    upper = smoothstep(6.585, 6.635, xyz[:, 1])
    creases = noise(xyz * np.array([3.2, 0.5, 0.5], np.float32), 0.055, seed + 23)
    shade = (1 - 0.17 * upper) * (1 + 0.06 * creases + 0.05 * noise(xyz, 0.06, seed + 24))
    # Old lips are thin and pale.
    faded = 0.86 - 0.30 * float(np.clip((person.age - 45) / 40, 0, 1))
    alpha = (faded * smoothstep(0.10, 0.95, lips))[:, None]
    return colour * (1 - alpha) + lip * shade[:, None] * alpha


def eye_paint(person: Person, colour: np.ndarray, xyz: np.ndarray) -> np.ndarray:
    """Eye shadow and a drawn line on the upper lids of about half of the women, each in her own way."""
    rng = stream(0, "renderer-eye-paint", person.index)
    worn, hue, strength, wing = rng.random(4)
    if person.gender != "female" or worn > 0.55:
        return colour
    shades = np.array([[0.05, 0.035, 0.03], [0.10, 0.055, 0.045], [0.045, 0.05, 0.07], [0.13, 0.05, 0.07]])
    shade = shades[int(hue * len(shades))].astype(np.float32)
    x, y = np.abs(xyz[:, 0]), xyz[:, 1]
    above = smoothstep(7.27, 7.32, y) * (xyz[:, 2] > 1.0)
    lid = spot(xyz, (EYE[0], 7.35, EYE[2] + 0.10), 0.085) * above
    corner = spot(xyz, (EYE[0] + 0.13, 7.33, EYE[2] + 0.02), 0.05) * above * wing
    line = smoothstep(0.190, 0.168, np.hypot(np.hypot(x - EYE[0], y - EYE[1]), xyz[:, 2] - EYE[2])) * above
    amount = np.clip((0.30 + 0.45 * strength) * (lid + corner) + 0.5 * line, 0, 0.8)[:, None]
    return colour * (1 - amount) + shade * amount


def hair_shadow(
    person: Person,
    base: np.ndarray,
    colour: np.ndarray,
    ears: np.ndarray,
    lips: np.ndarray,
    xyz: np.ndarray,
    seed: int,
) -> np.ndarray:
    """Hairs too fine for strands, and those under the skin: stubble, brows, scalp."""
    hair = np.asarray(person.hair_colour, np.float32) * (1 - 0.45 * person.grey) + 0.22 * person.grey
    if person.gender == "male":
        shade = beard_density("stubble" if person.beard == "none" else person.beard, xyz, stubble=True)
        grain = np.clip(
            0.80 + 0.30 * noise(xyz, 0.010, seed + 17) + 0.15 * noise(xyz, 0.09, seed + 18, 2), 0, 1.4
        )
        strength = {"none": 0.15, "stubble": 0.66}.get(person.beard, 0.66)
        shade = np.clip(shade * strength * grain * (1 - lips), 0, 0.85)[:, None]
        # Roots seen through the skin look bluish.
        colour = (
            colour * (1 - shade) + (0.40 * hair + base * np.array([0.16, 0.17, 0.19], np.float32)) * shade
        )
    roots = scalp_density(person.hair_style, xyz) * (1 - np.clip(ears * 3, 0, 1))
    roots = np.clip(roots * (0.82 + 0.10 * noise(xyz, 0.02, seed + 19)), 0, 0.92)[:, None]
    colour = colour * (1 - roots) + (0.6 * hair + 0.03 * base) * roots
    brow = (0.34 * brow_density(person, xyz) * np.clip(0.9 + 0.4 * noise(xyz, 0.02, seed + 21), 0.2, 1.5))[
        :, None
    ]
    return colour * (1 - brow) + (0.55 * hair + 0.22 * base) * brow
