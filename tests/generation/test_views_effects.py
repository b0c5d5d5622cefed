"""Blur and occluders: mild, at the edge, never over both eyes, the same at any size."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from generation.presets import load_preset
from generation.views import sample_view
from generation.views.effects import LARGEST, SHAPES, apply_effects, blur, occlude
from generation.views.view import OCCLUDERS
from remem_dataset.errors import RememError

SIZE = 96
BOXES = [(30, 26, 66, 72), (6, 20, 46, 70), (52, 30, 90, 78), (18, 8, 78, 90), (38, 36, 62, 66)]
VIEW = sample_view(load_preset("tiny", seed=5), 0, "train", 0)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return np.random.default_rng(3).integers(90, 160, (SIZE, SIZE, 3)).astype(np.uint8)


def opacity(kind: str, box, draw: int, size: int = SIZE) -> np.ndarray:
    """Measured from outside: what is left of a white and of a black picture, level differences apart."""
    flat = np.full((size, size, 3), 128, np.uint8)
    stripes = flat.copy()
    stripes[::2], stripes[1::2] = 118, 138
    plain, striped = (occlude(p, kind, box, draw).astype(float) for p in (flat, stripes))
    difference = np.abs(striped - plain).mean(axis=2) / 10
    return 1 - np.clip(difference, 0, 1)


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("box", BOXES)
def test_occluders_leave_the_eyes(kind, box):
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    rows = slice(top, top + height // 2)
    for draw in range(6):
        hidden = opacity(kind, box, draw)
        eyes = [
            hidden[rows, left + int(width * a) : left + int(width * b)].mean()
            for a, b in ((0.1, 0.5), (0.5, 0.9))
        ]
        assert min(eyes) < 0.12
        assert max(eyes) < 0.6
        assert hidden.mean() <= LARGEST + 0.03
        assert hidden.mean() > 0.01
        # It comes in from an edge.
        assert max(hidden[-1].max(), hidden[:, 0].max(), hidden[:, -1].max()) > 0.5


def test_every_occluder_of_the_views_is_painted():
    assert {"none", *SHAPES} == set(OCCLUDERS)


def test_same_composition_at_any_size():
    small = opacity("plant", (30, 26, 66, 72), 4)
    large = opacity("plant", (120, 104, 264, 288), 4, 384)
    coarse = large.reshape(SIZE, 4, SIZE, 4).mean(axis=(1, 3))
    assert np.abs(coarse - small).mean() < 0.03


def test_pictures_differ_by_their_draw(picture):
    drawn = [occlude(picture, "post", BOXES[0], d) for d in range(4)]
    np.testing.assert_array_equal(drawn[0], occlude(picture, "post", BOXES[0], 0))
    assert len({d.tobytes() for d in drawn}) == 4


def test_blur_takes_detail_and_keeps_the_level(picture):
    soft = blur(picture, 0.02)
    assert soft.dtype == np.uint8
    assert soft.std() < 0.5 * picture.std()
    assert abs(soft.mean() - picture.mean()) < 3
    # Linear light: half black, half white becomes 188, not 128, in the middle of the edge.
    edge = np.zeros((64, 64, 3), np.uint8)
    edge[:, 32:] = 255
    assert 170 < blur(edge, 0.05)[32, 31:33].mean() < 200


def test_nothing_changes_without_effects(picture):
    plain = dataclasses.replace(VIEW, occluder="none", blur=0.0)
    np.testing.assert_array_equal(apply_effects(picture, plain, BOXES[0]), picture)
    before = picture.copy()
    hard = dataclasses.replace(VIEW, occluder="cup", blur=0.004)
    changed = apply_effects(picture, hard, BOXES[0])
    np.testing.assert_array_equal(picture, before)
    assert (changed != picture).mean() > 0.5
    assert changed.shape == picture.shape
    np.testing.assert_array_equal(changed, apply_effects(picture, hard, BOXES[0]))
    assert apply_effects(picture, hard, None).shape == picture.shape


def test_unknown_occluder(picture):
    with pytest.raises(RememError, match="'fog'; the occluders are"):
        occlude(picture, "fog", BOXES[0], 0)
