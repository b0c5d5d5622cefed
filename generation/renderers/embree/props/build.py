"""Furniture and things by kind.

Furniture is placed by the middle of its upper edge, what stands on it or on the floor by its base.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from generation.renderers.embree.props.shapes import Piece, box, lathe, leaf, merged, tilt, tube, turn
from generation.renderers.embree.surface import Surface, unit
from generation.renderers.embree.tables import check_choice
from generation.views.view import Prop

Rgb = tuple[float, float, float]
Builder = Callable[[float, Rgb, np.random.Generator], list[Piece]]

STEEL: Rgb = (0.30, 0.30, 0.31)
EARTH: Rgb = (0.06, 0.04, 0.03)
PAPER: Rgb = (0.80, 0.77, 0.70)


def darker(colour: Rgb, share: float) -> Rgb:
    """The colour at a share of its brightness."""
    red, green, blue = colour
    return red * share, green * share, blue * share


def _table(size: float, colour: Rgb, rng: np.random.Generator) -> list[Piece]:
    deep = 3.4
    pieces = [box((0, -0.14, 0), (size, 0.28, deep), colour, "wood", 0.06)]
    pieces.append(box((0, -0.48, 0), (size * 0.94, 0.4, deep * 0.86), darker(colour, 0.8), "wood"))
    for x in (-0.45, 0.45):
        for z in (-0.4, 0.4):
            pieces.append(box((x * size, -3.6, z * deep), (0.45, 6.5, 0.45), darker(colour, 0.85), "wood"))
    return pieces


def _counter(size: float, colour: Rgb, rng: np.random.Generator) -> list[Piece]:
    pieces = [box((0, -0.16, 0.1), (size, 0.32, 3.4), darker(colour, 1.1), "wood", 0.05)]
    boards = max(2, int(size / 1.1))
    for k in range(boards):
        x = (k + 0.5) / boards * size - size / 2
        shade = 0.75 + 0.12 * rng.random()
        board = (size / boards * 0.97, 6.0, 2.8)
        pieces.append(box((x, -3.3, 0), board, darker(colour, shade), "wood"))
    return pieces


def _chair(size: float, colour: Rgb, rng: np.random.Generator) -> list[Piece]:
    """Seen from behind: what shows is the back."""
    half, high = size / 2, size * 1.25
    pieces = []
    for x in (-half, half):
        pieces.append(box((x, -high, 0.0), (0.26, high * 2, 0.26), darker(colour, 0.9), "wood", 0.1))
    for k in range(3):
        y = -0.32 - k * size * 0.30
        pieces.append(box((0, y, -0.02), (size, 0.46 if k else 0.60, 0.16), colour, "wood", 0.07))
    pieces.append(box((0, -high * 1.05, -half), (size * 1.08, 0.24, size), colour, "wood", 0.1))
    return [p.turned(turn(float(rng.uniform(-14, 14)))) for p in pieces]


def _sofa(size: float, colour: Rgb, rng: np.random.Generator) -> list[Piece]:
    pieces = [box((0, -2.0, -0.4), (size, 4.0, 1.3), darker(colour, 0.92), "cloth", 0.45)]
    cushions = 3
    for k in range(cushions):
        x = (k - 1) * size / cushions * 0.97
        lean = tilt(9 + float(rng.uniform(-2, 2)))
        cushion = box((x, -1.9, 0.45), (size / cushions * 0.96, 3.3, 0.9), colour, "cloth", 0.42)
        pieces.append(cushion.turned(lean, (x, -3.4, 0.4)))
    for x in (-1, 1):
        pieces.append(box((x * (size / 2 + 0.3), -2.9, 1.6), (1.3, 3.4, 4.6), colour, "cloth", 0.5))
    pieces.append(box((0, -4.3, 2.2), (size, 1.6, 4.2), colour, "cloth", 0.5))
    return pieces


def _bench(size: float, colour: Rgb, rng: np.random.Generator) -> list[Piece]:
    pieces = []
    for k in range(4):
        shade = 0.85 + 0.2 * rng.random()
        pieces.append(box((0, -0.3 - 0.75 * k, 0.08 * k), (size, 0.52, 0.2), darker(colour, shade), "wood"))
    for k in range(3):
        pieces.append(box((0, -3.7, 0.9 + 0.75 * k), (size, 0.2, 0.6), colour, "wood"))
    for x in (-0.46, 0.0, 0.46):
        pieces.append(box((x * size, -2.9, -0.15), (0.3, 5.6, 0.2), (0.03, 0.03, 0.032), "metal"))
    return pieces


def _fence(size: float, colour: Rgb, rng: np.random.Generator) -> list[Piece]:
    pieces = []
    for y in (-0.9, -3.2):
        pieces.append(box((0, y, -0.14), (size, 0.5, 0.16), darker(colour, 0.85), "wood"))
    pales = max(3, int(size / 1.15))
    for k in range(pales):
        x = ((k + 0.5) / pales - 0.5) * size
        shade = 0.85 + 0.25 * rng.random()
        drop = float(rng.uniform(0, 0.12))
        pieces.append(box((x, -3.0 - drop, 0), (0.62, 6.0, 0.14), darker(colour, shade), "wood"))
    return pieces


def _plant(size: float, colour: Rgb, rng: np.random.Generator) -> list[Piece]:
    pot, wide = 0.26 * size, 0.17 * size
    profile = [(0.0, 0.0), (0.72 * wide, 0.0), (0.74 * wide, 0.05), (wide, pot), (1.06 * wide, pot * 1.02)]
    profile += [(0.96 * wide, pot * 1.02), (0.92 * wide, pot * 0.9), (0.0, pot * 0.88)]
    pieces = [lathe((0, 0, 0), profile, colour, "glazed")]
    pieces.append(lathe((0, pot * 0.89, 0), [(0.9 * wide, 0.0), (0.0, 0.04)], EARTH, "matt"))
    broad = rng.random() < 0.5
    green = np.array([0.045, 0.14, 0.035]) * rng.uniform(0.8, 1.5)
    count = 26 if broad else 38
    for k in range(count):
        angle = 2.399963 * k + rng.uniform(-0.3, 0.3)
        rise = (k + 0.5) / count
        height = pot + size * (0.05 + 0.50 * rise**1.2)
        reach = 0.04 * size
        base = np.array([reach * np.cos(angle), height, reach * np.sin(angle)])
        steep = rng.uniform(0.2, 0.7) + 1.1 * rise
        direction = unit(np.array([np.cos(angle), steep, np.sin(angle)]))
        length = size * rng.uniform(0.20, 0.32) * (1.1 - 0.35 * rise)
        width = length * (0.42 if broad else 0.16)
        tint = green * rng.uniform(0.75, 1.35) * np.array([rng.uniform(0.9, 1.5), 1.0, 1.0])
        pieces.append(leaf(base, direction, length, width, rng.uniform(0.15, 0.6), tint))
    stem = np.stack([np.zeros(6), np.linspace(pot * 0.8, pot + 0.56 * size, 6), np.zeros(6)], axis=1)
    pieces.append(tube(stem, 0.015 * size, (0.10, 0.09, 0.04), "matt"))
    return pieces


def _lamp(size: float, colour: Rgb, rng: np.random.Generator) -> list[Piece]:
    """A standing lamp that is on: its shade reflects more than it receives."""
    shade = 0.20 * size
    pole = np.stack([np.zeros(4), np.linspace(0.0, size * 0.82, 4), np.zeros(4)], axis=1)
    pieces = [tube(pole, 0.008 * size + 0.05, STEEL, "metal")]
    pieces.append(lathe((0, 0, 0), [(0.16 * size, 0.0), (0.15 * size, 0.2), (0.1, 0.3)], STEEL, "metal"))
    glow = (2.6, 2.1, 1.35)
    profile = [(0.15 * size, size - shade), (0.105 * size, size)]
    return [*pieces, lathe((0, 0, 0), profile, glow, "cloth")]


def _cup(size: float, colour: Rgb, rng: np.random.Generator) -> list[Piece]:
    r = 0.40 * size
    profile = [(0.0, 0.0), (0.78 * r, 0.0), (0.82 * r, 0.05 * size), (0.97 * r, 0.5 * size), (r, 0.97 * size)]
    profile += [(0.98 * r, size), (0.92 * r, 0.97 * size), (0.88 * r, 0.86 * size)]
    inside = [(0.89 * r, 0.86 * size), (0.0, 0.855 * size)]
    angle = np.linspace(-1.35, 1.35, 12)
    side = 1 if rng.random() < 0.5 else -1
    handle = np.stack(
        [
            side * (0.9 * r + 0.30 * size * np.cos(angle)),
            0.52 * size + 0.28 * size * np.sin(angle),
            0 * angle,
        ],
        axis=1,
    )
    return [
        lathe((0, 0, 0), profile, colour, "glazed"),
        lathe((0, 0, 0), inside, (0.05, 0.025, 0.012), "glazed"),
        tube(handle, 0.055 * size, colour, "glazed"),
    ]


def _laptop(size: float, colour: Rgb, rng: np.random.Generator) -> list[Piece]:
    """Seen from behind: the lid's back."""
    shell = (0.42, 0.43, 0.44) if rng.random() < 0.7 else (0.05, 0.05, 0.055)
    lid = box((0, 0.34 * size, 0), (size, 0.66 * size, 0.07), shell, "metal", 0.06)
    mark = lathe((0, 0, 0), [(0.06 * size, 0.0), (0.0, 0.01)], darker(shell, 0.35), "glazed")
    mark = mark.turned(np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]]))
    middle = np.array([0, 0.36 * size, 0.045])
    mark = Piece(mark.vertices + middle, mark.triangles, mark.normals, mark.colour, "glazed")
    base = box((0, 0.05, -0.36 * size), (size, 0.10, 0.70 * size), shell, "metal", 0.04)
    lean = tilt(-16)
    around = turn(float(rng.uniform(-12, 12)))
    return [p.turned(around) for p in (lid.turned(lean), mark.turned(lean), base)]


