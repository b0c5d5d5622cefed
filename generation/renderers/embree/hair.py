"""Scalp hair: strands grown over the head along a comb field, one parameter set per style."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy.spatial import cKDTree

from generation.people.person import Person
from generation.renderers.embree import tables
from generation.renderers.embree.hairlimits import cut_off_face, off_the_face
from generation.renderers.embree.headmap import HeadMap
from generation.renderers.embree.regions import HEAD_CENTRE, above_hairline
from generation.renderers.embree.strands import Strands, at, joined, sample_surface
from generation.renderers.embree.surface import Surface, smoothstep, unit
from generation.streams import stream

POINTS = 20
# Places along a strand: dense near the root, where it bends most.
PLACES = np.linspace(0, 1, POINTS) ** 1.4
GREY = np.array([0.42, 0.42, 0.43])


@dataclass(frozen=True)
class Style:
    """How a hair style grows; lengths in decimetres.

    Attributes:
        comb: direction field: "whorl", "side", "back", "curtain", "gather" or "out".
        count: strands at full quality.
        top: strand length on top of the head.
        sides: strand length at the hairline of sides and nape.
        volume: how far the outermost strands stand off the skin.
        curl: radius of curls.
        wavelength: length of one curl.
        clump: how strongly strands follow their neighbours' deviations.
        part: x of the parting.
        end_y: height at which hanging hair is cut.
        fringe: whether front hair falls over the forehead (never lower than the brows).
        knot: centre of a bun or ponytail, else empty.
        knot_radius: its size.
        tail: length of the ponytail; 0 makes a bun.
    """

    comb: str
    count: int = 9000
    top: float = 0.5
    sides: float = 0.2
    volume: float = 0.15
    curl: float = 0.0
    wavelength: float = 0.5
    clump: float = 0.5
    part: float = 0.0
    end_y: float = 4.9
    fringe: bool = False
    knot: tuple[float, ...] = ()
    knot_radius: float = 0.0
    tail: float = 0.0


def style_of(name: str) -> Style | None:
    """Parameters of a hair style; None for a shaven head.

    Raises:
        RememError: there is no such style.
    """
    tables.check_choice("hair style", name, tables.hair_styles())
    grow = tables.hair_table(name).get("grow")
    if grow is None:
        return None
    known = {f.name for f in fields(Style)}
    return Style(**{k: tuple(v) if isinstance(v, list) else v for k, v in grow.items() if k in known})


def grow_hair(
    person: Person, skin: Surface, canonical: np.ndarray, ears: np.ndarray, head: HeadMap
) -> Strands | None:
    """The person's scalp hair in the unposed head's frame; None if there is none.

    Args:
        person: hair style, colour and share of grey.
        skin: subdivided neutral skin.
        canonical: (V, 3) canonical positions of its vertices.
        ears: (V,) share of ear, where no hair grows.
        head: the head's radius map.
    """
    style = style_of(person.hair_style)
    if style is None:
        return None
    rng = stream(0, "renderer-hair", person.index, person.hair_style)
    above = above_hairline(person.hair_style, canonical)
    # Thinner towards the hairline: a hard edge is what makes hair look like a wig.
    weight = (smoothstep(-0.03, 0.12, above) * (ears < 0.1) * (canonical[:, 1] > 6.6))[skin.triangles].mean(
        axis=1
    )
    where, bary = sample_surface(skin.vertices, skin.triangles, weight, style.count, rng)
    roots = at(skin.vertices, skin.triangles, where, bary)
    normals = unit(at(skin.normals, skin.triangles, where, bary))
    base = at(canonical, skin.triangles, where, bary)
    rim = above_hairline(person.hair_style, base)

    guides = rng.permutation(len(roots))[: max(style.count // 28, 60)]
    clump = cKDTree(roots[guides]).query(roots)[1]
    points = _grow(style, roots, normals, base, rim, clump, len(guides), head, rng)
    colour = _colours(person, clump, len(guides), rng)
    # Fine hair at the rim softens the hairline.
    width = 0.0105 * (0.8 + 0.4 * rng.random(len(roots))) * (0.45 + 0.55 * smoothstep(0.0, 0.22, rim))
    bundle = Strands(points, colour, width, _volume_normals(points))
    if style.knot:
        bundle = joined([bundle, _knot(style, person, rng)])
        order = rng.permutation(len(bundle))
        bundle = Strands(
            bundle.points[order], bundle.colour[order], bundle.width[order], bundle.normal[order]
        )
    return bundle


def _colours(person: Person, clump: np.ndarray, n_clumps: int, rng: np.random.Generator) -> np.ndarray:
    n = len(clump)
    shade = np.exp(0.10 * rng.standard_normal(n_clumps))[clump] * np.exp(0.13 * rng.standard_normal(n))
    colour = np.asarray(person.hair_colour) * shade[:, None]
    # Mostly grey people have hardly any strand of the old colour at full strength.
    share = np.where(rng.random(n) < person.grey, 1.0, 0.7 * person.grey**2)[:, None]
    colour = colour * (1 - share) + GREY * np.clip(shade, 0.8, 1.25)[:, None] * share
    return np.clip(colour, 0.002, 0.9)


def _volume_normals(points: np.ndarray) -> np.ndarray:
    """Shading normals: away from the head's axis, so that hair is lit as one body, not by the strand."""
    axis = HEAD_CENTRE
    offset = points - axis
    offset[..., 1] = np.where(offset[..., 1] < 0, 0.15 * offset[..., 1], offset[..., 1])
    return unit(offset)


