"""`remem rescore`: a run's figures computed again from the files beside its results, without the model."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from remem_dataset.errors import RememError
from remem_dataset.results.aggregates import HEADLINES, differences, grid_rows, grouped
from remem_dataset.results.reading import find_results, read_results
from remem_dataset.results.runs import Figure, RunResults, ScoredRow
from remem_dataset.results.spread import clustered
from remem_dataset.schema import FORGET, PEOPLE, PROFILES, RETAIN
from remem_dataset.source import open_source

from .functions import exposure_metrics, qa_metrics
from .judge import Judged
from .rowfile import read_rows
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
        rows: the scored rows with their figures.
        forget: the run's forget set.
    """

    results: Path
    figures: dict[str, dict[str, Figure]]
    differences: list[str]
    rows: list[ScoredRow]
    forget: str


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
    rows = list(read_rows(path.parent / entry["rows_file"]))
    scored_rows: list[ScoredRow] = []
    asked = {(row["task"], row["id"]): row for row in rows if "rank" in row}
    for scored in _sidecar(path, entry) if asked else ():
        row = asked.pop((scored.task, scored.row), None)
        if row is None:
            raise RememError(
                f"The sidecar of {path} has scores of {scored.row!r}, which is not in the row file."
            )
        sums = np.array([sum(tokens) for tokens in scored.tokens])
        metrics, _ = exposure_metrics(sums, scored.n, scored.tokens, scored.moments)
        scored_rows.append(_scored_row(row, metrics))
    if asked:
        raise RememError(
            f"The sidecar of {path} lacks {len(asked)} rows, {next(iter(asked))[1]!r} among them."
        )
    for row in rows:
        if "generated" in row:
            metrics = qa_metrics(row["generated"], row["answer"], row["keywords"])
            scored_rows.append(_scored_row(row, metrics))
    figures = {
        task: {
            name: clustered([row.metrics[name] for row in part], [row.identity_id for row in part])
            for name, part in _having(task_rows).items()
        }
        for task, task_rows in sorted(_by_task(scored_rows).items())
    }
    return Rescored(path, figures, _differences(run, figures), scored_rows, run.forget)


def _differences(run: RunResults, figures: dict[str, dict[str, Figure]]) -> list[str]:
    """What a results file states otherwise: means, standard errors, numbers of rows, figures without rows."""
    found = []
    for task, by_metric in figures.items():
        for name, figure in by_metric.items():
            stated = run.figure(task, name)
            if stated is None:
                found.append(f"{task} {name} is {figure.value!r}, but {run.path} states nothing.")
            elif not _alike(stated.value, figure.value):
                found.append(f"{task} {name} is {figure.value!r}, but {run.path} states {stated.value!r}.")
            elif not _alike(stated.stderr, figure.stderr):
                found.append(
                    f"{task} {name} has the standard error {figure.stderr!r}, but {run.path} states "
                    f"{stated.stderr!r}."
                )
    for task, result in run.tasks.items():
        mine = figures.get(task, {})
        if missing := [name for name in result.metrics if name not in mine]:
            found.append(f"{run.path} states {missing[0]} of {task}, but no row beside it has that.")
        elif (rows := max(figure.n for figure in mine.values())) != result.n:
            found.append(f"{task} has {rows} rows, but {run.path} states {result.n}.")
    return found


def _alike(stated: float | None, found: float | None) -> bool:
    """Whether two figures differ by rounding alone; what is no number is like nothing."""
    if stated is None or found is None:
        return stated is found
    return abs(stated - found) <= ROUNDING * max(1.0, abs(found))


def _scored_row(row: dict[str, Any], metrics: dict[str, float]) -> ScoredRow:
    return ScoredRow(
        **{name: row[name] for name in ("task", "identity_id", "attribute")},
        question_type=row.get("question_type") or "",
        split_role=row.get("split_role") or "",
        metrics=metrics,
        hops=row["hops"],
        qa_category=row.get("qa_category") or "",
        forget_rank=row["forget_rank"],
    )


def _by_task(rows: list[ScoredRow]) -> dict[str, list[ScoredRow]]:
    tasks: dict[str, list[ScoredRow]] = defaultdict(list)
    for row in rows:
        tasks[row.task].append(row)
    return tasks


