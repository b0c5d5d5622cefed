"""What `remem leaderboard` prints and does, once its options are read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.progress import track

from ..files import write_json
from ..hub.errors import bound_waits
from ..hub.names import check_repo
from ..submission.versions import published_versions, versions_json
from .build import Refusal, collect
from .entry import Entry
from .site import build_site


def run_build(submissions: Path, out: Path, *, results_repo: str | None = None) -> None:
    """Build the site and say what was refused.

    Args:
        submissions: the folder of submissions.
        out: folder of the site.
        results_repo: where the submissions lie on the Hub.

    Raises:
        RememError: no folder of submissions, or a site that cannot be written.
    """
    if results_repo is not None:
        check_repo(results_repo)
    console, errors = Console(highlight=False, soft_wrap=True), Console(stderr=True, soft_wrap=True)

    def progress(found: Iterable[Entry | Refusal], total: int) -> Iterable[Entry | Refusal]:
        return track(found, "Reading submissions", total=total, console=errors, transient=True)

    board = collect(submissions, progress)
    for refusal in board.refused:
        errors.print(f"refused: {refusal.file}: {refusal.reason}", markup=False, highlight=False)
    page = build_site(board, out, results_repo=results_repo)[-1]
    console.print(
        f"{len(board.ranked)} ranked, {len(board.apart)} shown apart, {board.superseded} replaced by newer "
        f"ones, {len(board.refused)} refused."
    )
    console.print(f"Wrote {page}", markup=False)


def run_versions(repo: str, out: Path) -> None:
    """Write `versions.json`.

    Args:
        repo: the dataset on the Hub.
        out: the file.

    Raises:
        RememError: no such dataset, no version, no network, or a file that cannot be written.
    """
    bound_waits()
    found = published_versions(repo)
    write_json(out, versions_json(found))
    Console(highlight=False, soft_wrap=True).print(
        f"Wrote {out}: {', '.join(found.by_tag)} of {repo}", markup=False
    )
