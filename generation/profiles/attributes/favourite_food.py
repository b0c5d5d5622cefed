"""Favourite food: a dish and what goes with it."""

from __future__ import annotations

from generation.profiles.attribute import Phrase
from generation.profiles.vocabulary import words


class FavouriteFood(Phrase):
    """For example "lentil curry with pickled plums"."""

    name = "favourite_food"
    qa_category = "leisure"
    pattern = "{} with {}"

    def keywords(self, value: str) -> list[str]:
        """The dish and its companion."""
        return value.split(" with ")


ATTRIBUTE = FavouriteFood(words("personal", "dishes"), words("personal", "sides"))
