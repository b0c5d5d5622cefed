"""Drawing views: a pure function of (seed, identity, role, number, attempt)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generation.streams import stream
from generation.views.cameras import Framing
from generation.views.templates import ANCHOR, ROLES, Place, Templates, frontal_light, load_templates
from generation.views.view import LightRig, View
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError

#: How much nearer to the front the head is turned with each attempt.
EASING = 0.75
#: From this attempt on nothing is worn on or held before the face, the picture is sharp and not a half-body.
PLAIN_FROM = 2


@dataclass(frozen=True)
class _Draws:
    """The named streams and packs of one picture."""

    seed: int
    index: int
    role: str
    number: int
    attempt: int

    def deal(self, what: str, count: int) -> int:
        """The picture's card of a pack that is dealt anew for each person and, once used up, shuffled."""
        turn, place = divmod(self.number, count)
        pack = stream(self.seed, "view", self.index, self.role, what, turn)
        return int(pack.permutation(count)[place])

    def rng(self, what: str) -> np.random.Generator:
        """A stream of this picture, the same for every attempt only if it is the first."""
        names = ("view", self.index, self.role, self.number, what)
        return stream(self.seed, *names, *(("attempt", self.attempt) if self.attempt else ()))

    def card(self, what: str, count: int) -> int:
        """Dealt at the first attempt, drawn at later ones."""
        return int(self.rng(what).integers(count)) if self.attempt else self.deal(what, count)


def sample_view(config: BenchmarkConfig, index: int, role: str, number: int, attempt: int = 0) -> View:
    """How the picture with that number of one person is taken.

    Scenes, outfits, expressions, head turns, framings, accessories, occluders and blur are each dealt like a
    shuffled pack of cards: none comes a second time before all have come once. `train` and `seen` pictures
    come from the same templates, dealt separately; `unseen` ones from templates that share no scene, outfit
    or light rig with them.

    Args:
        config: only its seed matters.
        index: 0-based number of the identity.
        role: "anchor", "train", "seen" or "unseen".
        number: 0-based number of the picture among those of the role.
        attempt: how many draws of this picture the face check has refused. Scene, outfit and expression stay,
            as a question may name them; all else is drawn anew, and easier to recognise with each attempt:
            heads turned less, nothing in the way, brighter light, closer framing.

    Returns:
        The view, with the id "<role>-<number>", the number in three digits.

    Raises:
        RememError: an unknown role, or a negative number.
    """
    if role not in ROLES:
        raise RememError(f"There is no picture role {role!r}; the roles are {', '.join(ROLES)}.")
    if min(index, number, attempt) < 0:
        raise RememError(
            f"Identity {index}, picture {number}, attempt {attempt}: all three must be 0 or more."
        )
    templates = load_templates()
    camera, group, still = templates.camera, ROLES[role], role == ANCHOR
    draws = _Draws(config.seed, index, role, number, attempt)
    first = _Draws(config.seed, index, role, number, 0)

    place = templates.places[group][draws.deal("scene", len(templates.places[group]))]
    clothes = templates.clothes[group][draws.deal("outfit", len(templates.clothes[group]))]
    expressions = templates.expressions[role]
    expression = (
        camera.anchor_expression if still else expressions[draws.deal("expression", len(expressions))]
    )
    light = _light(templates, group, place, draws)
    pitch, roll = (0.0, 0.0) if still else _tilt(templates, draws)
    yaw = 0.0 if still else _yaw(templates, draws)
    framing = camera.anchor if still else _framing(templates, draws)
    accessory, occluder, blur = ("none", "none", 0.0) if still else _in_the_way(templates, draws)
    shift, nearer = draws.rng("framing-range"), (0.97**attempt if still else 1.0)
    return View(
        id=f"{role}-{number:03d}",
        role=role,
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        expression=expression,
        expression_strength=1.0
        if still
        else float(draws.rng("strength").uniform(*camera.expression_strength)),
        gaze=(0.0, 0.0) if still else _gaze(templates, yaw, pitch, draws.rng("gaze")),
        outfit=clothes.outfit(int(first.rng("palette").integers(len(clothes.palettes)))),
        light=light,
        scene=place.lit(light),
        camera_distance=float(shift.uniform(*framing.distance)) * nearer,
        camera_shift=(float(shift.uniform(*framing.shift_x)), float(shift.uniform(*framing.shift_y))),
        draw=int(draws.rng("draw").integers(2**31)),
        framing=framing.id,
        accessory=accessory,
        occluder=occluder,
        blur=blur,
        attempt=attempt,
    )


def _light(templates: Templates, group: str, place: Place, draws: _Draws) -> LightRig:
    """One of the rigs that suit the place; at later attempts one of the brighter, then the brightest."""
    rigs = [templates.lights[group][name] for name in place.lights]
    if draws.attempt:
        rigs.sort(key=frontal_light, reverse=True)
        rigs = rigs[: max(1, -(-len(rigs) // (draws.attempt + 1)))]
    return rigs[draws.rng("light").integers(len(rigs))]


def _yaw(templates: Templates, draws: _Draws) -> float:
    bins = templates.camera.pose.yaw
    low, high = bins[draws.card("yaw", len(bins))]
    return float(draws.rng("yaw-in-bin").uniform(low, high)) * EASING**draws.attempt


def _tilt(templates: Templates, draws: _Draws) -> tuple[float, float]:
    """Pitch and roll: heads are mostly held nearly upright, so draw from a bell within the range."""
    pose, rng = templates.camera.pose, draws.rng("tilt")
    pitch, roll = (
        float(np.clip((low + high) / 2 + (high - low) / 4.5 * rng.normal(), low, high))
        * EASING**draws.attempt
        for low, high in (pose.pitch, pose.roll)
    )
    return pitch, roll


def _framing(templates: Templates, draws: _Draws) -> Framing:
    framings = templates.camera.framings
    if draws.attempt >= PLAIN_FROM:
        framings = [f for f in framings if f.id != "half-body"]
    return framings[draws.card("framing", len(framings))]


def _in_the_way(templates: Templates, draws: _Draws) -> tuple[str, str, float]:
    """Accessory, occluder and blur. Not an accessory and an occluder at once: too little face is left."""
    if draws.attempt >= PLAIN_FROM:
        return "none", "none", 0.0
    camera = templates.camera
    accessory = camera.accessories[draws.card("accessory", len(camera.accessories))]
    occluder = camera.occluders[draws.card("occluder", len(camera.occluders))]
    blurred = camera.blurred[draws.card("blur", len(camera.blurred))]
    sigma = float(draws.rng("blur-sigma").uniform(*camera.blur_sigma))
    return accessory, occluder if accessory == "none" else "none", sigma if blurred else 0.0


def _gaze(templates: Templates, yaw: float, pitch: float, rng: np.random.Generator) -> tuple[float, float]:
    """Eyes relative to the head: back into the camera, as far as eyes comfortably turn, or elsewhere."""
    pose = templates.camera.pose
    if rng.random() < pose.eye_contact:
        wanted = -yaw + rng.normal(), -pitch + rng.normal()
    else:
        wanted = rng.uniform(*pose.gaze_yaw), rng.uniform(*pose.gaze_pitch)
    return float(np.clip(wanted[0], -25, 25)), float(np.clip(wanted[1], -15, 15))
