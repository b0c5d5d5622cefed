"""Reading the YAML tables in `assets/`: each fault is one clear sentence that names the place."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

from generation.presets import ASSETS
from remem_dataset.errors import RememError

Rgb = tuple[float, float, float]

_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def srgb_to_linear(value: float) -> float:
    """One sRGB channel in [0, 1] to linear light (IEC 61966-2-1)."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def read_table(name: str, folder: Path | None = None) -> dict[str, Any]:
    """The mapping in `assets/<name>.yaml`.

    Args:
        name: file stem.
        folder: where to look instead of `assets/`.

    Raises:
        RememError: the file is missing, is no YAML, or is no mapping.
    """
    path = (folder or ASSETS) / f"{name}.yaml"
    try:
        table = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = str(error).splitlines()[0]
        raise RememError(f"Cannot read the table {path.name}: {reason}.") from None
    return mapping(table, path.name)


def mapping(value: Any, where: str, keys: Collection[str] | None = None) -> dict[str, Any]:
    """`value` if it is a non-empty mapping with exactly the given keys.

    Args:
        value: what the YAML holds there.
        where: how to call the place in an error.
        keys: the keys that must be there, and no others; None allows any.

    Raises:
        RememError: not a mapping, an unknown key, or a missing one.
    """
    if not isinstance(value, dict) or not value:
        raise RememError(f"{where} is {value!r}; it must be a mapping that is not empty.")
    if keys is not None:
        known = ", ".join(keys)
        for key in value:
            if key not in keys:
                raise RememError(f"{where} has the unknown key {key!r}; the keys are {known}.")
        for key in keys:
            if key not in value:
                raise RememError(f"{where} lacks the key {key!r}; the keys are {known}.")
    return value


def listing(value: Any, where: str) -> list[Any]:
    """`value` if it is a list with at least one entry.

    Raises:
        RememError: not a list, or an empty one.
    """
    if not isinstance(value, list) or not value:
        raise RememError(f"{where} is {value!r}; it must be a list with at least one entry.")
    return value


def number(value: Any, where: str, low: float = 0.0, high: float = 1.0) -> float:
    """`value` as a float in [low, high].

    Raises:
        RememError: not a number, or out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise RememError(f"{where} is {value!r}; it must be a number between {low:g} and {high:g}.")
    return float(value)


def span(value: Any, where: str, low: float = 0.0, high: float = 1.0) -> tuple[float, float]:
    """`value` as an ascending pair of numbers in [low, high].

    Raises:
        RememError: not two numbers, out of range, or descending.
    """
    if not isinstance(value, list) or len(value) != 2:
        raise RememError(f"{where} is {value!r}; it must be a pair [from, to].")
    first, last = (number(v, where, low, high) for v in value)
    if first > last:
        raise RememError(f"{where} is {value!r}; the first number must not exceed the second.")
    return first, last


def text(value: Any, where: str, allowed: Collection[str] | None = None) -> str:
    """`value` as a non-empty string, one of `allowed` if given.

    Raises:
        RememError: anything else.
    """
    if not isinstance(value, str) or not value:
        raise RememError(f"{where} is {value!r}; it must be a text.")
    if allowed is not None and value not in allowed:
        raise RememError(f"{where} is {value!r}; it must be one of {', '.join(sorted(allowed))}.")
    return value


def colour(value: Any, where: str) -> Rgb:
    """A linear RGB triple from "#rrggbb" (sRGB, as a colour picker shows it) or three linear numbers.

    Returns:
        (red, green, blue), linear, in [0, 1].

    Raises:
        RememError: neither form, or a channel out of range.
    """
    if isinstance(value, str) and _HEX.fullmatch(value):
        red, green, blue = (srgb_to_linear(int(value[i : i + 2], 16) / 255) for i in (1, 3, 5))
        return red, green, blue
    if isinstance(value, list | tuple) and len(value) == 3:
        red, green, blue = (number(v, where) for v in value)
        return red, green, blue
    raise RememError(f"{where} is {value!r}; a colour is '#rrggbb' or three numbers between 0 and 1.")
