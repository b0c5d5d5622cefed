"""Occupation: a job and its standing."""

from __future__ import annotations

from generation.profiles.attribute import Phrase
from generation.profiles.vocabulary import words


class Occupation(Phrase):
    """For example "senior bridge inspector"."""

    name = "occupation"
    qa_category = "work"
    pattern = "{} {}"


ATTRIBUTE = Occupation(words("work", "occupation_levels"), words("work", "occupation_jobs"))
