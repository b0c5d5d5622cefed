"""`python -m generation`: from a preset and a seed to a dataset folder; `sheet` and `quality` look at one."""

import dataclasses
import inspect
import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from generation.presets import load_preset, preset_names
from generation.quality.command import quality
from generation.renderers import check_renderer
from generation.sheet import sheet
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError, run_app

console = Console(highlight=False)

_METAVARS = {"int": "INT", "float": "FLOAT", "str": "TEXT"}


def build(
    context: typer.Context,
    preset: Annotated[str, typer.Option(help=f"One of: {', '.join(preset_names())}.")] = "tiny",
    out: Annotated[Path, typer.Option(help="Dataset folder to make; the raw tree goes to <out>.raw.")] = Path(
        "remem"
    ),
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Identities at the same time (default: one a CPU; slurm: no limit)."),
    ] = None,
    executor: Annotated[
        str, typer.Option(help="What runs it: local, ray (RAY_ADDRESS names the cluster) or slurm.")
    ] = "local",
    sbatch: Annotated[
        list[str] | None,
        typer.Option(help="For slurm: an option of sbatch, such as partition=cpu; may be given again."),
    ] = None,
    submit: Annotated[
        bool, typer.Option("--submit", help="For slurm: submit the jobs instead of only writing them.")
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Build anew, in place of what is there.")
    ] = False,
    update: Annotated[
        bool,
        typer.Option("--update", help="Replace what is there only where this config and code make another."),
    ] = False,
    faces: Annotated[
        Path | None,
        typer.Option(help="Your own pictures, one folder for each person; needs --renderer folder."),
    ] = None,
    **overrides: str | None,
) -> None:
    """Generate people, pictures and questions, and pack them as a dataset folder."""
    if context.invoked_subcommand is not None:
        return
    from generation.executors import SLURM, check_executor
    from generation.pipeline import generate
    from generation.progress import say_built, say_written
    from generation.tree import open_tree, origin_of, sole_builder
    from remem_dataset.packing import check_target, is_current, pack

    check_executor(executor, sbatch or (), submit)
    config = load_preset(preset, **overrides)
    check_renderer(config.renderer, faces, config.identities)
    origin = origin_of(config, faces)
    check_target(out, config, origin, restart=restart or update)
    if not restart and is_current(out, config, origin):
        console.print(f"[bold]{out}[/] is already built from this config; nothing to do.", soft_wrap=True)
        return
    raw = out.with_name(out.name + ".raw")
    with sole_builder(raw):
        try:
            tree = open_tree(raw, config, origin, restart=restart)
        except RememError:  # it is a raw tree, or `sole_builder` would have said so, but of another build
            if not update:
                raise
            tree = open_tree(raw, config, origin, restart=True)
        if executor != SLURM:
            generate(tree, config, workers=workers, faces=faces, executor=executor)
            say_built(out, pack(tree, out))
            return
        from generation.executors.slurm import submit_jobs, write_jobs

        script = write_jobs(tree, out, config, workers, faces, sbatch or (), restart or update)
    say_written(script, submit_jobs(script) if submit else None)


def _field_help(name: str) -> str:
    """What `BenchmarkConfig` says of a field; the preset gives its default."""
    words = re.search(rf"^ +{name}: (.+?)\.$", BenchmarkConfig.__doc__ or "", flags=re.MULTILINE | re.DOTALL)
    text = " ".join(words.group(1).split()) if words else name
    return f"{text[0].upper()}{text[1:]} (default: the preset's)."


def _with_config_options(command):
    """Give the command one option for each config field, so that every field can be overridden."""
    signature = inspect.signature(command)
    own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    taken = {p.name for p in own}
    options = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                str | None,
                typer.Option(
                    help=_field_help(field.name),
                    show_default=False,
                    metavar=_METAVARS.get(str(field.type), "PERCENT,…"),
                ),
            ],
        )
        for field in dataclasses.fields(BenchmarkConfig)
        if field.name not in taken
    ]
    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + options

    def with_options(**values):
        return command(**values)

    with_options.__doc__ = command.__doc__
    with_options.__signature__ = signature.replace(parameters=parameters)
    with_options.__annotations__ = {p.name: p.annotation for p in parameters}
    return with_options


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
app.callback(invoke_without_command=True)(_with_config_options(build))
app.command()(sheet)
app.command()(quality)

if __name__ == "__main__":
    run_app(app, "python -m generation")
