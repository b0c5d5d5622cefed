"""The demo's dataset step: what an older preset made is replaced, what the demo did not make is not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.fakes.faces import LOOKS, draw_faces

ROOT = Path(__file__).resolve().parents[2]
#: The first step alone, in the working folder.
STEP = """
from pathlib import Path
from recipes.demo import plan, run
small = (
    "--identities 2 --qa-per-identity 20 --single-hop-ratio 0.7 --images-per-identity 1 "
    "--eval-per-identity 2 --multi-image-per-identity 0 --groups-per-identity 0 --forget-levels 50 "
    "--default-forget-level 50 --image-size 64 --candidates 7 --renderer folder --faces faces "
    "--casting-pool 1"
)
data, out = Path("remem"), Path("runs")
run(plan(data, out, None, "tiny", small)[:1], out, data)
"""


def begin_demo(checkout: Path) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    return subprocess.run(
        [sys.executable, "-c", STEP],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_dataset_of_an_older_preset_is_replaced_if_the_demo_made_it(tmp_path):
    for folder in ("assets", "generation", "remem_dataset", "recipes", "harness_tasks"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    draw_faces(tmp_path / "faces", {name: LOOKS[name] for name in ("ada", "ben")}, size=192)
    manifest = tmp_path / "remem" / "remem.json"

    def redraws() -> int:
        return json.loads(manifest.read_text())["config"]["redraws"]

    preset = tmp_path / "assets" / "presets" / "tiny.yaml"
    text = preset.read_text()
    assert "redraws: 6" in text
    preset.write_text(text.replace("redraws: 6", "redraws: 1"))
    first = begin_demo(tmp_path)
    assert first.returncode == 0, first.stderr
    assert redraws() == 1
    assert "already built" in begin_demo(tmp_path).stdout

    preset.write_text(text.replace("redraws: 6", "redraws: 2"))
    second = begin_demo(tmp_path)
    assert second.returncode == 0, second.stderr
    assert redraws() == 2

    (tmp_path / "runs" / "steps" / "dataset.json").unlink()
    preset.write_text(text.replace("redraws: 6", "redraws: 1"))
    refused = begin_demo(tmp_path)
    assert refused.returncode == 1, "run() raises; the command line makes a sentence of it"
    assert "of another config" in refused.stdout + refused.stderr
    assert redraws() == 2
