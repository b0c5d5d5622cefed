"""Command line: `python -m recipes.experiments.run single_hop_share --seeds 0,1,2`."""

from __future__ import annotations

import math
import platform
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from recipes.terminal import run_command
from remem_dataset.errors import RememError
from remem_dataset.files import write_json

from . import figures
from .cells import Laboratory, run_cell
from .spec import Experiment, experiment_names, load_experiment
from .store import Store
from .tables import CONFIDENCE, summarise, write_table

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = ("torch", "transformers", "tokenizers", "accelerate", "datasets", "lm_eval", "numpy")


def main(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(experiment_names())}, or a name of yours.")],
    config: Annotated[Path | None, typer.Option(help="Another YAML file than the experiment's own.")] = None,
    out: Annotated[
        Path, typer.Option(help="Folder of all experiments; datasets and models are shared in it.")
    ] = Path("runs/experiments"),
    seeds: Annotated[
        str | None, typer.Option(help="Seeds of training, such as 0,1,2 (default: the file's).")
    ] = None,
) -> None:
    """Run an experiment, or go on with it, and write its table, figure and provenance."""
    experiment = load_experiment(name, config)
    chosen = _seeds(seeds) if seeds is not None else experiment.seeds
    lab = Laboratory(experiment, Store(out / "store"))
    folder = out / name
    lines: list[dict[str, Any]] = []
    total = len(chosen) * len(experiment.cells)
    for seed in chosen:  # seed by seed, so that a first whole picture comes early
        for cell in experiment.cells:
            typer.echo(f"[{len(lines) + 1}/{total}] {name}: {cell.name}, seed {seed}", err=True)
            lines.append(run_cell(lab, cell, seed))
            write_results(folder, experiment, lines, lab)
    typer.echo(f"{name}: {len(lines)} cells, {folder}/table.csv, summary.csv, figure.png, provenance.json")


def write_results(folder: Path, experiment: Experiment, lines: list[dict[str, Any]], lab: Laboratory) -> None:
    """Write what is known so far: table.csv, summary.csv, figure.png, figure.svg, provenance.json."""
    order = {cell.name: place for place, cell in enumerate(experiment.cells)}
    lines = sorted(lines, key=lambda line: (order[line["cell"]], line["seed"]))
    summary = summarise(lines)
    write_table(folder / "table.csv", lines)
    write_table(folder / "summary.csv", summary)
    draw = {"lines": figures.lines, "radar": figures.radar}[experiment.figure]
    figures.save(draw(summary, experiment.title, experiment.axis), folder / "figure")
    write_json(folder / "provenance.json", provenance(experiment, lines, lab))


def provenance(experiment: Experiment, lines: list[dict[str, Any]], lab: Laboratory) -> dict[str, Any]:
    """Everything that the figures depend on."""
    from remem_dataset.source import open_source

    return {
        "experiment": experiment.name,
        "command": shlex.join(["python", "-m", "recipes.experiments.run", *sys.argv[1:]]),
        "seeds": sorted({line["seed"] for line in lines}),
        "interval": f"{CONFIDENCE:g}, Student t over seeds",
        "evaluation_dataset": {
            "config": experiment.evaluation_config().to_dict(),
            "fingerprint": open_source(lab.evaluation()).manifest["fingerprint"],
        },
        "cells": {
            cell.name: {
                "dataset": experiment.config(cell).to_dict(),
                "training": vars(experiment.settings(cell)),
            }
            for cell in experiment.cells
        },
        "shared_warm_up": experiment.shared_warm_up,
        "model_size": experiment.model_size,
        "git_commit": git_commit(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
        "machine": {"processor": platform.machine(), "system": platform.system()},
    }


def git_commit() -> str:
    """The checkout's commit, with "+changes" where files differ from it; "unknown" outside a checkout."""

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=_ROOT, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        commit = git("rev-parse", "HEAD")
        return commit + ("+changes" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _seeds(text: str) -> tuple[int, ...]:
    try:
        found = tuple(int(part) for part in text.split(","))
    except ValueError:
        found = ()
    if not found or len(set(found)) < len(found) or min(found) < 0 or max(found) > math.pow(2, 31):
        raise RememError(f"--seeds is {text!r}; it must be different whole numbers such as 0,1,2.")
    return found


if __name__ == "__main__":
    run_command(main)
