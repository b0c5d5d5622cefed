"""The embree renderer on small pictures: same bytes, visible differences, clear refusals."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
import yaml

from generation.people.appearance import FRAMES
from generation.renderers import get_renderer
from generation.renderers.backgrounds import paint_background
from generation.renderers.embree import bodydata, post, tables
from generation.renderers.embree.hair import style_of
from generation.renderers.embree.regions import above_hairline
from generation.views.view import AreaLight, LightRig, Outfit, Scene
from remem_dataset.errors import RememError
from tests.fakes.faces import PASSPORT, PERSON

SIZE = 64

LIGHT = LightRig(
    id="soft",
    lights=(
        AreaLight(-35.0, 30.0, 6.0, (1.0, 0.96, 0.9), 0.7),
        AreaLight(50.0, 15.0, 8.0, (0.9, 0.95, 1.0), 0.3),
    ),
    ambient_sky=(0.3, 0.32, 0.36),
    ambient_ground=(0.14, 0.12, 0.11),
)
VIEW = dataclasses.replace(PASSPORT, light=LIGHT, scene=Scene("grey", "studio", {}), camera_distance=15.0)


@pytest.fixture(scope="module")
def renderer():
    return get_renderer("embree")


@pytest.fixture(scope="module")
def plain(renderer) -> np.ndarray:
    return renderer.render(PERSON, VIEW, SIZE).pixels


def differs(a: np.ndarray, b: np.ndarray) -> float:
    """Mean absolute difference in grey levels."""
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


def test_picture_has_the_promised_form(plain):
    assert plain.shape == (SIZE, SIZE, 3)
    assert plain.dtype == np.uint8


def test_two_processes_give_the_same_bytes(plain):
    code = (
        "import hashlib, tests.generation.test_renderer as t\n"
        "picture = t.get_renderer('embree').render(t.PERSON, t.VIEW, t.SIZE).pixels\n"
        "print(hashlib.sha256(picture.tobytes()).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == hashlib.sha256(plain.tobytes()).hexdigest()


def test_order_of_pictures_does_not_matter(renderer, plain):
    renderer.render(dataclasses.replace(PERSON, index=4), VIEW, SIZE)
    assert np.array_equal(renderer.render(PERSON, VIEW, SIZE).pixels, plain)


def test_different_people_differ(renderer, plain):
    other = dataclasses.replace(PERSON, index=4, gender="male", melanin=0.8, ancestry=(0.9, 0.0, 0.1))
    assert differs(renderer.render(other, VIEW, SIZE).pixels, plain) > 5


def test_same_description_with_another_face_shape_differs(renderer, plain):
    wide = dataclasses.replace(PERSON, face_targets={"head-scale-horiz-incr": 0.4, "chin-width-incr": 0.4})
    assert differs(renderer.render(wide, VIEW, SIZE).pixels, plain) > 0.5


def skin_centre(picture: np.ndarray) -> float:
    """Mean column of skin-coloured pixels (red well above blue) in the face's rows."""
    face = picture[20:42].astype(int)
    _, columns = np.nonzero(face[..., 0] - face[..., 2] > 25)
    return float(columns.mean())


def test_yaw_turns_the_face_to_the_cameras_right(renderer):
    left = renderer.render(PERSON, dataclasses.replace(VIEW, yaw=-35.0), SIZE).pixels
    right = renderer.render(PERSON, dataclasses.replace(VIEW, yaw=35.0), SIZE).pixels
    assert skin_centre(right) - skin_centre(left) > 4


def test_camera_shift_moves_the_frame_up(renderer, plain):
    moved = renderer.render(PERSON, dataclasses.replace(VIEW, camera_shift=(0.0, 0.5)), SIZE).pixels
    rows_before = np.nonzero((plain.astype(int)[..., 0] - plain[..., 2]) > 25)[0].mean()
    rows_after = np.nonzero((moved.astype(int)[..., 0] - moved[..., 2]) > 25)[0].mean()
    assert rows_after > rows_before + 3


def test_expression_changes_the_mouth_more_than_the_forehead(renderer, plain):
    smile = renderer.render(PERSON, dataclasses.replace(VIEW, expression="open_smile"), SIZE).pixels
    change = np.abs(smile.astype(int) - plain.astype(int)).sum(axis=2)
    mouth, forehead = change[39:46, 25:39].mean(), change[16:21, 27:37].mean()
    assert mouth > 3 * forehead


def test_background_is_untouched_in_the_upper_corners(plain):
    expected = post.to_srgb(paint_background(VIEW.scene, SIZE, VIEW.draw))
    for corner in (np.s_[:6, :6], np.s_[:6, -6:]):
        assert np.array_equal(plain[corner], expected[corner])
    assert not np.array_equal(plain[28:36, 28:36], expected[28:36, 28:36])


