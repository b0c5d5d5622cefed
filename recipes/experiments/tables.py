"""An experiment's tables: one line for each cell and seed, and a summary with intervals."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scipy.stats import t

from remem_dataset.files import write_text

#: Probability that an interval holds the mean over all seeds, if seeds' figures are normal.
CONFIDENCE = 0.95

#: Columns that say what a line is, not what was measured.
_NAMES = {"x", "seed", "steps"}


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean and its two-sided Student-t interval, mean ± t_{0.975, n−1} · s / √n.

    Args:
        values: one for each seed, at least one.

    Returns:
        (mean, low, high); low and high are NaN for a single value, which says nothing about spread.
    """
    n = len(values)
    mean = math.fsum(values) / n
    if n < 2:
        return mean, math.nan, math.nan
    spread = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (n - 1) / n)
    half = float(t.ppf(0.5 + CONFIDENCE / 2, n - 1)) * spread
    return mean, mean - half, mean + half


def summarise(lines: Sequence[dict[str, Any]], by: Sequence[str] = ("cell",)) -> list[dict[str, Any]]:
    """Mean and interval over the seeds of every figure of every cell, in the order of the cells.

    Args:
        lines: of `run_cell`.
        by: columns that tell cells apart.

    Returns:
        Lines with the columns of `by`, `x` (if any), metric, mean, low, high, seeds.
    """
    groups: dict[tuple, list[dict[str, Any]]] = {}
    for line in lines:
        groups.setdefault(tuple(line[name] for name in by), []).append(line)
    summary = []
    for key, members in groups.items():
        names = dict.fromkeys(
            name
            for member in members
            for name, value in member.items()
            if isinstance(value, float) and name not in _NAMES and name not in by
        )
        for name in names:
            values = [m[name] for m in members if m.get(name) is not None]
            mean, low, high = interval(values)
            head = dict(zip(by, key, strict=True))
            if "x" in members[0]:
                head["x"] = members[0]["x"]
            figures = {"mean": mean, "low": low, "high": high, "seeds": len(values)}
            summary.append({**head, "metric": name, **figures})
    return summary


def write_table(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    """Write lines as CSV; columns in the order of their first appearance, floats with six digits."""
    columns = list(dict.fromkeys(name for line in lines for name in line))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for line in lines:
        writer.writerow({name: _cell(value) for name, value in line.items()})
    write_text(path, text.getvalue())


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}"
    return value
