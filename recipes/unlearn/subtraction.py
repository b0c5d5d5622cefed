"""Taking what further training changed away from a model: task arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

#: The weights before training, in the working folder.
BEFORE = "before.pt"

Figures = dict[str, float]


def keep_weights(model: Any, folder: Path) -> None:
    """Write the trained weights as they are before training."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save({n: p.detach().cpu() for n, p in model.named_parameters() if p.requires_grad}, folder / BEFORE)


def subtract(
    model: Any,
    folder: Path,
    scales: Sequence[float],
    measure: Callable[[], Figures],
    reached: Callable[[Figures], str | None],
    kept: Callable[[Figures], bool],
) -> tuple[float, str | None, list[Figures]]:
    """Set a trained model to before − scale · (trained − before), for the first scale that suffices.

    The weights before come from the disk, a tensor at a time: no second model is held in memory.

    Args:
        model: the trained model; left at the chosen scale.
        folder: where `keep_weights` wrote.
        scales: to be tried in this order, all above 0.
        measure: () -> figures of the model as it is.
        reached: figures -> why this scale suffices, or None.
        kept: figures -> whether the retain set is kept.

    Returns:
        The scale; why it suffices, or None if none does (then it is the last scale that kept the retain
        set, or the first); the figures of each scale tried, with `scale`.
    """
    current, history, fallback = -1.0, [], scales[0]
    for scale in scales:
        _move(model, folder, current, scale)
        current, figures = scale, measure()
        history.append({"scale": scale, **figures})
        if reason := reached(figures):
            return scale, f"{reason}, at {scale:g} times the difference", history
        if not kept(figures):
            break
        fallback = scale
    if fallback != current:
        _move(model, folder, current, fallback)
        history.append({"scale": fallback, **measure()})
    return fallback, None, history


@torch.no_grad()
def _move(model: Any, folder: Path, current: float, scale: float) -> None:
    before = torch.load(folder / BEFORE, mmap=True, weights_only=True)
    for name, parameter in model.named_parameters():
        if name in before:
            start = before[name].to(parameter)
            parameter.copy_(start + (scale / current) * (parameter - start))
