"""What unlearning did, measured against the model before it and against one that never saw the forget set."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

from scipy.stats import ks_2samp

from ..schema import FORGET, RETAIN, SEEN, UNSEEN
from .runs import RunResults
from .tasks import EXPOSURE, QA, grid_tasks, text_task


@dataclass(frozen=True)
class Measure:
    """One figure of each model.

    Attributes:
        aspect: "erasure", "unseen", "text only", "retention" or "language".
        what: metric and rows in words.
        vanilla: the model before unlearning; None where it was not measured.
        unlearned: the model after it.
        retain_only: the model that never saw the forget set.
    """

    aspect: str
    what: str
    vanilla: float | None
    unlearned: float | None
    retain_only: float | None


@dataclass(frozen=True)
class ForgetQuality:
    """Whether the forget set's truth ratios could be those of a model that never saw it.

    Attributes:
        statistic: Kolmogorov–Smirnov distance D between the two samples, in [0, 1]; smaller is better.
        p_value: of the two-sample test; the field's "forget quality" (Maini et al. 2024), larger is better.
        facts: size of each sample.
    """

    statistic: float
    p_value: float
    facts: int


#: aspect, words, metric, kind of task, subset, roles (None: the probe without picture).
_MEASURES = (
    ("erasure", "exact match", "exact_match", QA, FORGET, (SEEN,)),
    ("erasure", "ROUGE-L", "rouge_l", QA, FORGET, (SEEN,)),
    ("erasure", "Exposure, bits", "exposure", EXPOSURE, FORGET, (SEEN,)),
    ("erasure", "Exposure, share of ceiling", "exposure_share", EXPOSURE, FORGET, (SEEN,)),
    ("erasure", "Min-k %, nats", "min_k", EXPOSURE, FORGET, (SEEN,)),
    ("erasure", "truth share", "truth_share", EXPOSURE, FORGET, (SEEN,)),
    ("unseen", "exact match", "exact_match", QA, FORGET, (UNSEEN,)),
    ("unseen", "Exposure, share of ceiling", "exposure_share", EXPOSURE, FORGET, (UNSEEN,)),
    ("text only", "exact match", "exact_match", QA, FORGET, None),
    ("text only", "Exposure, share of ceiling", "exposure_share", EXPOSURE, FORGET, None),
    ("retention", "exact match, seen", "exact_match", QA, RETAIN, (SEEN,)),
    ("retention", "exact match, unseen", "exact_match", QA, RETAIN, (UNSEEN,)),
    ("retention", "ROUGE-L", "rouge_l", QA, RETAIN, (SEEN, UNSEEN)),
    ("retention", "Exposure, share of ceiling", "exposure_share", EXPOSURE, RETAIN, (SEEN, UNSEEN)),
    ("language", "well-formed, forget set", "well_formed", QA, FORGET, (SEEN, UNSEEN)),
    ("language", "well-formed, retain set", "well_formed", QA, RETAIN, (SEEN, UNSEEN)),
    ("language", "refusals, forget set", "refusal", QA, FORGET, (SEEN, UNSEEN)),
    ("language", "refusals, retain set", "refusal", QA, RETAIN, (SEEN, UNSEEN)),
)


def measures(
    *, vanilla: RunResults, unlearned: RunResults, retain_only: RunResults | None = None
) -> list[Measure]:
    """Every aspect of unlearning side by side.

    Args:
        vanilla: the model before unlearning.
        unlearned: the model after it.
        retain_only: the gold standard, if there is one.
    """

    def figure(run: RunResults | None, tasks: list[str], metric: str) -> float | None:
        pooled = run.pooled(tasks, metric) if run is not None else None
        return None if pooled is None else pooled.value

    found = []
    for aspect, what, metric, kind, subset, roles in _MEASURES:
        if roles is None:
            tasks = [text_task(subset=subset, kind=kind)]
        else:
            tasks = grid_tasks(kind=kind, subsets=(subset,), roles=roles)
        values = (figure(run, tasks, metric) for run in (vanilla, unlearned, retain_only))
        found.append(Measure(aspect, what, *values))
    return found


def forget_quality(*, unlearned: RunResults, retain_only: RunResults) -> ForgetQuality | None:
    """TOFU's forget quality: a two-sample Kolmogorov–Smirnov test of the forget set's truth ratios.

    Ours are `truth_share` = 1 / (1 + R) with TOFU's ratio R. The test knows only the order of values, so
    a monotone function of R gives the very same statistic. Rows of one fact (identity × attribute) are not
    independent, so each fact counts once, with the mean of its rows.

    Args:
        unlearned: the model after unlearning.
        retain_only: the model that never saw the forget set.

    Returns:
        None unless both runs have row files with the truth shares of the same facts.
    """
    ours, theirs = _truth_by_fact(unlearned), _truth_by_fact(retain_only)
    if not ours or ours.keys() != theirs.keys():
        return None
    result = ks_2samp(list(ours.values()), list(theirs.values()))
    return ForgetQuality(float(result.statistic), float(result.pvalue), len(ours))


def _truth_by_fact(run: RunResults) -> dict[tuple[str, str], float]:
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in run.rows_of(grid_tasks(kind=EXPOSURE, subsets=(FORGET,)), "truth_share"):
        values[row.identity_id, row.attribute].append(row.metrics["truth_share"])
    return {fact: math.fsum(found) / len(found) for fact, found in values.items()}
