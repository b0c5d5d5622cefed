"""The groups that a picture belongs to: by who is in it, and by how it was taken."""

from __future__ import annotations

from typing import Any

from generation.people.features import AGE_BANDS, TONES

#: Field of a `Person` -> what the report calls it.
_WORDS = {"gender": "gender", "hair_style": "hair", "beard": "beard", "glasses": "glasses"}
_YAWS = ((0, 8), (8, 18), (18, 30), (30, 90))
_YAW_NAMES = tuple(f"{low}–{high}°" for low, high in _YAWS)
#: Values whose order is not that of the alphabet.
_ORDERS = {
    "skin tone": TONES,
    "role": ("anchor", "train", "seen", "unseen"),
    "yaw": _YAW_NAMES,
    "framing": ("close-up", "portrait", "bust", "half-body"),
}


def traits_of(
    person: dict[str, Any], role: str, view: dict[str, Any], own_pictures: bool = False
) -> dict[str, str]:
    """The value of each trait of one picture; a trait that nothing is known of is left out.

    Args:
        person: the fields of its `Person`, or some of them.
        role: "anchor", "train", "seen" or "unseen".
        view: the fields of its `View`, or some of them.
        own_pictures: whether the faces come from the user's pictures. Looks, head turn and accessories are
            then those of the pictures, and not what was drawn by lot.
    """
    traits = {} if own_pictures else _looks(person)
    traits["role"] = role
    yaw = view.get("yaw")
    if isinstance(yaw, int | float) and not own_pictures:
        names = (name for name, (_, high) in zip(_YAW_NAMES, _YAWS, strict=True) if abs(yaw) <= high)
        traits["yaw"] = next(names, _YAW_NAMES[-1])
    for name in ("framing", "occluder") if own_pictures else ("framing", "accessory", "occluder"):
        if isinstance(view.get(name), str):
            traits[name] = view[name]
    return traits


def place(trait: str, value: str) -> tuple[int, str]:
    """Key that sorts a trait's values as one would list them."""
    order = _ORDERS.get(trait, ())
    return (order.index(value) if value in order else len(order)), value


def _looks(person: dict[str, Any]) -> dict[str, str]:
    traits = {trait: person[key] for key, trait in _WORDS.items() if isinstance(person.get(key), str)}
    age, tone = person.get("age"), person.get("melanin")
    if isinstance(age, int | float):
        traits["age"] = next((f"{a}–{b}" for a, b in AGE_BANDS if age <= b), "81 and over")
    if isinstance(tone, int | float):
        traits["skin tone"] = TONES[min(3, int(tone * 4))]
    return traits
