"""The leaderboard as a function of a folder of submissions, hostile ones among them."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from remem_dataset import cli
from remem_dataset.errors import RememError
from remem_dataset.leaderboard import build
from remem_dataset.leaderboard.build import collect
from remem_dataset.leaderboard.figures import Z
from remem_dataset.leaderboard.packing import ALPHABET, packed, script_json
from remem_dataset.leaderboard.site import build_site, render_page
from remem_dataset.results.headline import forget_facts
from tests.fakes.submissions import SAMPLES, Population, made_up_versions, write_samples

from .submissions import FORGOTTEN, LEARNT, UNTAUGHT, changed, document, moved, write_folder


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Submissions of every kind: "good", "poor" (forgot nothing), "failed", "missing", "old" version."""
    folder = tmp_path_factory.mktemp("results")
    options = {
        "good": {},
        "poor": {"model": LEARNT},
        "failed": {"vanilla": UNTAUGHT},
        "missing": {"vanilla": None},
        "old": {"tag": "v0.9.0"},
    }
    return {
        name: document(folder / name, **{"model": FORGOTTEN, "name": f"org/{name}", **more})
        for name, more in options.items()
    }


def test_only_what_passed_on_the_current_version_is_ranked(made, tmp_path):
    board = collect(write_folder(tmp_path, *made.values()))
    assert [entry.model for entry in board.ranked] == ["org/good", "org/poor"]
    assert {entry.model: why for entry, why in board.apart} == {
        "org/failed": "the base model had not memorised, so there was nothing to forget",
        "org/missing": "no run of the base model, so nobody knows whether it had memorised",
        "org/old": "measured on v0.9.0; the current version is v1.0.0",
    }
    assert board.refused == ()
    assert not board.samples


def test_figures_are_those_of_the_headline(made, tmp_path):
    (entry,) = collect(write_folder(tmp_path, made["good"])).ranked
    headline, figures = made["good"]["headline"], entry.figures
    assert figures.score.value == pytest.approx(headline["percent"])
    assert figures.erasure.value == pytest.approx(100 * headline["erasure"])
    assert figures.retention.value == pytest.approx(100 * headline["retention"])
    assert list(figures.ways) == forget_facts()
    assert figures.erasure.value == pytest.approx(100 - max(way.value for way in figures.ways.values()))
    assert figures.leakage == figures.ways["remem_forget_text_exposure"]
    assert figures.unseen.value >= figures.erasure.value
    tasks = made["good"]["runs"]["unlearned"]["tasks"]
    worst = max(figures.ways, key=lambda task: figures.ways[task].value)
    metrics = tasks[worst]["metrics"]
    width = metrics["exposure_ceiling"][0] - metrics["exposure_null_mean"][0]
    assert figures.erasure.half == pytest.approx(100 * Z * metrics["exposure"][1] / width)


def test_the_newest_of_model_method_level_and_version_is_shown(made, tmp_path):
    older, newer = moved(made["good"], 3), moved(made["poor"], 9, model="org/good")
    other = moved(made["good"], 1, method="simnpo")
    board = collect(write_folder(tmp_path, newer, older, other))
    assert board.superseded == 1
    assert {(entry.method, entry.submitted.day) for entry in board.ranked} == {("npo", 9), ("simnpo", 1)}


def test_samples_are_ranked_only_among_themselves(made, tmp_path):
    sample = {**made["good"], "sample": True, "model": "org/sample"}
    alone = collect(write_folder(tmp_path / "a", sample))
    assert alone.samples
    assert len(alone.ranked) == 1
    mixed = collect(write_folder(tmp_path / "b", sample, made["poor"]))
    assert [entry.model for entry in mixed.ranked] == ["org/poor"]
    assert mixed.apart[0][1] == "a made-up sample"


