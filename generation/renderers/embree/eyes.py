"""Eyeballs with a corneal bulge and a painted iris."""

from __future__ import annotations

import numpy as np

from generation.people.person import Person
from generation.renderers.embree.bodydata import BodyData
from generation.renderers.embree.noise import fractal, noise
from generation.renderers.embree.shading import Material
from generation.renderers.embree.shape import rotation
from generation.renderers.embree.surface import Surface, smoothstep, unit

RINGS, SECTORS = 48, 48
IRIS_ANGLE = 0.47  # radians from the optical axis to the limbus
PUPIL_SHARE = 0.36  # pupil radius over iris radius


def fit_sphere(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Least-squares sphere through (n, 3) points: centre (3,) and radius."""
    system = np.concatenate([2 * points, np.ones((len(points), 1))], axis=1)
    solution = np.linalg.lstsq(system, (points**2).sum(axis=1), rcond=None)[0]
    centre = solution[:3]
    return centre, float(np.sqrt(solution[3] + centre @ centre))


def eye_spheres(vertices: np.ndarray, body: BodyData) -> list[tuple[np.ndarray, float]]:
    """Centre and radius of the left and the right eyeball of a coarse shape."""
    return [fit_sphere(vertices[np.unique(body.parts[f"{side}-eye"])]) for side in ("l", "r")]


def build_eyes(
    vertices: np.ndarray, body: BodyData, gaze: tuple[float, float], head: tuple[np.ndarray, np.ndarray]
) -> list[Surface]:
    """The two eyeballs, posed.

    Args:
        vertices: (N, 3) coarse neutral vertices.
        body: the body data.
        gaze: (yaw, pitch) in degrees relative to the head.
        head: rotation and offset of the head bone.
    """
    polar = np.linspace(0, np.pi * 0.62, RINGS + 1)
    around = np.linspace(0, 2 * np.pi, SECTORS, endpoint=False)
    theta, phi = np.meshgrid(polar, around, indexing="ij")
    local = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], -1).reshape(
        -1, 3
    )
    bulge = 1 + 0.045 * np.clip(1 - (theta.ravel() / (IRIS_ANGLE * 1.15)) ** 2, 0, 1) ** 1.5
    ring = np.arange(RINGS)[:, None] * SECTORS
    near, far = np.arange(SECTORS), (np.arange(SECTORS) + 1) % SECTORS
    a, b, c, d = ring + near, ring + SECTORS + near, ring + SECTORS + far, ring + far
    triangles = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)], -2).reshape(-1, 3)
    rotate, offset = head
    surfaces = []
    for centre, radius in eye_spheres(vertices, body):
        # A slight convergence: the eyes look at a camera, not at infinity.
        yaw = gaze[0] - np.sign(centre[0]) * 1.2
        turn = rotation(yaw, gaze[1], 0)
        # The fitted helper sphere sits a little proud of the lids.
        shape = (local * bulge[:, None] * radius * 0.985) @ turn.T + centre
        surfaces.append(
            Surface(
                material="eye",
                vertices=shape @ rotate.T + offset,
                triangles=triangles,
                normals=unit(local) @ turn.T @ rotate.T,
                values={"local": local},
                settings={"axis": rotate @ turn @ np.array([0.0, 0.0, 1.0])},
            )
        )
    return surfaces


def paint_eye(
    material: Material,
    rows: np.ndarray,
    person: Person,
    local: np.ndarray,
    normal: np.ndarray,
    axis: np.ndarray,
) -> None:
    """Fill `material[rows]` with sclera, iris and pupil.

    Args:
        material: to be filled.
        rows: which points.
        person: iris colour and age.
        local: (n, 3) directions in the eyeball's own frame, +z the optical axis.
        normal: (n, 3) normals of the eyeball without its cornea.
        axis: (3,) optical axis in the world.
    """
    local = unit(local)
    angle = np.arccos(np.clip(local[:, 2], -1, 1))
    r = angle / IRIS_ANGLE
    phi = np.arctan2(local[:, 1], local[:, 0])
    seed = 40 + person.index
    fibres = np.stack([np.cos(phi) * 2.2, np.sin(phi) * 2.2, r * 0.25], axis=1)
    streak = np.clip(1 + 0.26 * fractal(fibres, 0.5, seed), 0.4, 1.7)
    # Irises are greyer than colour names: light scatters above the pigment.
    colour = np.asarray(person.iris)
    colour = 0.80 * (0.62 * colour + 0.38 * colour.mean())
    iris = colour * streak[:, None] * (1.45 - 0.55 * smoothstep(0.35, 1.0, r))[:, None]
    # A warm ring around the pupil, a dark one at the limbus.
    iris = iris * (1 + smoothstep(0.75, 0.40, r)[:, None] * np.array([0.35, 0.10, -0.10]))
    iris *= (1 - 0.80 * smoothstep(0.74, 1.0, r))[:, None]
    iris *= smoothstep(PUPIL_SHARE - 0.05, PUPIL_SHARE + 0.05, r)[:, None] * 0.99 + 0.01
    # Light bends in at the cornea and gathers on the side of the iris opposite to it.
    iris *= (1 - 0.30 * local[:, 1] / np.sin(IRIS_ANGLE))[:, None]
    veins = smoothstep(0.6, 1.6, np.abs(noise(local, 0.16, seed + 3))) * smoothstep(0.7, 1.6, angle)
    old = float(np.clip((person.age - 40) / 40, 0, 1))
    white = np.array([0.56, 0.52, 0.485]) * (1 - 0.10 * old * np.array([0.2, 0.6, 1.2]))
    # The ball turns away into the corners, where it is pinker.
    corner = smoothstep(0.45, 1.0, np.abs(local[:, 0]))[:, None]
    sclera = white * (1 - corner * np.array([0.20, 0.36, 0.36]))
    sclera = sclera * (1 - veins[:, None] * np.array([0.05, 0.28, 0.28]))
    edge = smoothstep(0.91, 1.10, r)[:, None]
    # The lids and the lashes shade the eyeball more than their few strands can.
    lid = 1 - 0.50 * smoothstep(0.06, 0.40, local[:, 1]) - 0.18 * smoothstep(-0.22, -0.48, local[:, 1])
    material.albedo[rows] = (iris * (1 - edge) + sclera * edge) * lid[:, None]
    # The cornea is a smaller sphere in front; a little smaller here than Gullstrand's (centre 0.46 radii
    # along the axis), so that catchlights stay clear of the lid's shadow.
    domed = smoothstep(1.20, 1.0, r)[:, None]
    material.normal[rows] = unit(normal - 0.56 * domed * axis)
    material.roughness[rows] = 0.30 - 0.04 * domed[:, 0]
    material.specular[rows] = 0.05 + 0.06 * domed[:, 0]
    material.wrap[rows] = (0.20, 0.12, 0.10)
