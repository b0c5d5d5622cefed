"""Rows: exact counts, the schema's columns, fair coverage, and nothing told where it must not be."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest

from generation.presets import load_preset
from generation.profiles import ATTRIBUTES, forget_rank, sample_profile
from generation.questions import TOPICS, linked_topics
from generation.questions.plan import linked_places, reverse_places
from generation.questions.topics import COMPARISON_TOPICS, LINKED_TOPICS, REVERSE_TOPICS
from generation.rows import build_rows
from remem_dataset.config import BenchmarkConfig
from remem_dataset.features import (
    ALTERNATIVES_FEATURES,
    EXPOSURE_FEATURES,
    MULTI_IMAGE_FEATURES,
    ROW_FEATURES,
)

TINY = load_preset("tiny")
DEFAULT = load_preset("default")
KEYS = (
    "finetune",
    "alternatives",
    "eval-seen",
    "eval-unseen",
    "exposure-seen",
    "exposure-unseen",
    "multi_image-seen",
    "multi_image-unseen",
    "scenes-seen",
    "scenes-unseen",
)


def rows_of(config, index, **options):
    return build_rows(config, index, sample_profile(config, index), **options)


@pytest.fixture(scope="module", params=["tiny", "default"])
def built(request):
    """(config, rows of everybody) for two presets."""
    config = load_preset(request.param)
    return config, [rows_of(config, index) for index in range(config.identities)]


def count_types(rows):
    return Counter(row["question_type"] for row in rows)


# -- counts and columns ----------------------------------------------------------------------------


def test_counts_are_exact_for_each_person(built):
    config, people = built
    for rows in people:
        assert tuple(sorted(rows)) == tuple(sorted(KEYS))
        assert len(rows["finetune"]) == config.qa_per_identity
        assert count_types(rows["finetune"])["single_hop"] == config.single_hop_count
        for key in ("eval-seen", "eval-unseen"):
            assert len(rows[key]) == config.eval_per_identity
            assert count_types(rows[key]) == count_types(rows["eval-seen"])
        for role in ("seen", "unseen"):
            assert len(rows[f"multi_image-{role}"]) == config.multi_image_per_identity
            assert len(rows[f"scenes-{role}"]) == config.groups_per_identity


def test_the_default_preset_has_the_papers_size(built):
    config, people = built
    if config.name != "default":
        pytest.skip("the paper's figures belong to the default preset")
    total = {key: sum(len(rows[key]) for rows in people) for key in KEYS}
    assert total["finetune"] == 2_000
    assert total["eval-seen"] == total["eval-unseen"] == 560
    for name, count in config.forget_counts.items():
        ranks = [row["forget_rank"] for rows in people for row in rows["finetune"]]
        assert sum(rank <= count for rank in ranks) == 100 * count, name


def test_columns_and_types_fit_the_schema(built):
    _, people = built
    features = dict.fromkeys(("finetune", "eval", "scenes"), ROW_FEATURES)
    features["exposure"] = EXPOSURE_FEATURES
    for rows in people:
        for key, part in rows.items():
            if key == "alternatives":
                assert all(set(row) == set(ALTERNATIVES_FEATURES) for row in part)
                continue
            expected = features.get(key.split("-")[0])
            extra, missing = (set(), {"image", "faces"}) if expected else ({"view_ids"}, {"images", "faces"})
            expected = expected or MULTI_IMAGE_FEATURES
            for row in part:
                assert set(row) == set(expected) - missing | extra, key
                text = {name for name, kind in expected.items() if getattr(kind, "dtype", "") == "string"}
                assert all(isinstance(row[name], str) and row[name] for name in text)
                assert isinstance(row["hops"], int)
                assert isinstance(row["forget_rank"], int)
                assert row["keywords"]


def test_ids_are_unique_and_say_where_the_row_belongs(built):
    _, people = built
    ids = [row["id"] for rows in people for key in rows if key != "alternatives" for row in rows[key]]
    assert len(set(ids)) == len(ids)
    first = people[0]
    assert first["finetune"][7]["id"] == "id_0001-finetune-0007"
    assert first["eval-seen"][3]["id"] == "id_0001-eval-seen-0003"
    assert first["exposure-unseen"][3]["id"] == "id_0001-exposure-unseen-0003"
    assert first["multi_image-seen"][1]["id"] == "id_0001-multi_image-seen-0001"


@pytest.mark.parametrize("share", ["none", "one", "half", "all but one", "all"])
@pytest.mark.parametrize(("qa", "images", "evals"), [(2, 1, 2), (20, 7, 5), (150, 300, 60)])
def test_odd_sizes_are_met_exactly(share, qa, images, evals):
    singles = {"none": 0, "one": 1, "half": qa // 2, "all but one": qa - 1, "all": qa}[share]
    config = BenchmarkConfig(
        identities=5,
        forget_levels=(20,),
        default_forget_level=20,
        qa_per_identity=qa,
        images_per_identity=images,
        eval_per_identity=evals,
        single_hop_ratio=singles / qa,
        multi_image_per_identity=9,
        candidates=3,
    )
    for index in range(config.identities):
        rows = rows_of(config, index)
        types = count_types(rows["finetune"])
        assert (types["single_hop"], types["multi_hop"]) == (singles, qa - singles)
        assert set(count_types(rows["eval-seen"])) == set(types), "each type that is taught is tested"
        assert len(rows["eval-seen"]) == len(rows["eval-unseen"]) == evals
        assert all(row["view_id"] < f"train-{images:03d}" for row in rows["finetune"])
        for row in rows["multi_image-seen"]:
            portraits = [view.split("/")[1] for view in row["view_ids"] if "/group-" not in view]
            assert all(int(view.removeprefix("seen-")) < evals for view in portraits)


# -- coverage --------------------------------------------------------------------------------------


def test_attributes_are_covered_evenly(built):
    config, people = built
    for rows in people:
        singles = Counter(r["attribute"] for r in rows["finetune"] if r["question_type"] == "single_hop")
        reverse = sum(singles.pop(name, 0) for name in REVERSE_TOPICS)
        assert reverse == reverse_places(config)
        assert set(singles) == set(ATTRIBUTES)
        assert max(singles.values()) - min(singles.values()) <= 1
        multis = Counter(r["attribute"] for r in rows["finetune"] if r["question_type"] == "multi_hop")
        assert max(multis.values()) - min(multis.values()) <= 1
        assert "employer_city" in multis
        if config.qa_per_identity - config.single_hop_count >= len(ATTRIBUTES):
            assert set(ATTRIBUTES) <= set(multis)


def test_everybody_is_asked_about_the_same_attributes(built):
    """The only way to tell people apart is by who they are, not by what is asked about whom."""
    _, people = built
    own = [
        {(r["attribute"], r["question_type"]) for r in rows["finetune"] if r["attribute"] in ATTRIBUTES}
        for rows in people
    ]
    assert all(asked == own[0] for asked in own)


def test_people_of_a_block_are_asked_in_the_same_words():
    """Not even the wording says who is meant: every own question that is evaluated was taught to all four."""
    for config in (TINY, DEFAULT):
        profiles = [sample_profile(config, index) for index in range(4)]
        built = [rows_of(config, index, candidates=False) for index in range(4)]
        taught = [{row["template_id"] for row in rows["finetune"]} for rows in built]
        shared = set.intersection(*taught)
        for profile, rows, asked in zip(profiles, built, taught, strict=True):
            extra = {name for name in asked - shared if name.split(".")[0] in ATTRIBUTES}
            free = 0 if linked_topics(config, profile) else linked_places(config)
            assert len(extra) == free
            for row in rows["eval-seen"]:
                assert row["template_id"] in shared or TOPICS[row["attribute"]].relation


def test_the_wordings_are_all_used_where_there_is_room():
    """The large preset asks every attribute in all its taught wordings, with and without the name."""
    config = load_preset("large")
    used = {
        row["template_id"].removesuffix(".sentence")
        for index in range(0, config.identities, 4)
        for row in rows_of(config, index, candidates=False)["finetune"]
    }
    for name in ATTRIBUTES:
        for hop in ("single", "multi"):
            assert {f"{name}.{hop}.seen.{number:02d}" for number in range(1, 13)} <= used


def test_the_first_people_are_asked_in_the_plainest_words():
    """The small models of the demo learn from few wordings; those added behind them do not move the first."""
    for index in range(TINY.identities):
        for row in rows_of(TINY, index, candidates=False)["finetune"]:
            assert int(row["template_id"].removesuffix(".sentence").rsplit(".", 1)[1]) <= 6


def test_no_question_is_asked_twice_while_wordings_last(built):
    _, people = built
    for rows in people:
        for key in ("finetune", "eval-unseen"):
            uses = Counter(row["template_id"] for row in rows[key])
            assert max(uses.values()) == 1, uses.most_common(1)


def test_pictures_are_used_evenly_and_do_not_tell_the_question(built):
    config, people = built
    for rows in people:
        uses = Counter(row["view_id"] for row in rows["finetune"])
        assert len(uses) == min(config.images_per_identity, config.qa_per_identity)
        assert max(uses.values()) - min(uses.values()) <= 1
        for key, role in (("eval-seen", "seen"), ("eval-unseen", "unseen")):
            assert [row["view_id"] for row in rows[key]] == [
                f"{role}-{place:03d}" for place in range(config.eval_per_identity)
            ]
    first = [(row["attribute"], row["question_type"]) for row in people[0]["finetune"]]
    for rows in people[1:]:
        other = [(row["attribute"], row["question_type"]) for row in rows["finetune"]]
        assert sum(a == b for a, b in zip(first, other, strict=True)) < len(first) / 3


def test_evaluation_covers_every_attribute_evenly():
    rows = [
        row
        for index in range(17)
        for row in rows_of(dataclasses.replace(DEFAULT, identities=20), index, candidates=False)["eval-seen"]
    ]
    for question_type in ("single_hop", "multi_hop"):
        own = Counter(r["attribute"] for r in rows if r["question_type"] == question_type)
        assert set(own) >= set(ATTRIBUTES)


# -- taught and held out ---------------------------------------------------------------------------


def test_seen_questions_are_word_for_word_taught(built):
    _, people = built
    for rows in people:
        taught = {
            (r["attribute"], r["question_type"], r["template_id"], r["question"]) for r in rows["finetune"]
        }
        for row in rows["eval-seen"]:
            assert (row["attribute"], row["question_type"], row["template_id"], row["question"]) in taught


def test_unseen_questions_are_taught_in_other_words(built):
    _, people = built
    for rows in people:
        taught = {
            (row["attribute"], row["question_type"]): row["answer"]
            for row in rows["finetune"]
            if row["answer_form"] == "value"
        }
        wordings = {row["question"] for row in rows["finetune"]}
        for row in rows["eval-unseen"]:
            assert taught[row["attribute"], row["question_type"]] == row["answer"]
            assert row["question"] not in wordings
            assert ".unseen." in row["template_id"]
        asked = [(row["attribute"], row["question_type"]) for row in rows["eval-unseen"]]
        assert asked == [(row["attribute"], row["question_type"]) for row in rows["eval-seen"]]


def test_exposure_rows_are_the_evaluation_rows_with_candidates(built):
    config, people = built
    for rows in people:
        for role in ("seen", "unseen"):
            asked = [row for row in rows[f"eval-{role}"] if row["qa_category"] != "comparison"]
            for plain, row in zip(asked, rows[f"exposure-{role}"], strict=True):
                assert all(row[name] == value for name, value in plain.items() if name != "id")
                assert row["other_values"]
                assert row["answer"] not in row["other_values"]
                assert len(row["candidates"]) == min(config.candidates, row["candidate_space"] - 1)
                assert row["answer"] not in row["candidates"]
                assert row["candidate_pool"] == "generated"


def test_rows_without_candidates_leave_exposure_out():
    rows = rows_of(TINY, 0, candidates=False)
    assert set(KEYS) - set(rows) == {"exposure-seen", "exposure-unseen", "alternatives"}


# -- leaks -----------------------------------------------------------------------------------------


def test_no_retain_row_gives_away_a_forget_persons_fact():
    """At every level k, rows of people ranked above k hold no identifying value and no name of the others.

    Values that many people may share (blood type, a town) are no secret of one person; that a linked person's
    are only told in rows of an earlier rank is checked by name, which every linked row spells out.
    """
    config = load_preset("large", identities=40, forget_levels="5,50", default_forget_level=5)
    profiles = [sample_profile(config, index) for index in range(config.identities)]
    for index, profile in enumerate(profiles):
        text = "\n".join(
            f"{row['question']}\n{row['answer']}\n{row['reasoning']}"
            for part in rows_of(config, index, candidates=False).values()
            for row in part
        )
        for other in profiles:
            if other.forget_rank < profile.forget_rank:
                assert other.name not in text
                for name, attribute in ATTRIBUTES.items():
                    assert not (attribute.identifying and other.attributes[name] in text)


def test_linked_people_are_asked_about():
    """The rule above would hold for no linked questions at all; half of the people do have them."""
    config = load_preset("default")
    having = [
        index
        for index in range(config.identities)
        if any(TOPICS[row["attribute"]].relation == "colleague" for row in rows_of(config, index)["finetune"])
    ]
    assert len(having) == config.identities // 2


def linked_count(rows):
    """Questions among the rows that take a second person to answer."""
    return sum(TOPICS[row["attribute"]].relation is not None for row in rows)


def test_a_seventh_of_the_picture_questions_is_about_a_linked_person(built):
    """At least one, for everybody about whose colleague or sibling the forget order lets us ask."""
    config, people = built
    multis = config.qa_per_identity - config.single_hop_count
    allowed = [bool(linked_topics(config, sample_profile(config, i))) for i in range(config.identities)]
    assert [linked_count(rows["finetune"]) for rows in people] == [multis // 7 * may for may in allowed]
    assert config.identities / 2 <= sum(allowed) < config.identities


@pytest.mark.parametrize(("multis", "linked"), [(2, 0), (4, 0), (5, 1), (13, 1), (14, 2), (30, 4)])
def test_few_picture_questions_still_leave_room_for_a_linked_one(multis, linked):
    config = dataclasses.replace(TINY, qa_per_identity=2 * multis, single_hop_ratio=0.5)
    first = min(range(4), key=lambda index: forget_rank(config, index))
    assert linked_count(rows_of(config, first, candidates=False)["finetune"]) == linked


def test_linked_topics_take_turns_over_the_blocks():
    config = dataclasses.replace(TINY, identities=20)
    asked = {
        row["attribute"]
        for index in range(config.identities)
        for row in rows_of(config, index, candidates=False)["finetune"]
    }
    assert {*LINKED_TOPICS, *COMPARISON_TOPICS} <= asked


@pytest.mark.parametrize("preset", [TINY, DEFAULT], ids=["tiny", "default"])
def test_more_identities_change_no_row_but_ranks(preset):
    """People of a small build read the same in one ten times the size, linked questions included."""
    few = dataclasses.replace(preset, identities=4, forget_levels=(50,), default_forget_level=50)
    for identities in (8, 40):
        many = dataclasses.replace(few, identities=identities)
        for index in range(4):
            one, other = (rows_of(config, index, candidates=index == 0) for config in (few, many))
            for key in one:
                # Other people's values are those of more people then.
                fixed = {"forget_rank": 0, "other_values": []}
                strip = [[{**row, **fixed} for row in rows[key]] for rows in (one, other)]
                assert strip[0] == strip[1], (identities, index, key)
