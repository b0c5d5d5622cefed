"""Home address: an invented street in an invented town."""

from __future__ import annotations

from generation.profiles.attribute import Phrase
from generation.profiles.vocabulary import compounds, words

#: House numbers run from 1 to here.
LAST_HOUSE = 180


class HomeAddress(Phrase):
    """For example "12 Larkspur Lane, Ostrelby"."""

    name = "home_address"
    qa_category = "contact"
    identifying = True
    pattern = "{} {} {}, {}"

    def keywords(self, value: str) -> list[str]:
        """House and street, and the town."""
        return value.split(", ")


ATTRIBUTE = HomeAddress(
    [str(number) for number in range(1, LAST_HOUSE + 1)],
    words("places", "street_words"),
    words("places", "street_kinds"),
    compounds("places", "town_starts", "town_ends"),
)
