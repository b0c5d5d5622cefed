"""Pictures that occur several times in a batch go through the vision tower once."""

from __future__ import annotations

import functools
from typing import Any

import torch

#: What transformers calls the part that takes pictures as rows of pixels, (B, C, H, W). Qwen's `visual` takes
#: patches of all pictures in one row and is left alone.
TOWERS = ("vision_tower", "vision_model")


def encode_repeats_once(model: Any) -> None:
    """Make a model's vision tower skip rows that are equal to the last bit to an earlier row of its batch.

    Args:
        model: a transformers image-text-to-text model; one without such a tower stays as it is.
    """
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    inner = getattr(inner, "model", inner)
    for name in TOWERS:
        tower = getattr(inner, name, None)
        if isinstance(tower, torch.nn.Module) and not getattr(tower.forward, "repeats_once", False):
            tower.forward = _once(tower.forward)


def _once(forward: Any) -> Any:
    @functools.wraps(forward)
    def wrapped(pixel_values: Any = None, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(pixel_values, torch.Tensor) or pixel_values.dim() != 4 or len(pixel_values) < 2:
            return forward(pixel_values, *args, **kwargs)
        count = len(pixel_values)
        along = {
            name: value
            for name, value in kwargs.items()
            if isinstance(value, torch.Tensor) and value.dim() and len(value) == count
        }
        first, place = _distinct([pixel_values, *along.values()])
        if len(first) == count:
            return forward(pixel_values, *args, **kwargs)
        chosen = {name: value[first] for name, value in along.items()}
        output = forward(pixel_values[first], *args, **{**kwargs, **chosen})
        return _spread(output, len(first), torch.tensor(place, device=pixel_values.device))

    wrapped.repeats_once = True  # a loaded model may come here twice
    return wrapped


def _distinct(columns: list[torch.Tensor]) -> tuple[list[int], list[int]]:
    """Rows that no earlier row equals, and for each row which of those it equals."""
    # Equal rows have equal sums, which are soon compared; only rows of equal sums are compared whole.
    sums = columns[0].flatten(1).double().sum(1).tolist()
    first: list[int] = []
    place: list[int] = []
    for row, total in enumerate(sums):
        for k, other in enumerate(first):
            if sums[other] == total and all(torch.equal(c[other], c[row]) for c in columns):
                place.append(k)
                break
        else:
            place.append(len(first))
            first.append(row)
    return first, place


def _spread(value: Any, count: int, place: torch.Tensor) -> Any:
    """A tower's output with the rows of `count` pictures put where `place` says."""
    if isinstance(value, torch.Tensor):
        return value[place] if value.dim() and len(value) == count else value
    if isinstance(value, tuple):
        return type(value)(_spread(item, count, place) for item in value)
    if isinstance(value, dict):  # transformers' ModelOutput
        return type(value)(**{name: _spread(item, count, place) for name, item in value.items()})
    return value
