"""A run that was killed goes on from its finished questions; two processes find what one finds."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import torch

from harness_tasks.journal import Journal
from harness_tasks.model import RememVLM
from harness_tasks.scoring import AnswerScore, PrefixScorer
from remem_dataset.errors import RememError
from tests.harness_tasks.runs import evaluate

TASKS = "remem_forget_seen_multi_exposure,remem_retain_text_exposure,remem_retain_seen_single_qa"


def figures(results):
    return {
        (task, key): value
        for task, by_key in results["results"].items()
        for key, value in by_key.items()
        if "," in key
    }


class Killed(Exception):
    """Stands for the process's end."""


def kill_after(monkeypatch, target, name, calls):
    """Let a method work so many times, then end the run; returns how often it was called."""
    original, count = getattr(target, name), []

    def counted(self, *args, **kwargs):
        if len(count) == calls:
            raise Killed
        count.append(name)
        return original(self, *args, **kwargs)

    monkeypatch.setattr(target, name, counted)
    return count


@pytest.mark.parametrize(("target", "name"), [(PrefixScorer, "score"), (RememVLM, "_generate")])
@pytest.mark.usefixtures("only_our_tasks")
def test_a_killed_run_goes_on_where_it_was(work, model_folder, tmp_path, monkeypatch, capsys, target, name):
    monkeypatch.chdir(work)
    options = ("--batch_size", "2")
    whole, rows = evaluate(model_folder, TASKS, tmp_path / "whole", *options)
    with monkeypatch.context() as patch:
        kill_after(patch, target, name, 2)
        with pytest.raises(Killed):
            evaluate(model_folder, TASKS, tmp_path / "parts", *options)
    (journal,) = (tmp_path / "parts").glob(".unfinished-*")
    finished = len(journal.read_text().splitlines())
    assert finished >= 2
    journal.write_text(journal.read_text() + '{"question": "half a li')
    with monkeypatch.context() as patch:
        calls = kill_after(patch, target, name, 1_000)
        again, again_rows = evaluate(model_folder, TASKS, tmp_path / "parts", *options)
    assert f"Going on from {finished} questions" in capsys.readouterr().err
    assert figures(again) == figures(whole)
    assert again_rows == rows
    asked = {"score": "rank", "_generate": "generated"}[name]
    questions = sum(asked in row for row in rows)
    assert len(calls) < questions
    assert again["remem"]["scoring_path"] == whole["remem"]["scoring_path"] == "trie"
    assert not list((tmp_path / "parts").rglob(".unfinished-*")), "nothing is left of it"


@pytest.mark.usefixtures("only_our_tasks")
def test_another_model_takes_nothing_from_the_journal(work, model_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(work)
    with monkeypatch.context() as patch:
        kill_after(patch, PrefixScorer, "score", 2)
        with pytest.raises(Killed):
            evaluate(model_folder, TASKS, tmp_path)
    evaluate(model_folder, TASKS, tmp_path, "--model_args", f"pretrained={model_folder},dtype=float64")
    assert "Going on" not in capsys.readouterr().err
    assert len(list(tmp_path.glob(".unfinished-*"))) == 1, "the other run's journal stays"


def test_scores_come_back_to_the_last_bit(tmp_path):
    scores = [
        AnswerScore([-0.1, -1e-17, -3.3], True, ((-1.5, 0.25), (-2.0, 1e-9), (0.0, 0.0))),
        AnswerScore([float("-inf")], False),
    ]
    journal = Journal(tmp_path, {"model": 1})
    journal.keep_scores(["q"], scores, "trie")
    journal.keep_text(["r"], "a — b\n")
    journal.close(finished=False)
    again = Journal(tmp_path, {"model": 1}, rank=1)
    found = again.scores(["q"])
    assert found == scores
    assert [s.token_logprobs for s in found] == [s.token_logprobs for s in scores]
    assert [s.moments for s in found] == [s.moments for s in scores]
    assert (again.path_of(["q"]), again.text(["r"]), again.text(["q"])) == ("trie", "a — b\n", None)
    assert Journal(tmp_path, {"model": 2}).scores(["q"]) is None
    again.close(finished=True)
    assert list(tmp_path.iterdir()) == []


def test_less_is_asked_at_once_when_memory_runs_out(lm, monkeypatch):
    asked = []
    before = lm.batch_size_per_gpu

    def small(self, batch):
        if len(batch) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        asked.append(batch[0].args[0])
        return ["yes"]

    monkeypatch.setattr(RememVLM, "_generate", small)
    requests = [Request(f"Question {number}?") for number in range(5)]
    assert lm.generate_until(requests, disable_tqdm=True) == ["yes"] * 5
    assert sorted(asked) == sorted(request.args[0] for request in requests)
    assert lm.batch_size == 1
    monkeypatch.setattr(RememVLM, "_generate", kill_memory)
    with pytest.raises(RememError, match="does not suffice for one question"):
        lm.generate_until(requests, disable_tqdm=True)
    lm.batch_size_per_gpu = before


def kill_memory(self, batch):
    raise torch.OutOfMemoryError("CUDA out of memory")


class Request:
    """What lm-eval hands to a model, as far as it is looked at."""

    def __init__(self, context):
        self.args = (context, {"until": ["\n"]})


def test_two_processes_find_what_one_finds(work, model_folder, tmp_path):
    """`accelerate launch` on two CPUs, over gloo: the same rows and figures as one process."""
    arguments = ["--model_args", f"pretrained={model_folder}", "--device", "cpu", "--tasks", TASKS]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    ran = {}
    for name, launcher in (
        ("one", [sys.executable, "-m", "harness_tasks.cli"]),
        (
            "two",
            [
                sys.executable,
                *("-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2", "--num_machines", "1"),
                *("--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0"),
                *("-m", "harness_tasks.cli"),
            ],
        ),
    ):
        done = subprocess.run(
            [*launcher, *arguments, "--output_path", str(tmp_path / name)],
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=500,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        (file,) = (tmp_path / name).glob("*/results_*.json")
        results = json.loads(file.read_text())
        lines = (file.parent / results["remem"]["rows_file"]).read_text().splitlines()
        rows = sorted((json.loads(line) for line in lines), key=lambda row: (row["task"], row["id"]))
        ran[name] = results, rows
    (one, one_rows), (two, two_rows) = ran["one"], ran["two"]
    assert len(one_rows) > 10
    assert two_rows == one_rows
    for key, value in figures(one).items():
        other = figures(two)[key]
        assert other == (value if isinstance(value, str) else pytest.approx(value)), key
    assert not list(tmp_path.rglob(".unfinished-*"))
