"""The attributes, one file each: a module that defines `ATTRIBUTE` is found by being here."""

from __future__ import annotations

import importlib
import pkgutil

from generation.profiles.attribute import Attribute
from remem_dataset.errors import RememError


def _find() -> dict[str, Attribute]:
    found = {}
    for name in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        attribute = importlib.import_module(f"{__name__}.{name}").ATTRIBUTE
        if attribute.name != name:
            raise RememError(
                f"The attribute in {name}.py calls itself {attribute.name!r}; use the file's name."
            )
        found[name] = attribute
    return found


#: name -> attribute, in alphabetical order.
ATTRIBUTES: dict[str, Attribute] = _find()


def get_attribute(name: str) -> Attribute:
    """The attribute of that name.

    Raises:
        RememError: there is none.
    """
    if name not in ATTRIBUTES:
        raise RememError(f"There is no attribute {name!r}; the attributes are {', '.join(ATTRIBUTES)}.")
    return ATTRIBUTES[name]
