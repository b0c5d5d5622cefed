"""Geometry of the Exposure bar chart; the template turns it into inline SVG."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..results import cell_task
from ..results.tasks import EXPOSURE, HOPS, ROLES, SUBSETS
from .content import Report
from .tables import cell_figure, number

WIDTH, HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 34, 8, 20, 44
#: Half the length of the error bars, in standard errors.
WHISKER = 2.0


@dataclass(frozen=True)
class Bar:
    """A bar in SVG units, with the ends of its error bar (None where the error is not known)."""

    role: str
    x: float
    y: float
    width: float
    height: float
    label: str
    label_y: float
    low: float | None
    high: float | None
    hint: str


@dataclass(frozen=True)
class Group:
    """The bars of one condition, with the heights of its ceiling and null mean lines."""

    lines: tuple[str, str]
    x: float
    width: float
    bars: tuple[Bar, ...]
    ceiling: float | None
    null: float | None


@dataclass(frozen=True)
class Panel:
    """One panel: the forget or the retain set."""

    title: str
    groups: tuple[Group, ...]
    ticks: tuple[tuple[float, str], ...]
    baseline: float
    summary: str


def exposure_panels(report: Report) -> list[Panel]:
    """Lay out one panel for each of forget and retain: Exposure by hop kind and role, a bar for each run."""
    tops = [
        figure.value
        for run in report.runs.values()
        for name, task in run.tasks.items()
        for figure in (task.metrics.get("exposure_ceiling") or task.metrics.get("exposure"),)
        if figure is not None and name.endswith(EXPOSURE)
    ]
    if not tops:
        return []
    top = max(1.0, math.ceil(max(tops) + 0.25))
    return [_panel(report, subset, top) for subset in SUBSETS]


def _height(value: float, top: float) -> float:
    """SVG y of a value in bits."""
    plot = HEIGHT - TOP - BOTTOM
    return round(TOP + plot * (1 - min(max(value, 0.0), top) / top), 2)


def _panel(report: Report, subset: str, top: float) -> Panel:
    conditions = [(hop, role) for hop in HOPS for role in ROLES]
    step = (WIDTH - LEFT - RIGHT) / len(conditions)
    groups = [
        _group(report, subset, hop, role, LEFT + i * step, step, top)
        for i, (hop, role) in enumerate(conditions)
    ]
    every = 1 if top <= 6 else 2 if top <= 12 else 4
    ticks = tuple((_height(bits, top), str(bits)) for bits in range(0, int(top) + 1, every))
    said = "; ".join(f"{' '.join(g.lines)}: " + ", ".join(b.hint for b in g.bars) for g in groups)
    return Panel(
        title=f"{subset.capitalize()} set",
        groups=tuple(groups),
        ticks=ticks,
        baseline=_height(0, top),
        summary=f"Mean Exposure in bits, {subset} set. {said}.",
    )


def _group(report: Report, subset: str, hop: str, role: str, x: float, step: float, top: float) -> Group:
    task = cell_task(subset=subset, role=role, hop=hop, kind=EXPOSURE)
    gap = step * 0.12
    slot = (step - 2 * gap) / len(report.runs)
    bars = []
    for i, (name, run) in enumerate(report.runs.items()):
        figure = cell_figure(run, [task], "exposure")
        if figure is None:
            continue
        y = _height(figure.value, top)
        low = high = None
        if figure.stderr:
            low = _height(figure.value - WHISKER * figure.stderr, top)
            # No mean of Exposure can lie above its ceiling, so the error bar ends there.
            most = run.figure(task, "exposure_ceiling")
            high = figure.value + WHISKER * figure.stderr
            high = _height(min(high, most.value) if most else high, top)
        bars.append(
            Bar(
                role=name,
                x=round(x + gap + i * slot + 1.5, 2),
                y=y,
                width=round(slot - 3, 2),
                height=round(_height(0, top) - y, 2),
                label=number(figure.value, 1),
                label_y=round(min(y, y if high is None else high) - 5, 2),
                low=low,
                high=high,
                hint=f"{name} {number(figure.value)} bits (n = {figure.n})",
            )
        )
    bounds = []
    for metric in ("exposure_ceiling", "exposure_null_mean"):
        figures = [run.figure(task, metric) for run in report.runs.values()]
        value = next((f.value for f in figures if f is not None), None)
        bounds.append(None if value is None else _height(value, top))
    return Group((f"{hop}-hop", role), round(x, 2), round(step, 2), tuple(bars), *bounds)
