"""Neck and shoulders as a field that long hair lies on, and the pose of hair that hangs past them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from generation.renderers.embree.shape import Pose
from generation.renderers.embree.strands import Strands
from generation.renderers.embree.surface import smoothstep, unit, vertex_normals

LOW, HIGH = np.array([-3.0, 3.9, -1.9]), np.array([3.0, 6.75, 2.1])
CELL = 0.09
# How far hair stays off the skin: cloth is about 0.06 dm thick, and lies 0.06 dm off itself.
MARGIN = 0.11
THICK = {"hoodie": 0.10, "jacket": 0.09, "sweater": 0.03, "shirt": 0.02}


@dataclass(frozen=True, eq=False)
class TorsoField:
    """Signed distance from the torso to first order in every cell of a grid.

    Attributes:
        distance: (cells,) at the cells' centres, negative inside, decimetres.
        gradient: (cells, 3) unit directions away from the body.
        shape: cells along x, y and z.
    """

    distance: np.ndarray
    gradient: np.ndarray
    shape: tuple[int, int, int]

    def pushed(self, points: np.ndarray, margin: np.ndarray | float = MARGIN) -> np.ndarray:
        """Move (n, 3) points that are nearer than `margin` straight out of the body; others stay."""
        flat = np.asarray(points)
        low = np.flatnonzero(flat[:, 1] < HIGH[1])
        if not len(low):
            return flat
        near = flat[low]
        cell = np.floor((near - LOW) / CELL).astype(np.int64)
        inside = ((cell >= 0) & (cell < self.shape)).all(axis=1)
        cell = np.clip(cell, 0, np.array(self.shape) - 1)
        number = (cell[:, 0] * self.shape[1] + cell[:, 1]) * self.shape[2] + cell[:, 2]
        gradient = self.gradient[number]
        centre = LOW + (cell + 0.5) * CELL
        distance = self.distance[number] + np.einsum("ni,ni->n", gradient, near - centre)
        wanted = margin if np.isscalar(margin) else np.asarray(margin)[low]
        # It fades out at the upper end, where jaw and hair meet anyway.
        lack = np.clip(wanted - distance, 0, 1.2) * inside * smoothstep(HIGH[1], HIGH[1] - 0.35, near[:, 1])
        moved = flat.copy()
        moved[low] = near + gradient * lack[:, None]
        return moved


def build_torso(vertices: np.ndarray, triangles: np.ndarray) -> TorsoField:
    """Measure a body in the resting pose.

    Args:
        vertices: (V, 3) subdivided skin, arms down.
        triangles: (T, 3).
    """
    normals = vertex_normals(vertices, triangles)
    below = (vertices[:, 1] < 6.4) & (vertices[:, 1] > LOW[1] - 0.4)
    tree = cKDTree(vertices[below])
    shape = tuple(int(n) for n in np.ceil((HIGH - LOW) / CELL))
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), axis=-1).reshape(-1, 3)
    centre = LOW + (grid + 0.5) * CELL
    away, nearest = tree.query(centre, k=3)
    offset = centre - vertices[below][nearest[:, 0]]
    weight = 1 / (away + 0.02)
    normal = unit(np.einsum("nk,nki->ni", weight, normals[below][nearest]))
    distance = np.einsum("ni,ni->n", offset, normal)
    return TorsoField(distance.astype(np.float32), normal.astype(np.float32), shape)


def pose_hair(hair: Strands, pose: Pose, torso: TorsoField, garment: str = "t-shirt") -> Strands:
    """Turn the hair with the head; what hangs below the chin lags behind and lies on the shoulders.

    Args:
        hair: around the unposed head.
        pose: bone transforms.
        torso: the resting body.
        garment: `Outfit.garment`; thick ones hold the hair further off.
    """
    rotate, offset = (a.astype(np.float32) for a in pose.head)
    points = np.asarray(hair.points, dtype=np.float32)
    stiff = points @ rotate.T + offset
    if float(points[..., 1].min()) < 6.5:
        slack = 0.55 * smoothstep(6.7, 5.3, points[..., 1:2])
        stiff = (stiff * (1 - slack) + points * slack).astype(np.float32)
        # Strands keep their order: those that lay further out stay further out.
        layer = np.random.default_rng(len(hair)).random(len(hair)).astype(np.float32) ** 2
        margin = MARGIN + THICK.get(garment, 0.0) + 0.07 * layer
        flat = torso.pushed(stiff.reshape(-1, 3), np.repeat(margin, stiff.shape[1]))
        stiff = flat.reshape(stiff.shape)
    normal = np.asarray(hair.normal, dtype=np.float32) @ rotate.T
    return Strands(stiff, hair.colour, hair.width, normal, hair.span)
