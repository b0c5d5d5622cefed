"""At home: a bedroom, a home studio."""

from __future__ import annotations

import numpy as np

from generation.views.backgrounds.canvas import Canvas, mix, rgb, vary
from generation.views.backgrounds.halls import daylight
from generation.views.backgrounds.indoor import plant
from generation.views.backgrounds.registry import painter
from generation.views.backgrounds.stage import Stage


@painter(
    "bedroom",
    wall=rgb("#a8b4b0"),
    linen=rgb("#e0dcd2"),
    wood=rgb("#7a5638"),
    lamp=rgb("#ffd9a4"),
    evening=0.2,
)
def bedroom(canvas: Canvas, rng: np.random.Generator, wall, linen, wood, lamp, evening) -> None:
    """A bedroom: a bed with pillows and a blanket, bedside lamps, a picture, a window with curtains."""
    stage = Stage(canvas, vx=0.5, vy=0.42, eye=1.5, focal=1.0)
    base = np.asarray(wall) * (1 - 0.4 * evening)
    stage.room(
        4.6,
        2.7,
        4.8,
        base,
        mix(base, (1, 1, 1), 0.3 - 0.3 * evening),
        rgb("#8a6a48"),
        tile=0.2,
        kind="planks",
    )
    daylight(stage, -2.3, 1.8, 4.2, 0.8, 2.3, rgb("#dfe9f0") * np.array(1 - 0.85 * evening), 2)
    for z0, z1 in ((1.4, 1.9), (4.05, 4.6)):
        for k in np.arange(z0, z1, 0.07):
            stage.side(
                -2.26, k, k + 0.05, 0.1, 2.5, mix(linen, wall, 0.4) * (0.9 if int(k / 0.07) % 2 else 0.6)
            )
    stage.front(-0.95, 1.35, 0.2, 1.15, 4.75, wood)
    for x in np.arange(-0.9, 1.3, 0.22):
        stage.front(x, x + 0.02, 0.2, 1.15, 4.74, np.asarray(wood) * 0.5)
    for x, tone in ((-0.45, 0.3), (0.45, 0.7)):
        stage.front(x - 0.05, x + 0.65, 1.5, 2.25, 4.74, rgb("#2a2522"))
        stage.front(x, x + 0.6, 1.55, 2.2, 4.73, rgb("#dcd8cc"))
        stage.front(x + 0.12, x + 0.48, 1.68, 2.07, 4.72, vary(mix(wall, lamp, tone), rng, 0.5))
    stage.blur(0.006)
    stage.box(-0.9, 1.3, 0.25, 0.55, 2.9, 4.7, linen, (0.7, 0.95, 0.5))
    for x in (-0.75, 0.35):
        stage.ball(x + 0.35, 0.74, 4.3, 0.42, np.asarray(linen) * 0.9, 0.45)
    blanket = vary(mix(wood, wall, 0.5), rng, 0.3)
    stage.box(-0.95, 1.35, 0.2, 0.6, 2.9, 3.6, blanket, (0.8, 1.2, 0.5))
    for x in (-1.55, 1.55):
        stage.box(x - 0.25, x + 0.25, 0, 0.5, 4.2, 4.6, wood)
        stage.front(x - 0.025, x + 0.025, 0.5, 0.8, 4.3, rgb("#3a3430"))
        shade = [(x - 0.11, 1.08, 4.3), (x + 0.11, 1.08, 4.3), (x + 0.2, 0.78, 4.3), (x - 0.2, 0.78, 4.3)]
        stage.poly(shade, np.asarray(lamp) * (1.1 + 1.6 * evening))
        canvas.glow(*stage.at(x, 1.0, 4.3), 0.14, np.asarray(lamp) * (0.12 + 0.45 * evening))
    x, y = stage.at(1.95, 0, 3.6)
    plant(canvas, rng, x, y, 0.42, rgb("#4a7340"))
    stage.blur(0.010)
