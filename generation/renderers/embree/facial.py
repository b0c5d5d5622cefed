"""Brows, lashes and beard: short strands rooted in the posed skin, so that they follow every expression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generation.people.person import Person
from generation.renderers.embree.bodydata import BodyData
from generation.renderers.embree.hair import GREY
from generation.renderers.embree.regions import beard_density, brow_arch, brow_density
from generation.renderers.embree.strands import Strands, at, sample_surface
from generation.renderers.embree.surface import smoothstep, unit
from generation.streams import stream

POINTS = 4
BEARD_COUNT = {"stubble": 9000, "moustache": 4200, "goatee": 8500, "full": 16000}
BEARD_LENGTH = {"stubble": 0.016, "moustache": 0.10, "goatee": 0.12, "full": 0.15}


@dataclass(frozen=True, eq=False)
class RootedHair:
    """Hair tied to places on the skin.

    Attributes:
        where: (n,) skin triangles.
        bary: (n, 3) barycentric weights.
        direction: (n, 3) growth direction in the unposed head's frame.
        lift: (n,) share of the surface normal in the growth direction.
        bend: (n, 3) how the direction changes towards the tip.
        length: (n,), width: (n,) in decimetres; colour: (n, 3).
    """

    where: np.ndarray
    bary: np.ndarray
    direction: np.ndarray
    lift: np.ndarray
    bend: np.ndarray
    length: np.ndarray
    width: np.ndarray
    colour: np.ndarray

    def posed(
        self, skin: np.ndarray, normals: np.ndarray, triangles: np.ndarray, turn: np.ndarray
    ) -> Strands:
        """Strands on the posed skin; `turn` is the head's rotation."""
        root = at(skin, triangles, self.where, self.bary)
        out = unit(at(normals, triangles, self.where, self.bary))
        along = self.direction @ turn.T
        along = unit(along - np.einsum("ni,ni->n", along, out)[:, None] * out)
        start = unit(along + self.lift[:, None] * out)
        share = np.linspace(0, 1, POINTS)[None, :, None]
        bend = (self.bend @ turn.T)[:, None]
        path = start[:, None] * share + bend * share**2
        points = root[:, None] - 0.003 * out[:, None] + path * self.length[:, None, None]
        return Strands(points, self.colour, self.width, np.repeat(out[:, None], POINTS, axis=1))


def _tint(person: Person, n: int, rng: np.random.Generator, grey: float) -> np.ndarray:
    colour = np.asarray(person.hair_colour) * np.exp(0.15 * rng.standard_normal((n, 1)))
    share = np.where(rng.random(n) < grey, 1.0, 0.75 * grey)[:, None]
    colour = colour * (1 - share) + 0.85 * GREY * np.exp(0.12 * rng.standard_normal((n, 1))) * share
    return np.clip(colour, 0.003, 0.8)


def root_brows(person: Person, body: BodyData) -> RootedHair:
    """Eyebrows: hairs that lean outwards, upright near the nose and flat at the tail."""
    rng = stream(0, "renderer-brows", person.index)
    canonical = body.canonical
    weight = brow_density(person, canonical[body.triangles].mean(axis=1))
    n = int(900 + 1300 * person.brow_thickness)
    where, bary = sample_surface(canonical, body.triangles, weight, n, rng)
    xyz = at(canonical, body.triangles, where, bary)
    kept = rng.random(n) < 0.06 + 0.94 * brow_density(person, xyz)
    where, bary, xyz = where[kept], bary[kept], xyz[kept]
    n = len(xyz)
    side = np.sign(xyz[:, 0])
    tail = smoothstep(0.10, 0.45, np.abs(xyz[:, 0]))
    above = xyz[:, 1] - brow_arch(person, xyz)
    up = 0.65 * (1 - tail) - 0.35 * tail - 6.0 * above * tail
    direction = np.stack([side * (0.35 + 0.65 * tail), up, np.zeros(n)], axis=1)
    direction += 0.20 * rng.standard_normal((n, 3))
    return RootedHair(
        where=where,
        bary=bary,
        direction=unit(direction),
        lift=np.full(n, 0.14),
        bend=np.tile([0.0, -0.12, 0.0], (n, 1)),
        length=(0.042 + 0.034 * rng.random(n)) * (1 - 0.25 * tail),
        width=np.full(n, 0.0030),
        colour=0.80 * _tint(person, n, rng, 0.40 * person.grey),
    )


def _on_lip(xyz: np.ndarray) -> np.ndarray:
    """1 where a beard is a moustache."""
    return (
        smoothstep(6.62, 6.68, xyz[:, 1])
        * smoothstep(1.1, 1.2, xyz[:, 2])
        * smoothstep(0.42, 0.34, np.abs(xyz[:, 0]))
    )


def root_beard(person: Person, body: BodyData) -> RootedHair | None:
    """The beard, or None."""
    if person.beard == "none":
        return None
    rng = stream(0, "renderer-beard", person.index, person.beard)
    canonical = body.canonical
    middle = canonical[body.triangles].mean(axis=1)
    weight = beard_density(person.beard, middle) * (1 + 0.9 * _on_lip(middle))
    n = BEARD_COUNT[person.beard]
    where, bary = sample_surface(canonical, body.triangles, weight, n, rng)
    xyz = at(canonical, body.triangles, where, bary)
    density = beard_density(person.beard, xyz)
    kept = rng.random(n) < density
    where, bary, xyz, density = where[kept], bary[kept], xyz[kept], density[kept]
    n = len(xyz)
    lip = _on_lip(xyz)
    direction = np.stack(
        [np.sign(xyz[:, 0]) * (0.15 + 0.85 * lip), -1.0 + 0.35 * lip, 0.15 - 0.15 * lip], axis=1
    )
    direction += 0.26 * rng.standard_normal((n, 3))
    length = BEARD_LENGTH[person.beard] * (0.55 + 0.75 * rng.random(n)) * (0.25 + 0.75 * density)
    length *= 1 - 0.30 * lip
    # Cheeks are shorter than the chin.
    length *= 0.55 + 0.45 * smoothstep(6.95, 6.45, xyz[:, 1])
    return RootedHair(
        where=where,
        bary=bary,
        direction=unit(direction),
        lift=np.full(n, 0.45 if person.beard != "stubble" else 0.8),
        bend=np.tile([0.0, -0.35, -0.10], (n, 1)) + 0.18 * rng.standard_normal((n, 3)),
        length=length,
        width=np.full(n, 0.0040 if person.beard != "stubble" else 0.0026),
        colour=0.85 * _tint(person, n, rng, person.grey),
    )
