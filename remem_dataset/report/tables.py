"""The report's tables as plain data, so that a page and a test can read the same figures."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

from ..results import MULTI_IMAGE_TASK, SCENE_TASK, Figure, RunResults, cell_task, text_task
from ..results.spread import clustered
from ..results.tasks import EXPOSURE, HOPS, QA, ROLES, SUBSETS, grid_tasks
from .content import UNLEARNED, VANILLA, Report

MISSING = "–"


@dataclass(frozen=True)
class Metric:
    """How a metric is shown: name in the results, labels, kind of task, digits, and whether in [0, 1]."""

    name: str
    label: str
    short: str
    kind: str
    digits: int
    share: bool


METRICS = (
    Metric("exact_match", "Exact match", "exact", QA, 2, True),
    Metric("keyword_recall", "Keyword recall", "keyw.", QA, 2, True),
    Metric("rouge_l", "ROUGE-L", "ROUGE", QA, 2, True),
    Metric("exposure", "Exposure", "Expos.", EXPOSURE, 2, False),
    Metric("min_k", "Min-k %", "Min-k", EXPOSURE, 2, False),
)


@dataclass(frozen=True)
class Cell:
    """One figure of a table.

    Attributes:
        text: what is printed.
        share: length of the bar behind it, in [0, 1], or None for no bar.
        hint: n and standard error in words.
    """

    text: str
    share: float | None = None
    hint: str = ""


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Section:
    """Lines under one sub-heading."""

    heading: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Table:
    """A table with named columns; `columns` does not count the column of row labels."""

    title: str
    note: str
    columns: tuple[str, ...]
    sections: tuple[Section, ...]


def number(value: float | None, digits: int = 2) -> str:
    """A figure with a true minus sign, or a dash for what was not measured."""
    if value is None:
        return MISSING
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def signed(value: float | None, digits: int = 2) -> str:
    """A difference with its sign."""
    if value is None:
        return MISSING
    text = number(value, digits)
    return text if text.startswith("−") or not float(text) else f"+{text}"


def cell_figure(run: RunResults, tasks: list[str], metric: str) -> Figure | None:
    """A pooled mean; its standard error is clustered by identity where rows are known, as in `remem-eval`."""
    rows = run.rows_of(tasks, metric)
    pooled = run.pooled(tasks, metric)
    if pooled is None or len(rows) != pooled.n:
        return pooled
    robust = clustered([r.metrics[metric] for r in rows], [r.identity_id for r in rows])
    return Figure(value=pooled.value, n=pooled.n, stderr=robust.stderr)


def metric_tables(report: Report) -> list[Table]:
    """One table for each metric: forget and retain, single- and multi-hop, seen and unseen."""
    return [_grid(report, metric) for metric in METRICS]


def leakage_table(report: Report) -> Table:
    """The same facts asked by name and without a picture."""
    return Table(
        title="Text-only leakage",
        note="The person is named and no picture is shown: what the language side gives away by itself.",
        columns=_columns(report),
        sections=tuple(
            Section(
                f"{subset.capitalize()} set",
                tuple(
                    _row(report, metric.label, [text_task(subset=subset, kind=metric.kind)], metric)
                    for metric in METRICS
                ),
            )
            for subset in SUBSETS
        ),
    )


def multi_image_table(report: Report) -> Table:
    """Questions over several pictures at once, forget and retain together."""
    return _qa_table(
        report,
        MULTI_IMAGE_TASK,
        title="Multi-image questions",
        note="Several people in several pictures, forget and retain set together.",
    )


def scene_table(report: Report) -> Table:
    """Questions about one of several people in a picture, forget and retain together."""
    return _qa_table(
        report,
        SCENE_TASK,
        title="Scenes",
        note="Several people in one picture, one of them asked about by place; both sets together.",
    )


def _qa_table(report: Report, task: str, *, title: str, note: str) -> Table:
    rows = tuple(_row(report, metric.label, [task], metric) for metric in METRICS if metric.kind == QA)
    return Table(title=title, note=note, columns=_columns(report), sections=(Section("", rows),))


def exposure_summary(report: Report) -> Table:
    """Each run's Exposure with everything needed to read it: ceiling, null mean, ties, n."""
    tasks = grid_tasks(kind=EXPOSURE)
    wanted = (
        ("exposure", 2),
        ("exposure_ceiling", 2),
        ("exposure_null_mean", 2),
        ("exposure_share", 2),
        ("exposure_mean_logprob", 2),
        ("logprob", 1),
        ("tie_rate", 3),
    )
    rows = []
    for role, run in report.runs.items():
        figures = [(cell_figure(run, tasks, name), digits) for name, digits in wanted]
        cells = [Cell(number(f.value if f else None, d), hint=_hint(f)) for f, d in figures]
        n = figures[0][0].n if figures[0][0] else 0
        rows.append(Row(role, (*cells, Cell(str(n)))))
    return Table(
        title="How to read the Exposure of these runs",
        note="All rows of the grid together: forget and retain, single- and multi-hop, seen and unseen.",
        columns=(
            "Exposure",
            "ceiling",
            "null mean",
            "share of ceiling",
            "by mean log P",
            "Σ log P",
            "tie rate",
            "rows",
        ),
        sections=(Section("", tuple(rows)),),
    )


