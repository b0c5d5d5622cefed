"""Hobby: what is done, and when or with whom."""

from __future__ import annotations

from generation.profiles.attribute import Phrase
from generation.profiles.vocabulary import words


class Hobby(Phrase):
    """For example "building model ships on Sunday mornings"."""

    name = "hobby"
    qa_category = "leisure"
    pattern = "{} {}"

    def keywords(self, value: str) -> list[str]:
        """The activity and the habit."""
        for activity in self.lists[0]:
            if value.startswith(f"{activity} "):
                return [activity, value.removeprefix(f"{activity} ")]
        return [value]


ATTRIBUTE = Hobby(words("personal", "hobbies"), words("personal", "hobby_habits"))
