"""Forget rows, each with a retain row beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from recipes.encoding import Encoded
from recipes.questions import Collator, QuestionSet, Turn, generator, shuffled


@dataclass(frozen=True)
class Pair:
    """One forget row (`index` in the forget set) with one retain row, at place `number` of the run."""

    number: int
    index: int
    forget: Encoded
    retain: Encoded


class Pairs(torch.utils.data.Dataset):
    """All pairs that a run meets: pass after pass over the forget set, with retain rows drawn beside.

    Args:
        forget: its rows keep their pictures, those for which the reference was computed.
        retain: any number of rows.
        length: how many pairs the run meets.
        seed: the run's seed; with it, everything is a pure function of the place in the run.
    """

    def __init__(self, forget: QuestionSet, retain: QuestionSet, length: int, seed: int) -> None:
        self._forget, self._retain, self._length, self._seed = forget, retain, length, seed

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, number: int) -> Pair:
        index = shuffled(number, len(self._forget), self._seed)
        draws = generator(self._seed, "pairing", number)
        beside = int(torch.randint(len(self._retain), (), generator=draws))
        return Pair(number, index, self._forget.own(index), self._retain.take(beside, draws))


class PairCollator:
    """Stacks B pairs into one forget batch and one retain batch.

    Args:
        forget: collates forget rows; without augmentation, for the reference's sake.
        retain: collates retain rows.
    """

    def __init__(self, forget: Collator, retain: Collator) -> None:
        self._forget, self._retain = forget, retain

    def __call__(self, pairs: list[Pair]) -> dict[str, Any]:
        return {
            "rows": torch.tensor([pair.index for pair in pairs]),
            "forget": self._forget([Turn(pair.number, pair.forget) for pair in pairs]),
            "retain": self._retain([Turn(pair.number, pair.retain) for pair in pairs]),
        }
