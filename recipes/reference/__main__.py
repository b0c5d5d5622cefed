"""Command line: `python -m recipes.reference --data ./remem --out runs/demo/untrained`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recipes.terminal import run_command


def main(
    data: Annotated[str, typer.Option(help="Built dataset folder, or a Hub id.")],
    out: Annotated[Path, typer.Option(help="Folder for the model and its processor.")],
    seed: Annotated[int, typer.Option(min=0, help="Seeds the random start.")] = 0,
    size: Annotated[str, typer.Option(help="A size named in assets/recipes/reference.yaml.")] = "base",
    restart: Annotated[bool, typer.Option("--restart", help="Replace an earlier result in --out.")] = False,
) -> None:
    """Build the reference tiny LVLM: tokenizer from the dataset's text, model from random numbers."""
    from recipes.reference import build_reference

    build_reference(data, out, seed=seed, size=size, restart=restart)
    typer.echo(f"reference model: {out}")


if __name__ == "__main__":
    run_command(main)
