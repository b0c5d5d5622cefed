"""What the recipes' command lines share."""

from __future__ import annotations

from collections.abc import Callable

import typer

from remem_dataset.errors import exits_cleanly


def run_command(command: Callable[..., None]) -> None:
    """Run one function as a typer command; bad input prints its sentence and exits with code 2."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # of reading and writing weights; training keeps its own
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(command)
    exits_cleanly(app)()
