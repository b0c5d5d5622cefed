"""How a population is made up: the shares that the card prints, so that anybody can see who is in it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

#: Age bands in years, both ends included.
AGE_BANDS = ((18, 29), (30, 44), (45, 59), (60, 80))

_TONES = ("lightest quarter", "second quarter", "third quarter", "darkest quarter")

_UNKNOWN = "not stated"


def age_band(age: float) -> str:
    """The band that an age lies in: 33 -> "30–44"."""
    for low, high in AGE_BANDS:
        if low <= age <= high:
            return f"{low}–{high}"
    return _UNKNOWN


def tone_quarter(melanin: float) -> str:
    """The quarter of the scale of skin tones, from 0 (palest) to 1 (darkest), that a tone lies in."""
    return _TONES[min(max(int(melanin * 4), 0), 3)] if 0.0 <= melanin <= 1.0 else _UNKNOWN


def population_balance(appearances: Iterable[str]) -> list[dict[str, str]]:
    """Shares of people by gender, age, skin tone, hair, glasses and beard.

    Args:
        appearances: the column `appearance` of the profiles: JSON of what each person looks like.

    Returns:
        {"trait", "shares"} for each trait; `shares` reads "female 50 % (10), male 50 % (10)", the commonest
        first, except ages and tones, which keep their order. Beards are counted among the men.
    """
    people = [json.loads(text) for text in appearances]
    men = [person for person in people if person.get("gender") == "male"]
    ages = [f"{low}–{high}" for low, high in AGE_BANDS]
    table = [
        ("gender", _shares([_word(p, "gender") for p in people])),
        ("age in years", _shares([_banded(p, "age", age_band) for p in people], ages)),
        ("skin tone", _shares([_banded(p, "melanin", tone_quarter) for p in people], _TONES)),
        ("hair", _shares([_word(p, "hair_style") for p in people])),
        ("glasses", _shares([_word(p, "glasses") for p in people])),
        ("beard (men)", _shares([_word(p, "beard") for p in men])),
    ]
    return [{"trait": trait, "shares": shares} for trait, shares in table]


def _word(person: dict[str, Any], key: str) -> str:
    return str(person.get(key, _UNKNOWN)).replace("_", " ")


def _banded(person: dict[str, Any], key: str, band) -> str:
    value = person.get(key)
    return band(value) if isinstance(value, (int, float)) else _UNKNOWN


def _shares(values: list[str], order: Iterable[str] = ()) -> str:
    counts = Counter(values)
    names = list(order) or sorted(counts, key=lambda name: (-counts[name], name))
    names += sorted(counts.keys() - set(names))
    return (
        ", ".join(f"{name} {counts[name] / len(values):.0%} ({counts[name]})" for name in names) or "nobody"
    )
