"""Shops and places of work: market, supermarket, bakery, launderette, workshop."""

from __future__ import annotations

import numpy as np

from generation.views.backgrounds.canvas import Canvas, mix, rgb, vary
from generation.views.backgrounds.halls import strips
from generation.views.backgrounds.registry import painter
from generation.views.backgrounds.stage import Stage

_FRUIT = [rgb(c) for c in ("#b8321f", "#d98a1f", "#d8c23a", "#6f9a3a", "#7a2f4a", "#8fb04a", "#c9552a")]
_PACKS = [
    rgb(c) for c in ("#b02a2a", "#e0c23a", "#2f62a0", "#3f8a4a", "#e6e2d8", "#d2691e", "#6b3f8a", "#2a2c30")
]


@painter(
    "market", canvas_red=rgb("#b03a30"), canvas_white=rgb("#e4ddd0"), sky=rgb("#dce6ec"), lamp=rgb("#ffd694")
)
def market(canvas: Canvas, rng: np.random.Generator, canvas_red, canvas_white, sky, lamp) -> None:
    """A street market: two rows of stalls under striped awnings, heaps of fruit, strings of lamps."""
    stage = Stage(canvas, vx=0.5, vy=0.46, eye=1.6, focal=1.0)
    canvas.gradient((0, np.asarray(sky) * 0.8), (0.46, np.asarray(sky) * 1.2), (1, sky))
    stage.floor(rgb("#8c857c"), rgb("#6f6a63"), 0.35, 60, "tiles")
    for side in (-1, 1):
        for z in (26, 19, 14):
            front = vary(rgb("#b5977a"), rng, 0.25) * (0.9 if side < 0 else 0.55)
            stage.side(side * 4.6, z - 6, z + 6, 0, rng.uniform(5.5, 8), front)
            for y in (3.4, 5.0):
                for k in (-4, -1, 2):
                    stage.side(side * 4.58, z + k, z + k + 1.2, y, y + 1.0, rgb("#4a545c"))
    stage.blur(0.010)
    for z in (11.5, 8.8, 6.4, 4.4):
        awning = []
        for side in (-1, 1):
            stripe = canvas_red if rng.random() < 0.6 else vary(rgb("#3f6a86"), rng, 0.4)
            inner, outer = side * 1.3, side * 3.6
            left = min(inner, outer) - 0.15
            for k in range(8):
                x0, shade = left + k * 0.325, np.asarray(stripe if k % 2 else canvas_white)
                shade = shade * (1.0 if side < 0 else 0.75)
                # The roof falls towards the aisle's end; its scalloped front hangs below.
                stage.poly(
                    [(x0, 2.75, z + 1.9), (x0 + 0.325, 2.75, z + 1.9), (x0 + 0.325, 2.3, z), (x0, 2.3, z)],
                    shade * 0.6,
                )
                awning.append((x0, x0 + 0.325, z, shade))
            stage.front(
                min(inner, outer), max(inner, outer), 0, 2.2, z + 1.9, mix(stripe, (0, 0, 0), 0.8), 0.85
            )
            stage.box(min(inner, outer), max(inner, outer), 0, 0.75, z, z + 1.8, rgb("#7a5a3a"))
            stage.front(inner - 0.03, inner + 0.03, 0, 2.1, z, rgb("#5a5f63"))
            for row in range(5):
                fruit = _FRUIT[rng.integers(len(_FRUIT))]
                x0 = min(inner, outer) + 0.1 + row * 0.45
                for _ in range(26):
                    dx, dz = rng.uniform(0, 0.4), rng.uniform(0.05, 1.5)
                    y = 0.82 + 0.12 * dz + 0.16 * (1 - abs(dx - 0.2) / 0.2)
                    stage.ball(x0 + dx, y, z + dz, 0.07, vary(fruit, rng, 0.16))
            stage.lamp((inner + outer) / 2, 1.95, z + 0.6, 0.06, lamp, 14)
        for x0, x1, depth, shade in awning:
            stage.front(x0, x1, 2.02, 2.36, depth - 0.05, shade)
        stage.blur(0.0045)
    stage.blur(0.008)


