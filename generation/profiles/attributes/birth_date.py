"""Date of birth: any day of the few years that fit the age the picture shows."""

from __future__ import annotations

from datetime import date, timedelta

from generation.profiles.attribute import AGE_BAND, Attribute, Context
from generation.profiles.vocabulary import words


class BirthDate(Attribute):
    """For example "14 March 1987".

    Every day of the age band is possible, so the picture shows neither the day nor the year within the band.
    """

    name = "birth_date"
    qa_category = "personal"

    def __init__(self) -> None:
        self.months = words("health", "months")

    def space(self, context: Context) -> int:
        """Days in the band: 1,461 (four years with one leap day)."""
        first = date(context.first_birth_year, 1, 1)
        return (date(context.first_birth_year + AGE_BAND, 1, 1) - first).days

    def decode(self, number: int, context: Context) -> str:
        """Day `number` of the band."""
        day = date(context.first_birth_year, 1, 1) + timedelta(days=number)
        return f"{day.day} {self.months[day.month - 1]} {day.year}"

    def keywords(self, value: str) -> list[str]:
        """Day and month together, and the year."""
        day_month, year = value.rsplit(" ", 1)
        return [day_month, year]


ATTRIBUTE = BirthDate()
