"""On the way: a bus, an underground station."""

from __future__ import annotations

import numpy as np

from generation.views.backgrounds.canvas import Canvas, mix, rgb, vary
from generation.views.backgrounds.halls import strips
from generation.views.backgrounds.registry import painter
from generation.views.backgrounds.stage import Stage


@painter(
    "bus", panel=rgb("#c9ccc8"), seat=rgb("#2f5a9a"), pole=rgb("#e0b52e"), outside=rgb("#cfdde6"), night=0.0
)
def bus(canvas: Canvas, rng: np.random.Generator, panel, seat, pole, outside, night) -> None:
    """Inside a bus: rows of seats, yellow poles, windows with the town going by."""
    stage = Stage(canvas, vx=0.5, vy=0.45, eye=1.55, focal=1.05)
    panel = np.asarray(panel) * (1 - 0.35 * night)
    sky = np.asarray(outside) * (1 - 0.93 * night)
    stage.room(2.5, 2.25, 11, panel, panel, rgb("#5a5c5e"), kind="plain")
    stage.front(-0.75, 0.75, 0.9, 1.95, 10.9, sky * 1.3)
    stage.front(-0.03, 0.03, 0.9, 1.95, 10.8, panel * 0.4)
    for x in (-1.25, 1.25):
        for z in np.arange(9.6, 0.8, -1.5):
            stage.side(x * 0.998, z, z + 1.38, 0.85, 1.85, sky * 1.5)
            for k in range(3):
                low, high = 0.85, rng.uniform(1.0, 1.55)
                a = z + k * 0.46
                block = mix(vary(rgb("#8f8478"), rng, 0.3), sky, 0.25) * (1 - 0.85 * night)
                stage.side(x * 0.997, a, a + rng.uniform(0.2, 0.46), low, high, block)
                if night > 0.4:
                    stage.lamp(x * 0.99, rng.uniform(1.0, 1.5), a + 0.2, 0.025, rgb("#ffc070"), 12)
        stage.side(x * 0.99, 0.5, 11, 1.85, 1.95, panel * 0.7)
        stage.side(x * 0.98, 0.5, 11, 1.98, 2.15, np.array([1.5, 1.5, 1.42]) * (1 if x < 0 else 0.85))
    stage.blur(0.010)
    for z in np.arange(8.6, 2.2, -0.95):
        for x0 in (-1.2, -0.72, 0.26, 0.74):
            shade = vary(seat, rng, 0.07)
            stage.box(x0, x0 + 0.44, 0.4, 0.52, z - 0.35, z + 0.1, shade)
            stage.box(x0 + 0.02, x0 + 0.42, 0.5, 1.12, z + 0.08, z + 0.16, shade, (0.9, 1.4, 0.5))
            stage.front(x0 + 0.08, x0 + 0.36, 0.62, 0.95, z + 0.07, mix(shade, pole, 0.25))
            stage.box(x0 + 0.06, x0 + 0.38, 1.12, 1.16, z + 0.06, z + 0.16, rgb("#3a3c3e"))
        if abs((z - 8.6) / 0.95 % 2) < 0.1:
            for x in (-0.27, 0.25):
                stage.front(x, x + 0.035, 0.5, 2.2, z, pole)
        stage.blur(0.0028)
    for x in (-0.45, 0.42):
        stage.box(x, x + 0.03, 1.93, 1.96, 1.5, 9.0, pole)
    stage.blur(0.007)


@painter("metro", tile=rgb("#e0ddd2"), band=rgb("#2f6aa0"), floor=rgb("#8a8a88"), train=rgb("#c8cdd0"))
def metro(canvas: Canvas, rng: np.random.Generator, tile, band, floor, train) -> None:
    """An underground platform: tiled walls, a name board, a train at the edge, lamps overhead."""
    stage = Stage(canvas, vx=0.5, vy=0.45, eye=1.6, focal=1.1)
    stage.room(6.4, 3.2, 22, np.asarray(tile) * 0.9, rgb("#55585c"), floor, tile=0.6, kind="joints")
    stage.front(-3.2, 3.2, 0, 3.2, 21.9, rgb("#1a1b1e"))
    strips(stage, (-1.4,), np.arange(1.5, 21, 2.0), 3.1, (1, 1, 0.95), 1.5, 0.2)
    for y in np.arange(0.2, 3.1, 0.3):
        stage.side(-3.19, 0.8, 22, y, y + 0.02, np.asarray(tile) * 0.55)
    for z in np.arange(1.0, 22, 0.45):
        stage.side(-3.189, z, z + 0.025, 0, 3.2, np.asarray(tile) * 0.6)
    stage.side(-3.18, 0.8, 22, 1.9, 2.35, band)
    for z in (3.6, 7.4, 12.5):
        stage.side(-3.17, z, z + 1.9, 1.95, 2.3, (0.85, 0.85, 0.83))
        stage.side(-3.16, z + 0.3, z + 1.6, 2.07, 2.18, np.asarray(band) * 0.5)
        poster = vary([rgb("#d8a23a"), rgb("#a83a3a"), rgb("#3f8a7a"), rgb("#4a4a8a")][rng.integers(4)], rng)
        stage.side(-3.17, z + 0.2, z + 1.3, 0.7, 1.75, poster)
        stage.side(-3.16, z + 0.4, z + 1.1, 0.95, 1.4, mix(poster, (1, 1, 1), 0.5))
    stage.side(1.35, 1.0, 20, 0.05, 2.75, np.asarray(train) * 0.75)
    stage.side(1.34, 1.0, 20, 0.75, 0.95, band)
    for z in np.arange(18.5, 1.0, -1.35):
        if int(z / 1.35) % 3 == 0:
            stage.side(1.33, z, z + 1.1, 0.1, 2.35, np.asarray(train) * 0.45)
            for k in (0.08, 0.6):
                stage.side(1.32, z + k, z + k + 0.42, 1.1, 2.1, np.array([1.15, 1.1, 0.95]))
        else:
            stage.side(1.33, z, z + 1.15, 1.15, 2.1, np.array([1.2, 1.15, 1.0]))
            for k in np.arange(0.1, 1.0, 0.5):
                stage.side(1.32, z + k, z + k + 0.3, 1.15, rng.uniform(1.3, 1.6), rgb("#3a3c42"))
    stage.flat(0.75, 0.95, 1.0, 21, 0.0, rgb("#e0c23a"))
    stage.flat(1.05, 1.32, 1.0, 21, 0.0, (0.75, 0.75, 0.72))
    stage.gleam(19.0, 0.16)
    stage.blur(0.009)
    for z in (11.0, 6.4):
        stage.box(-2.6, -2.1, 0.42, 0.5, z, z + 1.8, rgb("#8a6038"))
        stage.front(-2.55, -2.48, 0, 0.42, z, rgb("#44484c"))
        stage.box(-0.6, -0.25, 0, 3.2, z + 1, z + 1.35, mix(tile, band, 0.2), (0.85, 1, 0.5))
    stage.front(-1.9, 0.6, 2.45, 2.75, 5.5, rgb("#1a1c20"))
    for x in (-1.7, -0.6):
        stage.front(x, x + 0.8, 2.55, 2.65, 5.49, np.array([2.2, 1.3, 0.3]))
    stage.blur(0.008)
