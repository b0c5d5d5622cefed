"""`remem rescore`: a run's figures computed again from the files beside its results, without the model."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from remem_dataset.errors import RememError
from remem_dataset.results.reading import find_results, read_results
from remem_dataset.results.runs import Figure
from remem_dataset.results.spread import clustered

from .functions import exposure_metrics, qa_metrics
from .sidecar import read_sidecar

#: How far a recomputed mean may lie from the reported one: summation in another order.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Rescored:
    """A run whose figures were computed again.

    Attributes:
        results: the results file.
        figures: task -> metric -> mean with its standard error, clustered by identity.
        differences: sentences on figures that the results file states otherwise.
    """

    results: Path
    figures: dict[str, dict[str, Figure]]
    differences: list[str]


def rescore(source: Path) -> Rescored:
    """Compute a run's figures from its row file and its sidecar.

    Args:
        source: a results file, or the folder given to `remem-eval --output_path`.

    Raises:
        RememError: no results, no row file, or a sidecar that is missing, broken or of other rows.
    """
    path = find_results(source)
    run = read_results(path)  # checks the files, which may be a stranger's
    if run.rows_note:
        raise RememError(f"{path} cannot be scored again: {run.rows_note}")
    entry = json.loads(path.read_text(encoding="utf-8"))["remem"]
    lines = (path.parent / entry["rows_file"]).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    values: dict[str, dict[str, list[tuple[float, str]]]] = defaultdict(lambda: defaultdict(list))
    asked = {(row["task"], row["id"]): row for row in rows if "rank" in row}
    for scored in _sidecar(path, entry) if asked else ():
        row = asked.pop((scored.task, scored.row), None)
        if row is None:
            raise RememError(
                f"The sidecar of {path} has scores of {scored.row!r}, which is not in the row file."
            )
        sums = np.array([sum(tokens) for tokens in scored.tokens])
        metrics, _ = exposure_metrics(sums, scored.n, scored.tokens, scored.moments)
        _note(values, row, metrics)
    if asked:
        raise RememError(
            f"The sidecar of {path} lacks {len(asked)} rows, {next(iter(asked))[1]!r} among them."
        )
    for row in rows:
        if "generated" in row:
            _note(values, row, qa_metrics(row["generated"], row["answer"], row["keywords"]))
    figures = {
        task: {name: clustered(*zip(*items, strict=True)) for name, items in by_metric.items()}
        for task, by_metric in sorted(values.items())
    }
    differences = []
    for task, by_metric in figures.items():
        for name, figure in by_metric.items():
            stated = run.figure(task, name)
            if stated is None or abs(stated.value - figure.value) > ROUNDING * max(1.0, abs(figure.value)):
                said = "nothing" if stated is None else f"{stated.value!r}"
                differences.append(f"{task} {name} is {figure.value!r}, but {path} states {said}.")
    return Rescored(path, figures, differences)


def _note(values: Any, row: dict[str, Any], metrics: dict[str, float]) -> None:
    for name, value in metrics.items():
        values[row["task"]][name].append((value, row["identity_id"]))


def _sidecar(path: Path, entry: dict[str, Any]):
    name = entry.get("sidecar")
    if not isinstance(name, str) or Path(name).name != name:
        raise RememError(f"{path} names no sidecar; runs with --output_path of this version write one.")
    file = path.parent / name
    if not file.is_file():
        raise RememError(f"The sidecar {name} is not beside {path}.")
    return read_sidecar(file)


def print_rescored(rescored: Rescored) -> None:
    """Print the figures as a table, and what differs.

    Raises:
        RememError: a figure differs from what the results state.
    """
    from rich.console import Console
    from rich.table import Table

    table = Table("task", "metric", "mean", "± se", "rows")
    for task, figures in rescored.figures.items():
        for number, (name, figure) in enumerate(figures.items()):
            error = "N/A" if figure.stderr is None else f"{figure.stderr:.4f}"
            table.add_row("" if number else task, name, f"{figure.value:.4f}", error, str(figure.n))
    console = Console(highlight=False)
    console.width = max(console.width, 100)  # task names are long, and of no use in pieces
    console.print(table)
    total = sum(map(len, rescored.figures.values()))
    if rescored.differences:
        more = len(rescored.differences) - 1
        raise RememError(rescored.differences[0][:-1] + (f"; {more} more differ." if more else "."))
    console.print(f"All {total} figures of {rescored.results} are reproduced.", soft_wrap=True)
