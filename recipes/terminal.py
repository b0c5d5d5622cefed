"""What the recipes' command lines share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import typer

from remem_dataset.errors import run_app


def run_command(command: Callable[..., None]) -> None:
    """Run one function as a typer command; bad input is one sentence and exit code 2."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # of reading and writing weights; training keeps its own
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(command)
    run_app(app, f"python -m recipes.{Path(sys.argv[0]).parent.name}")