@painter("aisle", shelf=rgb("#d6d4cc"), floor=rgb("#cfc9bc"), sign=rgb("#3f8a4a"), light=0.7)
def aisle(canvas: Canvas, rng: np.random.Generator, shelf, floor, sign, light) -> None:
    """A supermarket aisle: shelves of packets on both sides running to the back wall."""
    stage = Stage(canvas, vx=0.52, vy=0.45, eye=1.6, focal=1.05)
    stage.room(8, 3.6, 16, rgb("#c9c6bd"), rgb("#b9bab8"), floor, tile=0.6, kind="joints")
    strips(stage, (-1.3, 1.3), np.arange(2.0, 15.5, 1.9), 3.6, np.ones(3) * (0.6 + 0.6 * light), 1.3, 0.25)
    stage.front(-1.6, 1.6, 0.2, 2.1, 15.9, np.asarray(shelf) * 0.7)
    for x in np.arange(-1.5, 1.5, 0.16):
        for y in (0.3, 0.85, 1.4):
            pack = vary(_PACKS[rng.integers(len(_PACKS))], rng, 0.2)
            stage.front(x, x + 0.14, y, y + rng.uniform(0.3, 0.46), 15.8, pack)
    for side in (-1, 1):
        dim = 0.95 if side < 0 else 0.7
        stage.side(side * 1.75, 1.0, 15, 0, 2.25, np.asarray(shelf) * 0.35 * dim)
        for y in (0.15, 0.6, 1.05, 1.5, 1.95):
            z = 14.8
            while z > 1.4:
                run, pack = rng.integers(2, 6), vary(_PACKS[rng.integers(len(_PACKS))], rng, 0.25) * dim
                width, height = rng.uniform(0.1, 0.24), rng.uniform(0.22, 0.38)
                for _ in range(run):
                    stage.side(side * 1.72, z - width * 0.92, z, y, y + height, pack)
                    stage.side(side * 1.718, z - width * 0.75, z - width * 0.2, y + height * 0.35,
                               y + height * 0.65, mix(pack, (0.8, 0.8, 0.75), 0.6))  # fmt: skip
                    z -= width
                    if z < 1.4:
                        break
            stage.side(side * 1.7, 1.0, 15, y - 0.06, y, np.asarray(shelf) * dim)
            for z in np.arange(2.0, 14.5, 0.55):
                stage.side(side * 1.695, z, z + 0.14, y - 0.055, y - 0.005, (0.85, 0.75, 0.2))
    for z in (12.5, 8.0):
        stage.front(-0.75, 0.75, 2.75, 3.15, z, sign)
        stage.front(-0.5, 0.5, 2.88, 3.02, z - 0.01, (0.85, 0.85, 0.82))
    stage.gleam(14.0, 0.22)
    stage.blur(0.014)


@painter("bakery", wall=rgb("#e0cfb2"), wood=rgb("#9a6a3c"), crust=rgb("#b5702f"), lamp=rgb("#ffd9a0"))
def bakery(canvas: Canvas, rng: np.random.Generator, wall, wood, crust, lamp) -> None:
    """A bakery: racks of loaves on the wall, a price board, a glass counter with cakes."""
    stage = Stage(canvas, vx=0.5, vy=0.46, eye=1.6, focal=1.0)
    stage.room(6, 3.2, 4.6, wall, np.asarray(wall) * 0.8, rgb("#7a5a40"), tile=0.3)
    for y in (0.75, 1.25, 1.75, 2.25):
        stage.front(-2.6, 2.6, y + 0.02, y + 0.5, 4.58, np.asarray(wood) * 0.25)
        x = -2.5
        while x < 2.4:
            loaf, long = vary(crust, rng, 0.25), rng.random() < 0.4
            width = rng.uniform(0.16, 0.2) if long else rng.uniform(0.32, 0.46)
            height = rng.uniform(0.36, 0.42) if long else rng.uniform(0.17, 0.25)
            cx, cy = stage.at(x + width / 2, y + height * 0.48, 4.4)
            rx, ry = width / 2 / 4.4, height / 2 / 4.4
            canvas.ellipse(cx, cy, rx, ry, loaf * 0.75)
            canvas.ellipse(cx - rx * 0.1, cy - ry * 0.25, rx * 0.75, ry * 0.6, loaf * 1.3)
            for cut in (-0.4, 0.0, 0.4):
                canvas.ellipse(cx + cut * rx, cy + cut * ry * 0.4 - ry * 0.2, rx * 0.1, ry * 0.35, loaf * 2.1)
            x += width + rng.uniform(0.02, 0.08)
        stage.box(-2.6, 2.6, y - 0.05, y, 4.2, 4.58, wood, (1.1, 1.5, 0.6))
    for x in (-2.65, -0.9, 0.85, 2.6):
        stage.front(x - 0.04, x + 0.04, 0.4, 2.75, 4.2, np.asarray(wood) * 0.8)
    stage.front(-1.3, 1.4, 2.62, 3.1, 4.15, rgb("#23262a"))
    for y in (2.7, 2.8, 2.9, 3.0):
        for x in (-1.15, 0.15):
            stage.front(x, x + rng.uniform(0.5, 0.9), y, y + 0.035, 4.14, (0.75, 0.75, 0.7), 0.8)
    stage.blur(0.008)
    stage.box(-3, 3, 0, 1.02, 3.0, 3.6, rgb("#6a4a30"))
    stage.front(-2.8, 2.8, 0.3, 0.95, 2.99, rgb("#e8d8b4"))
    for x in np.arange(-2.7, 2.7, 0.15):
        cake = [rgb("#d8908f"), rgb("#6a3f24"), rgb("#e8dcc0"), rgb("#c9862f"), rgb("#a8323a")][
            rng.integers(5)
        ]
        stage.ball(x, 0.72, 2.95, 0.07, vary(cake, rng, 0.2))
        stage.ball(x, 0.45, 2.95, 0.07, vary(crust, rng, 0.25))
    stage.front(-3, 3, 0.96, 1.03, 2.98, rgb("#d8d4cc"))
    for x in (-1.6, 0.0, 1.6):
        top = stage.at(x, 2.5, 3.3)
        canvas.rect(top[0] - 0.002, 0, top[0] + 0.002, top[1], rgb("#201a16"))
        stage.lamp(x, 2.45, 3.3, 0.09, lamp, 6)
        canvas.glow(*top, 0.13, np.asarray(lamp) * 0.3)
    stage.blur(0.009)