def hostile(folder: Path, good: dict) -> list[str]:
    """Write files that must be refused next to those that are there; returns their names."""
    bad = {
        "org__good/nan.json": json.dumps(changed(good, "headline.percent", float("nan"))),
        "org__good/deep.json": "[" * 200_000,
        "org__good/large.json": " " * (3 * 2**20),
        "org__good/negative.json": json.dumps(
            changed(good, "runs.unlearned.tasks.remem_forget_text_qa.n", -8)
        ),
        "org__good/markup.json": json.dumps({**good, "method": "<script>alert(1)</script>"}),
        "org__good/direction.json": json.dumps({**good, "notes": "\u202etxt.exe"}),
        "org__good/escape.json": json.dumps({**good, "model": "../../../etc"}),
        "org__good/other-data.json": json.dumps(changed(good, "dataset.fingerprint", "ab" * 20)),
        "org__good/better.json": json.dumps(changed(good, "headline.percent", 100)),
        "org__good/not-utf8.json": b"\xff\xfe{}",
        "org__good/bomb.json": "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        "somebody__else/stolen.json": json.dumps(good),
        "<img src=x onerror=alert(1)>\u202e/name.json": json.dumps(good),
    }
    for name, content in bad.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    (folder / "org__good" / "link.json").symlink_to("/etc/passwd")
    (folder / "org__good" / "folder.json").mkdir()
    (folder / ".cache").mkdir()
    (folder / ".cache" / "left-alone.json").write_text("{")
    return [*bad, "org__good/link.json", "org__good/folder.json"]


def test_what_is_hostile_is_refused_and_stops_nothing(made, tmp_path):
    folder = write_folder(tmp_path, made["good"], made["poor"])
    names = hostile(folder, made["good"])
    board = collect(folder)
    assert [entry.model for entry in board.ranked] == ["org/good", "org/poor"]
    assert len(board.refused) == len(names)
    for refusal in board.refused:
        assert refusal.reason.endswith((".", "…"))
        assert refusal.file.isprintable()
        assert refusal.reason.isprintable()
        assert str(tmp_path) not in refusal.reason
    reasons = {refusal.file: refusal.reason for refusal in board.refused}
    assert "'headline.percent' is 100" in reasons["org__good/better.json"]
    assert "belong into the folder org__good" in reasons["somebody__else/stolen.json"]
    assert "larger than 2 MiB" in reasons["org__good/large.json"]
    assert "link" in reasons["org__good/link.json"]
    page = render_page(board, "org/results")
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;\\u202e/name.json" in page


def test_many_files_are_read_by_many_processes_alike(made, tmp_path, monkeypatch):
    folder = write_folder(tmp_path, *made.values())
    hostile(folder, made["good"])
    alone = collect(folder)
    monkeypatch.setattr(build, "MANY", 1)
    assert collect(folder) == alone


def test_the_page_asks_for_nothing_and_no_submission_can_end_its_script(made, tmp_path):
    notes = "</script><script>alert(1)</script> & <b>\u00e4</b>"
    page = render_page(collect(write_folder(tmp_path, {**made["good"], "notes": notes})), "org/results")
    assert not re.search(r"<(script|link|img|iframe|object)[^>]*(src|href)=(?!\"data:,\")", page)
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest|innerHTML", page)
    assert page.count("</script>") == 2
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1]
    assert json.loads(data)["notes"] == {"0": notes}


