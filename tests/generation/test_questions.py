"""The wordings: clean English for every profile, and faults in a template named by file and line."""

from __future__ import annotations

import re
import shutil
from datetime import datetime

import pytest

from generation.presets import load_preset
from generation.profiles import sample_profile
from generation.questions import TOPICS, QuestionLibrary, possessive, question_library
from generation.questions.library import QUESTIONS, sample_variables
from generation.questions.lint import lint
from generation.questions.topics import (
    COMPARISON_TOPICS,
    LINKED_TOPICS,
    REVERSE_TOPICS,
    linked_topics,
)
from generation.rows import build_rows
from remem_dataset.errors import RememError

LIBRARY = question_library()
BLOCKS = [
    (topic, hop)
    for topic in [*TOPICS, "multi_image", "both_images"]
    for hop in (TOPICS[topic].hops_asked if topic in TOPICS else ("multi",))
]


def wordings_of(topic, hop, role):
    variables = sample_variables(topic)
    return LIBRARY.wordings(
        topic, hop, role, {**variables, **({"name": "Mira Solane"} if "name" in variables else {})}
    )


@pytest.fixture(scope="module")
def texts():
    """(profile, row) for everything ever asked about 50 people, each wording of each topic at least once."""
    config = load_preset(
        "large", identities=200, qa_per_identity=460, single_hop_ratio=0.5, eval_per_identity=110
    )
    found = []
    for index in range(50):
        profile = sample_profile(config, index)
        rows = build_rows(config, index, profile, candidates=False)
        found += [(profile, row) for part in rows.values() for row in part]
    return found


def test_every_wording_is_rendered_for_fifty_people(texts):
    asked = {row["template_id"].removesuffix(".sentence") for _, row in texts}
    for topic, hop in BLOCKS:
        for role in ("seen", "unseen"):
            for number in range(LIBRARY.count(topic, hop, role)):
                assert f"{topic}.{hop}.{role}.{number + 1:02d}" in asked


def test_the_english_is_clean(texts):
    for _, row in texts:
        for column in ("question", "cloze_prompt", "reasoning"):
            text = row[column]
            assert text == " ".join(text.split()), "no double spaces, no line breaks, no spaces at the ends"
            assert not re.search(r"\{|\}|None|Undefined| [,.?]|\.\.|''", text), text
        assert row["question"].endswith(("?", "."))
        assert row["question"][0].isupper()
        assert row["reasoning"].endswith(".")
        assert row["cloze_prompt"].endswith(" is")
        assert not re.search(r"\ba [aeiouAEIOU]\w+", row["question"]), "an before a vowel"


def test_no_answer_stands_in_its_own_question(texts):
    for _, row in texts:
        if row["attribute"] in ("identity", "age_comparison"):
            continue  # a choice: the question names all answers
        for column in ("question", "cloze_prompt"):
            assert row["answer"].lower() not in row[column].lower(), row["id"]
            assert not any(f" {keyword} " in row[column] for keyword in row["keywords"]), row["id"]


def test_the_reasoning_ends_in_the_answer(texts):
    for profile, row in texts:
        if row["attribute"] == "identity":
            assert row["reasoning"].startswith(row["answer"].capitalize())
            continue
        if row["answer_form"] == "value":
            assert row["answer"] in row["reasoning"]
        else:
            assert all(keyword in row["reasoning"] for keyword in row["keywords"])
        if row["attribute"] == "shared_identity":
            continue
        introduced = re.match(rf"The person [a-zA-Z -]+ is {profile.name}\. ", row["reasoning"])
        assert bool(introduced) == (row["question_type"] == "multi_hop")


def test_single_hop_names_the_person_and_multi_hop_does_not(texts):
    for profile, row in texts:
        if row["attribute"] == "identity":
            assert profile.name in row["question"]
        elif row["attribute"] in REVERSE_TOPICS:
            assert profile.attributes[TOPICS[row["attribute"]].attribute] in row["question"]
            assert profile.name not in row["question"] + row["cloze_prompt"]
            assert (row["question_type"], row["hops"], row["qa_category"]) == ("single_hop", 1, "reverse")
        elif row["question_type"] == "single_hop":
            assert profile.name in row["question"]
            assert profile.name in row["cloze_prompt"]
            assert row["hops"] == 1
        else:
            assert not any(part in row["question"] + row["cloze_prompt"] for part in profile.name.split())
            shown = (
                r"\b(image|pictures?|photos?|this person|shown|pictured|see here|the person (in|on|second))\b"
            )
            assert re.search(shown, row["question"], re.IGNORECASE)
            if row["attribute"] != "shared_identity":
                assert row["hops"] == TOPICS[row["attribute"]].image_hops


