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
