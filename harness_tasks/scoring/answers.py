"""The score of one answer."""

from __future__ import annotations

from collections.abc import Sequence


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
