"""The whole way, end to end: every command of the README as written, on a config small enough for a test.

Options are added behind the commands to make them small; nothing of what the README says is taken away.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness_tasks.install import remove_tasks
from tests.fakes.faces import LOOKS, draw_faces
from tests.fakes.hub import OWNER, Account, LoopbackHub
from tests.fakes.published import published_row, published_rows, write_published

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

SMALL_BUILD = (
    "--qa-per-identity 20 --single-hop-ratio 0.7 --images-per-identity 2 --eval-per-identity 2 "
    "--multi-image-per-identity 1 --image-size 64 --candidates 7 --casting-pool 2 --redraws 1"
)
SMALL_DEMO = {
    "--generation-options": SMALL_BUILD,
    "--learn-options": "--max-steps 2 --warm-up 2",
    "--unlearn-options": "--epochs 1 --forget-views 1",
}
SMALL_EVAL = "--limit 2"
BIN = Path(sys.executable).parent
# The environment is the one that runs this test; making another would take minutes.
THIS_ENVIRONMENT = f"VENV={BIN.parent} -o {BIN.parent}/.installed"
#: The README's name for the reader's own organisation on the Hub.
ORGANISATION = "my-org"
#: README command -> what makes it small. A command without an entry here fails the test.
ADDED = {
    r"make demo": THIS_ENVIRONMENT,  # made small by DEMO_OPTIONS
    r"remem-eval .*": SMALL_EVAL,
    r"lm_eval .*": SMALL_EVAL,
    r"remem (report|verify|rescore|publish|versions|fetch|submit|leaderboard) .*": "",
    r"remem install-tasks.*": "",
    r"remem adopt .*": "",
    r"python -m recipes\.reference .*": "",
    r"python -m recipes\.learn .*": "--max-steps 2 --warm-up 2",
    r"python -m recipes\.unlearn .*": "--epochs 1 --forget-views 1",
    r"python -m generation (sheet|quality) .*": "",
    r"python -m generation --.*": SMALL_BUILD,
}
#: Run by CI itself, or about the shell that the commands are typed into.
NOT_RUN_HERE = {"make test", ". .venv/bin/activate"}


def readme_commands() -> list[str]:
    """Lines of the README's bash blocks, in order."""
    blocks = re.findall(r"^```bash\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines() if line]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, tiny_dataset) -> Path:
    """A folder that looks like a checkout but has its own `remem` and `runs`.

    Beside them: pictures of two people, and data as the paper's authors publish it.
    """
    folder = tmp_path_factory.mktemp("checkout")
    for path in ROOT.iterdir():
        if path.name not in {"remem", "remem.raw", "runs", ".git", "build"} and not path.name.startswith(
            ".pytest"
        ):
            (folder / path.name).symlink_to(path)
    draw_faces(folder / "faces", {name: LOOKS[name] for name in ("ada", "ben")}, size=192)
    rows = published_rows(tiny_dataset)
    write_published(
        folder / "published", {split: list(map(published_row, own)) for split, own in rows.items()}
    )
    return folder


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Iterator[LoopbackHub]:
    """What commands that name `ORGANISATION` take for the Hub."""
    with LoopbackHub(tmp_path_factory.mktemp("hub")) as running:
        running.accounts[OWNER] = Account("ada", (ORGANISATION,))
        running.create(f"{ORGANISATION}/forgetful", "models")
        yield running


def environment_of(text: str, hub: LoopbackHub, workspace: Path) -> dict[str, str]:
    """Variables for a command or an example; only those about the Hub are let out to it."""
    environment = {**os.environ, "PYTHONPATH": str(workspace)}
    return {**environment, **hub.environment(workspace / "home")} if ORGANISATION in text else environment


@pytest.fixture(scope="module")
def outputs(workspace, hub) -> dict[str, subprocess.CompletedProcess]:
    """Run every command in order; later ones read what earlier ones made."""
    environment = {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "DEMO_OPTIONS": " ".join(f"{name} '{options}'" for name, options in SMALL_DEMO.items()),
    }
    try:
        return _run_all(workspace, hub, environment)
    finally:
        # A run that stops between the README's install and remove must leave no links in site-packages.
        remove_tasks()


def _run_all(
    workspace: Path, hub: LoopbackHub, environment: dict[str, str]
) -> dict[str, subprocess.CompletedProcess]:
    done = {}
    for command in readme_commands():
        if command in NOT_RUN_HERE:
            continue
        (added,) = [value for pattern, value in ADDED.items() if re.fullmatch(pattern, command)]
        done[command] = subprocess.run(
            f"{command} {added}",
            shell=True,
            cwd=workspace,
            env={**environment_of(command, hub, workspace), **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        tail = (done[command].stdout + done[command].stderr)[-3000:]
        assert done[command].returncode == 0, f"{command} {added}\n{tail}"
    return done


def test_every_command_is_known():
    for command in readme_commands():
        known = [pattern for pattern in ADDED if re.fullmatch(pattern, command)]
        assert command in NOT_RUN_HERE or len(known) == 1, command


def test_every_relative_link_leads_somewhere():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not link.startswith("http")]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_python_examples_run_on_the_demos_dataset(outputs, workspace, hub):
    for block in re.findall(r"^```python\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE):
        environment = environment_of(block, hub, workspace)
        subprocess.run([sys.executable, "-c", block], cwd=workspace, env=environment, check=True)


def test_what_was_published_is_what_was_fetched(outputs, workspace, hub):
    assert hub.repo(f"{ORGANISATION}/remem").private
    published = hub.files(f"{ORGANISATION}/remem", "v1.0.0")
    for path in (workspace / "remem-v1.0.0").rglob("*"):
        assert (
            not path.is_file()
            or path.read_bytes() == published[str(path.relative_to(workspace / "remem-v1.0.0"))]
        )


def test_the_submission_and_the_leaderboard_are_shown(outputs, workspace):
    (shown,) = [done.stdout for command, done in outputs.items() if command.startswith("remem submit")]
    assert '"model": "my-org/forgetful"' in shown
    assert "computed again from token log-probabilities: yes" in shown
    versions = json.loads((workspace / "runs/submissions/versions.json").read_text())
    fingerprint = json.loads((workspace / "remem/remem.json").read_text())["fingerprint"]["all"]
    assert versions["versions"]["v1.0.0"]["fingerprint"] == fingerprint
    assert "Sample data." in (workspace / "runs/site/index.html").read_text(encoding="utf-8")


def test_the_demo_reports_gate_and_checks(outputs, workspace):
    printed = outputs["make demo"].stdout
    assert "has not memorised the people" in printed, "and what to do about it: the demo is made small here"
    assert "memorised: no" in printed.lower()  # two steps of training teach nothing, and the report says so
    page = (workspace / "runs/demo/report.html").read_text(encoding="utf-8")
    fingerprint = json.loads((workspace / "remem/remem.json").read_text())["fingerprint"]["all"]
    assert fingerprint[:16] in page
    assert not re.search(r"(src|href)=[\"']https?://", page), "the report asks the network for something"


def test_the_demo_evaluates_every_task_on_three_models(outputs, workspace):
    tasks = {path.stem for path in (ROOT / "harness_tasks/tasks").rglob("remem_*.yaml")}
    assert len(tasks) == 22
    for model in ("untrained", "vanilla", "unlearned"):
        (path,) = (workspace / "runs/demo/eval" / model).rglob("results_*.json")
        results = json.loads(path.read_text())
        assert set(results["results"]) >= tasks
        assert results["remem"]["forget"] == "forget25"


def test_a_second_demo_reuses_everything(outputs, workspace):
    begun = {path: path.stat().st_mtime_ns for path in (workspace / "runs/demo").rglob("*.safetensors")}
    assert len(begun) >= 3
    environment = {**os.environ, "PYTHONPATH": str(workspace)}
    command = [sys.executable, "-m", "recipes.demo", "--forget", "forget25"]
    for name, options in SMALL_DEMO.items():
        command.extend((name, options))
    again = subprocess.run(
        command, cwd=workspace, env=environment, capture_output=True, text=True, check=True
    )
    assert again.stdout.count(": reused") == 6
    assert "already built" in again.stdout
    assert {path: path.stat().st_mtime_ns for path in begun} == begun
