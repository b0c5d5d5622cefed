"""Picture backends. One file each behind one protocol; `get_renderer` finds them by name."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Protocol

import numpy as np

from generation.people.person import Person
from generation.views.view import GroupView, View
from remem_dataset.errors import RememError


@dataclass(frozen=True)
class Face:
    """Where a face is in a picture.

    Attributes:
        identity: 0-based number of the identity.
        kind: "present", "portrait" or "badge"; see `generation.views.view.Figure`.
        box: (left, top, right, bottom) in pixels, right and bottom exclusive, of the face from brow to chin
            and ear to ear, cut off at the picture's edges.
        visible: share of the face's surface turned to the camera that nothing hides, in [0, 1].
    """

    identity: int
    kind: str
    box: tuple[int, int, int, int]
    visible: float


@dataclass(frozen=True, eq=False)
class Picture:
    """A drawn picture: uint8 RGB (size, size, 3), and the faces in it, in the order of the figures."""

    pixels: np.ndarray
    faces: tuple[Face, ...]


class Renderer(Protocol):
    """Draws people. Same input, same bytes."""

    def render(self, person: Person, view: View, size: int) -> Picture:
        """Draw one person: a picture of size × size pixels."""
        ...

    def render_group(self, persons: Sequence[Person], view: GroupView, size: int) -> Picture:
        """Draw several; `persons[k]` is who `view.figures[k]` shows."""
        ...


def renderer_names() -> list[str]:
    """Backends found in this folder: modules that define `create_renderer`."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if m.ispkg)


def check_renderer(name: str, faces: Path | None = None, identities: int | None = None) -> None:
    """Say so, before any work is done, when there is no such backend or it cannot work as asked.

    Args:
        name: the backend.
        faces: folder of the user's own pictures, for a backend that takes one.
        identities: how many people the build has.

    Raises:
        RememError: there is no such backend, it takes no pictures, or it lacks something.
    """
    backend = _backend(name, faces)
    if hasattr(backend, "check"):
        backend.check(faces, identities)


def get_renderer(name: str, faces: Path | None = None) -> Renderer:
    """The backend of that name, ready to draw.

    Args:
        name: the backend.
        faces: folder of the user's own pictures, for a backend that takes one.

    Raises:
        RememError: there is no such backend, it takes no pictures, or it lacks something.
    """
    backend = _backend(name, faces)
    return backend.create_renderer(faces) if _takes_faces(backend) else backend.create_renderer()


def source_digest(name: str, faces: Path | None, identities: int) -> str:
    """Digest of the pictures that a build reads, so that a resumed build can tell others; "" for none.

    Raises:
        RememError: as `check_renderer`.
    """
    backend = _backend(name, faces)
    return backend.source_digest(faces, identities) if _takes_faces(backend) else ""


def _backend(name: str, faces: Path | None) -> ModuleType:
    if name not in renderer_names():
        raise RememError(f"There is no renderer {name!r}; the renderers are {', '.join(renderer_names())}.")
    backend = importlib.import_module(f"{__name__}.{name}")
    if faces is not None and not _takes_faces(backend):
        raise RememError(f"The renderer {name!r} draws people itself; --faces is for the renderer 'folder'.")
    return backend


def _takes_faces(backend: ModuleType) -> bool:
    return "faces" in inspect.signature(backend.create_renderer).parameters
