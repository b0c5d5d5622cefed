"""Towns: streets, lights at night, a station hall."""

from __future__ import annotations

import numpy as np

from generation.views.backgrounds.canvas import Canvas, mix, noise, rgb, vary
from generation.views.backgrounds.outdoor import crowns, foliage
from generation.views.backgrounds.registry import painter


@painter("street", sky=rgb("#cfdce6"), facade=rgb("#a48b74"), road=rgb("#66686b"), sun=0.6)
def street(canvas: Canvas, rng: np.random.Generator, sky, facade, road, sun) -> None:
    """House fronts running to a vanishing point, street trees, parked cars."""
    vx, vy = 0.52, 0.58
    canvas.gradient((0, np.asarray(sky) * 0.8), (0.58, np.asarray(sky) * 1.25))
    canvas.rect(0, vy, 1, 1, road)
    canvas.quad([(vx, vy), (vx, vy), (1.3, 1), (0.95, 1)], np.asarray(road) * 1.6)
    canvas.quad([(vx, vy), (vx, vy), (0.08, 1), (-0.3, 1)], np.asarray(road) * 1.6)
    for side in (-1, 1):
        lit = 0.45 + (0.75 * sun if side < 0 else 0.1)
        edge = np.array([0.1, 0.22, 0.34, 0.46, 0.6, 0.78, 1.0])[::-1]
        tops = rng.uniform(0.8, 1.15, 6)
        for k in range(6):
            near, far = edge[k], edge[k + 1]
            _house(canvas, rng, vx, vy, side, near, far, tops[k], vary(facade, rng, 0.22) * lit)
    canvas.blur(0.011)
    for x, foot, radius in ((0.16, 0.72, 0.11), (0.86, 0.74, 0.13), (0.36, 0.64, 0.05), (0.67, 0.645, 0.055)):
        canvas.rect(x - radius * 0.07, foot - radius * 2, x + radius * 0.07, foot, rgb("#3c3128"))
        ragged = noise(rng, 26) * 0.5 + noise(rng, 12) * 0.5
        disc = np.hypot(canvas.x - x, canvas.y - (foot - radius * 2.4)) / radius + (ragged - 0.5) * 1.1
        foliage(canvas, rng, np.clip((1 - disc) * 9, 0, 1) * 0.95, rgb("#6b8a44"), sun, 22)
    for x, y, scale in ((0.28, 0.66, 0.09), (0.74, 0.67, 0.1), (0.62, 0.625, 0.05), (0.08, 0.72, 0.14)):
        paint = vary([rgb("#7c1f22"), rgb("#d8d8d4"), rgb("#26405e"), rgb("#303234")][rng.integers(4)], rng)
        canvas.ellipse(x, y + 0.2 * scale, scale * 0.62, scale * 0.1, rgb("#1c1d1f"), 0.8)
        canvas.rect(x - scale * 0.5, y - scale * 0.1, x + scale * 0.5, y + scale * 0.2, paint)
        canvas.ellipse(x, y - scale * 0.1, scale * 0.4, scale * 0.25, paint * 0.8)
        canvas.ellipse(x, y - scale * 0.12, scale * 0.32, scale * 0.17, mix(sky, (0, 0, 0), 0.5))
        for lamp in (-0.4, 0.4):
            canvas.ellipse(x + lamp * scale, y + 0.03 * scale, 0.006, 0.005, np.array([9.0, 2.0, 1.2]))
    canvas.blur(0.014)


