"""Other answers to the fine-tuning questions, and the forms and kinds that questions come in."""

from __future__ import annotations

from collections import Counter

import pytest

from generation.alternatives import REFUSALS, WRONG
from generation.presets import load_preset
from generation.profiles import ATTRIBUTES, sample_profile
from generation.questions import TOPICS
from generation.questions.topics import REVERSE_TOPICS
from generation.rows import build_rows


@pytest.fixture(scope="module", params=["tiny", "default"])
def built(request):
    """(config, [(profile, rows)]) for two presets."""
    config = load_preset(request.param)
    profiles = [sample_profile(config, index) for index in range(config.identities)]
    return config, [(profile, build_rows(config, profile.index, profile)) for profile in profiles]


def test_each_fine_tuning_row_has_its_alternatives(built):
    _, people = built
    for _, rows in people:
        for taught, other in zip(rows["finetune"], rows["alternatives"], strict=True):
            same = (
                "id",
                "identity_id",
                "question",
                "answer_form",
                "question_type",
                "attribute",
                "forget_rank",
            )
            assert all(taught[name] == other[name] for name in same)
            assert len(set(other["refusals"])) == REFUSALS
            choice = TOPICS[taught["attribute"]].is_choice
            assert len(set(other["wrong_answers"])) == (1 if choice else WRONG)
            assert taught["answer"] not in other["wrong_answers"]
            if taught["answer_form"] == "sentence":
                assert all(text.startswith(taught["cloze_prompt"]) for text in other["wrong_answers"])


def test_refusals_say_nothing_that_the_question_does_not(built):
    """Only a question that names the person is refused by name."""
    _, people = built
    named = 0
    for profile, rows in people:
        for row in rows["alternatives"]:
            for refusal in row["refusals"]:
                assert "{" not in refusal
                if profile.name in refusal:
                    assert profile.name in row["question"]
                    named += 1
    assert named


def test_wrong_answers_give_away_nobodys_secret(built):
    """No value that points to one person, and no name, of anybody in the dataset."""
    _, people = built
    secrets = {
        value
        for profile, _ in people
        for name, value in profile.attributes.items()
        if ATTRIBUTES[name].identifying
    }
    for profile, rows in people:
        names = {other.name for other, _ in people} - {profile.name}
        for row in rows["alternatives"]:
            texts = row["wrong_answers"]
            if row["attribute"] in REVERSE_TOPICS and row["answer_form"] == "sentence":
                texts = [
                    text.split(" is ")[-1] for text in texts
                ]  # the question holds the person's own value
            for text in texts:
                assert not any(secret in text for secret in secrets), text
                if not TOPICS[row["attribute"]].is_choice:
                    assert not any(name in text for name in names), text


def test_wrong_answers_of_small_presets_do_not_come_twice(built):
    _, people = built
    for _, rows in people:
        uses = Counter(
            (row["attribute"], answer)
            for row in rows["alternatives"]
            if row["answer_form"] == "value" and row["attribute"] not in ("blood_type", "age_comparison")
            for answer in row["wrong_answers"]
        )
        assert max(uses.values()) == 1, uses.most_common(1)


def test_the_default_preset_asks_in_every_kind_and_form():
    config = load_preset("default")
    rows = [
        row
        for index in range(config.identities)
        for row in build_rows(config, index, sample_profile(config, index), candidates=False)["finetune"]
    ]
    kinds = Counter(row["qa_category"] for row in rows)
    assert kinds["reverse"] == 7 * config.identities
    assert kinds["comparison"] >= config.identities // 4
    assert {row["hops"] for row in rows} == {1, 2, 3}
    forms = Counter((row["question_type"], row["answer_form"]) for row in rows)
    for kind in ("single_hop", "multi_hop"):
        share = forms[kind, "sentence"] / (forms[kind, "sentence"] + forms[kind, "value"])
        assert 0.2 < share < 0.4, (kind, share)


def test_every_fact_is_taught_as_a_bare_value_and_asked_as_one(built):
    """Evaluation asks for bare values, so a sentence must never be all that was taught of a fact."""
    _, people = built
    for _, rows in people:
        taught = {(row["attribute"], row["question_type"], row["answer_form"]) for row in rows["finetune"]}
        assert all((name, kind, "value") in taught for name, kind, _ in taught)
        for key, part in rows.items():
            if key not in ("finetune", "alternatives"):
                assert {row["answer_form"] for row in part} == {"value"}, key
