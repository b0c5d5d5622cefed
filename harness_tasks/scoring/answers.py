"""Answers as tokens, and the score of one answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from remem_dataset.errors import RememError


class AnswerScore(tuple):
    """lm-eval's (sum of log P, whether greedy) that also carries the log P of every token.

    lm-eval unpacks, filters, gathers and caches the pair; a tuple of length two passes through all of it
    and `token_logprobs` (nats, one for each answer token) stays attached.
    """

    token_logprobs: tuple[float, ...]

    def __new__(cls, token_logprobs: Sequence[float], greedy: bool) -> AnswerScore:
        score = super().__new__(cls, (float(sum(token_logprobs)), bool(greedy)))
        score.token_logprobs = tuple(float(value) for value in token_logprobs)
        return score

    def __getnewargs__(self) -> tuple[tuple[float, ...], bool]:
        # pickle builds tuples by calling __new__ with these, for --use_cache and for several processes.
        return self.token_logprobs, self[1]


def answer_tokens(tokenizer: Any, prompt: str, answers: Sequence[str]) -> list[list[int]]:
    """Token ids of each answer as continuation of the prompt.

    Prompt and answer are encoded together and split where the prompt ends, which is right for tokenizers
    that treat the start of a text differently (SentencePiece). Where a token would straddle the boundary
    (":" + "(" is one token in some vocabularies) all answers are encoded alone: generation starts from the
    prompt's own tokens, so a straddling token is one that the model could never produce.

    Args:
        tokenizer: a transformers tokenizer.
        prompt: the text before the answer, image placeholders not expanded.
        answers: the texts to score.

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
