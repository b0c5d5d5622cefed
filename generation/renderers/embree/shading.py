"""Light on surfaces: wrapped diffuse and GGX for solids, Kajiya-Kay for hair, soft shadows, occlusion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generation.renderers.embree.surface import unit
from generation.renderers.embree.tracer import Tracer
from generation.views.view import AreaLight, LightRig

LIGHT_DISTANCE = 20.0  # decimetres from the head
OCCLUSION_REACH = 2.5
SHADOW_OFFSET = 0.02


@dataclass(eq=False)
class Material:
    """What the lighting needs to know at n points. Single precision: half the memory traffic of double.

    Attributes:
        albedo: (n, 3) linear.
        normal: (n, 3) shading normals.
        roughness: (n,) GGX roughness (alpha is its square).
        specular: (n,) reflectance at normal incidence.
        wrap: (n, 3) how far diffuse light reaches around the terminator, per channel (Green 2004).
        tangent: (n, 3) strand direction; used where `hair`.
        hair: (n,) bool: a strand.
        scalp: (n,) bool: a strand of scalp hair, not of brow, lash or beard.
    """

    albedo: np.ndarray
    normal: np.ndarray
    roughness: np.ndarray
    specular: np.ndarray
    wrap: np.ndarray
    tangent: np.ndarray
    hair: np.ndarray
    scalp: np.ndarray

    @classmethod
    def empty(cls, n: int) -> Material:
        """Room for n points."""
        return cls(
            albedo=np.zeros((n, 3), np.float32),
            normal=np.zeros((n, 3), np.float32),
            roughness=np.full(n, 0.5, np.float32),
            specular=np.full(n, 0.04, np.float32),
            wrap=np.zeros((n, 3), np.float32),
            tangent=np.zeros((n, 3), np.float32),
            hair=np.zeros(n, dtype=bool),
            scalp=np.zeros(n, dtype=bool),
        )


def shade(
    points: np.ndarray,
    to_eye: np.ndarray,
    material: Material,
    tracer: Tracer,
    rig: LightRig,
    centre: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Outgoing radiance at n points.

    Args:
        points: (n, 3) positions.
        to_eye: (n, 3) unit directions to the camera.
        material: surface description at the points.
        tracer: the scene, for shadow and occlusion rays.
        rig: the lights.
        centre: what the lights' angles refer to (the head), (3,).
        rng: light and hemisphere samples.

    Returns:
        (n, 3) linear RGB.
    """
    points = points.astype(np.float32, copy=False)
    to_eye = to_eye.astype(np.float32, copy=False)
    strands = np.flatnonzero(material.hair)
    solids = np.flatnonzero(~material.hair)
    # Shadow rays of hair start further out: a ribbon must not shadow its own neighbours to black.
    offset = np.where(material.hair, np.float32(0.03), np.float32(SHADOW_OFFSET))
    start = points + material.normal * offset[:, None]
    lights = [_aim(light, centre, len(points), rng) for light in rig.lights]
    radiance = np.zeros_like(points)
    for light, position in zip(rig.lights, lights, strict=True):
        to_light = position - points
        distance = np.sqrt(dot(to_light, to_light))
        to_light /= distance[:, None]
        cosine = dot(material.normal, to_light)
        visible = tracer.visible(start, to_light, distance)
        strength = (light.power * np.asarray(light.colour)).astype(np.float32)
        for reflect, rows in ((_reflect_solid, solids), (_reflect_hair, strands)):
            if len(rows):
                parts = (to_light[rows], to_eye[rows], cosine[rows], visible[rows])
                radiance[rows] += strength * reflect(material, rows, *parts)
    return radiance + _ambient(start, to_eye, material, tracer, rig, rng)


def dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Dot products (n,) of vectors along the last axis; faster than `einsum` for three components."""
    return a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2]


def _unit(vectors: np.ndarray) -> np.ndarray:
    """As `surface.unit`, in place and in the input's precision."""
    vectors /= np.sqrt(np.maximum(dot(vectors, vectors), 1e-20))[:, None]
    return vectors


