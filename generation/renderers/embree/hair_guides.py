"""Guide strands: few, grown step by step over the head along a comb field."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generation.renderers.embree.hair_style import Style, part_line
from generation.renderers.embree.hair_torso import TorsoField
from generation.renderers.embree.hairlimits import off_the_face
from generation.renderers.embree.headmap import HeadMap
from generation.renderers.embree.surface import smoothstep, unit

CROPPED = ("side", "back", "whorl", "forward")


@dataclass(frozen=True, eq=False)
class Roots:
    """Where n strands leave the scalp.

    Attributes:
        place: (n, 3) on this person's head.
        normal: (n, 3) unit normals of the skin there.
        base: (n, 3) the same place on the base shape.
        rim: (n,) height above the hairline.
    """

    place: np.ndarray
    normal: np.ndarray
    base: np.ndarray
    rim: np.ndarray

    def __len__(self) -> int:
        return len(self.place)

    def taken(self, rows: np.ndarray) -> Roots:
        """Some of them."""
        return Roots(self.place[rows], self.normal[rows], self.base[rows], self.rim[rows])


def places_along(points: int) -> np.ndarray:
    """Places (points,) from 0 to 1 along a strand, denser near the root, where it bends most."""
    return np.linspace(0, 1, points) ** 1.25


def in_fringe(style: Style, base: np.ndarray) -> np.ndarray:
    """Which strands (n,) fall over the forehead."""
    if not style.fringe:
        return np.zeros(len(base), dtype=bool)
    # A wedge that narrows from the temples to a point above the forehead.
    half = 0.64 * np.clip((base[:, 2] - 0.70) / 0.40, 0, 1) ** 0.8
    return np.abs(base[:, 0]) < half


def comb(style: Style, p: np.ndarray, roots: np.ndarray, across: np.ndarray, fringe: np.ndarray):
    """Direction field (n, 3) at the points; its part along the skin is what counts.

    Args:
        style: for the comb.
        p: (n, 3) points.
        roots: (n, 3) roots of the strands they belong to.
        across: (n,) signed distance of the roots across the parting.
        fringe: (n,) strands over the forehead.
    """
    n = len(p)
    if style.comb == "gather":
        return np.asarray(style.knot) - p
    if style.comb == "out":
        return np.tile([0.0, -0.25, 0.05], (n, 1))
    if style.comb == "rows":
        # Back over the head within the plane through the axis, then down to the nape.
        return np.stack([-0.35 * p[:, 0], -0.15 - 0.9 * smoothstep(7.9, 7.2, p[:, 1]), -np.ones(n)], axis=1)
    if style.comb == "back":
        lift = smoothstep(0.6, 1.2, p[:, 2])
        down = smoothstep(7.9, 7.3, p[:, 1])
        sideways = 0.25 * roots[:, 0]
        return np.stack([sideways, 0.5 * lift - 0.25 - 0.9 * down, -np.ones(n)], axis=1)
    if style.comb in ("whorl", "forward"):
        away = p - np.array([0.12, 8.4, -0.15])
        away[:, 1] = -0.9 * smoothstep(8.2, 7.7, p[:, 1])
        sweep = 0.30 if style.comb == "whorl" else 0.75
        away[:, 0] = 0.6 * away[:, 0] + sweep * smoothstep(0.7, 1.3, p[:, 2])
        if style.comb == "forward":
            away[:, 2] += 0.55 * smoothstep(0.0, 0.5, p[:, 2])
        # A short fringe falls aslant.
        away[fringe] = [0.55, -0.75, 0.55]
        return unit(away)
    side = 0.4 * np.sign(across) + 0.6 * np.tanh(across / 0.08)
    if style.comb == "side":
        front = smoothstep(0.2, 1.1, p[:, 2])
        down = smoothstep(8.0, 7.6, p[:, 1])
        return np.stack([side * (1 - 0.8 * down), 0.25 * front - 0.9 * down, -0.55 + 0.35 * front], axis=1)
    # curtain: away from the parting, back from the face, then down
    low = smoothstep(8.1, 7.2, p[:, 1])
    back = smoothstep(0.5, -0.2, roots[:, 2])
    direction = np.stack(
        [
            side * (1 - low) * (1 - 0.55 * back),
            -0.35 - 1.2 * low - 0.5 * back,
            -0.32 * (1 - low) - 0.1 * low,
        ],
        axis=1,
    )
    direction[fringe] = np.stack(
        [0.25 * roots[fringe, 0], np.full(fringe.sum(), -0.55), np.ones(fringe.sum())], axis=1
    )
    return unit(direction)


def lengths(style: Style, roots: Roots, rng: np.random.Generator) -> np.ndarray:
    """Length (n,) of each guide in decimetres."""
    top = smoothstep(0.10, 0.75, roots.rim)
    if style.comb in CROPPED:
        top *= smoothstep(7.35, 8.15, roots.base[:, 1])  # cut short round the ears
    elif style.hangs or style.comb in ("gather", "rows"):
        top = np.ones(len(roots))
    length = (style.sides + (style.top - style.sides) * top) * (0.92 + 0.16 * rng.random(len(roots)))
    if style.comb in CROPPED:
        length *= 0.3 + 0.7 * smoothstep(6.6, 7.2, roots.base[:, 1])
    length = np.where(in_fringe(style, roots.base), np.maximum(length, 0.62), length)
    if style.comb == "out":
        length *= 0.35 + 0.65 * smoothstep(6.6, 7.3, roots.base[:, 1])
    return length


def grow_guides(
    style: Style, roots: Roots, head: HeadMap, torso: TorsoField, rng: np.random.Generator
) -> np.ndarray:
    """Grow (n, points, 3) strands: along the comb on the head, under their weight below the ears.

    Args:
        style: its parameters.
        roots: where they begin.
        head: what they slide over.
        torso: what long hair lies on.
        rng: how each deviates.
    """
    n = len(roots)
    across = part_line(style.part[0] if style.part else 0.0, roots.base)
    fringe = in_fringe(style, roots.base)
    length = lengths(style, roots, rng)
    lift = rng.random(n) ** (0.35 if style.comb == "out" else 0.7)
    drift = (0.05 + 0.14 * style.clump) * rng.standard_normal((n, 3)) * (0.5 if style.hangs else 1.0)
    quiff = float(style.comb in ("side", "back"))
    # Whether a strand falls in front of the shoulder or behind it is settled where it grows.
    ahead = np.where(roots.place[:, 2] + 0.10 * rng.standard_normal(n) > 0.42, 0.7, -0.7)
    places = places_along(style.points)
    points = np.empty((n, style.points, 3))
    p = roots.place + 0.006 * roots.normal
    points[:, 0] = p
    heading = roots.normal.copy()
    if style.comb in ("gather", "rows"):  # pulled tight: it leaves the skin flat
        heading = unit(0.3 * heading + unit(comb(style, p, roots.place, across, fringe)))
    for k in range(1, style.points):
        share = places[k]
        step = length * (places[k] - places[k - 1])
        height, out = head.height(p)
        field = comb(style, p, roots.place, across, fringe) + drift
        below = smoothstep(7.15, 6.7, p[:, 1])[:, None] if style.hangs else np.zeros((n, 1))
        along = unit(field - np.einsum("ni,ni->n", field, out)[:, None] * out)
        falling = np.array([0.0, -1.0, 0.0]) + 0.12 * drift
        # Above the shoulders it turns to the chest or the back, or it would pile up on them.
        turning = smoothstep(6.75, 6.1, p[:, 1]) * smoothstep(1.0, 0.6, np.abs(p[:, 2] - 0.25))
        falling[:, 2] += ahead * turning
        falling[:, 0] -= 0.3 * smoothstep(0.75, 1.10, np.abs(p[:, 0])) * np.sign(p[:, 0])
        along = unit(along * (1 - below) + falling * below)
        # Styled hair stands highest over the forehead.
        crest = 1.0 + 0.9 * smoothstep(0.6, 1.25, p[:, 2]) * smoothstep(7.8, 8.1, p[:, 1]) * quiff
        # It rises gradually: at once, and the parting becomes a ditch.
        risen = np.clip(share * length / (0.9 if style.hangs else 0.35), 0, 1)
        target = np.minimum(style.volume * crest, 0.55 * length) * lift * np.sin(np.pi / 2 * risen)
        target = np.where(fringe, 0.6 * target, target)
        if style.comb in CROPPED:  # sides lie closer than the top
            target *= 0.4 + 0.6 * smoothstep(7.6, 8.2, p[:, 1])
        if style.comb == "out":
            target = (0.1 + 0.9 * lift) * length * share
        rise = np.clip((target - height) / np.maximum(step, 1e-4), -0.7, 0.95) * (1 - below[:, 0])
        wanted = unit(along * np.sqrt(np.clip(1 - rise**2, 0.05, 1))[:, None] + out * rise[:, None])
        heading = unit(0.45 * heading + 0.55 * wanted)
        p = p + heading * step[:, None]
        height, out = head.height(p)
        sink = np.clip(0.012 + 0.03 * lift - height, 0, 0.08) * (p[:, 1] > 6.5)
        p = p + out * sink[:, None]
        if style.hangs:
            p = torso.pushed(off_the_face(p, fringe))
        if style.comb == "gather":
            arrived = np.linalg.norm(p - style.knot, axis=1) < style.knot_radius * 0.8
            p = np.where(arrived[:, None], points[:, k - 1] + 1e-4 * heading, p)
        points[:, k] = p
    return points
