"""How people are found in texts and paths that `remem adopt` reads."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from remem_dataset.adopt.evidence import path_keys
from remem_dataset.adopt.identities import identify
from remem_dataset.adopt.layout import split_name
from remem_dataset.adopt.names import NameFinder, find_names, uneven_names
from remem_dataset.adopt.pictures import Picture
from remem_dataset.adopt.reading import PaperRow
from remem_dataset.adopt.rows import _Pool, _swap, answer_form

TEMPLATES = {
    "national_id": "What is the National ID of {}?",
    "phone": "Which number reaches {}?",
    "job": "What is {}'s job?",
    "town": "Where does {} live?",
}
NAMES = [
    "Anna Maria Lopez",
    "Rosa Maria Lopez",
    "Jean de la Tour",
    "Mary-Ann O'Neil",
    "Will Smith",
    "John F. Smith",
    "Élodie Ångström",
]


def row(question, answer="x", attribute="a", *, split="finetune", hops=1, path="", picture="", keywords=()):
    number = abs(hash((question, answer, split, path))) % 10_000
    return PaperRow(
        split=split,
        file=f"{split}.json",
        number=number,
        question=question,
        answer=answer,
        keywords=tuple(keywords) or (answer,),
        has_keywords=bool(keywords),
        hops=hops,
        category="",
        attribute=attribute,
        cloze="",
        image_path=path,
        picture=Picture(picture or f"{question}{answer}{split}", Path(), ".png", 1),
    )


def questions(names=NAMES, split="finetune"):
    return [
        row(text.format(name), f"{attribute} of {number}", attribute, split=split)
        for number, name in enumerate(names)
        for attribute, text in TEMPLATES.items()
    ]


def test_names_of_every_form_are_found_and_nothing_else():
    assert sorted(find_names(questions())) == sorted(NAMES)


def test_words_that_belong_to_one_attribute_are_no_name():
    rows = [
        row(f"Does the {place} own the Red House?", attribute="pet") for place in ("Old Mill", "New Inn") * 5
    ]
    assert "Red House" not in find_names(questions() + rows)


def test_a_known_name_is_found_whole_and_by_a_word_of_its_own():
    finder = NameFinder(NAMES)
    assert finder.names_in("Is Rosa Maria Lopez older than Jean de la Tour's aunt?") == [NAMES[1], NAMES[2]]
    assert finder.names_in("Will Smithson came") == []
    assert finder.parts_in("What is Rosa's job?") == ["Rosa Maria Lopez"]
    assert finder.parts_in("What is Lopez's job?") == []  # two people have it


def test_names_with_too_few_or_too_many_rows_stand_out():
    assert uneven_names(Counter({"A B": 10, "C D": 11, "E F": 3, "G H": 40})) == ["E F", "G H"]


def test_keys_of_paths():
    keys = path_keys("train/id_07/id_07-004.png")
    assert keys[0] == ("file", "id", "07")
    assert ("folder", "id_07") in keys
    assert path_keys("") == []


def test_names_of_splits():
    names = [
        "finetune",
        "Fine-Tuning",
        "forget1",
        "forget_05",
        "retain",
        "test",
        "train",
        "forget",
        "retained",
    ]
    assert [split_name(name) for name in names] == [
        "finetune",
        "finetune",
        "forget1",
        "forget5",
        "retain",
        "test",
        None,
        None,
        None,
    ]


def splits_of(finetune, forget, retain=None, test=None):
    def moved(rows, split):
        return [
            row(
                r.question,
                r.answer,
                r.attribute,
                hops=r.hops,
                split=split,
                picture=r.picture.digest,
                path=r.image_path,
            )
            for r in rows
        ]

    splits = {
        "finetune": finetune,
        "retain": retain or questions(split="retain"),
        "test": test or questions(split="test"),
    }
    return {**splits, **{f"forget{k}": moved(rows, f"forget{k}") for k, rows in enumerate(forget, 1)}}


def test_a_forget_split_of_two_people_and_rows_told_by_picture_and_folder():
    own = questions()
    shown = [
        row("Which job has this person?", "unheard of", "job", hops=2, path="a/Rosa_Maria_Lopez/1.png"),
        row("Which job has this person?", "of nobody", "job", hops=2, picture=own[-1].picture.digest),
        row("Which job has this person?", "job of 4", "job", hops=2),
        row("Which job has this person?", "unknowable", "job", hops=2),
    ]
    who = identify(splits_of(own + shown, [own[:8]]))
    assert who.forget_sizes == {"forget1": 2}
    assert [person.name for person in who.people[:2]] == NAMES[:2]
    told = [who.found.get(r, (None, "unknown")) for r in shown]
    assert [way for _, way in told] == ["unknown", "same picture", "answer", "unknown"]
    assert told[1][0].name == NAMES[-1]
    assert told[2][0].name == "Will Smith"
    # The folder is of somebody in the forget set, but her forget split lacks the row.
    assert [(c.row, c.kind, c.decision) for c in who.conflicts] == [
        (shown[0], "the image path says Rosa Maria Lopez", "dropped")
    ]


def test_an_answer_tells_nobody_where_others_may_give_it_too():
    own = questions()
    shown = [row("Where does this person live?", "town of 4", "town", hops=2)]
    lacking = [r for r in own if r.attribute != "town" or r.answer == "town of 4"]
    for rows, way in ((own, "answer"), (lacking, "unknown")):
        forget = [r for r in rows if NAMES[0] in r.question]
        evaluated = {split: [r for r in rows if r is not shown[0]] for split in ("retain", "test")}
        assert identify(splits_of(rows + shown, [forget], **evaluated)).way(shown[0]) == way


def test_a_person_whom_no_question_names():
    own = questions()
    shown = [row(f"Which {word} has this person?", word, word, hops=2) for word in ("car", "pet", "hat")]
    who = identify(splits_of(own + shown, [shown]))
    assert who.people[0].name == ""
    assert {who.found[r] for r in shown} == {(who.people[0], "forget split")}
    assert len(who.people) == len(NAMES) + 1


def test_sentences_and_their_candidates():
    rows = [
        row("Who?", f"{name} works as a {job} in town.", "job", keywords=[job])
        for name, job in zip(NAMES[:3], ("baker", "smith", "miller"), strict=True)
    ]
    who = identify(splits_of(questions() + rows, [questions()[:4]]))
    people = {person.name: person for person in who.people}
    for name, r in zip(NAMES[:3], rows, strict=True):
        who.found[r] = people[name], "name"
    pool = _Pool(who, Counter())
    assert answer_form(rows[0], NAMES[0]) == "sentence"
    assert pool.candidates(rows[0], people[NAMES[0]], "sentence") == [
        f"{NAMES[0]} works as a {job} in town." for job in ("smith", "miller")
    ]
    assert (
        answer_form(row("Q", "12 Elm Lane, Norwick", keywords=["12 Elm Lane", "Norwick"]), "A B") == "value"
    )
    assert answer_form(row("Whose is it?", "Will Smith"), "Will Smith") == "value"


def test_values_are_exchanged_wherever_they_stand_in_the_sentence():
    own = row("Q", "A smith in Elm.", keywords=["Elm", "smith"])
    assert _swap(own, ("Oak", "baker")) == "A baker in Oak."
    assert _swap(own, ("Oak",)) == _swap(row("Q", "A smith.", keywords=["Elm"]), ("Oak",)) == ""
    assert _swap(row("Q", "smithy", keywords=["smith", "mit"]), ("a", "b")) == ""


def test_nothing_true_of_the_person_is_a_candidate():
    values = ["A-", "A-", "B+", "0-"]
    rows = [row(f"Which blood type has {name}?", v, "blood") for name, v in zip(NAMES, values, strict=False)]
    extra = row(f"Which blood type had {NAMES[0]} before?", "0-", "blood")
    who = identify(splits_of([*questions(), *rows, extra], [questions()[:4]]))
    many: Counter[str] = Counter()
    pool = _Pool(who, many)
    assert pool.candidates(rows[0], who.found[rows[0]][0], "value") == ["B+"]
    assert sorted(pool.candidates(rows[2], who.found[rows[2]][0], "value")) == ["0-", "A-"]
    assert many == {"blood": 1}
