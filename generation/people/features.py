"""What one would say of a person at a glance, as numbers."""

from __future__ import annotations

from collections.abc import Sequence

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


def _one_hot(value: str, names: Sequence[str]) -> np.ndarray:
    return np.eye(len(names))[list(names).index(value)]
