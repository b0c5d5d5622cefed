"""The picture of a null test: how the places of gold answers are spread, against an even spread."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.stats import kstwo

from .nulltest import FEWEST_GOLDS, SCORES, NullTest

NULL_FILE = "null-test.png"

#: Share of untrained models for which the line leaves the grey band.
BAND = 0.01

_SIDE = 320
_MARGIN = (56, 34, 16, 46)  # left, top, right, bottom
_SCALE = 3  # drawn larger and scaled down: Pillow's lines have no smooth edges
_TITLES = {"sum": "ranked by the sum of log P", "mean": "ranked by the mean of log P"}
_INK, _GREY, _BAND, _THIN, _LINE = "#222222", "#777777", "#e4e8ee", "#b9c6d8", "#1f5fa8"


def draw_null_test(test: NullTest) -> bytes:
    """A PNG with a panel for each score: share of golds (vertical) up to each place among the candidates.

    The bold line is that of all golds, thin ones are those of attributes with enough of them. An even
    spread is the diagonal, which the bold line then leaves by more than the grey band with probability `BAND`
    (Kolmogorov's bound).

    Args:
        test: a test with at least one gold.
    """
    width = _MARGIN[0] + _SIDE + _MARGIN[2]
    height = _MARGIN[1] + _SIDE + _MARGIN[3]
    whole = Image.new("RGB", (width * len(SCORES) * _SCALE, height * _SCALE), "white")
    for number, score in enumerate(SCORES):
        whole.paste(_panel(test, score, width, height), (number * width * _SCALE, 0))
    small = whole.resize((width * len(SCORES), height), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.quantize(64).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _panel(test: NullTest, score: str, width: int, height: int) -> Image.Image:
    image = Image.new("RGB", (width * _SCALE, height * _SCALE), "white")
    draw = ImageDraw.Draw(image)
    font, small = (ImageFont.load_default(size * _SCALE) for size in (13, 11))

    def at(x: float, y: float) -> tuple[float, float]:
        return (_MARGIN[0] + x * _SIDE) * _SCALE, (_MARGIN[1] + (1 - y) * _SIDE) * _SCALE

    by_attribute = test.positions[score]
    everything = [u for part in by_attribute.values() for u in part]
    reach = float(kstwo.ppf(1 - BAND, len(everything)))
    upper = [at(x, min(x + reach, 1)) for x in np.linspace(0, 1, 101)]
    lower = [at(x, max(x - reach, 0)) for x in np.linspace(1, 0, 101)]
    draw.polygon(upper + lower, fill=_BAND)
    for part in by_attribute.values():
        if len(part) >= FEWEST_GOLDS:
            draw.line(_steps(part, at), fill=_THIN, width=_SCALE)
    draw.line([at(0, 0), at(1, 1)], fill=_GREY, width=_SCALE)
    draw.line(_steps(everything, at), fill=_LINE, width=3 * _SCALE)
    draw.rectangle([*at(0, 1), *at(1, 0)], outline=_INK, width=_SCALE)
    for tick in (0.0, 0.5, 1.0):
        draw.text(at(tick, -0.02), f"{tick:g}", fill=_INK, font=small, anchor="ma")
        draw.text(at(-0.02, tick), f"{tick:g}", fill=_INK, font=small, anchor="rm")
    p = test.p_value(score)
    draw.text(at(0, 1.04), f"{_TITLES[score]}: p = {p:.2g}", fill=_INK, font=font, anchor="ls")
    draw.text(at(0.5, -0.08), "place of the gold, best first", fill=_INK, font=small, anchor="ma")
    label = Image.new("L", (_SIDE * _SCALE, 20 * _SCALE))
    ImageDraw.Draw(label).text((_SIDE * _SCALE / 2, 0), "share of golds", fill=255, font=small, anchor="ma")
    image.paste(_INK, (4 * _SCALE, _MARGIN[1] * _SCALE), label.rotate(90, expand=True))
    return image


def _steps(values: list[float], at) -> list[tuple[float, float]]:
    """The empirical distribution function as a line."""
    points = [at(0, 0)]
    for number, value in enumerate(sorted(values)):
        points += [at(value, number / len(values)), at(value, (number + 1) / len(values))]
    return [*points, at(1, 1)]
