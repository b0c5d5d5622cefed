"""What the camera sees of heads and things, reckoned without drawing them.

Coordinates are those of `Figure.position`: decimetres (right, up, towards the camera) from where a lone
person's head (the midpoint between the eyes) is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from generation.views.view import Figure, GroupView, Prop

#: Degrees each way, in every renderer.
FIELD_OF_VIEW = 12.3
#: Where the camera aims without any shift, from the midpoint between the eyes.
AIM = (0.0, -0.10, -0.90)
_HALF = float(np.tan(np.radians(FIELD_OF_VIEW / 2)))

# A face from brow to chin and ear to ear around the eyes; head with hair, neck and torso may hide others.
FACE = (-0.72, -1.12, 0.72, 0.30)
_HEAD = (0.0, -0.10, 1.08, 1.40)
_TORSO = (2.1, -1.95)
_NECK = (1.05, -1.1)
# Half width and height of props over their size.
_EXTENT = {"plant": (0.22, 1.0), "lamp": (0.16, 1.0), "cup": (0.4, 1.0), "laptop": (0.5, 0.70)}
_EXTENT |= {"books": (0.5, 0.35)}
_PORTRAIT_HALF = 1.13


def lens(view: GroupView) -> tuple[float, float, float]:
    """Where the camera is, in the coordinates of positions."""
    x, y = view.camera_shift
    return AIM[0] + x, AIM[1] + y, AIM[2] + view.camera_distance


def half_frame(camera: tuple[float, float, float], depth: float) -> float:
    """Half the frame's width and height in decimetres at a depth (towards the camera)."""
    return _HALF * (camera[2] - depth)


def face_height(view: GroupView, figure: Figure, size: int) -> float:
    """Height in pixels, brow to chin, of an average face where the figure is."""
    return (FACE[3] - FACE[1]) * size / (2 * half_frame(lens(view), figure.position[2]))


def visible_share(view: GroupView, number: int) -> float:
    """About which share of a present figure's face is in the frame and hidden by nobody and nothing."""
    camera = lens(view)
    x, y, z = view.figures[number].position
    across, up = np.meshgrid(
        np.linspace(x + FACE[0], x + FACE[2], 9), np.linspace(y + FACE[1], y + FACE[3], 9)
    )
    inside = (((across - x) / 0.8) ** 2 + ((up - y + 0.4) / 0.85) ** 2 < 1.3).ravel()
    points = np.stack([across.ravel(), up.ravel()], axis=1)[inside]
    scale = half_frame(camera, z)
    seen = (np.abs(points - camera[:2]) < scale).all(axis=1)
    for k, other in enumerate(view.figures):
        depth = other.position[2]
        if k == number or other.kind == "badge" or depth <= z + 0.2:
            continue
        seen &= ~_hidden(_carried(points, camera, z, depth) - other.position[:2], other.kind)
    for prop in view.props:
        if prop.position[2] > z + 0.2:
            seen &= ~_behind(_carried(points, camera, z, prop.position[2]) - prop.position[:2], prop)
    return float(seen.mean())


def covers_portrait(prop: Prop, figures: Sequence[Figure], camera: tuple[float, float, float]) -> bool:
    """Whether a small thing stands before a framed picture, which is to be seen whole."""
    if prop.kind not in _EXTENT:
        return False
    x, _, depth = prop.position
    for figure in figures:
        if figure.kind == "portrait" and depth > figure.position[2]:
            nearer = (camera[2] - figure.position[2]) / (camera[2] - depth)
            away = abs(camera[0] + (x - camera[0]) * nearer - figure.position[0])
            if away < _PORTRAIT_HALF + _EXTENT[prop.kind][0] * prop.size * nearer:
                return True
    return False


def _carried(points: np.ndarray, camera: Sequence[float], z: float, depth: float) -> np.ndarray:
    """Where the sight lines to points at depth z pass a nearer depth."""
    return camera[:2] + (points - camera[:2]) * (camera[2] - depth) / (camera[2] - z)


def _hidden(offset: np.ndarray, kind: str) -> np.ndarray:
    x, y = np.abs(offset[:, 0]), offset[:, 1]
    if kind == "portrait":
        return (x < _PORTRAIT_HALF) & (np.abs(y) < _PORTRAIT_HALF)
    head = (x / _HEAD[2]) ** 2 + ((y - _HEAD[1]) / _HEAD[3]) ** 2 < 1
    return head | ((x < _NECK[0]) & (y < _NECK[1])) | ((x < _TORSO[0]) & (y < _TORSO[1]))


def _behind(offset: np.ndarray, prop: Prop) -> np.ndarray:
    half, height = _EXTENT.get(prop.kind, (0.5, 0.0))
    return (np.abs(offset[:, 0]) < half * prop.size) & (offset[:, 1] < height * prop.size)
