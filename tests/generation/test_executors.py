"""What runs a build: a Ray cluster of two nodes and Slurm's jobs make the tree that this machine makes."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from generation.__main__ import app as generation_app
from generation.executors import check_executor
from generation.executors import local as local_executor
from generation.executors.local import shared_workers
from generation.executors.slurm import parse_options, passes, write_jobs
from generation.pipeline import IdentityStep, step_executor
from generation.task import app as task_app
from generation.tree import fellow_builder, open_tree, origin_of, sole_builder
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError, run_app
from remem_dataset.files import write_text
from remem_dataset.raw import RawTree
from tests.fakes.dataset import small_config

ROOT = Path(__file__).resolve().parents[2]
ORIGIN = origin_of(small_config())
TWO_PEOPLE = {
    "--preset": "tiny",
    "--identities": 2,
    "--forget-levels": 50,
    "--default-forget-level": 50,
    "--qa-per-identity": 20,
    "--single-hop-ratio": 0.7,
    "--images-per-identity": 1,
    "--eval-per-identity": 2,
    "--multi-image-per-identity": 1,
    "--image-size": 48,
    "--candidates": 3,
    "--groups-per-identity": 0,
    "--casting-pool": 1,
    "--redraws": 0,
}

#: Runs a job at once, its tasks side by side, with no more of an environment than Slurm would give it.
FAKE_SBATCH = """#!{python}
import os, pathlib, re, shlex, subprocess, sys
here = pathlib.Path(__file__).parent
with (here / "calls").open("a") as calls:
    print(*sys.argv[1:], file=calls)
job = len((here / "calls").read_text().splitlines())
script = pathlib.Path(sys.argv[-1]).resolve()
given = shlex.split(" ".join(re.findall(r"^#SBATCH (.*)$", script.read_text(), re.MULTILINE)))
options = dict(option.removeprefix("--").split("=", 1) for option in given)
first, last = map(int, re.fullmatch(r"(\\d+)-(\\d+)", options.get("array", "0-0")).groups())
tasks = []
for rank in range(first, last + 1):
    log = options["output"].replace("%A", str(job)).replace("%j", str(job)).replace("%a", str(rank))
    environment = {{"PATH": os.defpath, "SLURM_ARRAY_TASK_ID": str(rank)}}
    with open(log, "w") as file:
        tasks.append(
            subprocess.Popen(["bash", str(script)], cwd="/", env=environment, stdout=file, stderr=file)
        )
if any([task.wait() for task in tasks]):
    sys.exit("a task failed, see " + log)
print(f"{{job}};cluster")
"""


def run_generation(*arguments, **environment):
    """Build two people in a process of its own."""
    options = [str(part) for option in TWO_PEOPLE.items() for part in option]
    command = [sys.executable, "-m", "generation", *options, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def refusal(app, *arguments, capsys) -> str:
    """What a command that exits with 2 writes to stderr."""
    with pytest.raises(SystemExit) as left:
        run_app(app, "program", [str(argument) for argument in arguments])
    assert left.value.code == 2
    return capsys.readouterr().err


def files_of(root: Path) -> dict[str, bytes]:
    """What generation made in a raw tree, without datatrove's records of when and how."""
    kept = [*root.rglob("identities/**/*.*"), *root.rglob("casting/*.npz"), root / "remem-raw.json"]
    return {str(path.relative_to(root)): path.read_bytes() for path in kept if path.is_file()}


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Path:
    """Two people built on this machine."""
    out = tmp_path_factory.mktemp("local") / "remem"
    run_generation("--out", out, "--workers", 2)
    return out


@pytest.fixture(scope="module")
def cluster():
    """A Ray cluster of two nodes with one CPU each; its address."""
    cluster_utils = pytest.importorskip("ray.cluster_utils")
    node = {"num_cpus": 1, "include_dashboard": False}
    cluster = cluster_utils.Cluster(initialize_head=True, head_node_args=node)
    cluster.add_node(num_cpus=1)
    yield cluster.address
    cluster.shutdown()


class Meet(IdentityStep):
    """Notes which node and process each identity is worked at by; fails at the last, once all others are."""

    def work(self, tree: RawTree, config: BenchmarkConfig, index: int) -> None:
        import ray

        if index == config.identities - 1:
            others = [tree.root / f"{other}.txt" for other in range(index)]
            deadline = time.monotonic() + 60
            while not all(path.is_file() for path in others) and time.monotonic() < deadline:
                time.sleep(0.02)
            raise RememError("Nobody plays the last identity.")
        node = ray.get_runtime_context().get_node_id()
        write_text(tree.root / f"{index}.txt", f"{node} {os.getpid()}")


