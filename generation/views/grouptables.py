"""The table that pictures of several people are drawn from: `assets/groups.yaml`."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.people.tables import Rgb, colour, listing, mapping, number, read_table, span, text
from generation.views.view import ACCESSORIES, PROPS
from remem_dataset.errors import RememError

Triple = tuple[float, float, float]

_KEYS = ("layouts", "jitter", "pictured", "pictured_asked", "clothes_named", "yaw", "pitch", "roll")
_KEYS += ("eye_contact", "accessories", "blur", "least_face", "least_visible", "indoor", "wood", "paint")
_KEYS += ("settings",)
WHERE = ("any", "indoor", "outdoor")


@dataclass(frozen=True)
class Layout:
    """Where people stand.

    Attributes:
        id: name.
        distance: range of the camera's distance, decimetres.
        shift_y: range of the frame's shift up, decimetres.
        heads: (right, up, towards the camera) of each head, from left to right.
        frame: (across, rise, depth) of a framed picture, or None where there is no room for one.
        badge: whether a badge on somebody's chest would show.
    """

    id: str
    distance: tuple[float, float]
    shift_y: tuple[float, float]
    heads: tuple[Triple, ...]
    frame: Triple | None
    badge: bool


@dataclass(frozen=True)
class Thing:
    """A prop by its place in the frame: (across, rise, depth); `colour` names a list of colours."""

    kind: str
    place: Triple
    size: float
    colour: str


@dataclass(frozen=True)
class Setting:
    """Things that stand about. `front`: something before the people that a framed picture can stand on."""

    id: str
    where: str
    front: bool
    things: tuple[Thing, ...]


@dataclass(frozen=True)
class GroupTables:
    """Everything in `assets/groups.yaml`; see the comments there."""

    layouts: dict[int, tuple[Layout, ...]]
    jitter: Triple
    pictured: float
    pictured_asked: float
    clothes_named: float
    yaw: tuple[float, float]
    pitch: tuple[float, float]
    roll: tuple[float, float]
    eye_contact: float
    accessories: tuple[tuple[str, float], ...]
    blur_share: float
    blur_sigma: tuple[float, float]
    least_face: float
    least_visible: float
    indoor: frozenset[str]
    colours: dict[str, tuple[Rgb, ...]]
    settings: tuple[Setting, ...]


@functools.lru_cache(maxsize=4)
def load_group_tables(folder: Path | None = None) -> GroupTables:
    """Read and check the table.

    Args:
        folder: where `groups.yaml` lies; None means `assets/`.

    Raises:
        RememError: an unknown key, a value out of range, an empty list.
    """
    where = "groups.yaml"
    table = mapping(read_table("groups", folder), where, _KEYS)
    accessories = mapping(table["accessories"], f"{where}: accessories")
    for name in accessories:
        text(name, f"{where}: accessories", ACCESSORIES)
    blur = mapping(table["blur"], f"{where}: blur", ("share", "sigma"))
    return GroupTables(
        layouts=_layouts(table["layouts"], f"{where}: layouts"),
        jitter=_triple(table["jitter"], f"{where}: jitter"),
        pictured=number(table["pictured"], f"{where}: pictured"),
        pictured_asked=number(table["pictured_asked"], f"{where}: pictured_asked"),
        clothes_named=number(table["clothes_named"], f"{where}: clothes_named"),
        yaw=span(table["yaw"], f"{where}: yaw", -45, 45),
        pitch=span(table["pitch"], f"{where}: pitch", -10, 10),
        roll=span(table["roll"], f"{where}: roll", -10, 10),
        eye_contact=number(table["eye_contact"], f"{where}: eye_contact"),
        accessories=tuple(
            (name, number(share, f"{where}: accessories: {name}", 0, 1000))
            for name, share in accessories.items()
        ),
        blur_share=number(blur["share"], f"{where}: blur: share"),
        blur_sigma=span(blur["sigma"], f"{where}: blur: sigma", 0, 0.01),
        least_face=number(table["least_face"], f"{where}: least_face", 1, 384),
        least_visible=number(table["least_visible"], f"{where}: least_visible"),
        indoor=frozenset(text(k, f"{where}: indoor") for k in listing(table["indoor"], f"{where}: indoor")),
        colours={
            name: tuple(colour(c, f"{where}: {name}") for c in listing(table[name], f"{where}: {name}"))
            for name in ("wood", "paint")
        },
        settings=tuple(
            _setting(value, f"{where}: settings[{k}]")
            for k, value in enumerate(listing(table["settings"], f"{where}: settings"))
        ),
    )


def _layouts(value: Any, where: str) -> dict[int, tuple[Layout, ...]]:
    mapping(value, where, ("one", "two", "three", "four"))
    found = {}
    for count, entries in enumerate((value[k] for k in ("one", "two", "three", "four")), start=1):
        layouts = tuple(
            _layout(entry, f"{where}: {count}[{k}]")
            for k, entry in enumerate(listing(entries, f"{where}: {count}"))
        )
        for layout in layouts:
            if len(layout.heads) != count:
                raise RememError(f"{where}: {layout.id} has {len(layout.heads)} heads; it must have {count}.")
        found[count] = layouts
    return found


def _layout(value: Any, where: str) -> Layout:
    value = {"frame": None, "badge": False, **mapping(value, where)}
    mapping(value, where, ("id", "distance", "shift_y", "heads", "frame", "badge"))
    heads = tuple(_triple(v, f"{where}: heads") for v in listing(value["heads"], f"{where}: heads"))
    if list(heads) != sorted(heads):
        raise RememError(f"{where}: heads must be listed from left to right.")
    return Layout(
        id=text(value["id"], f"{where}: id"),
        distance=span(value["distance"], f"{where}: distance", 15, 60),
        shift_y=span(value["shift_y"], f"{where}: shift_y", -4, 4),
        heads=heads,
        frame=None if value["frame"] is None else _triple(value["frame"], f"{where}: frame"),
        badge=bool(value["badge"]),
    )


def _setting(value: Any, where: str) -> Setting:
    mapping(value, where, ("id", "where", "front", "things"))
    things = []
    for k, thing in enumerate(value["things"] or []):
        here = f"{where}: things[{k}]"
        mapping(thing, here, ("kind", "place", "size", "colour"))
        things.append(
            Thing(
                kind=text(thing["kind"], f"{here}: kind", PROPS),
                place=_triple(thing["place"], f"{here}: place"),
                size=number(thing["size"], f"{here}: size", 0.2, 30),
                colour=text(thing["colour"], f"{here}: colour", ("wood", "paint")),
            )
        )
    where_to = text(value["where"], f"{where}: where", WHERE)
    return Setting(text(value["id"], f"{where}: id"), where_to, bool(value["front"]), tuple(things))


def _triple(value: Any, where: str) -> Triple:
    if not isinstance(value, list) or len(value) != 3:
        raise RememError(f"{where} is {value!r}; it must be three numbers.")
    x, y, z = (number(v, where, -40, 40) for v in value)
    return x, y, z
