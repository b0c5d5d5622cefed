"""Rooms: library, living room, café, kitchen, office."""

from __future__ import annotations

import numpy as np

from generation.views.backgrounds.canvas import Canvas, fractal, mix, noise, rgb, vary
from generation.views.backgrounds.outdoor import foliage
from generation.views.backgrounds.registry import painter

_SPINES = [
    *(rgb(code) for code in ("#7a2e2a", "#2f4a63", "#37523c", "#b59a5b", "#5a3f5e", "#8c8577")),
    *(rgb(code) for code in ("#c8bfa8", "#2b2b31", "#a4602f", "#46717a", "#6d5a46", "#92403f")),
]


def window(canvas: Canvas, rng: np.random.Generator, x0, y0, x1, y1, outside, frame, panes: int = 2) -> None:
    """A bright window with trees outside and glazing bars."""
    canvas.rect(x0 - 0.018, y0 - 0.018, x1 + 0.018, y1 + 0.025, frame)
    before = canvas.rgb.copy()
    canvas.rect(x0, y0, x1, y1, np.asarray(outside) * 1.6)
    green = np.clip((canvas.y - (y0 + y1) / 2 + (fractal(rng, 8, 3) - 0.5) * 0.3) * 20, 0, 1)
    foliage(canvas, rng, green * 0.6, mix(rgb("#7f9a5e"), outside, 0.4), 0.4)
    inside = (canvas.x > x0) & (canvas.x < x1) & (canvas.y > y0) & (canvas.y < y1)
    canvas.rgb = np.where(inside[..., None], canvas.rgb, before)
    for k in range(1, panes):
        x = x0 + (x1 - x0) * k / panes
        canvas.rect(x - 0.006, y0, x + 0.006, y1, np.asarray(frame) * 0.8)
    middle = y0 + (y1 - y0) * 0.42
    canvas.rect(x0, middle - 0.005, x1, middle + 0.005, np.asarray(frame) * 0.8)


def plant(canvas: Canvas, rng: np.random.Generator, x: float, foot: float, height: float, leaf) -> None:
    """A pot plant with long leaves."""
    top = foot - height * 0.28
    canvas.quad(
        [(x - 0.05, top), (x + 0.05, top), (x + 0.035, foot), (x - 0.035, foot)], vary(rgb("#a8613f"), rng)
    )
    for _ in range(26):
        angle = rng.normal(0, 0.75)
        reach = height * rng.uniform(0.35, 0.75)
        ex, ey = x + np.sin(angle) * reach, top - np.cos(angle) * reach
        shade = vary(leaf, rng, 0.35)
        for t in np.linspace(0.1, 1, 7):
            radius = 0.018 * (1 - abs(t - 0.6)) * (0.6 + height)
            canvas.ellipse(x + (ex - x) * t, top + (ey - top) * t + 0.05 * t * t, radius, radius, shade)


@painter("library", wood=rgb("#5b3d28"), wall=rgb("#3d3128"), lamp=rgb("#ffcf8f"), light=0.6)
def library(canvas: Canvas, rng: np.random.Generator, wood, wall, lamp, light) -> None:
    """Bookshelves from floor to ceiling."""
    canvas.gradient((0, wall), (1, np.asarray(wall) * 0.6))
    shelves, bays = 7, [(-0.03, 0.31), (0.33, 0.66), (0.68, 1.03)]
    for left, right in bays:
        canvas.rect(left - 0.012, 0, right + 0.012, 1, wood)
        for row in range(shelves):
            top, bottom = row / shelves + 0.008, (row + 1) / shelves - 0.012
            canvas.rect(left + 0.01, top, right - 0.01, bottom, np.asarray(wood) * 0.12)
            x = left + 0.012
            while x < right - 0.03:
                width = rng.uniform(0.008, 0.026)
                height = (bottom - top) * rng.uniform(0.62, 0.93)
                if rng.random() < 0.07:
                    x += rng.uniform(0.02, 0.06)
                    continue
                spine = vary(_SPINES[rng.integers(len(_SPINES))], rng, 0.22)
                canvas.rect(x, bottom - height, x + width, bottom, spine)
                canvas.rect(x + width * 0.15, bottom - height, x + width * 0.4, bottom, spine * 1.5)
                if rng.random() < 0.4:
                    band = bottom - height * rng.uniform(0.6, 0.85)
                    canvas.rect(x, band, x + width, band + 0.008, rgb("#c9a95a"))
                x += width + 0.0015
            canvas.rect(left, bottom, right, bottom + 0.004, np.asarray(wood) * 1.7)
    for x in (0.16, 0.84):
        canvas.rgb *= (
            0.75 + 1.1 * light * np.exp(-((canvas.x - x) ** 2 + (canvas.y - 0.25) ** 2) / 0.12)[..., None]
        )
    canvas.rgb *= mix((1, 1, 1), lamp, 0.6)
    canvas.blur(0.014)


