"""Tiny random models of real vision-language classes, each with an encoded prompt.

The inputs are made by hand, because some of the processors need torchvision.
"""

from __future__ import annotations

from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    Lfm2VlConfig,
    Lfm2VlForConditionalGeneration,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaNextConfig,
    LlavaNextForConditionalGeneration,
    LlavaOnevisionConfig,
    LlavaOnevisionForConditionalGeneration,
    MllamaConfig,
    MllamaForConditionalGeneration,
    PaliGemmaConfig,
    PaliGemmaForConditionalGeneration,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
)

#: Model, keyword arguments for one prompt, and what marks an answer token in those that run along the text.
Case = tuple[Any, dict[str, torch.Tensor], dict[str, int]]

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
QUESTION = tuple(range(40, 56))  # longer than Gemma3's window below


def prompt_ids(tokens: int) -> dict[str, torch.Tensor]:
    """A prompt of a picture of so many tokens and a question."""
    ids = torch.tensor([[1, *[IMAGE] * tokens, *QUESTION]])
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


def gemma3() -> Case:
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


def idefics3() -> Case:
    config = Idefics3Config(
        text_config=TEXT | {"model_type": "llama", "pad_token_id": 0},
        vision_config=VISION,
        scale_factor=2,
        image_token_id=IMAGE,
        pad_token_id=0,
    )
    inputs = prompt_ids(4) | {"pixel_values": torch.randn(1, 1, 3, 32, 32)}
    return Idefics3ForConditionalGeneration(config), inputs, {}


def paligemma() -> Case:
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


def qwen25() -> Case:
    vision = {"depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "out_hidden_size": 32}
    vision |= {"patch_size": 4, "spatial_merge_size": 2, "fullatt_block_indexes": [1], "window_size": 16}
    config = Qwen2_5_VLConfig(
        text_config=TEXT | {"rope_parameters": ROPE},
        vision_config=vision,
        image_token_id=IMAGE,
        video_token_id=91,
    )
    return Qwen2_5_VLForConditionalGeneration(config), *_patches()


CLIP = VISION | {"model_type": "clip_vision_model"}
ROPE = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0}


def llava() -> Case:
    config = LlavaConfig(
        vision_config=CLIP,
        text_config=TEXT | {"model_type": "llama"},
        image_token_index=IMAGE,
        vision_feature_layer=-2,
    )
    return (
        LlavaForConditionalGeneration(config),
        prompt_ids(16) | {"pixel_values": torch.randn(1, 3, 32, 32)},
        {},
    )


def lora() -> Case:
    model, inputs, marks = llava()
    adapter = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    return get_peft_model(model, adapter), inputs, marks


def _tiled() -> dict[str, torch.Tensor]:
    """A picture of 64 × 32 as two tiles and one overview: 16 tokens, and 8 lines of 4 with a line's end."""
    return prompt_ids(16 + 8 * 5) | {
        "pixel_values": torch.randn(1, 3, 3, 32, 32),
        "image_sizes": torch.tensor([[64, 32]]),
    }


def llava_next() -> Case:
    config = LlavaNextConfig(
        vision_config=CLIP,
        text_config=TEXT | {"model_type": "llama"},
        image_token_index=IMAGE,
        image_grid_pinpoints=[[32, 64], [64, 32]],
        vision_feature_layer=-2,
    )
    return LlavaNextForConditionalGeneration(config), _tiled(), {}


def llava_onevision() -> Case:
    config = LlavaOnevisionConfig(
        vision_config=VISION | {"model_type": "siglip_vision_model"},
        text_config=TEXT | {"model_type": "qwen2"},
        image_token_index=IMAGE,
        video_token_index=91,
        image_grid_pinpoints=[[32, 64], [64, 32]],
        vision_feature_layer=-1,
    )
    return LlavaOnevisionForConditionalGeneration(config), _tiled(), {}


def smolvlm() -> Case:
    config = SmolVLMConfig(
        text_config=TEXT | {"model_type": "llama", "pad_token_id": 0},
        vision_config=VISION,
        scale_factor=2,
        image_token_id=IMAGE,
        pad_token_id=0,
    )
    inputs = prompt_ids(4) | {"pixel_values": torch.randn(1, 1, 3, 32, 32)}
    return SmolVLMForConditionalGeneration(config), inputs, {}