@painter("launderette", wall=rgb("#8fc0c4"), drum=rgb("#e2e4e4"), floor=rgb("#d8d4cc"), accent=rgb("#d8a83a"))
def launderette(canvas: Canvas, rng: np.random.Generator, wall, drum, floor, accent) -> None:
    """Two rows of washing machines with round doors, a chequered floor."""
    stage = Stage(canvas, vx=0.5, vy=0.46, eye=1.6, focal=1.0)
    stage.room(7, 3.0, 4.4, wall, rgb("#dcdedc"), floor, second=mix(floor, rgb("#3a4a50"), 0.8), tile=0.5)
    strips(stage, (-1.6, 1.6), (1.5, 3.0), 3.0, (1, 1.02, 1.04), 1.1, 0.3)
    stage.front(-3.5, 3.5, 2.35, 2.6, 4.38, accent)
    for y, height in ((0.08, 1.02), (1.16, 1.02)):
        for x in np.arange(-3.3, 3.3, 0.84):
            shade = vary(drum, rng, 0.05)
            stage.front(x, x + 0.8, y, y + height, 4.2, shade * 0.8)
            stage.front(x + 0.03, x + 0.77, y + height - 0.2, y + height - 0.03, 4.19, shade * 0.5)
            stage.front(x + 0.08, x + 0.3, y + height - 0.16, y + height - 0.07, 4.18, rgb("#2f5a7a"))
            stage.lamp(x + 0.62, y + height - 0.11, 4.18, 0.03, accent, 2.0)
            wash = vary(_PACKS[rng.integers(len(_PACKS))], rng, 0.3)
            for radius, tone in ((0.32, shade * 0.35), (0.29, shade * 1.05), (0.22, rgb("#1b2428"))):
                cx, cy = stage.at(x + 0.4, y + 0.42, 4.17)
                canvas.ellipse(cx, cy, radius / 4.17, radius / 4.17, tone)
            canvas.ellipse(cx - 0.005, cy + 0.022, 0.042, 0.024, wash * 0.6)
            canvas.ellipse(cx - 0.02, cy - 0.025, 0.018, 0.009, (0.6, 0.65, 0.68), 0.7)
    stage.blur(0.009)
    stage.box(-2.1, 2.1, 0.40, 0.48, 2.6, 3.1, rgb("#b58a58"))
    for x in (-1.9, 1.8):
        stage.box(x, x + 0.1, 0, 0.4, 2.6, 3.1, rgb("#5d6266"))
    for x, shade in ((-1.3, accent), (0.9, rgb("#4f86a8"))):
        stage.box(x, x + 0.6, 0.48, 0.8, 2.7, 3.0, shade)
        stage.ball(x + 0.3, 0.85, 2.75, 0.25, (0.75, 0.73, 0.7), 0.5)
    stage.blur(0.009)


