"""Blood type: the one attribute with a small space, eight values, equally likely here."""

from __future__ import annotations

from generation.profiles.attribute import Phrase
from generation.profiles.vocabulary import words


class BloodType(Phrase):
    """For example "AB+"."""

    name = "blood_type"
    qa_category = "health"
    pattern = "{}"


ATTRIBUTE = BloodType(words("health", "blood_types"))
