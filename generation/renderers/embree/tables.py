"""Hair styles and expressions known to the assets, checked by name."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import yaml

from remem_dataset.errors import RememError

ASSETS = Path(__file__).resolve().parents[3] / "assets"


@functools.lru_cache(maxsize=4)
def _table(file: str, key: str) -> dict[str, Any]:
    return yaml.safe_load((ASSETS / file).read_text(encoding="utf-8"))[key]


def hair_styles() -> list[str]:
    """Names in `assets/hair.yaml`."""
    return list(_table("hair.yaml", "styles"))


def check_choice(what: str, name: str, allowed: list[str]) -> str:
    """Return `name` if it is allowed.

    Raises:
        RememError: it is not.
    """
    if name not in allowed:
        raise RememError(f"There is no {what} {name!r}; allowed are {', '.join(allowed)}.")
    return name


def expression_units(name: str, strength: float) -> dict[str, float]:
    """Face units of an expression at a strength, sides spelt out.

    Args:
        name: expression in `assets/expressions.yaml`.
        strength: factor on the table's amounts.

    Raises:
        RememError: there is no such expression.
    """
    expressions = _table("expressions.yaml", "expressions")
    check_choice("expression", name, list(expressions))
    units: dict[str, float] = {}
    for unit, amount in expressions[name]["units"].items():
        sides = [unit[:-1] + side for side in ("Left", "Right")] if unit.endswith("*") else [unit]
        units.update({side: amount * strength for side in sides})
    return units


def hair_table(name: str) -> dict[str, Any]:
    """Everything `assets/hair.yaml` says about a style."""
    return _table("hair.yaml", "styles")[name]
