"""Whether a file could be written, found out before the work whose outcome it is to hold."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ..errors import RememError


def check_writable(folder: str | Path, *, what: str) -> None:
    """Refuse a folder in which nothing can be written; leaves no trace.

    Args:
        folder: where the files will go; it may not exist yet, its nearest existing parent is then tried.
        what: what is to be written there, for the error.

    Raises:
        RememError: a file in the way, no permission, a name that no folder can have.
    """
    try:
        path = Path(folder).absolute()
        nearest = next(parent for parent in (path, *path.parents) if parent.exists())
        if not nearest.is_dir():
            raise RememError(f"Cannot write {what} under {folder}: {nearest} is not a folder.")
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        raise RememError(f"Cannot write {what} under {folder}: {error.strerror or error}.") from None
