"""`python -m generation quality`: the quality report of a built dataset."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer


def quality(
    data: Annotated[str, typer.Argument(help="The dataset: a built folder or a Hub id.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the report (default: <data>.quality beside the dataset).")
    ] = None,
    views: Annotated[
        int | None,
        typer.Option(min=1, help="At most this many pictures of each person and role (default: all)."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Pictures looked at at the same time.")] = (
        os.cpu_count() or 1
    ),
) -> None:
    """Measure whether the pictures show one consistent, distinct person each, and write the report."""
    from generation.quality.records import beside
    from generation.quality.report import write_report

    # A Hub dataset's report goes into the current folder.
    folder = out or beside(data if Path(data).is_dir() else Path(data).name, ".quality")
    result = write_report(data, folder, views=views, workers=workers)
    shares = {
        "faces detected": result["detected"],
        "same identity below threshold": result["same"]["below"],
        "different identities below threshold": result["different"]["below"],
        "pictures that fail": result["failed_share"],
    }
    lines = {label: "–" if value is None else f"{100 * value:.2f} %" for label, value in shares.items()}
    lines["AUC"] = "–" if result["auc"] is None else f"{result['auc']:.5f}"
    for label, value in lines.items():
        typer.echo(f"{label:38}{value}")
    typer.echo(f"Wrote {folder / 'quality.html'}")
