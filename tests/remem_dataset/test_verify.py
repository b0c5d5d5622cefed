"""`remem verify`: an intact folder passes, and each kind of damage is told in one sentence with its place."""

from __future__ import annotations

import io
import json
import re
import shutil

import pytest
from PIL import Image

from generation.profiles import ATTRIBUTES
from remem_dataset.cli import app
from remem_dataset.errors import run_app
from remem_dataset.harmless import IDENTIFYING
from remem_dataset.verify import verify_folder
from tests.fakes.dataset import build_dataset, small_config
from tests.remem_dataset.damage import copy_of, edit_json, edit_rows, mend


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four people, with comparisons and a reverse question among what they are asked."""
    config = small_config(qa_per_identity=40, eval_per_identity=24, images_per_identity=40, candidates=7)
    return build_dataset(tmp_path_factory.mktemp("verify") / "remem", config)


@pytest.fixture
def damaged(folder, tmp_path):
    return copy_of(folder, tmp_path / "remem")


def sentences(root, **options) -> list[str]:
    problems, _ = verify_folder(root, **options)
    return problems.sentences()


def run(*arguments, capsys) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        run_app(app, "remem", ["verify", *map(str, arguments)])
    out, err = capsys.readouterr()
    return ended.value.code or 0, out, err


def test_an_intact_folder_passes(folder, capsys):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    code, out, err = run(folder, capsys=capsys)
    assert (code, err.strip()) == (0, "")
    assert "4 people" in out
    manifest = json.loads((folder / "remem.json").read_text())
    for name in ("all", "text", "pixels"):
        assert manifest["fingerprint"][name] in out.replace("\n", "")
    assert before == {path: path.stat().st_mtime_ns for path in folder.rglob("*")}, "nothing is written"


def test_without_pixels_the_text_is_still_checked(folder, damaged, capsys):
    code, out, _ = run(folder, "--no-pixels", capsys=capsys)
    assert code == 0
    assert "pixels not looked at" in out

    def blacken(rows):
        picture = Image.new("RGB", (32, 32))
        with io.BytesIO() as buffer:
            picture.save(buffer, "PNG")
            rows[3]["image"]["bytes"] = buffer.getvalue()

    manifest = json.loads((damaged / "remem.json").read_text())
    edit_rows(damaged, "eval/seen", blacken)
    mend(damaged)
    edit_json(damaged / "remem.json", lambda m: m.update(fingerprint=manifest["fingerprint"]))
    card = damaged / "README.md"
    card.write_text(
        re.sub(r"content [0-9a-f]{40}", f"content {manifest['fingerprint']['all']}", card.read_text())
    )
    assert sentences(damaged, pixels=False) == []
    assert any("fingerprint" in s and "(pixels)" in s for s in sentences(damaged))


def set_value(number, **values):
    def change(rows):
        rows[number].update(values)

    return change


def picture(size, kind="PNG"):
    buffer = io.BytesIO()
    Image.new("RGB", size).save(buffer, kind)
    return {"bytes": buffer.getvalue(), "path": "a.png"}


def first_where(rows, **wanted):
    return next(row for row in rows if all(row[name] == value for name, value in wanted.items()))


def wrong_value(rows):
    first_where(rows, attribute="pet", answer_form="value")["answer"] = "a grey goose named Kiwi"
    first_where(rows, answer="a grey goose named Kiwi")["keywords"] = ["goose"]


def leak(rows):
    """Somebody of a later rank tells the first person's telephone number."""
    rows[0]["reasoning"] += f" Or call {leak.phone}."


def shared_secret(rows):
    values = {entry["attribute"]: entry for entry in rows[0]["attributes"]}
    for entry in rows[2]["attributes"]:
        if entry["attribute"] == "email":
            entry["value"] = values["email"]["value"]


def untaught(rows):
    rows[0]["attribute"] = "shoe_size"


def question_told(rows):
    rows[1]["question"] = f"Is it {rows[1]['answer']}?"


def another_question(rows):
    rows[2]["question"] = "Whose is it?"


def gold_among(rows):
    rows[4]["candidates"] = [*rows[4]["candidates"][1:], rows[4]["answer"]]


def twice_among(rows):
    rows[4]["candidates"] = [*rows[4]["candidates"][1:], rows[4]["candidates"][1]]


def fewer(rows):
    rows[4]["candidates"] = rows[4]["candidates"][1:]


def same_id(rows):
    rows[5]["id"] = rows[6]["id"]


def other_hop(rows):
    row = first_where(rows, question_type="single_hop")
    row["question_type"], row["hops"] = "multi_hop", 2


def lost_face(rows):
    for face in rows[0]["faces"]:
        face["identity_id"] = "id_0004" if face["identity_id"] != "id_0004" else "id_0001"


def null_box(rows):
    rows[0]["faces"][0]["box"] = None


def null_fact(rows):
    rows[1]["attributes"][2]["value"] = None


def outside(rows):
    rows[0]["faces"][0]["box"] = [40, 40, 60, 60]


