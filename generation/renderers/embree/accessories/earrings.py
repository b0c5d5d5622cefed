"""Earrings: studs and hoops on the lobes."""

from __future__ import annotations

import numpy as np

from generation.renderers.embree.meshes import grid_surface, merged, tube
from generation.renderers.embree.surface import Surface
from generation.renderers.embree.tables import check_choice

KINDS = ["none", "stud", "hoop"]
GOLD = {"colour": (0.55, 0.36, 0.13), "roughness": 0.25, "specular": 0.55}
SILVER = {"colour": (0.45, 0.45, 0.46), "roughness": 0.18, "specular": 0.60}


def lobe(skin: np.ndarray, side: float) -> np.ndarray:
    """Where an earring goes through (3,): low on the ear, on its outer side.

    Args:
        skin: (V, 3) unposed neutral skin.
        side: 1 for the ear on the camera's right, -1 for the other.
    """
    x, y, z = skin.T
    ear = skin[(side * x > 0.62) & (y > 6.75) & (y < 7.35) & (z > 0.15) & (z < 0.95)]
    lowest = np.quantile(ear[:, 1], 0.04)
    low = ear[(ear[:, 1] > lowest + 0.02) & (ear[:, 1] < lowest + 0.14)]
    return low[np.argmax(side * low[:, 0])]


def build_earrings(kind: str, skin: np.ndarray) -> list[Surface]:
    """A pair of earrings on the unposed head.

    Args:
        kind: "none", "stud" or "hoop".
        skin: (V, 3) unposed neutral skin.

    Raises:
        RememError: there is no such kind.
    """
    if check_choice("earrings", kind, KINDS) == "none":
        return []
    parts = []
    for side in (1.0, -1.0):
        place = lobe(skin, side)
        if kind == "stud":
            turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
            tilt = np.linspace(0, np.pi, 8)
            ball = np.stack(
                [
                    np.broadcast_to(np.cos(tilt), (14, 8)),
                    np.cos(turn)[:, None] * np.sin(tilt)[None],
                    np.sin(turn)[:, None] * np.sin(tilt)[None],
                ],
                axis=-1,
            )
            parts.append(
                grid_surface(place + [side * 0.02, 0, 0.01] + 0.042 * ball, True, turn, tilt, dict(SILVER))
            )
        else:
            turn = np.linspace(0, 2 * np.pi, 32, endpoint=False)
            middle = place + np.array([side * 0.015, -0.14, 0.0])
            ring = np.stack([0.15 * np.sin(turn) * 0.35 * side, np.cos(turn) * 0.16, np.sin(turn) * 0.15], 1)
            vertices, triangles, normals = tube(middle + ring, 0.016, True)
            parts.append(Surface("plain", vertices, triangles, normals, settings=dict(GOLD)))
    surface = merged(parts)
    surface.material = "plain"
    return [surface]