class Die(IdentityStep):
    """Takes its process with it."""

    def work(self, tree: RawTree, config: BenchmarkConfig, index: int) -> None:
        os._exit(7)


def test_two_ray_nodes_build_the_same_tree_as_this_machine(local, cluster, tmp_path):
    out = tmp_path / "remem"
    run_generation("--out", out, "--executor", "ray", RAY_ADDRESS=cluster)
    built = files_of(out.with_name("remem.raw"))
    assert built == files_of(local.with_name("remem.raw"))
    assert len([name for name in built if name.endswith(".png")]) == 2 * 6
    assert (out / "remem.json").read_bytes() == (local / "remem.json").read_bytes()


def test_both_ray_nodes_work_and_a_fault_on_one_ends_the_run(cluster, tmp_path, monkeypatch):
    import ray

    monkeypatch.setenv("RAY_ADDRESS", cluster)
    config = small_config(identities=4)
    tree = open_tree(tmp_path / "raw", config, ORIGIN)
    try:
        with pytest.raises(RememError, match=r"^Nobody plays the last identity\.$"):
            step_executor(Meet, tree, config, executor="ray").run()
        notes = [(tree.root / f"{index}.txt").read_text().split() for index in range(3)]
        assert len({node for node, _ in notes}) == 2
        assert len({process for _, process in notes}) == 2, "a worker takes one task after another"
        with pytest.raises(RememError, match=r"A Ray worker died .* run the same command again"):
            step_executor(Die, tree, config, executor="ray").run()
    finally:
        ray.shutdown()


def test_slurm_jobs_build_the_same_tree_as_this_machine(local, tmp_path):
    sbatch = tmp_path / "bin" / "sbatch"
    sbatch.parent.mkdir()
    sbatch.write_text(FAKE_SBATCH.format(python=sys.executable))
    sbatch.chmod(0o755)
    out = tmp_path / "my data" / "remem"
    path = f"{sbatch.parent}:{os.environ['PATH']}"
    done = run_generation("--out", out, "--executor", "slurm", "--submit", PATH=path)
    assert done.stdout.splitlines() == [
        "casting: job 1",
        "choice: job 2",
        "identities: job 3",
        "packing: job 4",
    ]
    calls = (sbatch.parent / "calls").read_text().splitlines()
    assert calls[0] == "--parsable casting.sbatch"
    assert calls[2] == "--parsable --dependency=afterok:2 identities.sbatch"
    assert files_of(out.with_name("remem.raw")) == files_of(local.with_name("remem.raw"))
    assert (out / "remem.json").read_bytes() == (local / "remem.json").read_bytes()
    (log,) = out.with_name("remem.raw").glob("slurm/packing-4.log")
    assert "Load it with load_dataset" in log.read_text()


def test_slurm_scripts_say_what_runs(tmp_path):
    config = small_config(identities=2500, recognition=1)
    tree = open_tree(tmp_path / "raw", config, ORIGIN)
    submit = write_jobs(tree, tmp_path / "it's", config, 8, None, ["mem=8G", "--exclusive"], restart=True)
    assert passes(config) == ("casting", "choice", "identities", "packing")
    assert (tree.root / "slurm" / "identities.sbatch").read_text() == (
        "#!/bin/bash\n"
        "#SBATCH --job-name=remem-identities\n"
        f"#SBATCH --output={tree.root}/slurm/identities-%A_%a.log\n"
        "#SBATCH --cpus-per-task=1\n"
        "#SBATCH --mem=8G\n"
        "#SBATCH --kill-on-invalid-dep=yes\n"
        "#SBATCH --array=0-999%8\n"
        "#SBATCH --exclusive\n"
        "set -euo pipefail\n"
        'export OMP_NUM_THREADS="${SLURM_CPUS_PER_TASK:-1}"\n'
        f"cd {ROOT}\n"
        f"exec {sys.executable} -m generation.task identities '{tmp_path}/it'\"'\"'s' "
        '--rank "$SLURM_ARRAY_TASK_ID" --tasks 1000\n'
    )
    packing = (tree.root / "slurm" / "packing.sbatch").read_text()
    assert packing.endswith("--restart\n")
    assert "--array" not in packing
    subprocess.run(["bash", "-n", submit], check=True)
    without = small_config()
    write_jobs(open_tree(tmp_path / "plain", without, ORIGIN), tmp_path / "out", without)
    names = sorted(path.name for path in (tmp_path / "plain" / "slurm").iterdir())
    assert names == ["identities.sbatch", "packing.sbatch", "submit.sh"]


