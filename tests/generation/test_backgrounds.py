"""Backgrounds: every scene paints, the same at any size, and none is empty, flat or noise."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from generation.presets import ASSETS
from generation.renderers.backgrounds import paint_background, painter_names
from generation.views.templates import load_templates
from generation.views.view import Scene
from remem_dataset.errors import RememError

SCENES = {p.scene.id: p.scene for places in load_templates().places.values() for p in places}


def coarse(picture: np.ndarray, cells: int) -> np.ndarray:
    size = picture.shape[0] // cells
    return picture.reshape(cells, size, cells, size, 3).mean(axis=(1, 3))


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES.keys())
def test_every_scene_paints(scene):
    small = paint_background(scene, 64, 7)
    assert small.shape == (64, 64, 3)
    assert small.dtype == np.float32
    assert np.isfinite(small).all()
    assert small.min() >= 0
    assert small.max() <= 1
    assert 0.005 < small.mean() < 0.9
    # Same composition at eight times the size.
    large = paint_background(scene, 512, 7)
    assert np.abs(coarse(large, 32) - coarse(small, 32)).mean() < 0.01
    # Out of focus: hardly any change from one pixel to the next at full size.
    assert np.abs(np.diff(large, axis=1)).mean() < 0.02
    # Yet a place, not a flat field; a backdrop is the exception.
    if scene.kind not in ("studio", "plaster"):
        assert np.sqrt(small).std(axis=(0, 1)).max() > 0.04


def test_every_painter_is_used():
    assert {s.kind for s in SCENES.values()} == set(painter_names())
    assert len(painter_names()) >= 8


def test_pictures_of_one_place_are_alike_but_framed_anew():
    first, again, other = (paint_background(SCENES["cafe-copper"], 64, d) for d in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 0.005
    assert np.abs(first.mean(axis=(0, 1)) - other.mean(axis=(0, 1))).max() < 0.06


def test_scenes_differ_from_each_other():
    pictures = np.stack([coarse(paint_background(s, 64, 1), 8).ravel() for s in SCENES.values()])
    distance = np.abs(pictures[:, None] - pictures[None]).mean(axis=2)
    np.fill_diagonal(distance, 1)
    assert distance.min() > 0.01


def test_same_bytes_in_another_process():
    code = (
        "import hashlib; from generation.renderers.backgrounds import paint_background;"
        "from generation.views.view import Scene;"
        "print(hashlib.sha256(paint_background(Scene('here', 'park'), 48, 3).tobytes()).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ASSETS.parent
    )
    here = hashlib.sha256(paint_background(Scene("here", "park"), 48, 3).tobytes()).hexdigest()
    assert done.stdout.strip() == here


@pytest.mark.parametrize(
    ("scene", "message"),
    [
        (Scene("x", "moon"), "'moon'; it must be one of"),
        (Scene("x", "park", {"snow": 1.0}), "'snow'"),
        (Scene("x", "park", {"sun": 3.0}), "sun is 3.0"),
        (Scene("x", "park", {"sky": "blue"}), "a colour is"),
    ],
)
def test_bad_scenes(scene, message):
    with pytest.raises(RememError, match=message):
        paint_background(scene, 32, 0)
