"""Who is in a picture of several people, where, in which clothes and scene: what no redraw changes.

Questions are asked about this alone; poses, light and exact places are `generation.views.groups`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from generation.streams import stream
from generation.views.groupsettings import choose_setting
from generation.views.grouptables import GroupTables, Layout, Setting, load_group_tables
from generation.views.templates import ROLES, Place, Templates, load_templates
from generation.views.view import Outfit
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError

GROUP_ROLES = ("seen", "unseen")
PORTRAIT_PLACE = "in the framed picture"
BADGE_PLACE = "on the ID badge"
_POSITIONS = {
    1: ("",),
    2: ("on the left", "on the right"),
    3: ("on the left", "in the middle", "on the right"),
    4: ("on the far left", "second from the left", "second from the right", "on the far right"),
}


@dataclass(frozen=True)
class Planned:
    """One of the people in a picture, as `Figure`, without a pose.

    Attributes:
        identity: 0-based number of the person.
        kind: "present", "portrait" or "badge".
        place: how a question tells the person from the others.
        outfit: what the person wears.
    """

    identity: int
    kind: str
    place: str
    outfit: Outfit


@dataclass(frozen=True)
class GroupPlan:
    """What is settled about a picture before anybody poses.

    Attributes:
        id: "group-<role>-<number>".
        figures: those present from left to right, then whoever is on a framed picture or a badge.
        asked: place in `figures` of the person asked about.
        layout: where heads are.
        place: the scene and the lights that suit it.
        setting: furniture and things.
        paints: a colour for each thing of the setting.
        draw: number that the renderer draws from.
    """

    id: str
    figures: tuple[Planned, ...]
    asked: int
    layout: Layout
    place: Place
    setting: Setting
    paints: list[tuple[float, float, float]]
    draw: int


def companions(config: BenchmarkConfig, index: int) -> list[int]:
    """Who may be in a picture with this identity: the others of its block of four, nearest first.

    Somebody who is alone in the last block gets the last three of the block before.
    """
    block = [index ^ k for k in (1, 2, 3) if index ^ k < config.identities]
    return block or [index - k for k in (1, 2, 3) if index - k >= 0]


def plan_group(
    config: BenchmarkConfig, index: int, role: str, number: int, identities: Sequence[int] | None = None
) -> GroupPlan:
    """Who is in a picture of several people that asks about one of them.

    Args:
        config: its seed and number of identities matter.
        index: 0-based number of the identity asked about.
        role: "seen" (templates of the training pictures) or "unseen".
        number: 0-based number of the picture among those of the role.
        identities: the others who may be in the picture; None takes those of the identity's block of four.

    Raises:
        RememError: an unknown role, a negative number, an identity out of range or nobody else to show.
    """
    if role not in GROUP_ROLES:
        raise RememError(f"There is no group picture role {role!r}; the roles are {', '.join(GROUP_ROLES)}.")
    if number < 0 or not 0 <= index < config.identities:
        raise RememError(
            f"Identity {index}, group picture {number}: the identity must be below {config.identities}, and "
            "no number may be negative."
        )
    others = companions(config, index) if identities is None else [i for i in identities if i != index]
    if not others:
        raise RememError(f"A group picture of identity {index} needs at least one other identity.")
    tables, templates = load_group_tables(), load_templates()
    rng = stream(config.seed, "group", index, role, number)
    count = int(rng.integers(2, min(4, len(others) + 1) + 1))
    kind = _pictured(tables, rng)
    asked_is_pictured = kind is not None and bool(rng.random() < tables.pictured_asked)
    present = count - (kind is not None)
    fitting = [
        x for x in tables.layouts[present] if kind is None or (x.frame if kind == "portrait" else x.badge)
    ]
    layout = fitting[rng.integers(len(fitting))]
    if rng.random() < 0.5:
        layout = _mirrored(layout)
    people = [int(i) for i in rng.permutation(others)[: count - 1]]
    shown = None
    if kind is not None:
        shown = index if asked_is_pictured else people.pop()
    standing = [int(i) for i in rng.permutation(people + ([] if asked_is_pictured else [index]))]
    places = templates.places[ROLES[role]]
    place = places[rng.integers(len(places))]
    setting = choose_setting(tables, place.scene.kind in tables.indoor, kind, rng)
    colours = [tables.colours[t.colour] for t in setting.things]
    paints = [c[rng.integers(len(c))] for c in colours]
    outfits = _outfits(templates, role, count, rng)
    if config.own_pictures:  # people come in their own clothes
        outfits = [dataclasses.replace(outfit, words="") for outfit in outfits]
    named = [bool(rng.random() < tables.clothes_named) for _ in range(count)]
    figures = _placed(standing, outfits, named)
    if kind is not None and shown is not None:
        where = BADGE_PLACE if kind == "badge" else PORTRAIT_PLACE
        figures.append(Planned(shown, kind, where, outfits[-1]))
    return GroupPlan(
        id=f"group-{role}-{number:03d}",
        figures=tuple(figures),
        asked=next(k for k, figure in enumerate(figures) if figure.identity == index),
        layout=layout,
        place=place,
        setting=setting,
        paints=paints,
        draw=int(rng.integers(2**31)),
    )


def _pictured(tables: GroupTables, rng: np.random.Generator) -> str | None:
    kinds = ("portrait", "badge")
    kind = kinds[rng.integers(2)]
    return kind if rng.random() < tables.pictured else None


def _mirrored(layout: Layout) -> Layout:
    heads = tuple((-x, y, z) for x, y, z in reversed(layout.heads))
    frame = None if layout.frame is None else (-layout.frame[0], *layout.frame[1:])
    return dataclasses.replace(layout, heads=heads, frame=frame)


def _outfits(templates: Templates, role: str, count: int, rng: np.random.Generator) -> list[Outfit]:
    """Outfits that questions name differently; where the words run out, outfits without words."""
    clothes = templates.clothes[ROLES[role]]
    chosen: list[Outfit] = []
    spare: list[Outfit] = []
    for k in rng.permutation(len(clothes)):
        palettes = clothes[k].palettes
        outfit = clothes[k].outfit(int(rng.integers(len(palettes))))
        # No two of one colour: "the blue shirt" and "the blue t-shirt" look alike in dim light.
        hue = outfit.words.rsplit(" ", 1)[0]
        fresh = outfit.words and hue not in {o.words.rsplit(" ", 1)[0] for o in chosen}
        (chosen if fresh else spare).append(outfit if fresh else dataclasses.replace(outfit, words=""))
        if len(chosen) == count:
            break
    return (chosen + spare)[:count]


def _placed(people: list[int], outfits: list[Outfit], named: list[bool]) -> list[Planned]:
    """Name each by position from left to right or, where drawn so and possible, by clothes."""
    placed = []
    for who, outfit, position, clothes in zip(people, outfits, _POSITIONS[len(people)], named, strict=False):
        words = outfit.words
        place = f"in the {words}" if words and (clothes or not position) else position
        placed.append(Planned(who, "present", place or "in front of the camera", outfit))
    return placed
