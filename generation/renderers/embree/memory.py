"""Memory back to the system between the steps of a picture."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable


@functools.lru_cache(maxsize=1)
def _malloc_trim() -> Callable[[int], int] | None:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):  # another C library than glibc
        return None


def give_back() -> None:
    """Return freed pages; glibc keeps them, and a worker would hold the peaks of all its steps at once."""
    trim = _malloc_trim()
    if trim is not None:
        trim(0)
