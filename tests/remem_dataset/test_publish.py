"""Publishing: one commit and a tag that never moves, whatever was there before and however often done."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from huggingface_hub import HfApi, constants

from remem_dataset.errors import RememError
from remem_dataset.hub.contents import Contents
from remem_dataset.hub.errors import LONGEST_WAIT, bound_waits
from remem_dataset.hub.publish import plan, publish
from tests.fakes.dataset import build_dataset, small_config
from tests.fakes.hub import OWNER, READER, STRANGER, Fault
from tests.fakes.hub.requests import Answer

from .test_cli import call

REPO = "lab/remem"


@pytest.fixture(scope="module")
def other_dataset(tmp_path_factory) -> Path:
    """Other people, and one forget level in place of two: it has a file less."""
    config = small_config(seed=5, forget_levels=(25,), default_forget_level=25, name="other")
    return build_dataset(tmp_path_factory.mktemp("other") / "remem", config)


@pytest.fixture
def api(online) -> HfApi:
    return HfApi(endpoint=online.url, token=OWNER)


@pytest.fixture
def contents(tiny_dataset) -> Contents:
    return Contents(tiny_dataset)


def files_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def dataset_files(hub, revision: str) -> dict[str, bytes]:
    return {name: content for name, content in hub.files(REPO, revision).items() if name != ".gitattributes"}


def changes(hub) -> list[str]:
    """What was written, as the ends of the paths."""
    return [path.split("/")[5] for method, path, _ in hub.log if method == "POST" and f"/{REPO}/" in path]


def test_one_commit_and_a_tag(api, hub, contents, tiny_dataset):
    done = publish(api, contents, REPO, "v1.0.0")
    assert (done.tagged, done.was_there, done.private) == (True, False, False)
    repo = hub.repo(REPO)
    assert repo.tags == {"v1.0.0": done.commit} == {"v1.0.0": repo.heads["main"]}
    assert [commit.title for _, commit in repo.history("main")] == ["Publish ReMem v1.0.0", "initial commit"]
    assert dataset_files(hub, "v1.0.0") == files_of(tiny_dataset)
    hub.log.clear()
    assert publish(api, contents, REPO, "v1.0.0").was_there
    assert [method for method, _, _ in hub.log if method != "GET"] == []
    again = publish(api, contents, REPO, "v1.0.1")
    assert again.commit == done.commit
    assert changes(hub) == ["tag"]


def test_the_next_version_replaces_the_files_and_leaves_the_old_tag(
    api, hub, contents, tiny_dataset, other_dataset
):
    publish(api, contents, REPO, "v1.0.0")
    hub.commit(REPO, {"LICENSE": b"CC-BY-4.0"})
    publish(api, Contents(other_dataset), REPO, "v1.1.0")
    assert dataset_files(hub, "v1.0.0") == files_of(tiny_dataset)
    assert dataset_files(hub, "v1.1.0") == {**files_of(other_dataset), "LICENSE": b"CC-BY-4.0"}
    gone = files_of(tiny_dataset).keys() - hub.files(REPO).keys()
    assert gone == {"data/finetune/rank2-00000-of-00001.parquet"}


def test_a_version_never_changes(api, hub, contents, other_dataset):
    publish(api, contents, REPO, "v1.0.0")
    before = hub.repo(REPO)
    for options in ({}, {"create_pr": True}):
        with pytest.raises(RememError, match=r"has a version v1\.0\.0 already, with another content"):
            publish(api, Contents(other_dataset), REPO, "v1.0.0", **options)
    assert hub.repo(REPO) == before


def test_what_is_not_the_dataset_stays_here(api, hub, tiny_dataset, tmp_path):
    folder = Path(shutil.copytree(tiny_dataset, tmp_path / "remem"))
    (folder / ".env").write_text("HF_TOKEN=secret")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "x").write_text("x")
    contents = Contents(folder)
    assert contents.left_out == [".cache/x", ".env"]
    publish(api, contents, REPO, "v1.0.0")
    assert dataset_files(hub, "v1.0.0") == files_of(tiny_dataset)


@pytest.mark.parametrize("where", ["/commit/", "/tag/", "/repos/create", "/preupload/", "/lfs/"])
def test_an_answer_that_is_lost_is_no_second_commit(api, hub, contents, tiny_dataset, where):
    hub.faults.add(Fault("lose", "POST|PUT", where))
    publish(api, contents, REPO, "v1.0.0")
    assert hub.faults.hit
    assert len(hub.repo(REPO).commits) == 2
    assert dataset_files(hub, "v1.0.0") == files_of(tiny_dataset)


def test_a_branch_that_moves_is_looked_at_again(api, hub, contents, tiny_dataset):
    hub.create(REPO)
    hub.faults.add(Fault("move", "POST", "/commit/"))
    done = publish(api, contents, REPO, "v1.0.0")
    notes = {name for name in hub.files(REPO, done.commit) if name.startswith("notes/")}
    assert len(notes) == 1
    assert {n: c for n, c in dataset_files(hub, "v1.0.0").items() if n not in notes} == files_of(tiny_dataset)
    hub.faults.add(Fault("move", "POST", "/commit/", times=-1))
    hub.commit(REPO, {"README.md": b"# Spoilt\n"})
    with pytest.raises(RememError, match=f"Somebody else keeps changing {REPO}"):
        publish(api, contents, REPO, "v1.0.1")
    assert list(hub.repo(REPO).tags) == ["v1.0.0"]


def test_a_commit_that_landed_earlier_is_tagged(api, hub, contents):
    """As after a crash between commit and tag, with somebody's note on top."""
    hub.faults.add(Fault("refuse", "POST", "/tag/", times=-1))
    with pytest.raises(RememError, match=r"too busy or has a fault of its own \(503\)"):
        publish(api, contents, REPO, "v1.0.0")
    assert hub.repo(REPO).tags == {}
    hub.faults.clear()
    head = hub.commit(REPO, {"notes.md": b"A note\n"})
    assert publish(api, contents, REPO, "v1.0.0").commit == head
    assert len(hub.repo(REPO).commits) == 3


