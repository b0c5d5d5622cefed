"""Equal pictures of a batch are encoded once, and nothing else changes."""

from __future__ import annotations

import pytest
import torch
from lm_eval.api.instance import Instance

from harness_tasks.data import task_rows
from harness_tasks.functions import image_references
from harness_tasks.scoring.repeats import TOWERS, encode_repeats_once
from tests.fakes.architectures import (
    gemma3,
    idefics3,
    llava,
    llava_next,
    llava_onevision,
    lora,
    paligemma,
    smolvlm,
)

GREEDY = {"until": ["\n"], "do_sample": False, "max_gen_toks": 4}


def counted(model, monkeypatch) -> list[int]:
    """How many rows each call of the vision tower gets, from here on."""
    rows: list[int] = []
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    inner = getattr(inner, "model", inner)
    tower = next(getattr(inner, name) for name in TOWERS if hasattr(inner, name))
    forward = tower.forward

    def counting(pixel_values=None, *args, **kwargs):
        rows.append(len(pixel_values))
        return forward(pixel_values, *args, **kwargs)

    monkeypatch.setattr(tower, "forward", counting)
    return rows


@pytest.mark.parametrize(
    "build",
    [llava, lora, llava_next, llava_onevision, idefics3, smolvlm, gemma3, paligemma],
    ids=lambda build: build.__name__,
)
def test_equal_pictures_are_encoded_once(build, monkeypatch):
    torch.manual_seed(0)
    model, inputs, _ = build()
    model.eval()
    other = torch.randn_like(inputs["pixel_values"])
    batch = {name: torch.cat([value] * 3) for name, value in inputs.items()}
    batch["pixel_values"] = torch.cat([inputs["pixel_values"], other, inputs["pixel_values"]])
    rows = counted(model, monkeypatch)
    with torch.no_grad():
        expected = model(**batch).logits
        encode_repeats_once(model)
        found = model(**batch).logits
        model(**{name: value[:2] for name, value in batch.items()})
    assert torch.allclose(found, expected, atol=1e-5)
    assert not torch.allclose(found[0], found[1], atol=1e-3)
    three, once, two = rows
    assert 2 * three == 3 * two
    assert once == two


def test_questions_about_one_picture_are_asked_together(lm, source, monkeypatch):
    asked = task_rows(source, "remem_retain_seen_multi_qa")
    doc, other = asked[0], asked[1]
    about = [image_references(doc), image_references(other)]
    requests = [
        Instance("generate_until", doc, (f"<image>Is it {number}?", GREEDY, {"visual": about[number % 2]}), 0)
        for number in range(6)
    ]
    rows = counted(lm.model, monkeypatch)
    encode_repeats_once(lm.model)
    before, lm.batch_size_per_gpu = lm.batch_size_per_gpu, 3
    try:
        together = lm.generate_until(requests, disable_tqdm=True)
    finally:
        lm.batch_size_per_gpu = before
    assert rows == [1, 1]
    assert together == [lm.generate_until([request], disable_tqdm=True)[0] for request in requests]
