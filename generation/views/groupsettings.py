"""Furniture and things around the people of a picture, placed by the camera's frame."""

from __future__ import annotations

import numpy as np

from generation.views.framing import half_frame
from generation.views.grouptables import GroupTables, Setting
from generation.views.view import Prop


def choose_setting(tables: GroupTables, indoor: bool, kind: str | None, rng: np.random.Generator) -> Setting:
    """A framed picture wants something to stand on; a badge wants nothing before the chest."""
    here = "indoor" if indoor else "outdoor"
    fitting = [s for s in tables.settings if s.where in ("any", here)]
    if kind == "portrait":
        fitting = [s for s in fitting if s.front and s.things[0].kind in ("table", "counter")]
    elif kind == "badge":
        fitting = [s for s in fitting if not s.front and all(t.place[2] < 0 for t in s.things)]
    return fitting[rng.integers(len(fitting))]


def in_frame(
    place: tuple[float, float, float], camera: tuple[float, float, float]
) -> tuple[float, float, float]:
    """The position of a place given as (share across the frame, decimetres above its lower edge, depth)."""
    across, rise, depth = place
    half = half_frame(camera, depth)
    return camera[0] + across * half, camera[1] - half + rise, depth


def place_props(
    setting: Setting,
    paints: list[tuple[float, float, float]],
    camera: tuple[float, float, float],
    rng: np.random.Generator,
    ease: float,
) -> tuple[Prop, ...]:
    props = []
    for thing, paint in zip(setting.things, paints, strict=True):
        x, y, z = in_frame(thing.place, camera)
        small = thing.kind in ("cup", "books", "laptop", "chair")
        shift = float(rng.uniform(-0.5, 0.5)) * ease if small else 0.0
        props.append(Prop(thing.kind, (x + shift, y, z), thing.size, paint))
    return tuple(props)