def test_a_pull_request_is_opened_once_and_tagged_when_merged(api, hub, contents, tiny_dataset):
    with pytest.raises(RememError, match="leave out --create-pr to make it"):
        publish(api, contents, REPO, "v1.0.0", create_pr=True)
    hub.create(REPO)
    eve = HfApi(endpoint=hub.url, token=STRANGER)
    hub.faults.add(Fault("lose", "POST", "/commit/"))
    first = publish(eve, contents, REPO, "v1.0.0", create_pr=True)
    assert publish(eve, contents, REPO, "v1.0.0", create_pr=True) == first
    assert (first.tagged, first.was_there) == (False, True)
    assert first.pull_request == f"{hub.url}/datasets/{REPO}/discussions/1"
    assert len(hub.repo(REPO).discussions) == 1
    assert hub.repo(REPO).tags == {}
    api.merge_pull_request(REPO, 1, repo_type="dataset")
    assert publish(api, contents, REPO, "v1.0.0").tagged
    assert dataset_files(hub, "v1.0.0") == files_of(tiny_dataset)
    with pytest.raises(RememError, match=r"leave out --create-pr to tag it as v1\.0\.1"):
        publish(api, contents, REPO, "v1.0.1", create_pr=True)


def test_private_means_private(api, hub, contents):
    assert publish(api, contents, REPO, "v1.0.0", private=True).private
    assert hub.repo(REPO).private
    assert publish(api, contents, REPO, "v1.0.1").private
    hub.create("lab/public")
    with pytest.raises(RememError, match="lab/public exists and is public"):
        publish(api, contents, "lab/public", "v1.0.0", private=True)