def _comb(style: Style, p: np.ndarray, roots: np.ndarray, fringe: np.ndarray) -> np.ndarray:
    """Direction field (n, 3) at the points; its part along the skin is what counts."""
    n = len(p)
    if style.comb == "gather":
        return np.asarray(style.knot) - p
    if style.comb == "out":
        return np.tile([0.0, -0.25, 0.05], (n, 1))
    if style.comb == "back":
        lift = smoothstep(0.6, 1.2, p[:, 2])
        return np.stack(
            [0.25 * np.sign(roots[:, 0]) * np.abs(roots[:, 0]), 0.5 * lift - 0.25, -np.ones(n)], 1
        )
    if style.comb == "whorl":
        away = p - np.array([0.12, 8.4, 0.05])
        away[:, 1] = -0.9 * smoothstep(8.2, 7.7, p[:, 1])
        away[:, 0] = 0.6 * away[:, 0] + 0.30 * smoothstep(0.7, 1.3, p[:, 2])
        return unit(away)
    across = roots[:, 0] - style.part
    side = 0.4 * np.sign(across) + 0.6 * np.tanh(across / 0.08)
    if style.comb == "side":
        front = smoothstep(0.2, 1.1, p[:, 2])
        down = smoothstep(8.0, 7.6, p[:, 1])
        return np.stack([side * (1 - 0.8 * down), 0.25 * front - 0.9 * down, -0.55 + 0.35 * front], 1)
    # curtain: away from the parting, back from the face, then down
    low = smoothstep(8.1, 7.2, p[:, 1])
    back = smoothstep(0.5, -0.2, roots[:, 2])
    direction = np.stack(
        [side * (1 - low) * (1 - 0.55 * back), -0.35 - 1.2 * low - 0.5 * back, -0.32 * (1 - low) - 0.1 * low],
        1,
    )
    direction[fringe] = np.stack(
        [0.25 * roots[fringe, 0], -0.55 + 0 * roots[fringe, 1], np.ones(fringe.sum())], 1
    )
    return unit(direction)


def _grow(style, roots, normals, base, rim, clump, n_clumps, head: HeadMap, rng) -> np.ndarray:
    n = len(roots)
    lift = rng.random(n) ** 0.7
    top = smoothstep(0.10, 0.75, rim)
    if style.comb in ("side", "back", "whorl"):
        top *= smoothstep(7.35, 8.20, base[:, 1])  # cut short round the ears
    elif style.comb in ("curtain", "gather"):
        top = np.ones(n)
    length = (style.sides + (style.top - style.sides) * top) * (0.85 + 0.3 * rng.random(n))
    length *= 0.55 + 0.45 * smoothstep(0.0, 0.12, rim)
    length *= 1 - 0.5 * rng.random(n) * (1 - top)  # ragged ends where it is cut short
    if style.comb == "out":
        length *= 0.25 + 0.75 * smoothstep(6.6, 7.3, base[:, 1])
    fringe = np.zeros(n, dtype=bool)
    if style.fringe:
        fringe = (np.abs(base[:, 0]) < 0.66) & (base[:, 2] > 0.90)
    drift = style.clump * 0.35 * rng.standard_normal((n_clumps, 3))[clump] + 0.10 * rng.standard_normal(
        (n, 3)
    )
    hang = style.comb == "curtain"
    quiff = float(style.comb in ("side", "back"))
    points = np.empty((n, POINTS, 3))
    p = roots + 0.006 * normals
    points[:, 0] = p
    heading = normals.copy()
    if style.comb == "gather":  # pulled tight: it leaves the skin flat
        heading = unit(0.4 * normals + unit(_comb(style, p, roots, fringe)))
    for k in range(1, POINTS):
        share = PLACES[k]
        step = length * (PLACES[k] - PLACES[k - 1])
        height, out = head.height(p)
        field = _comb(style, p, roots, fringe) + drift * (0.5 if hang else 1.0)
        below = smoothstep(7.15, 6.7, p[:, 1])[:, None] if hang else np.zeros((n, 1))
        along = unit(field - np.einsum("ni,ni->n", field, out)[:, None] * out)
        falling = np.array([0.0, -1.0, 0.0]) + 0.10 * drift
        along = unit(along * (1 - below) + falling * below)
        # Styled hair stands highest over the forehead.
        crest = 1.0 + 0.9 * smoothstep(0.6, 1.25, p[:, 2]) * smoothstep(7.8, 8.1, p[:, 1]) * quiff
        # It rises gradually: at once, and the parting becomes a ditch.
        risen = np.clip(share * length / (0.9 if hang else 0.35), 0, 1)
        target = style.volume * crest * lift * np.sin(np.pi / 2 * risen)
        if style.comb == "out":
            target = (0.1 + 0.9 * lift) * length * share
        rise = np.clip((target - height) / np.maximum(step, 1e-4), -0.7, 0.95)
        rise = rise * (1 - below[:, 0])
        wanted = unit(along * np.sqrt(np.clip(1 - rise**2, 0.05, 1))[:, None] + out * rise[:, None])
        heading = unit(0.45 * heading + 0.55 * wanted)
        p = p + heading * step[:, None]
        height, out = head.height(p)
        sink = np.clip(0.012 + 0.03 * lift - height, 0, 0.08) * (p[:, 1] > 6.5)
        p = p + out * sink[:, None]
        if hang:
            p = off_the_face(p, fringe)
        if style.comb == "gather":
            arrived = np.linalg.norm(p - style.knot, axis=1) < style.knot_radius * 0.8
            p = np.where(arrived[:, None], points[:, k - 1] + 1e-4 * heading, p)
        points[:, k] = p
    if style.curl:
        points += _curls(style, points, length, clump, n_clumps, rng)
    end = style.end_y + 0.05 * rng.standard_normal(n)
    brow = np.where(fringe, 7.60, 7.72) + 0.03 * rng.standard_normal(n)
    front = base[:, 2] > 1.1
    raised = float(np.median((roots - base)[front, 1])) if front.any() else 0.0
    bare = raised if style.comb in ("curtain", "gather") and not style.fringe else None
    # Repeated, because the straight piece between two allowed points can still cross a corner of the face.
    for _ in range(3):
        points = cut_off_face(points, end, brow, bare)
    return points


