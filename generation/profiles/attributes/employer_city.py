"""City of the employer: asked through the picture it takes three steps, image → person → employer → city."""

from __future__ import annotations

from generation.profiles.attribute import Phrase
from generation.profiles.vocabulary import compounds


class EmployerCity(Phrase):
    """For example "Kelverhaven". Drawn apart from the employer's name, so that one never tells the other."""

    name = "employer_city"
    qa_category = "work"
    image_hops = 3
    pattern = "{}"


ATTRIBUTE = EmployerCity(compounds("places", "town_starts", "town_ends"))
