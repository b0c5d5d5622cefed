"""What one would say of a person at a glance, as numbers, and the shares of it in a population."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from generation.people.appearance import BEARDS, FRAMES, Appearance
from generation.people.person import Person

GLASSES = ("none", *FRAMES)
AGE_BANDS = ((18, 29), (30, 44), (45, 59), (60, 80))
TONES = ("lightest", "light", "dark", "darkest")


def features(tables: Appearance, person: Person) -> np.ndarray:
    """The vector in which persons are kept apart, each part scaled by its weight in the table `distinct`.

    Args:
        tables: the tables the person was drawn from.
        person: who.

    Returns:
        (features,) float64.
    """
    weight = tables.distinct
    face = [
        person.face_targets.get((f.high or f.low)[0], 0.0) - person.face_targets.get((f.low or ("",))[0], 0.0)
        for f in tables.features
    ]
    shapes = [float(stem in person.face_targets) for stem in tables.head_shapes.stems]
    silhouettes = list(dict.fromkeys(tables.silhouettes.values()))
    parts = {
        "tone": [person.melanin],
        "ancestry": person.ancestry,
        "hair_colour": np.array(person.hair_colour) ** (1 / 2.2) * (1 - person.grey) + 0.8 * person.grey,
        "brow": [person.brow_thickness],
        "freckles": [person.freckles],
        "weight": [person.weight],
        "face": np.array(face) / [f.max for f in tables.features] / np.sqrt(len(face)),
        "head_shape": shapes,
        "beard": _one_hot(person.beard, BEARDS),
        "glasses": _one_hot(person.glasses, GLASSES),
        "hair_style": np.concatenate(
            [
                _one_hot(person.hair_style, list(tables.styles)),
                _one_hot(tables.silhouettes[person.hair_style], silhouettes),
            ]
        ),
    }
    return np.concatenate([weight[name] * np.asarray(part, dtype=np.float64) for name, part in parts.items()])


def balance(persons: Iterable[Person]) -> dict[str, dict[str, float]]:
    """How a population is made up, for the card.

    Args:
        persons: the people.

    Returns:
        trait -> value -> share in [0, 1]; the shares of a trait sum to 1. The traits are gender, age (bands
        of years), skin_tone (quarters of the melanin scale), hair_style, beard (of the men), glasses and
        earrings.
    """
    persons = list(persons)
    men = [p for p in persons if p.gender == "male"]
    return {
        "gender": _shares([p.gender for p in persons], ("female", "male")),
        "age": _shares([age_band(p) for p in persons], [f"{a}–{b}" for a, b in AGE_BANDS]),
        "skin_tone": _shares([tone_name(p) for p in persons], TONES),
        "hair_style": _shares([p.hair_style for p in persons], sorted({p.hair_style for p in persons})),
        "beard": _shares([p.beard for p in men], BEARDS),
        "glasses": _shares([p.glasses for p in persons], GLASSES),
        "earrings": _shares([p.earrings for p in persons], ("none", "stud", "hoop")),
    }


def age_band(person: Person) -> str:
    """The person's age as a band of years, such as "30–44"."""
    return next(f"{a}–{b}" for a, b in AGE_BANDS if person.age <= b)


def tone_name(person: Person) -> str:
    """The quarter of the melanin scale in which the person's skin lies, in words."""
    return TONES[min(3, int(person.melanin * 4))]


def _shares(values: list[str], names: Sequence[str]) -> dict[str, float]:
    counts = Counter(values)
    return {name: counts[name] / len(values) if values else 0.0 for name in names}


def _one_hot(value: str, names: Sequence[str]) -> np.ndarray:
    return np.eye(len(names))[list(names).index(value)]
