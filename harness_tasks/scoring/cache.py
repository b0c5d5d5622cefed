"""Keys and values of a prompt, kept apart from the cache object that a forward appends to."""

from __future__ import annotations

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

#: Keys and values of each layer, (1, H, P, D).
KeyValues = list[tuple[torch.Tensor, torch.Tensor]]


def copied(prefix: KeyValues, count: int) -> DynamicCache:
    """A fresh cache that holds the prompt `count` times; the copy happens when the model appends to it."""
    cache = DynamicCache()
    for keys, values in prefix:
        layer = DynamicLayer()
        layer.lazy_initialization(keys, values)
        layer.keys = keys.expand(count, -1, -1, -1)
        layer.values = values.expand(count, -1, -1, -1)
        cache.layers.append(layer)
    return cache
