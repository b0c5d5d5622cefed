"""Questions about one of several people: the referent of a multi-hop wording becomes a person at a place.

The wordings in `assets/questions` speak of "the person in the image" in one of the ways of `REFERENTS`, which
suits a picture of one person. For a picture of several, "What job does this person have?" becomes "What job
does the person on the left have?". A genitive has no such form ("the person in the green jacket's job"), so
those wordings are left out.
"""

from __future__ import annotations

import re

#: All the ways in which a multi-hop wording may refer to the person that is asked about.
REFERENTS = (
    "the person in the image",
    "the person in the picture",
    "the person in this photo",
    "the person shown here",
    "the person you see here",
    "the pictured person",
    "this person",
)

#: How prompts and answers refer to the person, and reasoning introduces them.
PERSON_IN_IMAGE = REFERENTS[0]

_REFERENT = re.compile(rf"\b({'|'.join(REFERENTS)})\b('s)?", re.IGNORECASE)


def count_referents(wording: str) -> int:
    """How often a wording refers to the person, genitives included."""
    return len(_REFERENT.findall(wording))


def person_at(place: str) -> str:
    """ "on the left" -> "the person on the left"."""
    return f"the person {place}"


def is_placeable(wording: str) -> bool:
    """Whether a wording can ask about one person among several: it refers to the person, by no genitive."""
    found = _REFERENT.findall(wording)
    return bool(found) and not any(genitive for _, genitive in found)


def place_wording(wording: str, place: str) -> str:
    """Ask about the person at a place.

    Args:
        wording: a placeable multi-hop wording.
        place: how the person is told from the others in the picture, such as "in the green jacket".

    Example:
        >>> place_wording("What job does this person have?", "on the left")
        'What job does the person on the left have?'
    """

    def refer(match: re.Match[str]) -> str:
        person = person_at(place)
        return capitalise(person) if match[0][0].isupper() else person

    return _REFERENT.sub(refer, wording)


def capitalise(text: str) -> str:
    """Raise the first letter and leave the others as they are: "the ID badge" -> "The ID badge"."""
    return text[:1].upper() + text[1:]
