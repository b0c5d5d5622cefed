"""Figures of stage 2: exact match against Exposure, and what attacks bring back."""

from __future__ import annotations

import math
from typing import Any

from .figures import COLOURS, Summary, new_figure

#: Column, or the beginning of an attack's name, and what the bar is called.
BARS = (
    ("forget_exposure_share_seen", "as unlearned"),
    ("forget_exposure_share_unseen", "new wordings and pictures"),
    ("relearn", "some rows learnt again"),
    ("quantise_8", "8-bit weights"),
    ("quantise_4", "4-bit weights"),
)


def scatter(summary: Summary, title: str, refusing: tuple[str, ...], null_share: float) -> Any:
    """Forget exact match (horizontal) against forget Exposure (vertical), a mark for each method and level.

    What lies high on the left has stopped to say the answer and still ranks it first: methods that train
    refusals are marked with a ring.

    Args:
        summary: of `tables.summarise` by cell and level.
        title: the figure's title.
        refusing: names of the methods that train refusals.
        null_share: what a model that knows nothing shows, as a share of the ceiling.

    Returns:
        A matplotlib figure.
    """
    figure, axes = new_figure(6.2, 4.2)
    value = {(p["cell"], p["level"], p["metric"]): p["mean"] for p in summary}
    names = list(dict.fromkeys(p["cell"] for p in summary))
    levels = list(dict.fromkeys(p["level"] for p in summary))
    axes.axhline(null_share, color="#777777", linewidth=0.8, linestyle=":")
    axes.text(1.02, null_share, "knows nothing", fontsize=7, color="#777777", va="bottom", ha="right")
    for number, name in enumerate(names):
        for level, mark in zip(levels, ("o", "s", "^", "D"), strict=False):
            x, y = (
                value.get((name, level, f"forget_{metric}_seen"), math.nan)
                for metric in ("exact_match", "exposure_share")
            )
            colour = COLOURS[number % len(COLOURS)]
            if name in refusing:
                axes.plot(x, y, "o", markersize=14, markerfacecolor="none", markeredgecolor=colour)
            label = f"{name}{' (refuses)' if name in refusing else ''}" if level == levels[0] else None
            # Twelve models need more than eight colours: the second round has open marks.
            face = colour if number < len(COLOURS) else "white"
            size = 8.5 - 0.35 * number  # where two lie on one another, the first shows as a rim
            axes.plot(
                x, y, mark, color=colour, markerfacecolor=face, markersize=size, label=label, linestyle=""
            )
    shapes = ", ".join(
        f"{shape}: {level}" for shape, level in zip(("circle", "square", "triangle"), levels, strict=False)
    )
    axes.set(xlim=(-0.04, 1.04), ylim=(-0.04, 1.04), xlabel=f"forget exact match, seen ({shapes})")
    axes.set(ylabel="forget Exposure, share of ceiling, seen")
    axes.set_title(title)
    figure.legend(loc="outside right upper", frameon=False, fontsize=8)
    return figure


def bars(summary: Summary, title: str, level: str) -> Any:
    """Forget Exposure of each method as unlearned and after each attack.

    Args:
        summary: of `tables.summarise` by cell and level.
        title: the figure's title.
        level: the forget config shown.

    Returns:
        A matplotlib figure.
    """
    chosen = [p for p in summary if p["level"] == level]
    value = {(p["cell"], p["metric"]): p["mean"] for p in chosen}
    names = list(dict.fromkeys(p["cell"] for p in chosen))
    kinds = []
    for key, label in BARS:
        metric = key if key.startswith("forget_") else _attack_metric(value, key)
        if metric is not None:
            kinds.append((metric, label))
    figure, axes = new_figure(max(5.2, 0.75 * len(names) + 1.5), 3.6)
    width = 0.8 / max(1, len(kinds))
    for place, ((metric, label), colour) in enumerate(zip(kinds, COLOURS, strict=False)):
        at = [number + (place - (len(kinds) - 1) / 2) * width for number in range(len(names))]
        axes.bar(at, [value.get((n, metric), math.nan) for n in names], width, color=colour, label=label)
    axes.set_xticks(range(len(names)), names, rotation=35, ha="right")
    axes.grid(visible=False, axis="x")
    axes.set(ylim=(0, 1.03), ylabel="forget Exposure, share of ceiling", title=f"{title} ({level})")
    figure.legend(loc="outside lower center", frameon=False, fontsize=8, ncols=3)
    return figure


def _attack_metric(value: dict[tuple[str, str], float], prefix: str) -> str | None:
    """The column of an attack whose name begins with `prefix`, or None."""
    ending = "_forget_exposure_share"
    found = sorted({m for _, m in value if m.startswith(prefix) and m.endswith(ending)})
    return found[0] if found else None
