"""Who the people are: pure draws, unique where they must be, and harmless (one test for each rule)."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter

import numpy as np
import pytest
from scipy.stats import chisquare

from generation.presets import load_preset
from generation.profiles import (
    ATTRIBUTES,
    Context,
    forget_rank,
    permutation,
    sample_attribute,
    sample_profile,
)
from generation.profiles import attributes as registry
from generation.profiles.attribute import AGE_BAND, OLDEST, REFERENCE_YEAR, YOUNGEST, Phrase
from generation.profiles.names import sample_name
from generation.profiles.permutation import TABLE_LIMIT, shuffled
from generation.profiles.vocabulary import compounds, read_vocabulary, words
from generation.streams import stream
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError

DRAWS = 10_000
CONTEXT = Context.of_age(40)


@pytest.fixture(scope="module")
def many():
    """1,000 profiles of a large build."""
    config = dataclasses.replace(load_preset("large"), identities=1_000)
    return [sample_profile(config, index) for index in range(1_000)]


def draws(name):
    rng = stream(7, "test", name)
    return [ATTRIBUTES[name].value(rng, CONTEXT) for _ in range(DRAWS)]


# -- pure functions --------------------------------------------------------------------------------


def test_more_identities_change_nothing_but_ranks_and_missing_links():
    few, many = (dataclasses.replace(load_preset("default"), identities=n) for n in (20, 400))
    for index in range(20):
        one, other = sample_profile(few, index), sample_profile(many, index)
        assert dataclasses.replace(one, forget_rank=0) == dataclasses.replace(other, forget_rank=0)


def test_a_new_attribute_changes_no_other(monkeypatch):
    config = load_preset("tiny")
    before = sample_profile(config, 2).attributes

    class Shoe(Phrase):
        name, qa_category, pattern = "a_shoe_size", "personal", "{}"

    monkeypatch.setitem(registry.ATTRIBUTES, "a_shoe_size", Shoe(["38", "39"]))
    after = sample_profile(config, 2).attributes
    assert after.pop("a_shoe_size") in ("38", "39")
    assert after == before


def test_the_seed_changes_everything():
    one, other = (sample_profile(load_preset("default", seed=seed), 3) for seed in (0, 1))
    assert one.name != other.name
    same = [name for name, value in one.attributes.items() if other.attributes[name] == value]
    assert set(same) <= {"blood_type"}


def test_an_index_outside_the_build_is_refused():
    with pytest.raises(RememError, match="index runs from 0 to 3"):
        sample_profile(load_preset("tiny"), 4)


def test_published_values_stay():
    """Changing any of these changes every published dataset."""
    profile = sample_profile(load_preset("tiny"), 0)
    assert (profile.name, profile.gender, profile.age) == ("Jarmund Trenollen", "male", 59)
    assert profile.attributes["bank_account"] == "XZ25 0554 1241 7095"
    assert profile.attributes["pet"] == "a ginger cat named Pickle"
    assert [forget_rank(load_preset("tiny"), index) for index in range(4)] == [1, 2, 3, 4]
    assert [forget_rank(load_preset("default"), index) for index in range(4)] == [1, 5, 10, 15]


# -- people as a population ------------------------------------------------------------------------


@pytest.mark.parametrize("gender", ["female", "male"])
def test_no_two_people_share_a_name(gender):
    names = [sample_name(0, index, gender) for index in range(30_000)]
    assert len(set(names)) == len(names)
    given, surnames = zip(*(name.split(" ") for name in names[:200]), strict=True)
    assert len(set(given)) == len(set(surnames)) == 200, "neighbours in number share no part of a name"


def test_the_two_genders_never_share_a_name():
    female, male = (set(compounds("names", f"{g}_starts", f"{g}_ends")) for g in ("female", "male"))
    assert not female & male


def test_each_block_has_both_genders_and_all_ages(many):
    for first in range(0, 1_000, 4):
        block = many[first : first + 4]
        assert Counter(p.gender for p in block) == {"female": 2, "male": 2}
        assert sorted((p.age - YOUNGEST) // 12 for p in block) == [0, 1, 2, 3]
        assert all(abs(p.age - many[p.links["sibling"]].age) < 24 for p in block)
    ages = Counter(p.age for p in many)
    assert set(ages) == set(range(YOUNGEST, OLDEST + 1))


def test_forget_ranks_are_a_shuffle(many):
    assert sorted(p.forget_rank for p in many) == list(range(1, 1_001))
    assert [p.forget_rank for p in many[:10]] != list(range(1, 11))


@pytest.mark.parametrize(("few", "many"), [(4, 8), (20, 400), (22, 10_000)])
def test_more_people_leave_the_forget_order_of_the_others_as_it_is(few, many):
    """Who of two people is forgotten first decides which linked questions are asked, so it must not move."""
    orders = []
    for identities in (few, many):
        config = BenchmarkConfig(identities=identities, forget_levels=(50,), default_forget_level=50)
        orders.append(sorted(range(few), key=lambda index, config=config: forget_rank(config, index)))
    assert orders[0] == orders[1]


def test_links_are_mutual_and_within_the_build():
    config = load_preset("large", identities=300)
    for index in range(config.identities):
        for relation, other in sample_profile(config, index).links.items():
            assert other != index
            assert sample_profile(config, other).links[relation] == index


def test_somebody_without_a_partner_has_no_link():
    config = load_preset("tiny", identities=6, forget_levels="50", default_forget_level=50)
    assert sample_profile(config, 5).links == {"sibling": 4}


@pytest.mark.parametrize("name", [name for name, a in ATTRIBUTES.items() if a.identifying])
def test_identifying_values_are_shared_by_nobody(name):
    values = [sample_attribute(0, index, name, 40) for index in range(5_000)]
    assert len(set(values)) == len(values)


def test_birth_dates_lie_in_the_band_the_age_shows(many):
    offsets = []
    for profile in many:
        year = int(profile.attributes["birth_date"].rsplit(" ", 1)[1])
        band = (profile.age - YOUNGEST) // AGE_BAND
        assert (REFERENCE_YEAR - year - YOUNGEST) // AGE_BAND == band
        offsets.append(((REFERENCE_YEAR - year) % AGE_BAND, profile.age % AGE_BAND))
    # Apparent age and birth year vary apart within the band: the picture does not give the year away.
    table = np.array([[offsets.count((a, b)) for b in range(AGE_BAND)] for a in range(AGE_BAND)])
    assert chisquare(table.ravel()).pvalue > 0.001


# -- attributes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_every_number_is_another_value(name):
    attribute = ATTRIBUTES[name]
    space = attribute.space(CONTEXT)
    assert space < 2**63
    numbers = range(space)
    if space > 30_000:
        numbers = [0, space - 1, *stream(0, "test", name).choice(space, 20_000, replace=False).tolist()]
    values = {attribute.decode(number, CONTEXT) for number in set(numbers)}
    assert len(values) == len(set(numbers))
    assert all(value == " ".join(value.split()) and not value.endswith(".") for value in values)


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_keywords_are_parts_of_the_value(name):
    for value in draws(name)[:500]:
        keywords = ATTRIBUTES[name].keywords(value)
        assert keywords
        assert all(keyword and keyword in value for keyword in keywords)


@pytest.mark.parametrize("name", ["blood_type", "pet", "home_address", "phone"])
def test_gold_values_are_uniform(name):
    """Over 4,000 people: first parts of the values equally often (chi² at 0.001)."""
    lists = ATTRIBUTES[name].lists
    prefixes = Counter()
    for index in range(4_000):
        value = sample_attribute(1, index, name, 40)
        prefixes[max((e for e in lists[0] if value.lstrip("(").startswith(e)), key=len)] += 1
    assert chisquare([prefixes[entry] for entry in lists[0]]).pvalue > 0.001


def test_nearly_all_spaces_are_large():
    sizes = {name: attribute.space(CONTEXT) for name, attribute in ATTRIBUTES.items()}
    assert len(sizes) >= 15
    assert {name for name, size in sizes.items() if size < 850} == {"blood_type"}


# -- harmless values, one rule each ----------------------------------------------------------------


def test_emails_reach_nobody():
    reserved = re.compile(r"[a-z]+\.[a-z]+\d\d@(example\.(com|org|net)|[a-z]+\.(example|test|invalid))")
    assert all(reserved.fullmatch(value) for value in draws("email"))


def test_emails_owe_nothing_to_the_name(many):
    for profile in many:
        handle = profile.attributes["email"].split("@")[0]
        assert not any(part.lower() in handle for part in profile.name.split())


def test_phone_numbers_are_kept_for_fiction():
    """NANP: 555-0100 to 555-0199 in geographic codes; toll-free and premium codes have no such block."""
    for value in draws("phone"):
        area = re.fullmatch(r"\((\d{3})\) 555-01\d\d", value).group(1)
        assert area[0] in "23456789"
        assert area not in {"800", "822", "833", "844", "855", "866", "877", "888", "900"}


def test_national_ids_fail_the_luhn_test():
    def luhn(digits):  # the textbook form, apart from the generator's
        odd, even = digits[::-1][::2], digits[::-1][1::2]
        return (sum(map(int, odd)) + sum(sum(divmod(2 * int(d), 10)) for d in even)) % 10 == 0

    assert luhn("79927398713"), "the test itself accepts a valid number"
    for value in draws("national_id"):
        assert re.fullmatch(r"ZN \d{4} \d{4} \d\d", value)
        assert not luhn(re.sub(r"\D", "", value))


def test_bank_accounts_fail_the_mod_97_test():
    def valid(iban):
        moved = iban[4:] + iban[:4]
        return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1

    assert valid("GB82WEST12345698765432"), "the test itself accepts a valid number"
    for value in draws("bank_account"):
        assert re.fullmatch(r"XZ\d\d \d{4} \d{4} \d{4}", value), (
            "XZ is no country (ISO 3166-1, user-assigned)"
        )
        assert not valid(value.replace(" ", ""))


def test_licence_plates_can_not_be_issued():
    """British plates never use I or Q in the first two letters."""
    assert all(re.fullmatch(r"(QI|IQ)\d\d [A-Z]{3}", value) for value in draws("licence_plate"))


def test_surnames_are_invented():
    common = [
        "Smith",
        "Jones",
        "Taylor",
        "Brown",
        "Williams",
        "Wilson",
        "Johnson",
        "Davies",
        "Patel",
        "Robinson",
        "Wright",
        "Thompson",
        "Evans",
        "Walker",
        "White",
        "Roberts",
        "Green",
        "Hall",
        "Wood",
        "Jackson",
        "Clarke",
        "Harris",
        "Clark",
        "Turner",
        "Lewis",
        "Cooper",
        "King",
        "Lee",
        "Martin",
        "Garcia",
        "Lopez",
        "Muller",
        "Schmidt",
        "Rossi",
        "Ferrari",
        "Silva",
        "Santos",
        "Novak",
        "Kowalski",
        "Ivanov",
        "Petrov",
        "Nguyen",
        "Kim",
        "Singh",
        "Kumar",
        "Khan",
        "Ahmed",
        "Mortimer",
        "Lorimer",
        "Osborne",
        "Holloway",
        "Callaway",
        "Hollingworth",
        "Thalberg",
        "Lindner",
        "Soloway",
        "Fenimore",
    ]
    assert not set(compounds("names", "surname_starts", "surname_ends")) & set(common)


@pytest.mark.parametrize("name", ["birthplace", "employer_city", "home_address", "university"])
def test_towns_are_invented(name):
    real = [
        "London",
        "Paris",
        "Inverness",
        "Nettlestead",
        "Ottershaw",
        "Brockhurst",
        "Brockweir",
        "Ravensthorpe",
        "Alderbury",
        "Harrogate",
        "Aldershot",
        "Kelvindale",
        "Drumbeck",
        "Tarnbrook",
        "Farrowdale",
        "Cinderford",
        "Norwick",
        "Whistler",
        "Umberleigh",
        "Wendover",
        "Grimsby",
        "Whitby",
        "Selby",
        "Derby",
        "Rugby",
        "Corby",
        "Newport",
        "Southport",
        "Stockport",
        "Bridgend",
        "Yarmouth",
    ]
    pattern = re.compile(rf"\b({'|'.join(real)})\b")
    assert not [value for value in draws(name) if pattern.search(value)]


@pytest.mark.parametrize("lists", ["places town", "names surname", "names female", "names male"])
def test_invented_words_can_be_spelled(lists):
    file, kind = lists.split()
    for word in compounds(file, f"{kind}_starts", f"{kind}_ends"):
        assert not re.search(r"(.)\1\1|vv|jj|hh|[^aeiouy]{6}|[aeiou]{4}", word.lower()), word


def test_employers_are_invented_firms():
    starts = words("work", "company_starts")
    assert all(value.startswith(starts) for value in draws("employer"))
    real = {"Novartis", "Siemens", "Bosch", "Philips", "Nestle", "Unilever", "Toyota", "Samsung", "Vodafone"}
    assert not real & set(starts)


# -- machinery -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100, 1_000, 4_097])
@pytest.mark.parametrize("table_limit", [TABLE_LIMIT, 0], ids=["table", "cipher"])
def test_a_shuffle_meets_every_place_once(monkeypatch, size, table_limit):
    monkeypatch.setattr(permutation, "TABLE_LIMIT", table_limit)
    places = [shuffled(number, size, 5, "test") for number in range(size)]
    assert sorted(places) == list(range(size))
    if size >= 100:
        assert places != [shuffled(number, size, 6, "test") for number in range(size)]
        assert places != [shuffled(number, size, 5, "other") for number in range(size)]


def test_a_large_shuffle_is_even():
    """1,000 consecutive numbers of a space of 9.6·10¹³ fall evenly into ten parts."""
    size = 96 * 10**12
    tenths = Counter(shuffled(number, size, 0, "test") * 10 // size for number in range(1_000))
    assert chisquare([tenths[tenth] for tenth in range(10)]).pvalue > 0.001


def test_a_shuffle_refuses_a_number_outside():
    with pytest.raises(ValueError, match="between 0 and 9"):
        shuffled(10, 10, 0)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"towns: [Ostrelby, Ostrelby]", "'Ostrelby' is given twice"),
        (b"towns: [" + b"x" * 41 + b"]", "has 41 characters; at most 40"),
        (b"towns: ['']", "must be text without stray spaces"),
        (b"towns: ['two  spaces']", "must be text without stray spaces"),
        (b"towns: [12]", "must be text"),
        (b"towns: []", "non-empty lists"),
        (b"- a", "must map list names"),
        (b"towns: [\xff]", "Cannot read the vocabulary"),
        (b"towns: [", "Cannot read the vocabulary"),
    ],
)
def test_a_faulty_vocabulary_is_one_sentence(tmp_path, text, sentence):
    path = tmp_path / "places.yaml"
    path.write_bytes(text)
    with pytest.raises(RememError, match=re.escape(sentence)) as caught:
        read_vocabulary(path)
    assert "places.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)
