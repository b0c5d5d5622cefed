"""What a colour is called: the basic colour terms, compared in CIELAB."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from generation.people.tables import Rgb, colour, listing, mapping, read_table

#: sRGB primaries with white point D65 to CIE XYZ (IEC 61966-2-1), each row divided by the white point.
_TO_XYZ = np.array(
    [
        [0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339 / 1.08883, 0.1191920 / 1.08883, 0.9503041 / 1.08883],
    ]
)


def cielab(rgb: Rgb) -> np.ndarray:
    """CIE 1976 L*a*b* of a linear RGB colour, (3,)."""
    xyz = _TO_XYZ @ np.asarray(rgb, dtype=float)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def colour_name(rgb: Rgb) -> tuple[str, float]:
    """The basic colour term for a colour, and how sure it is.

    Args:
        rgb: linear RGB in [0, 1].

    Returns:
        The term, and the distance (CIE76 ΔE) by which the next term is farther away.
    """
    lab = cielab(rgb)
    near = sorted((float(np.linalg.norm(e - lab, axis=1).min()), t) for t, e in _examples().items())
    return near[0][1], near[1][0] - near[0][0]


def colour_terms() -> list[str]:
    """All terms, in the table's order."""
    return list(_examples())


@functools.lru_cache(maxsize=2)
def _examples(folder: Path | None = None) -> dict[str, np.ndarray]:
    table = mapping(read_table("colours", folder), "colours.yaml")
    return {
        term: np.stack([cielab(colour(c, f"colours.yaml: {term}")) for c in listing(codes, term)])
        for term, codes in table.items()
    }
