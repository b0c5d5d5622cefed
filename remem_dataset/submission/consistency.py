"""Whether a run asked every row of the dataset, and whether its tables agree."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..errors import RememError
from ..results.runs import RunResults
from ..results.tasks import (
    EXPOSURE,
    MULTI_IMAGE_TASK,
    QA,
    ROLES,
    SCENE_TASK,
    SUBSETS,
    cell_task,
    grid_tasks,
    text_task,
)
from ..schema import EVAL, MULTI_IMAGE, SCENES, SEEN, UNSEEN
from ..schema import EXPOSURE as EXPOSURE_CONFIG
from .versions import DatasetVersion

#: How far the mean over attributes may lie from the mean over tasks, in bits.
ROUNDING = 1e-6


def check_rows(run: RunResults, version: DatasetVersion, where: str) -> None:
    """Refuse a run over a part of the rows, or over more than there are.

    Which rows belong to which person is not known here, so the tasks that share a split are added up: the
    four of each kind and role must ask all rows of their split. A text probe asks the seen single-hop rows.

    Args:
        run: whose tasks are the complete set by the schema.
        version: the dataset.
        where: the beginning of an error, up to the task's name.
    """
    for name, task in run.tasks.items():
        if task.n != task.n_total:
            raise RememError(
                f"{where}.{name}.n' is {task.n} of {task.n_total} rows; a submission needs a run over all "
                "rows, without --limit."
            )
        null, ceiling = run.figure(name, "exposure_null_mean"), run.figure(name, "exposure_ceiling")
        if null is not None and null.value >= ceiling.value:
            raise RememError(
                f"{where}.{name}.metrics.exposure_null_mean' is {null.value:.6g}; it must be below the "
                f"ceiling, {ceiling.value:.6g}."
            )
    for kind, config in ((QA, EVAL), (EXPOSURE, EXPOSURE_CONFIG)):
        for role in ROLES:
            names = grid_tasks(kind=kind, roles=(role,))
            asked, there = sum(run.tasks[name].n for name in names), version.rows.get((config, role), 0)
            if asked != there:
                raise RememError(
                    f"{where}.{names[0]}.n' and the other {role} tasks of {kind} together have {asked} rows, "
                    f"but {version.tag} has {there}."
                )
        for subset in SUBSETS:
            probe, asked = (
                text_task(subset=subset, kind=kind),
                cell_task(subset=subset, role=SEEN, hop="single", kind=kind),
            )
            if run.tasks[probe].n != run.tasks[asked].n:
                raise RememError(
                    f"{where}.{probe}.n' is {run.tasks[probe].n}, but the same rows with pictures are "
                    f"{run.tasks[asked].n}."
                )
    for name, config in ((MULTI_IMAGE_TASK, MULTI_IMAGE), (SCENE_TASK, SCENES)):
        there = sum(version.rows.get((config, split), 0) for split in (SEEN, UNSEEN))
        asked = run.tasks[name].n if name in run.tasks else 0
        if asked != there:
            raise RememError(
                f"{where}.{name}.n' is {asked or 'missing'}, but {version.tag} has {there} rows."
            )


def check_attributes(run: RunResults, entry: Mapping[str, Any] | None, where: str) -> None:
    """Refuse Exposure by attribute whose mean is not the mean of the tasks.

    Args:
        run: the run.
        entry: subset -> attribute -> figures; None where the run had no row file.
        where: the beginning of an error, up to the subset's name.
    """
    if entry is None:
        return
    for subset in SUBSETS:
        names = grid_tasks(kind=EXPOSURE, subsets=(subset,))
        whole, parts = run.pooled(names, "exposure"), entry[subset].values()
        rows = sum(part["n"] for part in parts)
        if rows != whole.n:
            raise RememError(f"{where}.{subset}' has {rows} rows, but the tasks have {whole.n}.")
        mean = math.fsum(part["n"] * part["exposure"][0] for part in parts) / rows
        if abs(mean - whole.value) > ROUNDING:
            raise RememError(
                f"{where}.{subset}' has a mean Exposure of {mean:.6g} bits, but the tasks have "
                f"{whole.value:.6g}."
            )
        for attribute, part in entry[subset].items():
            low, high = part["null_mean"], part["ceiling"]
            if part["exposure"][0] > high + ROUNDING or low >= high:
                raise RememError(
                    f"{where}.{subset}.{attribute}' has {part['exposure'][0]:.6g} bits and a null mean of "
                    f"{low:.6g}; both must lie below the ceiling, {high:.6g}."
                )
