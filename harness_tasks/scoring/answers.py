"""The score of one answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import torch

#: Mean and standard deviation of log P over the vocabulary, by the model's own probabilities, for each token.
Moments = tuple[tuple[float, float], ...]


class AnswerScore(tuple):
    """lm-eval's (sum of log P, whether greedy) that also carries the log P of every token.

    lm-eval unpacks, filters, gathers and caches the pair; a tuple of length two passes through all of it
    and what is attached stays attached: `token_logprobs` (nats, one for each answer token) and, for answers
    of which more is asked, `moments` of the distribution that each token was drawn from, else None.
    """

    token_logprobs: tuple[float, ...]
    moments: Moments | None

    def __new__(
        cls, token_logprobs: Sequence[float], greedy: bool, moments: Moments | None = None
    ) -> AnswerScore:
        score = super().__new__(cls, (float(sum(token_logprobs)), bool(greedy)))
        score.token_logprobs = tuple(float(value) for value in token_logprobs)
        score.moments = moments
        return score

    def __getnewargs__(self) -> tuple[tuple[float, ...], bool, Moments | None]:
        # pickle builds tuples by calling __new__ with these, for --use_cache and for several processes.
        return self.token_logprobs, self[1], self.moments


def moments_of(logits: torch.Tensor) -> Moments:
    """Mean and standard deviation of log P(x), nats, for x drawn from each row of logits, (N, V) -> N."""
    logprobs = logits.double().log_softmax(-1)
    probabilities = logprobs.exp()
    # A token that cannot come has P log P = 0, which floating point would make not a number.
    logprobs = logprobs.masked_fill(probabilities == 0, 0.0)
    mean = (probabilities * logprobs).sum(-1)
    spread = (probabilities * (logprobs - mean[:, None]) ** 2).sum(-1).sqrt()
    return tuple(zip(mean.tolist(), spread.tolist(), strict=True))


def read_scores(
    logits: torch.Tensor,
    targets: torch.Tensor,
    answers: Sequence[tuple[int, ...]],
    detailed: Collection[tuple[int, ...]],
) -> list[AnswerScore]:
    """Scores from logits (B, L, V) at targets (B, L), as far as each answer reaches; moments where wanted."""
    chosen = logits.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
    logprobs = (chosen - logits.logsumexp(-1)).tolist()
    greedy = (logits.argmax(-1) == targets).tolist()
    return [
        AnswerScore(
            row[: len(ids)],
            all(hits[: len(ids)]),
            moments_of(logits[k, : len(ids)]) if ids in detailed else None,
        )
        for k, (row, hits, ids) in enumerate(zip(logprobs, greedy, answers, strict=True))
    ]
