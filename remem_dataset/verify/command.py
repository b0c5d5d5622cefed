"""What `remem verify` prints."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ..errors import EXIT_BAD_INPUT
from .check import verify_folder


def run_verify(folder: Path, *, pixels: bool) -> None:
    """Check a folder under a progress bar and say what was found.

    Args:
        folder: the dataset folder.
        pixels: also decode every picture.

    Raises:
        RememError: nothing there that can be checked.
        SystemExit: with code 2, after a sentence on stderr for each kind of fault.
    """
    columns = (TextColumn("Rows"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("rows")

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        problems, found = verify_folder(folder, pixels=pixels, progress=show)
    if problems:
        for sentence in problems.sentences():
            print(f"error: {sentence}", file=sys.stderr)
        raise SystemExit(EXIT_BAD_INPUT)
    table = Table("config", "split", "rows")
    for name, splits in found.counts.items():
        for split, rows in splits.items():
            table.add_row(name, split, str(rows))
    console = Console(highlight=False)
    console.print(table)
    of_pixels = f", of the pixels {found.fingerprint['pixels']}" if pixels else "; pixels not looked at"
    rules = " It was adopted: the rules of built datasets were not asked of it." if found.adopted else ""
    console.print(
        f"[bold]{folder}[/] is whole: {found.people} people; fingerprint of the text "
        f"{found.fingerprint['text']}{of_pixels}.{rules}",
        soft_wrap=True,
    )