def test_another_dataset_is_not_written_over(api, hub, contents):
    hub.create(REPO)
    hub.commit(REPO, {"README.md": b"# Ours\n", "data/train.parquet": b"PAR1"})
    with pytest.raises(RememError, match=r"holds another dataset \(it has data/train.parquet"):
        publish(api, contents, REPO, "v1.0.0")
    assert hub.files(REPO)["README.md"] == b"# Ours\n"
    hub.commit(REPO, {"data/train.parquet": None})
    assert publish(api, contents, REPO, "v1.0.0").tagged


def test_a_dry_run_only_looks(api, hub, contents):
    found = plan(api, contents, REPO, "v1.0.0")
    assert (found.create, found.tagged, found.difference.send) == (True, False, list(contents.files))
    publish(api, contents, REPO, "v1.0.0")
    hub.commit(REPO, {"data/old.parquet": b"PAR1", "eval.yaml": b"x"})
    found = plan(api, contents, REPO, "v1.1.0")
    assert (found.create, found.tagged) == (False, False)
    assert (found.difference.send, found.difference.remove) == (["eval.yaml"], ["data/old.parquet"])
    assert plan(api, contents, REPO, "v1.0.0").tagged
    assert list(hub.repo(REPO).tags) == ["v1.0.0"]


@pytest.mark.parametrize(
    ("repo", "token", "said"),
    [
        (REPO, None, "Publishing needs a token with the role `write`: sign in with `hf auth login`"),
        (REPO, "hf_wrong", "The Hub does not accept your token"),
        (REPO, READER, f"Your token may not do this in {REPO}: it needs the role `write`"),
        (REPO, STRANGER, "your account the right to write for lab"),
        ("lab/secret", STRANGER, "Your token may not do this in lab/secret"),
        ("lab/open", READER, "Your token may not do this in lab/open"),
    ],
)
def test_who_may_not_publish_is_told_what_to_do(online, hub, contents, monkeypatch, repo, token, said):
    monkeypatch.setenv("HF_TOKEN", token or "")
    hub.create("lab/secret", private=True)
    hub.create("lab/open")
    with pytest.raises(RememError, match=said.replace("(", r"\(")) as error:
        publish(HfApi(), contents, repo, "v1.0.0")
    assert str(error.value).count(".") - str(error.value).count("v1.0.0") <= 2
    assert "hf_" not in str(error.value)


@pytest.mark.parametrize("where", ["/preupload/", "/commit/", "/refs", "objects/batch"])
def test_a_wait_of_an_hour_is_not_waited(api, hub, contents, monkeypatch, where):
    waited = []
    monkeypatch.setattr("remem_dataset.hub.errors.sleep", waited.append)
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", waited.append)
    bound_waits()
    hub.faults.add(Fault("refuse", path=where, status=429, retry_after=3600))
    with pytest.raises(RememError, match="The Hub asks to wait 3600 s before the next request"):
        publish(api, contents, REPO, "v1.0.0")
    hub.faults.add(Fault("refuse", path=where, status=429, retry_after=LONGEST_WAIT))
    assert publish(api, contents, REPO, "v1.0.0").tagged
    assert len(waited) == 1
    assert waited[0] in (LONGEST_WAIT, LONGEST_WAIT + 1)  # huggingface_hub adds one


