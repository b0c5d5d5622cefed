"""What `remem-eval` refuses before lm-eval searches its tasks and loads the model: one sentence each."""

from __future__ import annotations

import fnmatch
import sys
from collections.abc import Sequence
from typing import Any

from remem_dataset.errors import RememError
from remem_dataset.schema import EXPOSURE

from .data import DEFAULT_DATASET, TASKS, count_rows
from .images import dataset_source

TEXT_MODEL_TYPES = ("hf", "hf-auto", "huggingface")
ASKING_MODEL_TYPE = "hf-multimodal"


def check_model(model_args: dict[str, Any]) -> None:
    """Refuse a model that `remem-vlm` could not evaluate.

    Args:
        model_args: lm-eval's `--model_args`.

    Raises:
        RememError: no model named, no such model, or one that takes no images.
    """
    from .model import image_model_config  # registers the model type as well

    name = model_args.get("pretrained")
    if not name:
        raise RememError("No model is named; add --model_args pretrained=<folder or Hub id>.")
    options = {key: model_args[key] for key in ("revision", "trust_remote_code") if key in model_args}
    image_model_config(str(name), **options)


def check_tasks(settings: dict[str, Any]) -> list[str]:
    """The tasks to run: as asked, without those of ours that the dataset has no rows for.

    Args:
        settings: lm-eval's settings by name; `model_args` and `metadata` are mappings.

    Raises:
        RememError: no task named, an unknown `remem` task, tasks that the model type cannot run, no dataset,
            an unknown forget set, no rows, or a request cache, which knows neither of them.
    """
    asked = settings.get("tasks") or []
    asked = asked.split(",") if isinstance(asked, str) else [t for item in asked for t in item.split(",")]
    if not asked:
        raise RememError("No task is named; add --tasks remem for all of them.")
    ours = {pattern: _matches(pattern) for pattern in asked}
    names = [name for matches in ours.values() for name in matches]
    if not names:
        return asked
    check_model_type(str(settings.get("model")), names)
    if settings.get("cache_requests"):
        raise RememError(
            "--cache_requests would bring back the questions of another dataset or forget set; leave it out."
        )
    empty = _empty_tasks(names, {**settings["model_args"], **settings["metadata"]})
    if not empty:
        return asked
    kept = []
    for pattern, matches in ours.items():
        kept += [name for name in matches if name not in empty] if matches else [pattern]
    return list(dict.fromkeys(kept))


def check_model_type(model: str, names: Sequence[str]) -> None:
    """Refuse tasks that lm-eval's own model types cannot run.

    Args:
        model: lm-eval's `--model`.
        names: leaf tasks of ours.

    Raises:
        RememError: image tasks on a text model type; answers to score, or tasks with and without pictures
            together, on `hf-multimodal`.
    """
    pictured = [name for name in names if TASKS[name].images]
    if model in TEXT_MODEL_TYPES and pictured:
        raise RememError(
            f"--model {model} takes no images, but {pictured[0]} has some; leave --model out, or run the "
            "tasks remem_*_text_*."
        )
    if model != ASKING_MODEL_TYPE:
        return
    scored = [name for name in pictured if TASKS[name].config == EXPOSURE]
    if scored:
        raise RememError(
            f"--model {model} cannot score answers to images, as {scored[0]} needs; leave --model out, or "
            "run the tasks remem_*_qa."
        )
    if 0 < len(pictured) < len(names):
        raise RememError(
            f"--model {model} cannot run tasks with and without images together; leave --model out, or run "
            "remem_*_text_* by themselves."
        )


def _matches(pattern: str) -> list[str]:
    matches = list(TASKS) if pattern == "remem" else fnmatch.filter(TASKS, pattern)
    if not matches and pattern.startswith("remem"):
        raise RememError(f"There is no task {pattern}; the tasks are remem, {', '.join(TASKS)}.")
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