def _aim(light: AreaLight, centre: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """A random place (3,) on the light for each of n points."""
    azimuth, elevation = np.radians([light.azimuth, light.elevation])
    out = np.array(
        [np.sin(azimuth) * np.cos(elevation), np.sin(elevation), np.cos(azimuth) * np.cos(elevation)]
    )
    side = unit(np.cross([0.0, 1.0, 0.0], out) + 1e-9)
    up = np.cross(out, side)
    spread = (rng.random((n, 2), dtype=np.float32) - np.float32(0.5)) * np.float32(light.size)
    axes = np.stack([side, up]).astype(np.float32)
    return (centre + LIGHT_DISTANCE * out).astype(np.float32) + spread @ axes


def _reflect_solid(
    material: Material,
    rows: np.ndarray,
    to_light: np.ndarray,
    to_eye: np.ndarray,
    cosine: np.ndarray,
    visible: np.ndarray,
) -> np.ndarray:
    wrap = material.wrap[rows]
    wrapped = np.maximum((cosine[:, None] + wrap) / (1 + wrap) ** 2, 0)
    # Light that scatters under the skin softens cast shadows too, red most.
    wrapped *= visible[:, None] + (1 - visible[:, None]) * wrap * np.float32(0.35)
    wrapped *= material.albedo[rows]
    lit = np.flatnonzero((visible > 0) & (cosine > 0))
    glossy = _ggx(material, rows[lit], cosine[lit], to_light[lit], to_eye[lit])
    wrapped[lit] += (visible[lit] * glossy)[:, None]
    return wrapped


def _ggx(
    material: Material, rows: np.ndarray, cosine: np.ndarray, to_light: np.ndarray, to_eye: np.ndarray
) -> np.ndarray:
    """Cook-Torrance with the GGX distribution (Walter et al. 2007), times the cosine and π."""
    normal, roughness, specular = material.normal[rows], material.roughness[rows], material.specular[rows]
    half = _unit(to_light + to_eye)
    nh = np.clip(dot(normal, half), 0, 1)
    nv = np.clip(dot(normal, to_eye), 0.05, 1)
    nl = np.minimum(cosine, 1)
    vh = np.clip(dot(to_eye, half), 0, 1)
    a2 = np.square(np.square(np.maximum(roughness, 0.05)))
    spread = a2 / np.square(nh * nh * (a2 - 1) + 1)
    k = np.square(roughness + 1) / 8
    shadowing = 1 / ((nv * (1 - k) + k) * (nl * (1 - k) + k))
    grazing = 1 - vh
    fresnel = specular + (1 - specular) * np.square(np.square(grazing)) * grazing
    return np.minimum(spread * fresnel * shadowing * nl / 4, 4.0)


def _reflect_hair(
    material: Material,
    rows: np.ndarray,
    to_light: np.ndarray,
    to_eye: np.ndarray,
    cosine: np.ndarray,
    visible: np.ndarray,
) -> np.ndarray:
    """Kajiya & Kay (1989) with an uncoloured and a coloured highlight (Scheuermann 2004)."""
    tangent, albedo, normal = material.tangent[rows], material.albedo[rows], material.normal[rows]
    half = _unit(to_light + to_eye)

    def lobe(shift: float, power: float) -> np.ndarray:
        along = dot(_unit(tangent + np.float32(shift) * normal), half)
        return np.clip(1 - along * along, 0, 1) ** np.float32(power / 2)

    tl = dot(tangent, to_light)
    diffuse = np.sqrt(np.clip(1 - tl * tl, 0, 1)) * np.clip(0.35 + 0.65 * cosine, 0, 1)
    # Light leaks through the outer strands, so a shadowed strand is never black.
    reach = 0.18 + 0.82 * visible
    lit = np.clip(cosine + 0.3, 0, 1) * visible
    bright = albedo.max(axis=1)
    result = albedo * (diffuse * reach + lit * lobe(0.10, 18.0) * 0.45)[:, None]
    result += (lit * lobe(-0.06, 70.0) * (0.05 + 0.10 * bright))[:, None]
    return result


def _ambient(
    start: np.ndarray,
    to_eye: np.ndarray,
    material: Material,
    tracer: Tracer,
    rig: LightRig,
    rng: np.random.Generator,
) -> np.ndarray:
    n = len(start)
    sky, ground = (np.asarray(c, np.float32) for c in (rig.ambient_sky, rig.ambient_ground))
    reach = np.full(n, OCCLUSION_REACH, np.float32)
    total = np.zeros((n, 3), np.float32)
    unblocked = np.zeros(n, np.float32)
    for _ in range(2):
        # Cosine-distributed: a point on the unit sphere around the tip of the normal.
        z = rng.random(n, dtype=np.float32) * 2 - 1
        angle = rng.random(n, dtype=np.float32) * np.float32(2 * np.pi)
        ring = np.sqrt(np.maximum(1 - z * z, 0)) * np.float32(0.98)
        sphere = np.stack([ring * np.cos(angle), ring * np.sin(angle), z * np.float32(0.98)], axis=1)
        direction = _unit(material.normal + sphere)
        open_ = tracer.visible(start, direction, reach)
        unblocked += open_ / 2
        share = 0.5 + 0.5 * direction[:, 1:2]
        total += (ground + (sky - ground) * share) * (0.06 + 0.44 * open_)[:, None]
    result = material.albedo * total
    # Mirror-like materials (eyes, glasses) reflect the surroundings; rough ones hardly.
    gloss = np.flatnonzero(~material.hair & (material.roughness < 0.95))
    normal, eye, specular = material.normal[gloss], to_eye[gloss], material.specular[gloss]
    nv = np.clip(dot(normal, eye), 0, 1)
    up = 2 * nv * normal[:, 1] - eye[:, 1]
    grazing = 1 - nv
    fresnel = specular + (1 - specular) * np.square(np.square(grazing)) * grazing
    amount = fresnel * np.square(np.clip(1 - material.roughness[gloss], 0, 1)) * unblocked[gloss]
    result[gloss] += (ground + (sky - ground) * (0.5 + 0.5 * up)[:, None]) * amount[:, None]
    return result
