"""The one exception that means "the input is wrong", and how a command line reports it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

EXIT_BAD_INPUT = 2


class RememError(ValueError):
    """Bad input: the message is one sentence saying what was wrong, where, and what is allowed."""


def exits_cleanly(main: Callable[..., T]) -> Callable[..., T]:
    """Wrap a command so that a `RememError` prints its sentence to stderr and exits with code 2.

    Args:
        main: the command's function.

    Returns:
        The same function; anything but a `RememError` passes through untouched.
    """

    @functools.wraps(main)
    def wrapper(*args, **kwargs):
        try:
            return main(*args, **kwargs)
        except RememError as error:
            print(f"error: {error}", file=sys.stderr)
            raise SystemExit(EXIT_BAD_INPUT) from None

    return wrapper


def run_app(app: Callable[..., object], prog_name: str, argv: list[str] | None = None) -> None:
    """Run a typer app so that every fault, also an unknown option, is one sentence and exit code 2.

    Args:
        app: the `typer.Typer`.
        prog_name: what help and errors call the program.
        argv: arguments; None takes the process's own.

    Raises:
        SystemExit: with the command's exit code.
    """
    import typer.main

    @exits_cleanly
    def run() -> int:
        command = typer.main.get_command(app)
        try:
            return command.main(args=argv, prog_name=prog_name, standalone_mode=False) or 0
        except Exception as error:
            # typer may carry its own copy of click, whose exceptions click's own classes do not match.
            if not hasattr(error, "format_message"):
                raise
            message = " ".join(error.format_message().split()).rstrip(".")
            if not message:  # a bare command whose help typer has just printed
                return EXIT_BAD_INPUT
            context = getattr(error, "ctx", None)
            path = context.command_path if context else prog_name
            raise RememError(f"{message}; see {path} --help.") from None

    raise SystemExit(run())