def test_tasks_of_one_build_work_beside_each_other_and_keep_others_out(tmp_path):
    open_tree(tmp_path / "raw", small_config(), ORIGIN)
    tasks = contextlib.ExitStack()
    with tasks:
        for _ in range(2):
            tasks.enter_context(fellow_builder(tmp_path / "raw"))
        with pytest.raises(RememError, match="Another build is at work"), sole_builder(tmp_path / "raw"):
            pass


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--executor", "cloud"], "There is no executor 'cloud'; the executors are local, ray, slurm."),
        (["--submit"], "--sbatch and --submit are for --executor slurm, not local."),
        (["--executor", "slurm", "--submit"], "There is no sbatch here to --submit with"),
        (["--executor", "slurm", "--sbatch", "mem=4 G; reboot"], "'mem=4 G; reboot' is not an option"),
        (["--executor", "ray"], "No Ray cluster answers at 127.0.0.1:1, which RAY_ADDRESS names"),
    ],
)
def test_bad_input_exits_with_2_and_writes_nothing(tmp_path, monkeypatch, capsys, arguments, sentence):
    if "ray" in arguments:
        pytest.importorskip("ray")
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("PATH", "/nowhere")
    stderr = refusal(generation_app, "--out", tmp_path / "remem", *arguments, capsys=capsys)
    assert re.fullmatch(rf"error: .*{re.escape(sentence)}.*\n", stderr), stderr
    assert list(tmp_path.iterdir()) == []


def test_a_missing_ray_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(RememError, match=re.escape("pip install 'remem-bench[ray]'")):
        check_executor("ray")


@pytest.mark.parametrize("option", ["", "partition", "--gres=gpu:1", "mail-type=END,FAIL"])
def test_options_of_sbatch(option):
    if not option:
        with pytest.raises(RememError, match="is not an option of sbatch"):
            parse_options([option])
    else:
        name, _, value = option.removeprefix("--").partition("=")
        assert parse_options([option]) == {name: value}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["casting"], "There is no pass 'casting'; this build's are identities, packing."),
        (["identities", "--rank", "4"], "Pass identities has 4 tasks, 0 to 3, not task 4 of 4."),
        (["identities", "--tasks", "3"], "Pass identities has 4 tasks, 0 to 3, not task 0 of 3."),
    ],
)
def test_a_task_that_is_none_is_refused(tmp_path, capsys, arguments, sentence):
    open_tree(tmp_path / "remem.raw", small_config(), ORIGIN)
    name, *rest = arguments
    stderr = refusal(task_app, name, tmp_path / "remem", *rest, capsys=capsys)
    assert stderr == f"error: {sentence}\n"


def test_a_task_of_a_build_with_other_words_is_refused(tmp_path, capsys):
    open_tree(tmp_path / "remem.raw", small_config(), dataclasses.replace(ORIGIN, text="0" * 32))
    stderr = refusal(task_app, "identities", tmp_path / "remem", capsys=capsys)
    assert "was begun with other words; write the jobs again." in stderr


class IdleStep(IdentityStep):
    """Does nothing for anybody."""

    name = "idle"

    def work(self, tree: RawTree, config: BenchmarkConfig, index: int) -> None:
        pass


def test_passes_share_their_workers_and_a_worker_that_died_between_them_is_one_sentence(tmp_path):
    config = small_config()
    tree = open_tree(tmp_path / "raw", config, ORIGIN)

    with shared_workers():
        step_executor(IdleStep, tree, config, workers=2).run()
        first = set(local_executor._shared[2]._processes)
        step_executor(IdleStep, tree, config, workers=2).run()
        assert set(local_executor._shared[2]._processes) == first
        for pid in first:
            psutil.Process(pid).kill()
        psutil.wait_procs([psutil.Process(p) for p in first if psutil.pid_exists(p)], timeout=10)
        with pytest.raises(RememError, match="A worker process died"):
            step_executor(IdleStep, tree, config, workers=2).run()
    assert local_executor._shared is None, "nothing is left behind"
