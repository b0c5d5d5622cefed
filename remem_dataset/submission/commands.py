"""The command `remem submit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def submit(
    results: Annotated[Path, typer.Argument(help="Results of the unlearned model: file or folder.")],
    model: Annotated[str, typer.Option(help="The unlearned model on the Hub, <org>/<name>.")],
    base_model: Annotated[str, typer.Option(help="The model before unlearning on the Hub, <org>/<name>.")],
    method: Annotated[str, typer.Option(help="How it was unlearned, such as npo.")],
    base_results: Annotated[
        Path | None,
        typer.Option(help="Results of the model before unlearning; without them there is no ranking."),
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="The dataset on the Hub; left out, the one that the results name.")
    ] = None,
    to: Annotated[
        str | None, typer.Option(help="The results' repository; left out, <dataset>-results.")
    ] = None,
    paper: Annotated[str | None, typer.Option(help="Address of a paper, https://….")] = None,
    code: Annotated[str | None, typer.Option(help="Address of the code, https://….")] = None,
    notes: Annotated[str, typer.Option(help="A sentence that is shown with the result.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show both files, and send nothing.")] = False,
) -> None:
    """Propose a result to the leaderboard and to the model's page, each as a pull request."""
    from .terminal import run_submit

    run_submit(
        results,
        base_results=base_results,
        model=model,
        base_model=base_model,
        method=method,
        data=data,
        to=to,
        links={name: link for name, link in (("paper", paper), ("code", code)) if link},
        notes=notes,
        dry_run=dry_run,
        recompute=_differences,
    )


def _differences(results: Path) -> list[str]:
    """What `remem rescore` finds different; the scoring code is loaded by name, when it is needed."""
    from harness_tasks.rescore import rescore

    return rescore(results).differences


def add_to(app: typer.Typer) -> None:
    """Make it a command of `app`."""
    app.command()(submit)
