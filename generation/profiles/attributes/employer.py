"""Employer: an invented company."""

from __future__ import annotations

from generation.profiles.attribute import Phrase
from generation.profiles.vocabulary import words


class Employer(Phrase):
    """For example "Velmora Instruments"."""

    name = "employer"
    qa_category = "work"
    pattern = "{} {}"


ATTRIBUTE = Employer(words("work", "company_starts"), words("work", "company_kinds"))
