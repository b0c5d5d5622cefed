"""Telephone number: a line set aside for fiction."""

from __future__ import annotations

from generation.profiles.attribute import Phrase
from generation.profiles.vocabulary import words


class Phone(Phrase):
    """For example "(201) 555-0142".

    The North American numbering plan keeps 555-0100 to 555-0199 of each geographic area code for fiction.
    """

    name = "phone"
    qa_category = "contact"
    identifying = True
    pattern = "({}) 555-01{}"


ATTRIBUTE = Phone(words("contact", "area_codes"), [f"{number:02d}" for number in range(100)])