@painter("workshop", wall=rgb("#8a7f70"), board=rgb("#b08a5a"), wood=rgb("#8a6038"), lamp=rgb("#ffd9a0"))
def workshop(canvas: Canvas, rng: np.random.Generator, wall, board, wood, lamp) -> None:
    """A workshop: tools on a board, tins on shelves, a bench with a vice and timber."""
    stage = Stage(canvas, vx=0.5, vy=0.46, eye=1.6, focal=1.0)
    stage.room(6, 3.0, 4.2, wall, np.asarray(wall) * 0.6, rgb("#6f655a"), tile=0.25, kind="planks")
    stage.front(-1.9, 2.7, 1.15, 2.35, 4.18, board)
    for k in range(15):
        x, shade = -1.75 + 0.3 * k, vary(rgb("#3a3f44"), rng, 0.3)
        handle = vary(
            [rgb("#a8322a"), rgb("#c9952f"), rgb("#7a5230"), rgb("#2f5a86")][rng.integers(4)], rng, 0.2
        )
        long, top = rng.uniform(0.3, 0.6), rng.uniform(2.1, 2.28)
        kind = rng.integers(4)
        if kind == 0:
            stage.front(x + 0.05, x + 0.09, top - long, top, 4.16, handle)
            stage.front(x - 0.03, x + 0.17, top - 0.1, top, 4.15, shade)
        elif kind == 1:
            stage.front(x + 0.05, x + 0.08, top - long * 0.55, top, 4.16, rgb("#b4b8ba"))
            stage.front(x + 0.03, x + 0.10, top - long, top - long * 0.55, 4.15, handle)
        elif kind == 2:
            stage.poly(
                [(x, top, 4.15), (x + 0.2, top, 4.15), (x + 0.1, top - long - 0.1, 4.15)], rgb("#a4a8aa")
            )
            stage.front(x + 0.02, x + 0.18, top - 0.02, top + 0.1, 4.14, handle)
        else:
            stage.front(x + 0.04, x + 0.10, top - long, top, 4.16, rgb("#8d9296"))
            stage.ball(x + 0.07, top, 4.15, 0.07, rgb("#9da2a5"))
    stage.front(-2.9, -2.0, 1.0, 2.45, 4.15, np.array([1.35, 1.45, 1.5]))
    for x in (-2.62, -2.3):
        stage.front(x, x + 0.04, 1.0, 2.45, 4.14, rgb("#4a4038"))
    stage.front(-2.9, -2.0, 1.75, 1.79, 4.14, rgb("#4a4038"))
    stage.box(-2.9, 2.9, 2.52, 2.57, 3.9, 4.18, wood)
    x = -2.8
    while x < 2.7:
        width = rng.uniform(0.14, 0.3)
        tin = vary(_PACKS[rng.integers(len(_PACKS))], rng, 0.3)
        stage.front(x, x + width, 2.57, 2.57 + rng.uniform(0.15, 0.34), 3.95, tin * 0.8)
        stage.front(x + width * 0.1, x + width * 0.3, 2.59, 2.75, 3.94, tin * 1.6)
        x += width + 0.05
    stage.blur(0.008)
    stage.box(-2.9, 2.9, 0.85, 0.98, 3.0, 3.8, wood, (0.9, 1.5, 0.5))
    for x in (-2.7, -0.9, 0.9, 2.6):
        stage.front(x, x + 0.14, 0, 0.85, 3.05, np.asarray(wood) * 0.6)
    stage.box(-2.0, -1.6, 0.98, 1.25, 3.1, 3.4, rgb("#2f5a7a"))
    stage.box(-2.15, -1.45, 1.08, 1.16, 3.0, 3.1, rgb("#8d9296"))
    for k in range(4):
        stage.box(
            0.9, 2.6, 0.98 + 0.06 * k, 1.03 + 0.06 * k, 3.2 + 0.03 * k, 3.5, vary(rgb("#c9a06a"), rng, 0.15)
        )
    for x in (-0.5, 1.9):
        stage.lamp(x, 2.75, 3.2, 0.1, lamp, 7)
        canvas.glow(*stage.at(x, 2.5, 3.2), 0.25, np.asarray(lamp) * 0.3)
    stage.blur(0.009)
