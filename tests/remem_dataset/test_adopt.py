"""`remem adopt` over folders in the published layout, which are made from small datasets of ours."""

from __future__ import annotations

import copy
import json
import re
import sys
from collections import Counter
from pathlib import Path

import pytest
from datasets import load_dataset
from datasets.utils.logging import disable_progress_bar, enable_progress_bar

from remem_dataset import cli
from remem_dataset.adopt import adopt_dataset
from remem_dataset.adopt.rows import _complete
from remem_dataset.errors import RememError
from remem_dataset.features import EXPOSURE_FEATURES, FEATURES
from remem_dataset.fingerprint import read_parquet_rows
from remem_dataset.schema import SPLITS
from remem_dataset.source import open_source
from tests.fakes.dataset import build_dataset, small_config
from tests.fakes.published import published_row, published_rows, write_published

SHAPES = ("parquet", "configs", "json", "jsonl", "saved")


@pytest.fixture(scope="module", autouse=True)
def _quiet():
    disable_progress_bar()
    yield
    enable_progress_bar()


@pytest.fixture(scope="module")
def twenty(tmp_path_factory) -> Path:
    """A dataset of the paper's twenty people and four forget sets, with few questions each."""
    levels = {"forget_levels": (5, 10, 15, 20), "default_forget_level": 10}
    config = small_config(identities=20, qa_per_identity=10, images_per_identity=2, **levels)
    return build_dataset(tmp_path_factory.mktemp("twenty") / "remem", config)


@pytest.fixture(scope="module")
def truth(twenty):
    """Published split -> rows with the columns that the authors do not publish."""
    return published_rows(twenty, forget=4)


@pytest.fixture(scope="module")
def adopted(truth, tmp_path_factory) -> Path:
    """The twenty people, published and adopted."""
    folder = tmp_path_factory.mktemp("adopted")
    write_published(folder / "published", published(truth), "parquet", license="mit")
    adopt_dataset(str(folder / "published"), folder / "remem")
    return folder / "remem"


@pytest.fixture
def four(tiny_dataset):
    """Published rows of four people, to be spoilt."""
    return copy.deepcopy(published(published_rows(tiny_dataset)))


def published(splits, path=None):
    return {name: [published_row(row, path) for row in rows] for name, rows in splits.items()}


def all_rows(folder: Path, pattern: str):
    return [row for file in sorted((folder / "data").glob(pattern)) for row in read_parquet_rows(file)]


def assert_people_are_true(folder: Path, truth, path=lambda row: published_row(row)["image_path"]) -> Counter:
    """Every row's person is one true person, and the other way round; returns rows of each."""
    owner = {
        (row["question"], row["answer"], path(row), row["split_role"]): row["identity_id"]
        for rows in truth.values()
        for row in rows
    }
    pairs = Counter()
    for pattern in ("finetune/*", "eval/*"):
        for row in all_rows(folder, pattern):
            key = row["question"], row["answer"], row["view_id"], row["split_role"]
            pairs[row["identity_id"], owner[key]] += 1
    assert len({ours for ours, _ in pairs}) == len({true for _, true in pairs}) == len(pairs)
    return Counter({ours: count for (ours, _), count in pairs.items()})


def test_the_people_found_are_the_true_ones(adopted, truth, twenty):
    counts = assert_people_are_true(adopted, truth)
    assert len(counts) == 20
    assert sum(counts.values()) == sum(len(truth[split]) for split in ("finetune", "retain", "test"))
    names = {row["identity_id"]: row["name"] for row in all_rows(twenty, "profiles/*")}
    people = all_rows(adopted, "profiles/*")
    assert {row["name"] for row in people} == set(names.values())
    assert [row["forget_rank"] for row in people] == list(range(1, 21))
    forgotten = {row["forget_rank"]: row["identity_id"] for row in truth["forget4"]}
    assert [row["name"] for row in people[:4]] == [names[forgotten[rank]] for rank in (1, 2, 3, 4)]
    report = json.loads((adopted / "adoption.json").read_text())
    assert report["conflicts"] == report["unknown"] == []
    assert report["found_by"]["finetune"]["forget split"] == len(truth["forget4"])
    assert report["found_by"]["retain"]["unknown"] == 0


