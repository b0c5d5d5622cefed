"""Glasses: two rims, a bridge and temples made of tubes."""

from __future__ import annotations

import numpy as np

from generation.people.person import Person
from generation.renderers.embree.surface import Surface
from generation.renderers.embree.tables import check_choice
from generation.renderers.embree.tubes import tube

SHAPES = ["none", "round", "square"]


def build_glasses(
    person: Person,
    eyes: list[tuple[np.ndarray, float]],
    skin: np.ndarray,
    head: tuple[np.ndarray, np.ndarray],
) -> Surface | None:
    """The person's glasses on the posed head, or None.

    Args:
        person: which shape they wear.
        eyes: centre and radius of both eyeballs, unposed.
        skin: (V, 3) unposed neutral skin, to rest on the nose and reach the ears.
        head: rotation and offset of the head bone.

    Raises:
        RememError: unknown shape.
    """
    if check_choice("glasses", person.glasses, SHAPES) == "none":
        return None
    left = max(eyes, key=lambda e: e[0][0])[0]
    right = min(eyes, key=lambda e: e[0][0])[0]
    spacing = (left[0] - right[0]) / 2
    middle = (left + right) / 2
    # Rest the bridge on the nose: the foremost skin near the midline at eye height.
    near = (np.abs(skin[:, 0] - middle[0]) < 0.10) & (np.abs(skin[:, 1] - middle[1] + 0.02) < 0.08)
    front = skin[near, 2].max() + 0.03
    half_width = 0.72 * spacing
    half_height = half_width * (0.90 if person.glasses == "round" else 0.74)
    power = 2.0 if person.glasses == "round" else 4.5
    t = np.linspace(0, 2 * np.pi, 56, endpoint=False)
    cx = np.sign(np.cos(t)) * np.abs(np.cos(t)) ** (2 / power)
    cy = np.sign(np.sin(t)) * np.abs(np.sin(t)) ** (2 / power)
    radius = 0.017 if person.glasses == "round" else 0.021
    sides = np.abs(skin[:, 0][(np.abs(skin[:, 1] - middle[1]) < 0.10) & (np.abs(skin[:, 2] - 0.95) < 0.10)])
    temple_x = sides.max() + 0.02 if len(sides) else 0.78
    parts = []
    for sign in (1.0, -1.0):
        centre = middle + np.array([sign * spacing * 1.03, -0.05, 0.0])
        ring = np.stack([centre[0] + half_width * cx, centre[1] + half_height * cy, np.zeros(56)], axis=1)
        ring[:, 2] = front - 0.32 * (ring[:, 0] - middle[0]) ** 2
        parts.append(tube(ring, radius, closed=True))
        hinge = ring[np.argmax(sign * ring[:, 0] + 0.4 * ring[:, 1])]
        end = np.array([sign * temple_x, middle[1] + 0.03, 0.55])
        bend = np.array([sign * temple_x, hinge[1] + 0.02, hinge[2] - 0.25])
        knots = np.stack([hinge, 0.5 * (hinge + bend) + [sign * 0.03, 0, 0.06], bend, end])
        s = np.linspace(0, 3, 24)
        temple = np.stack([np.interp(s, range(4), knots[:, c]) for c in range(3)], axis=1)
        parts.append(tube(temple, radius * 0.9, closed=False))
    gap = np.linspace(-1, 1, 12)[:, None]
    reach = spacing * 1.03 - half_width * 0.96
    bridge = np.concatenate(
        [middle[0] + gap * reach, middle[1] + 0.02 + 0.05 * (1 - gap**2), front + 0.01 * (1 - gap**2)], axis=1
    )
    parts.append(tube(bridge, radius, closed=False))
    offsets = np.cumsum([0] + [len(p[0]) for p in parts])
    rotate, shift = head
    return Surface(
        material="glasses",
        vertices=np.concatenate([p[0] for p in parts]) @ rotate.T + shift,
        triangles=np.concatenate([p[1] + o for p, o in zip(parts, offsets[:-1], strict=True)]),
        normals=np.concatenate([p[2] for p in parts]) @ rotate.T,
    )