def test_three_hop_reasoning_goes_through_the_link(texts):
    config = load_preset("large")
    for profile, row in texts:
        topic = LINKED_TOPICS.get(row["attribute"])
        if topic is not None:
            other = sample_profile(config, profile.links[topic.relation])
            assert other.name in row["reasoning"]
            value = other.attributes[topic.attribute]
            assert row["answer"] in (value, f"{row['cloze_prompt']} {value}.")
        elif row["attribute"] == "employer_city":
            assert profile.attributes["employer"] in row["reasoning"]


@pytest.mark.parametrize(("topic", "hop"), BLOCKS)
def test_no_wording_is_shared_by_seen_and_unseen(topic, hop):
    seen, unseen = (
        {re.sub(r"\W+", " ", w).lower() for w in wordings_of(topic, hop, role)} for role in ("seen", "unseen")
    )
    assert len(seen) >= 12
    assert len(unseen) >= 6
    assert not seen & unseen


@pytest.mark.parametrize(("topic", "hop"), BLOCKS)
def test_no_wording_presupposes_a_gender(topic, hop):
    gendered = re.compile(
        r"\b(s?he|h(is|ers?|im)(self)?|(wo)?m[ae]n|m(r|rs|s)|husband|wife|brother|sister|lady|gentleman)\b"
    )
    for role in ("seen", "unseen"):
        for wording in wordings_of(topic, hop, role):
            assert not gendered.search(wording.lower()), wording


def test_no_question_means_two_attributes():
    """The same words must not ask for two things, or a model could not know which is wanted."""
    owners: dict[str, str] = {}
    for topic, hop in BLOCKS:
        for role in ("seen", "unseen"):
            for wording in wordings_of(topic, hop, role):
                assert owners.setdefault(wording, topic) == topic, wording


def test_linked_topics_never_look_up_the_forget_order():
    """Only people who enter the forget set no earlier are asked about (see `linked_topics`)."""
    config = load_preset("large")
    asked = 0
    for index in range(config.identities):
        profile = sample_profile(config, index)
        for topic in linked_topics(config, profile):
            other = sample_profile(config, profile.links[topic.relation])
            assert other.forget_rank > profile.forget_rank
            asked += 1
    assert asked == config.identities * (len(LINKED_TOPICS) + len(COMPARISON_TOPICS)) // 2


def test_the_comparison_names_who_was_born_first(texts):
    """Birth dates as they are told, compared as dates; each of the two is often enough the answer."""
    config = load_preset("large")
    answers = []
    for profile, row in texts:
        if row["attribute"] != "age_comparison" or row["answer_form"] != "value":
            continue
        other = sample_profile(config, profile.links["colleague"])
        own, theirs = (
            datetime.strptime(person.attributes["birth_date"], "%d %B %Y") for person in (profile, other)
        )
        assert row["answer"] == ("the person in the image" if own < theirs else other.name)
        assert other.name in row["question"]
        assert (row["question_type"], row["hops"], row["qa_category"]) == ("multi_hop", 3, "comparison")
        assert row["keywords"] == (["the person in the image"] if own < theirs else other.name.split())
        answers.append(own < theirs)
    assert 0.25 < sum(answers) / len(answers) < 0.75


def test_a_sentence_is_asked_for_and_holds_the_value(texts):
    requests = LIBRARY.shared("sentence_requests")
    forms = {"value": 0, "sentence": 0}
    for _, row in texts:
        forms[row["answer_form"]] += 1
        wanted = any(row["question"].endswith(f" {request}") for request in requests)
        assert wanted == (row["answer_form"] == "sentence") == row["template_id"].endswith(".sentence")
        if wanted:
            assert row["answer"].startswith(f"{row['cloze_prompt']} ")
            assert row["answer"].endswith(".")
            assert all(keyword in row["answer"] for keyword in row["keywords"])
    assert min(forms.values()) > 1_000


def test_possessives():
    assert possessive("Mira Solane") == "Mira Solane's"
    assert possessive("Iris Tavus") == "Iris Tavus's"


