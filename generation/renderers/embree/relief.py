"""The skin's relief as a height field over the atlas: pores, creases, wrinkles that come with age.

Heights are in decimetres. What is stored is the tilt −∇h of the normal along the surface (Blinn 1978,
"Simulation of wrinkled surfaces"), together with how deep in a fold a texel lies, which darkens and reddens
the skin there.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from generation.people.person import Person
from generation.people.tables import listing, mapping, number, read_table, span, text
from generation.renderers.embree.atlas import SIZE, Atlas
from generation.renderers.embree.noise import noise
from generation.renderers.embree.surface import smoothstep
from generation.streams import stream
from remem_dataset.errors import RememError

PATCHES = ("face", "neck")


@dataclass(frozen=True)
class Wrinkle:
    """A fold along a curve, the same on both sides of the face.

    Attributes:
        name: what it is called.
        patch: "face" (curve over canonical x, y) or "neck".
        points: (k, 2) the curve on the right half; drawn mirrored as well where `mirrored`.
        width: half width in decimetres.
        depth: in decimetres when fully grown.
        ages: the fold begins to show at the first age and is fully grown at the second.
        least: share of the depth that every adult has.
        mirrored: whether there is one on either side.
    """

    name: str
    patch: str
    points: np.ndarray
    width: float
    depth: float
    ages: tuple[float, float]
    least: float
    mirrored: bool

    def amount(self, age: float) -> float:
        """Share of the full depth at an age."""
        grown = float(np.clip((age - self.ages[0]) / (self.ages[1] - self.ages[0]), 0, 1))
        return self.least + (1 - self.least) * grown


@functools.lru_cache(maxsize=1)
def load_wrinkles() -> tuple[Wrinkle, ...]:
    """The table `assets/wrinkles.yaml`.

    Raises:
        RememError: the table breaks its form.
    """
    table = mapping(read_table("wrinkles"), "assets/wrinkles.yaml", ("wrinkles",))
    return tuple(
        _wrinkle(row, f"wrinkles[{k}]") for k, row in enumerate(listing(table["wrinkles"], "wrinkles"))
    )


def _wrinkle(value: object, where: str) -> Wrinkle:
    row = mapping(value, where, ("name", "patch", "points", "width", "depth", "ages", "least", "mirrored"))
    points = [_point(p, f"{where}.points") for p in listing(row["points"], f"{where}.points")]
    if len(points) < 2:
        raise RememError(f"{where}.points of assets/wrinkles.yaml has {len(points)} points; a curve needs 2.")
    return Wrinkle(
        name=text(row["name"], f"{where}.name"),
        patch=text(row["patch"], f"{where}.patch", PATCHES),
        points=np.array(points, dtype=np.float32),
        width=number(row["width"], f"{where}.width", 0.001, 0.5),
        depth=number(row["depth"], f"{where}.depth", -0.1, 0.1),
        ages=span(row["ages"], f"{where}.ages", 0, 120),
        least=number(row["least"], f"{where}.least"),
        mirrored=bool(row["mirrored"]),
    )


def _point(value: object, where: str) -> tuple[float, float]:
    pair = listing(value, where)
    if len(pair) != 2:
        raise RememError(f"{where} holds {pair!r}; a point is a pair of numbers.")
    return number(pair[0], where, -10, 10), number(pair[1], where, -10, 10)


@dataclass(frozen=True, eq=False)
class Relief:
    """What the relief does to each texel: tilt (n, 3) of the normal, and depth (n,) in a fold in [0, 1]."""

    tilt: np.ndarray
    fold: np.ndarray


def curve_distance(points: np.ndarray, curve: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance (n,) of (n, 2) points to a polyline of k points, and the place (n,) of the foot in [0, 1]."""
    best = np.full(len(points), np.inf, dtype=np.float32)
    place = np.zeros(len(points), dtype=np.float32)
    for k in range(len(curve) - 1):
        start, step = curve[k], curve[k + 1] - curve[k]
        t = np.clip(((points - start) @ step) / max(float(step @ step), 1e-12), 0, 1)
        away = np.hypot(points[:, 0] - start[0] - t * step[0], points[:, 1] - start[1] - t * step[1])
        nearer = away < best
        best = np.where(nearer, away, best)
        place = np.where(nearer, (k + t) / (len(curve) - 1), place)
    return best, place


