"""Who a person is: name, age, facts and links, as a pure function of the config and an index."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from generation.profiles.attribute import YOUNGEST, Context
from generation.profiles.attributes import ATTRIBUTES, get_attribute
from generation.profiles.names import FEMALE, MALE, sample_name
from generation.profiles.permutation import shuffled
from generation.streams import stream
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError
from remem_dataset.raw import identity_name

#: Identities come in blocks of four: ages are spread and links are made within a block.
BLOCK = 4

#: relation -> bit that is flipped in the index to find the other person, so links are symmetric.
RELATIONS = {"sibling": 1, "colleague": 2}

_STRATUM = 12  # years; BLOCK strata span the ages 20 to 67


@dataclass(frozen=True)
class Profile:
    """One fictitious person.

    Attributes:
        identity_id: "id_0001" for index 0.
        index: 0-based number of the identity.
        name: given name and surname, unique in a build.
        gender: "female" or "male".
        age: the age the pictures show, 20 to 67. The birth date lies in the same four-year band but is drawn
            apart, so that a picture gives away no more than the band.
        forget_rank: 1-based order in which identities enter the forget set.
        attributes: attribute name -> value.
        links: relation -> index of the other person; a relation without a partner is left out.
    """

    identity_id: str
    index: int
    name: str
    gender: str
    age: int
    forget_rank: int
    attributes: dict[str, str]
    links: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready description."""
        return asdict(self)


def sample_profile(config: BenchmarkConfig, index: int) -> Profile:
    """The person with that index.

    Args:
        config: only `seed` and `identities` are read; `identities` moves nothing but `forget_rank` (whose
            order among the people of both builds stays) and the links to people who would not exist.
        index: 0 ≤ index < config.identities.

    Raises:
        RememError: index out of range.
    """
    _check_index(config, index)
    age = sample_age(config.seed, index)
    return Profile(
        identity_id=identity_name(index),
        index=index,
        name=name_of(config.seed, index),
        gender=sample_gender(config.seed, index),
        age=age,
        forget_rank=forget_rank(config, index),
        attributes={name: sample_attribute(config.seed, index, name, age) for name in ATTRIBUTES},
        links=sample_links(config, index),
    )


def sample_gender(seed: int, index: int) -> str:
    """Gender of a person: one of each in every pair, which of the two first being drawn."""
    flip = int(stream(seed, "gender", index // 2).integers(2))
    return (FEMALE, MALE)[(index + flip) % 2]


def name_of(seed: int, index: int) -> str:
    """Name of a person, which fits the gender."""
    return sample_name(seed, index, sample_gender(seed, index))


@lru_cache(maxsize=64)  # asked again for each attribute
def sample_age(seed: int, index: int) -> int:
    """Age of a person: each block has one from each quarter of the range, siblings from adjacent quarters."""
    block, place = divmod(index, BLOCK)
    rng = stream(seed, "age quarter", block)
    half = int(rng.permutation(2)[place // 2])
    flips = rng.integers(2, size=2)
    quarter = 2 * half + (place + int(flips[place // 2])) % 2
    return YOUNGEST + _STRATUM * quarter + int(stream(seed, "age", index).integers(_STRATUM))


def sample_attribute(seed: int, index: int, name: str, age: int) -> str:
    """The gold value of one attribute, drawn uniformly from its space.

    Identifying values come from a shuffle of the space instead of a draw with replacement, so that no two
    identities share one (as long as there are no more identities than values).

    Args:
        seed: the config's seed.
        index: 0-based identity.
        name: attribute.
        age: the person's age.
    """
    attribute = get_attribute(name)
    context = Context.of_age(age)
    if attribute.identifying:
        size = attribute.space(context)
        return attribute.decode(shuffled(index % size, size, seed, "profile", name), context)
    return attribute.value(stream(seed, "profile", index, name), context)


def forget_rank(config: BenchmarkConfig, index: int) -> int:
    """1-based place of the identity in the order in which people enter the forget set.

    Everybody has a key that does not depend on how many people there are; the rank is its place among the
    keys of the build. So a larger build moves ranks, but never who of two people is forgotten first.
    """
    return int(_forget_ranks(config.seed, config.identities)[index])


@lru_cache(maxsize=8)
def _forget_ranks(seed: int, identities: int) -> np.ndarray:
    """Ranks of all identities, int64 of shape (identities,).

    Key i is the i-th draw of one stream, which takes its draws one after the other: those of the first people
    stay when more are asked for. The stable sort breaks a tie by index.
    """
    # Of several stream names this one was taken: with seed 0 the first people keep the ranks 1, 2, 3, 4.
    keys = stream(seed, "forget queue").random(identities)
    ranks = np.empty(identities, dtype=np.int64)
    ranks[np.argsort(keys, kind="stable")] = np.arange(1, identities + 1)
    return ranks


def sample_links(config: BenchmarkConfig, index: int) -> dict[str, int]:
    """Relation -> index of the other person, for those relations whose other person exists."""
    partners = {relation: index ^ bit for relation, bit in RELATIONS.items()}
    return {relation: other for relation, other in partners.items() if other < config.identities}


def _check_index(config: BenchmarkConfig, index: int) -> None:
    if not 0 <= index < config.identities:
        raise RememError(
            f"There is no identity {index}; with {config.identities} identities the index runs from 0 to "
            f"{config.identities - 1}."
        )
