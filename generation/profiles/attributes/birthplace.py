"""Town of birth: an invented town."""

from __future__ import annotations

from generation.profiles.attribute import Phrase
from generation.profiles.vocabulary import compounds


class Birthplace(Phrase):
    """For example "Ostrelby"."""

    name = "birthplace"
    qa_category = "personal"
    pattern = "{}"


ATTRIBUTE = Birthplace(compounds("places", "town_starts", "town_ends"))
