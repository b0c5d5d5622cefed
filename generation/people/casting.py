"""Casting: which of the looks drawn for an identity it gets, so that no two people are taken for one another.

Every identity auditions: each of its candidates is rendered a few times and shown to the face recogniser.
Then the cast is chosen in the order of the identities, each the candidate that is least like those before it
(greedy, as in the k-centre selection of Gonzalez 1985). A choice never looks ahead, so adding identities
changes no earlier one; it compares one identity's candidates with the chosen ones, without a matrix
of all pairs.
"""

from __future__ import annotations

import dataclasses
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from generation.people.appearance import load_appearance
from generation.people.features import features
from generation.people.person import Person
from generation.people.sampling import sample_person
from generation.profiles.profile import sample_age, sample_gender
from generation.quality.recogniser import DIMENSIONS, Recogniser
from generation.renderers import Renderer
from generation.views import sample_view
from generation.views.view import View
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError
from remem_dataset.files import write_bytes

# Small enough to be cheap, large enough for the recogniser, whose input is 150 pixels.
SIZE = 176
# Views of one person must agree this well; pictures must stay within 0.6, and vary more.
AGREEMENT = 0.45
# Head turns of the probes, taken in turn by the candidates.
_PROBE_YAW = 24.0
# Two people whose average embeddings are this far apart have few pairs of pictures within 0.6 (measured);
# the share of such pairs falls off over `_SOFTNESS`.
_APART = 0.59
_SOFTNESS = 0.035
# What being alike in words costs, beside one whole pair of people who are taken for one another.
_WORDS = 1.0


@dataclass(frozen=True, eq=False)
class Audition:
    """How the candidates of one identity look to the recogniser.

    Attributes:
        index: 0-based number of the identity.
        embeddings: (candidates, views, 128) float32; view 0 is the anchor; zeros where no face was found.
        passed: (candidates,) bool: a face was found in each view, and the probes lie near the anchor.
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
            and loaded.embeddings.shape == (config.casting_pool, views, DIMENSIONS)
            and loaded.embeddings.dtype == np.float32
            and loaded.passed.shape == (config.casting_pool,)
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
        config: the build's config; `casting_pool` is the number of candidates.
        index: 0-based number of the identity.
        renderer: what draws.
        recogniser: who looks.

    Returns:
        The embeddings of every candidate, and which of them passed.
    """
    pool = config.casting_pool
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


def choose_cast(config: BenchmarkConfig, auditions: Iterable[Audition]) -> Cast:
    """Choose one candidate for each identity, in order, least like all that were chosen before.

    A candidate that failed its audition is struck, unless all of an identity's failed.

    Args:
        config: the build's config.
        auditions: those of identity 0, 1, 2, …, in this order.

    Returns:
        The cast; the first n entries do not depend on how many follow.

    Raises:
        RememError: an audition is missing or out of order.
    """
    chosen = _Chosen()
    candidates = []
    for index, tried in enumerate(auditions):
        if tried.index != index:
            raise RememError(f"The audition of identity {index} is missing; that of {tried.index} came.")
        persons = [candidate_person(config, index, k) for k in range(len(tried.passed))]
        vectors = np.stack([features(load_appearance(), p) for p in persons])
        means = tried.embeddings.mean(axis=1)
        costs = chosen.confusion(means) + _WORDS * chosen.alike(persons)
        costs[~tried.passed] += 1e6
        best = int(costs.argmin())
        candidates.append(best)
        chosen.add(persons[best], vectors[best], means[best], tried.embeddings[best, 0])
    if len(candidates) != config.identities:
        raise RememError(f"There are auditions of {len(candidates)} identities, not of {config.identities}.")
    return Cast(tuple(candidates), np.stack(chosen.anchors).astype(np.float32))


def described_cast(config: BenchmarkConfig) -> Cast:
    """Choose without a recogniser: each identity as unlike the earlier ones in described features as can be.

    Compared are the earlier identities of the same block (table `block`), so that the cost of an identity
    does not grow with their number.
    """
    tables = load_appearance()
    candidates, earlier = [], np.zeros((0, 0))
    for index in range(config.identities):
        if index % tables.block == 0:
            earlier = None
        vectors = np.stack([features(tables, candidate_person(config, index, k)) for k in range(tables.pool)])
        best = 0
        if earlier is not None:
            apart = np.linalg.norm(vectors[:, None] - earlier[None], axis=2)
            best = int(apart.min(axis=1).argmax())
        earlier = vectors[best : best + 1] if earlier is None else np.vstack([earlier, vectors[best]])
        candidates.append(best)
    return Cast(tuple(candidates), np.zeros((0, DIMENSIONS), dtype=np.float32))


class _Chosen:
    """The people chosen so far, and how like them a newcomer is."""

    def __init__(self) -> None:
        self.anchors: list[np.ndarray] = []
        self._means: list[np.ndarray] = []
        self._words: list[tuple[str, str, int]] = []

    def add(self, person: Person, vector: np.ndarray, mean: np.ndarray, anchor: np.ndarray) -> None:
        self.anchors.append(anchor)
        self._means.append(mean)
        self._words.append(_words(person))

    def confusion(self, means: np.ndarray) -> np.ndarray:
        """(candidates,) expected number of earlier people that each candidate is taken for."""
        if not self._means:
            return np.zeros(len(means))
        apart = np.linalg.norm(means[:, None] - np.stack(self._means)[None], axis=2)
        nearest = np.clip(0.75 - apart.min(axis=1), 0, None)
        return (1 / (1 + np.exp((apart - _APART) / _SOFTNESS))).sum(axis=1) + nearest

    def alike(self, persons: list[Person]) -> np.ndarray:
        """(candidates,) share of the earlier people with the same hair style, tone quarter and gender."""
        same = [sum(_words(p) == other for other in self._words) for p in persons]
        return np.array(same) / max(1, len(self._words)) ** 0.5


def _words(person: Person) -> tuple[str, str, int]:
    return person.gender, person.hair_style, min(3, int(person.melanin * 4))


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
