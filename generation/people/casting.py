"""Auditions: each of the looks drawn for an identity is rendered and shown to the face recogniser.

Which of them the identity gets is chosen in `generation.people.choice`.
"""

from __future__ import annotations

import dataclasses
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from generation.people.person import Person
from generation.people.sampling import sample_person
from generation.profiles.profile import sample_age, sample_gender
from generation.quality.recogniser import DIMENSIONS, Recogniser
from generation.renderers import Renderer
from generation.views import sample_view
from generation.views.view import View
from remem_dataset.config import BenchmarkConfig
from remem_dataset.files import write_bytes

# Small enough to be cheap, large enough for the recogniser, whose input is 150 pixels.
SIZE = 176
# Views of one person must agree this well; pictures must stay within 0.6, and vary more.
AGREEMENT = 0.45
# Head turns of the probes, taken in turn by the candidates.
_PROBE_YAW = 24.0


@dataclass(frozen=True, eq=False)
class Audition:
    """How the candidates of one identity look to the recogniser.

    Attributes:
        index: 0-based number of the identity.
        embeddings: (candidates, views, 128) float32; view 0 is the anchor; zeros where no face was found.
        passed: (candidates,) bool: a face was found in each view, and the probe lies near the anchor.
    """

    index: int
    embeddings: np.ndarray
    passed: np.ndarray

    def save(self, path: Path) -> None:
        """Write as NPZ, whole or not at all."""
        _save(path, index=np.array(self.index), embeddings=self.embeddings, passed=self.passed)

    @classmethod
    def load(cls, path: Path, config: BenchmarkConfig, index: int) -> Audition | None:
        """Read what `save` wrote; None if it is missing, damaged or not of this identity and pool."""
        arrays = _load(path)
        try:
            loaded = cls(int(arrays["index"]), arrays["embeddings"], arrays["passed"])
        except (KeyError, TypeError, ValueError):
            return None
        views = len(audition_views(config, index, 0))
        good = (
            loaded.index == index
            and loaded.embeddings.shape == (pool_size(config), views, DIMENSIONS)
            and loaded.embeddings.dtype == np.float32
            and loaded.passed.shape == (pool_size(config),)
            and loaded.passed.dtype == bool
        )
        return loaded if good else None


@dataclass(frozen=True, eq=False)
class Cast:
    """Who plays whom.

    Attributes:
        candidates: the chosen candidate of each identity.
        anchors: (identities, 128) float32, the embedding of each one's anchor; (0, 128) without a recogniser.
    """

    candidates: tuple[int, ...]
    anchors: np.ndarray

    def save(self, path: Path) -> None:
        """Write as NPZ, whole or not at all."""
        _save(path, candidates=np.array(self.candidates, dtype=np.int64), anchors=self.anchors)

    @classmethod
    def load(cls, path: Path, config: BenchmarkConfig) -> Cast | None:
        """Read what `save` wrote; None if it is missing, damaged or not of this number of identities."""
        arrays = _load(path)
        try:
            candidates, anchors = arrays["candidates"], arrays["anchors"]
        except KeyError:
            return None
        count = config.identities if config.recognition else 0
        if candidates.shape != (config.identities,) or anchors.shape != (count, DIMENSIONS):
            return None
        if candidates.dtype != np.int64 or anchors.dtype != np.float32:
            return None
        return cls(tuple(int(c) for c in candidates), anchors)


def candidate_person(config: BenchmarkConfig, index: int, candidate: int) -> Person:
    """The identity in the looks of that candidate, with the gender and age that its profile fixes."""
    gender, age = sample_gender(config.seed, index), sample_age(config.seed, index)
    return sample_person(config, index, gender, age, candidate)


def pool_size(config: BenchmarkConfig) -> int:
    """How many candidates each identity has; one, if it looks as in the user's own pictures."""
    return 1 if config.own_pictures else config.casting_pool


def audition_views(config: BenchmarkConfig, index: int, candidate: int) -> list[View]:
    """The views in which a candidate is tried: the anchor, and a probe with turned head in other light."""
    anchor = dataclasses.replace(sample_view(config, index, "anchor", 0), id="audition-000")
    other = sample_view(config, index, "train", candidate)
    probe = dataclasses.replace(
        anchor,
        id="audition-001",
        yaw=_PROBE_YAW * (1 if candidate % 2 else -1),
        light=other.light,
        expression=other.expression,
        expression_strength=other.expression_strength,
    )
    return [anchor, probe]


def audition(config: BenchmarkConfig, index: int, renderer: Renderer, recogniser: Recogniser) -> Audition:
    """Render an identity's candidates and show them to the recogniser.

    Args:
        config: the build's config; see `pool_size`.
        index: 0-based number of the identity.
        renderer: what draws.
        recogniser: who looks.

    Returns:
        The embeddings of every candidate, and which of them passed.
    """
    pool = pool_size(config)
    shape = (pool, len(audition_views(config, index, 0)), DIMENSIONS)
    embeddings, passed = np.zeros(shape, dtype=np.float32), np.zeros(pool, dtype=bool)
    for candidate in range(pool):
        person = candidate_person(config, index, candidate)
        for number, view in enumerate(audition_views(config, index, candidate)):
            pixels = renderer.render(person, view, SIZE).pixels
            found = recogniser.faces(pixels)
            if not found:
                break  # a candidate that fails once is out: its other views need no rendering
            embeddings[candidate, number] = recogniser.embed(pixels, found[0].box)
        else:
            apart = np.linalg.norm(embeddings[candidate] - embeddings[candidate, 0], axis=1)
            passed[candidate] = bool((apart <= AGREEMENT).all())
    return Audition(index, embeddings, passed)


def _save(path: Path, **arrays: np.ndarray) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_bytes(path, buffer.getvalue())


def _load(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an NPZ file; empty if it is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return {}