@painter(
    "room", wall=rgb("#b7ab98"), sofa=rgb("#55707a"), outside=rgb("#dfeaf2"), lamp=rgb("#ffc98a"), evening=0.3
)
def room(canvas: Canvas, rng: np.random.Generator, wall, sofa, outside, lamp, evening) -> None:
    """A living room: window with curtains, a picture, a floor lamp, a sofa and a plant."""
    base = np.asarray(wall) * (0.75 - 0.35 * evening)
    canvas.gradient((0, base * 0.9), (0.7, base), (1, base * 0.8))
    canvas.rgb *= (1.25 - 0.5 * canvas.x)[..., None]
    window(canvas, rng, 0.05, 0.1, 0.3, 0.6, np.asarray(outside) * (1 - 0.85 * evening), rgb("#d8d3c8"))
    folds = 0.65 + 0.5 * np.abs(np.sin(canvas.x * 150 + 2 * noise(rng, 6, 2)))
    for x0, x1 in ((-0.05, 0.06), (0.29, 0.37)):
        mask = ((canvas.x > x0) & (canvas.x < x1) & (canvas.y > 0.05) & (canvas.y < 0.74)).astype(float)
        canvas.blend(mask * 0.95, mix(wall, sofa, 0.4) * folds[..., None])
    canvas.rect(0.56, 0.2, 0.76, 0.42, rgb("#3a2f28"))
    canvas.rect(0.572, 0.212, 0.748, 0.408, rgb("#cfc8b8"))
    canvas.rect(0.6, 0.24, 0.72, 0.38, vary(sofa, rng, 0.3))
    canvas.ellipse(0.66, 0.3, 0.035, 0.04, vary(lamp, rng, 0.3))
    canvas.rect(0, 0.8, 1, 1, rgb("#6b4a33"))
    canvas.rect(0.86, 0.38, 0.868, 0.86, rgb("#2c2825"))
    canvas.glow(0.864, 0.34, 0.2 + 0.1 * evening, np.asarray(lamp) * (0.25 + 0.5 * evening))
    canvas.quad(
        [(0.82, 0.25), (0.908, 0.25), (0.94, 0.39), (0.79, 0.39)], np.asarray(lamp) * (1.1 + 1.5 * evening)
    )
    for x0, x1 in ((0.32, 0.56), (0.56, 0.8)):
        canvas.rect(x0, 0.6, x1, 0.86, vary(sofa, rng, 0.06))
        canvas.rect(x0 + 0.01, 0.605, x1 - 0.01, 0.64, np.asarray(sofa) * 1.5)
        cushion = vary(mix(lamp, sofa, rng.random()), rng, 0.2)
        middle = (x0 + x1) / 2
        canvas.quad(
            [(middle - 0.06, 0.66), (middle + 0.05, 0.64), (middle + 0.07, 0.78), (middle - 0.05, 0.79)],
            cushion,
        )
    canvas.rect(0.3, 0.78, 0.82, 0.92, np.asarray(sofa) * 0.7)
    plant(canvas, rng, 0.95, 0.95, 0.5, rgb("#3f6a3a"))
    canvas.blur(0.015)


