"""Forget rows, each with a retain row beside it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from recipes.encoding import Encoded
from recipes.questions import Collator, QuestionSet, Turn, generator, shuffled


@dataclass(frozen=True)
class Pair:
    """One forget row with one retain row, at place `number` of the run.

    Attributes:
        number: place in the run.
        index: the forget row's number in its set.
        beside: the retain row's number in its set.
        forget: the forget row.
        retain: the retain row.
        which: number of the refusal drawn for the forget row, and that row with the refusal as its answer;
            0 and None without refusals.
        refusal: see `which`.
    """

    number: int
    index: int
    beside: int
    forget: Encoded
    retain: Encoded
    which: int = 0
    refusal: Encoded | None = None


class Pairs(torch.utils.data.Dataset):
    """All pairs that a run meets: pass after pass over the forget set, with retain rows drawn beside.

    Args:
        forget: its rows keep their pictures, those for which the reference was computed.
        retain: any number of rows.
        length: how many pairs the run meets.
        seed: the run's seed; with it, everything is a pure function of the place in the run.
        refusals: the forget set with refusals as answers, several times over; one is drawn for each pair.
    """

    def __init__(
        self,
        forget: QuestionSet,
        retain: QuestionSet,
        length: int,
        seed: int,
        refusals: Sequence[QuestionSet] = (),
    ) -> None:
        self._forget, self._retain, self._length, self._seed = forget, retain, length, seed
        self._refusals = refusals

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, number: int) -> Pair:
        index = shuffled(number, len(self._forget), self._seed)
        draws = generator(self._seed, "pairing", number)
        beside = int(torch.randint(len(self._retain), (), generator=draws))
        pair = Pair(number, index, beside, self._forget.own(index), self._retain.take(beside, draws))
        if not self._refusals:
            return pair
        which = int(torch.randint(len(self._refusals), (), generator=draws))
        return dataclasses.replace(pair, which=which, refusal=self._refusals[which].own(index))


class PairCollator:
    """Stacks B pairs into one forget batch and one retain batch.

    Args:
        forget: collates forget rows; without augmentation, for the reference's sake.
        retain: collates retain rows.
    """

    def __init__(self, forget: Collator, retain: Collator) -> None:
        self._forget, self._retain = forget, retain

    def __call__(self, pairs: list[Pair]) -> dict[str, Any]:
        batch = {
            "rows": torch.tensor([pair.index for pair in pairs]),
            "beside": torch.tensor([pair.beside for pair in pairs]),
            "which": torch.tensor([pair.which for pair in pairs]),
            "forget": self._forget([Turn(pair.number, pair.forget) for pair in pairs]),
            "retain": self._retain([Turn(pair.number, pair.retain) for pair in pairs]),
        }
        if pairs[0].refusal is not None:
            batch["refusal"] = self._forget([Turn(pair.number, pair.refusal) for pair in pairs])
        return batch
