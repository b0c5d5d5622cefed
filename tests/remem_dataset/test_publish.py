"""Publishing: one commit and a tag that never moves, whatever was there before and however often done."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from remem_dataset.errors import RememError
from remem_dataset.hub.contents import Contents
from remem_dataset.hub.errors import LONGEST_WAIT, bound_waits
from remem_dataset.hub.publish import plan, publish
from tests.fakes.dataset import build_dataset, small_config
from tests.fakes.hub import OWNER, READER, STRANGER, Fault

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


def test_a_branch_named_like_the_version_is_refused(api, hub, contents):
    hub.create(REPO)
    api.create_branch(REPO, branch="v1.0.0", repo_type="dataset")
    with pytest.raises(RememError, match=r"has a branch v1\.0\.0"):
        publish(api, contents, REPO, "v1.0.0")
    assert len(hub.repo(REPO).commits) == 1


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
def test_a_wait_of_an_hour_is_not_waited(api, hub, contents, monkeypatch, capsys, where):
    waited = []
    monkeypatch.setattr("remem_dataset.hub.errors.sleep", waited.append)
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", waited.append)
    bound_waits()
    hub.faults.add(Fault("refuse", path=where, status=429, retry_after=3600))
    with pytest.raises(RememError, match="The Hub asks to wait 3600 s before the next request"):
        publish(api, contents, REPO, "v1.0.0")
    hub.faults.add(Fault("refuse", path=where, status=429, retry_after=LONGEST_WAIT))
    assert publish(api, contents, REPO, "v1.0.0").tagged
    assert f"The Hub asks to wait {LONGEST_WAIT} s" in capsys.readouterr().err
    assert len(waited) == 1
    assert waited[0] in (LONGEST_WAIT, LONGEST_WAIT + 1)  # huggingface_hub adds one
