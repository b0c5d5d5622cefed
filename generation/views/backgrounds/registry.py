"""The painters by name, with the parameters each understands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from generation.people.tables import colour, number, text
from generation.views.backgrounds.canvas import Canvas

Paint = Callable[..., None]


@dataclass(frozen=True)
class Painter:
    """A function that paints one kind of place on a `Canvas`, and the defaults of its parameters."""

    paint: Paint
    defaults: dict[str, Any]


#: Radius of the blur that every place gets on top of its own: a portrait lens, focused on the face.
LENS = 0.008

PAINTERS: dict[str, Painter] = {}


def painter(kind: str, **defaults: Any) -> Callable[[Paint], Paint]:
    """Register `f(canvas, rng, **params)`; a tuple default is a colour, any other an amount in [0, 1]."""

    def register(function: Paint) -> Paint:
        PAINTERS[kind] = Painter(function, defaults)
        return function

    return register


def check_params(kind: str, params: Any, where: str) -> dict[str, Any]:
    """The parameters of a painter, parsed and filled up with its defaults.

    Every painter also understands `exposure`: what share of its light reaches the picture.

    Args:
        kind: painter's name.
        params: mapping from the YAML, or None.
        where: how to call the place in an error.

    Raises:
        RememError: no such painter, an unknown parameter, or a value that does not fit.
    """
    defaults = {**PAINTERS[text(kind, f"{where}: kind", PAINTERS)].defaults, "exposure": 1.0}
    parsed = dict(defaults)
    for key, value in (params or {}).items():
        text(key, f"{where}: a parameter of {kind}", defaults)
        read = colour if isinstance(defaults[key], tuple) else number
        parsed[key] = read(value, f"{where}: {key}")
    return parsed


def paint_canvas(kind: str, params: dict[str, Any], rng: np.random.Generator) -> np.ndarray:
    """Paint one place: linear RGB (SIDE, SIDE, 3), not yet limited to 1."""
    known = PAINTERS[kind]
    canvas = Canvas()
    known.paint(canvas, rng, **{**known.defaults, **params})
    canvas.blur(LENS)
    return canvas.rgb
