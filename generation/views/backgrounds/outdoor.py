"""Nature: parks, woods, gardens, coast and mountains."""

from __future__ import annotations

import numpy as np

from generation.views.backgrounds.canvas import Canvas, fractal, mix, noise, rgb, vary
from generation.views.backgrounds.registry import painter


def foliage(canvas: Canvas, rng: np.random.Generator, mask, leaf, light: float, grain: int = 14) -> None:
    """Leaves where `mask` is 1: dark depths, lit clumps, and sparkling gaps that the lens turns to discs."""
    depth = fractal(rng, grain, 4)
    shade = np.clip((depth - 0.3) * 2.2, 0.08, 1)[..., None] * np.asarray(leaf)
    sunny = np.clip((fractal(rng, grain // 2, 3) - 0.48) * 5, 0, 1)[..., None]
    shade = shade * (1 + 1.6 * light * sunny * np.array([1.3, 1.1, 0.5]))
    canvas.blend(mask, shade)
    sparkle = (rng.random(mask.shape) > 0.9985 - 0.001 * light) * mask * (sunny[..., 0] + 0.25)
    canvas.add(sparkle, np.array([1.0, 0.95, 0.6]) * 28 * light)


def crowns(canvas: Canvas, rng: np.random.Generator, count: int, top: float, base: float, size: float):
    """Union of tree-crown blobs along a row: a mask (SIDE, SIDE)."""
    mask = np.zeros_like(canvas.x)
    ragged = (fractal(rng, 12, 3) - 0.5) * 0.12
    for x in np.linspace(-0.05, 1.05, count) + rng.normal(0, 0.3 / count, count):
        radius = size * rng.uniform(0.7, 1.25)
        centre = top + radius + rng.uniform(-0.05, 0.08)
        distance = np.hypot(canvas.x - x, (canvas.y - centre) * 0.85) + ragged
        mask = np.maximum(mask, np.clip((radius - distance) * 60, 0, 1))
    mask = np.maximum(mask, np.clip((canvas.y - (top + size * 1.3) + ragged) * 60, 0, 1))
    return mask * np.clip((base - canvas.y) * 90 + 0.5, 0, 1)


@painter("park", sky=rgb("#b9d3ea"), leaf=rgb("#5d7f35"), grass=rgb("#7d9a45"), sun=0.6)
def park(canvas: Canvas, rng: np.random.Generator, sky, leaf, grass, sun) -> None:
    """A lawn, a row of trees, sky between the crowns."""
    canvas.gradient((0, np.asarray(sky) * 0.8), (0.55, np.asarray(sky) * 1.25))
    foliage(canvas, rng, crowns(canvas, rng, 7, 0.24, 0.62, 0.16), mix(leaf, sky, 0.25), sun)
    canvas.blur(0.012)
    lawn = np.clip((canvas.y - 0.61 - 0.012 * noise(rng, 4)) * 120, 0, 1)
    bands = 0.75 + 0.5 * noise(rng, 3, 22)
    canvas.blend(lawn, np.asarray(grass) * (bands * (0.65 + 0.5 * sun))[..., None])
    path = np.clip(
        0.03 + (canvas.y - 0.62) * 0.35 - np.abs(canvas.x - 0.2 - (canvas.y - 0.62) * 0.5), 0, 0.01
    )
    canvas.blend(path * 100 * lawn, rgb("#b8a98c"))
    for x in (rng.uniform(0.02, 0.14), rng.uniform(0.82, 0.97)):
        width = rng.uniform(0.02, 0.035)
        canvas.rect(x - width / 2, 0.3, x + width / 2, 0.68, rgb("#4a3a2c"))
        canvas.rect(x - width / 2, 0.3, x - width / 6, 0.68, rgb("#7b6550"))
    near = np.clip(
        (0.26 - canvas.y + 0.25 * np.abs(canvas.x - 0.5) + (fractal(rng, 8, 3) - 0.5) * 0.5) * 30, 0, 1
    )
    foliage(canvas, rng, near * (np.abs(canvas.x - 0.5) > 0.12), leaf, sun, 18)
    canvas.blur(0.016)


@painter("forest", leaf=rgb("#4f6b33"), bark=rgb("#4b3b2e"), glow=rgb("#c9d99a"), mist=0.4)
def forest(canvas: Canvas, rng: np.random.Generator, leaf, bark, glow, mist) -> None:
    """Trunks one behind the other, lighter with distance, light falling through the canopy."""
    canvas.gradient((0, mix(leaf, glow, 0.3)), (0.45, mix(leaf, glow, 0.75)), (0.75, mix(leaf, glow, 0.2)))
    foliage(canvas, rng, np.full_like(canvas.x, 0.75), mix(leaf, glow, 0.35), 1.0, 12)
    canvas.glow(0.62, 0.35, 0.3, np.asarray(glow) * 0.5)
    for layer, (count, width, blur) in enumerate(((16, 0.012, 0.014), (9, 0.025, 0.012), (5, 0.055, 0.012))):
        haze = mist * (1 - layer / 2)
        for x in np.linspace(0, 1, count) + rng.normal(0, 0.35 / count, count):
            wide, lean = width * rng.uniform(0.7, 1.3), rng.normal(0, 0.02)
            shade = mix(vary(bark, rng, 0.2), glow, haze)
            foot = 0.7 + 0.07 * layer + rng.uniform(-0.03, 0.03)
            canvas.quad([(x + lean, 0), (x + wide + lean, 0), (x + wide, foot), (x, foot)], shade * 0.6)
            lit = x + wide * 0.55
            canvas.quad([(lit + lean, 0), (x + wide + lean, 0), (x + wide, foot), (lit, foot)], shade * 1.5)
        canvas.blur(blur)
    ground = np.clip((canvas.y - 0.74 - 0.06 * noise(rng, 5)) * 30, 0, 1)
    canvas.blend(ground, np.asarray(leaf) * (0.35 + 0.8 * fractal(rng, 12, 3))[..., None])
    fern = np.clip((canvas.y - 0.62 + (fractal(rng, 9, 4) - 0.5) * 0.7 - 0.12) * 20, 0, 1)
    foliage(canvas, rng, fern * 0.9, np.asarray(leaf) * 1.2, 0.5, 20)
    canvas.blur(0.014)


@painter("garden", leaf=rgb("#5a7a38"), flower=rgb("#d04f7a"), second=rgb("#e8c84a"), sky=rgb("#d6e3ea"))
def garden(canvas: Canvas, rng: np.random.Generator, leaf, flower, second, sky) -> None:
    """A hedge and flower beds, close behind the person."""
    canvas.gradient((0, sky), (0.3, np.asarray(sky) * 0.9))
    foliage(canvas, rng, np.clip((canvas.y - 0.2 + (fractal(rng, 7, 4) - 0.5) * 0.3) * 40, 0, 1), leaf, 0.7)
    canvas.blur(0.015)
    for _ in range(230):
        y = 0.3 + 0.7 * rng.random() ** 0.7
        x, radius = rng.random(), (0.008 + 0.018 * max(0.0, y - 0.3)) * rng.uniform(0.7, 1.3)
        bloom = vary(flower if rng.random() < 0.62 else second, rng, 0.2)
        canvas.ellipse(x, y + radius * 0.6, radius, radius * 0.7, np.asarray(leaf) * 0.25, 0.6)
        canvas.ellipse(x, y, radius, radius * 0.85, bloom)
        canvas.ellipse(x - radius * 0.2, y - radius * 0.3, radius * 0.45, radius * 0.35, bloom * 1.8)
    canvas.blur(0.012)


@painter("seaside", sky=rgb("#8fbbe0"), horizon=rgb("#dfe7e6"), sea=rgb("#2f7390"), sand=rgb("#d3bd93"))
def seaside(canvas: Canvas, rng: np.random.Generator, sky, horizon, sea, sand) -> None:
    """Sky, clouds, a glittering sea and the beach."""
    canvas.gradient((0, sky), (0.5, horizon))
    clouds = np.clip((fractal(rng, 4, 5) - 0.5) * 3.5, 0, 0.8) * np.clip(
        1.4 - 2.2 * np.abs(canvas.y - 0.25), 0, 1
    )
    canvas.blend(clouds, np.asarray(horizon) * 1.05)
    water = np.clip((canvas.y - 0.5) * 384, 0, 1)
    depth = np.clip((canvas.y - 0.5) / 0.25, 0, 1)[..., None]
    waves = 0.8 + 0.45 * noise(rng, 7, 90)
    canvas.blend(
        water, (np.asarray(sea) * (1 - 0.35 * depth) + np.asarray(horizon) * 0.12) * waves[..., None]
    )
    glitter = (rng.random(canvas.x.shape) > 0.994) * water * np.exp(-((canvas.x - 0.7) ** 2) / 0.05)
    canvas.add(glitter * (canvas.y < 0.7), np.asarray(horizon) * 9)
    headland = np.clip(
        (canvas.y - 0.5 + 0.11 * np.clip(0.45 - canvas.x, 0, 1) ** 0.6 * (0.6 + noise(rng, 9))) * 200, 0, 1
    )
    canvas.blend(headland * (canvas.y < 0.503) * (canvas.x < 0.45), mix(rgb("#5d6f5e"), horizon, 0.35))
    edge = 0.74 + 0.02 * np.sin(canvas.x * 7 + 1) + 0.015 * noise(rng, 8)
    canvas.blend(np.clip((canvas.y - edge + 0.03) * 60, 0, 1) * 0.8, np.asarray(horizon))
    beach = np.asarray(sand) * (0.75 + 0.3 * fractal(rng, 20, 3))[..., None]
    canvas.blend(np.clip((canvas.y - edge) * 60, 0, 1), beach)
    canvas.blur(0.013)


@painter("mountains", sky=rgb("#9dbfdf"), rock=rgb("#56657a"), snow=rgb("#e9eef2"), meadow=rgb("#7f9450"))
def mountains(canvas: Canvas, rng: np.random.Generator, sky, rock, snow, meadow) -> None:
    """Ranges fading into the haze above a meadow."""
    canvas.gradient((0, np.asarray(sky) * 0.75), (0.6, np.asarray(sky) * 1.3))
    canvas.blend(np.clip((fractal(rng, 3, 5) - 0.52) * 3, 0, 0.7), snow)
    axis = canvas.x[0]
    for layer, (base, height) in enumerate(((0.42, 0.3), (0.53, 0.2), (0.62, 0.12))):
        ridge = sum(
            np.interp(axis, np.linspace(0, 1, n), rng.random(n)) / 2**k for k, n in enumerate((5, 10, 21, 43))
        )
        crest = base - height * (ridge / 1.9 - 0.35)
        mask = np.clip((canvas.y - crest[None, :]) * 200, 0, 1)
        facets = (0.55 + 0.9 * fractal(rng, 9, 4))[..., None]
        haze = 0.55 - 0.22 * layer
        canvas.blend(mask, mix(rock, sky, haze) * facets)
        if layer == 0:
            cap = np.clip(((crest[None, :] + 0.12 * noise(rng, 20)) - canvas.y) * 40, 0, 1)
            canvas.blend(mask * cap * 0.9, np.asarray(snow) * 0.9)
    field = np.clip((canvas.y - 0.62 - 0.03 * noise(rng, 4)) * 150, 0, 1)
    canvas.blend(field, np.asarray(meadow) * (0.6 + 0.7 * noise(rng, 6, 26))[..., None])
    firs = np.clip((canvas.y - 0.6 + 0.12 * (fractal(rng, 13, 4) - 0.5)) * 120, 0, 1)
    canvas.blend(firs * np.clip((0.655 - canvas.y) * 120, 0, 1), mix(meadow, rock, 0.4) * 0.35)
    canvas.blur(0.013)


@painter("sunset", sky=rgb("#6d6a9a"), glow=rgb("#f2a65e"), land=rgb("#3a3230"))
def sunset(canvas: Canvas, rng: np.random.Generator, sky, glow, land) -> None:
    """A low sun over a lake, clouds lit from below."""
    canvas.gradient((0, np.asarray(sky) * 0.7), (0.35, mix(sky, glow, 0.4)), (0.62, glow))
    clouds = np.clip((noise(rng, 5, 16) * 0.6 + fractal(rng, 7, 4) * 0.4 - 0.5) * 5, 0, 0.8)
    canvas.blend(clouds * np.clip(1.3 - canvas.y * 1.8, 0, 1), mix(glow, rgb("#b5566a"), 0.5) * 0.9)
    canvas.glow(0.76, 0.56, 0.22, np.asarray(glow) * 0.8)
    canvas.ellipse(0.76, 0.56, 0.03, 0.03, np.asarray(glow) * 7)
    hills = 0.6 + 0.05 * noise(rng, 5)
    canvas.blend(np.clip((canvas.y - hills) * 200, 0, 1), mix(land, glow, 0.3))
    row = np.clip((canvas.y - 0.585 + 0.07 * (fractal(rng, 10, 4) - 0.35)) * 150, 0, 1)
    canvas.blend(row * (canvas.y < 0.7), mix(land, glow, 0.08))
    water = np.asarray(land) + np.asarray(glow) * (0.3 * noise(rng, 8, 60) * canvas.y)[..., None]
    canvas.blend(np.clip((canvas.y - 0.68) * 60, 0, 1), water)
    glitter = (noise(rng, 12, 70) > 0.62) * np.exp(
        -(((canvas.x - 0.76) / np.maximum(canvas.y - 0.55, 0.05)) ** 2) * 4
    )
    canvas.add(glitter * (canvas.y > 0.69), np.asarray(glow) * 1.4)
    canvas.blur(0.017)
