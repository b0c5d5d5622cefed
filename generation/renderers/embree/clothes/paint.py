"""Cloth under light: patterns, seams, knit and weave as tilts of the normal."""

from __future__ import annotations

import numpy as np

from generation.renderers.embree.noise import noise
from generation.renderers.embree.shading import Material
from generation.renderers.embree.surface import smoothstep, unit

#: Texture -> (roughness, specular, wrap): fleece scatters more light round its edge than a woven shirt.
FINISH = {
    "jersey": (0.85, 0.020, 0.12),
    "knit": (0.95, 0.012, 0.20),
    "rib": (0.95, 0.012, 0.20),
    "woven": (0.72, 0.025, 0.08),
    "fleece": (0.95, 0.012, 0.22),
    "felt": (0.92, 0.015, 0.16),
    "twill": (0.75, 0.025, 0.08),
    "button": (0.35, 0.045, 0.10),
}
STITCH = 0.105  # decimetres: width of a knitted stitch


def paint_cloth(
    material: Material,
    rows: np.ndarray,
    settings: dict,
    rest: np.ndarray,
    depth: np.ndarray,
    normal: np.ndarray,
    to_eye: np.ndarray,
) -> None:
    """Fill `material[rows]` with cloth.

    Args:
        material: to be filled.
        rows: which points.
        settings: "cloth" (texture), "pattern", "colours", "pixel" (decimetres), perhaps "stitch".
        rest: (n, 5) place on the resting body, distance around it, share of arm.
        depth: (n,) distance from the garment's edge.
        normal: (n, 3) interpolated normals.
        to_eye: (n, 3) directions to the camera; the inside of a collar faces it backwards.
    """
    first, second = (np.asarray(c, dtype=np.float32) for c in settings["colours"])
    texture, pixel = settings["cloth"], settings.get("pixel", 0.0)
    place, across, arm = rest[:, :3], rest[:, 3], rest[:, 4]
    flat = np.where(arm > 0.5, across, place[:, 0])
    mix = _pattern(settings["pattern"], flat, place[:, 1], pixel)
    colour = first + (second - first) * mix[:, None]
    tilt = np.zeros_like(normal)
    grain = np.zeros(len(rest), dtype=np.float32)
    sewn = settings.get("stitch", False)
    if texture in ("knit", "rib"):
        grain, tilt = _knit(across, place[:, 1], pixel, texture == "rib")
    elif texture != "button":
        cell = {"fleece": 0.045, "twill": 0.020}.get(texture, 0.024)
        coordinates = np.column_stack([across, place[:, 1], place[:, 2] * 0 + arm])
        weave = [noise(coordinates, cell, 9 + k) for k in range(2)]
        shown = np.clip(2 * cell / max(pixel, 1e-6) - 0.6, 0.15, 1)
        tilt = shown * 0.045 * np.stack([weave[0], weave[1], 0 * weave[0]], axis=1)
        grain = 0.045 * shown * weave[0]
    if "edge" in settings and texture != "twill":
        band = smoothstep(0.15, 0.14, depth)
        colour = colour * (1 - 0.14 * band)[:, None] + (0.14 * 0.6) * band[:, None] * first
        # Ribs run square to the neckline.
        rib = np.sin(np.arctan2(place[:, 0], place[:, 2] - 0.15) * (2 * np.pi * 16)) * band
        if pixel < 0.02:
            tilt[:, 0] += 0.16 * rib
        seam = np.exp(-(((depth - 0.155) / 0.012) ** 2))
        grain = grain - 0.30 * seam
    if sewn:
        grain = grain - 0.10 * np.exp(-(((depth - 0.06) / 0.008) ** 2))
    shoulder = np.exp(-(((arm - 0.45) / 0.05) ** 2)) * smoothstep(3.9, 4.3, place[:, 1])
    colour = np.clip(colour * (1 + grain - 0.12 * shoulder)[:, None], 0.005, 0.9)
    facing = np.einsum("ni,ni->n", normal, to_eye) < 0
    bent = unit(np.where(facing[:, None], -normal, normal) + tilt)
    roughness, specular, wrap = FINISH[texture]
    material.normal[rows] = bent
    material.albedo[rows] = colour
    material.roughness[rows] = roughness
    material.specular[rows] = specular
    material.wrap[rows] = wrap


def _pattern(pattern: str, x: np.ndarray, y: np.ndarray, pixel: float) -> np.ndarray:
    """Share (n,) of the second colour."""
    if pattern == "plain":
        return np.zeros(len(x), dtype=np.float32)
    soft = max(0.04, 0.9 * pixel)  # decimetres over which a stripe's edge fades

    def bars(along: np.ndarray, period: float, share: float) -> np.ndarray:
        offset = np.abs((along / period) % 1 - 0.5) * period
        return smoothstep(share * period / 2 + soft / 2, share * period / 2 - soft / 2, offset)

    if pattern == "stripes":
        return bars(y, 0.42, 0.42)
    wide = 0.5 * bars(x, 0.62, 0.45) + 0.5 * bars(y, 0.62, 0.45)
    thin = np.maximum(bars(x + 0.31, 0.62, 0.07), bars(y + 0.31, 0.62, 0.07))
    return np.clip(wide + 0.5 * thin, 0, 1)


def _knit(across: np.ndarray, y: np.ndarray, pixel: float, rib: bool) -> tuple[np.ndarray, np.ndarray]:
    """Rows of V-shaped stitches: brightness (n,) and tilt (n, 3); nothing finer than a pixel."""
    shown = float(np.clip(STITCH / max(pixel, 1e-6) / 2.5 - 0.8, 0, 1))
    column = across / STITCH
    within = 2 * np.abs(column % 1 - 0.5)
    wave = 2 * np.pi * (y / (0.75 * STITCH) + 0.55 * within)
    tilt = np.zeros((len(y), 3))
    if rib:
        # Every second column sinks.
        groove = np.cos(2 * np.pi * across / 0.16)
        tilt[:, 0] = (
            0.30 * np.clip(0.16 / max(pixel, 1e-6) / 3 - 0.8, 0, 1) * np.sin(2 * np.pi * across / 0.16)
        )
        return 0.10 * groove, tilt
    tilt[:, 1] = 0.22 * shown * np.cos(wave)
    tilt[:, 0] = 0.20 * shown * np.where(column % 1 > 0.5, 1, -1) * (within > 0.1)
    grain = shown * (0.10 * np.sin(wave) - 0.16 * (within < 0.14) - 0.10 * (within > 0.9))
    return grain + 0.04 * noise(np.column_stack([across, y, y]), 0.09, 4), tilt