def test_the_splits_load_and_have_the_published_sizes(adopted, truth):
    assert len(load_dataset(str(adopted), split="train")) == len(truth["finetune"])
    for level, percent in enumerate(("05", "10", "15", "20"), 1):
        splits = load_dataset(str(adopted), f"forget{percent}")
        forget = {row["question"] + row["answer"] for row in truth[f"forget{level}"]}
        assert {row["question"] + row["answer"] for row in splits["forget"]} == forget
        assert len(splits["forget"]) == len(truth[f"forget{level}"])
        assert len(splits["retain"]) == len(truth["finetune"]) - len(truth[f"forget{level}"])
    seen = load_dataset(str(adopted), "eval")["seen"]
    assert len(seen) == len(truth["retain"])
    assert seen[0]["image"].size == (32, 32)
    source = open_source(adopted)
    assert source.manifest["default_forget"] == "forget10"
    assert source.configs == [name for name in SPLITS if name in ("finetune", "eval", "exposure", "profiles")]
    for config in [*source.configs, *source.manifest["forget_levels"]]:
        splits = source.load(config)
        assert {split: len(rows) for split, rows in splits.items()} == source.manifest["counts"][config]
        assert splits[next(iter(splits))].features == FEATURES.get(config, FEATURES["finetune"])


def test_every_row_keeps_what_was_published(adopted, truth):
    kept = ("question", "answer", "keywords", "question_type", "qa_category", "attribute", "cloze_prompt")

    def contents(rows):
        return Counter(
            json.dumps([[row[name] for name in kept], row["image"]["bytes"].hex()]) for row in rows
        )

    assert contents(all_rows(adopted, "finetune/*")) == contents(truth["finetune"])
    assert contents(all_rows(adopted, "eval/unseen*")) == contents(truth["test"])
    for row in all_rows(adopted, "eval/*"):
        assert row["hops"] == (1 if row["question_type"] == "single_hop" else 2)
        sentence = row["attribute"] not in row["answer"] and row["answer"].endswith(".")
        assert row["answer_form"] == ("sentence" if sentence else "value")


def test_candidates_are_what_the_question_gets_for_others(adopted, truth):
    answers: dict[str, set[str]] = {}
    for row in truth["finetune"] + truth["retain"] + truth["test"]:
        answers.setdefault(row["attribute"], set()).add(row["answer"])
    rows = all_rows(adopted, "exposure/*")
    report = json.loads((adopted / "adoption.json").read_text())
    assert len(rows) == len(truth["retain"]) + len(truth["test"]) - sum(report["no_exposure"].values())
    assert report["most_candidates"] == 19
    for row in rows:
        assert len(row["candidates"]) >= 2
        assert row["candidate_pool"] == "other_identities"
        assert row["candidate_space"] == len(row["candidates"]) + 1
        assert len({text.lower() for text in [row["answer"], *row["candidates"]]}) == row["candidate_space"]
        if row["answer_form"] == "value":
            assert set(row["candidates"]) < answers[row["attribute"]]
        else:  # the same sentence about somebody else's value
            assert all(text.split()[:2] == row["answer"].split()[:2] for text in row["candidates"])


def test_card_and_report_say_whose_data_it_is_and_what_is_doubtful(adopted):
    card = (adopted / "README.md").read_text(encoding="utf-8")
    assert "license: mit" in card
    assert "`published`" in card
    assert str(adopted.parent) not in card + (adopted / "adoption.json").read_text()
    assert "log2(20)" in card
    assert "generated" not in card.split("What is not as in a generated ReMem dataset")[0]


