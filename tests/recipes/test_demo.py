"""The demo's dataset step: what an older preset made is replaced, what the demo did not make is not."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
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


class Demo:
    """The demo in a copy of the checkout, whose `tiny` preset can be changed."""

    def __init__(self, checkout: Path) -> None:
        self.checkout = checkout
        for folder in ("assets", "generation", "remem_dataset", "recipes", "harness_tasks"):
            shutil.copytree(ROOT / folder, checkout / folder, ignore=shutil.ignore_patterns("__pycache__"))
        draw_faces(checkout / "faces", {name: LOOKS[name] for name in ("ada", "ben")}, size=192)
        self.stamp = checkout / "runs" / "steps" / "dataset.json"

    def set_redraws(self, count: int) -> None:
        preset = self.checkout / "assets" / "presets" / "tiny.yaml"
        text, found = re.subn(r"^redraws: .*$", f"redraws: {count}", preset.read_text(), flags=re.MULTILINE)
        assert found == 1
        preset.write_text(text)

    def redraws(self) -> int:
        """As the dataset that is there was built."""
        return json.loads((self.checkout / "remem" / "remem.json").read_text())["config"]["redraws"]

    def begin(self) -> subprocess.Popen:
        environment = {**os.environ, "PYTHONPATH": str(self.checkout)}
        return subprocess.Popen(
            [sys.executable, "-c", STEP],
            cwd=self.checkout,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self) -> str:
        process = self.begin()
        said = process.communicate()[0]
        assert process.returncode == 0, said
        return said

    def interrupt(self) -> None:
        """Begin, and end it all once the step has begun."""
        begun = self.stamp.stat().st_mtime_ns if self.stamp.exists() else 0
        process = self.begin()
        while not self.stamp.exists() or self.stamp.stat().st_mtime_ns == begun:
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.01)
        time.sleep(1)  # the generation's own process is on its way
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert json.loads(self.stamp.read_text())["state"] == "begun"


def test_a_dataset_of_an_older_preset_is_replaced_if_the_demo_made_it(tmp_path):
    demo = Demo(tmp_path)
    demo.set_redraws(1)
    demo.run()
    assert demo.redraws() == 1
    assert "already built" in demo.run()

    demo.set_redraws(2)
    demo.interrupt()
    assert demo.redraws() == 1, "what was there stays until the new one is whole"
    demo.run()
    assert demo.redraws() == 2

    demo.stamp.unlink()
    demo.set_redraws(1)
    refused = demo.begin()
    said = refused.communicate()[0]
    assert refused.returncode == 1, "run() raises; the command line makes a sentence of it"
    assert "of another config" in said
    assert demo.redraws() == 2