# -- faults ----------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    """A copy of the templates to damage."""
    return shutil.copytree(QUESTIONS, tmp_path / "questions")


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def fault_of(folder):
    with pytest.raises(RememError) as caught:
        lint(QuestionLibrary(folder))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_unknown_variable_is_named_with_file_and_line(folder):
    edit(folder / "pet.j2", "Which pet lives with {{ name }}", "Which pet lives with {{ nmae }}")
    assert re.search(r"pet\.j2, line 3: unknown variable 'nmae'; the variables are name,", fault_of(folder))


def test_an_unknown_attribute_is_named_with_file_and_line(folder):
    edit(folder / "employer_city.j2", "{{ attributes.employer }}.", "{{ attributes.boss }}.")
    lines = (folder / "employer_city.j2").read_text(encoding="utf-8").splitlines()
    line = 1 + next(place for place, text in enumerate(lines) if "boss" in text)
    library, profile = QuestionLibrary(folder), sample_profile(load_preset("tiny"), 0)
    variables = {"name": profile.name, "attributes": profile.attributes, "value": "x"}
    with pytest.raises(RememError, match=rf"employer_city\.j2, line {line}: .*boss"):
        library.text("employer_city", "reasoning", variables)


def test_a_variable_without_a_value_here_is_named_with_file_and_line(folder):
    edit(folder / "pet.j2", "What pet does {{ name }} have?", "What pet does {{ other }} have?")
    assert re.search(r"pet\.j2, line 2: 'other' is undefined", fault_of(folder))


def test_templates_can_not_reach_python(folder):
    edit(folder / "pet.j2", "What pet does {{ name }}", "What pet does {{ name.__class__.__mro__ }}")
    assert re.search(r"pet\.j2, line 2: .*__class__.* unsafe", fault_of(folder))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("{% endblock %}", "", r"pet\.j2, line \d+: "),
        ("{% block cloze %}", "{% block klose %}", r"pet\.j2 has no block 'cloze'"),
        ("What pet does {{ name }} have?", "What pet  does {{ name }} have?", "no double spaces"),
        ("What pet does {{ name }} have?", "What pet does {{ name }} have", r"end with '\?' or '\.'"),
        ("What pet does {{ name }} have?", "what pet does {{ name }} have?", "begin with a capital"),
        ("What pet does {{ name }} have?", "Name the animal companion of {{ name }}.", "given twice"),
        ("Name the animal companion of {{ name }}.\n", "", "single_unseen has 5 wordings; at least 6"),
        ("{% block single_seen %}", "{% block single_sene %}", "has no block 'single_seen'"),
        ("What pet does the person in the image have?", "What pet is it?", "must refer to the person once"),
        (
            "What pet does the person in the image",
            "What pet does that person",
            "must refer to the person once",
        ),
    ],
)
def test_lint_names_the_fault(folder, old, new, sentence):
    edit(folder / "pet.j2", old, new)
    assert re.search(sentence, fault_of(folder))


def test_enough_wordings_must_suit_a_picture_of_several_people(folder):
    text = (folder / "pet.j2").read_text(encoding="utf-8")
    start = text.index("{% block multi_seen %}")
    before, block = text[:start], text[start:]
    block = re.sub(
        r"the person (in the image|in the picture|shown here)|this person", "this person's cat", block
    )
    (folder / "pet.j2").write_text(before + block, encoding="utf-8")
    assert "block multi_seen has 0 wordings without a genitive" in fault_of(folder)


def test_a_file_that_is_not_utf8_is_named(folder):
    (folder / "pet.j2").write_bytes(b"{% block cloze %}\xff{% endblock %}")
    assert "pet.j2 is not UTF-8 text (byte 17)" in fault_of(folder)


def test_files_and_attributes_must_match(folder):
    (folder / "pet.j2").rename(folder / "pets.j2")
    assert "pet.j2 is missing" in fault_of(folder)
    (folder / "pet.j2").write_text((folder / "pets.j2").read_text())
    assert "pets.j2 belongs to no attribute" in fault_of(folder)


def test_a_linked_topic_has_no_single_hop_blocks(folder):
    with (folder / "colleague_pet.j2").open("a") as file:
        file.write("{% block single_seen %}What?{% endblock %}")
    assert "drop its single blocks" in fault_of(folder)
