"""In which order a stage-1 run meets its rows."""

from __future__ import annotations

from collections import Counter

import torch

from remem_dataset.schema import MULTI_HOP

from .questions import QuestionSet, Turn, generator, shuffled

#: Number of the order, counted up whenever a change here or in what it takes from `questions` gives a run
#: other batches: two runs of different orders are different runs, and none is continued in another's.
ORDER = 2

#: Batches whose rows are put in order of length together: a third of a random batch is padding.
BATCHES_IN_ORDER = 8


def pass_over(questions: QuestionSet, multi_hop_repeats: int) -> list[int]:
    """Row indices of one pass: each multi-hop row `multi_hop_repeats` times, single-hop rows once."""
    return [
        index
        for index, kind in enumerate(questions.question_types)
        for _ in range(multi_hop_repeats if kind == MULTI_HOP else 1)
    ]


class Course(torch.utils.data.Dataset):
    """All rows that a run meets, in order: pass after pass, each shuffled anew.

    Shuffling and pairing are pure functions of the seed, the run's length and the place in it (and so are
    the changes that `Collator` makes), so that an interrupted run continues exactly as it would have gone on.

    Args:
        questions: the rows.
        length: how many rows the run meets.
        seed: the run's seed.
        multi_hop_repeats: how often a pass meets each multi-hop row; single-hop rows come once.
        batch_size: rows in a batch. Of every `BATCHES_IN_ORDER` batches, or as many as half a pass fills,
            each gets rows of like length, so that little is padded; which comes first is drawn. Equal rows go
            into different batches of these if they can. 1 leaves the shuffled order as it is.
    """

    def __init__(
        self,
        questions: QuestionSet,
        length: int,
        seed: int,
        multi_hop_repeats: int = 1,
        batch_size: int = 1,
    ) -> None:
        self._questions, self._length, self._seed = questions, length, seed
        self._pass = pass_over(questions, multi_hop_repeats)
        self._batch_size = batch_size
        # Half a pass: more would be sorted into the same batches in every pass of a small set.
        in_order = min(BATCHES_IN_ORDER, len(self._pass) // (2 * batch_size))
        self._window_size = batch_size * max(1, in_order)
        self._window: tuple[int, list[int]] = (-1, [])

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, number: int) -> Turn:
        index = self._row(number)
        return Turn(number, self._questions.take(index, generator(self._seed, "pairing", number)))

    def _row(self, number: int) -> int:
        """Which row comes at a place of the run."""
        if self._batch_size == 1:
            return self._pass[shuffled(number, len(self._pass), self._seed)]
        size = self._window_size
        window, place = divmod(number, size)
        if self._window[0] != window:
            numbers = range(window * size, min((window + 1) * size, self._length))
            rows = [self._pass[shuffled(n, len(self._pass), self._seed)] for n in numbers]
            rows = spread(sorted(rows, key=self._questions.tokens), self._batch_size)
            batches = [rows[k : k + self._batch_size] for k in range(0, len(rows), self._batch_size)]
            turn = torch.randperm(len(batches), generator=generator(self._seed, "batches", window)).tolist()
            self._window = window, [row for k in turn for row in batches[k]]
        return self._window[1][place]


def spread(rows: list[int], batch_size: int) -> list[int]:
    """Rows in almost the same order, such that batches seldom hold a row twice.

    A row that its batch holds already changes places with the nearest that neither batch then holds twice:
    sorted by length, equal rows stand next to each other, and a batch of one row repeated teaches little.

    Args:
        rows: row indices, batch after batch.
        batch_size: rows in a batch; the last may hold fewer.
    """
    rows = list(rows)
    if len(rows) <= batch_size:
        return rows
    held = [Counter(rows[k : k + batch_size]) for k in range(0, len(rows), batch_size)]
    for place in range(len(rows)):
        here = held[place // batch_size]
        if here[rows[place]] == 1:
            continue
        for distance in range(1, len(rows)):
            near = [p for p in (place - distance, place + distance) if 0 <= p < len(rows)]
            fits = [p for p in near if not here[rows[p]] and not held[p // batch_size][rows[place]]]
            if fits:
                other = fits[0]
                there = held[other // batch_size]
                here.update({rows[place]: -1, rows[other]: 1})
                there.update({rows[place]: 1, rows[other]: -1})
                rows[place], rows[other] = rows[other], rows[place]
                break
    return rows
