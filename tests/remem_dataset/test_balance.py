"""Shares of a population: bands with both ends, nobody lost, whatever the profile leaves out."""

from __future__ import annotations

import json

import pytest

from remem_dataset.balance import age_band, population_balance, tone_quarter


@pytest.mark.parametrize(
    ("age", "band"),
    [(18, "18–29"), (29, "18–29"), (30, "30–44"), (59, "45–59"), (80, "60–80"), (17, "not stated")],
)
def test_age_bands(age, band):
    assert age_band(age) == band


@pytest.mark.parametrize(
    ("melanin", "quarter"),
    [
        (0.0, "lightest quarter"),
        (0.2499, "lightest quarter"),
        (0.25, "second quarter"),
        (0.74, "third quarter"),
        (1.0, "darkest quarter"),
        (1.2, "not stated"),
    ],
)
def test_tone_quarters(melanin, quarter):
    assert tone_quarter(melanin) == quarter


def test_shares_count_everybody_once():
    woman = {"gender": "female", "age": 24, "melanin": 0.1, "hair_style": "bob", "glasses": "none"}
    man = {"gender": "male", "age": 70, "melanin": 0.9, "hair_style": "side_part", "glasses": "round"}
    people = [
        {**woman, "beard": "none"},
        {**man, "beard": "full"},
        {**man, "beard": "none"},
        {"gender": "male"},
    ]
    table = {line["trait"]: line["shares"] for line in population_balance(map(json.dumps, people))}
    assert table["gender"] == "male 75% (3), female 25% (1)"
    assert table["age in years"].startswith("18–29 25% (1), 30–44 0% (0)")
    assert table["age in years"].endswith("60–80 50% (2), not stated 25% (1)")
    assert table["hair"] == "side part 50% (2), bob 25% (1), not stated 25% (1)"
    assert table["beard (men)"] == "full 33% (1), none 33% (1), not stated 33% (1)"


def test_a_population_without_men_has_nobody_to_count():
    table = {line["trait"]: line["shares"] for line in population_balance(['{"gender": "female"}'])}
    assert table["beard (men)"] == "nobody"
