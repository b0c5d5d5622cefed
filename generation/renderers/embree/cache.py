"""Disk cache for tables that are slow to derive and the same for every person."""

from __future__ import annotations

import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

Arrays = dict[str, np.ndarray]


def cache_folder() -> Path:
    """The folder named by the environment variable REMEM_CACHE, else `~/.cache/remem`."""
    return Path(os.environ.get("REMEM_CACHE") or Path.home() / ".cache" / "remem")


def load_or_build(name: str, build: Callable[[], Arrays]) -> Arrays:
    """Read named arrays from the cache; build and store them if they are missing or damaged.

    Args:
        name: file stem; must contain everything the arrays depend on (versions).
        build: makes the arrays.

    Returns:
        The arrays, the same whether they were read or built. A folder that cannot be written to
        costs time, never the result.
    """
    path = cache_folder() / f"{name}.npz"
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {key: stored[key] for key in stored.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        arrays = build()
        _store(path, arrays)
        return arrays


def _store(path: Path, arrays: Arrays) -> None:
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)
        os.replace(temporary, path)
    except OSError:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
