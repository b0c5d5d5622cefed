"""Versions, fetching and loading: the very rows that were published, or a sentence that says why not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from huggingface_hub import HfApi, constants

import remem_dataset
from harness_tasks.data import load_task
from remem_dataset.errors import RememError
from remem_dataset.hub.contents import Contents
from remem_dataset.hub.fetch import fetch
from remem_dataset.hub.publish import publish
from remem_dataset.hub.versions import list_versions
from remem_dataset.source import open_source
from tests.fakes.dataset import build_dataset, small_config
from tests.fakes.hub import READER, STRANGER, Fault

from .test_cli import call

REPO = "lab/remem"
SEEN = "data/eval/seen-00000-of-00001.parquet"


@pytest.fixture(scope="module")
def second(tmp_path_factory) -> Path:
    """What v1.1.0 holds: other people."""
    return build_dataset(tmp_path_factory.mktemp("second") / "remem", small_config(seed=5))


@pytest.fixture
def api(online) -> HfApi:
    return HfApi()


@pytest.fixture
def published(api, online, tiny_dataset, second):
    """A Hub with two versions."""
    publish(api, Contents(tiny_dataset), REPO, "v1.0.0")
    publish(api, Contents(second), REPO, "v1.1.0")
    online.log.clear()
    return online


def files_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def names(rows) -> list[str]:
    return rows["question"][:]


def test_versions_are_listed_with_their_fingerprints(api, published, tiny_dataset, second):
    fingerprints = [open_source(folder).fingerprint for folder in (tiny_dataset, second)]
    assert [(v.tag, v.fingerprint) for v in list_versions(api, REPO)] == list(
        zip(("v1.0.0", "v1.1.0"), fingerprints, strict=True)
    )
    broken = published.commit(REPO, {"remem.json": b'{"schema_version": "9.0"}'})
    empty = published.commit(REPO, {"remem.json": None})
    for tag, commit in (("v1.10.0", broken), ("v1.9.0", empty), ("latest", empty)):
        api.create_tag(REPO, tag=tag, revision=commit, repo_type="dataset")
    listed = list_versions(api, REPO)
    assert [version.tag for version in listed] == ["v1.0.0", "v1.1.0", "v1.9.0", "v1.10.0"]
    assert [version.fingerprint for version in listed[2:]] == [None, None]


def test_a_version_is_fetched_as_it_was_published(api, published, tiny_dataset, tmp_path):
    published.commit(REPO, {"run.py": b"print()"})
    found = fetch(api, REPO, "v1.0.0", tmp_path / "new" / "got")
    assert files_of(tmp_path / "new" / "got") == files_of(tiny_dataset)
    assert found.fingerprint == open_source(tiny_dataset).fingerprint
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["got"]
    published.log.clear()
    assert fetch(api, REPO, "v1.0.0", tmp_path / "new" / "got").was_there
    assert not [path for _, path, _ in published.log if path.endswith(".parquet")]
    with pytest.raises(RememError, match=r"got exists and is not lab/remem at [0-9a-f]{12}; move it away"):
        fetch(api, REPO, "v1.1.0", tmp_path / "new" / "got")
    assert files_of(tmp_path / "new" / "got") == files_of(tiny_dataset)


def test_a_strangers_folder_is_left_alone(api, published, tmp_path):
    (tmp_path / "got").mkdir()
    (tmp_path / "got" / "mine.txt").write_text("mine")
    with pytest.raises(RememError, match="got exists and is not lab/remem"):
        fetch(api, REPO, "v1.0.0", tmp_path / "got")
    assert files_of(tmp_path / "got") == {"mine.txt": b"mine"}
    (tmp_path / "file").write_text("")
    with pytest.raises(RememError, match="Cannot write"):
        fetch(api, REPO, "v1.0.0", tmp_path / "file" / "got")


@pytest.mark.parametrize(
    "fault",
    [
        Fault("cut", "GET", r"\.parquet$", skip=2, times=3),
        Fault("refuse", "GET", "/resolve/", status=429, retry_after=1, times=3),
        Fault("lose", "GET|HEAD", "/revision/|/tree/|/resolve/", skip=1, times=2),
        Fault("slow", "GET", r"\.parquet$", seconds=0.05, times=3),
    ],
)
def test_a_bad_line_is_put_up_with(api, published, tiny_dataset, tmp_path, fault):
    published.faults.add(fault)
    fetch(api, REPO, "v1.0.0", tmp_path / "got")
    assert published.faults.hit
    assert files_of(tmp_path / "got") == files_of(tiny_dataset)


def test_an_interrupted_fetch_goes_on_and_leaves_nothing_at_its_place(api, published, tiny_dataset, tmp_path):
    published.faults.add(Fault("refuse", "GET", SEEN, status=403, times=-1))
    with pytest.raises(RememError, match="Your token may not"):
        fetch(api, REPO, "v1.0.0", tmp_path / "got", pixels=False)
    assert not (tmp_path / "got").exists()
    (work,) = tmp_path.glob(".got.fetching-*")
    had = {name for name in files_of(work) if name.endswith(".parquet")}
    assert len(had) > 3
    published.faults.clear()
    published.log.clear()
    fetch(api, REPO, "v1.0.0", tmp_path / "got", pixels=False)
    assert files_of(tmp_path / "got") == files_of(tiny_dataset)
    fetched = {path for method, path, _ in published.log if method == "GET"}
    assert not [name for name in had if any(path.endswith(name) for path in fetched)]


def altered(content: bytes, tmp_path: Path) -> bytes:
    """The same table with one answer changed."""
    path = tmp_path / "altered.parquet"
    path.write_bytes(content)
    table = pq.read_table(path)
    answers = ["Forged", *table.column("answer").to_pylist()[1:]]
    index = table.column_names.index("answer")
    pq.write_table(table.set_column(index, table.schema.field("answer"), [answers]), path)
    return path.read_bytes()


def test_what_was_tampered_with_is_refused(api, published, tmp_path):
    forged = altered(published.files(REPO, "v1.0.0")[SEEN], tmp_path)
    branch = {**published.files(REPO, "v1.0.0"), SEEN: forged}
    published.commit(REPO, branch)
    with pytest.raises(RememError, match=f"lab/remem at main is damaged: {SEEN} is not the file that its"):
        fetch(api, REPO, "main", tmp_path / "got")
    # A manifest that agrees with the file still states another fingerprint.
    from remem_dataset.fingerprint import file_digest

    manifest = json.loads(branch["remem.json"])
    manifest["files"][SEEN] = file_digest(tmp_path / "altered.parquet")
    published.commit(REPO, {"remem.json": json.dumps(manifest).encode()})
    for pixels in (True, False):
        with pytest.raises(RememError, match="the fingerprint of its text is"):
            fetch(api, REPO, "main", tmp_path / "got", pixels=pixels)
    assert [path.name for path in tmp_path.iterdir() if "got" in path.name] == []


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"remem.json": None}, "There is no dataset of ReMem in lab/remem: it has no remem.json"),
        ({"remem.json": b"{}"}, "has no schema_version"),
        ({"remem.json": b"[1"}, "cannot be read"),
        ({"remem.json": b'{"a":' * 100_000}, "cannot be read"),
        ({"remem.json": b" " * 20_000_001}, "has 20000001 bytes; at most 20000000 are read"),
        ({SEEN: None}, f"is damaged: {SEEN} is not the file"),
    ],
)
def test_repositories_that_hold_no_whole_dataset(api, published, tmp_path, files, said):
    published.commit(REPO, files)
    with pytest.raises(RememError) as error:
        fetch(api, REPO, "main", tmp_path / "got")
    assert said in str(error.value)
    assert not (tmp_path / "got").exists()


def test_the_commands(published, monkeypatch, capsys, tiny_dataset, tmp_path):
    out = tmp_path / "got"
    assert call(monkeypatch, "versions", "--repo", REPO) == 0
    fingerprint = open_source(tiny_dataset).fingerprint
    assert fingerprint in capsys.readouterr().out
    options = ("--repo", REPO, "--out", out, "--revision")
    assert call(monkeypatch, "fetch", *options, "v1.0.0") == 0
    assert f"fingerprint {fingerprint}." in capsys.readouterr().out
    assert call(monkeypatch, "verify", out) == 0
    capsys.readouterr()
    published.create("lab/empty")
    published.create("lab/secret", private=True)
    for arguments, token, said in (
        (
            ("fetch", *options, "v9.0.0"),
            READER,
            f"error: The dataset {REPO} has no revision v9.0.0; `remem v",
        ),
        (("versions", "--repo", "lab/none"), READER, "error: There is no dataset lab/none that your account"),
        (("versions", "--repo", "lab/secret"), STRANGER, "error: There is no dataset lab/secret that your"),
        (
            ("versions", "--repo", "lab/secret"),
            "",
            "error: There is no dataset lab/secret that can be seen w",
        ),
        (("versions", "--repo", "lab/empty"), "", "error: lab/empty has no version: no tag of it looks like"),
        (("versions", "--repo", "lab"), "", "error: 'lab' does not name a Hub repository"),
        (("versions", "--repo", REPO), "hf_wrong", "error: The Hub does not accept your token"),
    ):
        monkeypatch.setenv("HF_TOKEN", token)
        assert call(monkeypatch, *arguments) == 2
        error = capsys.readouterr().err
        assert error.startswith(said)
        assert len(error.splitlines()) == 1


def test_load_gives_the_rows_of_the_revision_online_and_offline(published, monkeypatch, tiny_dataset, second):
    wanted = {
        version: names(open_source(folder).load("eval")["seen"])
        for version, folder in (("v1.0.0", tiny_dataset), ("v1.1.0", second))
    }
    assert wanted["v1.0.0"] != wanted["v1.1.0"]
    for version in ("v1.0.0", "v1.1.0"):
        assert names(remem_dataset.load("eval", REPO, version)["seen"]) == wanted[version]
    fetched = {path.split("/")[-2] for _, path, _ in published.log if path.endswith(".parquet")}
    assert fetched == {"eval"}, "files of other configs were downloaded"
    forget = remem_dataset.load("forget50", REPO, "v1.0.0")
    assert {split: rows.num_rows for split, rows in forget.items()} == {"forget": 40, "retain": 40}
    published.log.clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    for version in ("v1.0.0", "v1.1.0"):  # `load_dataset` would give the newest for both
        assert names(remem_dataset.load("eval", REPO, version)["seen"]) == wanted[version]
    assert published.log == []
    with pytest.raises(RememError, match=r"There is no dataset lab/remem at [0-9a-f]{40} in the cache"):
        remem_dataset.load("exposure", REPO, "v1.0.0")
    with pytest.raises(RememError, match=r"There is no dataset lab/remem at v2\.0\.0 in the cache"):
        remem_dataset.load("eval", REPO, "v2.0.0")


def test_load_refuses_what_is_not_meant(published, tiny_dataset):
    fingerprint = open_source(tiny_dataset).fingerprint
    assert remem_dataset.load("profiles", REPO, "v1.0.0", fingerprint=fingerprint)["people"].num_rows == 4
    with pytest.raises(RememError, match=f"has the fingerprint .*, not {fingerprint}"):
        remem_dataset.load("profiles", REPO, "v1.1.0", fingerprint=fingerprint)
    with pytest.raises(RememError, match="is a folder, which has no revision"):
        remem_dataset.load("profiles", tiny_dataset, "v1.0.0")
    assert remem_dataset.load("profiles", tiny_dataset)["people"].num_rows == 4
    with pytest.raises(RememError, match="has no config 'evil'"):
        remem_dataset.load("evil", REPO, "v1.0.0")


@pytest.mark.parametrize(
    ("card", "said"),
    [
        (b"# No front matter\n", "does not list the files of eval"),
        (b"---\nconfigs: 7\n---\n", "does not list the files of eval"),
        (
            b"---\nconfigs:\n- config_name: eval\n  data_files:\n  - {split: seen, path: ../../../x}\n---\n",
            r"lists files of eval that remem\.json does not",
        ),
    ],
)
def test_cards_that_do_not_fit_the_manifest(published, card, said):
    published.commit(REPO, {"README.md": card})
    with pytest.raises(RememError, match=said):
        remem_dataset.load("eval", REPO)


def test_a_file_of_the_cache_that_was_changed_is_noticed(published, tmp_path):
    remem_dataset.load("eval", REPO, "v1.0.0")
    (path,) = (tmp_path / "hub-cache").rglob(f"snapshots/*/{SEEN}")
    path.resolve().write_bytes(altered(path.read_bytes(), tmp_path))
    with pytest.raises(RememError, match="is not the file that was packed"):
        remem_dataset.load("eval", REPO, "v1.0.0")


def test_evaluation_takes_its_rows_the_same_way(published, second):
    rows = load_task(task_name="remem_retain_seen_single_qa", dataset=REPO, dataset_revision="v1.1.0")["test"]
    here = load_task(task_name="remem_retain_seen_single_qa", dataset=str(second))["test"]
    assert names(rows) == names(here)
    (reference,) = set(rows[0]["image_references"])
    assert f"revision={published.repo(REPO).tags['v1.1.0']}" in reference
    with pytest.raises(RememError, match=r"has no revision v3\.0\.0"):
        load_task(task_name="remem_retain_seen_single_qa", dataset=REPO, dataset_revision="v3.0.0")


def test_load_dataset_itself(hub, tiny_dataset, tmp_path):
    """What a user without our package does."""
    hub.create(REPO)
    hub.commit(REPO, files_of(tiny_dataset))
    shutil.rmtree(tmp_path / "home", ignore_errors=True)
    code = """
from datasets import load_dataset
rows = load_dataset("lab/remem", "forget25", revision="main", split="forget")
assert rows.num_rows == 20, rows
assert rows[0]["image"].size == (32, 32)
seen = load_dataset("lab/remem", "exposure", split="seen", streaming=True)
assert "candidates" in next(iter(seen))
"""
    environment = {**os.environ, **hub.environment(tmp_path / "home", token=None)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, cwd=tmp_path)
