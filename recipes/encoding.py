"""Rows -> tensors: prompt and answer as generation will see them, with only the answer to be learnt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from remem_dataset.errors import RememError
from remem_dataset.prompts import adds_special_tokens, answer_tokens, build_prompt

#: Label of a token that is not learnt (PyTorch's and transformers' own convention).
IGNORED = -100

#: Processor outputs that run along the sequence; everything else belongs to the picture.
_ALONG_SEQUENCE = {"input_ids", "attention_mask", "token_type_ids", "mm_token_type_ids"}


@dataclass(frozen=True)
class Encoded:
    """One question and its answer.

    Attributes:
        sequence: name -> (L,) integer tensor, `input_ids` among them; without padding.
        labels: (L,) token ids where the answer and its end token stand, `IGNORED` elsewhere.
        pixels: name -> tensor of what the processor makes of the picture(s), `pixel_values` among them.
    """

    sequence: dict[str, Tensor]
    labels: Tensor
    pixels: dict[str, Tensor]


def encode(processor: Any, question: str, answer: str, images: list[Any]) -> Encoded:
    """Encode one question with its pictures and its answer.

    Args:
        processor: a transformers processor with a chat template.
        question: the question as the dataset words it.
        answer: the bare answer.
        images: PIL pictures that belong to the question.

    Returns:
        The sequence prompt + answer + end token; see `Encoded`.

    Raises:
        RememError: an answer that gives no tokens, or a tokenizer without an end token.
    """
    prompt = build_prompt(processor, question, len(images))
    tokenizer = processor.tokenizer
    if tokenizer.eos_token_id is None:
        raise RememError("The model's tokenizer has no end-of-sequence token, so no answer can end.")
    outputs = processor(
        images=images or None,
        text=prompt,
        add_special_tokens=adds_special_tokens(tokenizer, [prompt]),
        return_tensors="pt",
    )
    (ids,) = answer_tokens(tokenizer, prompt, [answer])
    answer_ids = torch.tensor([*ids, tokenizer.eos_token_id])
    prompt_ids = outputs["input_ids"][0]
    sequence = {"input_ids": torch.cat([prompt_ids, answer_ids])}
    for name in sorted(_ALONG_SEQUENCE & set(outputs) - {"input_ids", "attention_mask"}):
        sequence[name] = torch.cat([outputs[name][0], torch.zeros_like(answer_ids)])
    labels = torch.cat([torch.full_like(prompt_ids, IGNORED), answer_ids])
    pixels = {name: value for name, value in outputs.items() if name not in _ALONG_SEQUENCE}
    return Encoded(sequence=sequence, labels=labels, pixels=pixels)


def collate(rows: list[Encoded], pad_token_id: int) -> dict[str, Tensor]:
    """Pad rows on the right and stack them.

    Args:
        rows: B encoded rows.
        pad_token_id: fills `input_ids`; masked out, so any id will do.

    Returns:
        `input_ids`, `attention_mask`, `labels` of shape (B, L), and the pictures' tensors joined on dim 0.
    """
    length = max(len(row.labels) for row in rows)

    def padded(tensors: list[Tensor], fill: int) -> Tensor:
        return torch.stack([torch.nn.functional.pad(t, (0, length - len(t)), value=fill) for t in tensors])

    batch = {
        name: padded([row.sequence[name] for row in rows], pad_token_id if name == "input_ids" else 0)
        for name in rows[0].sequence
    }
    batch["attention_mask"] = padded([torch.ones_like(row.labels) for row in rows], 0)
    batch["labels"] = padded([row.labels for row in rows], IGNORED)
    for name in rows[0].pixels:
        batch[name] = torch.cat([row.pixels[name] for row in rows])
    return batch