def wrinkles(person: Person, xyz: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Height (n,) in decimetres and fold (n,) of all wrinkles at canonical positions (n, 3)."""
    height = np.zeros(len(xyz), dtype=np.float32)
    fold = np.zeros(len(xyz), dtype=np.float32)
    seed = person.index * 7
    rng = stream(0, "renderer-wrinkles", person.index)
    near = np.flatnonzero(
        (xyz[:, 2] > 0) & (xyz[:, 1] < 8.1) & (xyz[:, 1] > 5.2) & (np.abs(xyz[:, 0]) < 0.85)
    )
    xyz = xyz[near]
    # Everybody's lines run a little differently: the curves stay, the ground under them is bent.
    bend = np.stack([noise(xyz, 0.20, seed + 41, 2), noise(xyz, 0.20, seed + 42, 2)], axis=1) * 0.012
    broken = np.clip(0.80 + 0.35 * noise(xyz, 0.12, seed + 43, 2), 0.15, 1.2)
    ground = xyz[:, :2] + bend
    patches = {
        "face": np.flatnonzero((xyz[:, 2] > 0.60) & (xyz[:, 1] > 6.05)),
        "neck": np.flatnonzero(xyz[:, 1] < 6.25),
    }
    where = {patch: ground[rows] for patch, rows in patches.items()}
    for wrinkle in load_wrinkles():
        # Drawn for every wrinkle, shown or not, so that growing older changes no other line.
        own = np.clip(1 + 0.35 * rng.standard_normal(2), 0.3, 1.8)
        shift = 0.012 * rng.standard_normal((2, 2))
        amount = wrinkle.amount(person.age + 5 * (own[0] - 1))
        if amount <= 0.01:
            continue
        there = where[wrinkle.patch]
        for side in (0, 1) if wrinkle.mirrored else (0,):
            curve = wrinkle.points + (shift[side] if wrinkle.mirrored else shift[0])
            curve = curve * ([-1.0, 1.0] if side else [1.0, 1.0])
            low, high = curve.min(axis=0) - 3 * wrinkle.width, curve.max(axis=0) + 3 * wrinkle.width
            close = (
                (there[:, 0] > low[0])
                & (there[:, 0] < high[0])
                & (there[:, 1] > low[1])
                & (there[:, 1] < high[1])
            )
            close = np.flatnonzero(close)
            if not len(close):
                continue
            away, place = curve_distance(there[close], curve.astype(np.float32))
            rows = patches[wrinkle.patch][close]
            tapered = smoothstep(0.0, 0.25, place) * smoothstep(1.0, 0.75, place)
            strength = amount * own[1] * tapered * broken[rows]
            profile = np.exp(-((away / wrinkle.width) ** 2)) * strength
            height[near[rows]] -= wrinkle.depth * profile
            if wrinkle.depth > 0:
                fold[near[rows]] = np.maximum(fold[near[rows]], profile * min(1.0, wrinkle.depth / 0.012))
    return height, fold


def make_relief(person: Person, atlas: Atlas, lips: np.ndarray) -> Relief:
    """Relief of a person's skin.

    Args:
        person: index, age and gender matter.
        atlas: the texels.
        lips: (n,) how much of a lip each texel is.
    """
    xyz = atlas.xyz
    seed = person.index * 7
    height, fold = wrinkles(person, xyz)
    old = float(np.clip((person.age - 40) / 35, 0, 1))
    # Pores are coarser on nose and cheeks; old skin is leathery at a larger scale.
    zone = np.exp(-(((np.abs(xyz[:, 0]) - 0.28) / 0.32) ** 2) - ((xyz[:, 1] - 6.95) / 0.28) ** 2)
    zone = zone * (xyz[:, 2] > 0.9)
    height += (0.00032 + 0.0003 * zone + 0.0002 * old) * noise(xyz, 0.020, seed + 29)
    height += (0.00020 + 0.0016 * old) * noise(xyz, 0.075, seed + 30, 2)
    crease = noise(xyz * np.array([3.2, 0.5, 0.5], np.float32), 0.075, seed + 31)
    height += lips * (0.0016 + 0.0012 * old) * crease
    if person.scar:
        height += 0.006 * scar_profile(person, xyz)
    slope = _gradient(height, atlas)
    return Relief(tilt=_limited(-slope, 0.65), fold=fold)


def scar_profile(person: Person, xyz: np.ndarray) -> np.ndarray:
    """Nearness (n,) in [0, 1] to the person's scar."""
    x, y, length, angle = person.scar
    turn = np.radians(angle)
    half = length / 2 * np.array([np.cos(turn), np.sin(turn)])
    middle, bend = np.array([x, y]), 0.12 * np.array([-half[1], half[0]])
    curve = np.array([middle - half, middle + bend, middle + half], np.float32)
    rows = np.flatnonzero((np.hypot(xyz[:, 0] - x, xyz[:, 1] - y) < length) & (xyz[:, 2] > 0.4))
    profile = np.zeros(len(xyz), dtype=np.float32)
    away, place = curve_distance(xyz[rows, :2], curve)
    width = 0.013 * (0.6 + 0.4 * smoothstep(0, 0.3, place) * smoothstep(1, 0.7, place))
    profile[rows] = np.exp(-((away / width) ** 2))
    return profile


def _gradient(height: np.ndarray, atlas: Atlas) -> np.ndarray:
    """Surface gradient (n, 3) of per-texel heights."""
    image = atlas.spread(height).ravel()
    at = atlas.texels
    row, column = at // SIZE, at % SIZE
    right = image[row * SIZE + np.minimum(column + 1, SIZE - 1)]
    left = image[row * SIZE + np.maximum(column - 1, 0)]
    above = image[np.minimum(row + 1, SIZE - 1) * SIZE + column]
    below = image[np.maximum(row - 1, 0) * SIZE + column]
    return atlas.across * ((right - left) / 2)[:, None] + atlas.down * ((above - below) / 2)[:, None]


def _limited(vectors: np.ndarray, longest: float) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors * (longest / np.maximum(length, longest))