def test_every_usual_shape_of_a_folder_gives_the_same_dataset(four, tmp_path):
    fingerprints = set()
    for shape in SHAPES:
        write_published(tmp_path / shape, four, shape)
        adopt_dataset(str(tmp_path / shape), tmp_path / f"{shape}-out")
        fingerprints.add(open_source(tmp_path / f"{shape}-out").fingerprint)
    assert len(fingerprints) == 1
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_people_are_told_by_answers_where_paths_tell_nothing(tiny_dataset, tmp_path):
    truth = published_rows(tiny_dataset)
    # Forget splits have paths of their own, too.
    splits = {
        split: [published_row(row, f"{split}/{number:05d}.png") for number, row in enumerate(rows)]
        for split, rows in truth.items()
    }
    write_published(tmp_path / "published", splits)
    report = adopt_dataset(str(tmp_path / "published"), tmp_path / "out")
    assert report["found_by"]["retain"]["answer"] == report["found_by"]["test"]["answer"] == 4
    assert report["unknown"] == report["conflicts"] == []

    def key(row):
        return row["question"], row["answer"], row["split_role"]

    true = {key(row): row["identity_id"] for rows in truth.values() for row in rows}
    ours = [row for pattern in ("finetune/*", "eval/*") for row in all_rows(tmp_path / "out", pattern)]
    assert len(ours) == 112
    assert len({(row["identity_id"], true[key(row)]) for row in ours}) == 4


