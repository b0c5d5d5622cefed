"""Linking the tasks into lm_eval's task folder and taking them out again."""

from __future__ import annotations

import pytest
from lm_eval.tasks import TaskManager

from harness_tasks.data import TASKS
from harness_tasks.install import (
    MARK,
    OUR_TASKS,
    install_tasks,
    installed,
    installed_as_ours,
    lm_eval_folder,
    remove_tasks,
)
from remem_dataset.errors import RememError


def test_the_folder_is_where_lm_eval_looks():
    assert (lm_eval_folder() / "hellaswag").is_dir()


@pytest.mark.parametrize("links", [True, False])
def test_lm_eval_finds_the_installed_tasks(tmp_path, tiny_dataset, monkeypatch, links):
    if not links:
        monkeypatch.setattr("pathlib.Path.symlink_to", _refuse)
    folder = install_tasks(tmp_path)
    assert installed(tmp_path)
    assert {p.name for p in folder.iterdir()} == {p.name for p in OUR_TASKS.iterdir() if p.is_file()} | {MARK}
    assert all(path.is_symlink() == links for path in folder.glob("*.yaml"))
    manager = TaskManager(
        include_path=str(tmp_path), include_defaults=False, metadata={"dataset": str(tiny_dataset)}
    )
    matched = manager.match_tasks(["remem_*"])
    assert set(manager.load(matched)["tasks"]) == set(TASKS)


def test_installing_twice_and_removing_twice(tmp_path):
    install_tasks(tmp_path)
    (tmp_path / "remem" / "left-over.yaml").write_text("task: old\n")
    install_tasks(tmp_path)
    assert not (tmp_path / "remem" / "left-over.yaml").exists()
    assert remove_tasks(tmp_path) is True
    assert remove_tasks(tmp_path) is False
    assert list(tmp_path.iterdir()) == []
    assert len(list(OUR_TASKS.glob("*.yaml"))) == len(TASKS) + 1


@pytest.mark.parametrize("links", [True, False])
def test_our_own_tasks_are_known_again(tmp_path, monkeypatch, links):
    if not links:
        monkeypatch.setattr("pathlib.Path.symlink_to", _refuse)
    assert installed_as_ours(tmp_path) is False
    install_tasks(tmp_path)
    assert installed_as_ours(tmp_path) is True


def test_tasks_of_another_version_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.symlink_to", _refuse)
    folder = install_tasks(tmp_path)
    (folder / "_qa").write_text((folder / "_qa").read_text().replace("exact_match", "rouge_l"))
    with pytest.raises(RememError, match="run `remem install-tasks` again"):
        installed_as_ours(tmp_path)
    (folder / MARK).unlink()
    with pytest.raises(RememError, match="move that folder away"):
        installed_as_ours(tmp_path)


@pytest.mark.parametrize("action", [install_tasks, remove_tasks])
def test_a_foreign_folder_is_left_alone(tmp_path, action):
    foreign = tmp_path / "remem" / "theirs.yaml"
    foreign.parent.mkdir()
    foreign.write_text("task: theirs\n")
    with pytest.raises(RememError, match="was not made by"):
        action(tmp_path)
    assert foreign.read_text() == "task: theirs\n"


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(RememError, match="Cannot write"):
        install_tasks(tmp_path / "nowhere")


def _refuse(*_args, **_kwargs):
    raise OSError("links are not allowed here")
