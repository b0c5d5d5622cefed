"""Random models of real architectures and sizes, with a prompt ready, for the benchmarks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from transformers import (
    CLIPVisionConfig,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
)

IMAGE = 9
QUESTION = 84  # tokens of a prompt besides its picture


@dataclass(frozen=True)
class Size:
    """Widths and depths of the text and the vision half."""

    width: int
    layers: int
    heads: int
    feed_forward: int
    vision_width: int
    vision_layers: int
    vision_heads: int


#: "small" has about 60 million parameters; "7b" is LLaVA-1.5-7B's shape.
SIZES = {
    "small": Size(512, 8, 8, 1408, 256, 4, 8),
    "7b": Size(4096, 32, 32, 11008, 1024, 24, 16),
}

VOCABULARY = 32_064


@dataclass(frozen=True)
class BenchmarkModel:
    """A model with the encoded prompt of one question.

    Attributes:
        model: in evaluation mode.
        inputs: its keyword arguments for one prompt.
        size: its sizes.
        prompt_flops: multiplications and additions that the prompt and its picture take.
    """

    model: Any
    inputs: dict[str, torch.Tensor]
    size: Size
    prompt_flops: float

    @property
    def length(self) -> int:
        """Tokens of the prompt."""
        return self.inputs["input_ids"].shape[1]

    @property
    def vocabulary(self) -> int:
        """Size of the vocabulary."""
        return self.model.config.get_text_config().vocab_size

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return sum(p.numel() for p in self.model.parameters())

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the weights."""
        return self.model.dtype


def llava(size: Size) -> tuple[Any, dict[str, torch.Tensor], int]:
    """LLaVA-1.5: CLIP at 336², 576 picture tokens."""
    vision = CLIPVisionConfig(
        hidden_size=size.vision_width,
        intermediate_size=4 * size.vision_width,
        num_hidden_layers=size.vision_layers,
        num_attention_heads=size.vision_heads,
        image_size=336,
        patch_size=14,
    )
    text = LlamaConfig(**_text(size))
    config = LlavaConfig(vision_config=vision, text_config=text, image_token_index=IMAGE)
    inputs = _prompt(576) | {"pixel_values": torch.randn(1, 3, 336, 336)}
    return LlavaForConditionalGeneration(config), inputs, 577


def qwen(size: Size) -> tuple[Any, dict[str, torch.Tensor], int]:
    """Qwen2.5-VL: 624 picture tokens of 28², positions in three dimensions."""
    half = size.width // size.heads // 2
    rope = {"rope_type": "default", "mrope_section": [half // 4, 3 * half // 8, 3 * half // 8]}
    vision = {
        "depth": size.vision_layers,
        "hidden_size": size.vision_width,
        "intermediate_size": 4 * size.vision_width,
        "num_heads": size.vision_heads,
        "out_hidden_size": size.width,
        "fullatt_block_indexes": [size.vision_layers - 1],
    }
    config = Qwen2_5_VLConfig(
        text_config=_text(size) | {"rope_parameters": rope | {"rope_theta": 10_000.0}},
        vision_config=vision,
        image_token_id=IMAGE,
        video_token_id=IMAGE + 1,
    )
    inputs = _prompt(624) | {
        "pixel_values": torch.randn(48 * 52, 3 * 2 * 14 * 14),
        "image_grid_thw": torch.tensor([[1, 48, 52]]),
    }
    inputs["mm_token_type_ids"] = (inputs["input_ids"] == IMAGE).long()
    return Qwen2_5_VLForConditionalGeneration(config), inputs, 48 * 52


def gemma3(size: Size) -> tuple[Any, dict[str, torch.Tensor], int]:
    """Gemma 3: 256 picture tokens, most layers with a sliding window."""
    text = _text(size) | {
        "head_dim": size.width // size.heads,
        "sliding_window": 512,
        "layer_types": ["full_attention" if k % 6 == 5 else "sliding_attention" for k in range(size.layers)],
    }
    vision = {
        "hidden_size": size.vision_width,
        "intermediate_size": 4 * size.vision_width,
        "num_hidden_layers": size.vision_layers,
        "num_attention_heads": size.vision_heads,
        "image_size": 896,
        "patch_size": 14,
    }
    config = Gemma3Config(
        text_config=text, vision_config=vision, mm_tokens_per_image=256, image_token_index=IMAGE
    )
    model = Gemma3ForConditionalGeneration(config)
    # A fresh projector is all zeros: the model would not see the picture at all.
    torch.nn.init.normal_(model.model.multi_modal_projector.mm_input_projection_weight, std=0.1)
    inputs = _prompt(256) | {"pixel_values": torch.randn(1, 3, 896, 896)}
    inputs["token_type_ids"] = (inputs["input_ids"] == IMAGE).long()
    return model, inputs, 64 * 64


MODELS = {"llava": llava, "qwen": qwen, "gemma3": gemma3}


def build_model(name: str, size: str, device: str, dtype: torch.dtype) -> BenchmarkModel:
    """A model of a kind and a size, weights drawn at random."""
    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            model, inputs, patches = MODELS[name](SIZES[size])
    finally:
        torch.set_default_dtype(before)
    bench = BenchmarkModel(model.eval(), inputs, SIZES[size], 0.0)
    vision = sum(
        p.numel() for n, p in model.named_parameters() if "vision" in n or ("visual" in n and p.dim() > 1)
    )
    s, length = SIZES[size], bench.length
    flops = (
        2.0 * vision * patches
        + 4.0 * s.vision_layers * s.vision_width * patches**2
        + decoder_flops(bench, length, length / 2, heads=1)
    )
    return BenchmarkModel(bench.model, inputs, SIZES[size], flops)


def decoder_flops(bench: BenchmarkModel, tokens: int, context: float, heads: int | None = None) -> float:
    """Multiplications and additions of the text half.

    Args:
        bench: the model.
        tokens: how many go through it.
        context: keys that each of them attends to, on average.
        heads: for how many of them logits are made; None for all.
    """
    decoder = bench.model.get_decoder()
    linear = sum(m.weight.numel() for m in decoder.modules() if isinstance(m, torch.nn.Linear))
    attention = 4 * bench.size.layers * bench.size.width * context
    head = 2 * bench.vocabulary * bench.size.width * (tokens if heads is None else heads)
    return tokens * (2.0 * linear + attention) + head


def _text(size: Size) -> dict[str, Any]:
    return {
        "vocab_size": VOCABULARY,
        "hidden_size": size.width,
        "intermediate_size": size.feed_forward,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "num_key_value_heads": size.heads,
        "initializer_range": 0.05,
        "max_position_embeddings": 4096,
    }


def _prompt(pictures: int) -> dict[str, torch.Tensor]:
    ids = torch.tensor([[1, *[IMAGE] * pictures, *range(100, 100 + QUESTION)]])
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