def test_the_same_files_make_the_same_site(made, tmp_path):
    folder = write_folder(tmp_path / "in", *made.values())
    for name in ("a", "b"):
        build_site(collect(folder), tmp_path / name)
    for name in ("index.html", "leaderboard.parquet", "README.md"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_the_table_holds_every_row(made, tmp_path):
    build_site(collect(write_folder(tmp_path / "in", *made.values())), tmp_path / "site")
    table = pq.read_table(tmp_path / "site" / "leaderboard.parquet").to_pylist()
    assert [(row["model"], row["rank"]) for row in table[:2]] == [("org/good", 1), ("org/poor", 2)]
    assert {row["model"] for row in table if row["rank"] is None} == {"org/failed", "org/missing", "org/old"}
    assert table[0]["score"] == pytest.approx(made["good"]["headline"]["percent"])


def test_the_card_makes_a_static_space(made, tmp_path):
    from huggingface_hub import metadata_load

    build_site(collect(write_folder(tmp_path / "in", made["good"])), tmp_path / "site")
    card = metadata_load(tmp_path / "site" / "README.md")
    assert (card["sdk"], card["app_file"]) == ("static", "index.html")


def test_other_files_of_the_site_stay_and_no_half_is_left(made, tmp_path, monkeypatch):
    site = tmp_path / "site"
    (site / ".git").mkdir(parents=True)
    build_site(collect(write_folder(tmp_path / "in", made["good"])), site)
    before = {path: path.read_bytes() for path in site.iterdir() if path.is_file()}
    board = collect(write_folder(tmp_path / "more", *made.values()))
    real = Path.write_bytes

    def fails(path, content):
        if path.name == "index.html":
            raise OSError(28, "No space left on device")
        return real(path, content)

    monkeypatch.setattr(Path, "write_bytes", fails)
    with pytest.raises(RememError, match="No space left"):
        build_site(board, site)
    assert {path: path.read_bytes() for path in site.iterdir() if path.is_file()} == before
    assert sorted(path.name for path in site.iterdir()) == [
        ".git",
        "README.md",
        "index.html",
        "leaderboard.parquet",
    ]


def test_an_empty_folder_makes_a_page(tmp_path):
    board = collect(write_folder(tmp_path / "in"))
    build_site(board, tmp_path / "site")
    assert "<b>0</b> results" in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")


def test_packed_numbers_are_two_characters():
    assert packed([0.0, None]) == ALPHABET[0] * 2 + ALPHABET[-1] * 2
    assert len(packed([64.0])) == 2
    digits = packed([12.34])
    assert ALPHABET.index(digits[0]) * len(ALPHABET) + ALPHABET.index(digits[1]) == 1234
    assert script_json({"a": "</script>"}) == '{"a":"\\u003c/script\\u003e"}'


def call(monkeypatch, *arguments) -> int:
    monkeypatch.setattr(sys, "argv", ["remem", "leaderboard", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return caught.value.code or 0


def test_the_command_says_what_it_refused(monkeypatch, capsys, made, tmp_path):
    folder = write_folder(tmp_path / "in", made["good"])
    (folder / "org__good" / "broken.json").write_text("{")
    assert call(monkeypatch, "build", folder, "-o", tmp_path / "site") == 0
    said = capsys.readouterr()
    assert "1 ranked, 0 shown apart, 0 replaced by newer ones, 1 refused." in said.out
    assert "refused: org__good/broken.json: org__good/broken.json is not valid JSON" in said.err


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda folder: None, "no folder of submissions"),
        (lambda folder: folder.mkdir(), "has no versions.json"),
        (lambda folder: (folder.mkdir(), (folder / "versions.json").write_text("{")), "not valid JSON"),
    ],
)
def test_a_folder_that_is_none_is_one_sentence(monkeypatch, capsys, tmp_path, prepare, said):
    prepare(tmp_path / "in")
    assert call(monkeypatch, "build", tmp_path / "in", "-o", tmp_path / "site") == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "site").exists()


def test_the_committed_samples_are_those_of_the_script(tmp_path):
    board = collect(Path(__file__).resolve().parents[2] / "docs" / "leaderboard" / "submissions")
    assert (len(board.ranked), len(board.apart), board.refused) == (10, 2, ())
    assert board.samples
    assert board.versions == made_up_versions(Population())
    told = {(entry.model, entry.method, entry.forget) for entry in board.entries}
    assert told == {(f"sample-org/llava-7b-{name}", method, forget) for name, method, forget, *_ in SAMPLES}
    written = write_samples(tmp_path, SAMPLES[:1])
    (fresh,) = [json.loads(path.read_text()) for path in written]
    (kept,) = [e for e in board.entries if (e.model, e.forget) == (fresh["model"], SAMPLES[0][2])]
    assert kept.figures.score.value == pytest.approx(fresh["headline"]["percent"])
