"""Drawing pictures of several people: a pure function of (seed, identity, role, number)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from generation.streams import stream
from generation.views.framing import covers_portrait, face_height, lens, visible_share
from generation.views.groupsettings import choose_setting, in_frame, place_props
from generation.views.grouptables import GroupTables, Layout, load_group_tables
from generation.views.templates import ROLES, Place, Templates, frontal_light, load_templates
from generation.views.view import Figure, GroupView, LightRig, Outfit
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError

GROUP_ROLES = ("seen", "unseen")
PORTRAIT_PLACE = "in the framed picture"
BADGE_PLACE = "on the ID badge"
# A badge hangs so far below and before the eyes of its wearer.
BADGE_OFFSET = (0.0, -2.45, 0.55)
_TRIES = 24
_POSITIONS = {
    1: ("",),
    2: ("on the left", "on the right"),
    3: ("on the left", "in the middle", "on the right"),
    4: ("on the far left", "second from the left", "second from the right", "on the far right"),
}


def companions(config: BenchmarkConfig, index: int) -> list[int]:
    """Who may be in a picture with this identity: the others of its block of four, nearest first.

    Somebody who is alone in the last block gets the last three of the block before.
    """
    block = [index ^ k for k in (1, 2, 3) if index ^ k < config.identities]
    return block or [index - k for k in (1, 2, 3) if index - k >= 0]


def sample_group(
    config: BenchmarkConfig,
    index: int,
    role: str,
    number: int,
    attempt: int = 0,
    identities: Sequence[int] | None = None,
) -> GroupView:
    """How a picture of several people that asks about one of them is taken.

    Args:
        config: its seed and number of identities matter.
        index: 0-based number of the identity asked about.
        role: "seen" (templates of the training pictures) or "unseen".
        number: 0-based number of the picture among those of the role.
        attempt: how many earlier draws were refused. Who is where in which clothes and scene stays; pose,
            light and exact places are drawn anew, and easier.
        identities: the others who may be in the picture; None takes those of the identity's block of four.

    Returns:
        The view, with the id "group-<role>-<number>". Everyone present has a face at least `least_face`
        pixels high in 384, of which at least `least_visible` shows (both in `assets/groups.yaml`), as far as
        average heads tell.

    Raises:
        RememError: an unknown role, a negative number, an identity out of range or nobody else to show.
    """
    if role not in GROUP_ROLES:
        raise RememError(f"There is no group picture role {role!r}; the roles are {', '.join(GROUP_ROLES)}.")
    if number < 0 or attempt < 0 or not 0 <= index < config.identities:
        raise RememError(
            f"Identity {index}, group picture {number}, attempt {attempt}: the identity must be below "
            f"{config.identities}, and no number may be negative."
        )
    others = companions(config, index) if identities is None else [i for i in identities if i != index]
    if not others:
        raise RememError(f"A group picture of identity {index} needs at least one other identity.")
    tables, templates = load_group_tables(), load_templates()
    # What stays whatever the attempt.
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
    draw = int(rng.integers(2**31))

    # What an attempt changes: pose, light, exact places.
    best: GroupView | None = None
    best_share = -1.0
    for turn in range(_TRIES):
        rng = stream(config.seed, "group", "pose", index, role, number, attempt, turn)
        ease = max(0.0, 1 - 0.3 * attempt - turn / _TRIES)
        light = _light(templates, role, place, attempt, rng)
        view = GroupView(
            id=f"group-{role}-{number:03d}",
            role=role,
            figures=(),
            asked=0,
            props=(),
            light=light,
            scene=place.lit(light),
            camera_distance=float(rng.uniform(*layout.distance)),
            camera_shift=(float(rng.uniform(-0.15, 0.15)) * ease, float(rng.uniform(*layout.shift_y))),
            draw=draw + attempt,
            blur=_blur(tables, rng) if attempt == 0 else 0.0,
            attempt=attempt,
        )
        figures = [
            _present(tables, templates, role, who, head, outfit, ease, attempt, rng)
            for who, head, outfit in zip(standing, layout.heads, outfits, strict=False)
        ]
        figures = _with_places(figures, named)
        if kind is not None and shown is not None:
            figures = _with_picture(
                figures, kind, shown, layout, lens(view), outfits[-1], templates, role, ease, rng
            )
        asked = next(k for k, f in enumerate(figures) if f.identity == index)
        props = place_props(setting, paints, lens(view), rng, ease)
        props = tuple(prop for prop in props if not covers_portrait(prop, figures, lens(view)))
        view = dataclasses.replace(view, figures=tuple(figures), asked=asked, props=props)
        share = _worst(view, tables)
        if share > best_share:
            best, best_share = view, share
        if share >= tables.least_visible:
            break
    assert best is not None
    return best


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


def _light(templates: Templates, role: str, place: Place, attempt: int, rng: np.random.Generator) -> LightRig:
    """One of the rigs that suit the place; at later attempts one of the brighter."""
    rigs = sorted((templates.lights[ROLES[role]][r] for r in place.lights), key=frontal_light, reverse=True)
    rigs = rigs[: max(1, -(-len(rigs) // (attempt + 1)))]
    return rigs[rng.integers(len(rigs))]


def _blur(tables: GroupTables, rng: np.random.Generator) -> float:
    sigma = float(rng.uniform(*tables.blur_sigma))
    return sigma if rng.random() < tables.blur_share else 0.0


def _present(
    tables: GroupTables,
    templates: Templates,
    role: str,
    who: int,
    head: tuple[float, float, float],
    outfit: Outfit,
    ease: float,
    attempt: int,
    rng: np.random.Generator,
) -> Figure:
    yaw, pitch, roll = (ease * float(rng.uniform(*r)) for r in (tables.yaw, tables.pitch, tables.roll))
    # People at the sides turn rather to the middle.
    yaw = float(np.clip(yaw - 4.0 * head[0], *tables.yaw)) * max(ease, 0.4)
    contact = bool(rng.random() < tables.eye_contact)
    gaze = (-yaw, -pitch) if contact else (float(rng.uniform(-10, 10)), float(rng.uniform(-5, 5)))
    names, weights = zip(*tables.accessories, strict=True)
    shares = np.array(weights) / sum(weights)
    accessory = str(rng.choice(names, p=shares))
    expression, strength = _expression(templates, role, rng)
    jitter = [float(rng.uniform(-j, j)) * ease for j in tables.jitter]
    return Figure(
        identity=who,
        kind="present",
        place="",
        position=tuple(h + j for h, j in zip(head, jitter, strict=True)),
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        expression=expression,
        expression_strength=strength,
        gaze=(float(np.clip(gaze[0], -25, 25)), float(np.clip(gaze[1], -15, 15))),
        outfit=outfit,
        accessory=accessory if attempt == 0 else "none",
    )


def _expression(templates: Templates, role: str, rng: np.random.Generator) -> tuple[str, float]:
    names = templates.expressions[role]
    return str(names[rng.integers(len(names))]), float(rng.uniform(*templates.camera.expression_strength))


def _with_places(figures: list[Figure], named: list[bool]) -> list[Figure]:
    """Name each by position from left to right or, where drawn so and possible, by clothes."""
    positions = _POSITIONS[len(figures)]
    placed = []
    for figure, position, clothes in zip(figures, positions, named, strict=False):
        words = figure.outfit.words
        place = f"in the {words}" if words and (clothes or not position) else position
        placed.append(dataclasses.replace(figure, place=place or "in front of the camera"))
    return placed


def _with_picture(
    figures: list[Figure],
    kind: str,
    shown: int,
    layout: Layout,
    camera: tuple[float, float, float],
    outfit: Outfit,
    templates: Templates,
    role: str,
    ease: float,
    rng: np.random.Generator,
) -> list[Figure]:
    """Add the framed picture by its place from left to right, or the badge after its wearer."""
    expression, strength = _expression(templates, role, rng)
    wearer = max(range(len(figures)), key=lambda k: figures[k].position[2])
    if kind == "badge":
        place, where, at = BADGE_PLACE, figures[wearer].position, wearer + 1
        position = tuple(w + o for w, o in zip(where, BADGE_OFFSET, strict=True))
    else:
        assert layout.frame is not None
        place, position = PORTRAIT_PLACE, in_frame(layout.frame, camera)
        at = sum(f.position[0] < position[0] for f in figures)
    pictured = Figure(
        identity=shown,
        kind=kind,
        place=place,
        position=position,
        yaw=float(rng.uniform(-14, 14)) * ease,
        pitch=float(rng.uniform(-4, 4)) * ease,
        roll=float(rng.uniform(-3, 3)) * ease,
        expression=expression,
        expression_strength=strength,
        gaze=(0.0, 0.0),
        outfit=outfit,
    )
    return [*figures[:at], pictured, *figures[at:]]


def _worst(view: GroupView, tables: GroupTables) -> float:
    """Visible share of the worst-placed face present; 0 if one is too small."""
    worst = 1.0
    for k, figure in enumerate(view.figures):
        if figure.kind == "present":
            if face_height(view, figure, 384) < tables.least_face:
                return 0.0
            worst = min(worst, visible_share(view, k))
    return worst
