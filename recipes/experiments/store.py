"""Where experiments keep what they make: folders named by a digest of everything a result depends on.

Experiments share datasets, models and evaluations that are the same. A folder counts as finished once it
holds `record.json`, which says what it was made from and when; one without is made anew.
"""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remem_dataset.files import read_json_object, write_json

RECORD = "record.json"
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Store:
    """A folder of results.

    Attributes:
        root: the folder.
    """

    root: Path

    def place(self, kind: str, inputs: dict[str, Any]) -> Path:
        """Folder of what is made from `inputs` (JSON-ready).

        Args:
            kind: "datasets", "models" or "cells".
            inputs: everything it depends on.
        """
        digest = hashlib.blake2b(json.dumps(inputs, sort_keys=True).encode(), digest_size=8).hexdigest()
        return self.root / kind / digest


def finished(folder: Path) -> dict[str, Any] | None:
    """The record of a finished folder, or None."""
    return read_json_object(folder / RECORD, "record") if (folder / RECORD).is_file() else None


def begin(folder: Path, keep: tuple[str, ...] = ()) -> None:
    """Make an unfinished folder ready, clearing away what is not resumable.

    Args:
        folder: the folder.
        keep: names in it that a recipe resumes by itself.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name not in keep:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def finish(folder: Path, record: dict[str, Any]) -> dict[str, Any]:
    """Write a folder's record, with the commit of the code that made it, and return it."""
    record = {**record, "git_commit": git_commit()}
    write_json(folder / RECORD, record)
    return record


@functools.cache
def git_commit() -> str:
    """The checkout's commit when this was first called; "unknown" outside a checkout.

    "+changes" follows it where files differ from it.
    """

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=_ROOT, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        commit = git("rev-parse", "HEAD")
        return commit + ("+changes" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
