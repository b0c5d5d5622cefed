"""More of the open air: rooftop, winter park, fields, stadium, greenhouse."""

from __future__ import annotations

import numpy as np

from generation.views.backgrounds.canvas import Canvas, fractal, mix, noise, rgb, vary
from generation.views.backgrounds.outdoor import foliage
from generation.views.backgrounds.registry import painter
from generation.views.backgrounds.stage import Stage


@painter(
    "rooftop", sky=rgb("#9fc3e4"), glow=rgb("#e8dccb"), wall=rgb("#9a6a52"), lamp=rgb("#ffd08a"), evening=0.2
)
def rooftop(canvas: Canvas, rng: np.random.Generator, sky, glow, wall, lamp, evening) -> None:
    """A roof terrace over a town: towers in the haze, a parapet, planters, a water tank, strings of lamps."""
    stage = Stage(canvas, vx=0.5, vy=0.5, eye=1.6, focal=1.0)
    canvas.gradient((0, np.asarray(sky) * 0.8), (0.5, glow), (1, np.asarray(glow) * 0.8))
    canvas.blend(np.clip((fractal(rng, 4, 4) - 0.5) * 3, 0, 0.5), mix(glow, (1, 1, 1), 0.3))
    for haze, count, low, high, wide in (
        (0.7, 26, 0.03, 0.2, 0.045),
        (0.42, 18, 0.02, 0.26, 0.07),
        (0.15, 9, 0, 0.14, 0.12),
    ):
        for x in np.linspace(-0.05, 1.0, count) + rng.normal(0, 0.02, count):
            top, width = 0.5 - rng.uniform(low, high), wide * rng.uniform(0.6, 1.2)
            tower = mix(vary(rgb("#6a6660"), rng, 0.3) * (1 - 0.6 * evening), glow, haze)
            canvas.rect(x, top, x + width, 0.62, tower)
            canvas.rect(x + width * 0.6, top, x + width, 0.62, tower * 0.75)
            for y in np.arange(top + 0.012, 0.52, 0.022):
                for k in np.arange(0.15, 0.9, 0.28):
                    lit = rng.random() < 0.15 + 0.5 * evening
                    pane = np.asarray(lamp) * (0.4 + 1.1 * evening) if lit else tower * 0.6
                    canvas.rect(x + width * k, y, x + width * (k + 0.14), y + 0.01, pane, 1 - 0.7 * haze)
    stage.blur(0.010)
    stage.floor(rgb("#9a8a74"), rgb("#82725e"), 0.3, 5.2, "planks")
    stage.box(-6, 6, 0, 0.95, 5.0, 5.3, wall, (0.75 - 0.3 * evening, 1.1 - 0.4 * evening, 0.5))
    stage.front(-6, 6, 0.9, 0.98, 4.95, mix(wall, glow, 0.6) * (1 - 0.4 * evening))
    for x in (-2.3, 1.7):
        stage.box(x, x + 1.1, 0, 0.5, 4.3, 4.8, rgb("#6a5a48"))
        (left, top), (right, foot) = stage.at(x - 0.1, 1.25, 4.3), stage.at(x + 1.2, 0.45, 4.3)
        ragged = fractal(rng, 16, 3) - 0.5
        across = (canvas.x - (left + right) / 2) / (right - left) * 1.9
        down = (canvas.y - (top + foot) / 2) / (foot - top) * 1.8
        leafy = np.clip((1 - np.hypot(across, down) + ragged) * 12, 0, 1)
        foliage(canvas, rng, leafy, mix(rgb("#5a7a3a"), (0, 0, 0), 0.4 * evening), 0.4, 20)
    for k, x in enumerate(np.linspace(-0.02, 1.02, 15)):
        sag = 0.10 + 0.07 * ((x * 2 % 1) - 0.5) ** 2 * 4
        canvas.ellipse(x, 0.30 - sag + 0.02 * (k % 2), 0.004, 0.005, np.asarray(lamp) * (3 + 14 * evening))
    stage.blur(0.009)


