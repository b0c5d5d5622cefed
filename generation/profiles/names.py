"""Names: an invented given name and an invented surname, never the same pair twice."""

from __future__ import annotations

from math import gcd

from generation.profiles.attribute import Attribute, Context
from generation.profiles.permutation import shuffled
from generation.profiles.vocabulary import compounds

FEMALE = "female"
MALE = "male"


def sample_name(seed: int, index: int, gender: str) -> str:
    """The name of identity `index`, unique among all identities of a seed.

    Given name and surname both step forward with the index through their shuffled lists. The pair
    (i mod G, (i + ⌊i / lcm(G, S)⌋) mod S) is different for every i < G·S (Chinese remainder theorem, one more
    shift for each full turn), and neighbours share neither part.

    Args:
        seed: the config's seed.
        index: 0-based identity.
        gender: "female" or "male".
    """
    given = compounds("names", f"{gender}_starts", f"{gender}_ends")
    surnames = compounds("names", "surname_starts", "surname_ends")
    turn = len(given) * len(surnames) // gcd(len(given), len(surnames))
    first = shuffled(index % len(given), len(given), seed, "given", gender)
    last = shuffled((index + index // turn) % len(surnames), len(surnames), seed, "surname")
    return f"{given[first]} {surnames[last]}"


class PersonName(Attribute):
    """All names of one gender: the answers to "Whose ... is this?". Not a profile's attribute itself."""

    name = "name"
    qa_category = "personal"
    identifying = True

    def __init__(self, gender: str) -> None:
        self.given = compounds("names", f"{gender}_starts", f"{gender}_ends")
        self.surnames = compounds("names", "surname_starts", "surname_ends")

    def space(self, context: Context) -> int:
        """Given names times surnames."""
        return len(self.given) * len(self.surnames)

    def decode(self, number: int, context: Context) -> str:
        """The surname is the fast digit."""
        first, last = divmod(number, len(self.surnames))
        return f"{self.given[first]} {self.surnames[last]}"

    def keywords(self, value: str) -> list[str]:
        """Given name and surname."""
        return value.split()


#: gender -> its names.
NAMES = {gender: PersonName(gender) for gender in (FEMALE, MALE)}
