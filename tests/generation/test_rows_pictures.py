"""Rows about several people in a picture and over several pictures: the right person, fairly asked."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter, defaultdict

import pytest

import generation.rows
from generation.multi_image import ORDINALS, shared_pairs
from generation.presets import load_preset
from generation.profiles import sample_profile
from generation.questions.places import REFERENTS, count_referents, is_placeable, place_wording
from generation.rows import build_rows
from generation.views.groupplan import plan_group
from generation.views.groups import sample_group
from generation.views.view import Figure
from remem_dataset.errors import RememError
from remem_dataset.raw import identity_name

TINY = load_preset("tiny")
DEFAULT = load_preset("default")


@pytest.fixture(autouse=True)
def fresh_groups():
    """No group picture that another test has changed."""
    generation.rows._groups.cache_clear()


def rows_of(config, index):
    return build_rows(config, index, sample_profile(config, index), candidates=False)


@pytest.fixture(scope="module", params=["tiny", "default"])
def built(request):
    """(config, rows of everybody) for two presets."""
    config = load_preset(request.param)
    return config, [rows_of(config, index) for index in range(config.identities)]


def asked_figure(config, index, role, view_id):
    group = sample_group(config, index, role, int(view_id.rsplit("-", 1)[1]))
    assert group.id == view_id
    return group.figures[group.asked]


# -- several people in one picture -----------------------------------------------------------------


def test_scene_rows_ask_about_the_asked_figure_by_its_place(built):
    config, people = built
    for index, rows in enumerate(people):
        profile = sample_profile(config, index)
        for role in ("seen", "unseen"):
            for number, row in enumerate(rows[f"scenes-{role}"]):
                assert row["id"] == f"{profile.identity_id}-scenes-{role}-{number:04d}"
                assert row["view_id"] == f"group-{role}-{number:03d}"
                figure = asked_figure(config, index, role, row["view_id"])
                assert figure.identity == index
                person = f"the person {figure.place}"
                assert row["question"].lower().count(person.lower()) == 1
                assert count_referents(row["question"]) == 0, "nobody else is referred to"
                assert person in row["cloze_prompt"]
                assert row["reasoning"].startswith(f"The person {figure.place} is {profile.name}. ")
                assert not any(part in row["question"] for part in profile.name.split())
                assert row["question_type"] == "multi_hop"
                assert f".multi.{role}." in row["template_id"]


def test_scene_rows_ask_what_was_taught_of_a_lone_picture(built):
    _, people = built
    for rows in people:
        taught = {
            row["attribute"]: (row["answer"], row["keywords"], row["hops"], row["qa_category"])
            for row in rows["finetune"]
            if row["question_type"] == "multi_hop" and row["answer_form"] == "value"
        }
        for role in ("seen", "unseen"):
            for row in rows[f"scenes-{role}"]:
                same = (row["answer"], row["keywords"], row["hops"], row["qa_category"])
                assert same == taught[row["attribute"]]
        asked = [[row["attribute"] for row in rows[f"scenes-{role}"]] for role in ("seen", "unseen")]
        assert asked[0] == asked[1]
        assert len(set(asked[0])) == len(asked[0])


def test_scenes_go_round_the_attributes():
    asked = Counter(row["attribute"] for index in range(20) for row in rows_of(DEFAULT, index)["scenes-seen"])
    assert len(asked) >= 15
    assert max(asked.values()) <= 3 * DEFAULT.groups_per_identity


def test_without_groups_there_are_neither_scenes_nor_shared_people():
    config = dataclasses.replace(TINY, groups_per_identity=0)
    rows = rows_of(config, 1)
    for role in ("seen", "unseen"):
        assert rows[f"scenes-{role}"] == []
        assert {row["attribute"] for row in rows[f"multi_image-{role}"]} == {"identity"}


def test_scenes_are_asked_even_where_no_picture_question_is_taught():
    rows = rows_of(dataclasses.replace(TINY, single_hop_ratio=1.0), 0)
    assert [row["question_type"] for row in rows["scenes-seen"]] == ["multi_hop"] * TINY.groups_per_identity


def test_a_picture_without_a_place_of_its_own_is_refused(monkeypatch):
    def two_on_the_left(*arguments):
        group = plan_group(*arguments)
        figures = tuple(dataclasses.replace(figure, place="on the left") for figure in group.figures)
        return dataclasses.replace(group, figures=figures)

    monkeypatch.setattr("generation.rows.plan_group", two_on_the_left)
    with pytest.raises(RememError, match="group-seen-000 of id_0001 has no place of its own"):
        rows_of(TINY, 0)


def test_a_picture_about_somebody_else_is_refused(monkeypatch):
    def wrong(config, index, role, number):
        return plan_group(config, index ^ 1, role, number)

    monkeypatch.setattr("generation.rows.plan_group", wrong)
    with pytest.raises(RememError, match="of id_0001 asks about id_0002"):
        rows_of(TINY, 0)


@pytest.mark.parametrize(
    ("wording", "place", "expected"),
    [
        ("What job does this person have?", "on the left", "What job does the person on the left have?"),
        (
            "The person in this photo has a sibling. Which town is it?",
            "in the green jacket",
            "The person in the green jacket has a sibling. Which town is it?",
        ),
        (
            "Tell me what the pictured person works as.",
            "on the ID badge",
            "Tell me what the person on the ID badge works as.",
        ),
    ],
)
def test_referents_become_places(wording, place, expected):
    assert is_placeable(wording)
    assert place_wording(wording, place) == expected


def test_genitives_are_not_placed():
    assert not is_placeable("Tell me this person's hobby.")
    assert not is_placeable("Name the companion of the pictured person's former colleague.")
    assert not is_placeable("What is the hobby?")
    assert count_referents("Tell me this person's hobby.") == 1
    assert all(is_placeable(f"Who is {referent}?") for referent in REFERENTS)


# -- several pictures ------------------------------------------------------------------------------


def which(rows, role):
    return [row for row in rows[f"multi_image-{role}"] if row["attribute"] == "identity"]


def test_one_of_the_pictures_shows_the_person(built):
    config, people = built
    for index, rows in enumerate(people):
        for role in ("seen", "unseen"):
            views = {f"{role}-{place:03d}" for place in range(config.eval_per_identity)}
            assert which(rows, role)
            for row in which(rows, role):
                owners, names = zip(*(view.split("/") for view in row["view_ids"]), strict=True)
                assert 2 <= len(owners) <= 4
                assert set(names) <= views
                assert len(set(owners)) == len(owners)
                position = ORDINALS.index(row["answer"])
                assert owners[position] == identity_name(index)
                assert names[position] == row["view_id"]
                for number, ordinal in enumerate(ORDINALS):
                    assert (ordinal in row["question"]) == (number < len(owners))
                assert row["keywords"] == [row["answer"].split()[-1]]


def test_no_place_and_no_wording_gives_the_picture_away():
    """Over three blocks of each number of pictures, every place is right as often as every other, to one."""
    config = load_preset("large", identities=72, forget_levels="25", default_forget_level=25)
    places = defaultdict(Counter)
    by_wording = defaultdict(set)
    for index in range(config.identities):
        rows = rows_of(config, index)
        for role in ("seen", "unseen"):
            for row in which(rows, role):
                size = len(row["view_ids"])
                places[role, size][row["answer"]] += 1
                by_wording[role, size, index // 4, row["template_id"]].add(row["answer"])
    assert {size for _, size in places} == {2, 3, 4}
    for (_, size), answers in places.items():
        assert len(answers) == size
        assert max(answers.values()) - min(answers.values()) <= 2, answers
    for (_, size, _, wording), answers in by_wording.items():
        assert len(answers) == size, f"in a block, {wording} is answered in every way"


def shown(config, view):
    """Everybody in a picture, and who is there in the flesh."""
    owner, name = view.split("/")
    index = int(owner.removeprefix("id_")) - 1
    if not name.startswith("group-"):
        return {index}, {index}
    _, role, number = name.split("-")
    figures = sample_group(config, index, role, int(number)).figures
    return {f.identity for f in figures}, {f.identity for f in figures if f.kind == "present"}


def test_exactly_one_person_is_in_both_pictures(built):
    config, people = built
    hard = 0
    for index, rows in enumerate(people):
        profile = sample_profile(config, index)
        for role in ("seen", "unseen"):
            asked = [r for r in rows[f"multi_image-{role}"] if r["attribute"] == "shared_identity"]
            for row in asked:
                (first, there), (second, too) = (shown(config, view) for view in row["view_ids"])
                assert first & second == {index}
                assert index in there & too
                assert row["answer"] == profile.name
                assert row["keywords"] == profile.name.split()
                assert row["view_id"] in {view.split("/")[1] for view in row["view_ids"]}
                assert len(set(row["view_ids"])) == 2
                hard += all("/group-" in view for view in row["view_ids"])
            assert len({frozenset(row["view_ids"]) for row in asked}) == len(asked), "no pair twice"
    assert hard or config.identities == 4


def test_pairs_share_nobody_else():
    profile = sample_profile(TINY, 0)
    base = sample_group(TINY, 0, "seen", 0)
    figure = next(f for f in base.figures if f.identity == 0)

    def group(number, *identities, kind="present"):
        figures = [dataclasses.replace(figure, identity=who, kind="present") for who in identities]
        figures[0] = dataclasses.replace(figures[0], kind=kind)
        return dataclasses.replace(base, id=f"group-seen-{number:03d}", figures=tuple(figures))

    assert isinstance(figure, Figure)
    badge = group(2, 0, 3, kind="badge")
    groups = {0: [group(0, 0, 1), group(1, 0, 1, 3), badge], 2: [group(0, 2, 0), group(1, 2, 3)]}
    assert shared_pairs(TINY, profile, "seen", groups) == [
        ("id_0001/group-seen-000", "id_0003/group-seen-000"),
        ("id_0001/group-seen-000", "id_0001/seen-000"),
        ("id_0001/group-seen-001", "id_0003/group-seen-000"),
        ("id_0001/group-seen-001", "id_0001/seen-001"),
        ("id_0003/group-seen-000", "id_0001/seen-002"),
    ]
    assert shared_pairs(TINY, profile, "seen", {0: [badge]}) == []


def test_the_last_person_alone_in_a_block_is_shown_beside_somebody():
    config = load_preset("tiny", identities=5, forget_levels="20", default_forget_level=20)
    for row in which(rows_of(config, 4), "seen"):
        owners = {view.split("/")[0] for view in row["view_ids"]}
        assert len(owners) >= 2
        assert owners <= {identity_name(number) for number in range(5)}


def test_two_people_are_enough():
    config = load_preset("tiny", identities=2, forget_levels="50", default_forget_level=50)
    for index in range(2):
        for row in which(rows_of(config, index), "seen"):
            assert len(row["view_ids"]) == 2
            assert not re.search("third|fourth", row["question"])
