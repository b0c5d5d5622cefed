"""Why no value of an attribute can be traced to, or harm, a real person: what the card says of each.

Kept apart from the generators: the card is rendered from a raw tree, without the generation code.
"""

from __future__ import annotations

_TOWN = "a town put together from two lists of syllables"

#: Attribute -> what keeps its values harmless. A test holds it against the attributes there are.
HARMLESS = {
    "bank_account": "country code XZ, left to private use by ISO 3166-1; ISO 13616 check digits always wrong",
    "birth_date": "drawn evenly from all days of the years that fit the age shown",
    "birthplace": _TOWN,
    "blood_type": "drawn evenly from all eight",
    "email": "domain reserved for examples and tests (RFC 2606, RFC 6761): mail reaches nobody",
    "employer": "made-up company name and a line of business, drawn from two lists",
    "employer_city": _TOWN,
    "favourite_food": "a dish and a side, drawn from two lists",
    "hobby": "an activity and a habit, drawn from two lists",
    "home_address": f"house number and street name from lists, in {_TOWN}",
    "licence_plate": "British pattern beginning with I and Q, letters that it never uses there",
    "medical_condition": "a condition and an age, drawn from two lists",
    "national_id": "prefix ZN, which is no ISO 3166-1 country; Luhn check digit always wrong",
    "occupation": "a standing and a job, drawn from two lists",
    "pet": "a kind of animal and a pet's name, drawn from two lists",
    "phone": "555-0100 to 555-0199, which the North American numbering plan sets aside for fiction",
    "university": f"a common form of name around {_TOWN}",
}

#: Attributes whose value alone points to one person; a test holds them against the generators.
IDENTIFYING = frozenset({"bank_account", "email", "home_address", "licence_plate", "national_id", "phone"})

#: Links between people that questions go along: the answer is the linked person's attribute.
_RELATIONS = ("sibling", "colleague")


#: Questions that are no attribute's: what is asked about -> what keeps the answer harmless.
_OTHERS = {"age_comparison": "a name put together from syllables, or nobody's"}
_OWNER = "a name put together from syllables"


def why_harmless(attribute: str) -> str:
    """What keeps the values of an attribute harmless; "" for one that nothing is said of.

    Args:
        attribute: the `attribute` column; of a linked person's ("sibling_hobby"), the attribute's own reason;
            of whose a value is ("email_owner"), the name's.
    """
    if attribute in _OTHERS:
        return _OTHERS[attribute]
    if attribute.endswith("_owner"):
        return _OWNER
    relation, _, linked = attribute.partition("_")
    return HARMLESS.get(linked if relation in _RELATIONS else attribute, "")
