"""The parameters of a hair style, and what the scalp shows between the hair: partings and braided rows."""

from __future__ import annotations

import functools
from dataclasses import dataclass, fields

import numpy as np

from generation.renderers.embree import tables
from generation.renderers.embree.surface import smoothstep
from remem_dataset.errors import RememError

COMBS = ("whorl", "side", "back", "curtain", "gather", "out", "forward", "rows")


@dataclass(frozen=True)
class Style:
    """How a hair style grows; lengths in decimetres.

    Attributes:
        comb: direction field, one of `COMBS`.
        count: strands at full quality.
        points: places along a strand.
        guides: strands that are grown; the others follow them.
        top: strand length on top of the head.
        sides: strand length at the hairline of sides and nape.
        volume: how far the outermost strands stand off the skin.
        curl: radius of curls.
        wavelength: length of one curl.
        flat: 1 for waves in one plane, 0 for round curls.
        clump: how strongly strands gather into locks towards their tips.
        frizz: how far single strands wander, as a share of their length.
        width: width of a strand.
        part: x of the parting, or empty for none.
        end_y: height at which hanging hair is cut.
        ragged: how unevenly the ends are cut, as a share of the length.
        fringe: whether front hair falls over the forehead (never lower than the brows).
        knot: centre of a bun or ponytail, else empty.
        knot_radius: its size.
        tail: length of the ponytail; 0 makes a bun.
        braids: number of braids; 0 for loose hair.
        braid_width: their thickness.
        braid_length: their length.
    """

    comb: str
    count: int = 14000
    points: int = 16
    guides: int = 700
    top: float = 0.5
    sides: float = 0.2
    volume: float = 0.15
    curl: float = 0.0
    wavelength: float = 0.5
    flat: float = 0.0
    clump: float = 0.5
    frizz: float = 0.02
    width: float = 0.0085
    part: tuple[float, ...] = ()
    end_y: float = 4.9
    ragged: float = 0.15
    fringe: bool = False
    knot: tuple[float, ...] = ()
    knot_radius: float = 0.0
    tail: float = 0.0
    braids: int = 0
    braid_width: float = 0.07
    braid_length: float = 2.5

    @property
    def hangs(self) -> bool:
        """Whether hair falls past the ears under its own weight."""
        return self.comb == "curtain"


@functools.lru_cache(maxsize=64)
def style_of(name: str) -> Style | None:
    """Parameters of a hair style; None for a shaven head.

    Raises:
        RememError: there is no such style, or its table has an unknown comb or key.
    """
    tables.check_choice("hair style", name, tables.hair_styles())
    grow = tables.hair_table(name).get("grow")
    if grow is None:
        return None
    known = {f.name for f in fields(Style)}
    for key in grow:
        if key not in known:
            raise RememError(f"hair.yaml: styles: {name}: grow has the unknown key {key!r}.")
    if grow.get("comb") not in COMBS:
        raise RememError(
            f"hair.yaml: styles: {name}: comb is {grow.get('comb')!r}; allowed are {', '.join(COMBS)}."
        )
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in grow.items()}
    if isinstance(values.get("part"), int | float):
        values["part"] = (float(values["part"]),)
    return Style(**values)


def part_line(part: float, xyz: np.ndarray) -> np.ndarray:
    """Signed distance (n,) across the parting, which wanders a little, at canonical positions."""
    return xyz[:, 0] - part - 0.018 * np.sin(5.1 * xyz[:, 2] + 1.3) - 0.008 * np.sin(14.0 * xyz[:, 2])


def row_lines(braids: int, xyz: np.ndarray) -> np.ndarray:
    """Place (n,) across the rows of cornrows: whole numbers where the scalp shows between two rows."""
    # Rows fan out around an axis from the forehead to the nape.
    angle = np.arctan2(xyz[:, 0], np.maximum(xyz[:, 1] - 7.35, 0.02))
    return (angle / np.pi + 0.5) * braids


def bare_scalp(name: str, xyz: np.ndarray) -> np.ndarray:
    """How far the scalp shows (n,) in [0, 1] along the parting or between braids, at canonical positions."""
    style = style_of(name)
    if style is None:
        return np.zeros(len(xyz))
    if style.comb == "rows":
        across = row_lines(style.braids, xyz)
        return smoothstep(0.20, 0.08, np.abs(across - np.rint(across)))
    if not style.part:
        return np.zeros(len(xyz))
    away = np.abs(part_line(style.part[0], xyz))
    reach = smoothstep(-0.25, 0.10, xyz[:, 2]) * smoothstep(7.85, 8.0, xyz[:, 1])
    return reach * smoothstep(0.024, 0.006, away)
