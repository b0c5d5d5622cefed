"""Looking at a built dataset's pictures with the face recogniser, on several processes."""

from __future__ import annotations

import io
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from generation.quality.gate import is_checked
from generation.quality.recogniser import shared_recogniser
from generation.quality.records import Records
from generation.renderers import Face
from remem_dataset.errors import RememError
from remem_dataset.schema import EVAL, FINETUNE, PEOPLE, PROFILES, SEEN, TRAIN, UNSEEN
from remem_dataset.source import Source

ANCHOR = "anchor"
#: Where each role's pictures of one person lie.
_PLACES = {TRAIN: (FINETUNE, TRAIN), SEEN: (EVAL, SEEN), UNSEEN: (EVAL, UNSEEN)}
_THUMBNAIL = 112
_AHEAD = 8  # pictures under way for each worker: more would only fill memory


@dataclass(frozen=True, eq=False)
class Sight:
    """One picture of one person, as the recogniser sees it.

    Attributes:
        identity_id: whose picture it is.
        view_id: which picture.
        role: "anchor", "train", "seen" or "unseen".
        checked: whether the face is large and free enough to be judged; the rest has no meaning if not.
        detected: whether a face was found where it should be.
        embedding: (128,) float32; None if no face was found.
        thumbnail: a small JPEG.
        view: how the picture was taken, from the raw tree; empty without one.
        record: what the raw tree says of the picture's check ("attempts", "passed"); empty without one.
    """

    identity_id: str
    view_id: str
    role: str
    checked: bool
    detected: bool
    embedding: np.ndarray | None
    thumbnail: bytes
    view: dict[str, Any] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)


def survey(source: Source, views: int | None = None, workers: int = 1) -> Iterator[Sight]:
    """Look at every person's anchor and other pictures, with a progress bar.

    Args:
        source: the dataset.
        views: at most this many pictures of each person from each of train, seen and unseen; None for all.
        workers: pictures looked at at the same time.

    Raises:
        RememError: a number out of range, no recogniser, or a worker that died.
    """
    if views is not None and views < 1:
        raise RememError(f"views is {views}; it must be 1 or more.")
    if workers < 1:
        raise RememError(f"workers is {workers}; it must be 1 or more.")
    shared_recogniser()  # say that it is missing before any work
    total, jobs = _jobs(source, views)
    records = Records(source)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        bar = progress.add_task("Faces", total=total)
        for sight in _looked_at(jobs, workers):
            progress.advance(bar)
            record = records.of(sight.identity_id, sight.view_id)
            view = record.get("view")
            yield replace(sight, view=view if isinstance(view, dict) else {}, record=record)


def _jobs(source: Source, views: int | None) -> tuple[int, Iterator[tuple]]:
    """How many pictures there are to look at, and (identity, view, role, PNG, faces) of each."""
    from datasets import Image as Picture

    splits: list[tuple[str, Any, list[int]]] = []
    people = source.load(PROFILES)[PEOPLE]
    splits.append((ANCHOR, people, list(range(len(people)))))
    for role, (config, name) in _PLACES.items():
        split = source.load(config)[name]
        keys = split.select_columns(["identity_id", "view_id"])
        first: dict[tuple[str, str], int] = {}
        for number, row in enumerate(keys):
            first.setdefault((row["identity_id"], row["view_id"]), number)
        taken: dict[str, int] = {}
        rows = []
        for (identity, _), number in sorted(first.items()):
            taken[identity] = taken.get(identity, 0) + 1
            if views is None or taken[identity] <= views:
                rows.append(number)
        splits.append((role, split, rows))

    def each() -> Iterator[tuple]:
        for role, split, rows in splits:
            for row in split.cast_column("image", Picture(decode=False)).select(rows):
                view_id = row.get("view_id") or "anchor-000"
                yield row["identity_id"], view_id, role, _bytes(row["image"]), row.get("faces") or []

    return sum(len(rows) for _, _, rows in splits), each()


def _bytes(image: dict[str, Any]) -> bytes:
    return image["bytes"] if image["bytes"] is not None else Path(image["path"]).read_bytes()


def _looked_at(jobs: Iterator[tuple], workers: int) -> Iterator[Sight]:
    if workers == 1:
        yield from (look(*job) for job in jobs)
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting: list[Any] = []
        try:
            for job in jobs:
                waiting.append(pool.submit(look, *job))
                if len(waiting) >= workers * _AHEAD:
                    yield waiting.pop(0).result()
            for task in waiting:
                yield task.result()
        except BrokenProcessPool:
            raise RememError(
                "A worker process died (killed, or out of memory); run the command again with fewer "
                "--workers."
            ) from None


def look(identity_id: str, view_id: str, role: str, png: bytes, faces: list[dict[str, Any]]) -> Sight:
    """Look at one encoded picture of one person.

    Args:
        identity_id: whose it is.
        view_id: which picture.
        role: what it is for.
        png: the picture, in any format that Pillow reads.
        faces: the row's faces; without any, the surest face of the whole picture counts.
    """
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    pixels = np.asarray(picture)
    small = io.BytesIO()
    picture.resize((_THUMBNAIL, _THUMBNAIL), Image.Resampling.BILINEAR).save(small, "JPEG", quality=80)
    expected = None
    own = next((f for f in faces if f["identity_id"] == identity_id and f["kind"] == "present"), None)
    checked = True
    if own is not None:
        expected = tuple(own["box"])
        checked = is_checked(Face(0, own["kind"], expected, own["visible"]))
    embedding = None
    if checked:
        recogniser = shared_recogniser()
        found = recogniser.faces(pixels, expected=expected)
        embedding = recogniser.embed(pixels, found[0].box) if found else None
    return Sight(identity_id, view_id, role, checked, embedding is not None, embedding, small.getvalue())
