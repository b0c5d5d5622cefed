"""The commands `remem publish`, `remem versions` and `remem fetch`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Repo = Annotated[str, typer.Option(help="The dataset on the Hub, <org>/<name>.")]
Pixels = Annotated[
    bool, typer.Option("--pixels/--no-pixels", help="Decode every picture and fingerprint its pixels.")
]


def publish(
    folder: Annotated[Path, typer.Argument(help="The dataset folder.")],
    repo: Repo,
    version: Annotated[str, typer.Option(help="The version to publish it as, such as v1.0.0.")],
    private: Annotated[bool, typer.Option("--private", help="Only the repository's owners see it.")] = False,
    create_pr: Annotated[
        bool, typer.Option("--create-pr", help="Propose it as a pull request; nothing is tagged.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    pixels: Pixels = True,
) -> None:
    """Upload a dataset folder to the Hub in one commit and tag it; a version never changes afterwards."""
    from .terminal import run_publish

    run_publish(folder, repo, version, private=private, create_pr=create_pr, dry_run=dry_run, pixels=pixels)


def versions(repo: Repo) -> None:
    """List the published versions of a dataset with their fingerprints."""
    from .terminal import run_versions

    run_versions(repo)


def fetch(
    repo: Repo,
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    revision: Annotated[str, typer.Option(help="Tag, branch or commit.")] = "main",
    pixels: Pixels = True,
) -> None:
    """Download one version of a dataset to a folder and check its fingerprint."""
    from .terminal import run_fetch

    run_fetch(repo, revision, out, pixels=pixels)


def add_to(app: typer.Typer) -> None:
    """Make them commands of `app`."""
    for command in (publish, versions, fetch):
        app.command()(command)
