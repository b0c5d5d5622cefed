"""Large rooms in perspective: gym, classroom, lobby, cinema, corridor."""

from __future__ import annotations

import numpy as np

from generation.views.backgrounds.canvas import Canvas, fractal, mix, rgb, vary
from generation.views.backgrounds.indoor import plant
from generation.views.backgrounds.registry import painter
from generation.views.backgrounds.stage import Stage


def daylight(stage: Stage, x: float, z0: float, z1: float, y0: float, y1: float, sky, bars: int = 4) -> None:
    """A row of windows along a side wall, and the light they throw on the floor."""
    sky, width = np.asarray(sky), (z1 - z0) / bars
    for k in range(bars):
        a, b = z0 + k * width + 0.12, z0 + (k + 1) * width - 0.12
        stage.side(x, a, b, y0, y1, sky * 1.5)
        stage.side(x, a, b, y0, y0 + (y1 - y0) * 0.3, mix(sky, rgb("#7d9468"), 0.6))
        stage.side(x, (a + b) / 2 - 0.03, (a + b) / 2 + 0.03, y0, y1, sky * 0.5)
        reach = np.sign(x) * 1.6
        stage.poly(
            [
                (x - reach * 0.2, 0, a),
                (x - reach * 0.2, 0, b),
                (x - reach, 0, b - 0.3),
                (x - reach, 0, a - 0.3),
            ],
            sky,
            0.35,
        )


def strips(stage: Stage, xs, zs, height: float, colour, length: float = 1.0, width: float = 0.22) -> None:
    """Fluorescent lamps on the ceiling."""
    for z in zs:
        for x in xs:
            stage.flat(x - width / 2, x + width / 2, z, z + length, height, np.asarray(colour) * 2.6)


@painter("gym", wall=rgb("#5a6068"), floor=rgb("#3a3d42"), accent=rgb("#c8452e"), sky=rgb("#dbe8f0"))
def gym(canvas: Canvas, rng: np.random.Generator, wall, floor, accent, sky) -> None:
    """A weights room: dumbbell racks, treadmills, a lit ceiling."""
    stage = Stage(canvas, vx=0.52, vy=0.45, eye=1.65, focal=0.95)
    stage.room(7, 3.3, 9, wall, rgb("#2b2e33"), floor, second=rgb("#2c2f33"), tile=1.0, kind="joints")
    strips(stage, (-2.2, 0, 2.2), (2.0, 4.0, 6.0, 8.0), 3.3, (1, 1.02, 1.05), 1.2, 0.16)
    daylight(stage, -3.5, 2.0, 9.0, 0.9, 2.8, sky)
    stage.front(-2.4, 3.0, 0.5, 2.5, 8.95, mix(wall, sky, 0.45))
    for x in (-1.0, 0.4, 1.8):
        stage.front(x, x + 0.05, 0.5, 2.5, 8.94, np.asarray(wall) * 0.4)
    stage.front(-3.5, 3.5, 2.55, 2.85, 8.94, accent)
    stage.side(3.5, 1.2, 9.0, 2.2, 2.45, np.asarray(accent) * 0.7)
    for k, z in enumerate((7.2, 5.9, 4.7)):
        x = -2.5 + 0.15 * k
        stage.box(x, x + 0.9, 0, 0.22, z - 0.9, z + 0.9, rgb("#2a2c30"))
        stage.box(x, x + 0.08, 0.2, 1.25, z + 0.5, z + 0.6, rgb("#8d9297"))
        stage.box(x + 0.82, x + 0.9, 0.2, 1.25, z + 0.5, z + 0.6, rgb("#8d9297"))
        stage.box(x + 0.1, x + 0.8, 1.15, 1.5, z + 0.5, z + 0.6, rgb("#17191c"))
        stage.front(x + 0.2, x + 0.7, 1.22, 1.43, z + 0.49, mix(rgb("#7fc4e8"), (1, 1, 1), 0.3))
    stage.blur(0.008)
    for row, y in enumerate((0.35, 0.75, 1.15)):
        stage.box(2.3 + 0.15 * row, 3.2, y - 0.06, y, 2.6, 8.4, rgb("#4a4d52"))
        for z in np.arange(8.2, 2.6, -0.32):
            shade = vary(rgb("#1b1c1f") if row else accent, rng, 0.15)
            stage.ball(2.45 + 0.15 * row, y + 0.11, z, 0.12, shade)
            stage.ball(2.72 + 0.15 * row, y + 0.11, z + 0.02, 0.12, shade * 0.8)
    for x, z in ((0.9, 6.4), (-0.6, 4.4)):
        stage.box(x - 0.6, x + 0.6, 0.42, 0.55, z, z + 0.3, rgb("#202226"))
        stage.box(x - 0.5, x - 0.42, 0, 0.42, z, z + 0.3, rgb("#8d9297"))
        stage.box(x + 0.42, x + 0.5, 0, 0.42, z, z + 0.3, rgb("#8d9297"))
    stage.blur(0.009)


