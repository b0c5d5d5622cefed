"""Light on surfaces: wrapped diffuse and GGX for solids, Kajiya-Kay for hair, soft shadows, occlusion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generation.renderers.embree.surface import unit
from generation.renderers.embree.tracer import Tracer
from generation.views.view import LightRig

LIGHT_DISTANCE = 20.0  # decimetres from the head
OCCLUSION_REACH = 2.5
SHADOW_OFFSET = 0.02


@dataclass(eq=False)
class Material:
    """What the lighting needs to know at n points.

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
            albedo=np.zeros((n, 3)),
            normal=np.zeros((n, 3)),
            roughness=np.full(n, 0.5),
            specular=np.full(n, 0.04),
            wrap=np.zeros((n, 3)),
            tangent=np.zeros((n, 3)),
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
    normal = material.normal
    # Shadow rays of hair start further out: a ribbon must not shadow its own neighbours to black.
    start = points + normal * np.where(material.hair, 0.03, SHADOW_OFFSET)[:, None]
    radiance = np.zeros_like(points)
    for light in rig.lights:
        azimuth, elevation = np.radians([light.azimuth, light.elevation])
        out = np.array(
            [np.sin(azimuth) * np.cos(elevation), np.sin(elevation), np.cos(azimuth) * np.cos(elevation)]
        )
        side = unit(np.cross([0.0, 1.0, 0.0], out) + 1e-9)
        up = np.cross(out, side)
        spread = (rng.random((len(points), 2)) - 0.5) * light.size
        position = centre + LIGHT_DISTANCE * out + spread[:, :1] * side + spread[:, 1:] * up
        to_light = position - points
        distance = np.linalg.norm(to_light, axis=1)
        to_light /= distance[:, None]
        visible = tracer.visible(start, to_light, distance)
        strength = light.power * np.asarray(light.colour)
        radiance += strength * _reflect(material, to_light, to_eye, visible)
    return radiance + _ambient(start, to_eye, material, tracer, rig, rng)


def _reflect(material: Material, to_light: np.ndarray, to_eye: np.ndarray, visible: np.ndarray) -> np.ndarray:
    normal = material.normal
    cosine = np.einsum("ni,ni->n", normal, to_light)
    wrapped = np.clip((cosine[:, None] + material.wrap) / (1 + material.wrap) ** 2, 0, None)
    # Light that scatters under the skin softens cast shadows too, red most.
    shadow = visible[:, None] + (1 - visible[:, None]) * material.wrap * 0.35
    result = material.albedo * wrapped * shadow
    result += (visible * _ggx(material, cosine, to_light, to_eye))[:, None]
    if material.hair.any():
        h = material.hair
        result[h] = _kajiya(material, h, to_light[h], to_eye[h], cosine[h], visible[h])
    return result


def _ggx(material: Material, cosine: np.ndarray, to_light: np.ndarray, to_eye: np.ndarray) -> np.ndarray:
    """Cook-Torrance with the GGX distribution (Walter et al. 2007), times the cosine and π."""
    half = unit(to_light + to_eye)
    nh = np.clip(np.einsum("ni,ni->n", material.normal, half), 0, 1)
    nv = np.clip(np.einsum("ni,ni->n", material.normal, to_eye), 0.05, 1)
    nl = np.clip(cosine, 0, 1)
    vh = np.clip(np.einsum("ni,ni->n", to_eye, half), 0, 1)
    a2 = np.maximum(material.roughness, 0.05) ** 4
    spread = a2 / (nh * nh * (a2 - 1) + 1) ** 2
    k = (material.roughness + 1) ** 2 / 8
    shadowing = 1 / ((nv * (1 - k) + k) * (nl * (1 - k) + k))
    fresnel = material.specular + (1 - material.specular) * (1 - vh) ** 5
    return np.minimum(spread * fresnel * shadowing * nl / 4, 4.0)


def _kajiya(material, h, to_light, to_eye, cosine, visible) -> np.ndarray:
    """Kajiya & Kay (1989) with an uncoloured and a coloured highlight (Scheuermann 2004)."""
    tangent = material.tangent[h]
    albedo = material.albedo[h]

    def lobe(shift: float, power: float) -> np.ndarray:
        shifted = unit(tangent + shift * material.normal[h])
        along = np.einsum("ni,ni->n", shifted, unit(to_light + to_eye))
        return np.sqrt(np.clip(1 - along * along, 0, 1)) ** power

    tl = np.einsum("ni,ni->n", tangent, to_light)
    diffuse = np.sqrt(np.clip(1 - tl * tl, 0, 1)) * np.clip(0.35 + 0.65 * cosine, 0, 1)
    # Light leaks through the outer strands, so a shadowed strand is never black.
    reach = 0.18 + 0.82 * visible
    lit = np.clip(cosine + 0.3, 0, 1) * visible
    bright = albedo.max(axis=1)
    result = albedo * (diffuse * reach)[:, None]
    result += (lit * lobe(-0.06, 70.0) * (0.05 + 0.10 * bright))[:, None]
    return result + albedo * (lit * lobe(0.10, 18.0) * 0.45)[:, None]


def _ambient(start, to_eye, material, tracer: Tracer, rig: LightRig, rng: np.random.Generator) -> np.ndarray:
    n = len(start)
    sky, ground = np.asarray(rig.ambient_sky), np.asarray(rig.ambient_ground)
    total = np.zeros((n, 3))
    unblocked = np.zeros(n)
    for _ in range(2):
        # Cosine-distributed: a point on the unit sphere around the tip of the normal.
        z = rng.random(n) * 2 - 1
        angle = rng.random(n) * 2 * np.pi
        ring = np.sqrt(1 - z * z)
        sphere = np.stack([ring * np.cos(angle), ring * np.sin(angle), z], axis=1)
        direction = unit(material.normal + 0.98 * sphere)
        open_ = tracer.visible(start, direction, np.full(n, OCCLUSION_REACH))
        unblocked += open_ / 2
        share = 0.5 + 0.5 * direction[:, 1:2]
        total += (ground + (sky - ground) * share) * (open_ + 0.12 * (1 - open_))[:, None] / 2
    result = material.albedo * total
    # Mirror-like materials (eyes, glasses) reflect the surroundings; rough ones hardly.
    nv = np.clip(np.einsum("ni,ni->n", material.normal, to_eye), 0, 1)
    mirror = 2 * nv[:, None] * material.normal - to_eye
    fresnel = material.specular + (1 - material.specular) * (1 - nv) ** 5
    gloss = np.clip(1 - material.roughness, 0, 1) ** 2 * np.where(material.hair, 0, 1)
    around = ground + (sky - ground) * (0.5 + 0.5 * mirror[:, 1:2])
    return result + around * (fresnel * gloss * unblocked)[:, None]
