"""Disk cache for tables that are slow to derive and the same for every person."""

from __future__ import annotations

import contextlib
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np

Arrays = dict[str, np.ndarray]

_UNREADABLE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


def cache_folder() -> Path:
    """The folder named by the environment variable REMEM_CACHE, else `~/.cache/remem`."""
    return Path(os.environ.get("REMEM_CACHE") or Path.home() / ".cache" / "remem")


def load_or_build(name: str, build: Callable[[], Arrays], keys: Collection[str]) -> Arrays:
    """Read named arrays from the cache; build and store them if they are missing, damaged or others.

    Args:
        name: file stem; must contain everything the arrays depend on (versions).
        build: makes the arrays.
        keys: what the arrays are called.

    Returns:
        The arrays, the same whether they were read or built. A folder that cannot be written to
        costs time, never the result.
    """
    path = _path(name)
    with contextlib.suppress(*_UNREADABLE):
        stored = np.load(path, allow_pickle=False)
        if isinstance(stored, np.lib.npyio.NpzFile):  # else a lone array, which another program wrote
            with stored:
                if set(stored.files) == set(keys):
                    return {key: stored[key] for key in stored.files}
    arrays = build()
    _store(path, arrays)
    return arrays


def is_stored(name: str) -> bool:
    """Whether `load_or_build` would find such a file."""
    return _path(name).is_file()


def _path(name: str) -> Path:
    return cache_folder() / f"{name}.npz"


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
