"""Scalp hair: roots on the scalp, guides grown along a comb field, and the strands that follow them."""

from __future__ import annotations

import numpy as np

from generation.people.person import Person
from generation.renderers.embree.hair_braids import braided, knotted
from generation.renderers.embree.hair_children import Children, follow
from generation.renderers.embree.hair_guides import CROPPED, Roots, grow_guides, in_fringe, lengths
from generation.renderers.embree.hair_style import Style, bare_scalp, style_of
from generation.renderers.embree.hair_torso import TorsoField
from generation.renderers.embree.hairlimits import cut_off_face
from generation.renderers.embree.headmap import HeadMap
from generation.renderers.embree.regions import HEAD_CENTRE, above_hairline
from generation.renderers.embree.strands import Strands, at, joined, sample_surface
from generation.renderers.embree.surface import Surface, smoothstep, unit
from generation.streams import stream

GREY = np.array([0.42, 0.42, 0.43])


def grow_hair(
    person: Person,
    skin: Surface,
    canonical: np.ndarray,
    ears: np.ndarray,
    head: HeadMap,
    torso: TorsoField,
) -> Strands | None:
    """The person's scalp hair in the unposed head's frame; None if there is none.

    Args:
        person: hair style, colour and share of grey.
        skin: subdivided neutral skin.
        canonical: (V, 3) canonical positions of its vertices.
        ears: (V,) share of ear, where no hair grows.
        head: the head's radius map.
        torso: what long hair lies on.
    """
    style = style_of(person.hair_style)
    if style is None:
        return None
    rng = stream(0, "renderer-hair", person.index, person.hair_style)
    roots = _root(style, style.count, person, skin, canonical, ears, rng)
    guide_roots = roots.taken(rng.permutation(len(roots))[: style.guides])
    guides = grow_guides(style, guide_roots, head, torso, rng)
    children = follow(style, roots, guide_roots, guides, rng)
    points = _settled(style, children, roots, head, rng)
    colour = _colours(person, children.clump, len(guides), rng)
    # Fine hair at the rim softens the hairline.
    width = (
        style.width * (0.8 + 0.4 * rng.random(len(roots))) * (0.45 + 0.55 * smoothstep(0.0, 0.22, roots.rim))
    )
    normal = _volume_normals(points, children.offset)
    bundle = Strands(points, colour, width.astype(np.float32), normal)
    extra = []
    if style.knot:
        extra.append(knotted(style, lambda clump, n: _colours(person, clump, n, rng), rng))
    if style.braids:
        extra.append(
            braided(style, guide_roots, head, torso, lambda clump, n: _colours(person, clump, n, rng), rng)
        )
    if extra:
        bundle = joined([bundle, *extra])
        bundle = bundle.taken(rng.permutation(len(bundle)))
    return bundle


def _root(style: Style, count: int, person: Person, skin: Surface, canonical, ears, rng) -> Roots:
    above = above_hairline(person.hair_style, canonical)
    # Thinner towards the hairline, with a few fine hairs before it: a hard edge makes hair look like a wig.
    dense = 0.97 * smoothstep(-0.02, 0.16, above) + 0.03 * smoothstep(-0.06, 0.0, above) * (
        canonical[:, 2] > 0.9
    )
    if style.comb in CROPPED:  # faded at the nape
        dense = dense * smoothstep(6.55, 7.0, canonical[:, 1])
    weight = (dense * (ears < 0.1) * (canonical[:, 1] > 6.6))[skin.triangles].mean(axis=1)
    where, bary = sample_surface(skin.vertices, skin.triangles, weight, count, rng)
    base = at(canonical, skin.triangles, where, bary)
    kept = rng.random(len(base)) > bare_scalp(person.hair_style, base)
    where, bary, base = where[kept], bary[kept], base[kept]
    return Roots(
        place=at(skin.vertices, skin.triangles, where, bary),
        normal=unit(at(skin.normals, skin.triangles, where, bary)),
        base=base,
        rim=above_hairline(person.hair_style, base),
    )


def _settled(style: Style, children: Children, roots: Roots, head: HeadMap, rng) -> np.ndarray:
    """Strands (n, m, 3) out of the head, cut to their lengths and off the face."""
    points, n = children.points, len(roots)
    flat = points[:, 1:].reshape(-1, 3)
    height, out = head.height(flat)
    sink = np.clip(0.010 - height, 0, 0.08) * (flat[:, 1] > 6.5)
    points[:, 1:] += (out * sink[:, None]).reshape(n, -1, 3).astype(np.float32)
    fringe = in_fringe(style, roots.base)
    end = style.end_y + (0.04 + 0.25 * style.ragged) * rng.standard_normal(n)
    brow = np.where(fringe, 7.60, 7.72) + 0.03 * rng.standard_normal(n)
    front = roots.base[:, 2] > 1.1
    raised = float(np.median((roots.place - roots.base)[front, 1])) if front.any() else 0.0
    bare = raised if (style.hangs or style.comb in ("gather", "rows")) and not style.fringe else None
    # Baby hair at the rim is short and fine; ends are never cut in one line.
    kept = 1 - style.ragged * rng.random(n)
    baby = smoothstep(0.06, 0.0, roots.rim) * (rng.random(n) < 0.8)
    short = np.clip(0.14 / np.maximum(lengths(style, roots, rng), 0.02), 0.03, 1.0)
    kept = kept * (1 - baby) + short * baby
    points = cut_off_face(points, end, brow, bare, kept)
    # Repeated, because the straight piece between two allowed points can still cross a corner of the face.
    for _ in range(2):
        points = cut_off_face(points, end, brow, bare)
    return points.astype(np.float32)


def _colours(person: Person, clump: np.ndarray, n_clumps: int, rng: np.random.Generator) -> np.ndarray:
    n = len(clump)
    shade = np.exp(0.09 * rng.standard_normal(n_clumps))[clump] * np.exp(0.16 * rng.standard_normal(n))
    # Single strands lean to the warm or the ashen side.
    warmth = np.exp(0.05 * rng.standard_normal((n, 1)) * np.array([1.0, 0.0, -1.0]))
    colour = np.asarray(person.hair_colour) * shade[:, None] * warmth
    # A drawn strand stands for a bundle of hairs, so it holds a mixture of both colours.
    spread = 0.5 * np.sqrt(person.grey * (1 - person.grey))
    share = np.clip(person.grey + spread * rng.standard_normal(n), 0, 1)[:, None]
    colour = colour * (1 - share) + GREY * np.clip(shade, 0.8, 1.25)[:, None] * share
    return np.clip(colour, 0.002, 0.9).astype(np.float32)


def _volume_normals(points: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Shading normals: away from the head's axis, tilted within each lock, so that hair is lit as locks."""
    away = points - HEAD_CENTRE.astype(np.float32)
    away[..., 1] = np.where(away[..., 1] < 0, 0.15 * away[..., 1], away[..., 1])
    return unit(unit(away) + 0.22 * np.clip(offset, -1.5, 1.5)[:, None]).astype(np.float32)
