"""Drawing views: a pure function of (seed, identity, role, number)."""

from __future__ import annotations

import numpy as np

from generation.streams import stream
from generation.views.templates import ANCHOR, ROLES, Framing, Templates, load_templates
from generation.views.view import View
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError


def sample_view(config: BenchmarkConfig, index: int, role: str, number: int) -> View:
    """How the picture with that number of one person is taken.

    Scenes, outfits, expressions and head turns are each dealt like a shuffled pack of cards: none comes a
    second time before all have come once. `train` and `seen` pictures come from the same templates, dealt
    separately; `unseen` ones from templates that share no scene, outfit or light rig with them.

    Args:
        config: only its seed matters.
        index: 0-based number of the identity.
        role: "anchor", "train", "seen" or "unseen".
        number: 0-based number of the picture among those of the role.

    Returns:
        The view, with the id "<role>-<number>", the number in three digits.

    Raises:
        RememError: an unknown role, or a negative number.
    """
    if role not in ROLES:
        raise RememError(f"There is no picture role {role!r}; the roles are {', '.join(ROLES)}.")
    if index < 0 or number < 0:
        raise RememError(f"Identity {index}, picture {number}: both numbers must be 0 or more.")
    templates = load_templates()
    group = ROLES[role]
    rng = stream(config.seed, "view", index, role, number)

    def deal(what: str, count: int) -> int:
        turn, place = divmod(number, count)
        return int(stream(config.seed, "view", index, role, what, turn).permutation(count)[place])

    place = templates.places[group][deal("scene", len(templates.places[group]))]
    clothes = templates.clothes[group][deal("outfit", len(templates.clothes[group]))]
    light = place.lights[rng.integers(len(place.lights))]
    still = role == ANCHOR
    expressions = templates.expressions[role]
    expression = templates.anchor_expression if still else expressions[deal("expression", len(expressions))]
    yaw = 0.0 if still else rng.uniform(*templates.pose.yaw[deal("yaw", len(templates.pose.yaw))])
    pitch, roll = (0.0, 0.0) if still else _tilt(templates, rng)
    framing = templates.anchor if still else _framing(templates, rng)
    return View(
        id=f"{role}-{number:03d}",
        role=role,
        yaw=float(yaw),
        pitch=pitch,
        roll=roll,
        expression=expression,
        expression_strength=1.0 if still else float(rng.uniform(*templates.expression_strength)),
        gaze=(0.0, 0.0) if still else _gaze(templates, yaw, pitch, rng),
        outfit=clothes.outfit(int(rng.integers(len(clothes.palettes)))),
        light=templates.lights[group][light],
        scene=place.scene,
        camera_distance=float(rng.uniform(*framing.distance)),
        camera_shift=(float(rng.uniform(*framing.shift_x)), float(rng.uniform(*framing.shift_y))),
        draw=int(rng.integers(2**31)),
    )


def _framing(templates: Templates, rng: np.random.Generator) -> Framing:
    weights = np.array([f.weight for f in templates.framings])
    return templates.framings[rng.choice(len(weights), p=weights / weights.sum())]


def _tilt(templates: Templates, rng: np.random.Generator) -> tuple[float, float]:
    """Pitch and roll: heads are mostly held nearly upright, so draw from a bell within the range."""
    pitch, roll = (
        float(np.clip((low + high) / 2 + (high - low) / 4.5 * rng.normal(), low, high))
        for low, high in (templates.pose.pitch, templates.pose.roll)
    )
    return pitch, roll


def _gaze(templates: Templates, yaw: float, pitch: float, rng: np.random.Generator) -> tuple[float, float]:
    """Eyes relative to the head: back into the camera, as far as eyes comfortably turn, or elsewhere."""
    pose = templates.pose
    if rng.random() < pose.eye_contact:
        wanted = -yaw + rng.normal(), -pitch + rng.normal()
    else:
        wanted = rng.uniform(*pose.gaze_yaw), rng.uniform(*pose.gaze_pitch)
    return float(np.clip(wanted[0], -25, 25)), float(np.clip(wanted[1], -15, 15))
