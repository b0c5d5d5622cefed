"""University: an invented school in an invented town."""

from __future__ import annotations

from generation.profiles.attribute import Attribute, Context
from generation.profiles.vocabulary import compounds, words


class University(Attribute):
    """For example "Ostrelby Institute of Technology"."""

    name = "university"
    qa_category = "education"

    def __init__(self) -> None:
        self.towns = compounds("places", "town_starts", "town_ends")
        self.forms = words("personal", "university_forms")

    def space(self, context: Context) -> int:
        """Towns × forms of name."""
        return len(self.towns) * len(self.forms)

    def decode(self, number: int, context: Context) -> str:
        """Put the town into the form."""
        town, form = divmod(number, len(self.forms))
        return self.forms[form].format(self.towns[town])


ATTRIBUTE = University()
