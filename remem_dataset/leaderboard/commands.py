"""The commands `remem leaderboard build` and `remem leaderboard versions`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

leaderboard = typer.Typer(
    name="leaderboard", help="The leaderboard: one static page of submissions.", no_args_is_help=True
)


@leaderboard.command()
def build(
    submissions: Annotated[
        Path, typer.Argument(help="Folder of submissions, <org>__<model>/<run>.json, and versions.json.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the site.")] = Path("site"),
    results_repo: Annotated[
        str | None, typer.Option(help="The submissions' repository; left out, <dataset>-results.")
    ] = None,
) -> None:
    """Write the leaderboard's page and table from a folder of submissions."""
    from .terminal import run_build

    run_build(submissions, out, results_repo=results_repo)


@leaderboard.command()
def versions(
    repo: Annotated[str, typer.Argument(help="The dataset on the Hub, <org>/<name>.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write.")] = Path("versions.json"),
) -> None:
    """Write versions.json: the dataset's published versions, which submissions must name."""
    from .terminal import run_versions

    run_versions(repo, out)


def add_to(app: typer.Typer) -> None:
    """Make them commands of `app`."""
    app.add_typer(leaderboard)
