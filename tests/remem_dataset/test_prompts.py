"""The prompt that training and evaluation share."""

from __future__ import annotations

import pytest

from remem_dataset.errors import RememError
from remem_dataset.prompts import build_prompt
from tests.fakes.models import tiny_processor


@pytest.mark.parametrize("images", [0, 1, 2])
def test_pictures_come_first_and_the_answer_follows_the_generation_prompt(images):
    prompt = build_prompt(tiny_processor(), "Who is this?", images)
    assert prompt == "USER: " + "<image>\n" * images + "Who is this? ASSISTANT:"


def test_a_processor_without_chat_template_is_refused():
    with pytest.raises(RememError, match="no chat template"):
        build_prompt(tiny_processor(chat_template=None), "Who is this?", 1)
