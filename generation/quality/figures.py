"""The quality report's figures, as SVG texts that are the same for the same numbers."""

from __future__ import annotations

import io
from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from generation.quality.metrics import LONGEST, Distances, roc
from generation.quality.recogniser import THRESHOLD

_SAME, _DIFFERENT, _INK = "#1b7f5c", "#b4552d", "#444444"
_SETTINGS = {"svg.hashsalt": "remem", "svg.fonttype": "none", "font.size": 9, "font.family": "sans-serif"}
_COARSE = 20  # bins of the metrics in one bar of the figure


def distance_figure(distances: Distances) -> str:
    """Histograms of the distances within and between identities, each with area 1."""
    figure, axes = _axes(6.0, 2.6)
    edges = distances.edges[::_COARSE]
    for counts, colour, label in (
        (distances.same, _SAME, "same identity"),
        (distances.different, _DIFFERENT, "different identities"),
    ):
        coarse = counts.reshape(-1, _COARSE).sum(axis=1) / max(1, counts.sum())
        axes.stairs(coarse, edges, fill=True, color=colour, alpha=0.55, label=label)
    axes.axvline(THRESHOLD, color=_INK, linewidth=1, linestyle="--")
    axes.set(xlim=(0, min(1.3, LONGEST)), xlabel="distance of embeddings", ylabel="share of pairs", yticks=[])
    axes.legend(frameon=False, loc="upper left")
    return _svg(figure)


def roc_figure(distances: Distances) -> str:
    """The receiver operating characteristic, false accepts on a logarithmic axis."""
    figure, axes = _axes(3.2, 2.6)
    false, true = roc(distances)
    axes.plot(np.maximum(false, 1e-6), true, color=_SAME, linewidth=1.6)
    axes.set(xscale="log", xlim=(1e-5, 1), ylim=(min(0.9, true.min(initial=1.0, where=false > 1e-5)), 1.005))
    axes.set(xlabel="false accept rate", ylabel="true accept rate")
    axes.grid(alpha=0.25)
    return _svg(figure)


def group_figure(rows: Sequence[tuple[str, int, float]]) -> str:
    """Share of failing pictures in each group.

    Args:
        rows: (group, pictures, share in [0, 1]).
    """
    figure, axes = _axes(6.0, 0.5 + 0.19 * max(1, len(rows)))
    places = np.arange(len(rows))
    axes.barh(places, [100 * share for _, _, share in rows], color=_DIFFERENT, height=0.65)
    axes.set_yticks(places, [f"{name} ({count})" for name, count, _ in rows], fontsize=7)
    axes.invert_yaxis()
    axes.set(xlabel="pictures that fail, %", xlim=(0, max([5.0, *(110 * share for _, _, share in rows)])))
    return _svg(figure)


def _axes(width: float, height: float):
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    with matplotlib.rc_context(_SETTINGS):
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