@painter("winter", sky=rgb("#c6d2dc"), snow=rgb("#e4eaf0"), bark=rgb("#4a3f38"), dusk=0.0)
def winter(canvas: Canvas, rng: np.random.Generator, sky, snow, bark, dusk) -> None:
    """A snowy park: bare trees with white branches, a fence, drifts, falling flakes."""
    canvas.gradient((0, np.asarray(sky) * 0.75), (0.55, mix(sky, snow, 0.5) * 0.85))
    far = np.clip((canvas.y - 0.42 + (fractal(rng, 14, 4) - 0.5) * 0.22) * 40, 0, 1)
    canvas.blend(far * (canvas.y < 0.62), mix(bark, sky, 0.62))
    canvas.blend(np.clip((fractal(rng, 30, 3) - 0.52) * 8, 0, 1) * far, np.asarray(snow) * 0.75)
    ground = (
        np.asarray(snow)
        * (0.62 + 0.25 * fractal(rng, 5, 4))[..., None]
        * mix((1, 1, 1), (0.8, 0.9, 1.1), 0.5)
    )
    canvas.blend(np.clip((canvas.y - 0.56 - 0.02 * noise(rng, 4)) * 120, 0, 1), ground)
    for layer, (count, reach) in enumerate(((9, 0.16), (6, 0.26), (3, 0.42))):
        canvas.blur((0.010, 0.006, 0.003)[layer])
        foot = 0.585 + 0.06 * layer**1.4
        for x in np.linspace(0.02, 0.98, count) + rng.normal(0, 0.25 / count, count):
            shade = mix(vary(bark, rng, 0.15), sky, 0.45 - 0.2 * layer)
            _branch(
                canvas,
                rng,
                x,
                foot,
                -np.pi / 2 + rng.normal(0, 0.05),
                reach,
                reach * 0.07,
                min(3, 2 + layer),
                shade,
                snow,
            )
    for x in np.arange(-0.02, 1.0, 0.07):
        canvas.rect(x, 0.66, x + 0.012, 0.76, np.asarray(bark) * 1.2)
        canvas.ellipse(x + 0.006, 0.66, 0.011, 0.006, np.asarray(snow) * 0.9)
    for y in (0.68, 0.72):
        canvas.rect(0, y, 1, y + 0.009, np.asarray(bark) * 1.3)
        canvas.rect(0, y - 0.004, 1, y + 0.001, np.asarray(snow) * 0.9)
    if dusk > 0:
        canvas.rgb *= mix((1, 1, 1), (0.42, 0.48, 0.7), dusk)
        for x in (0.1, 0.34, 0.72, 0.93):
            canvas.rect(x - 0.003, 0.42, x + 0.003, 0.66, np.asarray(bark) * 0.5)
            canvas.ellipse(x, 0.41, 0.008, 0.011, rgb("#ffc878") * np.array(14.0))
            canvas.glow(x, 0.42, 0.06, np.asarray(rgb("#ffb860")) * 0.3)
    for _ in range(130):
        radius = rng.uniform(0.0012, 0.003)
        canvas.ellipse(rng.random(), rng.random(), radius, radius, np.array([1.6, 1.65, 1.7]), 0.8)
    canvas.blur(0.008)


def _branch(canvas, rng, x, y, angle, length, width, depth, shade, snow) -> None:
    """A branch and its twigs; snow lies on the flat ones."""
    ex, ey = x + length * 0.42 * np.cos(angle), y + length * 0.42 * np.sin(angle)
    nx, ny = -np.sin(angle) * width / 2, np.cos(angle) * width / 2
    canvas.quad(
        [(x - nx, y - ny), (ex - nx * 0.7, ey - ny * 0.7), (ex + nx * 0.7, ey + ny * 0.7), (x + nx, y + ny)],
        shade,
    )
    if depth < 2:
        canvas.quad(
            [(x, y - width), (ex, ey - width), (ex, ey - width * 0.2), (x, y - width * 0.2)], snow, 0.6
        )
    if depth == 0 or not -0.1 < ex < 1.1:
        return
    for side in (-1, 0, 1):
        turned = angle + side * rng.uniform(0.25, 0.6)
        _branch(
            canvas, rng, ex, ey, turned, length * rng.uniform(0.62, 0.8), width * 0.6, depth - 1, shade, snow
        )


