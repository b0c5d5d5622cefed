"""Hair that is tied: buns, ponytails, box braids and cornrows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from generation.renderers.embree.hair_guides import Roots, grow_guides
from generation.renderers.embree.hair_style import Style, row_lines
from generation.renderers.embree.hair_torso import TorsoField
from generation.renderers.embree.hairlimits import resampled
from generation.renderers.embree.headmap import HeadMap
from generation.renderers.embree.strands import Strands
from generation.renderers.embree.surface import smoothstep, unit

Colours = Callable[[np.ndarray, int], np.ndarray]
TURN = 1.9  # length of one braid period over the braid's width
STRANDS = 5  # drawn in each of a braid's three bundles


def knotted(style: Style, colours: Colours, rng: np.random.Generator) -> Strands:
    """A bun (strands wound around a ball) or a ponytail (strands falling from the knot).

    Args:
        style: knot, knot_radius and tail.
        colours: (clump of each strand, number of clumps) -> (n, 3).
        rng: how strands deviate.
    """
    n = style.count // 4
    centre = np.asarray(style.knot)
    share = np.linspace(0, 1, style.points)[None, :, None]
    if style.tail:
        ring = unit(rng.standard_normal((n, 3))) * style.knot_radius * rng.random((n, 1)) ** 0.5
        arc = np.array([0.0, -1.0, 0.0]) * share**1.3 * style.tail
        arc = arc + np.array([0.0, 0.10, -0.42]) * np.sin(np.pi * np.clip(share * 0.75, 0, 1))
        stray = 0.03 * rng.standard_normal((n, 1, 3))
        spread = ring[:, None] * (0.45 + 1.1 * np.sin(np.pi * share * 0.8)) + stray
        points = centre + spread + arc * (0.85 + 0.3 * rng.random((n, 1, 1)))
        normal = unit(points - centre - arc)
    else:
        # Three coils wound over each other, each about its own axis.
        coil = rng.integers(0, 3, n)
        axes = unit(np.array([[0.25, 1.0, -0.45], [0.7, 0.8, 0.2], [-0.5, 0.9, 0.3]]))
        axis = unit(axes[coil] + 0.10 * rng.standard_normal((n, 3)))
        e1 = unit(np.cross(axis, [1.0, 0.1, 0.0]))
        e2 = np.cross(axis, e1)
        latitude = np.arcsin(rng.random(n) * 1.8 - 0.9)[:, None, None]
        angle = (2 * np.pi * rng.random(n))[:, None, None] + share * 2.6
        radius = style.knot_radius * (1 - 0.06 * coil - 0.12 * rng.random(n) ** 2)[:, None, None]
        around = np.cos(angle) * e1[:, None] + np.sin(angle) * e2[:, None]
        direction = around * np.cos(latitude) + axis[:, None] * np.sin(latitude)
        wobble = 0.02 * np.sin(9 * share + 6 * rng.random((n, 1, 1)))
        points = centre + radius * (1 + wobble) * direction * np.array([1.15, 0.85, 1.0])
        normal = direction
    clump = rng.integers(0, 60, n)
    width = np.full(n, 1.1 * style.width, dtype=np.float32)
    return Strands(points.astype(np.float32), colours(clump, 60), width, unit(normal).astype(np.float32))


def braided(
    style: Style,
    roots: Roots,
    head: HeadMap,
    torso: TorsoField,
    colours: Colours,
    rng: np.random.Generator,
) -> Strands:
    """Three-strand braids along guide paths: box braids from all over the scalp, or rows close to it.

    Args:
        style: number and width of the braids.
        roots: places on the scalp to choose from.
        head: what braids slide over.
        torso: what they lie on.
        colours: (clump of each strand, number of clumps) -> (n, 3).
        rng: where braids begin.
    """
    chosen = _row_starts(style, roots) if style.comb == "rows" else _spread(roots, style.braids)
    long = replace(style, top=style.braid_length, sides=style.braid_length, clump=0.0)
    paths = grow_guides(long, roots.taken(chosen), head, torso, rng)
    if style.hangs:
        end = style.end_y + 0.08 * rng.standard_normal(len(paths))
        gone = np.logical_or.accumulate(paths[..., 1] < end[:, None], axis=1)
        paths = resampled(paths, np.maximum(paths.shape[1] - 1 - gone.sum(axis=1), 2))
    width = style.braid_width
    length = np.linalg.norm(np.diff(paths, axis=1), axis=2).sum(axis=1)
    turns = np.minimum(length / (TURN * width), 30)
    pieces = 7
    fine = pieces * (style.points - 1) + 1
    where = np.linspace(0, paths.shape[1] - 1, fine)
    low = np.minimum(where.astype(int), paths.shape[1] - 2)
    mix = (where - low)[None, :, None]
    axis = paths[:, low] * (1 - mix) + paths[:, low + 1] * mix
    # Measured along the path, so that periods are equally long.
    travelled = np.concatenate(
        [np.zeros((len(axis), 1)), np.cumsum(np.linalg.norm(np.diff(axis, axis=1), axis=2), axis=1)], axis=1
    )
    theta = 2 * np.pi * turns[:, None] * travelled / travelled[:, -1:]
    tangent = unit(np.gradient(axis, axis=1))
    _, out = head.height(axis.reshape(-1, 3))
    out = out.reshape(axis.shape)
    out = unit(out - np.einsum("nmi,nmi->nm", out, tangent)[..., None] * tangent)
    side = np.cross(tangent, out)
    share = np.linspace(0, 1, fine)[None]
    slim = (1 - 0.45 * share**3) * (0.5 + 0.5 * smoothstep(0.0, 0.10, share))
    bundles, normals = [], []
    for third in range(3):
        phase = theta + 2 * np.pi * third / 3
        x = 0.5 * width * slim * np.sin(phase)
        z = 0.30 * width * slim * np.sin(2 * phase)
        middle = axis + x[..., None] * side + z[..., None] * out
        for k in range(STRANDS):
            around = np.pi * (k + 0.5) / STRANDS - np.pi / 2
            facing = np.sin(around) * side + np.cos(around) * out
            bundles.append(middle + 0.24 * width * slim[..., None] * facing)
            normals.append(unit(facing + 0.8 * (x / width)[..., None] * side))
    points, normal = np.stack(bundles, axis=1), np.stack(normals, axis=1)
    n_braids, per = len(paths), points.shape[1]
    cut = np.arange(pieces)[:, None] * (style.points - 1) + np.arange(style.points)[None]
    points = points[:, :, cut].reshape(-1, style.points, 3)
    normal = normal[:, :, cut].reshape(-1, style.points, 3)
    start = np.arange(pieces) / pieces
    span = np.tile(np.stack([start, start + 1 / pieces], axis=1), (n_braids * per, 1))
    clump = np.repeat(np.arange(n_braids), per * pieces)
    return Strands(
        points.astype(np.float32),
        colours(clump, n_braids),
        np.full(len(points), 0.30 * width, dtype=np.float32),
        normal.astype(np.float32),
        span.astype(np.float32),
    )


def _spread(roots: Roots, count: int) -> np.ndarray:
    """Numbers of `count` roots that lie far apart (greedy k-centre, Gonzalez 1985)."""
    inside = np.flatnonzero(roots.rim > 0.08)
    place = roots.place[inside]
    chosen = [0]
    away = np.linalg.norm(place - place[0], axis=1)
    for _ in range(min(count, len(inside)) - 1):
        chosen.append(int(away.argmax()))
        away = np.minimum(away, np.linalg.norm(place - place[chosen[-1]], axis=1))
    return inside[chosen]


def _row_starts(style: Style, roots: Roots) -> np.ndarray:
    """The root nearest to the hairline in the middle of each row."""
    across = row_lines(style.braids, roots.base)
    chosen = []
    for row in range(style.braids):
        member = np.flatnonzero((np.abs(across - row - 0.5) < 0.3) & (roots.base[:, 2] > 0.35))
        if len(member):
            chosen.append(member[np.argmin(np.abs(roots.rim[member] - 0.05))])
    return np.array(chosen, dtype=int)