@painter("classroom", wall=rgb("#d5cfbd"), board=rgb("#2f5a48"), wood=rgb("#b58a58"), sky=rgb("#e2edf2"))
def classroom(canvas: Canvas, rng: np.random.Generator, wall, board, wood, sky) -> None:
    """A classroom: a board with writing, a map, a clock, rows of desks, windows."""
    stage = Stage(canvas, vx=0.48, vy=0.44, eye=1.5, focal=1.0)
    stage.room(7.4, 3.1, 7.5, wall, rgb("#dcd9d0"), rgb("#8b7355"), tile=0.22, kind="planks")
    strips(stage, (-1.8, 1.8), (2.0, 4.2, 6.2), 3.1, (1, 1, 0.96), 1.3)
    daylight(stage, 3.7, 1.6, 7.2, 0.95, 2.7, sky)
    stage.front(-2.4, 1.5, 0.85, 2.35, 7.48, np.asarray(wood) * 0.7)
    stage.front(-2.32, 1.42, 0.93, 2.27, 7.47, board)
    for y in np.arange(2.1, 1.2, -0.17):
        x = -2.1 + rng.uniform(0, 0.3)
        while x < 1.1:
            width = rng.uniform(0.08, 0.3)
            if rng.random() < 0.62:
                stage.front(x, x + width, y, y + 0.055, 7.46, (0.8, 0.8, 0.74), 0.75)
            x += width + 0.07
    stage.front(-2.3, 1.4, 0.86, 0.92, 7.4, np.asarray(wood) * 1.2)
    stage.front(1.95, 3.3, 1.1, 2.2, 7.47, rgb("#9fc0d0"))
    for _ in range(7):
        x, y = stage.at(rng.uniform(2.15, 3.1), rng.uniform(1.3, 2.05), 7.46)
        canvas.ellipse(x, y, rng.uniform(0.012, 0.03), 0.018, vary(rgb("#8a9a4f"), rng, 0.4))
    for radius, shade in ((0.24, rgb("#26282b")), (0.21, rgb("#eeece4"))):
        x, y = stage.at(-0.5, 2.72, 7.46)
        canvas.ellipse(x, y, radius / 7.5, radius / 7.5, shade)
    for z in np.arange(2.4, 7.0, 1.15):
        for k in range(3):
            note = vary(
                [rgb("#d8b24a"), rgb("#b0563f"), rgb("#4f86a8"), rgb("#e4e0d4")][rng.integers(4)], rng
            )
            stage.side(-3.69, z + 0.3 * k, z + 0.3 * k + 0.24, 1.3, 1.3 + rng.uniform(0.3, 0.7), note)
    stage.box(-0.7, 1.0, 0, 0.78, 6.3, 6.9, np.asarray(wood) * 0.8)
    stage.blur(0.007)
    for z in (5.3, 4.2, 3.2):
        for x in (-2.7, -1.2, 0.5, 2.0):
            stage.box(x, x + 1.05, 0.70, 0.75, z, z + 0.5, wood, (0.6, 1.5, 0.5))
            for leg in (x + 0.05, x + 0.97):
                stage.box(leg, leg + 0.05, 0, 0.7, z, z + 0.04, rgb("#5d6266"))
            stage.box(x + 0.3, x + 0.75, 0.8, 0.98, z - 0.4, z - 0.37, np.asarray(wood) * 0.75)
            if rng.random() < 0.7:
                book = vary([rgb("#a03a34"), rgb("#2f5f8a"), rgb("#e0dccf")][rng.integers(3)], rng)
                stage.box(x + 0.3, x + 0.6, 0.75, 0.79, z + 0.1, z + 0.35, book)
    stage.blur(0.009)


