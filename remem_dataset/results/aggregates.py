"""Figures over groups of scored rows, and differences between groups, with standard errors by identity."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import RememError
from ..schema import FORGET, MULTI_HOP, RETAIN, SEEN, SINGLE_HOP, UNSEEN
from .runs import Figure, ScoredRow
from .spread import clustered

#: What rows can be grouped by: name -> the row's group.
GROUPS: dict[str, Callable[[ScoredRow], str]] = {
    "attribute": lambda row: row.attribute,
    "category": lambda row: row.qa_category,
    "hops": lambda row: str(row.hops),
    "identity": lambda row: row.identity_id,
    "split": lambda row: row.split_role,
    "task": lambda row: row.task,
}

#: The metrics that differences are told in: of answers, and of ranks.
HEADLINES = ("exact_match", "exposure_share")


@dataclass(frozen=True)
class Difference:
    """How much two groups of rows differ.

    Attributes:
        name: what is compared.
        part: "forget" or "retain".
        metric: in what.
        figure: first group minus second; `n` counts identities. The standard error is that of the mean over
            people of each person's own difference where both groups have rows of the same people, else that
            of the difference of two means over different people.
    """

    name: str
    part: str
    metric: str
    figure: Figure


def check_grouping(by: str) -> None:
    """Refuse what rows cannot be grouped by.

    Raises:
        RememError: no such grouping.
    """
    if by not in GROUPS:
        raise RememError(f"Rows cannot be grouped by {by!r}; they can by {', '.join(GROUPS)}.")


def grid_rows(rows: Iterable[ScoredRow], part: str) -> list[ScoredRow]:
    """The rows of the 16 tasks about the forget or the retain set, without the text-only probes."""
    return [row for row in rows if row.task.startswith(f"remem_{part}_") and "_text_" not in row.task]


def grouped(rows: Iterable[ScoredRow], metric: str, by: str) -> dict[str, Figure]:
    """Mean of a metric in each group of rows that have it, groups in order of their names.

    Args:
        rows: of one run; of the forget or of the retain set, since a mean over both says nothing of a model
            that has forgotten one of them.
        metric: such as "exposure".
        by: a name in `GROUPS`.

    Raises:
        RememError: no such grouping.
    """
    check_grouping(by)
    groups: dict[str, list[ScoredRow]] = defaultdict(list)
    for row in rows:
        if metric in row.metrics:
            groups[GROUPS[by](row)].append(row)
    return {
        name: clustered([row.metrics[metric] for row in part], [row.identity_id for row in part])
        for name, part in sorted(groups.items())
    }


def differences(rows: Sequence[ScoredRow], neighbours: Collection[str] = ()) -> list[Difference]:
    """The gaps that a benchmark of memorisation is read by, as far as the rows allow.

    * "single-hop − multi-hop", on seen questions: what is lost when the picture, not the name, says who.
    * "seen − unseen": what is lost in new wordings and new scenes.
    * "with picture − text only", on seen single-hop questions: what the picture adds.
    * "neighbours − others", retain set only: what unlearning did to siblings and former colleagues of the
      people who were to be forgotten, beside everybody else.

    Args:
        rows: of one run.
        neighbours: identities that are linked to a person of the forget set.
    """
    found = []
    for part in (FORGET, RETAIN):
        grid = grid_rows(rows, part)
        text = [row for row in rows if row.task.startswith(f"remem_{part}_text_")]
        seen = [row for row in grid if row.split_role == SEEN]
        pairs = {
            "single-hop − multi-hop": (_of(seen, SINGLE_HOP), _of(seen, MULTI_HOP)),
            "seen − unseen": (seen, [row for row in grid if row.split_role == UNSEEN]),
            "with picture − text only": (_of(seen, SINGLE_HOP), text),
        }
        if part == RETAIN:
            near = [row for row in grid if row.identity_id in neighbours]
            pairs["neighbours − others"] = near, [row for row in grid if row.identity_id not in neighbours]
        for name, (first, second) in pairs.items():
            for metric in HEADLINES:
                figure = _difference(_by_person(first, metric), _by_person(second, metric))
                if figure is not None:
                    found.append(Difference(name, part, metric, figure))
    return found


def _of(rows: Iterable[ScoredRow], question_type: str) -> list[ScoredRow]:
    return [row for row in rows if row.question_type == question_type]


def _by_person(rows: Iterable[ScoredRow], metric: str) -> dict[str, float]:
    """Mean of each person's rows."""
    values: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if metric in row.metrics:
            values[row.identity_id].append(row.metrics[metric])
    return {person: math.fsum(found) / len(found) for person, found in values.items()}


def _difference(first: Mapping[str, float], second: Mapping[str, float]) -> Figure | None:
    both = sorted(first.keys() & second.keys())
    if both:
        return clustered([first[person] - second[person] for person in both], both)
    one, other = (clustered(list(group.values()), list(group)) for group in (first, second))
    if one is None or other is None:
        return None
    known = one.stderr is not None and other.stderr is not None
    stderr = math.hypot(one.stderr, other.stderr) if known else None
    return Figure(value=one.value - other.value, n=one.n + other.n, stderr=stderr)
