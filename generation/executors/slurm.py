"""Slurm: one job script for each pass, and a script that submits them in order.

datatrove's Slurm executor needs `sbatch` to write its scripts, pickles the pipeline and resumes whole tasks.
Ours are plain text that anybody can read, change and run by hand: each runs `python -m generation.task`.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from generation.pipeline import task_count
from generation.presets import ASSETS
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError
from remem_dataset.files import write_text
from remem_dataset.raw import RawTree

CASTING = "casting"
CHOICE = "choice"
IDENTITIES = "identities"
PACKING = "packing"
#: The passes that are cut into tasks.
ARRAYS = (CASTING, IDENTITIES)

SUBMIT = "submit.sh"

_OPTION = re.compile(r"(--)?(?P<name>[a-z][a-z-]+)(=(?P<value>[^\s'\"]+))?")


def passes(config: BenchmarkConfig) -> tuple[str, ...]:
    """What a build does, in order; each pass needs all of the one before."""
    return (CASTING, CHOICE, IDENTITIES, PACKING) if config.recognition else (IDENTITIES, PACKING)


def parse_options(options: Sequence[str]) -> dict[str, str]:
    """Options of sbatch by name, such as "partition=cpu"; "" for a flag.

    Raises:
        RememError: something that cannot be one.
    """
    parsed = {}
    for option in options:
        match = _OPTION.fullmatch(option)
        if match is None:
            raise RememError(
                f"--sbatch {option!r} is not an option of sbatch; give its long name and a value without "
                "spaces, such as partition=cpu."
            )
        parsed[match["name"]] = match["value"] or ""
    return parsed


def write_jobs(
    tree: RawTree,
    out: Path,
    config: BenchmarkConfig,
    workers: int | None = None,
    faces: Path | None = None,
    options: Sequence[str] = (),
    restart: bool = False,
) -> Path:
    """Write the job scripts of a build to the raw tree's folder "slurm".

    Args:
        tree: an opened raw tree.
        out: the dataset folder that the last job packs.
        config: the build's config.
        workers: tasks at the same time; None leaves that to Slurm.
        faces: folder of the user's own pictures, for the renderer that takes them.
        options: more of sbatch's, such as "partition=cpu"; each replaces ours of that name.
        restart: replace the dataset that is at `out`.

    Returns:
        The script that submits the jobs.

    Raises:
        RememError: an option that is none, or a folder that cannot be written.
    """
    folder = tree.root.resolve() / "slurm"
    names = passes(config)
    for name in names:
        arguments = [sys.executable, "-m", "generation.task", name, str(out.resolve())]
        if faces:
            arguments += ["--faces", str(faces.resolve())]
        if restart and name == PACKING:
            arguments += ["--restart"]
        command = shlex.join(arguments)
        if name in ARRAYS:
            command += f' --rank "$SLURM_ARRAY_TASK_ID" --tasks {task_count(config)}'
        header = _header(name, folder, task_count(config), workers) | parse_options(options)
        write_text(folder / f"{name}.sbatch", _script(header, command))
    write_text(folder / SUBMIT, _submit_script(folder, names))
    return folder / SUBMIT


def _header(name: str, folder: Path, tasks: int, workers: int | None) -> dict[str, str]:
    """sbatch's options of one job, by name; "" for a flag."""
    array = name in ARRAYS
    log = str(folder / f"{name}-").replace("%", "%%") + ("%A_%a.log" if array else "%j.log")
    header = {
        "job-name": f"remem-{name}",
        "output": f'"{log}"' if re.search(r"\s", log) else log,
        "cpus-per-task": "1",
        "mem": "4G",
        # What waits for a job that failed is taken off the queue, not left there for ever.
        "kill-on-invalid-dep": "yes",
    }
    if array:
        header["array"] = f"0-{tasks - 1}" + (f"%{workers}" if workers else "")
    return header


def _script(header: dict[str, str], command: str) -> str:
    lines = [f"#SBATCH --{key}={value}" if value else f"#SBATCH --{key}" for key, value in header.items()]
    return "\n".join(
        [
            "#!/bin/bash",
            *lines,
            "set -euo pipefail",
            'export OMP_NUM_THREADS="${SLURM_CPUS_PER_TASK:-1}"',
            f"cd {shlex.quote(str(ASSETS.parent))}",
            f"exec {command}",
            "",
        ]
    )


def _submit_script(folder: Path, names: Sequence[str]) -> str:
    lines = [
        "#!/bin/bash",
        "# Submits the passes of this build; each waits until all tasks of the one before are done.",
        "set -euo pipefail",
        f"cd {shlex.quote(str(folder))}",
    ]
    before = ""
    for name in names:
        # --parsable prints "job" or "job;cluster".
        lines.append(f"{name}=$(sbatch --parsable{before} {name}.sbatch)")
        lines.append(f'echo "{name}: job ${{{name}%%;*}}"')
        before = f' --dependency="afterok:${{{name}%%;*}}"'
    return "\n".join([*lines, ""])


def check_submits() -> None:
    """Refuse to submit where there is no Slurm.

    Raises:
        RememError: `sbatch` is not on the PATH.
    """
    if shutil.which("sbatch") is None:
        raise RememError(
            "There is no sbatch here to --submit with; leave that out and run the script that is written on "
            "a machine of the cluster."
        )


def submit_jobs(script: Path) -> str:
    """Hand the jobs to Slurm.

    Args:
        script: what `write_jobs` returned.

    Returns:
        One line for each job, with its number.

    Raises:
        RememError: sbatch refused one; those before it are submitted.
    """
    done = subprocess.run(["bash", str(script)], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1].rstrip(".")
        raise RememError(f"sbatch refused a job of {script}: {reason}.")
    return done.stdout.strip()