@painter("lobby", wall=rgb("#c9b79a"), stone=rgb("#d8d2c6"), accent=rgb("#7a2f38"), lamp=rgb("#ffd9a0"))
def lobby(canvas: Canvas, rng: np.random.Generator, wall, stone, accent, lamp) -> None:
    """A hotel lobby: columns, a polished chequered floor, a reception desk, hanging lamps."""
    stage = Stage(canvas, vx=0.5, vy=0.46, eye=1.6, focal=0.95)
    dark = mix(stone, rgb("#3c3029"), 0.75)
    stage.room(9, 4.4, 11, wall, mix(wall, stone, 0.5), stone, second=dark, tile=1.0)
    stage.front(-3.2, 3.2, 0, 3.0, 10.95, mix(wall, rgb("#5a4028"), 0.6))
    for x in np.arange(-3.0, 3.0, 0.5):
        stage.front(x, x + 0.03, 0, 3.0, 10.94, np.asarray(wall) * 0.25)
    for x in (-1.9, 0.0, 1.9):
        stage.front(x - 0.55, x + 0.55, 1.5, 2.6, 10.93, np.asarray(lamp) * 0.9)
        stage.front(x - 0.47, x + 0.47, 1.58, 2.52, 10.92, vary(mix(accent, wall, 0.5), rng, 0.3))
    stage.box(-2.2, 2.2, 0, 1.12, 9.0, 9.8, rgb("#5a3d28"))
    stage.front(-2.2, 2.2, 0.95, 1.0, 8.98, np.asarray(lamp) * 2.0)
    for x in (-1.6, 1.5):
        stage.lamp(x, 1.4, 9.0, 0.13, lamp, 2.5)
    for z in (9.0, 6.8, 4.8):
        for x in (-3.3, 3.3):
            stage.box(x - 0.3, x + 0.3, 0, 4.4, z, z + 0.6, stone, (0.75, 1, 0.45))
            stage.front(x - 0.26, x - 0.1, 0.3, 4.1, z - 0.01, np.asarray(stone) * 1.05)
            stage.box(x - 0.38, x + 0.38, 0, 0.3, z - 0.05, z + 0.6, np.asarray(stone) * 0.9)
            stage.box(x - 0.38, x + 0.38, 4.1, 4.4, z - 0.05, z + 0.6, np.asarray(stone) * 0.9)
    stage.gleam(10.0, 0.32)
    stage.blur(0.010)
    for x, z in ((-1.7, 6.0), (1.7, 6.0), (0.0, 7.8)):
        for angle in np.linspace(0, 2 * np.pi, 9)[:-1]:
            stage.lamp(x + 0.5 * np.cos(angle), 3.35 + 0.12 * np.sin(angle), z, 0.05, lamp, 11)
        canvas.glow(*stage.at(x, 3.3, z), 0.12, np.asarray(lamp) * 0.25)
    for x in (-2.6, 1.5):
        stage.box(x, x + 1.2, 0.05, 0.45, 4.4, 5.2, accent)
        stage.box(x, x + 1.2, 0.4, 0.95, 5.1, 5.3, np.asarray(accent) * 0.9)
    x, y = stage.at(-3.0, 0, 5.0)
    plant(canvas, rng, x, y, 0.34, rgb("#3f6a3a"))
    stage.blur(0.009)


