"""Drawing pictures of several people: a pure function of (seed, identity, role, number, attempt)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from generation.streams import stream
from generation.views.framing import covers_portrait, face_height, lens, visible_share
from generation.views.groupplan import Planned, plan_group
from generation.views.groupsettings import in_frame, place_props
from generation.views.grouptables import GroupTables, Layout, load_group_tables
from generation.views.templates import ROLES, Place, Templates, frontal_light, load_templates
from generation.views.view import Figure, GroupView, LightRig
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError

# A badge hangs so far below and before the eyes of its wearer.
BADGE_OFFSET = (0.0, -2.45, 0.55)
_TRIES = 24


def sample_group(
    config: BenchmarkConfig,
    index: int,
    role: str,
    number: int,
    attempt: int = 0,
    identities: Sequence[int] | None = None,
) -> GroupView:
    """How a picture of several people that asks about one of them is taken.

    Args:
        config: its seed and number of identities matter.
        index: 0-based number of the identity asked about.
        role: "seen" (templates of the training pictures) or "unseen".
        number: 0-based number of the picture among those of the role.
        attempt: how many earlier draws were refused. Who is where in which clothes and scene stays; pose,
            light and exact places are drawn anew, and easier.
        identities: the others who may be in the picture; None takes those of the identity's block of four.

    Returns:
        The view, with the id "group-<role>-<number>". Everyone present has a face at least `least_face`
        pixels high in 384, of which at least `least_visible` shows (both in `assets/groups.yaml`), as far as
        average heads tell.

    Raises:
        RememError: as `plan_group`, or a negative attempt.
    """
    if attempt < 0:
        raise RememError(f"Attempt {attempt} of a group picture: no number may be negative.")
    plan = plan_group(config, index, role, number, identities)
    tables, templates = load_group_tables(), load_templates()
    standing = [figure for figure in plan.figures if figure.kind == "present"]
    shown = next((figure for figure in plan.figures if figure.kind != "present"), None)
    best: GroupView | None = None
    best_share = -1.0
    for turn in range(_TRIES):
        rng = stream(config.seed, "group", "pose", index, role, number, attempt, turn)
        ease = max(0.0, 1 - 0.3 * attempt - turn / _TRIES)
        light = _light(templates, role, plan.place, attempt, rng)
        view = GroupView(
            id=plan.id,
            role=role,
            figures=(),
            asked=0,
            props=(),
            light=light,
            scene=plan.place.lit(light),
            camera_distance=float(rng.uniform(*plan.layout.distance)),
            camera_shift=(float(rng.uniform(-0.15, 0.15)) * ease, float(rng.uniform(*plan.layout.shift_y))),
            draw=plan.draw + attempt,
            blur=_blur(tables, rng) if attempt == 0 else 0.0,
            attempt=attempt,
        )
        figures = [
            _present(tables, templates, role, figure, head, ease, attempt, rng)
            for figure, head in zip(standing, plan.layout.heads, strict=True)
        ]
        if shown is not None:
            figures = _with_picture(figures, shown, plan.layout, lens(view), templates, role, ease, rng)
        asked = next(k for k, f in enumerate(figures) if f.identity == index)
        props = place_props(plan.setting, plan.paints, lens(view), rng, ease)
        props = tuple(prop for prop in props if not covers_portrait(prop, figures, lens(view)))
        view = dataclasses.replace(view, figures=tuple(figures), asked=asked, props=props)
        share = _worst(view, tables)
        if share > best_share:
            best, best_share = view, share
        if share >= tables.least_visible:
            break
    assert best is not None
    return best


def _light(templates: Templates, role: str, place: Place, attempt: int, rng: np.random.Generator) -> LightRig:
    """One of the rigs that suit the place; at later attempts one of the brighter."""
    rigs = sorted((templates.lights[ROLES[role]][r] for r in place.lights), key=frontal_light, reverse=True)
    rigs = rigs[: max(1, -(-len(rigs) // (attempt + 1)))]
    return rigs[rng.integers(len(rigs))]


def _blur(tables: GroupTables, rng: np.random.Generator) -> float:
    sigma = float(rng.uniform(*tables.blur_sigma))
    return sigma if rng.random() < tables.blur_share else 0.0


def _present(
    tables: GroupTables,
    templates: Templates,
    role: str,
    planned: Planned,
    head: tuple[float, float, float],
    ease: float,
    attempt: int,
    rng: np.random.Generator,
) -> Figure:
    yaw, pitch, roll = (ease * float(rng.uniform(*r)) for r in (tables.yaw, tables.pitch, tables.roll))
    # People at the sides turn rather to the middle.
    yaw = float(np.clip(yaw - 4.0 * head[0], *tables.yaw)) * max(ease, 0.4)
    contact = bool(rng.random() < tables.eye_contact)
    gaze = (-yaw, -pitch) if contact else (float(rng.uniform(-10, 10)), float(rng.uniform(-5, 5)))
    names, weights = zip(*tables.accessories, strict=True)
    shares = np.array(weights) / sum(weights)
    accessory = str(rng.choice(names, p=shares))
    expression, strength = _expression(templates, role, rng)
    jitter = [float(rng.uniform(-j, j)) * ease for j in tables.jitter]
    return Figure(
        identity=planned.identity,
        kind=planned.kind,
        place=planned.place,
        position=tuple(h + j for h, j in zip(head, jitter, strict=True)),
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        expression=expression,
        expression_strength=strength,
        gaze=(float(np.clip(gaze[0], -25, 25)), float(np.clip(gaze[1], -15, 15))),
        outfit=planned.outfit,
        accessory=accessory if attempt == 0 else "none",
    )


def _expression(templates: Templates, role: str, rng: np.random.Generator) -> tuple[str, float]:
    names = templates.expressions[role]
    return str(names[rng.integers(len(names))]), float(rng.uniform(*templates.camera.expression_strength))


def _with_picture(
    figures: list[Figure],
    shown: Planned,
    layout: Layout,
    camera: tuple[float, float, float],
    templates: Templates,
    role: str,
    ease: float,
    rng: np.random.Generator,
) -> list[Figure]:
    """Add the framed picture by its place from left to right, or the badge after its wearer."""
    expression, strength = _expression(templates, role, rng)
    wearer = max(range(len(figures)), key=lambda k: figures[k].position[2])
    if shown.kind == "badge":
        where, at = figures[wearer].position, wearer + 1
        position = tuple(w + o for w, o in zip(where, BADGE_OFFSET, strict=True))
    else:
        assert layout.frame is not None
        position = in_frame(layout.frame, camera)
        at = sum(f.position[0] < position[0] for f in figures)
    pictured = Figure(
        identity=shown.identity,
        kind=shown.kind,
        place=shown.place,
        position=position,
        yaw=float(rng.uniform(-14, 14)) * ease,
        pitch=float(rng.uniform(-4, 4)) * ease,
        roll=float(rng.uniform(-3, 3)) * ease,
        expression=expression,
        expression_strength=strength,
        gaze=(0.0, 0.0),
        outfit=shown.outfit,
    )
    return [*figures[:at], pictured, *figures[at:]]


def _worst(view: GroupView, tables: GroupTables) -> float:
    """Visible share of the worst-placed face present; 0 if one is too small."""
    worst = 1.0
    for k, figure in enumerate(view.figures):
        if figure.kind == "present":
            if face_height(view, figure, 384) < tables.least_face:
                return 0.0
            worst = min(worst, visible_share(view, k))
    return worst
