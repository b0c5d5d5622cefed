"""Prompts and pictures as model inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from remem_dataset.errors import RememError
from remem_dataset.prompts import adds_special_tokens


def encode_prompts(
    processor: Any,
    prompts: Sequence[str],
    images: Sequence[Sequence[Image.Image]],
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> dict[str, torch.Tensor]:
    """Encode prompts that already went through the chat template, padded on the left.

    Args:
        processor: a transformers processor.
        prompts: B prompts with image placeholders.
        images: the pictures of each prompt; either every prompt has some or none has.
        device: where the tensors go.
        dtype: floating-point type of the pixels.

    Returns:
        Keyword arguments for the model: input_ids and attention_mask of shape (B, T), and whatever else
        the processor makes (pixel_values …).

    Raises:
        RememError: the processor refuses, such as placeholders and pictures that are not equally many.
    """
    tokenizer = processor.tokenizer
    options: dict[str, Any] = {"padding": True, "padding_side": "left", "return_tensors": "pt"}
    if not adds_special_tokens(tokenizer, prompts):
        options["add_special_tokens"] = False
    pictures = [list(group) for group in images]
    if any(pictures):
        options["images"] = pictures
    try:
        encoded = processor(text=list(prompts), **options)
    except (ValueError, IndexError, TypeError) as error:
        # Processors say in their own ways that placeholders and pictures are not equally many.
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise RememError(
            f"The processor {type(processor).__name__} cannot encode a prompt with {len(pictures[0])} "
            f"pictures ({reason[:200]})."
        ) from None
    return {
        name: value.to(device=device, dtype=dtype if value.is_floating_point() else None)
        for name, value in encoded.items()
        if isinstance(value, torch.Tensor) and name != "labels"  # PaliGemma's processor makes some
    }
