"""An experiment's figure from its summary, as PNG and SVG."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from remem_dataset.files import write_bytes
from remem_dataset.results.tasks import HOPS, ROLES

#: Colours that stay apart for the colour-blind (Okabe & Ito 2008).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")

_STYLE = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e8ee",
    "svg.hashsalt": "remem",  # or two runs of the same figures give different files
}

#: Student's t of two values is 12.7 standard errors, of three 4.3.
_SEEDS_FOR_BARS = 3

Summary = Sequence[dict[str, Any]]


def lines(summary: Summary, title: str, axis: str) -> Any:
    """Exact match over the axis: colour for hop, full lines for seen and broken ones for unseen.

    Args:
        summary: of `tables.summarise`, with `x`.
        title: the figure's title.
        axis: label of the horizontal axis.

    Returns:
        A matplotlib figure.
    """
    figure, axes = new_figure(5.2, 3.6)
    for colour, hop in zip(COLOURS, HOPS, strict=False):
        for role, dash, mark in zip(ROLES, ("-", "--"), ("o", "s"), strict=True):
            points = sorted(
                (p for p in summary if p["metric"] == f"exact_match_{hop}_{role}"), key=lambda p: p["x"]
            )
            if not points:
                continue
            x = [p["x"] for p in points]
            fill = colour if role == "seen" else "white"
            axes.errorbar(
                x,
                [p["mean"] for p in points],
                yerr=_errors(points),
                color=colour,
                linestyle=dash,
                marker=mark,
                markersize=4.5,
                markerfacecolor=fill,
                capsize=2,
                label=f"{hop}-hop, {role}",
            )
    values = sorted({p["x"] for p in summary})
    if values[0] > 0 and values[-1] / values[0] > 20:
        axes.set_xscale("log")
    axes.set_xticks(values, [f"{v:g}" for v in values])
    axes.minorticks_off()
    axes.set(xlabel=axis, ylabel="exact match", ylim=(-0.03, 1.03), title=title)
    figure.legend(loc="outside lower center", frameon=False, fontsize=8, ncols=2)
    return figure


def radar(summary: Summary, title: str, axis: str) -> Any:
    """One polygon for each cell over the four kinds of question. Arguments and result as `lines`."""
    spokes = [(hop, role) for hop in HOPS for role in ROLES]
    angles = np.linspace(0, 2 * np.pi, len(spokes), endpoint=False)
    figure, axes = new_figure(5.2, 4.2, polar=True)
    for colour, cell in zip(COLOURS, dict.fromkeys(p["cell"] for p in summary), strict=False):
        means = {p["metric"]: p["mean"] for p in summary if p["cell"] == cell}
        values = [means.get(f"exact_match_{hop}_{role}", math.nan) for hop, role in spokes]
        closed = [*values, values[0]]
        axes.plot([*angles, angles[0]], closed, color=colour, marker="o", markersize=3.5, label=cell)
        axes.fill([*angles, angles[0]], closed, color=colour, alpha=0.08)
    axes.set_xticks(angles, [f"{hop}-hop,\n{role}" for hop, role in spokes])
    axes.tick_params(axis="x", pad=14)
    axes.set_yticks([0.25, 0.5, 0.75, 1], ["0.25", "0.5", "0.75", "1"], fontsize=7, color="#777777")
    axes.set_ylim(0, 1)
    axes.set_title(f"{title}\n{axis}" if axis else title, pad=18)
    figure.legend(loc="outside lower center", frameon=False, fontsize=8, ncols=2)
    return figure


def save(figure: Any, path: Path) -> None:
    """Write `<path>.png` (200 dpi) and `<path>.svg`; equal figures give equal files."""
    import matplotlib.pyplot as plt

    with plt.rc_context(_STYLE):
        for kind, options in (("png", {"dpi": 200}), ("svg", {"metadata": {"Date": None}})):
            buffer = io.BytesIO()
            figure.savefig(buffer, format=kind, **options)
            write_bytes(path.with_suffix(f".{kind}"), buffer.getvalue())
    plt.close(figure)


def new_figure(width: float, height: float, polar: bool = False) -> tuple[Any, Any]:
    """A figure of that size in inches with one pair of axes, drawn without a screen."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    with plt.rc_context(_STYLE):
        figure = plt.figure(figsize=(width, height), layout="constrained")
        return figure, figure.add_subplot(polar=polar)


def _errors(points: Summary) -> list[list[float]] | None:
    """Lengths of the error bars within what exact match can be, or None where too few seeds say anything."""
    if any(math.isnan(p["low"]) or p["seeds"] < _SEEDS_FOR_BARS for p in points):
        return None
    return [
        [p["mean"] - max(0.0, p["low"]) for p in points],
        [min(1.0, p["high"]) - p["mean"] for p in points],
    ]