def _books(size: float, colour: Rgb, rng: np.random.Generator) -> list[Piece]:
    pieces, height = [], 0.0
    shades = [colour, (0.22, 0.06, 0.05), (0.06, 0.10, 0.18), (0.42, 0.36, 0.22)]
    for k in rng.permutation(4)[:3]:
        thick = size * float(rng.uniform(0.10, 0.17))
        wide = size * float(rng.uniform(0.80, 1.0))
        cover = [box((0, height + thick / 2, 0), (wide, thick, 0.72 * size), shades[k], "matt", 0.03)]
        block = (wide * 0.985, thick * 0.72, 0.735 * size)
        cover.append(box((0, height + thick / 2, 0.01), block, PAPER, "matt", 0.01))
        around = turn(float(rng.uniform(-16, 16)))
        pieces += [p.turned(around) for p in cover]
        height += thick
    return pieces


_BUILDERS: dict[str, Builder] = {
    "table": _table,
    "chair": _chair,
    "sofa": _sofa,
    "bench": _bench,
    "counter": _counter,
    "plant": _plant,
    "lamp": _lamp,
    "cup": _cup,
    "laptop": _laptop,
    "books": _books,
    "fence": _fence,
}


def prop_kinds() -> list[str]:
    """The kinds that can be built."""
    return list(_BUILDERS)


def build_prop(prop: Prop, origin: np.ndarray, rng: np.random.Generator) -> Surface:
    """The surface of a prop.

    Args:
        prop: what and where. `size` is the width of furniture, laptop and books, and the height of plant,
            lamp and cup. `position` is the middle of the upper edge of furniture and of the base of other
            things.
        origin: (3,) world point that positions count from.
        rng: leaves, boards, slants.

    Raises:
        RememError: an unknown kind.
    """
    builder = _BUILDERS[check_choice("prop", prop.kind, prop_kinds())]
    return merged(builder(prop.size, prop.colour, rng), np.asarray(prop.position) + origin)