@painter("field", sky=rgb("#8fb8e0"), crop=rgb("#c9a648"), soil=rgb("#7a6238"), hill=rgb("#6a8450"), sun=0.6)
def field(canvas: Canvas, rng: np.random.Generator, sky, crop, soil, hill, sun) -> None:
    """Rows of a crop running to the hills, a farmhouse, a few trees, summer clouds."""
    canvas.gradient((0, np.asarray(sky) * 0.75), (0.5, mix(sky, (1, 1, 1), 0.55)))
    puffs = np.clip((fractal(rng, 5, 5) - 0.5) * 4, 0, 0.9) * np.clip(1.5 - np.abs(canvas.y - 0.2) * 4, 0, 1)
    canvas.blend(puffs, np.array([0.92, 0.93, 0.95]))
    axis = canvas.x[0]
    for layer, base in enumerate((0.43, 0.47, 0.5)):
        crest = base - 0.06 * np.interp(axis, np.linspace(0, 1, 6), rng.random(6))
        tint = mix(hill, sky, 0.55 - 0.25 * layer) * (0.8 + 0.5 * noise(rng, 9, 24))[..., None]
        canvas.blend(np.clip((canvas.y - crest[None, :]) * 200, 0, 1), tint)
    stage = Stage(canvas, vx=0.56, vy=0.49, eye=1.7, focal=1.0)
    x, z, mask = stage.level(0.0)
    fade = np.clip(1.5 - z / 14, 0, 1)
    rows = 0.5 + (0.5 * np.sin(x * 2 * np.pi / 0.75) * fade)
    tufts = 0.7 + 0.6 * fractal(rng, 26, 3)
    canvas.blend(mask, mix(soil, crop, rows[..., None]) * (tufts * (0.65 + 0.45 * sun))[..., None])
    for x0, radius in ((0.08, 0.05), (0.15, 0.035), (0.83, 0.045), (0.9, 0.06), (0.97, 0.04)):
        ragged = (noise(rng, 30) - 0.5) * 0.9
        disc = np.hypot(canvas.x - x0, (canvas.y - 0.5 + radius) * 0.85) / radius + ragged
        foliage(canvas, rng, np.clip((1 - disc) * 8, 0, 1), mix(hill, (0, 0, 0), 0.25), sun, 24)
    canvas.rect(0.24, 0.455, 0.33, 0.5, rgb("#dccfb4"))
    canvas.quad([(0.225, 0.457), (0.25, 0.428), (0.32, 0.428), (0.345, 0.457)], rgb("#9a4a38"))
    for x0 in (0.255, 0.285, 0.31):
        canvas.rect(x0, 0.468, x0 + 0.01, 0.482, rgb("#3a3f46"))
    canvas.blur(0.012)


