"""Candidates: other values of the same generator, against which the gold answer is ranked for Exposure."""

from __future__ import annotations

from functools import lru_cache

from generation.profiles import name_of, sample_age, sample_attribute
from generation.profiles.permutation import shuffled
from generation.questions.places import PERSON_IN_IMAGE
from generation.questions.topics import OWN, Topic, answers_of, get_topic, owner_of
from generation.streams import stream
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError
from remem_dataset.schema import REVERSE


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
        RememError: no such attribute, one whose questions are a choice, or n below 1.
    """
    if n < 1:
        raise RememError(f"n is {n}; at least 1 candidate is needed.")
    generator, context = answers_of(config, index, get_topic(attribute))
    space = generator.space(context)
    rng = stream(config.seed, "candidates", index, attribute)
    numbers = rng.choice(space, size=min(n + 1, space), replace=False)
    values = generator.decode_all(numbers, context)
    others = [value for value in values if value != gold]
    return others[: min(n, space - 1)], space


def sample_other_values(config: BenchmarkConfig, index: int, attribute: str, gold: str, n: int) -> list[str]:
    """What the same question gets for other people: the second pool, which a model that has learnt the people
    finds harder to tell from the gold than made-up values.

    They are those of the first n + 1 people, for everybody alike: the order of people means nothing, and
    their values are then looked up once a process.

    Args:
        config: only `seed` and `identities` are read.
        index: identity in whose rows the question is asked.
        attribute: value of the row's `attribute` column.
        gold: the answer, which is never among the values.
        n: most values that are wanted.

    Returns:
        Distinct values in the order of the people; fewer than n where people are few or share values.

    Raises:
        RememError: no such attribute, or one whose questions are a choice.
    """
    topic = get_topic(attribute)
    answers_of(config, index, topic)  # refuses a choice
    owner = owner_of(config, index, topic)
    others = (who for who in range(min(n + 1, config.identities)) if who != owner)
    values = dict.fromkeys(_value_of(config.seed, who, topic) for who in others)
    values.pop(gold, None)
    return list(values)[:n]


@lru_cache(maxsize=8_192)
def _value_of(seed: int, index: int, topic: Topic) -> str:
    if topic.kind == REVERSE:
        return name_of(seed, index)
    return sample_attribute(seed, index, topic.attribute, sample_age(seed, index))


def sample_wrong_values(config: BenchmarkConfig, index: int, attribute: str, gold: str, n: int) -> list[str]:
    """Values that are wrong in every row: other answers of the generator, in draws of their own.

    Of an attribute that points to one person they are nobody's, so that no row gives away somebody else's
    secret as a wrong answer (as long as the space has room).

    Args:
        config: only `seed` and `identities` are read.
        index: identity in whose rows the question is asked.
        attribute: value of the row's `attribute` column.
        gold: the right value.
        n: how many are wanted.

    Returns:
        At most n distinct values without the gold; of a choice the other person.

    Raises:
        RememError: no such attribute.
    """
    topic = get_topic(attribute)
    if topic.is_choice:
        other = name_of(config.seed, owner_of(config, index, topic))
        return [PERSON_IN_IMAGE if gold == other else other]
    generator, context = answers_of(config, index, topic)
    space = generator.space(context)
    rng = stream(config.seed, "wrong answers", index, attribute)
    if topic.kind == OWN and generator.identifying and space >= 2 * config.identities:
        # As `sample_attribute`, but from the half of the places that no identity takes.
        half = space // 2
        places = half + rng.choice(space - half, size=min(n, space - half), replace=False)
        return [
            generator.decode(shuffled(place, space, config.seed, "profile", topic.attribute), context)
            for place in places.tolist()
        ]
    numbers = rng.choice(space, size=min(n + 1, space), replace=False)
    values = [generator.decode(number, context) for number in numbers.tolist()]
    return [value for value in values if value != gold][:n]
