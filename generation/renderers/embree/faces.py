"""Where faces are in a picture, and how much of them shows."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from generation.renderers.embree.bodydata import BodyData
from generation.renderers.embree.surface import Surface
from generation.renderers.embree.tracer import Tracer
from generation.views.framing import FIELD_OF_VIEW

#: Sample points at most for `visible_share`; a hundred give it to about five per cent.
PROBES = 100
# Parts of the face itself: that a nose or a beard lies before a cheek does not hide it.
_OF_THE_FACE = ("skin", "eye", "teeth", "tongue", "glasses", "picture")


@dataclass(frozen=True, eq=False)
class Camera:
    """Looks along -z. `target` (3,) is the frame's centre, `distance` decimetres before it."""

    target: np.ndarray
    distance: float

    @property
    def place(self) -> np.ndarray:
        """Where the camera stands, (3,)."""
        return np.asarray(self.target) + np.array([0.0, 0.0, self.distance])

    def project(self, points: np.ndarray, size: int) -> np.ndarray:
        """Pixel coordinates (n, 2), right and down from the upper left corner, of (n, 3) points."""
        away = points - self.place
        scale = 0.5 / np.tan(np.radians(FIELD_OF_VIEW / 2)) / -away[:, 2]
        return size * np.stack([0.5 + away[:, 0] * scale, 0.5 - away[:, 1] * scale], axis=1)


@dataclass(frozen=True, eq=False)
class FaceMesh:
    """The posed face front of one figure.

    Attributes:
        identity: 0-based number of the person.
        kind: "present", "portrait" or "badge".
        points: (n, 3) places on it; for a picture in the picture, a grid over the face in it.
        normals: (n, 3) unit normals there.
        figure: the figure's number, as in the `settings["number"]` of its surfaces.
    """

    identity: int
    kind: str
    points: np.ndarray
    normals: np.ndarray
    figure: int


@functools.lru_cache(maxsize=2)
def face_vertices(body: BodyData) -> np.ndarray:
    """Numbers of the subdivided skin's vertices on the face front: brow to chin, ear to ear."""
    x, y, z = body.canonical.T
    front = np.where(y < 6.5, z > 0.75, z > 0.45)
    return np.flatnonzero(front & (y > 6.15) & (y < 7.62) & (np.abs(x) < 1.0))


def face_box(points: np.ndarray, camera: Camera, size: int) -> tuple[int, int, int, int]:
    """Box of the projected points, cut off at the picture's edges: left, top, right, bottom (exclusive).

    Args:
        points: (n, 3) places on the face.
        camera: the camera.
        size: pixels each way.
    """
    pixels = camera.project(points, size)
    low = np.clip(np.floor(pixels.min(axis=0)), 0, size).astype(int)
    high = np.clip(np.ceil(pixels.max(axis=0)), 0, size).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def visible_share(face: FaceMesh, camera: Camera, tracer: Tracer, surfaces: list[Surface]) -> float:
    """Share of the face's points that are turned to the camera, within the frame and not hidden, in [0, 1].

    Own skin, beard and spectacles do not hide a face; scalp hair, hats and everything else do.

    Args:
        face: the face.
        camera: the camera.
        tracer: the scene.
        surfaces: what was traced, in the tracer's order.
    """
    to_eye = camera.place - face.points
    distance = np.linalg.norm(to_eye, axis=1)
    to_eye /= distance[:, None]
    turned = np.flatnonzero(np.einsum("ni,ni->n", face.normals, to_eye) > 0.15)
    if not len(turned):
        return 0.0
    probes = turned[np.linspace(0, len(turned) - 1, min(PROBES, len(turned))).astype(int)]
    origins = np.broadcast_to(camera.place, (len(probes), 3))
    hits = tracer.first_hits(origins, -to_eye[probes])
    harmless = np.array([_harmless(surface, face) for surface in surfaces] + [True])
    hidden = (hits.distance < distance[probes] - 0.05) & ~harmless[hits.surface]
    pixels = camera.project(face.points[probes], 1)
    inside = ((pixels >= 0) & (pixels <= 1)).all(axis=1)
    return float((inside & ~hidden).mean())


def _harmless(surface: Surface, face: FaceMesh) -> bool:
    if surface.settings.get("number") != face.figure:
        return False
    hair = surface.material == "hair" and not surface.settings.get("scalp", False)
    return surface.material in _OF_THE_FACE or hair
