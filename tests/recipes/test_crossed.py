"""Every multi-hop question with several new pictures of its person."""

from __future__ import annotations

import pytest

from recipes.experiments.crossed import crossed
from recipes.models import load_model
from remem_dataset.errors import RememError
from remem_dataset.prompts import build_prompt
from remem_dataset.schema import MULTI_HOP
from remem_dataset.source import open_source


def test_counts_what_greedy_generation_answers_rightly(two_people, vanilla, untrained):
    figures = crossed(str(vanilla), str(two_people), 2)
    network, processor = load_model(str(vanilla))
    network.eval()
    splits = open_source(two_people).load("eval")
    asked = [row for row in splits["seen"] if row["question_type"] == MULTI_HOP]
    assert figures["questions"] == len(asked) > 0
    for split in ("seen", "unseen"):
        right = n = 0
        for row in asked:
            views = {
                r["view_id"]: r["image"] for r in splits[split] if r["identity_id"] == row["identity_id"]
            }
            for view in list(dict.fromkeys(views))[:2]:
                inputs = processor(
                    images=[views[view]],
                    text=build_prompt(processor, row["question"], 1),
                    return_tensors="pt",
                )
                said = network.generate(**inputs, max_new_tokens=40)[0, inputs["input_ids"].shape[1] :]
                right += processor.tokenizer.decode(said, skip_special_tokens=True) == row["answer"]
                n += 1
        assert (figures[split]["right"], figures[split]["n"]) == (right, n)
        assert n == 2 * len(asked)
    assert figures["seen"]["right"] > 0
    assert crossed(str(untrained), str(two_people), 1)["seen"]["right"] == 0


def test_no_pictures_are_refused(two_people, vanilla):
    with pytest.raises(RememError, match="--pictures is 0"):
        crossed(str(vanilla), str(two_people), 0)
