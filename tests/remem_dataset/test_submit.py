"""`remem submit` against a loopback Hub with the real client: two pull requests, or one sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from huggingface_hub import HfApi, parse_eval_result_entries

from remem_dataset.leaderboard.build import collect
from remem_dataset.submission.modelcard import PATH
from remem_dataset.submission.versions import versions_json
from tests.fakes.hub import OWNER, READER, STRANGER, Fault
from tests.fakes.submissions import results_of

from .submissions import FORGOTTEN, LEARNT, SMALL, VERSIONS, changed, text_of
from .test_cli import call

DATA, RESULTS, MODEL = "lab/remem", "lab/remem-results", "lab/unlearned"
CURRENT = VERSIONS.current


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    """Results of a made-up model before and after unlearning."""
    folder = tmp_path_factory.mktemp("runs")
    options = {"forget": "forget50", "fingerprint": CURRENT.fingerprint, "population": SMALL}
    results_of(folder / "before", LEARNT, seed=1, **options)
    results_of(folder / "after", FORGOTTEN, seed=2, **options)
    return folder


def manifest(tiny_dataset: Path) -> dict:
    """A manifest in real form whose rows are those of the made-up results."""
    found = json.loads((tiny_dataset / "remem.json").read_text())
    counts = {config: {} for config, _ in CURRENT.rows}
    for (config, split), rows in CURRENT.rows.items():
        counts[config][split] = rows
    found["fingerprint"]["all"] = CURRENT.fingerprint
    return {**found, "counts": {**found["counts"], **counts}, "forget_levels": dict(SMALL.levels)}


@pytest.fixture
def ready(online, tiny_dataset):
    """A Hub with a tagged dataset, a model and an empty repository for results."""
    online.create(DATA)
    online.commit(DATA, {"remem.json": json.dumps(manifest(tiny_dataset)).encode()})
    HfApi().create_tag(DATA, tag="v1.0.0", repo_type="dataset")
    online.create(RESULTS)
    online.create(MODEL, "models")
    online.commit(MODEL, {"config.json": b"{}"}, "models")
    online.log.clear()
    return online


def options(runs: Path, **changes) -> list:
    given = {
        "base-results": runs / "before",
        "model": MODEL,
        "base-model": "lab/vanilla",
        "method": "npo",
        "data": DATA,
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    return [
        runs / "after",
        *(part for name, value in given.items() if value for part in (f"--{name}", value)),
    ]


def submission_in(hub) -> tuple[str, bytes]:
    (found,) = [(p, c) for p, c in hub.files(RESULTS, "refs/pr/1").items() if p.startswith("submissions/")]
    return found


def test_two_pull_requests_and_the_leaderboard_reads_the_first(
    ready, runs, monkeypatch, capsys, tmp_path, tiny_dataset
):
    assert call(monkeypatch, "submit", *options(runs), "--code", "https://example.org/x") == 0
    said = capsys.readouterr().out
    assert "stage-1 gate of lab/vanilla: passed" in said
    assert f"Proposed to {RESULTS}: {ready.url}/datasets/{RESULTS}/discussions/1" in said
    assert f"Proposed to {MODEL}: {ready.url}/{MODEL}/discussions/1" in said
    path, content = submission_in(ready)
    assert path.startswith("submissions/lab__unlearned/forget50-npo-")
    document = json.loads(content)
    assert document["model_commit"] == ready.repo(MODEL, "models").heads["main"]
    assert document["links"] == {"code": "https://example.org/x"}
    (entry,) = parse_eval_result_entries(yaml.safe_load(ready.files(MODEL, "refs/pr/1", "models")[PATH]))
    assert (entry.dataset_id, entry.task_id) == (DATA, "remem_forget50")
    assert entry.dataset_revision == ready.repo(DATA).heads["main"]
    assert entry.value == pytest.approx(document["headline"]["percent"], abs=0.01)
    assert entry.source_url.endswith(f"/datasets/{RESULTS}/blob/main/{path}")
    # What is merged is what the leaderboard is built of.
    api = HfApi()
    api.merge_pull_request(RESULTS, 1, repo_type="dataset")
    folder = Path(api.snapshot_download(RESULTS, repo_type="dataset", local_dir=tmp_path / "copy"))
    versions = folder / "submissions" / "versions.json"
    assert call(monkeypatch, "leaderboard", "versions", DATA, "-o", versions) == 0
    (ranked,) = collect(folder / "submissions").ranked
    assert ranked.figures.score.value == pytest.approx(document["headline"]["percent"])


def test_the_models_page_gets_the_result_from_the_merged_file(ready, runs, monkeypatch, capsys):
    old = [{"dataset": {"id": "other/data", "task_id": "x"}, "value": 1.5}]
    same = [{"dataset": {"id": DATA, "task_id": "remem_forget50"}, "value": 3.0}]
    ready.commit(MODEL, {PATH: yaml.safe_dump(old + same).encode()}, "models")
    assert call(monkeypatch, "submit", *options(runs)) == 0
    api = HfApi()
    api.merge_pull_request(MODEL, 1, repo_type="model")
    info = api.model_info(MODEL, expand=["evalResults"])
    told = {(entry.dataset_id, entry.task_id): float(entry.value) for entry in info.eval_results}
    assert told["other/data", "x"] == 1.5
    assert told[DATA, "remem_forget50"] > 50


def test_again_it_proposes_nothing_new(ready, runs, monkeypatch, capsys):
    for _ in range(2):
        assert call(monkeypatch, "submit", *options(runs)) == 0
    assert capsys.readouterr().out.count("Proposed already to") == 2
    assert len(list(HfApi().get_repo_discussions(RESULTS, repo_type="dataset"))) == 1
    for repo, kind in ((RESULTS, "dataset"), (MODEL, "model")):
        HfApi().merge_pull_request(repo, 1, repo_type=kind)
    assert call(monkeypatch, "submit", *options(runs)) == 0
    assert capsys.readouterr().out.count(" already.") == 2


def test_an_answer_that_is_lost_makes_no_second_request(ready, runs, monkeypatch):
    ready.faults.add(Fault("lose", "POST", "/commit/"))
    assert call(monkeypatch, "submit", *options(runs)) == 0
    assert len(list(HfApi().get_repo_discussions(RESULTS, repo_type="dataset"))) == 1


def test_dry_run_shows_both_files_and_writes_nothing(ready, runs, monkeypatch, capsys):
    monkeypatch.delenv("HF_TOKEN")
    assert call(monkeypatch, "submit", *options(runs), "--dry-run") == 0
    said = capsys.readouterr().out
    assert '"base_model": "lab/vanilla"' in said
    assert "task_id: remem_forget50" in said
    assert {method for method, _, _ in ready.log} <= {"GET", "HEAD"}


def test_without_a_base_run_there_is_no_score_and_no_model_page(ready, runs, monkeypatch, capsys):
    assert call(monkeypatch, "submit", *options(runs, base_results=None)) == 0
    assert "no place in the ranking" in capsys.readouterr().out
    assert json.loads(submission_in(ready)[1])["gate"]["status"] == "missing"
    assert list(HfApi().get_repo_discussions(MODEL)) == []


def refused(monkeypatch, capsys, *arguments) -> str:
    assert call(monkeypatch, "submit", *arguments) == 2
    captured = capsys.readouterr()
    error = captured.err.splitlines()[-1]
    assert error.startswith("error: ")
    for token in (OWNER, READER, STRANGER):
        assert token not in captured.out + captured.err
    return error


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": "lab/nothing"}, "There is no model lab/nothing that your account may see"),
        ({"model": "unlearned"}, "does not name a Hub repository"),
        ({"base_model": MODEL}, "are both lab/unlearned"),
        ({"method": "<b>"}, "'method' must be a name"),
        ({"code": "http://example.org"}, "'links.code' must be an address that begins with https://"),
        ({"notes": "hf_" + "a1B2" * 8}, "looks like a Hub token"),
        ({"data": "lab/nothing"}, "There is no dataset lab/nothing that your account may see"),
        ({"data": None}, "which is no Hub dataset; name the published one with --data"),
        ({"to": "lab/nowhere"}, "There is no dataset lab/nowhere that your account may see"),
    ],
)
def test_what_is_wrong_is_one_sentence(ready, runs, monkeypatch, capsys, changes, said):
    assert said in refused(monkeypatch, capsys, *options(runs, **changes))
    assert not [path for method, path, status in ready.log if method == "POST" and status == 200]


def test_without_a_token_it_says_how_to_sign_in(ready, runs, monkeypatch, capsys):
    monkeypatch.delenv("HF_TOKEN")
    assert "hf auth login" in refused(monkeypatch, capsys, *options(runs))


def edited(runs: Path, folder: Path, which: str, path: str, value) -> Path:
    """The runs with one field of one results file changed; `path` goes by "|", since names hold dots."""
    copy = Path(shutil.copytree(runs, folder / "edited"))
    (file,) = (copy / which).rglob("results_*.json")
    document = json.loads(file.read_text())
    file.write_text(text_of(changed(document, path, value)))
    return copy


@pytest.mark.parametrize(
    ("which", "path", "value", "said"),
    [
        ("before", "remem.fingerprint.all", "cd" * 20, "'remem.fingerprint.all' is 'cdcdcdcdcdcdcdcd', but"),
        ("after", "remem.forget", "forget99", "'remem.forget' is 'forget50', but"),
        ("after", "n-samples.remem_forget_text_qa.effective", 3, "is 3 of 8 rows"),
        ("after", "results.remem_retain_text_qa", ..., "lacks 'remem_retain_text_qa'"),
        ("after", "remem.model.weights", f"{1:032x}", "are of the same model"),
        (
            "after",
            "remem.model",
            {"pretrained": "somebody/else", "commit": "a" * 40},
            "'remem.model.pretrained' is 'somebody/else', but --model says 'lab/unlearned'",
        ),
        ("after", "remem", ..., "'remem' is missing"),
    ],
)
def test_results_that_do_not_fit_are_refused(
    ready, runs, monkeypatch, capsys, tmp_path, which, path, value, said
):
    copy = edited(runs, tmp_path, which, path, value)
    assert said in refused(monkeypatch, capsys, *options(copy))


def test_results_on_data_that_nobody_published_are_refused(ready, runs, monkeypatch, capsys, tmp_path):
    copy = edited(runs, tmp_path, "after", "remem.fingerprint.all", "cd" * 20)
    error = refused(monkeypatch, capsys, *options(copy, base_results=None))
    assert "'remem.fingerprint.all' is cdcdcdcdcdcdcdcd, which no version of lab/remem is" in error


def test_a_file_on_the_model_page_that_is_a_bomb_is_not_opened(ready, runs, monkeypatch, capsys):
    bomb = "a: &a [x]\n" + "".join(
        f"{c}: &{c} [{', '.join([f'*{p}'] * 9)}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
    )
    ready.commit(MODEL, {PATH: bomb.encode()}, "models")
    assert "aliases are not allowed" in refused(monkeypatch, capsys, *options(runs))


def test_versions_json_is_what_was_published(ready, monkeypatch, capsys, tmp_path):
    out = tmp_path / "versions.json"
    assert call(monkeypatch, "leaderboard", "versions", DATA, "-o", out) == 0
    found = json.loads(out.read_text())
    wanted = versions_json(VERSIONS)["versions"]["v1.0.0"]
    assert found["repo"] == DATA
    assert found["versions"]["v1.0.0"] == {**wanted, "commit": ready.repo(DATA).heads["main"]}
