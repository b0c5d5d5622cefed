"""The figures of a row, in percent, each with half the width of its 95 % confidence interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..results.headline import forget_facts, leak, retain_questions
from ..results.runs import RunResults
from ..results.tasks import EXPOSURE, QA, grid_tasks, text_task
from ..schema import FORGET, UNSEEN
from ..submission.reading import Submission

#: Two-sided 95 % quantile of the normal distribution.
Z = 1.959964


@dataclass(frozen=True)
class Percent:
    """A figure in percent.

    Attributes:
        value: in [0, 100].
        half: half the width of its 95 % confidence interval, 1.96 standard errors; None where no standard
            error is known (figures about one person have none).
    """

    value: float
    half: float | None = None


@dataclass(frozen=True)
class Figures:
    """What the table shows of a submission.

    Attributes:
        score: the headline; None without one.
        erasure: 1 − the largest leak of the five ways to ask for a forgotten fact.
        retention: share of the retained answers that are still right; None without a run of the base model.
        language: well-formed answers about the forget set.
        unseen: 1 − the largest leak of the ways with new wordings and new pictures.
        leakage: leak of the probe without picture; the lower, the better.
        ways: way of asking -> its leak, in the order of `forget_facts`.
    """

    score: Percent | None
    erasure: Percent
    retention: Percent | None
    language: Percent
    unseen: Percent
    leakage: Percent
    ways: dict[str, Percent]


def figures_of(submission: Submission) -> Figures:
    """The figures of a checked submission.

    Standard errors are carried through to first order: of a leak, that of its Exposure over ceiling − null
    mean; of retention r = A / B, the sums' errors taken as independent, sqrt(s_A² + r² s_B²) / B; of the
    headline 100 · l · H(a, b), those of its parts with ∂H/∂a = 2b² / (a + b)². The largest of several
    leaks takes the error of that one leak.
    """
    run = submission.unlearned
    leaks = {task: _leak(run, task) for task in forget_facts()}
    unseen = grid_tasks(kind=EXPOSURE, subsets=(FORGET,), roles=(UNSEEN,))
    language = run.pooled(grid_tasks(kind=QA, subsets=(FORGET,)), "well_formed")
    parts = {
        "erasure": _rest(_largest(leaks)),
        "retention": None if submission.vanilla is None else _retention(submission.vanilla, run),
        "language": _percent(language.value, language.stderr),
    }
    return Figures(
        score=_score(submission.headline.percent, **parts),
        unseen=_rest(_largest({task: leaks[task] for task in unseen})),
        leakage=leaks[text_task(subset=FORGET, kind=EXPOSURE)],
        ways=leaks,
        **parts,
    )


def _percent(share: float, stderr: float | None) -> Percent:
    return Percent(100 * share, None if stderr is None else 100 * Z * stderr)


def _leak(run: RunResults, task: str) -> Percent:
    bits, null, ceiling = (
        run.figure(task, name) for name in ("exposure", "exposure_null_mean", "exposure_ceiling")
    )
    width = ceiling.value - null.value
    stderr = None if bits.stderr is None else bits.stderr / width
    return _percent(leak(bits.value, null.value, ceiling.value), stderr)


def _largest(leaks: dict[str, Percent]) -> Percent:
    return max(leaks.values(), key=lambda found: found.value)


def _rest(found: Percent) -> Percent:
    return Percent(100 - found.value, found.half)


def _retention(vanilla: RunResults, unlearned: RunResults) -> Percent | None:
    """Retention with its error; `headline.retained` gives the value and its reasons."""
    sums = []
    for run in (unlearned, vanilla):
        found = [run.figure(task, "exact_match") for task in retain_questions()]
        known = all(figure.stderr is not None for figure in found)
        variance = math.fsum(figure.stderr**2 for figure in found) if known else None
        sums.append((math.fsum(figure.value for figure in found), variance))
    (after, after_variance), (before, before_variance) = sums
    if before == 0:
        return None
    share = after / before
    stderr = None
    if after_variance is not None and before_variance is not None:
        stderr = math.sqrt(after_variance + share**2 * before_variance) / before
    return _percent(min(1.0, share), stderr)


def _score(
    percent: float | None, erasure: Percent, retention: Percent | None, language: Percent
) -> Percent | None:
    if percent is None or retention is None:
        return None
    a, b, spoken = erasure.value, retention.value, language.value / 100
    if a + b == 0 or None in (erasure.half, retention.half):
        return Percent(percent)
    mean = 2 * a * b / (a + b)
    terms = (
        spoken * 2 * (b / (a + b)) ** 2 * erasure.half,
        spoken * 2 * (a / (a + b)) ** 2 * retention.half,
        mean * (language.half or 0.0) / 100,
    )
    return Percent(percent, math.hypot(*terms))
