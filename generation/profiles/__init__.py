"""Who the people are: invented names, harmless facts and the links between people."""

from generation.profiles.attribute import Attribute, Context
from generation.profiles.attributes import ATTRIBUTES, get_attribute
from generation.profiles.profile import (
    Profile,
    forget_rank,
    name_of,
    sample_age,
    sample_attribute,
    sample_gender,
    sample_links,
    sample_profile,
)

__all__ = [
    "ATTRIBUTES",
    "Attribute",
    "Context",
    "Profile",
    "forget_rank",
    "get_attribute",
    "name_of",
    "sample_age",
    "sample_attribute",
    "sample_gender",
    "sample_links",
    "sample_profile",
]
