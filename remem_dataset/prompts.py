"""The one place that turns a question into prompt text, so that training and evaluation cannot differ."""

from __future__ import annotations

from typing import Any

from .errors import RememError


def build_messages(question: str, n_images: int = 1) -> list[dict[str, Any]]:
    """Chat messages of one question: a user turn with the image placeholders first, then the text.

    Args:
        question: the question as the dataset words it.
        n_images: number of image placeholders in front of the question; 0 for a text-only prompt.
    """
    content: list[dict[str, Any]] = [{"type": "image"} for _ in range(n_images)]
    content.append({"type": "text", "text": question})
    return [{"role": "user", "content": content}]


def build_prompt(processor: Any, question: str, n_images: int = 1) -> str:
    """Render a question with the processor's own chat template, up to where the answer begins.

    The answer follows this string with nothing in between: the training text is
    `build_prompt(...) + answer + eos_token`. lm-eval builds the identical string from
    `"<image>" * n_images + question` when a chat template is applied.

    Args:
        processor: a transformers processor with a chat template.
        question: the question as the dataset words it.
        n_images: number of pictures that belong to the question.

    Returns:
        The prompt, generation prompt included.

    Raises:
        RememError: the processor has no chat template.
    """
    if not getattr(processor, "chat_template", None):
        name = getattr(getattr(processor, "tokenizer", processor), "name_or_path", "") or "given"
        raise RememError(
            f"The processor of the model {name} has no chat template; save one with it (chat_template.jinja)."
        )
    return processor.apply_chat_template(
        build_messages(question, n_images), add_generation_prompt=True, tokenize=False
    )
