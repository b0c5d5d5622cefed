"""From a stage (surfaces, camera, lights, background) to pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generation.renderers.embree import post
from generation.renderers.embree.accessories import reflect_in_lenses
from generation.renderers.embree.faces import Camera
from generation.renderers.embree.materials import paint
from generation.renderers.embree.memory import give_back
from generation.renderers.embree.shading import Material, shade
from generation.renderers.embree.surface import Surface, unit
from generation.renderers.embree.tracer import Tracer, camera_rays, ray_jitter
from generation.views.view import LightRig

# The denoiser smears fine strands; this share of the raw samples is put back where there is hair.
HAIR_DETAIL = 0.35
#: Rays traced and shaded at a time: bounds the memory, and the arrays stay in the processor's cache.
BAND = 1 << 16


@dataclass(frozen=True, eq=False)
class Stage:
    """Everything that light falls on, and who looks.

    Attributes:
        surfaces: what is traced.
        camera: the camera.
        light: the lights.
        light_centre: (3,) what the lights' angles refer to.
        background: (size, size, 3) linear light behind everything.
    """

    surfaces: list[Surface]
    camera: Camera
    light: LightRig
    light_centre: np.ndarray
    background: np.ndarray


def draw(stage: Stage, tracer: Tracer, rng: np.random.Generator) -> np.ndarray:
    """Trace, shade, denoise.

    Args:
        stage: what to draw; emptied of its surfaces when the picture is traced.
        tracer: the tracer over `stage.surfaces`; closed when the picture is traced.
        rng: the picture's own noise.

    Returns:
        uint8 RGB (size, size, 3).
    """
    size = len(stage.background)
    grid = 3 if size <= 160 else 2
    per_pixel = grid * grid
    jitter = ray_jitter(size, grid, rng)
    # Sums over each pixel's rays: colour, albedo, normal, scalp hair, coverage.
    sums = np.zeros((size * size, 11))
    step = BAND // per_pixel
    for first in range(0, size * size, step):
        pixels = slice(first, first + step)
        rays = camera_rays(stage.camera.target, stage.camera.distance, size, jitter, pixels)
        sums[pixels] = _band(stage, tracer, *rays, rng, per_pixel)
    # Denoising needs as much memory as tracing: what it does not need goes first.
    del jitter
    tracer.close()
    stage.surfaces.clear()
    give_back()
    means = (sums / per_pixel).reshape(size, size, -1)
    coverage, hair = means[..., 10:], means[..., 9:10]
    behind = (1 - coverage) * stage.background
    colour = means[..., :3] + behind
    albedo = means[..., 3:6] + (1 - coverage) * np.clip(stage.background, 0, 1)
    picture = post.denoise(colour, albedo, means[..., 6:9])
    picture += (HAIR_DETAIL + (0.9 - HAIR_DETAIL) * (1 - coverage)) * hair * (colour - picture)
    return post.to_srgb(post.composite(picture, coverage[..., 0], stage.background))


def _band(
    stage: Stage,
    tracer: Tracer,
    origins: np.ndarray,
    directions: np.ndarray,
    rng: np.random.Generator,
    per_pixel: int,
) -> np.ndarray:
    """Sums (pixels, 11) over the rays of each pixel of a band."""
    hits = tracer.first_hits(origins, directions)
    pixels = len(directions) // per_pixel
    seen = np.flatnonzero(hits.surface >= 0)
    if not len(seen):
        return np.zeros((pixels, 11))
    points = origins[seen] + directions[seen] * hits.distance[seen, None]
    to_eye = -directions[seen]
    material = Material.empty(len(seen))
    paint(material, stage.surfaces, hits, seen, to_eye)
    radiance = shade(points, to_eye, material, tracer, stage.light, stage.light_centre, rng)
    radiance = reflect_in_lenses(radiance, points, to_eye, stage.surfaces, stage.light)
    pixel = seen // per_pixel
    columns = [
        *np.minimum(radiance, 6.0).T,
        *np.clip(material.albedo, 0, 1).T,
        *unit(material.normal).T,
        material.scalp,
        np.ones(len(seen)),
    ]
    return np.stack([np.bincount(pixel, weights=c, minlength=pixels) for c in columns], axis=1)