def _patches() -> tuple[dict[str, torch.Tensor], dict[str, int]]:
    inputs = prompt_ids(16) | {
        "pixel_values": torch.randn(64, 3 * 2 * 4 * 4),
        "image_grid_thw": torch.tensor([[1, 8, 8]]),
    }
    inputs["mm_token_type_ids"] = (inputs["input_ids"] == IMAGE).long()
    return inputs, {"mm_token_type_ids": 0}


def qwen2() -> Case:
    vision = {"depth": 2, "embed_dim": 32, "hidden_size": 32, "num_heads": 2, "patch_size": 4, "mlp_ratio": 2}
    config = Qwen2VLConfig(
        text_config=TEXT | {"rope_parameters": ROPE},
        vision_config=vision | {"spatial_merge_size": 2},
        image_token_id=IMAGE,
        video_token_id=91,
    )
    return Qwen2VLForConditionalGeneration(config), *_patches()


def qwen3() -> Case:
    vision = {"depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "out_hidden_size": 32}
    vision |= {"patch_size": 4, "spatial_merge_size": 2, "num_position_embeddings": 64}
    config = Qwen3VLConfig(
        text_config=TEXT | {"rope_parameters": ROPE | {"mrope_section": [2, 1, 1]}, "head_dim": 8},
        vision_config=vision | {"deepstack_visual_indexes": [0, 1]},
        image_token_id=IMAGE,
        video_token_id=91,
        vision_start_token_id=92,
        vision_end_token_id=93,
    )
    return Qwen3VLForConditionalGeneration(config), *_patches()


def mllama() -> Case:
    """Attends across to the picture in layers of its own, which no cache of ours holds."""
    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_global_layers": 1}
    vision |= {"attention_heads": 2, "image_size": 32, "patch_size": 8, "vision_output_dim": 64}
    vision |= {"intermediate_layers_indices": [0], "max_num_tiles": 1, "supported_aspect_ratios": [[1, 1]]}
    config = MllamaConfig(
        text_config=TEXT | {"cross_attention_layers": [1], "pad_token_id": 0},
        vision_config=vision,
        image_token_index=IMAGE,
    )
    model = MllamaForConditionalGeneration(config)
    for name, parameter in model.named_parameters():
        if "gate" in name and parameter.numel() == 1:  # closed when fresh: the picture would not be seen
            torch.nn.init.constant_(parameter, 0.7)
    inputs = prompt_ids(1) | {
        "pixel_values": torch.randn(1, 1, 1, 3, 32, 32),
        "aspect_ratio_ids": torch.tensor([[1]]),
        "aspect_ratio_mask": torch.ones(1, 1, 1, dtype=torch.long),
    }
    inputs["cross_attention_mask"] = torch.ones(1, inputs["input_ids"].shape[1], 1, 1, dtype=torch.long)
    return model, inputs, {}


def lfm2() -> Case:
    """Has layers of convolution, whose state is no keys and values."""
    text = {"model_type": "lfm2", "layer_types": ["conv", "full_attention", "conv"], "pad_token_id": 0}
    vision = {"model_type": "siglip2_vision_model", "hidden_size": 32, "intermediate_size": 64}
    vision |= {"num_hidden_layers": 2, "num_attention_heads": 2, "patch_size": 8, "num_patches": 16}
    config = Lfm2VlConfig(
        text_config=TEXT | text | {"block_ff_dim": 64, "block_multiple_of": 8},
        vision_config=vision,
        image_token_id=IMAGE,
        downsample_factor=2,
        projector_hidden_size=32,
    )
    inputs = prompt_ids(4) | {
        "pixel_values": torch.randn(1, 16, 3 * 8 * 8),
        "spatial_shapes": torch.tensor([[4, 4]]),
        "pixel_attention_mask": torch.ones(1, 16, dtype=torch.long),
    }
    return Lfm2VlForConditionalGeneration(config), inputs, {}


#: Scored by every path.
SHARED = (
    gemma3,
    idefics3,
    llava,
    llava_next,
    llava_onevision,
    lora,
    paligemma,
    qwen2,
    qwen25,
    qwen3,
    smolvlm,
)
#: Scored one answer at a time, because their state is more than keys and values of the text.
ALONE = (lfm2, mllama)