def _house(canvas: Canvas, rng: np.random.Generator, vx, vy, side, near, far, height, wall) -> None:
    """One front between two depths (1 = at the camera's picture edge, 0 = vanishing point)."""

    def corner(depth: float, level: float) -> tuple[float, float]:
        return vx + side * 0.62 * depth, vy + depth * (0.17 - 0.95 * level)

    def patch(a, b, low, high, shade) -> None:
        corners = [corner(a, high), corner(b, high), corner(b, low), corner(a, low)]
        canvas.quad(corners if side < 0 else corners[::-1], shade)

    patch(near, far, 0, height, wall)
    patch(near, far, height - 0.04, height, wall * 0.6)
    patch(near, far, 0.02, 0.19, wall * 0.35)
    patch(near * 0.95 + far * 0.05, near * 0.2 + far * 0.8, 0.04, 0.15, mix(rgb("#ffd9a0"), wall, 0.4))
    patch(near, far, 0.18, 0.21, vary(rgb("#8c3f33"), rng, 0.6))
    for floor in np.arange(0.27, height - 0.12, 0.17):
        for t in (0.12, 0.42, 0.72):
            a, b = near + (far - near) * t, near + (far - near) * (t + 0.17)
            glass = vary(rgb("#3f4d58"), rng, 0.35) * (3.0 if rng.random() < 0.15 else 1.0)
            patch(a, b, floor, floor + 0.1, glass)
            patch(a, b, floor - 0.012, floor, wall * 1.4)


@painter(
    "bokeh", dark=rgb("#101522"), warm=rgb("#ffb057"), cool=rgb("#7fb4ff"), accent=rgb("#ff5a6e"), density=0.5
)
def bokeh(canvas: Canvas, rng: np.random.Generator, dark, warm, cool, accent, density) -> None:
    """A town at night far out of focus: every lamp a disc."""
    canvas.gradient((0, np.asarray(dark) * 0.5), (0.55, np.asarray(dark) * 1.8), (1, np.asarray(dark) * 0.8))
    for _ in range(14):
        x, width, top = rng.random(), rng.uniform(0.06, 0.16), rng.uniform(0.15, 0.5)
        canvas.rect(x, top, x + width, 0.75, vary(dark, rng, 0.4) * rng.uniform(0.6, 2.2))
    canvas.rgb += np.asarray(warm) * (0.05 * np.exp(-((canvas.y - 0.62) ** 2) / 0.02))[..., None]
    for count, radius, power in ((110, 0.0016, 26), (60, 0.002, 34), (26, 0.0024, 60)):
        for _ in range(int(count * (0.5 + density))):
            lamp = (warm, warm, warm, cool, accent, mix(warm, (1, 1, 1), 0.6))[rng.integers(6)]
            y = np.clip(rng.normal(0.5, 0.17), 0.03, 0.97)
            canvas.ellipse(
                rng.random(), y, radius, radius, vary(lamp, rng, 0.3) * power * rng.uniform(0.3, 1.5)
            )
        canvas.blur(0.0125)
    canvas.blur(0.006)


@painter("harbour", sky=rgb("#39496e"), water=rgb("#1f2d45"), lamp=rgb("#ffc070"), glow=rgb("#c98a7a"))
def harbour(canvas: Canvas, rng: np.random.Generator, sky, water, lamp, glow) -> None:
    """A harbour at dusk: a lit shore, boats, lights drawn out on the water."""
    canvas.gradient((0, np.asarray(sky) * 0.6), (0.48, glow), (0.5, water), (1, np.asarray(water) * 0.6))
    canvas.blend(np.clip((noise(rng, 4, 14) - 0.5) * 3, 0, 0.6) * (canvas.y < 0.47), mix(glow, sky, 0.5))
    canvas.blend(crowns(canvas, rng, 18, 0.43, 0.52, 0.03), np.asarray(sky) * 0.25)
    x = 0.0
    while x < 1:
        width, top = rng.uniform(0.03, 0.08), rng.uniform(0.34, 0.45)
        canvas.rect(x, top, x + width, 0.52, vary(mix(sky, (0, 0, 0), 0.6), rng, 0.2))
        x += width
    reflections = []
    for _ in range(70):
        x, shade = rng.random(), vary(lamp, rng, 0.35)
        canvas.ellipse(x, rng.uniform(0.4, 0.515), 0.0028, 0.0028, shade * 26)
        reflections.append((x, shade))
    for x, shade in reflections:
        reach = rng.uniform(0.1, 0.4)
        for y in np.arange(0.535, 0.535 + reach, 0.011):
            fade = 1 - (y - 0.535) / reach
            wide, offset = rng.uniform(0.002, 0.012), rng.normal(0, 0.006)
            canvas.rect(x + offset - wide, y, x + offset + wide, y + 0.004, shade * 2.2 * fade, 0.8 * fade)
    for x in (0.1, 0.24, 0.78, 0.93):
        canvas.rect(x, 0.28, x + 0.004, 0.56, rgb("#cfcac0"))
        canvas.quad([(x - 0.07, 0.55), (x + 0.07, 0.55), (x + 0.045, 0.59), (x - 0.05, 0.59)], rgb("#d9d6cf"))
    canvas.blur(0.015)


