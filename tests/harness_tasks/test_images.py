"""Picture references."""

from __future__ import annotations

import dataclasses

import pytest
from PIL import Image

from harness_tasks.images import ImageReference, open_image
from remem_dataset.errors import RememError


@pytest.mark.parametrize("position", [None, 2])
@pytest.mark.parametrize("revision", [None, "v1.0.0"])
def test_a_reference_reads_back_from_its_text(position, revision):
    reference = ImageReference("/a b/ré?mem#1/%41", revision, "00ff", "eval", "seen", 17, position)
    assert ImageReference.parse(str(reference)) == reference


@pytest.mark.parametrize("text", ["", "picture.png", "remem-image:remem/eval/seen/0", "http://a/b/c/d?e=f"])
def test_other_strings_are_refused(text):
    with pytest.raises(RememError, match="no picture reference"):
        open_image(text)


def test_pictures_pass_through_in_rgb():
    assert open_image(Image.new("L", (2, 2), 7)).getpixel((0, 0)) == (7, 7, 7)


def test_a_reference_into_a_dataset_built_anew_is_refused(source):
    reference = ImageReference(source.name, None, source.fingerprint, "eval", "seen", 0)
    assert reference.open().mode == "RGB"
    with pytest.raises(RememError, match="has changed"):
        dataclasses.replace(reference, fingerprint="0" * 40).open()
