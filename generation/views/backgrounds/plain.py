"""Backdrops and walls."""

from __future__ import annotations

import numpy as np

from generation.views.backgrounds.canvas import Canvas, fractal, mix, rgb, vary
from generation.views.backgrounds.registry import painter


@painter("studio", centre=rgb("#a8aba6"), edge=rgb("#5e6361"), spot=0.5, mottle=0.3)
def studio(canvas: Canvas, rng: np.random.Generator, centre, edge, spot, mottle) -> None:
    """A lit paper or canvas backdrop; `spot` moves the light sideways, `mottle` clouds the canvas."""
    distance = np.hypot(canvas.x - spot, (canvas.y - 0.48) * 0.9)
    falloff = np.exp(-((distance / 0.55) ** 2))
    canvas.rgb[:] = np.asarray(edge) + falloff[..., None] * (np.asarray(centre) - np.asarray(edge))
    canvas.rgb *= (1 + mottle * (fractal(rng, 4, 3) - 0.5))[..., None]
    canvas.blur(0.02)


@painter("brick", brick=rgb("#9a5340"), mortar=rgb("#b3a89b"), focus=0.6)
def brick(canvas: Canvas, rng: np.random.Generator, brick, mortar, focus) -> None:
    """A brick wall in slanting light; `focus` 1 is almost sharp, 0 a blur of courses."""
    canvas.gradient((0, mortar), (1, np.asarray(mortar) * 0.8))
    canvas.rgb *= (0.85 + 0.3 * fractal(rng, 24, 2))[..., None]
    courses, width = 17, 0.155
    for row in range(courses):
        y0 = row / courses
        for column in range(-1, 8):
            x0 = (column + 0.5 * (row % 2)) * width
            shade = vary(mix(brick, rgb("#5b342c"), rng.random() ** 3 * 0.8), rng, 0.16)
            canvas.rect(x0 + 0.006, y0 + 0.006, x0 + width - 0.004, y0 + 1 / courses - 0.004, shade)
            # The lower edge of each brick lies in its own shadow.
            canvas.rect(x0 + 0.006, y0 + 0.05, x0 + width - 0.004, y0 + 0.056, shade * 0.55)
    canvas.rgb *= (0.8 + 0.4 * fractal(rng, 40, 3))[..., None]
    canvas.rgb *= (1.25 - 0.6 * canvas.x - 0.15 * canvas.y)[..., None]
    canvas.blur(0.004 + 0.014 * (1 - focus))


@painter("plaster", wall=rgb("#8d8a80"), stain=rgb("#6c675c"), shadow=0.6)
def plaster(canvas: Canvas, rng: np.random.Generator, wall, stain, shadow) -> None:
    """An old plastered wall with stains and the shadow of branches."""
    canvas.gradient((0, wall), (1, np.asarray(wall) * 0.85))
    canvas.blend(np.clip(fractal(rng, 3, 6) * 2.2 - 0.75, 0, 1) * 0.6, stain)
    canvas.rgb *= (0.9 + 0.2 * fractal(rng, 30, 3))[..., None]
    canvas.rect(0, 0.86, 1, 1, np.asarray(stain) * 0.5)
    leaves = np.clip((fractal(rng, 9, 3) - 0.5) * 6, 0, 1) * np.clip(1.5 - 1.6 * canvas.y, 0, 1)
    leaves = np.maximum(
        leaves, np.clip((fractal(rng, 17, 2) - 0.56) * 6, 0, 1) * np.clip(1.2 - canvas.y, 0, 1)
    )
    canvas.rgb *= (1 - shadow * 0.6 * leaves)[..., None]
    canvas.blur(0.011)


@painter("gallery", wall=rgb("#bcb6aa"), floor=rgb("#6d4c35"), light=0.7)
def gallery(canvas: Canvas, rng: np.random.Generator, wall, floor, light) -> None:
    """A museum wall with framed paintings, each under its own lamp."""
    canvas.gradient((0, np.asarray(wall) * 0.5), (0.45, np.asarray(wall) * 0.75), (1, np.asarray(wall) * 0.6))
    x = -0.05
    while x < 1.0:
        width = rng.uniform(0.17, 0.3)
        top, height = rng.uniform(0.14, 0.24), rng.uniform(0.26, 0.4)
        canvas.glow(x + width / 2, top - 0.02, 0.16, np.asarray(wall) * 0.9 * light)
        canvas.rect(x + 0.008, top + 0.012, x + width + 0.012, top + height + 0.018, np.asarray(wall) * 0.25)
        canvas.rect(x, top, x + width, top + height, rgb("#8a6a2c"))
        canvas.rect(x + 0.006, top + 0.006, x + width - 0.012, top + 0.02, rgb("#d9b765"))
        _painting(canvas, rng, x + 0.02, top + 0.02, x + width - 0.02, top + height - 0.02)
        x += width + rng.uniform(0.1, 0.16)
    canvas.rect(0, 0.80, 1, 0.825, np.asarray(wall) * 1.05)
    canvas.rect(0, 0.825, 1, 1, floor)
    canvas.blur(0.016)


def _painting(canvas: Canvas, rng: np.random.Generator, x0, y0, x1, y1) -> None:
    sky, land, accent = (np.clip(rng.uniform(0.05, 0.5, 3), 0, 1) for _ in range(3))
    middle = y0 + (y1 - y0) * rng.uniform(0.35, 0.7)
    canvas.rect(x0, y0, x1, y1, sky)
    canvas.rect(x0, middle, x1, y1, land * 0.5)
    for _ in range(7):
        x, y = rng.uniform(x0, x1), rng.uniform(y0, y1)
        reach = min(x - x0, x1 - x, y - y0, y1 - y)
        if reach > 0.005:
            canvas.ellipse(x, y, reach, reach * 0.8, vary(accent, rng, 0.5), 0.8)
