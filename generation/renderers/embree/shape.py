"""The shape of a person's upper body: macro shape, face targets, expression, skinned pose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from generation.people.person import Person
from generation.renderers.embree.bodydata import BONES, BodyData
from remem_dataset.errors import RememError

RACES = ("african", "asian", "caucasian")
# The resting face. The body model's lids are almost right as they are (the trials' blink of 0.10 with squint
# 0.15 looked sleepy on sampled faces); its mouth looks sullen without a trace of a smile.
RESTING = {"eyeSquintLeft": 0.10, "eyeSquintRight": 0.10, "mouthSmileLeft": 0.10, "mouthSmileRight": 0.10}
# Share of the head's rotation that each joint takes.
NECK_SHARES = {"neck01": 0.25, "neck02": 0.20, "neck03": 0.15, "head": 0.40}
ARM_DOWN = 34.0  # degrees from the model's A-pose to hanging arms
ELBOW_DOWN = 36.0  # degrees that straighten the elbow, which the model holds bent forwards
UPPER_TEETH_DROP = 0.06  # decimetres; else the lip hides them


@dataclass(frozen=True, eq=False)
class Pose:
    """One rigid transform per bone of `BONES`: x -> rotations[b] @ x + offsets[b]."""

    rotations: np.ndarray
    offsets: np.ndarray

    def apply(self, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Linear blend skinning of (N, 3) points with (N, 9) weights."""
        moved = np.einsum("bij,nj->bni", self.rotations, points) + self.offsets[:, None, :]
        return np.einsum("nb,bni->ni", weights, moved)

    @property
    def head(self) -> tuple[np.ndarray, np.ndarray]:
        """Rotation and offset of the head bone."""
        b = BONES.index("head")
        return self.rotations[b], self.offsets[b]


def _add(vertices: np.ndarray, body: BodyData, stem: str, amount: float) -> None:
    if stem not in body.targets:
        raise RememError(
            f"The body model has no target {stem!r}; see assets/face_targets.yaml for usable ones."
        )
    index, delta = body.targets[stem]
    vertices[index] += amount * delta


def _levels(value: float, name: str) -> dict[str, float]:
    """Linear interpolation between the min, average and max files of a macro ("muscle" or "weight")."""
    off = abs(2 * np.clip(value, 0, 1) - 1)
    extreme = "max" if value > 0.5 else "min"
    return {f"average{name}": 1 - off, f"{extreme}{name}": off}


def neutral_shape(person: Person, body: BodyData) -> np.ndarray:
    """Coarse vertices (N, 3) of the person without expression, moved so that the eyes keep their base place.

    Args:
        person: whose shape.
        body: the body data.

    Raises:
        RememError: a face target the body model lacks.
    """
    vertices = body.vertices.copy()
    # The "old" shapes are those of 90-year-olds; ageing of the shape starts at 25 (MakeHuman's convention).
    old = float(np.clip((person.age - 25) / 65, 0, 1))
    ages = {"young": 1 - old, "old": old}
    for age, age_share in ages.items():
        for race, share in zip(RACES, person.ancestry, strict=True):
            _add(vertices, body, f"{race}-{person.gender}-{age}", age_share * share)
        for muscle, m in _levels(person.muscle, "muscle").items():
            for weight, w in _levels(person.weight, "weight").items():
                stem = f"universal-{person.gender}-{age}-{muscle}-{weight}"
                _add(vertices, body, stem, age_share * m * w)
    for stem, amount in person.face_targets.items():
        _add(vertices, body, stem, amount)
    eyes = np.unique(np.concatenate([body.parts["l-eye"], body.parts["r-eye"]]))
    return vertices + (body.vertices[eyes].mean(axis=0) - vertices[eyes].mean(axis=0))


def with_expression(
    neutral: np.ndarray, body: BodyData, units: Mapping[str, float], gaze_pitch: float = 0.0
) -> np.ndarray:
    """Add face units, on top of the resting face, to a person's shape.

    Args:
        neutral: (N, 3) from `neutral_shape`.
        body: the body data.
        units: face unit -> amount, sides spelt out ("mouthSmileLeft").
        gaze_pitch: degrees the eyes look up; the lids follow.

    Returns:
        New coarse vertices (N, 3).
    """
    vertices = neutral.copy()
    amounts = dict(RESTING)
    for unit, amount in units.items():
        amounts[unit] = amounts.get(unit, 0.0) + amount
    follow = "eyeLookUp" if gaze_pitch > 0 else "eyeLookDown"
    for side in ("Left", "Right"):
        amounts[follow + side] = amounts.get(follow + side, 0.0) + min(abs(gaze_pitch) / 30, 0.8)
        # A widened eye does not squint.
        if amounts.get(f"eyeWide{side}", 0) > 0:
            amounts[f"eyeSquint{side}"] = 0.0
    for unit, amount in amounts.items():
        _add(vertices, body, unit, amount)
    vertices[np.unique(body.parts["upper-teeth"]), 1] -= UPPER_TEETH_DROP
    return vertices


def rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Head rotation in degrees: yaw to the camera's right, pitch chin up, roll towards the camera's right."""
    y, p, r = np.radians([yaw, -pitch, -roll])
    turn = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    nod = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    tilt = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return turn @ nod @ tilt


def make_pose(neutral: np.ndarray, body: BodyData, yaw: float, pitch: float, roll: float) -> Pose:
    """Bone transforms of a head turned by (yaw, pitch, roll) degrees over hanging arms.

    Args:
        neutral: (N, 3) coarse vertices; the joints are read off them.
        body: the body data.
        yaw: to the camera's right.
        pitch: chin up.
        roll: tilt to the camera's right.
    """
    rotations = np.repeat(np.eye(3)[None], len(BONES), axis=0)
    offsets = np.zeros((len(BONES), 3))
    parent_r, parent_t = np.eye(3), np.zeros(3)
    for bone, share in NECK_SHARES.items():
        pivot = neutral[body.pivots[bone]].mean(axis=0)
        local = rotation(share * yaw, share * pitch, share * roll)
        parent_t = parent_r @ (pivot - local @ pivot) + parent_t
        parent_r = parent_r @ local
        rotations[BONES.index(bone)], offsets[BONES.index(bone)] = parent_r, parent_t
    for bone, side in (("upperarm01.L", 1), ("upperarm01.R", -1)):
        pivot = neutral[body.pivots[bone]].mean(axis=0)
        local = rotation(0, 0, side * ARM_DOWN)
        shift = pivot - local @ pivot
        rotations[BONES.index(bone)], offsets[BONES.index(bone)] = local, shift
        lower = bone.replace("upperarm", "lowerarm")
        elbow = neutral[body.pivots[lower]].mean(axis=0)
        straight = rotation(0, -ELBOW_DOWN, 0)
        rotations[BONES.index(lower)] = local @ straight
        offsets[BONES.index(lower)] = local @ (elbow - straight @ elbow) + shift
    return Pose(rotations=rotations, offsets=offsets)
