"""The whole way on the Hub: publish, load, evaluate, submit, leaderboard; real clients, a loopback Hub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from remem_dataset import cli
from remem_dataset.results.gate import stage_one_gate
from remem_dataset.results.reading import read_results
from tests.fakes.models import save_tiny_llava
from tests.harness_tasks.runs import evaluate

LOAD = """
import json
from datasets import load_dataset

levels = load_dataset("lab/remem", "forget25", revision="v1.0.0")
print(json.dumps({split: len(rows) for split, rows in levels.items()}))
"""
DATA, MODEL, BASE = "lab/remem", "lab/forgetful", "lab/learned"


def remem(monkeypatch, *arguments) -> int:
    monkeypatch.setattr(sys, "argv", ["remem", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return caught.value.code or 0


def test_publish_load_evaluate_submit_leaderboard(
    online, tiny_dataset, model_folder, only_our_tasks, monkeypatch, capsys, tmp_path
):
    assert (
        remem(monkeypatch, "publish", tiny_dataset, "--repo", DATA, "--version", "v1.0.0", "--no-pixels") == 0
    )
    # In a process of its own: `datasets` reads the Hub's address at import.
    done = subprocess.run(
        [sys.executable, "-c", LOAD],
        env={**os.environ, **online.environment(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"forget": 20, "retain": 60}

    metadata = ("--metadata", f"dataset={DATA},dataset_revision=v1.0.0,forget=forget25")
    base = save_tiny_llava(tmp_path / "base", seed=1)
    before, _ = evaluate(base, "remem_*", tmp_path / "before", *metadata)
    after, _ = evaluate(model_folder, "remem_*", tmp_path / "after", *metadata)
    assert after["remem"]["dataset"] == DATA
    assert before["remem"]["fingerprint"] == after["remem"]["fingerprint"]

    for repo in (MODEL, BASE):
        online.create(repo, "models")
    online.create(f"{DATA}-results")
    options = (
        "--base-results",
        tmp_path / "before",
        "--model",
        MODEL,
        "--base-model",
        BASE,
        "--method",
        "npo",
    )
    # No --data: the results name the published dataset themselves.
    assert remem(monkeypatch, "submit", tmp_path / "after", *options) == 0
    assert "computed again from token log-probabilities: yes" in capsys.readouterr().out
    api = HfApi()
    api.merge_pull_request(f"{DATA}-results", 1, repo_type="dataset")

    folder = Path(api.snapshot_download(f"{DATA}-results", repo_type="dataset", local_dir=tmp_path / "got"))
    submissions, site = folder / "submissions", tmp_path / "site"
    assert remem(monkeypatch, "leaderboard", "versions", DATA, "-o", submissions / "versions.json") == 0
    assert remem(monkeypatch, "leaderboard", "build", submissions, "-o", site) == 0
    # Two models from random start: neither had memorised, which the leaderboard says.
    assert not stage_one_gate(read_results(tmp_path / "before")).memorised
    assert "0 ranked, 1 shown apart" in capsys.readouterr().out
    page = (site / "index.html").read_text(encoding="utf-8")
    assert f'"model":["{MODEL}"]' in page
    assert "the base model had not memorised" in page

    # Figures that contradict the token log-probabilities beside them go nowhere.
    (file,) = (tmp_path / "after").rglob("results_*.json")
    found = json.loads(file.read_text())
    found["results"]["remem_forget_text_exposure"]["exposure,none"] = 0.0
    file.write_text(json.dumps(found))
    assert remem(monkeypatch, "submit", tmp_path / "after", *options) == 2
    error = capsys.readouterr().err
    assert "The results contradict the files beside them" in error
    assert "remem_forget_text_exposure exposure is" in error
    assert len(list(api.get_repo_discussions(f"{DATA}-results", repo_type="dataset"))) == 1