def attribute_table(report: Report) -> Table | None:
    """Mean Exposure by attribute, from the scored rows; None when no run has any."""
    tasks = {subset: set(grid_tasks(kind=EXPOSURE, subsets=(subset,))) for subset in SUBSETS}
    values: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    ceilings: dict[str, list[float]] = defaultdict(list)
    for role, run in report.runs.items():
        for row in run.rows:
            for subset in SUBSETS:
                if row.task in tasks[subset] and "exposure" in row.metrics:
                    values[row.attribute, subset, role].append(row.metrics["exposure"])
                    if "exposure_ceiling" in row.metrics:
                        ceilings[row.attribute].append(row.metrics["exposure_ceiling"])
    roles = [role for role in report.runs if any(key[2] == role for key in values)]
    if not roles:
        return None
    rows = []
    for attribute in sorted({key[0] for key in values}):
        top = _mean(ceilings[attribute])
        cells = [Cell(number(top))]
        for subset in SUBSETS:
            for role in roles:
                found = values[attribute, subset, role]
                mean = _mean(found)
                share = min(1.0, mean / top) if mean is not None and top else None
                cells.append(Cell(number(mean), share, f"n = {len(found)}"))
        rows.append(Row(attribute.replace("_", " "), tuple(cells)))
    return Table(
        title="Exposure by attribute",
        note="Mean bits over all rows of the grid that ask for the attribute; n in the figures' hints.",
        columns=("ceiling", *(f"{subset}: {role}" for subset in SUBSETS for role in roles)),
        sections=(Section("", tuple(rows)),),
    )


def _mean(values: list[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None


def _columns(report: Report) -> tuple[str, ...]:
    mark = "" if report.gate.memorised else " ⚠"
    return (*(role + mark if role == UNLEARNED else role for role in report.runs), "change")


def _grid(report: Report, metric: Metric) -> Table:
    extra = ("ceiling", "null mean") if metric.name == "exposure" else ()
    sections = []
    for subset in SUBSETS:
        rows = []
        for hop in HOPS:
            for role in ROLES:
                task = cell_task(subset=subset, role=role, hop=hop, kind=metric.kind)
                row = _row(report, f"{hop}-hop, {role}", [task], metric)
                bounds = [_first(report, task, f"exposure_{name.replace(' ', '_')}") for name in extra]
                rows.append(Row(row.label, (*row.cells, *(Cell(number(b)) for b in bounds))))
        sections.append(Section(f"{subset.capitalize()} set", tuple(rows)))
    notes = {
        "exact_match": "Share of answers given word for word.",
        "keyword_recall": "Share of the answer's keywords that are named.",
        "rouge_l": "Longest common subsequence with the answer (F1).",
        "exposure": "Bits; log2 (n + 1) − log2 of the answer's rank among the candidates.",
        "min_k": "Mean log P (nats) of the answer's 10 % least likely tokens; nearer to 0 is more familiar.",
    }
    return Table(metric.label, notes[metric.name], (*_columns(report), *extra), tuple(sections))


def _first(report: Report, task: str, metric: str) -> float | None:
    """A figure that depends on the candidates alone, from the first run that has it."""
    figures = (run.figure(task, metric) for run in report.runs.values())
    return next((f.value for f in figures if f is not None), None)


def _row(report: Report, label: str, tasks: list[str], metric: Metric) -> Row:
    figures = {role: cell_figure(run, tasks, metric.name) for role, run in report.runs.items()}
    cells = []
    for role, figure in figures.items():
        share = None
        if figure is not None and metric.share:
            share = figure.value
        elif figure is not None and metric.name == "exposure":
            ceiling = report.runs[role].pooled(tasks, "exposure_ceiling")
            share = figure.value / ceiling.value if ceiling and ceiling.value else None
        share = None if share is None else min(1.0, max(0.0, share))
        cells.append(Cell(number(figure.value if figure else None, metric.digits), share, _hint(figure)))
    before, after = figures[VANILLA], figures[UNLEARNED]
    change = after.value - before.value if before and after else None
    return Row(label, (*cells, Cell(signed(change, metric.digits))))


def _hint(figure: Figure | None) -> str:
    if figure is None:
        return "not measured"
    error = "" if figure.stderr is None else f", SE {figure.stderr:.3f}"
    return f"n = {figure.n}{error}"