#: (file, change, what is said): the descriptions agree with the damage, so that the rule itself must see it.
DAMAGES = {
    "unknown person": (
        "eval/seen",
        set_value(0, identity_id="id_0009"),
        r"seen-.*row 0 .*'id_0009', who is not",
    ),
    "wrong rank": (
        "finetune/rest",
        set_value(3, forget_rank=1),
        r"rest-.*row 3 .*forget_rank 1, but the profile",
    ),
    "wrong value": ("finetune/rest", wrong_value, r"rest-.*answers 'a grey goose.*but the profile's pet is"),
    "leak": (
        "finetune/rest",
        leak,
        r"rest-.*row 0 .*tells the phone .* of id_0001, whom a smaller forget set",
    ),
    "shared secret": ("profiles/people", shared_secret, r"people-.*row 2 .*has the email .*that of id_0001"),
    "untaught": ("eval/seen", untaught, r"seen-.*row 0 .*asks shoe_size as .* which is never taught"),
    "answer told": ("finetune/rank1", question_told, r"rank1-.*row 1 .*its answer .* in its own question"),
    "other question": (
        "exposure/unseen",
        another_question,
        r"row 2 .*does not ask and answer the same as id_0",
    ),
    "no such refusal": (
        "alternatives/train",
        another_question,
        r"row 2 .*does not ask the same as the fine-tun",
    ),
    "gold candidate": ("exposure/seen", gold_among, r"row 4 .*its own answer .* among its candidates"),
    "candidate twice": ("exposure/seen", twice_among, r"row 4 .*a value twice among its candidates"),
    "few candidates": ("exposure/seen", fewer, r"row 4 .*has 6 candidates; of \d+ values, not 7"),
    "id twice": ("finetune/rest", same_id, r"rest-.*row 6 .*the id of an earlier row"),
    "share": (
        "finetune/rank1",
        other_hop,
        r"teaches 27 single-hop questions of 40 about id_0001; .*28 of 40",
    ),
    "hops": (
        "finetune/rank1",
        set_value(0, hops=7, question_type="single_hop"),
        r"row 0 .*single_hop with 7 hops",
    ),
    "held-out wording": (
        "finetune/rest",
        set_value(2, template_id="pet.single.unseen.01"),
        r"row 2 .*a \.seen\. one",
    ),
    "role": (
        "eval/unseen",
        set_value(2, split_role="seen"),
        r"row 2 .*split_role 'seen'; here it must be unseen",
    ),
    "keywords": ("eval/seen", set_value(2, keywords=["xylophone"]), r"row 2 .*keywords .*not in its answer"),
    "taught picture": (
        "eval/seen",
        set_value(2, view_id="train-000"),
        r"row 2 .*the picture train-000, which",
    ),
    "small picture": (
        "eval/seen",
        set_value(2, image=picture((30, 32))),
        r"row 2 .*PNG picture of 30×32; .*32×32",
    ),
    "JPEG": ("eval/seen", set_value(2, image=picture((32, 32), "JPEG")), r"row 2 .*a JPEG picture"),
    "broken picture": (
        "eval/seen",
        set_value(2, image={"bytes": b"\x89PNG", "path": "a"}),
        r"row 2 .*cannot be dec",
    ),
    "no face": ("eval/seen", lost_face, r"row 0 .*whose face is in none of its pictures"),
    "box": (
        "scenes/seen",
        outside,
        r"row 0 .*a face in the box \[40, 40, 60, 60\], which is not within 32×32",
    ),
    "null keyword": (
        "eval/seen",
        set_value(2, keywords=[None]),
        r"row 2 .*lacks a value within its keywords",
    ),
    "null face": ("scenes/seen", set_value(1, faces=[None]), r"row 1 .*lacks a value within its faces"),
    "null box": ("eval/unseen", null_box, r"row 0 .*lacks a value within its faces"),
    "null fact": ("profiles/people", null_fact, r"row 1 .*lacks a value within its attributes"),
    "null wrong answer": (
        "alternatives/train",
        set_value(4, wrong_answers=[None]),
        r"row 4 .*lacks a value within its wrong_answers",
    ),
    "no answer": ("eval/seen", set_value(2, answer=None), r"row 2 .*has no answer"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_row_is_told_with_its_place(damaged, damage):
    part, change, expected = DAMAGES[damage]
    if damage == "leak":
        profile = {}
        edit_rows(damaged, "profiles/people", lambda rows: profile.update(rows[0]))
        leak.phone = next(e["value"] for e in profile["attributes"] if e["attribute"] == "phone")
    edit_rows(damaged, part, change)
    mend(damaged)
    told = sentences(damaged)
    assert any(re.search(expected, sentence) for sentence in told), told
    assert not any("digest" in sentence or "fingerprint" in sentence for sentence in told), told


def truncate(folder):
    path = next(folder.glob("data/eval/seen-*"))
    path.write_bytes(path.read_bytes()[:-400])


def edit_by_hand(folder):
    edit_rows(folder, "finetune/rest", set_value(0, question="Who?"))


def drop_rows(folder):
    edit_rows(folder, "eval/unseen", lambda rows: rows[:-1])
    mend(folder)


def lose_file(folder):
    next(folder.glob("data/scenes/unseen-*")).unlink()


def add_file(folder):
    path = next(folder.glob("data/scenes/unseen-*"))
    shutil.copy(path, path.with_name("other.parquet"))


def drop_column(folder):
    import pyarrow.parquet as pq

    path = next(folder.glob("data/eval/seen-*"))
    pq.write_table(pq.read_table(path).drop_columns(["keywords"]), path)


def edit_card(folder):
    path = folder / "README.md"
    path.write_text(path.read_text().replace("finetune/rank1-", "finetune/rest-", 1))


def spoil_card(folder):
    (folder / "README.md").write_text("# ReMem\n")


def misdate_card(folder):
    path = folder / "README.md"
    path.write_text(path.read_text().replace("---\n", "---\nadded: 2024-13-45\n", 1))


def other_registration(folder):
    path = folder / "eval.yaml"
    path.write_text(path.read_text().replace("remem_forget", "remem_other"))


def spoil_croissant(folder):
    edit_json(folder / "croissant.json", lambda value: value["distribution"][0].update(sha256="0" * 64))


def climb(folder):
    edit_json(folder / "remem.json", lambda m: m["files"].update({"../../../etc/passwd": "0"}))


def other_default(folder):
    edit_json(folder / "remem.json", lambda m: m.update(default_forget="forget50"))


FILES = {
    truncate: r"seen-.*\.parquet is no whole Parquet file",
    edit_by_hand: r"rest-.*is not the file that was packed: its digest",
    drop_rows: r"95 rows in eval/unseen; by its config, 96",
    lose_file: r"scenes/unseen-.* is missing, though remem\.json lists it",
    add_file: r"other\.parquet is not listed in remem\.json",
    drop_column: r"seen-.* has the column 'keywords' as nothing; it must be list",
    edit_card: r"README\.md does not list the files of the config finetune",
    misdate_card: r"README\.md does not begin with YAML",
    spoil_card: r"README\.md does not begin with YAML",
    other_registration: r"eval\.yaml does not list the tasks",
    spoil_croissant: r"croissant\.json states another SHA-256 of data/",
    climb: r"lists '\.\./\.\./\.\./etc/passwd', which names no data file",
    other_default: r"says default_forget = 'forget50'; by its config it is 'forget25'",
}


@pytest.mark.parametrize("change", FILES, ids=lambda change: change.__name__)
def test_a_damaged_file_is_told_by_name(damaged, change):
    change(damaged)
    told = sentences(damaged)
    assert any(re.search(FILES[change], sentence) for sentence in told), told


def test_a_file_of_another_seed_is_seen(folder, tmp_path, damaged):
    config = small_config(
        qa_per_identity=40, eval_per_identity=24, images_per_identity=40, candidates=7, seed=5
    )
    other = build_dataset(tmp_path / "other", config)
    path = next(damaged.glob("data/eval/seen-*"))
    shutil.copy(next(other.glob("data/eval/seen-*")), path)
    told = sentences(damaged)
    assert any("is not the file that was packed" in sentence for sentence in told)
    mend(damaged)
    told = sentences(damaged)
    assert any(re.search(r"seen-.*row \d+ .*but the profile's", sentence) for sentence in told), told


def test_many_faults_of_a_kind_are_one_sentence(damaged, capsys):
    edit_rows(
        damaged, "eval/seen", lambda rows: [row.update(keywords=["xylophone"]) for row in rows] and None
    )
    mend(damaged)
    code, _, err = run(damaged, capsys=capsys)
    assert code == 2
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert sum("keywords" in line for line in lines) == 1
    assert "So it is in 95 more places." in err


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "There is no manifest"),
        ("[]", "must hold a JSON object"),
        ("{", "cannot be read"),
        ('{"a": ' * 100_000, "cannot be read"),
        ('{"schema_version": "9.0"}', "has schema version '9.0'; this code verifies"),
        ('{"schema_version": "1.2"}', "has no mapping 'config'"),
        (
            '{"schema_version": "1.2", "config": {}, "files": {}, "fingerprint": {}, "counts": {"eval": 3}}',
            "must map each config in 'counts' to its splits",
        ),
    ],
)
def test_a_folder_without_a_manifest_that_can_be_read(damaged, content, sentence, capsys):
    path = damaged / "remem.json"
    path.unlink() if content is None else path.write_text(content)
    code, _, err = run(damaged, capsys=capsys)
    assert code == 2
    assert sentence in err
    assert len(err.strip().splitlines()) == 1


def test_a_built_folder_cannot_call_itself_adopted(damaged):
    edit_rows(damaged, "eval/seen", set_value(2, keywords=["xylophone"]))
    mend(damaged)
    edit_json(damaged / "remem.json", lambda manifest: manifest.update(adopted={}))
    assert any("keywords" in sentence for sentence in sentences(damaged))


def test_no_folder(tmp_path, capsys):
    code, _, err = run(tmp_path / "nothing", capsys=capsys)
    assert (code, "There is no dataset folder" in err) == (2, True)


def test_what_identifies_is_known_to_both_sides():
    assert {name for name, attribute in ATTRIBUTES.items() if attribute.identifying} == IDENTIFYING
