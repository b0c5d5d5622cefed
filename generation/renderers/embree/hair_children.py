"""The strands that are drawn: interpolated between guides, gathered into locks, curled, frizzed and cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from generation.renderers.embree.hair_guides import Roots, in_fringe, places_along
from generation.renderers.embree.hair_style import Style, part_line
from generation.renderers.embree.surface import smoothstep, unit


@dataclass(frozen=True, eq=False)
class Children:
    """n strands that follow guides.

    Attributes:
        points: (n, m, 3) float32.
        clump: (n,) guide whose lock each belongs to.
        offset: (n, 3) from the lock's middle to the strand, in units of the lock's radius.
    """

    points: np.ndarray
    clump: np.ndarray
    offset: np.ndarray


def _apart(style: Style, roots: Roots) -> np.ndarray:
    """Places (n, k) in which near means "combed alike": both sides of a parting, and a fringe, lie apart."""
    columns = [roots.place]
    if style.hangs or style.comb == "side":
        across = part_line(style.part[0] if style.part else 0.0, roots.base)
        columns.append(0.4 * np.sign(across)[:, None])
    columns.append(0.5 * in_fringe(style, roots.base)[:, None])
    return np.concatenate(columns, axis=1)


def follow(
    style: Style, roots: Roots, guide_roots: Roots, guides: np.ndarray, rng: np.random.Generator
) -> Children:
    """Interpolate strands from the nearest guides and draw them together towards their lock.

    Args:
        style: clumping and curl.
        roots: n roots.
        guide_roots: those of the guides.
        guides: (g, m, 3).
        rng: what single strands do.
    """
    n, m = len(roots), guides.shape[1]
    away, near = cKDTree(_apart(style, guide_roots)).query(_apart(style, roots), k=3)
    weight = 1 / (away + 0.015) ** 2
    weight = (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32)
    paths = (guides - guides[:, :1]).astype(np.float32)
    points = np.zeros((n, m, 3), dtype=np.float32)
    for k in range(3):
        points += weight[:, k, None, None] * paths[near[:, k]]
    points += roots.place.astype(np.float32)[:, None]
    clump = near[:, 0]
    offset = (roots.place - guide_roots.place[clump]).astype(np.float32)
    radius = np.sqrt(np.mean(np.einsum("ni,ni->n", offset, offset)))
    share = places_along(m).astype(np.float32)
    # Locks tighten towards the tip; their strands keep some distance.
    pull = style.clump * smoothstep(0.05, 0.8, share).astype(np.float32)
    middle = guides.astype(np.float32)[clump] + 0.35 * offset[:, None]
    points += (pull[None] * (0.7 + 0.3 * rng.random((n, 1), dtype=np.float32)))[..., None] * (middle - points)
    if style.curl:
        points += _curls(style, points, guides, clump, rng)
    points += _frizz(style, points, rng)
    return Children(points, clump, offset / radius)


def _curls(style: Style, points: np.ndarray, guides: np.ndarray, clump: np.ndarray, rng) -> np.ndarray:
    """Offsets (n, m, 3): helices whose phase the strands of a lock share, so that locks curl as one."""
    n_locks, share = len(guides), places_along(guides.shape[1])
    length = np.linalg.norm(np.diff(guides, axis=1), axis=2).sum(axis=1)
    tangent = unit(np.gradient(guides, axis=1))
    out = unit(guides - np.array([0.0, 7.3, 0.3]))
    e1 = unit(np.cross(tangent, out) + 1e-6)
    e2 = np.cross(tangent, e1)
    turns = length / style.wavelength * (0.85 + 0.3 * rng.random(n_locks))
    # Neighbouring waves run nearly in step; curls do not.
    azimuth = np.arctan2(guides[:, 0, 0], guides[:, 0, 2])
    phase = 2 * np.pi * rng.random(n_locks) * (1 - 0.75 * style.flat) + 2.0 * style.flat * np.abs(azimuth)
    angle = phase[:, None] + 2 * np.pi * turns[:, None] * share[None]
    # Waves of hanging hair begin below the crown; curls begin at the root.
    grown = smoothstep(0.10, 0.55, share) if style.flat > 0.5 else np.clip(share * 4, 0, 1) ** 0.6
    radius = style.curl * grown * (0.7 + 0.6 * rng.random((n_locks, 1)))
    sideways = radius * np.cos(angle)
    outwards = radius * np.sin(angle) * (1 - 0.7 * style.flat)
    helix = (sideways[..., None] * e1 + outwards[..., None] * e2).astype(np.float32)
    own = (0.75 + 0.5 * rng.random((len(points), 1, 1), dtype=np.float32)).astype(np.float32)
    return helix[clump] * own


def _frizz(style: Style, points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Offsets (n, m, 3): each strand wanders smoothly; a few flyaways wander further."""
    n, m = points.shape[:2]
    length = np.linalg.norm(np.diff(points[:, ::3], axis=1), axis=2).sum(axis=1)
    amount = style.frizz * np.minimum(length, 1.6) * (0.4 + 1.2 * rng.random(n, dtype=np.float32))
    amount = np.where(rng.random(n) < 0.02, 1.7 * amount + 0.005, amount).astype(np.float32)
    share = places_along(m).astype(np.float32)
    result = np.zeros_like(points)
    for waves in (0.8, 2.1):
        direction = rng.standard_normal((n, 3), dtype=np.float32) / np.float32(waves)
        phase = 2 * np.pi * rng.random((n, 1), dtype=np.float32)
        swing = np.sin(2 * np.pi * waves * share[None] + phase) - np.sin(phase)
        result += (amount[:, None] * swing * share**0.5)[..., None] * direction[:, None]
    return result
