"""What a question calls a garment is what everybody would call it."""

from __future__ import annotations

import colorsys

import pytest

from generation.people.tables import colour
from generation.views.colournames import cielab, colour_name, colour_terms
from generation.views.templates import load_templates
from generation.views.wardrobe import MARGIN


@pytest.mark.parametrize(
    ("code", "term"),
    [
        ("#ff0000", "red"),
        ("#00a000", "green"),
        ("#0000d0", "blue"),
        ("#ffff00", "yellow"),
        ("#ff8000", "orange"),
        ("#800080", "purple"),
        ("#ff80b0", "pink"),
        ("#704020", "brown"),
        ("#000000", "black"),
        ("#ffffff", "white"),
        ("#808080", "grey"),
    ],
)
def test_pure_colours_have_their_names(code, term):
    name, margin = colour_name(colour(code, "x"))
    assert name == term
    assert margin > 0


def test_cielab_of_known_colours():
    """Values of the CIE 1976 formulas for sRGB white, grey and red (D65)."""
    assert cielab((1.0, 1.0, 1.0)) == pytest.approx((100, 0, 0), abs=0.01)
    assert cielab(colour("#777777", "x")) == pytest.approx((50.03, 0, 0), abs=0.05)
    assert cielab((1.0, 0.0, 0.0)) == pytest.approx((53.24, 80.09, 67.20), abs=0.02)


def test_words_are_right_and_not_ambiguous():
    """Checked against the hue as well, which knows nothing of CIELAB."""
    hues = {"red": (330, 25), "orange": (15, 40), "yellow": (35, 65), "green": (65, 175), "blue": (190, 250)}
    named = 0
    for group in load_templates().clothes.values():
        for clothes in group:
            for k in range(len(clothes.palettes)):
                outfit = clothes.outfit(k)
                if not outfit.words:
                    continue
                named += 1
                head, noun = outfit.words.rsplit(" ", 1)
                assert noun == outfit.garment
                head = head.removesuffix(" striped").removesuffix(" checked")
                terms = head.split(" and ")
                assert len(terms) == (1 if outfit.pattern == "plain" else 2)
                assert ("striped" in outfit.words) == (outfit.pattern == "stripes")
                assert ("checked" in outfit.words) == (outfit.pattern == "check")
                for term, shown in zip(terms, outfit.colours, strict=False):
                    assert term in colour_terms()
                    assert colour_name(shown)[0] == term
                    assert colour_name(shown)[1] >= MARGIN
                    if term in hues:
                        low, high = hues[term]
                        hue = colorsys.rgb_to_hsv(*(c ** (1 / 2.2) for c in shown))[0] * 360
                        inside = low <= hue <= high if low < high else hue >= low or hue <= high
                        assert inside, (outfit.id, term, hue)
    assert named > 50
