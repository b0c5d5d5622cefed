"""The command line `remem`: everything that is done with a dataset and with results, but not to a model."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from .errors import run_app
from .hub.commands import add_to as add_hub_commands
from .leaderboard.commands import add_to as add_leaderboard_commands
from .submission.commands import add_to as add_submission_commands

app = typer.Typer(
    name="remem",
    help="ReMem: memorisation and unlearning in vision-language models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _root() -> None:
    """ReMem: memorisation and unlearning in vision-language models."""


@app.command()
def report(
    vanilla: Annotated[Path, typer.Option(help="Results of the model after stage 1: file or folder.")],
    unlearned: Annotated[Path, typer.Option(help="Results of the model after stage 2: file or folder.")],
    untrained: Annotated[
        Path | None, typer.Option(help="Results of a model that has seen nothing: file or folder.")
    ] = None,
    data: Annotated[str, typer.Option(help="The dataset: a built folder or a Hub id.")] = "remem",
    revision: Annotated[str | None, typer.Option(help="Hub revision of the dataset.")] = None,
    out: Annotated[Path, typer.Option(help="The HTML page to write.")] = Path("report.html"),
) -> None:
    """Show two runs of remem-eval side by side, and write them as a page."""
    from .report import build_report, check_out, print_report, write_page

    check_out(out)
    content = build_report(
        vanilla=vanilla,
        unlearned=unlearned,
        untrained=untrained,
        data=data,
        revision=revision,
        command=shlex.join(["remem", *sys.argv[1:]]),
    )
    print_report(content)
    typer.echo(f"Wrote {write_page(content, out)}")


@app.command()
def adopt(
    source: Annotated[str, typer.Argument(help="The published data: a folder or a Hub id.")],
    out: Annotated[Path, typer.Argument(help="The dataset folder to write.")],
    revision: Annotated[str | None, typer.Option(help="Hub revision of the published data.")] = None,
    max_unknown: Annotated[
        float, typer.Option(help="Largest share of rows whose person may stay unknown.")
    ] = 0.02,
) -> None:
    """Make a dataset folder of the paper's own data, in the layout its authors published."""
    from .adopt import adopt_dataset, print_report

    content = adopt_dataset(source, out, revision=revision, max_unknown=max_unknown)
    print_report(content)
    typer.echo(f"Wrote {out}; what was inferred, row by row: {out / 'adoption.json'}")


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="The dataset folder.")],
    pixels: Annotated[
        bool, typer.Option("--pixels/--no-pixels", help="Decode every picture and fingerprint its pixels.")
    ] = True,
) -> None:
    """Check a dataset folder: files, fingerprints, counts, columns, and the rules that its rows keep."""
    from .verify.command import run_verify

    run_verify(folder, pixels=pixels)


@app.command()
def rescore(
    results: Annotated[Path, typer.Argument(help="A results file, or what --output_path named.")],
    by: Annotated[
        str | None,
        typer.Option(help="Also by attribute, category, hops, identity, split or task."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="The dataset: also compare retained people who are linked to forgotten ones."),
    ] = None,
    revision: Annotated[str | None, typer.Option(help="Hub revision of the dataset.")] = None,
) -> None:
    """Compute every figure of a run again from the files beside its results, without the model."""
    from harness_tasks.rescore import neighbours_of, print_rescored
    from harness_tasks.rescore import rescore as run

    from .results.aggregates import check_grouping

    if by is not None:
        check_grouping(by)  # before the long table, not after it
    rescored = run(results)
    neighbours = neighbours_of(data, rescored.forget, revision) if data else ()
    print_rescored(rescored, by, neighbours)


@app.command()
def judge(
    results: Annotated[Path, typer.Argument(help="A results file, or what --output_path named.")],
    endpoint: Annotated[str, typer.Option(help="Base URL of an OpenAI-compatible API, such as …/v1.")],
    model: Annotated[str, typer.Option(help="The judge's name there.")],
    key_variable: Annotated[
        str, typer.Option(help="Environment variable that holds the API key.")
    ] = "OPENAI_API_KEY",
) -> None:
    """Let a model grade a run's generated answers; the answers are sent to the endpoint."""
    import os

    from harness_tasks.judge import judge_run
    from harness_tasks.rescore import print_judged

    print_judged(judge_run(results, endpoint=endpoint, model=model, api_key=os.environ.get(key_variable)))


@app.command("install-tasks")
def install_tasks(
    remove: Annotated[bool, typer.Option("--remove", help="Take the tasks out again.")] = False,
) -> None:
    """Link the tasks into the installed lm_eval, so that plain `lm_eval --tasks 'remem_*'` finds them."""
    from harness_tasks import install

    if remove:
        found = install.remove_tasks()
        typer.echo("Removed the tasks from lm_eval." if found else "There was nothing to remove.")
    else:
        typer.echo(f"Linked the tasks into lm_eval: {install.install_tasks()}")


add_hub_commands(app)
add_submission_commands(app)
add_leaderboard_commands(app)


def main() -> None:
    """Entry point of the console script `remem`."""
    run_app(app, "remem")


if __name__ == "__main__":
    main()
