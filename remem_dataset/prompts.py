"""The one place that turns a question into prompt text, so that training and evaluation cannot differ."""

from __future__ import annotations

from collections.abc import Sequence
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


def answer_tokens(tokenizer: Any, prompt: str, answers: Sequence[str]) -> list[list[int]]:
    """Token ids of each answer as continuation of the prompt, in training as in evaluation.

    Prompt and answer are encoded together and split where the prompt ends, which is right for tokenizers
    that treat the start of a text differently (SentencePiece). Where a token would straddle the boundary
    (":" + "(" is one token in some vocabularies) all answers are encoded alone: generation starts from the
    prompt's own tokens, so a straddling token is one that the model could never produce.

    Args:
        tokenizer: a transformers tokenizer.
        prompt: the text before the answer, image placeholders not expanded.
        answers: the texts.

    Returns:
        One list of ids for each answer, without end token.

    Raises:
        RememError: an answer has no token.
    """
    texts = [prompt + answer for answer in answers]
    head, *whole = tokenizer([prompt, *texts], add_special_tokens=False)["input_ids"]
    if all(ids[: len(head)] == head for ids in whole):
        tokens = [list(ids[len(head) :]) for ids in whole]
    else:
        tokens = [list(ids) for ids in tokenizer(list(answers), add_special_tokens=False)["input_ids"]]
    for answer, ids in zip(answers, tokens, strict=True):
        if not ids:
            raise RememError(f"The answer {answer!r} has no token; every answer needs at least one.")
    return tokens


def adds_special_tokens(tokenizer: Any, prompts: Sequence[str]) -> bool:
    """Whether the tokenizer may add its own special tokens to prompts that went through a chat template.

    A template that writes the begin token itself would otherwise get a second one.
    """
    bos = tokenizer.bos_token
    return not (bos and all(prompt.startswith(bos) for prompt in prompts))
