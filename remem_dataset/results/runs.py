"""One evaluated model: its figures by task, its scored rows, and what they depend on."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import RememError
from .tasks import cell_task


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
    row_id: str
    identity_id: str
    attribute: str
    question_type: str
    split_role: str
    metrics: Mapping[str, float]


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
    versions: Mapping[str, str]
    tasks: Mapping[str, TaskResult]
    rows: Sequence[ScoredRow] = ()
    rows_note: str = ""

    def figure(self, task: str, metric: str) -> Figure | None:
        """The mean of `metric` on `task`, or None where the run did not measure it."""
        result = self.tasks.get(task)
        return result.metrics.get(metric) if result else None

    def cell(self, *, subset: str, role: str, hop: str, kind: str, metric: str) -> Figure | None:
        """The mean of `metric` in one cell: forget|retain, seen|unseen, single|multi, qa|exposure."""
        return self.figure(cell_task(subset=subset, role=role, hop=hop, kind=kind), metric)

    def pooled(self, tasks: Iterable[str], metric: str) -> Figure | None:
        """The mean of `metric` over the rows of several tasks: m = Σ n_t m_t / Σ n_t.

        Its standard error treats the tasks as independent: sqrt(Σ (n_t/N)² se_t²); None as soon as a
        task of more than one row has none.

        Returns:
            None where no task measured the metric.
        """
        figures = [f for f in (self.figure(task, metric) for task in tasks) if f is not None and f.n]
        total = sum(f.n for f in figures)
        if not total:
            return None
        value = sum(f.n * f.value for f in figures) / total
        if any(f.stderr is None for f in figures):
            return Figure(value=value, n=total)
        variance = sum((f.n / total) ** 2 * f.stderr**2 for f in figures)
        return Figure(value=value, n=total, stderr=math.sqrt(variance))

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


def clustered(values: Sequence[float], clusters: Sequence[object]) -> Figure | None:
    """Mean with a cluster-robust standard error.

    Rows that ask for the same fact are not independent, so the residuals are summed within a cluster
    first (Liang & Zeger 1986): se² = G/(G−1) · Σ_g (Σ_{i∈g} (x_i − mean))² / N².

    Args:
        values: shape (N,).
        clusters: shape (N,), hashable label of each value's cluster.

    Returns:
        None for no values; no standard error for fewer than two clusters.
    """
    n = len(values)
    if not n:
        return None
    mean = math.fsum(values) / n
    sums: dict[object, float] = defaultdict(float)
    for value, cluster in zip(values, clusters, strict=True):
        sums[cluster] += value - mean
    groups = len(sums)
    if groups < 2:
        return Figure(value=mean, n=n)
    variance = groups / (groups - 1) * math.fsum(s * s for s in sums.values()) / n**2
    return Figure(value=mean, n=n, stderr=math.sqrt(variance))


def same_measurement(runs: Mapping[str, RunResults]) -> None:
    """Refuse to lay runs side by side whose figures do not measure the same thing.

    Args:
        runs: role ("vanilla", "unlearned" …) -> run.

    Raises:
        RememError: the runs differ in dataset, forget set or number of candidates.
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