@painter("stadium", turf=rgb("#5a9a3f"), seat=rgb("#3f6fae"), sky=rgb("#bcd2e4"), roof=rgb("#7a8086"))
def stadium(canvas: Canvas, rng: np.random.Generator, turf, seat, sky, roof) -> None:
    """An empty stadium: striped turf with white lines, stands, a roof with floodlights."""
    stage = Stage(canvas, vx=0.5, vy=0.5, eye=1.7, focal=1.0)
    canvas.gradient((0, np.asarray(sky) * 0.8), (0.5, np.asarray(sky) * 1.15), (1, turf))
    x, z, mask = stage.level(0.0)
    bands = 0.85 + 0.3 * ((np.floor(x / 1.6) % 2) - 0.5) * np.clip(1.6 - z / 22, 0, 1)
    canvas.blend(mask, np.asarray(turf) * bands[..., None] * (0.85 + 0.25 * noise(rng, 30))[..., None])
    for a, b in ((6.0, 6.2), (11.0, 11.4)):
        stage.flat(-30, 30, a, b, 0, (0.8, 0.82, 0.8))
    stage.poly([(2.4, 0, 4.0), (2.6, 0, 4.0), (4.2, 0, 22), (3.8, 0, 22)], (0.8, 0.82, 0.8))
    for row in range(22):
        y0, depth = 1.2 + row * 0.62, 24 + row * 0.8
        step = vary(mix(seat, roof, 0.55 if row == 10 else 0.0), rng, 0.05) * (0.95 - 0.022 * row)
        stage.front(-30, 30, y0, y0 + 0.64, depth, step * 0.45)
        stage.front(-30, 30, y0 + 0.26, y0 + 0.62, depth - 0.1, step)
    for x0 in np.arange(-16, 17, 4.0):
        stage.poly(
            [(x0, 1.2, 23.9), (x0 + 0.7, 1.2, 23.9), (x0 + 0.9, 14.8, 41), (x0 + 0.2, 14.8, 41)],
            rgb("#a9aaa6"),
        )
    for k, x0 in enumerate(np.arange(-16, 16, 3.2)):
        board = [rgb("#e8e6e0"), rgb("#a8322a"), rgb("#d8b62e"), rgb("#26385c"), rgb("#2f7a45")][
            (k * 2 + k // 3) % 5
        ]
        stage.front(x0, x0 + 3.1, 0.1, 1.1, 23.0, board)
        stage.front(x0 + 0.6, x0 + 2.5, 0.42, 0.75, 22.9, mix(board, (0.5, 0.5, 0.5), 0.7))
    stage.poly([(-30, 15.5, 44), (30, 15.5, 44), (30, 17.5, 30), (-30, 17.5, 30)], np.asarray(roof) * 0.45)
    stage.front(-30, 30, 17.3, 18.3, 30, roof)
    for x0 in np.arange(-15, 16, 2.5):
        stage.lamp(x0, 17.0, 30, 0.16, (1, 1.02, 1.05), 14)
    stage.blur(0.010)
    for x0 in (-4.5, -1.3):
        stage.front(x0, x0 + 0.1, 0, 2.0, 14, (0.85, 0.85, 0.85))
    stage.front(-4.5, -1.2, 1.95, 2.07, 14, (0.85, 0.85, 0.85))
    stage.front(-4.5, -1.3, 0, 1.95, 14, (0.85, 0.88, 0.85), 0.22)
    stage.blur(0.009)


@painter("greenhouse", glass=rgb("#dcebe6"), frame=rgb("#e4e6e2"), leaf=rgb("#4f7f3a"), flower=rgb("#d8604a"))
def greenhouse(canvas: Canvas, rng: np.random.Generator, glass, frame, leaf, flower) -> None:
    """A glasshouse: a pitched glass roof with glazing bars, benches of pots and palms along a path."""
    stage = Stage(canvas, vx=0.5, vy=0.47, eye=1.6, focal=1.0)
    canvas.gradient(
        (0, np.asarray(glass) * 0.95), (0.5, np.asarray(glass) * 0.8), (1, np.asarray(glass) * 0.6)
    )
    blotch = np.clip((fractal(rng, 7, 3) - 0.45) * 4, 0, 0.55)
    canvas.blend(blotch, mix(leaf, glass, 0.5))
    stage.floor(rgb("#a8a296"), rgb("#8f897c"), 0.5, 15, "joints")
    for z in np.arange(14, 1.0, -1.5):
        for side in (-1, 1):
            stage.poly(
                [(side * 2.8, 2.4, z), (side * 2.8, 2.5, z), (0, 4.1, z), (0, 4.0, z)],
                np.asarray(frame) * 0.55,
            )
            stage.front(side * 2.8 - 0.04, side * 2.8 + 0.04, 0, 2.45, z, np.asarray(frame) * 0.6)
            for t in (0.33, 0.66):
                x, y = side * 2.8 * (1 - t), 2.4 + 1.65 * t
                stage.poly(
                    [(x, y, z), (x, y + 0.05, z), (x, y + 0.05, z + 1.5), (x, y, z + 1.5)],
                    np.asarray(frame) * 0.6,
                )
            stage.side(side * 2.78, z, z + 1.5, 1.25, 1.31, np.asarray(frame) * 0.6)
        stage.front(-0.03, 0.03, 4.0, 4.1, z, np.asarray(frame) * 0.5)
    stage.blur(0.008)
    for z in (12.0, 9.5, 7.4, 5.6, 4.2):
        for side in (-1, 1):
            stage.box(
                min(side * 1.0, side * 2.7),
                max(side * 1.0, side * 2.7),
                0.6,
                0.72,
                z,
                z + 1.5,
                rgb("#7a6a52"),
            )
            for _ in range(9):
                x, depth = side * rng.uniform(1.1, 2.6), z + rng.uniform(0.1, 1.2)
                stage.box(x - 0.13, x + 0.13, 0.72, 0.98, depth, depth + 0.2, vary(rgb("#b0623f"), rng, 0.15))
                tint, tall = vary(leaf, rng, 0.35), rng.uniform(0.3, 0.9)
                for _ in range(16):
                    at = x + rng.normal(0, 0.16), 1.0 + tall * rng.random(), depth
                    stage.ball(*at, rng.uniform(0.05, 0.1), tint * rng.uniform(0.5, 1.6), 0.6)
                if rng.random() < 0.4:
                    for _ in range(5):
                        bloom = vary(flower if rng.random() < 0.6 else rgb("#e8c84a"), rng, 0.2)
                        stage.ball(x + rng.normal(0, 0.13), 1.05 + tall * rng.random(), depth, 0.05, bloom)
        stage.blur(0.004)
    stage.blur(0.007)
