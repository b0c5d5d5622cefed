"""Shared-prefix scoring on tiny random models of other real classes, against a plain full forward.

The inputs are made by hand, because some of these processors need torchvision.
"""

from __future__ import annotations

import pytest
import torch
from transformers import (
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    PaliGemmaConfig,
    PaliGemmaForConditionalGeneration,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
)

from harness_tasks.scoring import PrefixScorer

IMAGE = 90
TEXT = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 100,
    "initializer_range": 0.3,
    "max_position_embeddings": 512,
}
VISION = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 32,
    "patch_size": 8,
}
ANSWERS = [(7, 8, 9, 10), (11, 12), (13,), (20, 21, 22, 23, 24, 25), (7, 8, 30)]
QUESTION = tuple(range(40, 56))  # longer than Gemma3's window below


def prompt_ids(tokens: int) -> dict[str, torch.Tensor]:
    ids = torch.tensor([[1, *[IMAGE] * tokens, *QUESTION]])
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


def gemma3():
    layers = ["sliding_attention", "sliding_attention", "full_attention"]
    text = TEXT | {
        "head_dim": 8,
        "sliding_window": 8,
        "layer_types": layers,
        "query_pre_attn_scalar": 8,
    }
    config = Gemma3Config(
        text_config=text, vision_config=VISION, mm_tokens_per_image=4, image_token_index=IMAGE
    )
    model = Gemma3ForConditionalGeneration(config)
    # A fresh projector is all zeros: the model would not see the picture at all.
    torch.nn.init.normal_(model.model.multi_modal_projector.mm_input_projection_weight, std=0.5)
    inputs = prompt_ids(4) | {"pixel_values": torch.randn(1, 3, 32, 32)}
    return model, inputs | {"token_type_ids": (inputs["input_ids"] == IMAGE).long()}, {"token_type_ids": 0}


def idefics3():
    config = Idefics3Config(
        text_config=TEXT | {"model_type": "llama", "pad_token_id": 0},
        vision_config=VISION,
        scale_factor=2,
        image_token_id=IMAGE,
        pad_token_id=0,
    )
    inputs = prompt_ids(4) | {"pixel_values": torch.randn(1, 1, 3, 32, 32)}
    return Idefics3ForConditionalGeneration(config), inputs, {}


def paligemma():
    config = PaliGemmaConfig(
        text_config=TEXT | {"model_type": "gemma", "head_dim": 8},
        vision_config=VISION | {"projection_dim": 32},
        image_token_index=IMAGE,
        projection_dim=32,
        hidden_size=32,
    )
    inputs = prompt_ids(16) | {"pixel_values": torch.randn(1, 3, 32, 32)}
    inputs["token_type_ids"] = torch.zeros_like(inputs["input_ids"])
    # The prompt sees itself in both directions, the answer only what precedes it.
    return PaliGemmaForConditionalGeneration(config), inputs, {"token_type_ids": 1}


def qwen25():
    rope = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0}
    vision = {"depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "out_hidden_size": 32}
    vision |= {"patch_size": 4, "spatial_merge_size": 2, "fullatt_block_indexes": [1], "window_size": 16}
    config = Qwen2_5_VLConfig(
        text_config=TEXT | {"rope_parameters": rope},
        vision_config=vision,
        image_token_id=IMAGE,
        video_token_id=91,
    )
    inputs = prompt_ids(16) | {"pixel_values": torch.randn(64, 3 * 2 * 4 * 4)}
    inputs["image_grid_thw"] = torch.tensor([[1, 8, 8]])
    inputs["mm_token_type_ids"] = (inputs["input_ids"] == IMAGE).long()
    return Qwen2_5_VLForConditionalGeneration(config), inputs, {"mm_token_type_ids": 0}


@pytest.fixture(params=[gemma3, idefics3, paligemma, qwen25], ids=lambda build: build.__name__)
def case(request):
    torch.manual_seed(0)
    model, inputs, marks = request.param()
    return model.eval(), inputs, marks


def plain_forward(model, inputs, marks, answer) -> list[float]:
    """Log P of each answer token from one forward over the whole text."""
    ids = torch.tensor([answer])
    whole = dict(inputs, input_ids=torch.cat([inputs["input_ids"], ids], dim=1))
    for name, mark in {"attention_mask": 1, **marks}.items():
        whole[name] = torch.cat([inputs[name], torch.full_like(ids, mark)], dim=1)
    with torch.no_grad():
        logprobs = model(**whole).logits[0].log_softmax(-1)
    start = inputs["input_ids"].shape[1]
    return [float(logprobs[start + k - 1, token]) for k, token in enumerate(answer)]


@pytest.mark.parametrize("path", ["trie", "expand", "full"])
def test_scores_equal_a_plain_forward(case, path):
    model, inputs, marks = case
    scorer = PrefixScorer(model, processor=None, path=path)
    for answer, score in zip(ANSWERS, scorer.score_tokens(inputs, ANSWERS), strict=True):
        assert score.token_logprobs == pytest.approx(plain_forward(model, inputs, marks, answer), abs=1e-5)


def test_the_picture_changes_the_scores(case):
    model, inputs, _ = case
    scorer = PrefixScorer(model, processor=None)
    other = inputs | {"pixel_values": torch.randn_like(inputs["pixel_values"])}
    one, two = (scorer.score_tokens(given, ANSWERS) for given in (inputs, other))
    assert max(abs(a[0] - b[0]) for a, b in zip(one, two, strict=True)) > 1e-2


def test_a_text_question_after_a_picture_is_not_disturbed_by_it(case):
    model, inputs, marks = case
    text = {
        name: value[:, -len(QUESTION) :] for name, value in inputs.items() if name in {"input_ids", *marks}
    }
    text["attention_mask"] = torch.ones_like(text["input_ids"])
    scorer = PrefixScorer(model, processor=None, path="expand")
    before = scorer.score_tokens(text, ANSWERS, pictured=False)
    scorer.score_tokens(inputs, ANSWERS)
    assert scorer.score_tokens(text, ANSWERS, pictured=False) == before
