"""`remem publish` as a user calls it: what it prints, refuses and never shows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from huggingface_hub import constants

from tests.fakes.hub import READER, Fault
from tests.fakes.hub.requests import Answer

from .test_cli import call
from .test_publish import REPO, dataset_files, files_of


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


def test_addresses_that_files_are_sent_to_are_not_shown(online, monkeypatch, capfd, tiny_dataset):
    """On the Hub they are signed: whoever has one may write."""
    online.faults.add(Fault("refuse", "PUT", "/lfs/", times=2), Fault("drop", "PUT", "/lfs/", skip=2))
    assert call(monkeypatch, "publish", tiny_dataset, "--repo", REPO, "--version", "v1.0.0") == 0
    assert len(online.faults.hit) == 3
    said = capfd.readouterr()
    assert "/lfs/" not in said.out + said.err


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
    while len(sent := [p for method, p, status in hub.log if method == "PUT" and status == 200]) < 4:
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert (hub.repo(REPO).tags, len(hub.repo(REPO).commits)) == ({}, 1)
    hub.faults.clear()
    hub.log.clear()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert dataset_files(hub, "v1.0.0") == files_of(tiny_dataset)
    assert not set(sent) & {path for method, path, _ in hub.log if method == "PUT"}