def test_the_command(online, monkeypatch, capsys, tiny_dataset, tmp_path):
    options = ("publish", tiny_dataset, "--repo", REPO, "--version")
    assert call(monkeypatch, *options, "v1.0.0", "--dry-run") == 0
    would = capsys.readouterr()
    assert "Would send 19 files to lab/remem in a new repository, in one commit:" in would.out
    assert call(monkeypatch, *options, "v1.0.0") == 0
    done = capsys.readouterr()
    assert f"{online.url}/datasets/{REPO}/tree/v1.0.0" in done.out
    assert 'load_dataset("lab/remem", "forget25", revision="v1.0.0")' in done.out
    assert online.repo(REPO).tags.keys() == {"v1.0.0"}
    monkeypatch.setenv("HF_TOKEN", READER)
    assert call(monkeypatch, *options, "v1.0.1") == 2
    refused = capsys.readouterr()
    assert refused.err.startswith("error: Your token may not do this")
    assert len(refused.err.splitlines()) == 1
    for run in (would, done, refused):
        assert "hf_" not in run.out + run.err
    for path in (tmp_path / "hub-cache").rglob("*"):
        assert not path.is_file() or b"hf_" not in path.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--repo", REPO, "--version", "1.0"), "'1.0' is no version; a version looks like v1.0.0."),
        (("--repo", REPO, "--version", "v01.0.0"), "'v01.0.0' is no version"),
        (("--repo", "remem", "--version", "v1.0.0"), "'remem' does not name a Hub repository"),
        (("--repo", "lab/../x", "--version", "v1.0.0"), "does not name a Hub repository"),
        (("--repo", REPO), "Missing option '--version'"),
    ],
)
def test_names_that_do_not_fit(monkeypatch, capsys, tiny_dataset, arguments, said):
    assert call(monkeypatch, "publish", tiny_dataset, *arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert said in error
    assert len(error.splitlines()) == 1


def test_a_damaged_folder_is_not_sent(online, monkeypatch, capsys, tiny_dataset, tmp_path):
    folder = Path(shutil.copytree(tiny_dataset, tmp_path / "remem"))
    (path,) = folder.glob("data/eval/seen-*.parquet")
    path.write_bytes(path.read_bytes()[:-10])
    assert call(monkeypatch, "publish", folder, "--repo", REPO, "--version", "v1.0.0") == 2
    assert "is not the file that was packed" in capsys.readouterr().err
    assert online.log == []


def test_no_network_and_offline(online, monkeypatch, capsys, tiny_dataset):
    options = ("publish", tiny_dataset, "--repo", REPO, "--version", "v1.0.0")
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert call(monkeypatch, *options) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 5  # four more tries
    assert told[-1].startswith("error: The Hub at http://127.0.0.1:9 cannot be reached (ConnectError); check")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert call(monkeypatch, *options) == 2
    (told,) = capsys.readouterr().err.splitlines()
    assert told == f"error: HF_HUB_OFFLINE is set, so the Hub cannot be asked about {REPO}; unset it."
    assert online.log == []


def test_what_is_no_hub_is_told(online, monkeypatch, capsys, tiny_dataset):
    page = Answer(b"<html>Sign in to the network</html>", headers={"Content-Type": "text/html"})
    monkeypatch.setattr(online, "answer", lambda *_: page)
    assert call(monkeypatch, "publish", tiny_dataset, "--repo", REPO, "--version", "v1.0.0") == 2
    assert capsys.readouterr().err.startswith(f"error: What answers at {online.url} is no Hub; check")


def test_a_killed_upload_is_gone_on_with(hub, tiny_dataset, tmp_path):
    hub.faults.add(Fault("slow", "PUT", "/lfs/", skip=4, times=-1, seconds=30))
    environment = {**os.environ, **hub.environment(tmp_path / "home")}
    remem = Path(sys.executable).parent / "remem"
    command = [str(remem), "publish", str(tiny_dataset), "--repo", REPO, "--version", "v1.0.0"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    while len(hub.faults.hit) < 1:
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert (hub.repo(REPO).tags, len(hub.repo(REPO).commits)) == ({}, 1)
    sent = {path for method, path, status in hub.log if method == "PUT" and status == 200}
    assert len(sent) >= 3
    hub.faults.clear()
    hub.log.clear()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert dataset_files(hub, "v1.0.0") == files_of(tiny_dataset)
    assert not sent & {path for method, path, _ in hub.log if method == "PUT"}
