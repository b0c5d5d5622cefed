"""Pet: its kind and its name."""

from __future__ import annotations

from generation.profiles.attribute import Phrase
from generation.profiles.vocabulary import words


class Pet(Phrase):
    """For example "a tortoise named Pippin"."""

    name = "pet"
    qa_category = "personal"
    pattern = "{} named {}"

    def keywords(self, value: str) -> list[str]:
        """The kind without its article, and the name."""
        kind, called = value.split(" named ")
        return [kind.split(" ", 1)[1], called]


ATTRIBUTE = Pet(words("personal", "pet_kinds"), words("personal", "pet_names"))