@painter("cafe", wall=rgb("#4b3a30"), wood=rgb("#8a5f3c"), lamp=rgb("#ffb566"), tile=rgb("#8fa39a"))
def cafe(canvas: Canvas, rng: np.random.Generator, wall, wood, lamp, tile) -> None:
    """A bar with bottles and cups on shelves under pendant lamps."""
    canvas.gradient((0, np.asarray(wall) * 0.45), (0.6, wall), (1, np.asarray(wall) * 0.5))
    for row in range(6):
        for column in range(22):
            x, y = column / 22 + 0.022 * (row % 2), 0.42 + row * 0.04
            canvas.rect(x, y, x + 0.042, y + 0.036, vary(tile, rng, 0.15) * 0.8)
    for shelf in (0.25, 0.4):
        canvas.rect(0.03, shelf, 0.97, shelf + 0.014, np.asarray(wood) * 1.3)
        x = 0.05
        while x < 0.94:
            height, width = rng.uniform(0.05, 0.11), rng.uniform(0.014, 0.026)
            glass = vary(
                [rgb("#3d5a36"), rgb("#8a4a22"), rgb("#c9c4b2"), rgb("#2f4454")][rng.integers(4)], rng
            )
            canvas.rect(x, shelf - height * 0.7, x + width, shelf, glass)
            canvas.rect(x + width * 0.3, shelf - height, x + width * 0.7, shelf - height * 0.65, glass)
            canvas.rect(x + width * 0.15, shelf - height * 0.6, x + width * 0.3, shelf - 0.01, glass + 0.5)
            x += width + rng.uniform(0.008, 0.03)
    canvas.blur(0.011)
    canvas.rect(0, 0.68, 1, 0.715, np.asarray(wood) * 1.5)
    canvas.rect(0, 0.715, 1, 1, np.asarray(wood) * 0.55)
    canvas.rect(0.08, 0.5, 0.28, 0.68, rgb("#8e9092"))
    canvas.rect(0.09, 0.51, 0.27, 0.54, rgb("#d8dadb"))
    canvas.rect(0.12, 0.58, 0.24, 0.66, rgb("#26282a"))
    for x in (0.72, 0.77, 0.82):
        canvas.ellipse(x, 0.665, 0.02, 0.018, rgb("#e5e0d5"))
    for x, y in zip((0.1, 0.37, 0.64, 0.9), rng.uniform(0.1, 0.17, 4), strict=True):
        canvas.rect(x - 0.002, 0, x + 0.002, y, rgb("#151210"))
        canvas.glow(x, y + 0.04, 0.13, np.asarray(lamp) * 0.35)
        canvas.quad(
            [(x - 0.012, y), (x + 0.012, y), (x + 0.04, y + 0.035), (x - 0.04, y + 0.035)], rgb("#1d1a18")
        )
        canvas.ellipse(x, y + 0.04, 0.022, 0.016, np.asarray(lamp) * 6)
    canvas.blur(0.013)


@painter(
    "kitchen", cupboard=rgb("#c9cfc8"), worktop=rgb("#7b5f45"), tile=rgb("#dfe3df"), outside=rgb("#e4eef2")
)
def kitchen(canvas: Canvas, rng: np.random.Generator, cupboard, worktop, tile, outside) -> None:
    """Cupboards, tiles, a window over the worktop, pans on a rail."""
    canvas.gradient((0, np.asarray(tile) * 0.6), (1, np.asarray(tile) * 0.75))
    for row in range(8):
        for column in range(15):
            x, y = column / 15, 0.38 + row * 0.042
            canvas.rect(x + 0.002, y + 0.002, x + 0.064, y + 0.04, vary(tile, rng, 0.07) * 0.75)
    window(canvas, rng, 0.36, 0.08, 0.64, 0.5, outside, rgb("#e8e6e0"))
    for left in (-0.06, 0.13, 0.69, 0.88):
        front = vary(cupboard, rng, 0.04) * (0.55 + 0.25 * (left > 0.5))
        canvas.rect(left, 0.02, left + 0.185, 0.36, front * 0.6)
        canvas.rect(left + 0.006, 0.026, left + 0.179, 0.352, front)
        canvas.rect(left + 0.03, 0.06, left + 0.155, 0.32, front * 0.85)
        canvas.rect(left + 0.16, 0.26, left + 0.168, 0.33, rgb("#4a4a48"))
    canvas.rect(0, 0.44, 0.33, 0.447, rgb("#77797a"))
    for x in (0.05, 0.13, 0.21, 0.28):
        canvas.rect(x, 0.447, x + 0.005, 0.52, rgb("#55585a"))
        canvas.ellipse(x, 0.55, 0.028, 0.03, vary(rgb("#8a5a3a"), rng, 0.4))
    canvas.rect(0, 0.71, 1, 0.745, np.asarray(worktop) * 1.3)
    canvas.rect(0, 0.745, 1, 1, np.asarray(cupboard) * 0.5)
    for x in np.arange(0, 1, 0.19):
        canvas.rect(x, 0.76, x + 0.004, 1, np.asarray(cupboard) * 0.25)
        canvas.rect(x + 0.06, 0.785, x + 0.13, 0.792, rgb("#4a4a48"))
    for x in (0.72, 0.77, 0.82, 0.91):
        jar = vary([rgb("#b8452f"), rgb("#d8a23f"), rgb("#5f7f4a")][rng.integers(3)], rng, 0.2)
        canvas.rect(x, 0.71 - rng.uniform(0.06, 0.12), x + 0.036, 0.71, jar)
    plant(canvas, rng, 0.6, 0.71, 0.24, rgb("#4c7a3c"))
    canvas.blur(0.015)


