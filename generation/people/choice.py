"""Casting: which of the looks drawn for an identity it gets, so that no two people are taken for one another.

With a recogniser, identities are cast in troupes of `TROUPE`, in order. Within a troupe the choice is joint:
from several starts, one identity after another takes the candidate that is least like the others and all
earlier troupes, until nobody would change (coordinate descent); the best end counts. Casting a troupe never
looks ahead, so more identities change no complete troupe, and no matrix of all pairs is ever held.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from generation.people.appearance import load_appearance
from generation.people.casting import Audition, Cast, candidate_person
from generation.people.features import features
from generation.people.person import Person
from generation.quality.recogniser import DIMENSIONS
from generation.streams import stream
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError

#: Identities that are cast together.
TROUPE = 20
# Starts of a troupe's search: greedy in order, then random ones. More find hardly better casts.
_STARTS = 20
_SWEEPS = 30
# Of two people whose average embeddings are this far apart, half the pairs of pictures lie within the
# threshold of 0.6; the share falls off over `_SOFTNESS` (both fitted to a built dataset).
_APART = 0.58
_SOFTNESS = 0.03
# What being alike in words costs, against one whole pair of people who are taken for one another.
_WORDS = 0.3
# What a failed audition costs, and each view without a face: more than any likeness can.
_FAILED, _FACELESS = 1e6, 1e9


def choose_cast(config: BenchmarkConfig, auditions: Iterable[Audition]) -> Cast:
    """Choose one candidate for each identity so that few pairs of people are taken for one another.

    A candidate that failed its audition is struck, unless all of an identity's failed; then one of those in
    whose views the most faces were found is taken.

    Args:
        config: the build's config.
        auditions: those of identity 0, 1, 2, …, in this order.

    Returns:
        The cast; complete troupes do not depend on how many people follow.

    Raises:
        RememError: an audition is missing or out of order, or no candidate of an identity shows a face.
    """
    cast = _Cast([], [], [])
    troupe: list[Audition] = []
    for index, tried in enumerate(auditions):
        if tried.index != index:
            raise RememError(f"The audition of identity {index} is missing; that of {tried.index} came.")
        if not tried.embeddings[:, 0].any():
            raise RememError(
                f"No face was found in the anchor of any candidate for identity {index}; raise "
                "--casting-pool, choose another --seed or, with --faces, other pictures."
            )
        troupe.append(tried)
        if len(troupe) == TROUPE:
            _cast_troupe(config, troupe, cast)
            troupe = []
    if troupe:
        _cast_troupe(config, troupe, cast)
    if len(cast.candidates) != config.identities:
        raise RememError(
            f"There are auditions of {len(cast.candidates)} identities, not of {config.identities}."
        )
    return Cast(tuple(cast.candidates), np.stack(cast.anchors).astype(np.float32))


@dataclass
class _Cast:
    """The people cast so far: candidates, anchors, and what `_likeness` compares."""

    candidates: list[int]
    anchors: list[np.ndarray]
    looks: list[_Looks]


@dataclass(frozen=True, eq=False)
class _Looks:
    """Candidates as they are compared: average embeddings (k, 128), codes of how one would say it (k,)."""

    means: np.ndarray
    words: np.ndarray

    def pick(self, candidate: int) -> _Looks:
        return _Looks(self.means[candidate : candidate + 1], self.words[candidate : candidate + 1])


def _cast_troupe(config: BenchmarkConfig, troupe: list[Audition], cast: _Cast) -> None:
    """Choose for these identities, given the earlier ones, and add them to the cast."""
    looks = [_looks(config, tried) for tried in troupe]
    own = []
    for tried, candidates in zip(troupe, looks, strict=True):
        faceless = (~tried.embeddings.any(axis=2)).sum(axis=1)
        earlier = _likeness(candidates, cast.looks) if cast.looks else 0.0
        own.append(earlier + _FAILED * ~tried.passed + _FACELESS * faceless)
    rng = stream(config.seed, "casting", troupe[0].index)
    starts = [_greedy(looks, own)]
    starts += [[int(rng.integers(len(costs))) for costs in own] for _ in range(_STARTS - 1)]
    ends = [_settled(start, looks, own) for start in starts]
    best = min(ends, key=lambda chosen: _total(chosen, looks, own))
    for tried, candidates, candidate in zip(troupe, looks, best, strict=True):
        cast.candidates.append(candidate)
        cast.anchors.append(tried.embeddings[candidate, 0])
        cast.looks.append(candidates.pick(candidate))


def _greedy(looks: list[_Looks], own: list[np.ndarray]) -> list[int]:
    """Each identity in order the best beside those before it."""
    chosen: list[int] = []
    for place, costs in enumerate(own):
        before = [looks[k].pick(c) for k, c in enumerate(chosen)]
        chosen.append(int((costs + _likeness(looks[place], before)).argmin() if before else costs.argmin()))
    return chosen


def _settled(start: list[int], looks: list[_Looks], own: list[np.ndarray]) -> list[int]:
    """From a start, let one identity after another change until none would."""
    chosen = list(start)
    if len(chosen) == 1:
        return [int(own[0].argmin())]
    for _ in range(_SWEEPS):
        changed = False
        for place, costs in enumerate(own):
            others = [looks[k].pick(c) for k, c in enumerate(chosen) if k != place]
            costs = costs + _likeness(looks[place], others)
            best = int(costs.argmin())
            if costs[best] < costs[chosen[place]] - 1e-9:
                chosen[place], changed = best, True
        if not changed:
            break
    return chosen


def _total(chosen: list[int], looks: list[_Looks], own: list[np.ndarray]) -> float:
    """What a choice costs: each identity's own costs, and the likeness of every pair once."""
    total = sum(float(costs[c]) for costs, c in zip(own, chosen, strict=True))
    picked = [candidates.pick(c) for candidates, c in zip(looks, chosen, strict=True)]
    return total + sum(float(_likeness(picked[k], picked[:k])[0]) for k in range(1, len(picked)))


def _likeness(candidates: _Looks, others: list[_Looks]) -> np.ndarray:
    """(candidates,) expected number of the others that each candidate is taken for, by face and in words."""
    means = np.concatenate([other.means for other in others])
    words = np.concatenate([other.words for other in others])
    apart = np.linalg.norm(candidates.means[:, None] - means[None], axis=2)
    by_face = 1 / (1 + np.exp((apart - _APART) / _SOFTNESS))
    return by_face.sum(axis=1) + _WORDS * (candidates.words[:, None] == words[None]).sum(axis=1)


def _looks(config: BenchmarkConfig, tried: Audition) -> _Looks:
    styles = list(load_appearance().styles)
    persons = [candidate_person(config, tried.index, k) for k in range(len(tried.passed))]
    words = [_words(person, styles) for person in persons]
    return _Looks(tried.embeddings.mean(axis=1), np.array(words))


def _words(person: Person, styles: list[str]) -> int:
    """What strikes anybody, as one number: gender, hair style and the quarter of the scale of skin tones."""
    tone = min(3, int(person.melanin * 4))
    return (styles.index(person.hair_style) * 4 + tone) * 2 + (person.gender == "male")


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
