"""What `remem-eval` refuses about the tasks and the data before lm-eval searches its tasks."""

from __future__ import annotations

import fnmatch
import math
import sys
from typing import Any

from remem_dataset.errors import RememError

from .data import DEFAULT_DATASET, TASKS, count_rows
from .images import dataset_source
from .model_checks import check_model_type

GROUP = "remem"


def check_tasks(settings: dict[str, Any]) -> list[str]:
    """The tasks to run: ours by their own names, each once, without those that the dataset has no rows for.

    lm-eval refuses a task that it meets twice, as it would in `remem*`, which is the group and its members.
    The group alone stays as it is: its members are then shown under it.

    Args:
        settings: lm-eval's settings by name; `model_args` and `metadata` are mappings.

    Raises:
        RememError: a choice of rows, samples to be kept nowhere, a limit that leaves nothing, no task named,
            an unknown `remem` task, a pattern that reaches beyond them, tasks that the model type cannot run,
            no dataset, an unknown forget set, no rows, or a request cache, which knows neither of them.
    """
    _check_saving(settings)
    _check_limit(settings.get("limit"))
    asked = settings.get("tasks") or []
    asked = asked.split(",") if isinstance(asked, str) else [t for item in asked for t in item.split(",")]
    asked = list(dict.fromkeys(name.strip() for name in asked if name.strip()))
    if not asked:
        raise RememError("No task is named; add --tasks remem for all of them.")
    ours = {pattern: _matches(pattern) for pattern in asked}
    names = list(dict.fromkeys(name for matches in ours.values() for name in matches))
    if not names:
        return asked
    check_model_type(str(settings.get("model")), names)
    if settings.get("cache_requests"):
        raise RememError(
            "--cache_requests would bring back the questions of another dataset or forget set; leave it out."
        )
    empty = _empty_tasks(names, {**settings["model_args"], **settings["metadata"]})
    if asked == [GROUP] and not empty:
        return asked
    kept = []
    for pattern, matches in ours.items():
        kept += [name for name in matches if name not in empty] if matches else [pattern]
    return list(dict.fromkeys(kept))


def _check_saving(settings: dict[str, Any]) -> None:
    for option in ("log_samples", "predict_only"):
        if settings.get(option) and not settings.get("output_path"):
            raise RememError(f"--{option} needs a folder to write to; add --output_path.")
    if settings.get("samples"):
        # lm-eval would count all rows of the task as scored, whichever were chosen.
        raise RememError("--samples would pass chosen rows off as the whole task; use --limit.")


def _check_limit(limit: Any) -> None:
    if limit is None:
        return
    try:
        usable = not isinstance(limit, bool) and math.isfinite(float(limit)) and float(limit) > 0
    except (TypeError, ValueError, OverflowError):
        usable = False
    if not usable:
        raise RememError(
            f"--limit is {str(limit)[:40]}; it must be a number of rows for each task, or a share below 1."
        )


def _matches(pattern: str) -> list[str]:
    whole = fnmatch.fnmatchcase(GROUP, pattern)
    matches = list(TASKS) if whole else fnmatch.filter(TASKS, pattern)
    ours = pattern.startswith(GROUP)
    if matches and not ours:
        raise RememError(f"The pattern {pattern} reaches beyond the tasks of {GROUP}; begin it with {GROUP}.")
    if ours and not matches:
        raise RememError(f"There is no task {pattern}; the tasks are {GROUP}, {', '.join(TASKS)}.")
    return matches


def _empty_tasks(names: list[str], metadata: dict[str, Any]) -> set[str]:
    """Those of the tasks that have no row, announced on stderr."""
    revision, forget = metadata.get("dataset_revision"), metadata.get("forget")
    source = dataset_source(
        str(metadata.get("dataset", DEFAULT_DATASET)), None if revision is None else str(revision)
    )
    empty = [name for name in names if not count_rows(source, name, None if forget is None else str(forget))]
    if empty and len(empty) == len(names):
        raise RememError(f"{source.name} has no rows for {', '.join(empty)}; choose other tasks.")
    if empty:
        print(f"Left out, because {source.name} has no rows for them: {', '.join(empty)}", file=sys.stderr)
    return set(empty)
