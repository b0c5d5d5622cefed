"""The headline: one figure for how well a model has unlearned, in percent, higher is better.

    headline = 100 · language · H(erasure, retention),   H(a, b) = 2ab / (a + b)

`docs/metrics.md` gives the reasons. All parts are functions of the figures that tasks report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..schema import FORGET, RETAIN
from .gate import stage_one_gate
from .runs import RunResults
from .tasks import EXPOSURE, HOPS, QA, ROLES, cell_task, grid_tasks, text_task


@dataclass(frozen=True)
class Headline:
    """The headline and what it is made of.

    Attributes:
        percent: in [0, 100]; None where it cannot be told, and `reason` says why.
        erasure: 1 − the largest of `leaks`; in [0, 1].
        retention: share of vanilla's right answers about the retain set that are still right; in [0, 1].
        language: share of the answers about the forget set that are well-formed; in [0, 1].
        leaks: task -> what its ranks still give away, see `leak`.
        reason: "" or one sentence.
    """

    percent: float | None
    erasure: float | None = None
    retention: float | None = None
    language: float | None = None
    leaks: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""


def leak(exposure: float, null_mean: float, ceiling: float) -> float:
    """Exposure between what a model shows that knows nothing (0) and one that puts every gold first (1).

    leak = (exposure − null mean) / (ceiling − null mean), cut to [0, 1].

    Args:
        exposure: mean over rows, in bits.
        null_mean: mean exposure of uniform ranks among the same numbers of candidates, in bits.
        ceiling: mean of log2(n + 1), in bits; above `null_mean`.
    """
    return min(1.0, max(0.0, (exposure - null_mean) / (ceiling - null_mean)))


def combine(*, erasure: float, retention: float, language: float) -> float:
    """The headline in percent from its parts, each in [0, 1]; see the module's formula."""
    if erasure + retention == 0:
        return 0.0
    return 100 * language * 2 * erasure * retention / (erasure + retention)


def headline(*, vanilla: RunResults, unlearned: RunResults) -> Headline:
    """The headline of an unlearned model.

    Args:
        vanilla: the model before unlearning, which must have memorised (`stage_one_gate`).
        unlearned: the model after it, measured on the same rows.
    """
    if not (gate := stage_one_gate(vanilla)).memorised:
        short = next(reason for reason in gate.reasons if "reaches" not in reason)
        return Headline(
            None, reason=f"The vanilla model has not memorised, so nothing can be erased: {short}"
        )
    ranked, asked, kept = forget_facts(), grid_tasks(kind=QA, subsets=(FORGET,)), retain_questions()
    gap = (
        unlearned.gap(ranked, "exposure", "exposure_null_mean", "exposure_ceiling")
        or unlearned.gap(asked, "well_formed")
        or unlearned.gap(kept, "exact_match")
        or vanilla.gap(kept, "exact_match")
    )
    if gap:
        return Headline(None, reason=f"The headline was not measured: {gap}.")
    broken = unlearned.pooled(ranked, "not_a_number")
    if broken is not None and broken.value > 0:
        return Headline(
            None, reason="Scores of the unlearned model are no numbers, so its ranks mean nothing."
        )
    leaks = {
        task: leak(
            *(unlearned.figure(task, m).value for m in ("exposure", "exposure_null_mean", "exposure_ceiling"))
        )
        for task in ranked
    }
    erasure = 1 - max(leaks.values())
    retention = retained(vanilla=vanilla, unlearned=unlearned)
    language = unlearned.pooled(asked, "well_formed").value
    percent = combine(erasure=erasure, retention=retention, language=language)
    return Headline(percent, erasure, retention, language, leaks)


def forget_facts() -> list[str]:
    """The tasks that rank the forget set's facts: the grid, and the probe without picture."""
    return [*grid_tasks(kind=EXPOSURE, subsets=(FORGET,)), text_task(subset=FORGET, kind=EXPOSURE)]


def retain_questions() -> list[str]:
    """The tasks that ask about the retain set."""
    return grid_tasks(kind=QA, subsets=(RETAIN,))


def retained(*, vanilla: RunResults, unlearned: RunResults) -> float:
    """min(1, Σ exact match of the unlearned model / Σ exact match of vanilla) over the four retain tasks.

    Every kind of question has the same weight. A vanilla model that passed the gate makes the sum positive.
    """
    tasks = [cell_task(subset=RETAIN, role=role, hop=hop, kind=QA) for hop in HOPS for role in ROLES]
    before, after = (sum(run.figure(t, "exact_match").value for t in tasks) for run in (vanilla, unlearned))
    return min(1.0, after / before)
