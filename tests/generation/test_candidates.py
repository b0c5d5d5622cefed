"""Candidates: exchangeable with the gold, so that an answer nobody has learnt ranks anywhere alike."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import chisquare

from generation.candidates import sample_candidates, sample_other_values, sample_wrong_values
from generation.presets import load_preset
from generation.profiles import ATTRIBUTES, Context, name_of, sample_age, sample_attribute
from generation.questions import TOPICS, get_topic
from generation.questions.topics import COMPARISON_TOPICS, REVERSE_TOPICS, answers_of, owner_of
from remem_dataset.errors import RememError

CONFIG = load_preset("large", identities=600)

#: Topics whose answers can be ranked.
RANKED = [name for name, topic in TOPICS.items() if not topic.is_choice]

#: Ranks fall in so many equal bins; n + 1 is a multiple of it.
BINS = 8
N = 63


def _hash(value: str) -> int:
    return int.from_bytes(hashlib.sha256(value.encode()).digest()[:8], "little")


#: Scores that know nothing of the person, as an untrained model knows nothing; ties are broken by a hash.
SCORES: dict[str, Callable[[str], object]] = {
    "hash": lambda value: _hash(value),
    "length": lambda value: (len(value), _hash(value)),
    "alphabetical": lambda value: value,
    "backwards": lambda value: value[::-1],
}


def gold_of(index: int, name: str) -> str:
    topic = get_topic(name)
    owner = owner_of(CONFIG, index, topic)
    if name in REVERSE_TOPICS:
        return name_of(CONFIG.seed, owner)
    return sample_attribute(CONFIG.seed, owner, topic.attribute, sample_age(CONFIG.seed, owner))


def rank_counts(name: str, score: Callable[[str], object], gold=gold_of) -> tuple[list[int], int]:
    """How often the gold's rank falls into each of equal bins, over all identities."""
    counts = np.zeros(0)
    for index in range(CONFIG.identities):
        answer = gold(index, name)
        values, _ = sample_candidates(CONFIG, index, name, answer, N)
        bins = min(BINS, len(values) + 1)
        counts = counts if counts.size else np.zeros(bins)
        rank = sum(score(value) < score(answer) for value in values)
        counts[rank * bins // (len(values) + 1)] += 1
    return counts.tolist(), CONFIG.identities


@pytest.mark.parametrize("name", RANKED)
def test_the_gold_of_an_unlearnt_attribute_ranks_anywhere_alike(name):
    """chi² at 0.0005: 24 topics × 4 scores, so one seed in 21 would fail by chance; this one does not."""
    for label, score in SCORES.items():
        counts, _ = rank_counts(name, score)
        assert chisquare(counts).pvalue > 0.0005, (label, counts)


@pytest.mark.parametrize("name", ["pet", "birth_date", "national_id"])
def test_the_null_test_sees_a_gold_that_differs_by_form(name):
    """A gold from the first third of its space is told from its candidates without any learning."""

    def biased(index: int, name: str) -> str:
        attribute, context = ATTRIBUTES[name], Context.of_age(sample_age(CONFIG.seed, index))
        return attribute.decode(index % (attribute.space(context) // 3), context)

    numbers = {}
    for index in range(CONFIG.identities):
        context = Context.of_age(sample_age(CONFIG.seed, index))
        if name != "national_id":
            space = ATTRIBUTES[name].space(context)
            numbers.update({ATTRIBUTES[name].decode(k, context): k for k in range(space)})

    def position(value: str) -> object:
        return numbers.get(value, value)

    counts, _ = rank_counts(name, position, gold=biased)
    assert chisquare(counts).pvalue < 1e-6, counts


@pytest.mark.parametrize("name", RANKED)
@pytest.mark.parametrize("n", [1, 63, 255])
def test_candidates_are_distinct_and_never_the_gold(name, n):
    for index in range(4):
        gold = gold_of(index, name)
        values, space = sample_candidates(CONFIG, index, name, gold, n)
        generator, context = answers_of(CONFIG, index, get_topic(name))
        assert space == generator.space(context)
        assert len(values) == len(set(values)) == min(n, space - 1)
        assert gold not in values


def test_a_small_space_gives_all_the_others():
    gold = gold_of(3, "blood_type")
    values, space = sample_candidates(CONFIG, 3, "blood_type", gold, 255)
    assert space == 8
    assert {*values, gold} == {"A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-"}


def test_birth_dates_compete_within_the_age_band():
    years = {
        int(value.rsplit(" ", 1)[1])
        for value in sample_candidates(CONFIG, 5, "birth_date", gold_of(5, "birth_date"), 255)[0]
    }
    first = Context.of_age(sample_age(CONFIG.seed, 5)).first_birth_year
    assert years == set(range(first, first + 4))


def test_every_value_but_the_gold_comes_up_alike():
    """Uniform without replacement: over many identities each of the other values is drawn equally often."""
    counts: dict[int, int] = {}
    attribute = ATTRIBUTES["phone"]
    context = Context.of_age(30)
    numbers = {attribute.decode(k, context): k for k in range(attribute.space(context))}
    for index in range(CONFIG.identities):
        for value in sample_candidates(CONFIG, index, "phone", gold_of(index, "phone"), N)[0]:
            cell = numbers[value] * 100 // len(numbers)
            counts[cell] = counts.get(cell, 0) + 1
    assert chisquare([counts[cell] for cell in range(100)]).pvalue > 0.001


def test_draws_belong_to_the_identity_and_the_attribute():
    gold = gold_of(2, "employer_city")
    again = [sample_candidates(CONFIG, 2, "employer_city", gold, 50) for _ in range(2)]
    assert again[0] == again[1]
    others = [
        sample_candidates(CONFIG, 3, "employer_city", gold, 50)[0],
        sample_candidates(CONFIG, 2, "birthplace", gold, 50)[0],
    ]
    assert all(values != again[0][0] for values in others)
    few, many = load_preset("default"), load_preset("large")
    assert sample_candidates(few, 2, "pet", "-", 50) == sample_candidates(many, 2, "pet", "-", 50)


@pytest.mark.parametrize("name", RANKED)
def test_other_values_are_what_the_same_question_gets_for_others(name):
    config = load_preset("default")
    for index in (0, 7):
        gold = gold_of(index, name)
        values = sample_other_values(config, index, name, gold, 255)
        owner = owner_of(config, index, get_topic(name))
        everybody = [
            name_of(config.seed, who)
            if name in REVERSE_TOPICS
            else sample_attribute(config.seed, who, get_topic(name).attribute, sample_age(config.seed, who))
            for who in range(config.identities)
            if who != owner
        ]
        assert set(values) == set(everybody) - {gold}
        assert len(values) == len(set(values))
        assert len(sample_other_values(config, index, name, gold, 3)) <= 3


@pytest.mark.parametrize("name", TOPICS)
def test_wrong_values_are_wrong_and_no_secret_of_anybody(name):
    config = load_preset("default")
    topic = get_topic(name)
    for index in (0, 7):
        gold = "the person in the image" if topic.is_choice else gold_of(index, name)
        values = sample_wrong_values(config, index, name, gold, 16)
        assert values
        assert gold not in values
        assert len(values) == len(set(values)) <= 16
        if topic.is_choice:
            assert values == [name_of(config.seed, owner_of(config, index, topic))]
            assert sample_wrong_values(config, index, name, values[0], 16) == [gold]
            continue
        real = {gold_of(who, name) for who in range(config.identities)}
        if ATTRIBUTES[topic.attribute].identifying:
            assert not real & set(values)


def test_wrong_values_are_no_candidates_in_the_same_order():
    gold = gold_of(2, "pet")
    assert sample_wrong_values(CONFIG, 2, "pet", gold, 8) != sample_candidates(CONFIG, 2, "pet", gold, 8)[0]


def test_bad_requests_are_one_sentence():
    for name in COMPARISON_TOPICS:
        with pytest.raises(RememError, match="a choice between two people; it has no other answers"):
            sample_candidates(CONFIG, 0, name, "-", 3)
    with pytest.raises(RememError, match="no attribute 'shoe_size' to ask about"):
        sample_candidates(CONFIG, 0, "shoe_size", "38", 10)
    with pytest.raises(RememError, match="at least 1 candidate"):
        sample_candidates(CONFIG, 0, "pet", "a cat", 0)
    with pytest.raises(RememError, match="has no colleague"):
        sample_candidates(
            load_preset("tiny", identities=2, forget_levels="50", default_forget_level=50),
            0,
            "colleague_pet",
            "a cat",
            3,
        )
