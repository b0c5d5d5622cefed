"""Framing, pose and what gets in the way: `assets/cameras.yaml`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.people.tables import listing, mapping, number, read_table, span, text
from generation.views.view import ACCESSORIES, OCCLUDERS
from remem_dataset.errors import RememError

#: What the pack of framings may be made of; a question may say "close-up".
FRAMINGS = ("close-up", "portrait", "bust", "half-body")

#: Largest share of the pictures in which each thing may occur: faces must stay easy to find.
LIMITS = {"half-body": 0.15, "sunglasses": 0.02, "accessory": 0.04, "occluded": 0.08, "blurred": 0.20}


@dataclass(frozen=True)
class Framing:
    """Ranges of camera distance and frame shift, in decimetres; `cards` of them lie in the pack."""

    id: str
    cards: int
    distance: tuple[float, float]
    shift_x: tuple[float, float]
    shift_y: tuple[float, float]


@dataclass(frozen=True)
class Pose:
    """Ranges of the head's and the eyes' angles in degrees; `yaw` bins are taken in turn."""

    yaw: tuple[tuple[float, float], ...]
    pitch: tuple[float, float]
    roll: tuple[float, float]
    gaze_yaw: tuple[float, float]
    gaze_pitch: tuple[float, float]
    eye_contact: float


@dataclass(frozen=True)
class Camera:
    """The whole table. `framings`, `accessories`, `occluders` and `blurred` are packs: one entry a card."""

    anchor: Framing
    anchor_expression: str
    framings: tuple[Framing, ...]
    pose: Pose
    expression_strength: tuple[float, float]
    accessories: tuple[str, ...]
    occluders: tuple[str, ...]
    blurred: tuple[bool, ...]
    blur_sigma: tuple[float, float]


def load_camera(expressions: Collection[str], folder: Path | None = None) -> Camera:
    """Read and check the table.

    Args:
        expressions: those that an anchor may show.
        folder: where the YAML file lies; None means `assets/`.

    Raises:
        RememError: an unknown key, a value out of range, or too large a share of something.
    """
    keys = ("anchor", "framings", "pose", "expression_strength", "accessories", "occluders", "blur")
    table = mapping(read_table("cameras", folder), "cameras.yaml", keys)
    where = "cameras.yaml: anchor"
    anchor = mapping(table["anchor"], where, ("distance", "shift_x", "shift_y", "expression"))
    frame = {k: v for k, v in anchor.items() if k != "expression"}
    kinds = [
        _framing(value, f"cameras.yaml: framings[{k}]")
        for k, value in enumerate(listing(table["framings"], "cameras.yaml: framings"))
    ]
    framings = tuple(f for f in kinds for _ in range(f.cards))
    _limit(sum(f.id == "half-body" for f in framings), len(framings), "half-body", "framings")
    accessories = _pack(table["accessories"], "accessories", ACCESSORIES)
    for name in set(accessories) - {"none"}:
        limit = "sunglasses" if name == "sunglasses" else "accessory"
        _limit(accessories.count(name), len(accessories), limit, f"accessories: {name}")
    occluders = _pack(table["occluders"], "occluders", OCCLUDERS)
    _limit(len(occluders) - occluders.count("none"), len(occluders), "occluded", "occluders")
    blur = mapping(table["blur"], "cameras.yaml: blur", ("none", "blurred", "sigma"))
    blurred = _pack({k: blur[k] for k in ("none", "blurred")}, "blur", ("none", "blurred"))
    _limit(blurred.count("blurred"), len(blurred), "blurred", "blur")
    return Camera(
        anchor=_framing({"id": "portrait", "cards": 1, **frame}, where),
        anchor_expression=text(anchor["expression"], f"{where}: expression", expressions),
        framings=framings,
        pose=_pose(table["pose"]),
        expression_strength=span(table["expression_strength"], "cameras.yaml: expression_strength"),
        accessories=accessories,
        occluders=occluders,
        blurred=tuple(card == "blurred" for card in blurred),
        blur_sigma=span(blur["sigma"], "cameras.yaml: blur: sigma", 0, 0.01),
    )


def _cards(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100:
        raise RememError(f"{where} is {value!r}; it must be a whole number of cards from 0 to 100.")
    return value


def _pack(value: Any, name: str, allowed: Collection[str]) -> tuple[str, ...]:
    where = f"cameras.yaml: {name}"
    counts = mapping(value, where)
    pack = [text(k, where, allowed) for k, n in counts.items() for _ in range(_cards(n, f"{where}: {k}"))]
    if "none" not in pack:
        raise RememError(f"{where} has no card 'none'; most pictures must go without.")
    return tuple(pack)


def _limit(cards: int, size: int, limit: str, where: str) -> None:
    if size == 0 or cards > LIMITS[limit] * size + 1e-9:
        raise RememError(
            f"cameras.yaml: {where} has {cards} of {size} cards; {LIMITS[limit]:.0%} is the limit."
        )


def _framing(value: Any, where: str) -> Framing:
    mapping(value, where, ("id", "cards", "distance", "shift_x", "shift_y"))
    return Framing(
        text(value["id"], f"{where}: id", FRAMINGS),
        _cards(value["cards"], f"{where}: cards"),
        span(value["distance"], f"{where}: distance", 8, 40),
        span(value["shift_x"], f"{where}: shift_x", -1.5, 1.5),
        span(value["shift_y"], f"{where}: shift_y", -2.5, 1),
    )


def _pose(value: Any) -> Pose:
    where = "cameras.yaml: pose"
    mapping(value, where, ("yaw", "pitch", "roll", "gaze_yaw", "gaze_pitch", "eye_contact"))
    return Pose(
        tuple(span(v, f"{where}: yaw", -45, 45) for v in listing(value["yaw"], f"{where}: yaw")),
        span(value["pitch"], f"{where}: pitch", -10, 10),
        span(value["roll"], f"{where}: roll", -6, 6),
        span(value["gaze_yaw"], f"{where}: gaze_yaw", -25, 25),
        span(value["gaze_pitch"], f"{where}: gaze_pitch", -15, 15),
        number(value["eye_contact"], f"{where}: eye_contact"),
    )