@pytest.mark.parametrize("style", tables.hair_styles())
def test_every_hair_style_renders_its_own_picture(renderer, plain, style):
    picture = renderer.render(dataclasses.replace(PERSON, hair_style=style), VIEW, SIZE).pixels
    if style != PERSON.hair_style:
        assert differs(picture, plain) > 0.3


@pytest.mark.parametrize("style", [s for s in tables.hair_styles() if style_of(s) is not None])
def test_no_strand_covers_the_eyes(renderer, style):
    body = bodydata.load_body()
    known = renderer._prepare(dataclasses.replace(PERSON, hair_style=style))
    x, y, z = np.moveaxis(known.hair.points, -1, 0)
    over_eyes = (np.abs(x) < 0.6) & (y > 6.3) & (y < 7.5) & (z > 0.95)
    assert not over_eyes.any()
    assert (above_hairline(style, body.canonical) > 0).any()
    # No spike flies further off than the style's own volume could explain.
    far = np.linalg.norm(known.hair.points - [0, 7.4, 0.5], axis=-1)
    assert far[y > 7.0].max() < 2.2


@pytest.mark.parametrize("beard", ["stubble", "moustache", "goatee", "full"])
def test_beards_darken_their_place(renderer, beard):
    man = dataclasses.replace(PERSON, gender="male", hair_colour=(0.01, 0.008, 0.006))
    shaven = renderer.render(man, VIEW, SIZE).pixels.astype(int)
    bearded = renderer.render(dataclasses.replace(man, beard=beard), VIEW, SIZE).pixels.astype(int)
    rows = slice(37, 42) if beard == "moustache" else slice(43, 50)
    assert (shaven - bearded)[rows, 26:38].mean() > 3


@pytest.mark.parametrize("glasses", FRAMES)
def test_glasses_show_around_the_eyes(renderer, plain, glasses):
    change = np.abs(
        renderer.render(dataclasses.replace(PERSON, glasses=glasses), VIEW, SIZE).pixels.astype(int) - plain
    ).sum(axis=2)
    assert change[24:34].mean() > 4 * change[40:50].mean()


@pytest.mark.parametrize("neckline", ["crew", "v", "turtle"])
@pytest.mark.parametrize("pattern", ["plain", "stripes", "check"])
def test_shirts(renderer, plain, neckline, pattern):
    outfit = Outfit("x", neckline, pattern, ((0.1, 0.2, 0.3), (0.8, 0.8, 0.8)))
    picture = renderer.render(PERSON, dataclasses.replace(VIEW, outfit=outfit), SIZE).pixels
    if outfit != VIEW.outfit and (neckline, pattern) != ("crew", "plain"):
        assert differs(picture[-14:], plain[-14:]) > 0.2


EXPRESSIONS = yaml.safe_load((tables.ASSETS / "expressions.yaml").read_text())["expressions"]


@pytest.mark.parametrize("name", sorted(set(EXPRESSIONS) - {"neutral"}))
def test_every_expression_changes_the_picture(renderer, plain, name):
    assert (
        differs(renderer.render(PERSON, dataclasses.replace(VIEW, expression=name), SIZE).pixels, plain)
        > 0.15
    )


@pytest.mark.parametrize(
    ("person", "view", "named"),
    [
        ({"hair_style": "mohawk"}, {}, "mohawk"),
        ({"beard": "sideburns"}, {}, "sideburns"),
        ({"glasses": "monocle"}, {}, "monocle"),
        ({"face_targets": {"third-eye": 0.2}}, {}, "third-eye"),
        ({}, {"expression": "rage"}, "rage"),
        ({}, {"outfit": Outfit("x", "boat", "plain", ((0, 0, 0), (1, 1, 1)))}, "boat"),
        ({}, {"outfit": Outfit("x", "crew", "dots", ((0, 0, 0), (1, 1, 1)))}, "dots"),
    ],
)
def test_unknown_names_are_refused(renderer, person, view, named):
    with pytest.raises(RememError, match=named):
        renderer.render(dataclasses.replace(PERSON, **person), dataclasses.replace(VIEW, **view), SIZE)


def test_a_tiny_picture_is_refused(renderer):
    with pytest.raises(RememError, match="at least 16"):
        renderer.render(PERSON, VIEW, 8)


def test_grey_share_lightens_dark_hair(renderer):
    grey = renderer._prepare(dataclasses.replace(PERSON, grey=0.9)).hair.colour.mean()
    assert grey > 3 * renderer._prepare(PERSON).hair.colour.mean()


def test_identity_is_prepared_once(renderer):
    known = renderer._prepare(PERSON)
    renderer.render(PERSON, dataclasses.replace(VIEW, yaw=30.0), SIZE)
    assert renderer._prepare(dataclasses.replace(PERSON)) is known
