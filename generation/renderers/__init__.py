"""Picture backends. One file each behind one protocol; `get_renderer` finds them by name."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Protocol

import numpy as np

from generation.people.person import Person
from generation.views.view import View
from remem_dataset.errors import RememError


class Renderer(Protocol):
    """Draws one person in one view."""

    def render(self, person: Person, view: View, size: int) -> np.ndarray:
        """Return the picture as uint8 RGB of shape (size, size, 3); same input, same bytes."""
        ...


def renderer_names() -> list[str]:
    """Backends found in this folder: modules that define `create_renderer`."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if m.ispkg)


def check_renderer(name: str) -> None:
    """Say so, before any work is done, when there is no backend of that name.

    Raises:
        RememError: there is no such backend.
    """
    if name not in renderer_names():
        raise RememError(f"There is no renderer {name!r}; the renderers are {', '.join(renderer_names())}.")


def get_renderer(name: str) -> Renderer:
    """The backend of that name, ready to draw.

    Raises:
        RememError: there is no such backend.
    """
    check_renderer(name)
    return importlib.import_module(f"{__name__}.{name}").create_renderer()