@painter("office", wall=rgb("#c3c9cc"), blind=rgb("#e8edf0"), desk=rgb("#a58a6b"), accent=rgb("#3f6f8f"))
def office(canvas: Canvas, rng: np.random.Generator, wall, blind, desk, accent) -> None:
    """An open-plan office: ceiling lights in perspective, a window front, desks and screens."""
    canvas.gradient((0, np.asarray(wall) * 0.75), (0.3, np.asarray(wall) * 0.6), (1, np.asarray(wall) * 0.35))
    for depth in (0.02, 0.1, 0.17, 0.225):
        narrow = 1 - depth / 0.3
        for side in (-1, 1):
            a, b = 0.5 + side * 0.12 * narrow, 0.5 + side * 0.42 * narrow
            left, right = min(a, b), max(a, b)
            canvas.quad(
                [
                    (left, depth),
                    (right, depth),
                    (right, depth + 0.03 * narrow),
                    (left, depth + 0.03 * narrow),
                ],
                (2.4, 2.5, 2.6),
            )
    canvas.rect(0.3, 0.28, 0.7, 0.6, np.asarray(blind) * 1.1)
    for x in np.arange(0.3, 0.71, 0.08):
        canvas.rect(x, 0.28, x + 0.008, 0.6, np.asarray(wall) * 0.3)
    for x in np.arange(0.31, 0.69, 0.035):
        height = rng.uniform(0.05, 0.2)
        canvas.rect(x, 0.58 - height, x + 0.032, 0.6, vary(mix(accent, blind, 0.6), rng, 0.15))
    canvas.quad([(0, 0.1), (0.3, 0.28), (0.3, 0.62), (0, 0.85)], mix(wall, accent, 0.35) * 0.6)
    canvas.quad([(0.7, 0.28), (1, 0.1), (1, 0.85), (0.7, 0.62)], np.asarray(blind) * 0.9)
    for k in range(6):
        x = 0.71 + 0.3 * (k / 6) ** 1.3
        canvas.rect(
            x,
            0.28 - (x - 0.7) * 0.6,
            x + 0.008 + 0.01 * k / 6,
            0.62 + (x - 0.7) * 0.75,
            np.asarray(wall) * 0.35,
        )
    canvas.blur(0.010)
    for x, y, scale in ((0.36, 0.6, 0.6), (0.58, 0.61, 0.6), (0.12, 0.68, 1.0), (0.78, 0.69, 1.0)):
        canvas.rect(
            x - 0.04 * scale, y + 0.1 * scale, x + 0.24 * scale, y + 0.13 * scale, np.asarray(desk) * 1.1
        )
        canvas.rect(
            x - 0.03 * scale, y + 0.13 * scale, x + 0.23 * scale, y + 0.4 * scale, np.asarray(desk) * 0.3
        )
        canvas.rect(x + 0.02 * scale, y - 0.04 * scale, x + 0.18 * scale, y + 0.07 * scale, rgb("#17191c"))
        screen = vary(mix(accent, (1, 1, 1), 0.5), rng, 0.3)
        canvas.rect(x + 0.028 * scale, y - 0.033 * scale, x + 0.172 * scale, y + 0.062 * scale, screen)
        canvas.rect(x + 0.09 * scale, y + 0.07 * scale, x + 0.11 * scale, y + 0.1 * scale, rgb("#222428"))
    plant(canvas, rng, 0.03, 0.9, 0.45, rgb("#47703f"))
    canvas.blur(0.013)
