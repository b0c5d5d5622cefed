"""Outfits from `assets/wardrobe.yaml`, each with the words that a question may call it by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from generation.people.tables import Rgb, colour, listing, mapping, text
from generation.views.colournames import colour_name, colour_terms
from generation.views.view import Outfit
from remem_dataset.errors import RememError

NECKLINES = ("crew", "v", "turtle")
PATTERNS = ("plain", "stripes", "check")
GARMENTS = ("t-shirt", "sweater", "shirt", "hoodie", "jacket")
ADJECTIVES = {"plain": "", "stripes": "striped ", "check": "checked "}

#: How much nearer (ΔE) a named colour must be to its own term than to any other, to be called by it.
MARGIN = 5.0


@dataclass(frozen=True)
class Clothes:
    """An outfit in all its colours; `words[k]` is what the k-th palette is called, "" if nothing."""

    id: str
    garment: str
    neckline: str
    pattern: str
    palettes: tuple[tuple[Rgb, Rgb], ...]
    words: tuple[str, ...]

    def outfit(self, palette: int) -> Outfit:
        """The outfit in the palette of that number."""
        return Outfit(
            id=self.id,
            neckline=self.neckline,
            pattern=self.pattern,
            colours=self.palettes[palette],
            garment=self.garment,
            words=self.words[palette],
        )


def parse_clothes(value: Any, where: str) -> Clothes:
    """One entry of the table.

    Raises:
        RememError: an unknown key or name, no pair of colours, or a colour that is not what its word says.
    """
    mapping(value, where, ("id", "garment", "neckline", "pattern", "palettes"))
    garment = text(value["garment"], f"{where}: garment", GARMENTS)
    neckline = text(value["neckline"], f"{where}: neckline", NECKLINES)
    pattern = text(value["pattern"], f"{where}: pattern", PATTERNS)
    if garment in ("t-shirt", "hoodie") and neckline == "turtle":
        raise RememError(f"{where}: neckline is 'turtle'; a {garment} has crew or v.")
    palettes, words = [], []
    for entry in listing(value["palettes"], f"{where}: palettes"):
        mapping(entry, f"{where}: palettes", ("colours", "words"))
        pair = entry["colours"]
        if not isinstance(pair, list) or len(pair) != 2:
            raise RememError(f"{where}: palettes holds {pair!r}; it must be a pair of colours.")
        main, second = (colour(c, f"{where}: palettes") for c in pair)
        palettes.append((main, second))
        words.append(_words(entry["words"], (main, second), garment, pattern, f"{where}: palettes: {pair}"))
    return Clothes(value["id"], garment, neckline, pattern, tuple(palettes), tuple(words))


def _words(value: Any, colours: tuple[Rgb, Rgb], garment: str, pattern: str, where: str) -> str:
    """ "green jacket", "white and blue striped t-shirt"; "" for an empty list of colour words.

    A plain garment is named by its main colour alone; a pattern by both.
    """
    if value == []:
        return ""
    wanted = 1 if pattern == "plain" else 2
    if not isinstance(value, list) or len(value) != wanted:
        raise RememError(
            f"{where}: words is {value!r}; a {pattern} pattern needs {wanted} colour words, or [] for none."
        )
    for word, shown in zip(value, colours[:wanted], strict=True):
        text(word, f"{where}: words", colour_terms())
        name, margin = colour_name(shown)
        if name != word or margin < MARGIN:
            what = f"{name} by ΔE {margin:.1f}"
            raise RememError(f"{where}: words says {word!r}, but the colour is {what}; {MARGIN} is needed.")
    if wanted == 2 and value[0] == value[1]:
        raise RememError(f"{where}: words is {value!r}; the two words must differ.")
    return f"{' and '.join(value)} {ADJECTIVES[pattern]}{garment}"