def _having(rows: list[ScoredRow]) -> dict[str, list[ScoredRow]]:
    """Metric -> the rows that have it."""
    found: dict[str, list[ScoredRow]] = defaultdict(list)
    for row in rows:
        for name in row.metrics:
            found[name].append(row)
    return found


def _sidecar(path: Path, entry: dict[str, Any]):
    name = entry.get("sidecar")
    if not isinstance(name, str) or Path(name).name != name:
        raise RememError(f"{path} names no sidecar; runs with --output_path of this version write one.")
    file = path.parent / name
    if not file.is_file():
        raise RememError(f"The sidecar {name} is not beside {path}.")
    return read_sidecar(file)


def neighbours_of(data: str, forget: str, revision: str | None = None) -> set[str]:
    """Identities that are linked to a person of a forget set and are not in it themselves.

    Args:
        data: the dataset, a folder or a Hub id.
        forget: forget set such as "forget10".
        revision: Hub revision.

    Raises:
        RememError: no such dataset or forget set.
    """
    source = open_source(data, revision)
    count = source.forget_count(forget)
    people = source.load(PROFILES)[PEOPLE].select_columns(["identity_id", "forget_rank", "links"])
    forgotten = {person["identity_id"] for person in people if person["forget_rank"] <= count}
    linked = {
        link["identity_id"]
        for person in people
        if person["identity_id"] in forgotten
        for link in person["links"]
    }
    return linked - forgotten


def print_rescored(rescored: Rescored, by: str | None = None, neighbours: Collection[str] = ()) -> None:
    """Print the figures as a table, and what differs.

    Args:
        rescored: the run.
        by: also print the headline metrics of every group of rows, see `aggregates.GROUPS`, of the forget and
            of the retain set, over the grid of tasks (without the text-only probes).
        neighbours: identities linked to those to be forgotten.

    Raises:
        RememError: a figure differs from what the results state, or no such grouping.
    """
    from rich.console import Console

    console = Console(highlight=False)
    console.width = max(console.width, 100)  # task names are long, and of no use in pieces
    console.print(_table("task", rescored.figures))
    if by is not None:
        console.print(_table(f"set: {by}", _groups(rescored.rows, by)))
    gaps: dict[str, dict[str, Figure]] = {}
    for gap in differences(rescored.rows, neighbours):
        gaps.setdefault(f"{gap.part}: {gap.name}", {})[gap.metric] = gap.figure
    if gaps:
        console.print(_table("difference (n: people)", gaps))
    total = sum(map(len, rescored.figures.values()))
    if rescored.differences:
        more = len(rescored.differences) - 1
        raise RememError(rescored.differences[0][:-1] + (f"; {more} more differ." if more else "."))
    console.print(f"All {total} figures of {rescored.results} are reproduced.", soft_wrap=True)


def _groups(rows: list[ScoredRow], by: str) -> dict[str, dict[str, Figure]]:
    """Group -> headline metric -> figure, forget and retain set apart: their mean would say nothing."""
    groups: dict[str, dict[str, Figure]] = {}
    for part in (FORGET, RETAIN):
        found: dict[str, dict[str, Figure]] = {}
        for metric in (*HEADLINES, "keyword_recall", "exposure"):
            for name, figure in grouped(grid_rows(rows, part), metric, by).items():
                found.setdefault(f"{part}: {name}", {})[metric] = figure
        groups.update(sorted(found.items()))
    return groups


def print_judged(judged: Judged) -> None:
    """Print what a judge thinks of a run."""
    from rich.console import Console

    console = Console(highlight=False)
    console.width = max(console.width, 100)
    console.print(_table("task", {task: {"judge": figure} for task, figure in judged.figures.items()}))
    console.print(
        f"{judged.asked} answers asked, {judged.unreadable} replies without a grade.", soft_wrap=True
    )


def _table(first: str, figures: dict[str, dict[str, Figure]]):
    from rich.table import Table

    table = Table(first, "metric", "mean", "± se", "n")
    for name, by_metric in figures.items():
        for number, (metric, figure) in enumerate(by_metric.items()):
            error = "N/A" if figure.stderr is None else f"{figure.stderr:.4f}"
            table.add_row("" if number else name, metric, f"{figure.value:.4f}", error, str(figure.n))
    return table