def _curls(style: Style, points, length, clump, n_clumps, rng) -> np.ndarray:
    tangent = unit(np.gradient(points, axis=1))
    e1 = unit(np.cross(tangent, [0.31, 0.2, 0.93]))
    e2 = np.cross(tangent, e1)
    shared = rng.random(n_clumps)[clump]
    phase = 2 * np.pi * (shared + (1 - style.clump) * rng.random(len(points)))
    turns = length / style.wavelength * (0.85 + 0.3 * rng.random(n_clumps))[clump]
    angle = phase[:, None] + 2 * np.pi * turns[:, None] * PLACES[None]
    # Waves of hanging hair begin below the crown; curls begin at the root.
    grown = smoothstep(0.12, 0.7, PLACES) if style.comb == "curtain" else PLACES**0.6
    radius = style.curl * grown[None] * (0.7 + 0.6 * rng.random((len(points), 1)))
    return radius[..., None] * (np.cos(angle)[..., None] * e1 + np.sin(angle)[..., None] * e2)


def _knot(style: Style, person: Person, rng: np.random.Generator) -> Strands:
    """A bun (strands wound around a ball) or a ponytail (strands falling from the knot)."""
    n = style.count // 4
    centre = np.asarray(style.knot)
    share = np.linspace(0, 1, POINTS)[None, :, None]
    if style.tail:
        ring = unit(rng.standard_normal((n, 3))) * style.knot_radius * rng.random((n, 1)) ** 0.5
        arc = np.array([0.0, -1.0, 0.0]) * share**1.3 * style.tail
        arc = arc + np.array([0.0, 0.10, -0.42]) * np.sin(np.pi * np.clip(share * 0.75, 0, 1))
        spread = ring[:, None] * (0.45 + 1.1 * np.sin(np.pi * share * 0.8)) + 0.03 * rng.standard_normal(
            (n, 1, 3)
        )
        points = centre + spread + arc * (0.85 + 0.3 * rng.random((n, 1, 1)))
        normal = unit(points - centre - arc)
    else:
        axis = unit(np.array([0.25, 1.0, -0.45]) + 0.22 * rng.standard_normal((n, 3)))
        e1 = unit(np.cross(axis, [1.0, 0.1, 0.0]))
        e2 = np.cross(axis, e1)
        latitude = np.arcsin(rng.random(n) * 1.8 - 0.9)[:, None, None]
        angle = (2 * np.pi * rng.random(n))[:, None, None] + share * 2.6
        radius = style.knot_radius * (1 - 0.25 * rng.random(n) ** 3)[:, None, None]
        around = np.cos(angle) * e1[:, None] + np.sin(angle) * e2[:, None]
        direction = around * np.cos(latitude) + axis[:, None] * np.sin(latitude)
        points = centre + radius * direction * np.array([1.15, 0.85, 1.0])
        normal = direction
    clump = rng.integers(0, 60, n)
    return Strands(points, _colours(person, clump, 60, rng), np.full(n, 0.011), unit(normal))
