"""What `remem verify` prints."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ..errors import EXIT_BAD_INPUT
from .check import Verified, verify_folder


def verified(folder: Path, *, pixels: bool) -> Verified:
    """Check a folder under a progress bar.

    Args:
        folder: the dataset folder.
        pixels: also decode every picture.

    Raises:
        RememError: nothing there that can be checked.
        SystemExit: with code 2, after a sentence on stderr for each kind of fault.
    """
    columns = (TextColumn("Rows"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("rows")

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        problems, found = verify_folder(folder, pixels=pixels, progress=show)
    if problems:
        for sentence in problems.sentences():
            print(f"error: {sentence}", file=sys.stderr)
        raise SystemExit(EXIT_BAD_INPUT)
    return found


def run_verify(folder: Path, *, pixels: bool) -> None:
    """`verified`, and say what was found."""
    found = verified(folder, pixels=pixels)
    table = Table("config", "split", "rows")
    for name, splits in found.counts.items():
        for split, rows in splits.items():
            table.add_row(name, split, str(rows))
    console = Console(highlight=False)
    console.print(table)
    said = f"{folder} is whole: {found.people} people; "
    text = found.fingerprint["text"]
    if pixels:
        # The one of both comes first: it is what generation prints and what results and reports name.
        said += (
            f"fingerprint {found.fingerprint['all']}\n(of the text {text}, "
            f"of the pixels {found.fingerprint['pixels']})."
        )
    else:
        said += f"fingerprint of the text {text}; pixels not looked at."
    if found.adopted:
        said += " It was adopted: the rules of built datasets were not asked of it."
    console.print(said, soft_wrap=True, markup=False)
