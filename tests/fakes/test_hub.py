"""The loopback Hub, asked by the real clients."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import (
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import get_session

from .hub import OWNER, READER, STRANGER, Fault, LoopbackHub

REPO = "lab/data"


@pytest.fixture
def api(online) -> HfApi:
    return HfApi(endpoint=online.url, token=OWNER)


@pytest.fixture
def repo(api) -> str:
    api.create_repo(REPO, repo_type="dataset")
    return REPO


def put(api: HfApi, files: dict[str, bytes | None], kind: str = "dataset", repo: str = REPO, **options):
    operations = [
        CommitOperationDelete(path) if content is None else CommitOperationAdd(path, content)
        for path, content in files.items()
    ]
    return api.create_commit(repo, operations, commit_message="Change", repo_type=kind, **options)


def status(error) -> int:
    return error.value.response.status_code


def test_files_come_back_as_they_were_sent(api, repo, hub, tmp_path):
    sent = {"README.md": b"---\nlicense: mit\n---\n# Data\n", "data/a b.bin": bytes(range(256)), "empty": b""}
    commit = put(api, sent)
    got = Path(
        api.snapshot_download(repo, repo_type="dataset", revision=commit.oid, local_dir=tmp_path / "got")
    )
    assert {path: (got / path).read_bytes() for path in sent} == sent
    tree = {entry.path: entry for entry in api.list_repo_tree(repo, repo_type="dataset", recursive=True)}
    assert set(tree) == {*sent, "data", ".gitattributes"}
    assert tree["data/a b.bin"].lfs.size == 256
    assert tree["README.md"].lfs is None
    info = api.dataset_info(repo, files_metadata=True)
    assert info.sha == commit.oid
    assert info.card_data.license == "mit"
    assert {file.rfilename for file in info.siblings} == {*sent, ".gitattributes"}
    assert [found.path for found in api.get_paths_info(repo, ["data", "no"], repo_type="dataset")] == ["data"]
    put(api, {"empty": None})
    assert not api.file_exists(repo, "empty", repo_type="dataset")
    assert [c.title for c in api.list_repo_commits(repo, repo_type="dataset")] == ["Change"] * 2 + [
        "initial commit"
    ]


def test_parts_of_files(api, repo, hub):
    commit = put(api, {"a.bin": bytes(range(100))})
    url = f"{hub.url}/datasets/{repo}/resolve/main/a.bin"
    part = get_session().get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, bytes(range(10, 20)))
    assert part.headers["Content-Range"] == "bytes 10-19/100"
    assert part.headers["X-Repo-Commit"] == commit.oid
    assert get_session().get(url, headers={"Range": "bytes=100-"}).status_code == 416


def test_pull_requests_are_shown_merged_and_refused_when_in_conflict(api, repo, hub):
    put(api, {"a.txt": b"one\n"})
    eve = HfApi(endpoint=hub.url, token=STRANGER)
    first = put(eve, {"a.txt": b"two\n", "b.txt": b"new\n"}, create_pr=True)
    second = put(eve, {"a.txt": b"three\n"}, create_pr=True)
    assert (first.pr_num, first.pr_revision) == (1, "refs/pr/1")
    put(eve, {"c.txt": b"more\n"}, revision="refs/pr/1")
    shown = api.get_discussion_details(repo, 1, repo_type="dataset")
    assert "-one\n+two\n" in shown.diff
    assert (shown.status, shown.author, shown.conflicting_files) == ("open", "eve", [])
    assert hub.files(repo)["a.txt"] == b"one\n"
    with pytest.raises(HfHubHTTPError) as error:
        eve.merge_pull_request(repo, 1, repo_type="dataset")
    assert status(error) == 403
    api.merge_pull_request(repo, 1, repo_type="dataset")
    assert hub.files(repo)["a.txt"] == b"two\n"
    assert hub.files(repo)["c.txt"] == b"more\n"
    assert api.get_discussion_details(repo, 1, repo_type="dataset").status == "merged"
    with pytest.raises(HfHubHTTPError) as error:
        api.merge_pull_request(repo, second.pr_num, repo_type="dataset")
    assert status(error) == 409
    assert api.get_discussion_details(repo, 2, repo_type="dataset").conflicting_files == ["a.txt"]
    api.change_discussion_status(repo, 2, "closed", repo_type="dataset")
    listed = api.get_repo_discussions(repo, repo_type="dataset", discussion_status="open")
    assert list(listed) == []


def test_models_and_their_evaluation_results(api, hub):
    api.create_repo("lab/model")
    entry = b"- dataset: {id: lab/data, task_id: remem}\n  value: 12.5\n"
    put(api, {".eval_results/remem.yaml": entry}, kind="model", repo="lab/model")
    (found,) = api.model_info("lab/model", expand=["evalResults"]).eval_results
    assert (found.dataset_id, float(found.value)) == ("lab/data", 12.5)


def test_a_moved_branch_and_a_broken_card_refuse_the_commit(api, repo, hub):
    head = api.repo_info(repo, repo_type="dataset").sha
    hub.commit(repo, {"other.txt": b"x"})
    with pytest.raises(HfHubHTTPError) as error:
        put(api, {"a.txt": b"a"}, parent_commit=head)
    assert status(error) == 412
    with pytest.raises(ValueError, match="Invalid metadata"):
        put(api, {"README.md": b"---\n- [\n---\n"})
    assert set(hub.files(repo)) == {".gitattributes", "other.txt"}


def test_tags_stay_where_they_are(api, repo, hub):
    commit = put(api, {"a.txt": b"a"})
    api.create_tag(repo, tag="v1.0.0", revision=commit.oid, repo_type="dataset")
    put(api, {"a.txt": b"b"})
    with pytest.raises(HfHubHTTPError) as error:
        api.create_tag(repo, tag="v1.0.0", repo_type="dataset")
    assert status(error) == 409
    (tag,) = api.list_repo_refs(repo, repo_type="dataset").tags
    assert tag.target_commit == commit.oid
    with pytest.raises(RevisionNotFoundError):
        api.repo_info(repo, repo_type="dataset", revision="v2.0.0")
    with pytest.raises(RemoteEntryNotFoundError):
        api.hf_hub_download(repo, "none.txt", repo_type="dataset", force_download=True)


def test_who_may_do_what(api, hub):
    api.create_repo("lab/secret", repo_type="dataset", visibility="private")
    put(api, {"a.txt": b"a"}, repo="lab/secret")
    assert HfApi(endpoint=hub.url, token=READER).repo_exists("lab/secret", repo_type="dataset")
    for token, code in ((STRANGER, 404), (False, 401), ("hf_wrong", 401)):
        with pytest.raises(HfHubHTTPError) as error:
            HfApi(endpoint=hub.url, token=token).repo_info("lab/secret", repo_type="dataset")
        assert status(error) == code
        assert isinstance(error.value, RepositoryNotFoundError) == (token != "hf_wrong")
    with pytest.raises(HfHubHTTPError) as error:
        put(HfApi(endpoint=hub.url, token=READER), {"a.txt": b"b"}, repo="lab/secret")
    assert status(error) == 403
    with pytest.raises(HfHubHTTPError) as error:
        HfApi(endpoint=hub.url, token=STRANGER).create_repo("lab/mine", repo_type="dataset")
    assert status(error) == 403
    assert api.whoami()["orgs"][0]["name"] == "lab"


def test_an_object_that_is_not_what_was_announced_is_not_taken(api, repo, hub):
    wrong = get_session().put(f"{hub.url}/lfs/{'0' * 64}", content=b"something else")
    assert wrong.status_code == 400
    line = {"path": "a.bin", "algo": "sha256", "oid": "0" * 64, "size": 3}
    body = [{"key": "header", "value": {"summary": "x"}}, {"key": "lfsFile", "value": line}]
    answer = get_session().post(
        f"{hub.url}/api/datasets/{repo}/commit/main",
        content="\n".join(map(json.dumps, body)).encode(),
        headers={"Authorization": f"Bearer {OWNER}"},
    )
    assert answer.status_code == 400
    assert set(hub.files(repo)) == {".gitattributes"}


@pytest.mark.parametrize(
    ("fault", "seen", "landed"),
    [
        (Fault("refuse", "POST", "/commit/", status=429, retry_after=7), "429", False),
        (Fault("refuse", "POST", "/commit/", status=503), "503", False),
        (Fault("drop", "POST", "/commit/"), "reset|disconnected", False),
        (Fault("lose", "POST", "/commit/"), "reset|disconnected", True),
        (Fault("move", "POST", "/commit/"), "412", False),
        (Fault("slow", "POST", "/commit/", seconds=0.05), None, True),
        (Fault("drop", "PUT", "/lfs/"), None, True),
        (Fault("refuse", "PUT", "/lfs/", status=500, times=3), None, True),
        (Fault("refuse", "POST", "/commit/", skip=1), None, True),
    ],
)
def test_faults_do_what_they_say(api, repo, hub, fault, seen, landed):
    hub.faults.add(fault)
    head = api.repo_info(repo, repo_type="dataset").sha
    if seen is None:
        put(api, {"a.bin": b"a" * 100_000}, parent_commit=head)
    else:
        with pytest.raises((HfHubHTTPError, httpx2.TransportError), match=seen) as error:
            put(api, {"a.bin": b"a" * 100_000}, parent_commit=head)
        if fault.retry_after:
            assert error.value.response.headers["Retry-After"] == "7"
    assert ("a.bin" in hub.files(repo)) == landed
    assert ("notes/1.md" in hub.files(repo)) == (fault.effect == "move")


def test_a_download_that_is_cut_can_be_gone_on_with(api, repo, hub, tmp_path):
    put(api, {"a.bin": os.urandom(3_000_000)})
    hub.faults.add(Fault("cut", "GET", "/resolve/"))
    target = {"repo_id": repo, "filename": "a.bin", "repo_type": "dataset", "local_dir": tmp_path / "got"}
    with pytest.raises(httpx2.TransportError):
        api.hf_hub_download(**target)
    assert Path(api.hf_hub_download(**target)).read_bytes() == hub.files(repo)["a.bin"]


def test_state_outlives_the_server(tmp_path):
    with LoopbackHub(tmp_path / "hub") as first:
        first.create("lab/x")
        first.commit("lab/x", {"a.txt": b"a"})
    with LoopbackHub(tmp_path / "hub") as second:
        assert second.files("lab/x")["a.txt"] == b"a"


def test_datasets_and_hf_in_processes_of_their_own(hub, tmp_path):
    code = """
import sys
from datasets import Dataset, load_dataset
Dataset.from_dict({"a": [1, 2, 3]}).push_to_hub("lab/pushed", "first")
Dataset.from_dict({"a": [4]}).push_to_hub("lab/pushed", "second")
assert load_dataset("lab/pushed", "first")["train"]["a"][:] == [1, 2, 3]
rows = load_dataset("lab/pushed", "second", streaming=True, split="train", revision="main")
assert [row["a"] for row in rows] == [4]
"""
    environment = {**os.environ, **hub.environment(tmp_path / "home")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True)
    (tmp_path / "up").mkdir()
    (tmp_path / "up" / "note.txt").write_text("a note")
    hf = [sys.executable, "-m", "huggingface_hub.cli.hf"]
    up = [*hf, "upload", "lab/pushed", str(tmp_path / "up"), "--repo-type", "dataset", "--create-pr"]
    subprocess.run(up, env=environment, check=True, capture_output=True)
    assert hub.files("lab/pushed", "refs/pr/1")["note.txt"] == b"a note"
    assert "note.txt" not in hub.files("lab/pushed")
