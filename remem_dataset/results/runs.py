"""One evaluated model: its figures by task, its scored rows, and what they depend on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import RememError


@dataclass(frozen=True)
class Figure:
    """A mean over rows.

    Attributes:
        value: the mean.
        n: number of rows.
        stderr: standard error of the mean, None where it cannot be known (one row, or not written).
    """

    value: float
    n: int
    stderr: float | None = None


@dataclass(frozen=True)
class TaskResult:
    """The figures of one task.

    Attributes:
        n: rows scored.
        n_total: rows that the task has; more than `n` when the run was cut by `--limit`.
        metrics: metric name -> mean over the scored rows.
    """

    n: int
    n_total: int
    metrics: Mapping[str, Figure]


@dataclass(frozen=True)
class ScoredRow:
    """One line of the row file that the tasks write beside the results."""

    task: str
    identity_id: str
    attribute: str
    question_type: str
    split_role: str
    metrics: Mapping[str, float]
    hops: int = 0
    qa_category: str = ""
    forget_rank: int = 0


@dataclass(frozen=True)
class RunResults:
    """Everything a report needs to know about one run of `remem-eval`.

    Attributes:
        path: the results file.
        model: name of the model as the harness recorded it.
        model_args: the harness' model type and arguments, in words.
        date: when the evaluation started, seconds since 1970 (UTC), or None.
        dataset: folder or Hub id of the data.
        fingerprint: hash of the data's contents.
        revision: Hub revision, or None for a folder.
        forget: name of the forget set, such as "forget10".
        n_candidates: the numbers of candidates that gold answers were ranked against, ascending; an
            attribute with few values has fewer. Empty when no Exposure was measured.
        seed: the evaluation's seed, or None.
        scoring_path: how the candidates were scored, in the scoring model's words.
        command: the command line of the evaluation, or None when it was not recorded.
        checkpoint: which weights were evaluated: pretrained, dtype, and the hash of a folder's weights or a
            Hub commit; empty when it was not recorded.
        versions: package -> version.
        tasks: task name -> its figures.
        rows: the scored rows; empty when there is no row file.
        rows_note: why there are no rows, or "".
    """

    path: Path
    model: str
    model_args: str
    date: float | None
    dataset: str
    fingerprint: str
    revision: str | None
    forget: str
    n_candidates: tuple[int, ...]
    seed: int | None
    scoring_path: str | None
    command: str | None
    checkpoint: Mapping[str, str]
    versions: Mapping[str, str]
    tasks: Mapping[str, TaskResult]
    rows: Sequence[ScoredRow] = ()
    rows_note: str = ""

    def figure(self, task: str, metric: str) -> Figure | None:
        """The mean of `metric` on `task`, or None where the run did not measure it."""
        result = self.tasks.get(task)
        return result.metrics.get(metric) if result else None

    def pooled(self, tasks: Iterable[str], metric: str) -> Figure | None:
        """The mean of `metric` over the rows of several tasks: m = Σ n_t m_t / Σ n_t.

        Its standard error treats the tasks as independent: sqrt(Σ (n_t/N)² se_t²); None as soon as a
        task of more than one row has none.

        Returns:
            None where one of the tasks did not measure the metric: the mean of the others would pass for
            the mean of them all.
        """
        figures = [self.figure(task, metric) for task in tasks]
        if not figures or any(f is None for f in figures):
            return None
        total = sum(f.n for f in figures)
        value = sum(f.n * f.value for f in figures) / total
        if any(f.stderr is None for f in figures):
            return Figure(value=value, n=total)
        variance = sum((f.n / total) ** 2 * f.stderr**2 for f in figures)
        return Figure(value=value, n=total, stderr=math.sqrt(variance))

    def gap(self, tasks: Iterable[str], *metrics: str) -> str:
        """What keeps the mean of the metrics over all rows of `tasks` from being known.

        Returns:
            Words such as "remem_forget_seen_single_qa is missing" or "… has 1 of its 9 rows" about the first
            task with a gap; "" when every task measured every metric on all of its rows.
        """
        for task in tasks:
            result = self.tasks.get(task)
            if result is None:
                return f"{task} is missing"
            if result.n < result.n_total:
                return f"{task} has {result.n} of its {result.n_total} rows"
            if absent := [metric for metric in metrics if metric not in result.metrics]:
                return f"{task} has no {absent[0]}"
        return ""

    def rows_of(self, tasks: Iterable[str], *metrics: str) -> list[ScoredRow]:
        """The scored rows of `tasks` that carry every one of `metrics`."""
        wanted = set(tasks)
        return [r for r in self.rows if r.task in wanted and all(m in r.metrics for m in metrics)]

    @property
    def candidates_in_words(self) -> str:
        """ "255 candidates", or "7 to 255 candidates" where attributes differ."""
        if not self.n_candidates:
            return "no candidates"
        low, high = self.n_candidates[0], self.n_candidates[-1]
        return f"{high} candidates" if low == high else f"{low} to {high} candidates"

    @property
    def partial_tasks(self) -> list[str]:
        """Tasks of which only a part was scored (`--limit`)."""
        return sorted(name for name, task in self.tasks.items() if task.n < task.n_total)


def same_measurement(runs: Mapping[str, RunResults]) -> None:
    """Refuse to lay runs side by side whose figures do not measure the same thing.

    Args:
        runs: role ("vanilla", "unlearned" …) -> run.

    Raises:
        RememError: the runs differ in dataset, forget set, number of candidates, or in the number of rows
            of a task that both ran.
    """
    (first_role, first), *others = runs.items()
    for role, run in others:
        if run.fingerprint != first.fingerprint:
            raise RememError(
                f"The {role} run was measured on the dataset {run.fingerprint[:16]} and the {first_role} "
                f"run on {first.fingerprint[:16]}; a report needs runs on one and the same dataset."
            )
        if run.forget != first.forget:
            raise RememError(
                f"The {role} run was split by the forget set {run.forget!r} and the {first_role} run by "
                f"{first.forget!r}; a report needs one forget set."
            )
        # Exposure's ceiling and its null mean depend on n, so figures for different n do not compare. The
        # largest n decides: a run cut by --limit may have missed the attributes that have fewer.
        if run.n_candidates and first.n_candidates and run.n_candidates[-1] != first.n_candidates[-1]:
            raise RememError(
                f"The {role} run ranked against {run.candidates_in_words} and the {first_role} run "
                f"against {first.candidates_in_words}; Exposure compares only for the same number."
            )
        for task in sorted(run.tasks.keys() & first.tasks.keys()):
            mine, theirs = run.tasks[task], first.tasks[task]
            if (mine.n, mine.n_total) != (theirs.n, theirs.n_total):
                raise RememError(
                    f"The {role} run scored {mine.n} of {mine.n_total} rows of {task} and the {first_role} "
                    f"run {theirs.n} of {theirs.n_total}; a report needs the same rows (the same --limit)."
                )
