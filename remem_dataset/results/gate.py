"""The stage-1 gate: has the vanilla model really memorised? Unlearning figures mean nothing otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from ..schema import SEEN
from .runs import RunResults
from .tasks import EXPOSURE, QA, grid_tasks

#: Exact match asked of the seen single-hop and of the seen multi-hop questions.
EXACT_MATCH_REQUIRED = 0.9
#: Mean share of Exposure's ceiling asked of the seen facts.
EXPOSURE_SHARE_REQUIRED = 0.9


@dataclass(frozen=True)
class Gate:
    """Verdict on stage 1.

    Attributes:
        memorised: every requirement is met.
        reasons: one sentence for each requirement, met or not.
    """

    memorised: bool
    reasons: tuple[str, ...]


def reaches(value: float, required: float) -> bool:
    """Whether a mean is at least what is required; the rounding of a pooled mean is forgiven."""
    return value >= required - 1e-9


def seen_questions(hop: str) -> list[str]:
    """The tasks that ask the seen questions of one hop kind, about the forget and about the retain set."""
    return grid_tasks(kind=QA, roles=(SEEN,), hops=(hop,))


def seen_facts() -> list[str]:
    """The tasks that rank the seen facts of forget and retain, single- and multi-hop."""
    return grid_tasks(kind=EXPOSURE, roles=(SEEN,))


def stage_one_gate(vanilla: RunResults) -> Gate:
    """Judge whether stage 1 made the model memorise the people.

    The rule, on the rows that use the wordings seen in training (with pictures that were not):
    exact match ≥ 0.9 on single-hop and on multi-hop questions, each weighted by rows over the forget and
    the retain set, and a mean Exposure of at least 0.9 of its ceiling. What was not measured is not met,
    and a mean is measured when every one of its tasks ran on all of its rows.

    Args:
        vanilla: the run of the model after stage 1 and before unlearning.
    """
    em, share = EXACT_MATCH_REQUIRED, EXPOSURE_SHARE_REQUIRED
    parts = [
        ("exact match on seen single-hop questions", seen_questions("single"), "exact_match", em),
        ("exact match on seen multi-hop questions", seen_questions("multi"), "exact_match", em),
        (
            "mean Exposure of the seen facts, as a share of its ceiling,",
            seen_facts(),
            "exposure_share",
            share,
        ),
    ]
    met, reasons = [], []
    for what, tasks, metric, required in parts:
        if gap := vanilla.gap(tasks, metric):
            met.append(False)
            reasons.append(f"The {what} was not measured: {gap}; {required:.2f} is required.")
            continue
        figure = vanilla.pooled(tasks, metric)
        met.append(reaches(figure.value, required))
        verb = "reaches" if met[-1] else "falls short of"
        reasons.append(f"The {what} is {figure.value:.3f} (n = {figure.n}) and {verb} {required:.2f}.")
    return Gate(memorised=all(met), reasons=tuple(reasons))
