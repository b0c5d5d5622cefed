"""Writing files so that a reader never meets half of one."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from .errors import RememError


def write_bytes(path: Path, content: bytes) -> None:
    """Write to a temporary neighbour, then rename over `path`; makes the parent folder.

    Raises:
        RememError: the folder cannot be made or written in, or the disk is full.
    """
    try:
        _write_and_rename(path, content)
    except OSError as error:
        raise RememError(f"Cannot write {path}: {error.strerror or error}.") from None


def _write_and_rename(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # mkstemp's 0600 would survive the rename
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """`write_bytes` of UTF-8 text."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """`write_text` of readable JSON."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    """`write_text` of one JSON object a line."""
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def read_json_object(path: Path, what: str) -> dict[str, Any]:
    """Read a JSON object from outside.

    Args:
        path: the file.
        what: what to call it in an error ("manifest").

    Raises:
        RememError: missing, unreadable, not JSON, or not an object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise RememError(f"There is no {what} at {path}.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise RememError(f"The {what} {path} cannot be read: {str(error).splitlines()[0]}.") from None
    if not isinstance(value, dict):
        raise RememError(f"The {what} {path} must hold a JSON object.")
    return value
