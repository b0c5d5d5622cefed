"""Pictures that fail the gate are drawn anew, and come out the same however the build was interrupted."""

from __future__ import annotations

import json

import numpy as np
import pytest

from generation.identity import Studio, build_identity
from generation.people.casting import Cast, candidate_person
from generation.quality.gate import Gate
from generation.quality.recogniser import Recogniser
from generation.renderers import get_renderer
from generation.tree import open_tree, origin_of
from generation.views import sample_view
from tests.fakes.dataset import small_config

# Faces must be large enough to be checked: at the other tests' 64 pixels none is.
CONFIG = small_config(
    identities=2,
    forget_levels=[50],
    default_forget_level=50,
    images_per_identity=4,
    eval_per_identity=2,
    groups_per_identity=1,
    multi_image_per_identity=1,
    image_size=192,
    redraws=2,
)


@pytest.fixture(scope="module")
def studio():
    """A strict gate: the second identity's anchor is the first one's face in another view."""
    renderer, recogniser = get_renderer("embree"), Recogniser()
    person = candidate_person(CONFIG, 0, 0)

    def embedding(role: str, number: int) -> np.ndarray:
        picture = renderer.render(person, sample_view(CONFIG, 0, role, number), 192)
        return recogniser.embed(picture.pixels, recogniser.faces(picture.pixels)[0].box)

    anchors = np.stack([embedding("anchor", 0), embedding("train", 1)]).astype(np.float32)
    return Studio(renderer, Cast((0, 0), anchors), Gate(recogniser, anchors))


def test_redrawn_pictures_are_the_same_after_a_resumed_build(studio, tmp_path):
    whole = open_tree(tmp_path / "whole", CONFIG, origin_of(CONFIG))
    build_identity(whole, CONFIG, 0, studio)
    images = whole.identity(0) / "images"
    records = {path.name: json.loads(path.read_text()) for path in images.glob("*.json")}
    attempts = {name: record["attempts"] for name, record in records.items()}
    assert set(attempts.values()) > {1}, "nothing was drawn anew: the test shows nothing"
    assert attempts["anchor-000.json"] == 1
    for record in records.values():
        assert record["attempts"] == 3 or record["passed"] is not False
        assert record["passed"] is None or record["checks"]
    before = {path.name: path.read_bytes() for path in images.iterdir()}
    for name in list(attempts)[::2]:
        (images / name).unlink()
    for name in list(attempts)[1::2]:
        (images / name).with_suffix(".png").unlink()
    build_identity(whole, CONFIG, 0, studio)
    assert {path.name: path.read_bytes() for path in images.iterdir()} == before
