"""Vehicle registration that can never be issued."""

from __future__ import annotations

from string import ascii_uppercase

from generation.profiles.attribute import Phrase


class LicencePlate(Phrase):
    """For example "QI48 ZRT": the British pattern, which never uses the letters I and Q (DVLA INF104)."""

    name = "licence_plate"
    qa_category = "documents"
    identifying = True
    pattern = "{}{} {}{}{}"


ATTRIBUTE = LicencePlate(
    ("QI", "IQ"),
    [f"{number:02d}" for number in range(100)],
    ascii_uppercase,
    ascii_uppercase,
    ascii_uppercase,
)
