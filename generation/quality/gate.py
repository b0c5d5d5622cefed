"""The check that every picture passes: each face is found where it should be, and is that person's."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from generation.quality.recogniser import DIMENSIONS, THRESHOLD, Recogniser
from generation.renderers import Face, Picture
from remem_dataset.errors import RememError

#: Smaller faces, in pixels of height, are not checked: the detectors' limit.
SMALLEST_FACE = 60

#: Faces of which less can be seen are not checked.
LEAST_VISIBLE = 0.6


@dataclass(frozen=True)
class FaceCheck:
    """What the recogniser made of one face that was checked.

    Attributes:
        identity: 0-based number of whose face it should be.
        detected: whether a face was found there.
        distance: from the identity's anchor; None if no face was found.
        nearest_other: the identity whose anchor is nearest, the own one apart; None without a face, or if
            there is nobody else.
        nearest_other_distance: the distance from that anchor.
    """

    identity: int
    detected: bool
    distance: float | None = None
    nearest_other: int | None = None
    nearest_other_distance: float | None = None

    @property
    def fault(self) -> str:
        """What is wrong: "" for nothing, "no face", "unlike" (the anchor) or "like another"."""
        if not self.detected or self.distance is None:
            return "no face"
        if self.distance >= THRESHOLD:
            return "unlike"
        if self.nearest_other_distance is not None and self.nearest_other_distance <= self.distance:
            return "like another"
        return ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


@dataclass(frozen=True)
class Verdict:
    """Whether a picture may stay.

    Attributes:
        passed: True or False; None if it holds no face that can be checked.
        reason: "passed", "not checked", or the first faulty face's fault with its identity's number.
        faces: the checks, one for each face that was checked, in the order of the picture's faces.
    """

    passed: bool | None
    reason: str
    faces: tuple[FaceCheck, ...]


@dataclass(frozen=True, eq=False)
class Gate:
    """Checks pictures against the anchors of all identities.

    Attributes:
        recogniser: who looks.
        anchors: (identities, 128) float32, indexed by identity.

    Raises:
        RememError: the anchors have another shape.
    """

    recogniser: Recogniser
    anchors: np.ndarray

    def __post_init__(self) -> None:
        if self.anchors.ndim != 2 or self.anchors.shape[1] != DIMENSIONS or not len(self.anchors):
            raise RememError(
                f"The anchors have the shape {self.anchors.shape}; it must be (identities, {DIMENSIONS})."
            )

    def check(self, picture: Picture) -> Verdict:
        """Look at a picture.

        Checked are faces of people who are present (not in portraits or badges), of 60 pixels or more, of
        which 60 % can be seen.

        Args:
            picture: what was drawn, with its faces.

        Raises:
            RememError: a face's identity has no anchor.
        """
        checks = tuple(self._check_face(picture.pixels, face) for face in picture.faces if is_checked(face))
        if not checks:
            return Verdict(None, "not checked", ())
        for check in checks:
            if check.fault:
                return Verdict(False, f"{check.fault}: identity {check.identity}", checks)
        return Verdict(True, "passed", checks)

    def _check_face(self, pixels: np.ndarray, face: Face) -> FaceCheck:
        if not 0 <= face.identity < len(self.anchors):
            raise RememError(f"Identity {face.identity} has no anchor; there are {len(self.anchors)}.")
        found = self.recogniser.faces(pixels, expected=face.box)
        if not found:
            return FaceCheck(face.identity, detected=False)
        return self.compare(face.identity, self.recogniser.embed(pixels, found[0].box))

    def compare(self, identity: int, embedding: np.ndarray) -> FaceCheck:
        """Whose face an embedding (128,) is, given whose it should be."""
        distances = np.linalg.norm(self.anchors - embedding, axis=1)
        own = float(distances[identity])
        if len(distances) == 1:
            return FaceCheck(identity, True, round(own, 4))
        distances[identity] = np.inf
        other = int(distances.argmin())
        return FaceCheck(identity, True, round(own, 4), other, round(float(distances[other]), 4))


def is_checked(face: Face) -> bool:
    """Whether the gate judges such a face; others are too small or too hidden for the recogniser."""
    height = face.box[3] - face.box[1]
    return face.kind == "present" and height >= SMALLEST_FACE and face.visible >= LEAST_VISIBLE