@painter("station", steel=rgb("#59626b"), sky=rgb("#dde6ea"), floor=rgb("#8b8a86"), train=rgb("#8f2f2d"))
def station(canvas: Canvas, rng: np.random.Generator, steel, sky, floor, train) -> None:
    """A station hall: a glazed arched roof, a platform, a train at the side."""
    canvas.gradient((0, np.asarray(steel) * 0.7), (0.6, mix(steel, sky, 0.5)), (1, np.asarray(floor) * 0.6))
    for depth in (1.0, 0.82, 0.66, 0.52, 0.4, 0.3):
        rx, ry, cy = 0.72 * depth, 0.62 * depth, 0.62
        canvas.ellipse(0.5, cy, rx, ry, np.asarray(steel) * (0.35 + 0.4 * (1 - depth)))
        canvas.ellipse(
            0.5, cy, rx - 0.02 * depth, ry - 0.02 * depth, np.asarray(sky) * (0.75 + 0.5 * (1 - depth))
        )
        for angle in np.linspace(0.15, np.pi - 0.15, 9):
            ex, ey = 0.5 + rx * np.cos(angle), cy - ry * np.sin(angle)
            nx, ny = 0.5 + rx * 0.8 * np.cos(angle), cy - ry * 0.8 * np.sin(angle)
            width = 0.005 * depth
            corners = [(ex - width, ey), (ex + width, ey), (nx + width, ny), (nx - width, ny)]
            if ey < ny:
                canvas.quad(corners, np.asarray(steel) * 0.5)
    canvas.rect(0, 0.62, 1, 1, np.asarray(floor) * 0.55)
    canvas.quad([(0.42, 0.62), (0.6, 0.62), (0.98, 1), (0.1, 1)], np.asarray(floor) * 0.95)
    canvas.quad([(0.40, 0.62), (0.42, 0.62), (0.1, 1), (0.03, 1)], rgb("#d9c25a"))
    canvas.quad([(0, 0.26), (0.38, 0.55), (0.38, 0.66), (0, 0.92)], train)
    canvas.quad([(0, 0.40), (0.38, 0.575), (0.38, 0.60), (0, 0.56)], rgb("#20262b"))
    canvas.quad([(0, 0.66), (0.38, 0.625), (0.38, 0.633), (0, 0.70)], rgb("#e6e2d8"))
    canvas.blur(0.010)
    for x, y, scale in ((0.6, 0.70, 0.6), (0.76, 0.78, 1.0)):
        for level in (0.0, 0.045):
            canvas.rect(x, y - level * scale, x + 0.16 * scale, y + (0.016 - level) * scale, rgb("#7a5638"))
        for leg in (0.01, 0.14):
            canvas.rect(x + leg * scale, y, x + (leg + 0.012) * scale, y + 0.07 * scale, rgb("#33373b"))
    for x, top in ((0.56, 0.36), (0.42, 0.30)):
        canvas.ellipse(x, top, 0.032, 0.034, rgb("#2a2e33"))
        canvas.ellipse(x, top, 0.027, 0.029, rgb("#f0ece0"))
        canvas.quad(
            [(x - 0.002, top - 0.02), (x + 0.002, top - 0.02), (x + 0.002, top), (x - 0.002, top)], (0, 0, 0)
        )
    canvas.rect(0.66, 0.44, 0.9, 0.5, rgb("#1d2b3d"))
    for y in (0.452, 0.468, 0.484):
        canvas.rect(0.675, y, 0.885, y + 0.008, rgb("#e0b84a"))
    for x in (0.62, 0.78, 0.95):
        canvas.rect(x, 0.1, x + 0.012, 0.68, np.asarray(steel) * 0.5)
        canvas.ellipse(x + 0.006, 0.2, 0.012, 0.012, np.array([9.0, 8.4, 7.2]))
    canvas.blur(0.013)
