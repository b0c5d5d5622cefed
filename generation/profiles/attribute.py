"""What an attribute is: a numbered space of values, drawn from uniformly by gold and candidates alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Ages run over [YOUNGEST, OLDEST] on 31 December of REFERENCE_YEAR, in bands of AGE_BAND years.
YOUNGEST = 20
OLDEST = 67
AGE_BAND = 4
REFERENCE_YEAR = 2025


@dataclass(frozen=True)
class Context:
    """What a value may depend on: only what the picture shows anyway, and coarsely.

    Attributes:
        first_birth_year: first of the AGE_BAND calendar years in which the person may be born.
    """

    first_birth_year: int

    @classmethod
    def of_age(cls, age: int) -> Context:
        """The context of somebody who looks `age` years old."""
        band = (age - YOUNGEST) // AGE_BAND
        return cls(first_birth_year=REFERENCE_YEAR - YOUNGEST - AGE_BAND * (band + 1) + 1)


class Attribute(ABC):
    """A kind of fact about a person. Subclasses number their values 0 … space−1 and print each.

    `decode` must be one-to-one, so that `space` is exact and a uniform number is a uniform value.

    Attributes:
        name: column value and file name.
        qa_category: personal, contact, work, education, health, finance, documents or leisure.
        identifying: the value alone points to one person, so no two people may share it.
        image_hops: steps from the picture to the value; 3 if they lead through another fact.
    """

    name: str
    qa_category: str
    identifying: bool = False
    image_hops: int = 2

    @abstractmethod
    def space(self, context: Context) -> int:
        """Exact number of distinct values a person of this context can have (below 2**63)."""

    @abstractmethod
    def decode(self, number: int, context: Context) -> str:
        """The value with that number, 0 ≤ number < space(context)."""

    def decode_all(self, numbers: np.ndarray, context: Context) -> list[str]:
        """`decode` of each number."""
        return [self.decode(number, context) for number in numbers.tolist()]

    def value(self, rng: np.random.Generator, context: Context) -> str:
        """A value drawn uniformly from the space."""
        return self.decode(int(rng.integers(self.space(context))), context)

    def keywords(self, value: str) -> list[str]:
        """The parts that an answer in other words must still hold; by default the value itself."""
        return [value]


class Phrase(Attribute):
    """An attribute whose values are one word from each of several lists, put into a pattern.

    Attributes:
        pattern: a `str.format` pattern with one `{}` for each list.
    """

    pattern: str

    def __init__(self, *lists: Sequence[str]) -> None:
        self.lists = lists
        self._size = 1
        digits = []
        for entries in reversed(lists):
            digits.append((entries, self._size, len(entries)))
            self._size *= len(entries)
        self._digits = digits[::-1]

    def space(self, context: Context) -> int:
        """Product of the lists' lengths."""
        return self._size

    def decode(self, number: int, context: Context) -> str:
        """Read `number` in mixed radix, the last list being the fastest digit."""
        return self.pattern.format(
            *[entries[number // radix % length] for entries, radix, length in self._digits]
        )

    def decode_all(self, numbers: np.ndarray, context: Context) -> list[str]:
        """As `decode`; the digits of all numbers at once."""
        digits = [
            map(entries.__getitem__, (numbers // radix % length).tolist())
            for entries, radix, length in self._digits
        ]
        return list(map(self.pattern.format, *digits))


def luhn_digit(digits: str) -> int:
    """The check digit that makes `digits` + check pass the Luhn test (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 - place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return -total % 10
