"""The cycles renderer: the embree renderer's stages, path-traced by Blender in a process of its own."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from generation.renderers.cycles.export import export
from generation.renderers.cycles.worker import SCRIPT, BlenderWorker, find_python
from generation.renderers.embree import post
from generation.renderers.embree.bodydata import load_body
from generation.renderers.embree.draw import Stage
from generation.renderers.embree.renderer import EmbreeRenderer
from generation.renderers.embree.tracer import Tracer
from remem_dataset.errors import RememError


@dataclass(eq=False)
class CyclesRenderer(EmbreeRenderer):
    """People, poses, clothes and boxes as in the embree renderer; light as Cycles carries it.

    Attributes:
        python: the interpreter that has `bpy`.
        script: what it runs.
    """

    python: Path = field(kw_only=True)
    script: Path = SCRIPT
    _worker: BlenderWorker | None = None

    def shoot(self, stage: Stage, tracer: Tracer, rng: np.random.Generator) -> np.ndarray:
        """Pixels of a stage, uint8 RGB.

        Raises:
            RememError: Blender does not start, died, hangs, or could not draw the scene.
        """
        request = export(stage, int(rng.integers(2**31)))
        if self._worker is None or not self._worker.alive:
            self._worker = BlenderWorker(self.python, self.script)
        drawn = self._worker.ask(request).get("pixels")  # linear light, premultiplied, with alpha
        size = len(stage.background)
        if drawn is None or drawn.shape != (size, size, 4):
            found = "none" if drawn is None else f"one of shape {drawn.shape}"
            raise RememError(f"Blender was asked for a picture of {size} × {size} pixels and sent {found}.")
        picture = drawn[..., :3] + (1 - drawn[..., 3:]) * stage.background
        return post.to_srgb(picture)


def create_renderer() -> CyclesRenderer:
    """A renderer; Blender itself starts with the first picture.

    Raises:
        RememError: there is no Python with `bpy`, or the package `anny` is not installed.
    """
    python = find_python()
    return CyclesRenderer(body=load_body(), _prepared=OrderedDict(), python=python)


def check(faces: Path | None = None, identities: int | None = None) -> None:
    """Say before any work is done that Blender's Python is missing.

    Raises:
        RememError: see `find_python`.
    """
    find_python()