def test_rows_of_nobody_known_are_dropped_counted_and_limited(truth, tmp_path):
    splits = {split: published(truth)[split] for split in ("finetune", "retain", "test")}
    for split, rows in splits.items():
        for number, row in enumerate(rows):
            row["image_path"] = f"{number}.png"
            # Bytes behind the end of a PNG: a picture of its own for every row, since pictures would tell.
            row["image"] = {"bytes": row["image"]["bytes"] + f"{split}{number}".encode(), "path": None}
            if row["question_type"] == "multi_hop":
                row["answer"], row["keywords"] = "no idea", []
    for level in range(1, 5):
        pairs = zip(splits["finetune"], truth["finetune"], strict=True)
        splits[f"forget{level}"] = [row for row, true in pairs if true["forget_rank"] <= level]
    write_published(tmp_path / "published", splits)
    with pytest.raises(
        RememError, match=r"The person of \d+ of the \d+ rows is unknown, the first is row \d+ of"
    ):
        adopt_dataset(str(tmp_path / "published"), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["published"]
    report = adopt_dataset(str(tmp_path / "published"), tmp_path / "out", max_unknown=0.5)
    asked = [row for split in ("finetune", "retain", "test") for row in splits[split]]
    lost = [row for row in asked if row["answer"] == "no idea" and row not in splits["forget4"]]
    assert len(report["unknown"]) == len(lost) > 0
    assert all(row["answer"] == "no idea" for row in report["unknown"])
    counts = open_source(tmp_path / "out").manifest["counts"]
    assert counts["eval"]["seen"] == sum(row["answer"] != "no idea" for row in splits["retain"])
    assert counts["forget05"]["forget"] == len(splits["forget1"])
    assert any("have no keywords" in doubt for doubt in report["doubts"])


def find(rows, **wanted):
    return next(k for k, row in enumerate(rows) if all(row[name] == value for name, value in wanted.items()))


def test_signs_that_disagree_are_reported_with_file_and_row(four, tmp_path, tiny_dataset):
    names = {row["identity_id"]: row["name"] for row in all_rows(tiny_dataset, "profiles/*")}
    order = {row["forget_rank"]: row["identity_id"] for row in all_rows(tiny_dataset, "profiles/*")}
    first, third, fourth = (names[order[rank]] for rank in (1, 3, 4))

    def single_row_of(split, name):
        return next(
            k for k, row in enumerate(four[split]) if name in row["question"] and name in row["cloze_prompt"]
        )

    # 1: a row of a forget split that names somebody else; 2: a question that names two people;
    # 3: a picture of somebody else.
    changed = single_row_of("finetune", first)
    same = {split: find(four[split], **four["finetune"][changed]) for split in ("forget1", "forget2")}
    for split, number in {"finetune": changed, **same}.items():
        row = four[split][number]
        four[split][number] = {name: _renamed(value, first, third) for name, value in row.items()}
    both = single_row_of("retain", third)
    four["retain"][both]["question"] += f" Not that of {fourth}."
    wrong = single_row_of("test", fourth)
    four["test"][wrong]["image_path"] = four["test"][single_row_of("test", third)]["image_path"]
    write_published(tmp_path / "published", four, "jsonl")
    report = adopt_dataset(str(tmp_path / "published"), tmp_path / "out")
    found = {(c["split"], c["row"]): c for c in report["conflicts"]}
    assert set(found) == {("finetune", changed + 1), ("retain", both + 1), ("test", wrong + 1)}
    assert found["finetune", changed + 1]["file"] == "finetune.jsonl"
    assert found["finetune", changed + 1]["conflict"] == f"the name {third} and the forget splits disagree"
    assert found["finetune", changed + 1]["decision"] == f"taken as {first} by forget split"
    assert found["retain", both + 1]["conflict"] == f"the question names {third} and {fourth}"
    assert found["test", wrong + 1]["conflict"].endswith(f"says {third}")
    assert found["test", wrong + 1]["decision"] == f"taken as {fourth} by name"


def _renamed(value, old, new):
    return value.replace(old, new) if isinstance(value, str) else value


def call(monkeypatch, *arguments) -> int:
    monkeypatch.setattr(sys, "argv", ["remem", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return caught.value.code or 0


def test_the_command_prints_what_it_found(four, tmp_path, monkeypatch, capsys):
    write_published(tmp_path / "published", four)
    assert call(monkeypatch, "adopt", tmp_path / "published", tmp_path / "out") == 0
    said = capsys.readouterr().out
    assert "4 people, 0 conflicts." in said
    assert "How the person of each row was found" in said
    assert call(monkeypatch, "adopt", tmp_path / "published", tmp_path / "out") == 2
    assert "exists already" in capsys.readouterr().err


def no_column(splits, folder):
    for row in splits["test"]:
        del row["attribute"]


def odd_type(splits, folder):
    splits["retain"][2]["question_type"] = "three_hop"


def not_nested(splits, folder):
    splits["forget2"] = [row for row in splits["forget2"] if row not in splits["forget1"][3:]]


def nobody_new(splits, folder):
    splits["forget2"] = splits["forget1"]


def strange_forget(splits, folder):
    splits["forget1"] = splits["forget1"][:5] + splits["test"]


def no_picture(splits, folder):
    splits["finetune"][4]["image_path"] = ""


def escaping(splits, folder):
    splits["finetune"][4]["image_path"] = "../../etc/passwd"


def absolute(splits, folder):
    splits["finetune"][4]["image_path"] = "/etc/passwd"


def empty_answer(splits, folder):
    splits["finetune"][0]["answer"] = " "


def no_split(splits, folder):
    del splits["retain"]


def no_forget(splits, folder):
    del splits["forget1"], splits["forget2"]


def empty_split(splits, folder):
    splits["test"] = []


def bad_keywords(splits, folder):
    splits["test"][0]["keywords"] = {"a": 1}


def half_a_character(splits, folder):
    splits["test"][1]["answer"] = "x \ud800"


SPOILT = [
    (half_a_character, r"Row 2 of test\.json has half a character in the column answer"),
    (no_column, r"Row 1 of test\.json has no column attribute; the published columns are image, question"),
    (
        odd_type,
        r"Row 3 of retain\.json has the question_type 'three_hop'; it must be single_hop or multi_hop",
    ),
    (not_nested, r"forget2 lacks 17 rows of forget1, the first is row \d+ of finetune\.json"),
    (nobody_new, "forget2 adds no row to forget1"),
    (
        strange_forget,
        r"16 of the 21 rows of forget1 are not in finetune, the first is row 6 of forget1\.json",
    ),
    (no_picture, r"Row 5 of finetune\.json has no picture"),
    (escaping, r"Row 5 of finetune\.json names the picture \.\./\.\./etc/passwd, which leads out of"),
    (absolute, r"Row 5 of finetune\.json names the picture /etc/passwd, which leads out of"),
    (empty_answer, r"Row 1 of finetune\.json has '' in the column answer|Row 1 of finetune\.json has ' '"),
    (no_split, "has no split retain"),
    (no_forget, "has no split forget1"),
    (empty_split, "The split test of .* has no row"),
    (bad_keywords, r"Row 1 of test\.json has keywords that are no list of texts"),
]


def refused(monkeypatch, capsys, folder: Path, out: Path, *options) -> str:
    """Adopt what must be refused; the one sentence. Nothing may be left behind."""
    before = sorted(path.name for path in folder.parent.iterdir())
    assert call(monkeypatch, "adopt", folder, out, *options) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert len(said.err.splitlines()) == 1
    assert sorted(path.name for path in folder.parent.iterdir()) == before
    return said.err


@pytest.mark.parametrize(("spoil", "said"), SPOILT, ids=[spoil.__name__ for spoil, _ in SPOILT])
def test_a_spoilt_layout_is_one_sentence(four, tmp_path, monkeypatch, capsys, spoil, said):
    good = copy.deepcopy(four)
    spoil(four, tmp_path)
    folder = write_published(tmp_path / "published", good, "json")
    for split in good:
        file = folder / f"{split}.json"
        rows = [
            {name: value for name, value in row.items() if name != "image"} for row in four.get(split, [])
        ]
        file.write_text(json.dumps(rows)) if split in four else file.unlink()
    assert re.search(said, refused(monkeypatch, capsys, folder, tmp_path / "out"))


def test_unreadable_files_are_one_sentence(four, tmp_path, monkeypatch, capsys):
    folder, out = tmp_path / "published", tmp_path / "out"

    def error(*options):
        return refused(monkeypatch, capsys, folder, out, *options)

    write_published(folder, four, "json")
    (folder / "test.json").write_bytes(b'[{"question": "\xff"}]')
    assert "test.json is not UTF-8 text (byte 15)" in error()
    (folder / "test.json").write_text('{"question": 1}\n{broken\n')
    assert "Line 2 of" in error()
    write_published(folder, four, "json")
    picture = folder / four["finetune"][0]["image_path"]
    picture.write_bytes(picture.read_bytes()[:60])
    assert f"The picture {four['finetune'][0]['image_path']} (Row" in error()
    picture.unlink()
    assert "which is not under" in error()
    (tmp_path / "elsewhere.png").write_bytes(four["finetune"][0]["image"]["bytes"])
    picture.symlink_to(tmp_path / "elsewhere.png")
    assert "a link that leads out of" in error()
    write_published(folder, four, "parquet")
    (folder / "data" / "test-00000-of-00001.parquet").write_bytes(b"PAR1")
    assert "Cannot read" in error()
    write_published(folder, four, "configs")
    card = (folder / "README.md").read_text()
    (folder / "README.md").write_text(card.replace("c0/*.parquet", "../c0/*.parquet"))
    assert "leads out of the folder" in error()


def test_the_wrong_source_is_one_sentence(tiny_dataset, four, tmp_path, monkeypatch, capsys):
    folder = write_published(tmp_path / "published", four)

    def error(source, *options):
        assert call(monkeypatch, "adopt", source, tmp_path / "out", *options) == 2
        return capsys.readouterr().err

    assert "is a ReMem dataset of this project already" in error(tiny_dataset)
    assert "has no revision" in error(folder, "--revision", "main")
    assert "neither a folder here nor a reachable Hub repository" in error("nowhere")
    assert "neither a folder here nor a reachable Hub repository" in error("nobody/nothing")
    assert "it must lie in [0, 1)" in error(folder, "--max-unknown", "2")
    assert call(monkeypatch, "adopt", folder, folder / "out") == 2
    assert "lies inside" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["published"]


def test_a_hub_repository_is_read_from_its_snapshot(four, tmp_path):
    """Offline, from a cache laid out as huggingface_hub does it: files are links to blobs."""
    from huggingface_hub.constants import HF_HUB_CACHE

    commit = "0123456789abcdef0123456789abcdef01234567"
    repo = Path(HF_HUB_CACHE) / "datasets--paper--remem"
    written = write_published(tmp_path / "published", four, "json")
    for number, file in enumerate(sorted(path for path in written.rglob("*") if path.is_file())):
        blob = repo / "blobs" / f"{number:040x}"
        blob.parent.mkdir(parents=True, exist_ok=True)
        file.rename(blob)
        link = repo / "snapshots" / commit / file.relative_to(written)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)
    (repo / "refs").mkdir()
    (repo / "refs" / "v1").write_text(commit)
    adopt_dataset("paper/remem", tmp_path / "out", revision="v1")
    adopted = open_source(tmp_path / "out").manifest["adopted"]
    assert adopted == {"source": "paper/remem", "revision": commit, "license": "cc-by-4.0"}


def test_a_column_that_the_adapter_does_not_know_is_a_failure():
    with pytest.raises(RuntimeError, match="does not fill the columns of this schema: brand_new"):
        _complete(
            {**dict.fromkeys(EXPOSURE_FEATURES), "brand_new": None}, dict.fromkeys(EXPOSURE_FEATURES, "")
        )


def test_the_tasks_score_it(adopted, tmp_path, monkeypatch):
    from lm_eval.tasks._index import TaskIndex

    from harness_tasks.cli import main
    from harness_tasks.install import lm_eval_folder
    from tests.fakes.models import save_tiny_llava

    find_files, skipped = TaskIndex._iter_yaml_files, lm_eval_folder()
    # Not lm_eval's own 10,000 task files, which take most of a run's time.
    quick = staticmethod(lambda root: iter(()) if root == skipped else find_files(root))
    monkeypatch.setattr(TaskIndex, "_iter_yaml_files", quick)
    model = save_tiny_llava(tmp_path / "model")
    names = ["remem_forget_text_qa", "remem_retain_unseen_multi_exposure"]
    options = ["--model_args", f"pretrained={model}", "--device", "cpu", "--limit", "2"]
    data = ["--tasks", ",".join(names), "--metadata", f"dataset={adopted},forget=forget05"]
    main([*options, *data, "--output_path", str(tmp_path / "results")])
    (file,) = (tmp_path / "results").glob("*/results_*.json")
    results = json.loads(file.read_text())
    assert set(results["results"]) == set(names)
    assert results["remem"]["forget"] == "forget05"
    rows = [json.loads(row) for row in (file.parent / results["remem"]["rows_file"]).read_text().splitlines()]
    assert {row["forget_rank"] for row in rows if row["task"] == names[0]} == {1}
    assert all(2 <= row["n"] <= 19 for row in rows if row["task"] == names[1])


def test_an_adopted_folder_is_verified_by_the_rules_that_hold_for_it(four, tmp_path, monkeypatch, capsys):
    write_published(tmp_path / "published", four)
    out = tmp_path / "out"
    adopt_dataset(str(tmp_path / "published"), out)
    assert call(monkeypatch, "verify", out) == 0
    assert "is whole: 4 people" in " ".join(capsys.readouterr().out.split())
    assert call(monkeypatch, "verify", out, "--no-pixels") == 0
    capsys.readouterr()

    def faults():
        assert call(monkeypatch, "verify", out) == 2
        return capsys.readouterr().err

    manifest = (out / "remem.json").read_text()
    (out / "remem.json").write_text(manifest.replace('"seen": 16', '"seen": 17'))
    assert "other numbers of rows" in faults()
    (out / "remem.json").write_text(manifest.replace('"text": "', '"text": "0'))
    assert "have the fingerprint" in faults()
    (out / "remem.json").write_text(manifest)
    (out / "data" / "eval" / "more.parquet").write_bytes(b"")
    assert "is not listed in" in faults()
    (out / "data" / "eval" / "more.parquet").unlink()
    profiles, seen = "data/profiles/people-00000-of-00001.parquet", "data/eval/seen-00000-of-00001.parquet"
    whole = (out / seen).read_bytes()
    (out / seen).write_bytes((out / profiles).read_bytes())
    said = faults()
    assert f"{seen} is not the file that" in said
    assert "has the column" in said
    (out / seen).unlink()
    assert "is missing, though" in faults()
    (out / seen).write_bytes(whole)
    (out / "README.md").write_text("# Nothing")
    assert "does not state the fingerprint" in faults()
