"""Glasses: two rims, a bridge, temples, and lenses: clear ones that only reflect, or dark solid ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generation.people.person import Person
from generation.renderers.embree.accessories.lenses import Lens
from generation.renderers.embree.meshes import grid_surface, tube
from generation.renderers.embree.surface import Surface
from generation.renderers.embree.tables import check_choice
from generation.views.view import Rgb

DARK: Rgb = (0.018, 0.016, 0.017)


@dataclass(frozen=True)
class Make:
    """How a frame is made.

    Attributes:
        width: half width of a lens over half the distance of the eyes.
        tall: its height over its width.
        power: exponent of the superellipse that a lens is; 2 is round.
        radius: of the tubes, decimetres.
        colour: linear.
        roughness: of the surface.
    """

    width: float
    tall: float
    power: float
    radius: float
    colour: Rgb = DARK
    roughness: float = 0.30


MAKES = {
    "round": Make(0.72, 0.90, 2.0, 0.017),
    "square": Make(0.72, 0.74, 4.5, 0.021),
    "wire": Make(0.69, 0.78, 2.6, 0.010, (0.42, 0.32, 0.15), 0.22),
    "bold": Make(0.77, 0.80, 3.2, 0.036, (0.090, 0.034, 0.014), 0.24),
}
SUNGLASSES = Make(0.86, 0.80, 3.2, 0.024)
Eyes = list[tuple[np.ndarray, float]]


def build_glasses(person: Person, eyes: Eyes, skin: np.ndarray) -> list[Surface]:
    """The person's glasses on the unposed head.

    Args:
        person: which shape they wear.
        eyes: centre and radius of both eyeballs, unposed.
        skin: (V, 3) unposed neutral skin, to rest on the nose and reach the ears.

    Raises:
        RememError: unknown shape.
    """
    name = check_choice("glasses", person.glasses, ["none", *MAKES])
    if name == "none":
        return []
    make = MAKES[name]
    frame, _ = _frame(eyes, skin, make)
    frame.material = "glasses"
    frame.settings |= {"colour": make.colour, "roughness": make.roughness}
    return [frame]


def build_sunglasses(eyes: Eyes, skin: np.ndarray, colours: tuple[Rgb, Rgb]) -> list[Surface]:
    """Sunglasses on the unposed head.

    Args:
        eyes: centre and radius of both eyeballs, unposed.
        skin: (V, 3) unposed neutral skin.
        colours: of the frame and of the lenses.
    """
    frame, rings = _frame(eyes, skin, SUNGLASSES)
    frame.settings |= {"colour": colours[0], "roughness": 0.30}
    surfaces = [frame]
    share = np.linspace(0, 1, 7)
    for ring in rings:
        middle = ring.mean(axis=0)
        points = middle + (ring - middle)[:, None] * share[None, :, None]
        points[..., 2] += 0.05 * (1 - share[None] ** 2) - 0.004
        dark = tuple(0.35 * c + 0.004 for c in colours[1])
        settings = {"colour": dark, "roughness": 0.06, "specular": 0.07}
        lens = grid_surface(points[:, ::-1], True, share[:1].repeat(len(ring)), share, settings)
        lens.material = "plain"
        surfaces.append(lens)
    del surfaces[0].settings["lenses"]
    return surfaces


def _frame(eyes: Eyes, skin: np.ndarray, make: Make) -> tuple[Surface, list[np.ndarray]]:
    """Frame and the outlines of both lenses.

    Args:
        eyes: centre and radius of both eyeballs.
        skin: (V, 3) unposed neutral skin.
        make: its measures.
    """
    power, radius = make.power, make.radius
    left = max(eyes, key=lambda e: e[0][0])[0]
    right = min(eyes, key=lambda e: e[0][0])[0]
    spacing = (left[0] - right[0]) / 2
    middle = (left + right) / 2
    # Rest the bridge on the nose: the foremost skin near the midline at eye height.
    near = (np.abs(skin[:, 0] - middle[0]) < 0.10) & (np.abs(skin[:, 1] - middle[1] + 0.02) < 0.08)
    front = skin[near, 2].max() + 0.03
    half_width = make.width * spacing
    half_height = make.tall * half_width
    t = np.linspace(0, 2 * np.pi, 56, endpoint=False)
    cx = np.sign(np.cos(t)) * np.abs(np.cos(t)) ** (2 / power)
    cy = np.sign(np.sin(t)) * np.abs(np.sin(t)) ** (2 / power)
    sides = np.abs(skin[:, 0][(np.abs(skin[:, 1] - middle[1]) < 0.10) & (np.abs(skin[:, 2] - 0.95) < 0.10)])
    temple_x = sides.max() + 0.02 if len(sides) else 0.78
    parts, rings, lenses = [], [], []
    for sign in (1.0, -1.0):
        centre = middle + np.array([sign * spacing * 1.03, -0.05, 0.0])
        ring = np.stack([centre[0] + half_width * cx, centre[1] + half_height * cy, np.zeros(56)], axis=1)
        ring[:, 2] = front - 0.32 * (ring[:, 0] - middle[0]) ** 2
        rings.append(ring)
        parts.append(tube(ring, radius, closed=True))
        slope = -0.64 * (centre[0] - middle[0])
        across = np.array([1.0, 0.0, slope]) / np.hypot(1.0, slope)
        origin = np.array([centre[0], centre[1], front - 0.32 * (centre[0] - middle[0]) ** 2])
        lenses.append(Lens(origin, across, np.array([0.0, 1.0, 0.0]), half_width, half_height, power))
        hinge = ring[np.argmax(sign * ring[:, 0] + 0.4 * ring[:, 1])]
        end = np.array([sign * temple_x, middle[1] + 0.03, 0.55])
        bend = np.array([sign * temple_x, hinge[1] + 0.02, hinge[2] - 0.25])
        knots = np.stack([hinge, 0.5 * (hinge + bend) + [sign * 0.03, 0, 0.06], bend, end])
        s = np.linspace(0, 3, 24)
        temple = np.stack([np.interp(s, range(4), knots[:, c]) for c in range(3)], axis=1)
        parts.append(tube(temple, radius * 0.9, closed=False))
    gap = np.linspace(-1, 1, 12)[:, None]
    reach = max(spacing * 1.03 - half_width * 0.96, 0.02)
    bridge = np.concatenate(
        [middle[0] + gap * reach, middle[1] + 0.02 + 0.05 * (1 - gap**2), front + 0.01 * (1 - gap**2)], axis=1
    )
    parts.append(tube(bridge, radius, closed=False))
    offsets = np.cumsum([0] + [len(p[0]) for p in parts])
    surface = Surface(
        material="plain",
        vertices=np.concatenate([p[0] for p in parts]),
        triangles=np.concatenate([p[1] + o for p, o in zip(parts, offsets[:-1], strict=True)]),
        normals=np.concatenate([p[2] for p in parts]),
        settings={"lenses": lenses},
    )
    return surface, rings
