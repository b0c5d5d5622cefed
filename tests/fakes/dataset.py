"""A small dataset folder for tests: the real text, rows, builder and card over pictures that cost nothing."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from generation.identity import Studio, build_identity
from generation.people.choice import described_cast
from generation.presets import load_preset
from generation.renderers import Face, Picture
from generation.streams import stream
from generation.tree import open_tree, origin_of
from remem_dataset.config import BenchmarkConfig
from remem_dataset.packing import pack


class SwatchRenderer:
    """Draws an identity as its own two-colour pattern under noise: easy to tell apart, no 3-D needed."""

    def render(self, person, view, size: int) -> Picture:
        own = stream(0, "swatch", person.index)
        colours = own.integers(0, 256, (2, 3))
        wave = np.sin(np.arange(size) * own.uniform(0.1, 0.9))[None, :, None] > 0
        noise = stream(0, "swatch-noise", person.index, view.id).normal(0, 12, (size, size, 3))
        pixels = np.clip(np.where(wave, colours[0], colours[1]) + noise, 0, 255).astype(np.uint8)
        return Picture(pixels, (Face(person.index, "present", (0, 0, size, size), 1.0),))

    def render_group(self, persons, view, size: int) -> Picture:
        single = [self.render(person, view, size).pixels for person in persons]
        edges = np.linspace(0, size, len(persons) + 1).astype(int)
        spans = list(itertools.pairwise(edges))
        pixels = np.concatenate([p[:, a:b] for p, (a, b) in zip(single, spans, strict=True)], axis=1)
        faces = [
            Face(f.identity, f.kind, (int(a), 0, int(b), size), 1.0)
            for f, (a, b) in zip(view.figures, spans, strict=True)
        ]
        return Picture(pixels, tuple(faces))


def swatch_studio(config: BenchmarkConfig, renderer: SwatchRenderer | None = None) -> Studio:
    """What `build_identity` needs, with pictures that cost nothing."""
    return Studio(renderer or SwatchRenderer(), described_cast(config))


def small_config(**overrides) -> BenchmarkConfig:
    """The tiny preset, smaller still."""
    small = {
        "images_per_identity": 2,
        "eval_per_identity": 4,
        "qa_per_identity": 20,
        "single_hop_ratio": 0.7,
        "image_size": 32,
        "candidates": 15,
        "name": "test",
        "recognition": 0,
    }
    return load_preset("tiny", **{**small, **overrides})


def build_dataset(out: Path, config: BenchmarkConfig | None = None) -> Path:
    """Generate and pack a dataset folder at `out` (raw tree beside it) and return it."""
    config = config or small_config()
    tree = open_tree(out.with_name(out.name + ".raw"), config, origin_of(config))
    for index in range(config.identities):
        build_identity(tree, config, index, swatch_studio(config))
    pack(tree, out)
    return out
