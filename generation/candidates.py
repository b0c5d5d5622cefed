"""Candidates: other values of the same generator, against which the gold answer is ranked for Exposure."""

from __future__ import annotations

from generation.profiles import Context, get_attribute, sample_age
from generation.questions.topics import get_topic, owner_of
from generation.streams import stream
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError


def sample_candidates(
    config: BenchmarkConfig, index: int, attribute: str, gold: str, n: int
) -> tuple[list[str], int]:
    """Perturbations of a gold answer, exchangeable with it as long as it has not been learnt.

    They are a uniform sample without replacement of the attribute's space less the gold, for a person of
    the same context (age band). One more than needed is drawn, in random order; the gold is dropped if it is
    among them, the last one otherwise: both cases leave a uniform sample of the rest.

    Args:
        config: only `seed` and `identities` are read.
        index: identity in whose rows the question is asked.
        attribute: value of the row's `attribute` column ("pet", or "colleague_pet" for a linked person's).
        gold: the answer, which is never among the candidates.
        n: how many are wanted.

    Returns:
        (candidates, space): min(n, space − 1) distinct values; the exact size of the space, gold included.

    Raises:
        RememError: no such attribute, or n below 1.
    """
    if n < 1:
        raise RememError(f"n is {n}; at least 1 candidate is needed.")
    topic = get_topic(attribute)
    generator = get_attribute(topic.attribute)
    context = Context.of_age(sample_age(config.seed, owner_of(config, index, topic)))
    space = generator.space(context)
    rng = stream(config.seed, "candidates", index, attribute)
    numbers = rng.choice(space, size=min(n + 1, space), replace=False)
    values = generator.decode_all(numbers, context)
    others = [value for value in values if value != gold]
    return others[: min(n, space - 1)], space
