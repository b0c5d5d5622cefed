"""A stage of the embree renderer as plain arrays: finer meshes with baked materials, strands as curves."""

from __future__ import annotations

import numpy as np

from generation.renderers.embree.draw import Stage
from generation.renderers.embree.materials import paint
from generation.renderers.embree.shading import LIGHT_DISTANCE, Material
from generation.renderers.embree.surface import Surface, unit
from generation.renderers.embree.tracer import Hits
from generation.views.framing import FIELD_OF_VIEW

#: Materials are baked at points this many pixels apart, where triangles face the camera.
SPACING = 1.3
#: Into how many steps an edge is cut at most: of meshes, and of flat prints, which are two triangles each.
FINEST = 6
FINEST_PRINT = 240
SAMPLES = 16


def export(stage: Stage, seed: int) -> dict[str, np.ndarray]:
    """Everything that the Blender script needs to draw the stage.

    Args:
        stage: surfaces, camera, lights.
        seed: of the picture's noise.

    Returns:
        "mesh:<k>:<field>" or "hair:<k>:<field>" for each surface, "light:<k>:<field>" for each light, and
        the camera, sizes and seed. Lengths are decimetres, colours linear.
    """
    size = len(stage.background)
    camera = stage.camera
    arrays: dict[str, np.ndarray] = {
        "size": np.array(size),
        "seed": np.array(seed % 2**31),
        "samples": np.array(SAMPLES),
        "field_of_view": np.array(np.radians(FIELD_OF_VIEW)),
        "camera": np.asarray(camera.place, np.float32),
        "sky": np.asarray(stage.light.ambient_sky, np.float32),
        "ground": np.asarray(stage.light.ambient_ground, np.float32),
    }
    for k, light in enumerate(stage.light.lights):
        azimuth, elevation = np.radians([light.azimuth, light.elevation])
        level = np.cos(elevation)
        out = np.array([np.sin(azimuth) * level, np.sin(elevation), np.cos(azimuth) * level])
        arrays[f"light:{k}:place"] = (stage.light_centre + LIGHT_DISTANCE * out).astype(np.float32)
        arrays[f"light:{k}:centre"] = np.asarray(stage.light_centre, np.float32)
        arrays[f"light:{k}:colour"] = (light.power * np.asarray(light.colour)).astype(np.float32)
        arrays[f"light:{k}:size"] = np.array(light.size, np.float32)
    for k, surface in enumerate(stage.surfaces):
        if not len(surface.triangles):
            continue
        strands = surface.material == "hair"
        part = _curves(surface) if strands else _mesh(stage, k, size)
        group = "hair" if strands else "mesh"
        arrays.update({f"{group}:{k}:{name}": values for name, values in part.items()})
    return arrays


def _curves(surface: Surface) -> dict[str, np.ndarray]:
    """Ribbons back to strands: vertices lie in pairs along each, so V − T is twice the number of strands."""
    vertices = np.asarray(surface.vertices, np.float32)
    strands = (len(vertices) - len(surface.triangles)) // 2
    pairs = vertices.reshape(strands, -1, 2, 3)
    first = np.arange(strands) * pairs.shape[1] * 2
    return {
        "points": pairs.mean(axis=2),
        "radius": np.linalg.norm(pairs[:, :, 1] - pairs[:, :, 0], axis=-1) / 2,
        "colour": np.asarray(surface.values["colour"][first], np.float32),
    }


def _mesh(stage: Stage, number: int, size: int) -> dict[str, np.ndarray]:
    surface = stage.surfaces[number]
    camera = stage.camera
    corners = np.asarray(surface.vertices, np.float64)[surface.triangles]
    level = _levels(corners, camera, size, FINEST_PRINT if surface.material == "picture" else FINEST)
    parts = []
    for steps in np.unique(level):
        chosen = np.flatnonzero(level == steps)
        weights, small = _grid(int(steps))
        parts.append((chosen, weights, small))
    triangle = np.concatenate([np.repeat(chosen, len(weights)) for chosen, weights, _ in parts])
    bary = np.concatenate([np.tile(weights, (len(chosen), 1)) for chosen, weights, _ in parts])
    places = np.einsum("nc,nci->ni", bary, corners[triangle])
    faces, start = [], 0
    for chosen, weights, small in parts:
        offsets = start + np.arange(len(chosen)) * len(weights)
        faces.append((offsets[:, None, None] + small[None]).reshape(-1, 3))
        start += len(chosen) * len(weights)
    n = len(triangle)
    hits = Hits(
        surface=np.full(n, number),
        triangle=triangle,
        u=bary[:, 1].astype(np.float32),
        v=bary[:, 2].astype(np.float32),
        distance=np.zeros(n, np.float32),
    )
    material = Material.empty(n)
    to_eye = unit(camera.place - places).astype(np.float32)
    paint(material, stage.surfaces, hits, np.arange(n), to_eye)
    return {
        "kind": np.array(surface.material),
        "points": places.astype(np.float32),
        "triangles": np.concatenate(faces).astype(np.int32),
        "normal": unit(material.normal).astype(np.float32),
        "albedo": np.clip(material.albedo, 0, 1).astype(np.float32),
        "roughness": np.clip(material.roughness, 0.02, 1).astype(np.float32),
        "specular": material.specular.astype(np.float32),
    }


def _levels(corners: np.ndarray, camera, size: int, finest: int) -> np.ndarray:
    """Into how many steps each triangle's edges are cut: about a pixel where it can be seen, else one."""
    flat = camera.project(corners.reshape(-1, 3), size).reshape(-1, 3, 2)
    edges = np.linalg.norm(flat - np.roll(flat, 1, axis=1), axis=-1).max(axis=1)
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    towards = np.einsum("ni,ni->n", facing, camera.place - corners[:, 0]) > 0
    within = ((flat > -8) & (flat < size + 8)).all(axis=2).any(axis=1)
    steps = np.clip(np.ceil(edges / SPACING), 1, finest).astype(int)
    return np.where(towards & within, steps, 1)


def _grid(steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Barycentric weights (p, 3) of a triangle cut into steps² small ones, and those (steps², 3)."""
    index = {}
    weights = []
    for i in range(steps + 1):
        for j in range(steps + 1 - i):
            index[i, j] = len(weights)
            weights.append((steps - i - j, i, j))
    small = []
    for i in range(steps):
        for j in range(steps - i):
            small.append((index[i, j], index[i + 1, j], index[i, j + 1]))
            if i + j < steps - 1:
                small.append((index[i + 1, j], index[i + 1, j + 1], index[i, j + 1]))
    return np.array(weights) / steps, np.array(small)
