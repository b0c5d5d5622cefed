"""Medical condition, and the age at which it was found."""

from __future__ import annotations

from generation.profiles.attribute import YOUNGEST, Phrase
from generation.profiles.vocabulary import words

#: Found at an age that every person has passed.
FOUND_FROM = 4


class MedicalCondition(Phrase):
    """For example "asthma, diagnosed at the age of 12"."""

    name = "medical_condition"
    qa_category = "health"
    pattern = "{}, diagnosed at the age of {}"

    def keywords(self, value: str) -> list[str]:
        """The condition without its article, and the age."""
        condition, found = value.split(", diagnosed at the age of ")
        return [condition.removeprefix("a "), found]


ATTRIBUTE = MedicalCondition(
    words("health", "conditions"), [str(age) for age in range(FOUND_FROM, YOUNGEST + 1)]
)