@painter("cinema", seat=rgb("#8a1f24"), wall=rgb("#2a1d20"), curtain=rgb("#a02a2c"), lamp=rgb("#ffcf90"))
def cinema(canvas: Canvas, rng: np.random.Generator, seat, wall, curtain, lamp) -> None:
    """A theatre: a curtain lit from below, rows of seats, lamps along the walls."""
    stage = Stage(canvas, vx=0.5, vy=0.42, eye=2.6, focal=0.95)
    stage.room(10, 5.6, 12, np.asarray(wall) * 1.4, wall, np.asarray(wall) * 0.8, kind="plain")
    folds = 0.25 + 0.8 * np.sin(canvas.x * 75 + 1.5 * np.sin(canvas.x * 31)) ** 2
    fade = 0.35 + 0.9 * np.clip((canvas.y - 0.1) / 0.35, 0, 1)
    (left, top), (right, bottom) = stage.at(-4.0, 5.2, 11.9), stage.at(4.0, 1.0, 11.9)
    mask = ((canvas.x > left) & (canvas.x < right) & (canvas.y > top) & (canvas.y < bottom)).astype(float)
    canvas.blend(mask, np.asarray(curtain) * (folds * fade)[..., None] * 1.25)
    stage.front(-4.4, 4.4, 5.0, 5.5, 11.8, rgb("#a8803c"))
    for x in (-4.4, 4.0):
        stage.front(x, x + 0.4, 0.9, 5.2, 11.8, rgb("#8a6830"))
    stage.box(-4.6, 4.6, 0, 1.0, 10.8, 12, rgb("#4a3122"))
    stage.front(-4.6, 4.6, 0.86, 0.98, 10.79, np.asarray(lamp) * 1.5)
    for z in (10, 8, 6, 4.4):
        for x in (-4.95, 4.95):
            stage.lamp(x * 0.985, 3.4, z, 0.12, lamp, 5)
            canvas.glow(*stage.at(x, 3.7, z), 0.5 / z, np.asarray(lamp) * 0.35)
    stage.blur(0.009)
    for row, z in enumerate(np.arange(9.6, 2.6, -0.95)):
        height = 0.75 + 0.13 * row
        stage.front(-5, 5, height - 0.6, height - 0.28, z, np.asarray(seat) * 0.25)
        for x in np.arange(-4.6 + 0.3 * (row % 2), 4.6, 0.62):
            shade = vary(seat, rng, 0.08)
            stage.front(x, x + 0.54, height - 0.3, height + 0.28, z, shade * 0.75)
            stage.front(x + 0.04, x + 0.5, height + 0.17, height + 0.3, z - 0.01, shade * 1.5)
            stage.front(x + 0.54, x + 0.6, height - 0.3, height - 0.02, z - 0.02, rgb("#2a1c14"))
        if row in (2, 5):
            stage.blur(0.004)
    stage.blur(0.008)


@painter("corridor", wall=rgb("#c4d4cf"), floor=rgb("#a9b4b4"), rail=rgb("#3f8a84"), door=rgb("#b99a72"))
def corridor(canvas: Canvas, rng: np.random.Generator, wall, floor, rail, door) -> None:
    """A hospital corridor: doors on both sides, hand rails, a polished floor, lamps, a bed by the wall."""
    stage = Stage(canvas, vx=0.5, vy=0.45, eye=1.6, focal=1.15)
    white = mix(wall, (1, 1, 1), 0.5)
    stage.room(3.6, 2.8, 18, white, mix(wall, (1, 1, 1), 0.7), floor, tile=0.9, kind="joints")
    stage.front(-0.9, 0.9, 0, 2.2, 17.9, np.asarray(door) * 0.8)
    for x in (-0.5, 0.5):
        stage.front(x - 0.2, x + 0.2, 1.2, 1.9, 17.8, np.array([1.6, 1.7, 1.7]))
    strips(stage, (0.0,), np.arange(2.0, 17, 2.1), 2.8, (1, 1.03, 1.03), 1.1, 0.6)
    for x in (-1.8, 1.8):
        near = x * 0.998
        stage.side(near, 0.5, 18, 0.12, 1.0, np.asarray(wall) * (0.8 if x < 0 else 0.55))
        for z in np.arange(16, 1.0, -2.9):
            stage.side(near, z, z + 1.1, 0, 2.1, np.asarray(door) * (0.95 if x < 0 else 0.65))
            stage.side(near, z - 0.07, z, 0, 2.17, white * 0.45)
            stage.side(near, z + 0.35, z + 0.7, 1.3, 1.9, mix(rail, white, 0.6) * 0.8)
            sign = [rgb("#2f6fa8"), rgb("#c04a3a"), rgb("#d8a83a")][rng.integers(3)]
            stage.side(near, z + 1.5, z + 2.1, 1.6, 1.95, sign)
        stage.side(x * 0.97, 0.5, 18, 0.92, 1.02, rail)
    stage.gleam(16.0, 0.3)
    stage.blur(0.009)
    stage.box(0.75, 1.6, 0.55, 0.85, 4.6, 6.7, rgb("#d4e0e6"), (0.75, 1.1, 0.6))
    stage.box(0.75, 1.6, 0.85, 1.15, 6.6, 6.7, rgb("#5a7a86"))
    stage.ball(1.15, 0.92, 6.1, 0.3, (0.8, 0.82, 0.82), 0.4)
    for z in (4.7, 6.6):
        stage.front(0.78, 0.83, 0, 0.55, z, rgb("#7d8488"))
    stage.box(-1.7, -1.25, 0.4, 0.5, 5.0, 6.6, rail)
    stage.box(-1.78, -1.68, 0.5, 0.95, 5.0, 6.6, rail)
    canvas.rgb *= (0.9 + 0.2 * fractal(rng, 4, 2))[..., None]
    stage.blur(0.008)
