"""What `remem-eval` writes down about a run beside lm-eval's own results."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ScoredAnswers:
    """The scores of one exposure row, as they are kept beside the results.

    Attributes:
        task: lm-eval's task.
        row: the row's id.
        n: number of candidates; other people's values come after them.
        tokens: log P of every token, nats: of the gold, the candidates, then the other values.
        greedy: whether each is what the model would say.
        moments: (mean, standard deviation) of log P at each token of the gold; None if not known.
    """

    task: str
    row: str
    n: int
    tokens: Sequence[Sequence[float]]
    greedy: Sequence[bool]
    moments: Sequence[tuple[float, float]] | None


@dataclass
class RunRecord:
    """Facts of one run, filled by the data loader, the model and the task functions as they work.

    Attributes:
        dataset: name, fingerprint, revision and forget set of the data.
        rows: one mapping for each scored row: task, row, metrics, generated text or rank.
        answers: the scores of every answer of each exposure row.
        command: the command line of the run.
        model_args: lm-eval's model arguments.
        journal: finished questions, where the run keeps them.
        scoring_path: how answers were scored, "trie", "expand" or "full"; None when nothing was scored.
    """

    dataset: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    answers: list[ScoredAnswers] = field(default_factory=list)
    command: str = ""
    model_args: dict[str, Any] = field(default_factory=dict)
    journal: Any = None
    scoring_path: str | None = None


_CURRENT: ContextVar[RunRecord | None] = ContextVar("remem_run_record", default=None)


def current() -> RunRecord | None:
    """The record of the run in progress; None outside `remem-eval`."""
    return _CURRENT.get()


@contextlib.contextmanager
def recording() -> Iterator[RunRecord]:
    """Keep a record of the run inside the `with` block."""
    record = RunRecord()
    token = _CURRENT.set(record)
    try:
        yield record
    finally:
        _CURRENT.reset(token)
