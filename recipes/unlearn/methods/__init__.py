"""Unlearning methods, one file each; the file's name is the method's name.

A further method is a file here with a class derived from `UnlearningMethod`, decorated as a frozen
dataclass whose fields are its options (`--set name=value`), and named in `METHOD = …`.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil

from remem_dataset.errors import RememError

from .base import UnlearningMethod

__all__ = ["UnlearningMethod", "get_method", "method_names"]


def method_names() -> list[str]:
    """Names of all methods."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "base")


def get_method(name: str, options: dict[str, str] | None = None) -> UnlearningMethod:
    """A method by name.

    Args:
        name: file name in this folder, without `.py`.
        options: option -> number as text, for the method's own fields.

    Raises:
        RememError: no such method or option, or a value that is not a number or out of range.
    """
    if name not in method_names():
        raise RememError(f"There is no method {name!r}; the methods are {', '.join(method_names())}.")
    kind: type[UnlearningMethod] = importlib.import_module(f"{__name__}.{name}").METHOD
    known = [field.name for field in dataclasses.fields(kind)]
    values = {}
    for option, text in (options or {}).items():
        if option not in known:
            raise RememError(f"The method {name} has no option {option!r}; it has {', '.join(known)}.")
        try:
            values[option] = float(text)
        except ValueError:
            raise RememError(f"{option} is {text!r}; it must be a number.") from None
    return kind(**values)
