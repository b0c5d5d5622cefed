"""The rows that each task asks: a part of the dataset, without pictures, with references to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset, Features, List, Value, concatenate_datasets

from remem_dataset.errors import RememError
from remem_dataset.schema import (
    EVAL,
    EXPOSURE,
    FORGET,
    MULTI_HOP,
    MULTI_IMAGE,
    RETAIN,
    SCENES,
    SEEN,
    SINGLE_HOP,
    UNSEEN,
)
from remem_dataset.source import Source

from . import record
from .images import ImageReference, dataset_source, split_rows

DEFAULT_DATASET = "remem"

#: Column that holds a row's picture references, a list of strings.
REFERENCES = "image_references"
#: Column that holds the name of the task that asks the row.
TASK = "task_name"


@dataclass(frozen=True)
class TaskRows:
    """Which rows a task asks.

    Attributes:
        config: dataset config.
        splits: splits of the config, one after the other.
        part: "forget" or "retain"; None for all identities.
        question_type: "single_hop" or "multi_hop"; None for both.
        images: whether the pictures go with the question.
    """

    config: str
    splits: tuple[str, ...]
    part: str | None = None
    question_type: str | None = None
    images: bool = True


def _grid() -> dict[str, TaskRows]:
    tasks = {}
    for part in (FORGET, RETAIN):
        for measure, config in (("qa", EVAL), ("exposure", EXPOSURE)):
            for split in (SEEN, UNSEEN):
                for hop, kind in (("single", SINGLE_HOP), ("multi", MULTI_HOP)):
                    tasks[f"remem_{part}_{split}_{hop}_{measure}"] = TaskRows(config, (split,), part, kind)
            # The leakage probe asks the same seen single-hop questions without the picture.
            tasks[f"remem_{part}_text_{measure}"] = TaskRows(config, (SEEN,), part, SINGLE_HOP, images=False)
    tasks["remem_multi_image_qa"] = TaskRows(MULTI_IMAGE, (SEEN, UNSEEN))
    tasks["remem_scene_qa"] = TaskRows(SCENES, (SEEN, UNSEEN))
    return tasks


#: Every leaf task and the rows it asks.
TASKS = _grid()


def load_task(
    *,
    task_name: str,
    dataset: str = DEFAULT_DATASET,
    dataset_revision: str | None = None,
    forget: str | None = None,
    **_: Any,
) -> dict[str, Dataset]:
    """`custom_dataset` of every task; lm-eval passes it `--metadata` and all model arguments.

    Args:
        task_name: leaf task, from the task's `dataset_kwargs`.
        dataset: built folder or Hub id.
        dataset_revision: Hub tag or commit of the dataset. (`revision` is the model's: lm-eval passes the
            model arguments here too.)
        forget: forget set such as "forget10"; None takes the dataset's default.

    Returns:
        {"test": rows}: all columns but the pictures, plus `image_references` and `task_name`; the first
        rows of all identities come first, so that `--limit` still asks about everybody.

    Raises:
        RememError: no such dataset, another schema version, unknown forget set, or no row for the task.
    """
    source = dataset_source(str(dataset), None if dataset_revision is None else str(dataset_revision))
    rows = task_rows(source, task_name, forget)
    if not len(rows):
        raise RememError(f"{source.name} has no rows for the task {task_name}; leave that task out.")
    run = record.current()
    if run is not None:
        run.dataset = describe(source, forget)
    return {"test": rows}


def describe(source: Source, forget: str | None) -> dict[str, Any]:
    """What a result must say about its data."""
    return {
        "dataset": source.name,
        "fingerprint": source.manifest["fingerprint"],
        "revision": source.revision,
        "forget": forget or source.manifest["default_forget"],
    }


def task_rows(source: Source, task_name: str, forget: str | None = None) -> Dataset:
    """The rows of one task; may be empty.

    Args:
        source: the dataset.
        task_name: leaf task.
        forget: forget set, None for the dataset's default.

    Raises:
        RememError: unknown task or forget set, or a dataset too old for the task.
    """
    wanted = _task(task_name)
    parts = [
        _build(source, wanted, split, index, task_name)
        for split, index in _indices(source, wanted, forget).items()
    ]
    if not parts:
        raise RememError(f"{source.name} has no config {wanted.config} for {task_name}; leave that task out.")
    return concatenate_datasets(parts)


def _build(source: Source, wanted: TaskRows, split: str, index: np.ndarray, task_name: str) -> Dataset:
    """Rows of one split in memory: no picture, so they are small, and no cache file is left behind."""
    data = split_rows(source, wanted.config, split).remove_columns(_picture_column(wanted))
    table = data.with_format("arrow")[index] if len(index) else data.data.table.slice(0, 0)
    references = _references(source, wanted, split, index) if wanted.images else [[]] * len(index)
    table = table.append_column(REFERENCES, pa.array(references, pa.list_(pa.string())))
    table = table.append_column(TASK, pa.array([task_name] * len(index), pa.string()))
    features = Features({**data.features, REFERENCES: List(Value("string")), TASK: Value("string")})
    return Dataset(table.cast(features.arrow_schema))


def count_rows(source: Source, task_name: str, forget: str | None = None) -> int:
    """How many rows a task asks, without building them.

    Raises:
        RememError: unknown task or forget set.
    """
    return sum(len(index) for index in _indices(source, _task(task_name), forget).values())


def _task(name: str) -> TaskRows:
    if name not in TASKS:
        raise RememError(f"There is no task {name}; the tasks are {', '.join(TASKS)}.")
    return TASKS[name]


def _indices(source: Source, wanted: TaskRows, forget: str | None) -> dict[str, np.ndarray]:
    """Split -> row numbers that the task asks, in the order in which it asks them."""
    forget_count = source.forget_count(forget)
    if wanted.config not in source.configs:
        return {}
    result = {}
    for split in wanted.splits:
        data = split_rows(source, wanted.config, split)
        keys = data.select_columns(["forget_rank", "question_type", "identity_id"]).with_format("numpy")[:]
        keep = np.ones(len(data), dtype=bool)
        if wanted.part is not None:
            keep &= (keys["forget_rank"] <= forget_count) == (wanted.part == FORGET)
        if wanted.question_type is not None:
            keep &= keys["question_type"] == wanted.question_type
        result[split] = _round_robin(np.flatnonzero(keep), keys["identity_id"])
    return result


def _picture_column(wanted: TaskRows) -> str:
    return "images" if wanted.config == MULTI_IMAGE else "image"


def _references(source: Source, wanted: TaskRows, split: str, index: np.ndarray) -> list[list[str]]:
    if wanted.config != MULTI_IMAGE:
        return [[str(_reference(source, wanted.config, split, row))] for row in index]
    pictures = split_rows(source, wanted.config, split).data.column("images")
    counts = pc.list_value_length(pictures).to_pylist()
    return [
        [str(_reference(source, wanted.config, split, row, k)) for k in range(counts[row])] for row in index
    ]


def _reference(
    source: Source, config: str, split: str, row: int, position: int | None = None
) -> ImageReference:
    return ImageReference(
        dataset=source.name,
        revision=source.revision,
        fingerprint=source.fingerprint,
        config=config,
        split=split,
        row=int(row),
        position=position,
    )


def _round_robin(index: np.ndarray, identities: np.ndarray) -> np.ndarray:
    """Order rows by their turn within the identity: everybody's first row, then everybody's second."""
    seen: dict[str, int] = {}
    turns = []
    for row in index:
        turn = seen.get(identities[row], 0)
        seen[identities[row]] = turn + 1
        turns.append(turn)
    return index[np.argsort(np.asarray(turns, dtype=np.int64), kind="stable")]
