"""Command line: `python -m recipes.experiments.run single_hop_share --seeds 0,1,2`."""

from __future__ import annotations

import dataclasses
import math
import platform
import shlex
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from harness_tasks.metrics import ceiling, null_mean
from recipes.course import ORDER
from recipes.terminal import run_command
from remem_dataset.errors import RememError
from remem_dataset.files import write_json

from . import figures, stage2_figures
from .cells import Laboratory, run_cell
from .spec import Experiment, experiment_names, load_experiment, stage2_settings
from .stage2 import run_level
from .store import Store, git_commit
from .tables import CONFIDENCE, summarise, write_table

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
    git_commit()  # of the code that runs, kept from now on: the checkout may move on meanwhile
    for line in _stage2(lab, chosen) if experiment.unlearning else _stage1(lab, chosen):
        lines.append(line)
        write_results(folder, experiment, lines, lab)
    typer.echo(f"{name}: {len(lines)} lines, {folder}/table.csv, summary.csv, figure.png, provenance.json")


def _stage1(lab: Laboratory, seeds: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    cells = lab.experiment.cells
    for turn, seed in enumerate(seeds):  # seed by seed, so that a first whole picture comes early
        for place, cell in enumerate(cells, 1):
            _say(lab, turn * len(cells) + place, len(seeds) * len(cells), f"{cell.name}, seed {seed}")
            yield run_cell(lab, cell, seed)


def _stage2(lab: Laboratory, seeds: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    (cell,), spec = lab.experiment.cells, lab.experiment.unlearning
    parts = [(seed, level) for seed in seeds for level in spec.levels]
    for place, (seed, level) in enumerate(parts, 1):
        _say(lab, place, len(parts), f"{level}, seed {seed}, {len(spec.methods)} methods")
        yield from run_level(lab, cell, level, seed)


def _say(lab: Laboratory, place: int, total: int, what: str) -> None:
    typer.echo(f"[{place}/{total}] {lab.experiment.name}: {what}", err=True)


def write_results(folder: Path, experiment: Experiment, lines: list[dict[str, Any]], lab: Laboratory) -> None:
    """Write what is known so far: table.csv, summary.csv, figure.png, figure.svg, provenance.json."""
    by = ("cell", "level") if experiment.unlearning else ("cell",)
    ranks = [cell.name for cell in experiment.cells]
    if experiment.unlearning is None:
        lines = sorted(lines, key=lambda line: (ranks.index(line["cell"]), line["seed"]))
    summary = summarise(lines, by)
    write_table(folder / "table.csv", lines)
    write_table(folder / "summary.csv", summary)
    figures.save(_figure(experiment, summary), folder / "figure")
    write_json(folder / "provenance.json", provenance(experiment, lines, lab))


def _figure(experiment: Experiment, summary: list[dict[str, Any]]) -> Any:
    if experiment.figure == "scatter":
        n = experiment.evaluation_config().candidates
        spec = experiment.unlearning
        return stage2_figures.scatter(summary, experiment.title, spec.refusing, null_mean(n) / ceiling(n))
    if experiment.figure == "bars":
        return stage2_figures.bars(summary, experiment.title, experiment.unlearning.levels[0])
    draw = {"lines": figures.lines, "radar": figures.radar}[experiment.figure]
    return draw(summary, experiment.title, experiment.axis)


def provenance(experiment: Experiment, lines: list[dict[str, Any]], lab: Laboratory) -> dict[str, Any]:
    """Everything that the figures depend on. The commit that measured a line is in the table."""
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
                "training": dataclasses.asdict(experiment.settings(cell)),
            }
            for cell in experiment.cells
        },
        "order": ORDER,
        "shared_warm_up": experiment.shared_warm_up,
        "model_size": vars(experiment.size()),
        "unlearning": _stage2_provenance(experiment) if experiment.unlearning else None,
        "git_commit": git_commit(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
        "machine": {
            "processor": platform.machine(),
            "vector_instructions": torch.backends.cpu.get_cpu_capability(),  # pictures differ with them
            "system": platform.system(),
        },
    }


def _stage2_provenance(experiment: Experiment) -> dict[str, Any]:
    spec = experiment.unlearning
    settings = {
        name: dataclasses.asdict(stage2_settings(values, name)) for name, values in spec.methods.items()
    }
    return {**dataclasses.asdict(spec), "methods": settings}


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
