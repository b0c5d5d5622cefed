"""The headline checks: what a run of the benchmark must reach, beside what it did reach."""

from __future__ import annotations

from dataclasses import dataclass

from ..schema import FORGET, RETAIN, SEEN
from .gate import (
    EXACT_MATCH_REQUIRED,
    EXPOSURE_SHARE_REQUIRED,
    reaches,
    seen_facts,
    seen_questions,
)
from .runs import Figure, RunResults
from .spread import clustered
from .tasks import EXPOSURE, QA, grid_tasks

#: Bits by which unlearning must lower the forget set's Exposure (or half the ceiling, if that is less).
FORGET_DROP_REQUIRED = 2.0
RETAIN_EXACT_MATCH_REQUIRED = 0.8
#: Width of the band round the null mean, in standard errors.
NULL_BAND = 2.0

MET = "met"
NOT_MET = "NOT met"
NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Check:
    """One headline requirement.

    Attributes:
        what: the quantity.
        measured: its figure, in words; what is missing where it was not measured.
        required: the requirement, in words.
        status: "met" | "NOT met" | "not measured".
    """

    what: str
    measured: str
    required: str
    status: str


def headline_checks(
    *, vanilla: RunResults, unlearned: RunResults, untrained: RunResults | None = None
) -> list[Check]:
    """Lay every headline figure beside its requirement; a miss is said, never hidden."""
    return [
        *(_exact_match(vanilla, hop) for hop in ("single", "multi")),
        _ceiling(vanilla),
        _null(untrained),
        _forget_drop(vanilla, unlearned),
        _retain(unlearned),
    ]


def null_distance(run: RunResults) -> tuple[Figure, Figure, bool] | None:
    """How far a run's mean Exposure lies from the mean of a model that knows nothing.

    Every exposure row of the grid counts. Rows of one identity × attribute ask for the same fact, so they
    are one cluster of the standard error; without the whole row file the tasks' own standard errors are
    pooled.

    Returns:
        (mean Exposure in bits, Exposure − null mean in bits with its standard error, clustered?), or None
        where the run did not measure the Exposure of the whole grid.
    """
    tasks = grid_tasks(kind=EXPOSURE)
    mean, null = run.pooled(tasks, "exposure"), run.pooled(tasks, "exposure_null_mean")
    if mean is None or null is None:
        return None
    rows = run.rows_of(tasks, "exposure", "exposure_null_mean")
    if len(rows) == mean.n:
        facts = [(row.identity_id, row.attribute) for row in rows]
        mean = clustered([row.metrics["exposure"] for row in rows], facts)
        excess = [row.metrics["exposure"] - row.metrics["exposure_null_mean"] for row in rows]
        return mean, clustered(excess, facts), True
    return mean, Figure(value=mean.value - null.value, n=mean.n, stderr=mean.stderr), False


def _status(ok: bool) -> str:
    return MET if ok else NOT_MET


def _not_measured(what: str, required: str, reason: str) -> Check:
    return Check(what, reason, required, NOT_MEASURED)


def _exact_match(vanilla: RunResults, hop: str) -> Check:
    what = f"Vanilla: exact match, seen {hop}-hop"
    required = f"≥ {EXACT_MATCH_REQUIRED:.2f}"
    tasks = seen_questions(hop)
    if gap := vanilla.gap(tasks, "exact_match"):
        return _not_measured(what, required, gap)
    figure = vanilla.pooled(tasks, "exact_match")
    ok = reaches(figure.value, EXACT_MATCH_REQUIRED)
    return Check(what, f"{figure.value:.3f} (n = {figure.n})", required, _status(ok))


def _ceiling(vanilla: RunResults) -> Check:
    what = "Vanilla: mean Exposure, seen facts"
    required = f"≥ {EXPOSURE_SHARE_REQUIRED * 100:.0f} % of the ceiling"
    tasks, metrics = seen_facts(), ("exposure_share", "exposure", "exposure_ceiling")
    if gap := vanilla.gap(tasks, *metrics):
        return _not_measured(what, required, gap)
    share, bits, ceiling = (vanilla.pooled(tasks, metric) for metric in metrics)
    measured = f"{bits.value:.2f} of {ceiling.value:.2f} bits, {share.value * 100:.1f} % (n = {share.n})"
    return Check(what, measured, required, _status(reaches(share.value, EXPOSURE_SHARE_REQUIRED)))


def _null(untrained: RunResults | None) -> Check:
    what = "Untrained: mean Exposure against the null mean"
    required = f"|mean − null| ≤ {NULL_BAND:.0f} standard errors"
    if untrained is None:
        return _not_measured(what, required, "no untrained run was given")
    if gap := untrained.gap(grid_tasks(kind=EXPOSURE), "exposure", "exposure_null_mean"):
        return _not_measured(what, required, gap)
    mean, excess, by_fact = null_distance(untrained)
    if excess.stderr is None:
        return _not_measured(what, required, "no standard error is known")
    band = NULL_BAND * excess.stderr
    kind = "clustered by fact" if by_fact else "rows taken as independent"
    measured = (
        f"{mean.value:.2f} bits against {mean.value - excess.value:.2f}: off by {abs(excess.value):.2f}, "
        f"2 standard errors = {band:.2f} ({kind}, n = {mean.n})"
    )
    return Check(what, measured, required, _status(abs(excess.value) <= band))


def _forget_drop(vanilla: RunResults, unlearned: RunResults) -> Check:
    what = "Unlearned: forget Exposure, seen facts"
    tasks = grid_tasks(kind=EXPOSURE, subsets=(FORGET,), roles=(SEEN,))
    gap = vanilla.gap(tasks, "exposure", "exposure_ceiling") or unlearned.gap(tasks, "exposure")
    if gap:
        required = f"lower by {FORGET_DROP_REQUIRED:.0f} bits or half the ceiling"
        return _not_measured(what, required, gap)
    before, after = vanilla.pooled(tasks, "exposure"), unlearned.pooled(tasks, "exposure")
    ceiling = vanilla.pooled(tasks, "exposure_ceiling")
    needed = min(FORGET_DROP_REQUIRED, ceiling.value / 2)
    drop = before.value - after.value
    half = "" if needed == FORGET_DROP_REQUIRED else " (half the ceiling)"
    measured = f"{before.value:.2f} → {after.value:.2f} bits, lower by {drop:.2f} (n = {after.n})"
    return Check(what, measured, f"lower by ≥ {needed:.2f} bits{half}", _status(reaches(drop, needed)))


def _retain(unlearned: RunResults) -> Check:
    what = "Unlearned: retain exact match, seen"
    required = f"≥ {RETAIN_EXACT_MATCH_REQUIRED:.2f}"
    tasks = grid_tasks(kind=QA, subsets=(RETAIN,), roles=(SEEN,))
    if gap := unlearned.gap(tasks, "exact_match"):
        return _not_measured(what, required, gap)
    figure = unlearned.pooled(tasks, "exact_match")
    ok = reaches(figure.value, RETAIN_EXACT_MATCH_REQUIRED)
    return Check(what, f"{figure.value:.3f} (n = {figure.n})", required, _status(ok))
