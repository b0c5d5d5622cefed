"""Pictures of made-up people in one folder each, as a user's own would lie there."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from PIL import Image

from generation.people.person import Person
from generation.renderers import get_renderer
from generation.views.view import AreaLight, LightRig, Outfit, Scene, View

PERSON = Person(
    index=3,
    gender="female",
    age=31,
    ancestry=(0.1, 0.2, 0.7),
    muscle=0.5,
    weight=0.5,
    melanin=0.2,
    redness=0.4,
    freckles=0.3,
    lip=(0.4, 0.15, 0.14),
    iris=(0.1, 0.15, 0.2),
    brow_thickness=0.5,
    hair_style="short",
    hair_colour=(0.06, 0.03, 0.015),
    grey=0.0,
    beard="none",
    glasses="none",
    moles=((0.3, 6.7, 0.012),),
    face_targets={"nose-scale-horiz-incr": 0.3},
)
LOOKS = {
    "ada": dataclasses.replace(PERSON, index=0),
    "ben": dataclasses.replace(
        PERSON,
        index=1,
        gender="male",
        age=55,
        ancestry=(0.9, 0.05, 0.05),
        melanin=0.8,
        face_targets={"nose-scale-horiz-incr": 0.7, "chin-width-incr": 0.6},
        hair_colour=(0.02, 0.02, 0.02),
    ),
    "cleo": dataclasses.replace(
        PERSON, index=2, ancestry=(0.0, 0.95, 0.05), age=70, face_targets={"head-fat-incr": 0.8}, grey=0.9
    ),
}
EVEN_LIGHT = LightRig(
    id="even",
    lights=(
        AreaLight(-35.0, 30.0, 6.0, (1.0, 1.0, 1.0), 0.6),
        AreaLight(35.0, 30.0, 6.0, (1.0, 1.0, 1.0), 0.6),
    ),
    ambient_sky=(0.2, 0.2, 0.2),
    ambient_ground=(0.15, 0.15, 0.15),
)
PASSPORT = View(
    id="train-000",
    role="train",
    yaw=0.0,
    pitch=0.0,
    roll=0.0,
    expression="neutral",
    expression_strength=1.0,
    gaze=(0.0, 0.0),
    outfit=Outfit("plain", "crew", "plain", ((0.1, 0.2, 0.3), (0.8, 0.8, 0.8))),
    light=EVEN_LIGHT,
    scene=Scene("paper", "studio", {"mottle": 0.0}),
    camera_distance=17.0,
    camera_shift=(0.0, 0.0),
    draw=5,
)


def draw_faces(root: Path, looks: dict[str, Person], size: int) -> Path:
    """Draw one frontal picture of each person into a folder of its name."""
    renderer = get_renderer("embree")
    for name, person in looks.items():
        (root / name).mkdir(parents=True)
        Image.fromarray(renderer.render(person, PASSPORT, size).pixels).save(root / name / "a.png")
    return root
