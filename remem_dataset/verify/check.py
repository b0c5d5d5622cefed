"""A whole folder: every file read once, every row held against the rules."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..config import BenchmarkConfig
from ..features import FEATURES
from ..fingerprint import Fingerprint
from ..schema import (
    ALTERNATIVES,
    COMPARISON,
    EVAL,
    EXPOSURE,
    FINETUNE,
    FORGET,
    MANIFEST,
    MULTI_IMAGE,
    PROFILES,
    RETAIN,
    SCENES,
    SEEN,
    SINGLE_HOP,
    TRAIN,
    UNSEEN,
)
from .folder import DataFile, Folder, check_descriptions, read_folder
from .people import People
from .problems import Problems, quoted
from .rows import UNREADABLE, check_faces, check_pictures, check_row, lacks

_BATCH = 100
_PICTURES = ("image", "images")


@dataclass(frozen=True)
class Verified:
    """What was found to be right.

    Attributes:
        counts: config -> split -> rows.
        fingerprint: "text", and with the pixels "pixels" and "all".
        people: how many.
        adopted: whether it was held against the fewer rules of `remem adopt`.
    """

    counts: dict[str, dict[str, int]]
    fingerprint: dict[str, str]
    people: int
    adopted: bool = False


@dataclass
class _Tally:
    """What is known of the rows so far: texts are kept as hashes, so that memory does not hold the data."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    ids: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    questions: dict[str, int] = field(default_factory=dict)
    singles: Counter[str] = field(default_factory=Counter)
    rows_of: Counter[str] = field(default_factory=Counter)
    views: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    taught: dict[str, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    ranks: Counter[int] = field(default_factory=Counter)
    comparisons: Counter[str] = field(default_factory=Counter)


def verify_folder(
    root: Path, *, pixels: bool = True, progress: Callable[[int, int], None] = lambda done, total: None
) -> tuple[Problems, Verified]:
    """Check a dataset folder; nothing in it is changed.

    Args:
        root: the folder.
        pixels: also decode every picture and recompute the fingerprint of the pixels.
        progress: called with rows done and rows in all.

    Returns:
        What is wrong, and what was read.

    Raises:
        RememError: there is no folder or no manifest that can be read.
    """
    from .adopted import is_adopted, verify_adopted

    if is_adopted(root):
        return verify_adopted(root, pixels=pixels, progress=progress)
    problems = Problems()
    folder = read_folder(root, problems)
    check_descriptions(folder, problems)
    people, tally, fingerprint = People(), _Tally(), Fingerprint(pixels=pixels)
    files = {
        file: parquet for file in _reading_order(folder) if (parquet := open_file(file, problems)) is not None
    }
    total, done = sum(parquet.metadata.num_rows for parquet in files.values()), 0
    for file, parquet in files.items():
        for where, row in read_rows(file, parquet, pixels, problems):
            if _check(row, where, file, folder.config, people, tally, pixels, problems):
                fingerprint.add(file.config, file.split, row)
            done += 1
            if done % _BATCH == 0:
                progress(done, total)
        if file.config == PROFILES:
            people.check_ranks(str(file.path), problems)
    progress(total, total)
    counts = _check_counts(folder, tally, problems)
    found = fingerprint.result()
    read = sum(parquet.metadata.num_rows for parquet in files.values())
    for name, digest in found.items():
        # Rows that could not be read are told by themselves; what is left cannot have the fingerprint.
        if fingerprint.rows == read and digest != folder.manifest["fingerprint"].get(name):
            problems.add(
                f"fingerprint {name}",
                f"The rows of {root} have the fingerprint {digest} ({name}), but {MANIFEST} says "
                f"{quoted(folder.manifest['fingerprint'].get(name))}.",
            )
    return problems, Verified(counts, found, len(people.known))


def _reading_order(folder: Folder) -> list[DataFile]:
    """Profiles first, then what is taught, then what is asked: each is held against those before it."""
    first = [PROFILES, FINETUNE, EVAL]
    return sorted(
        folder.files, key=lambda file: first.index(file.config) if file.config in first else len(first)
    )


def open_file(file: DataFile, problems: Problems) -> pq.ParquetFile | None:
    """A data file whose columns are those of its config; None after noting what is wrong with it."""
    try:
        parquet = pq.ParquetFile(file.path, pre_buffer=False)  # or it would hold the whole file
    except (pa.ArrowException, OSError, ValueError) as error:
        problems.add(
            f"parquet {file.name}",
            f"{file.path} is no whole Parquet file ({quoted(str(error).splitlines()[0])}).",
        )
        return None
    expected = FEATURES[file.config].arrow_schema
    found = parquet.schema_arrow
    for name in dict.fromkeys([*expected.names, *found.names]):
        wanted, there = (
            schema.field(name).type if name in schema.names else None for schema in (expected, found)
        )
        if wanted != there:
            problems.add(
                f"schema {file.name}",
                f"{file.path} has the column {quoted(name)} as {there or 'nothing'}; it must be "
                f"{wanted or 'left out'}.",
            )
            return None
    return parquet


def decodes(row: dict[str, Any]) -> bool:
    """Whether a row's picture is one, of whatever format and size."""
    return all(kind != UNREADABLE for kind, _ in check_pictures(row, 0))


def read_rows(
    file: DataFile, parquet: pq.ParquetFile, pixels: bool, problems: Problems
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(where, row) of a file, a batch in memory at a time."""
    columns = [name for name in parquet.schema_arrow.names if pixels or name not in _PICTURES]
    number = 0
    try:
        for batch in parquet.iter_batches(batch_size=_BATCH, columns=columns):
            for row in batch.to_pylist():
                name = row.get("id") or row.get("identity_id")
                where = f"{file.path}, row {number} ({quoted(name)})"
                number += 1
                empty = next((name for name, value in row.items() if lacks(value)), None)
                if empty is not None:
                    what = f"has no {empty}" if row[empty] is None else f"lacks a value within its {empty}"
                    problems.add("null", f"{where} {what}.")
                    continue
                yield where, row
    except (pa.ArrowException, OSError, ValueError) as error:
        problems.add(
            f"parquet {file.name}",
            f"{file.path} cannot be read from row {number} on ({quoted(str(error).splitlines()[0])}).",
        )


def _check(
    row: dict[str, Any],
    where: str,
    file: DataFile,
    config: BenchmarkConfig,
    people: People,
    tally: _Tally,
    pixels: bool,
    problems: Problems,
) -> bool:
    """Note the faults of a row; whether its pictures, if they are looked at, can be decoded."""
    tally.counts[file.config, file.split] += 1
    if file.config == PROFILES:
        people.add(row, where, problems)
    faults = list(check_row(row, file, config, people))
    if pixels:
        faults += check_pictures(row, config.image_size)
    if "faces" in row:
        faults += check_faces(row, config.image_size)
    if file.config != PROFILES and row["identity_id"] in people.known:
        faults += people.leaks(row)
        faults += _compare(row, file, tally)
    for kind, what in faults:
        problems.add(f"{file.config} {kind}", f"{where} {what}.")
    return all(kind != UNREADABLE for kind, _ in faults)


def _compare(row: dict[str, Any], file: DataFile, tally: _Tally) -> Iterator[tuple[str, str]]:
    """Faults of a row beside the rows before it."""
    person, key = row["identity_id"], hash(row["id"])
    if key in tally.ids[file.config]:
        yield "twice", "has the id of an earlier row"
    tally.ids[file.config].add(key)
    asked = row["attribute"], row["question_type"]
    if file.config == FINETUNE:
        tally.rows_of[person] += 1
        tally.singles[person] += row["question_type"] == SINGLE_HOP
        tally.ranks[row["forget_rank"]] += 1
        tally.views[person].add(row["view_id"])
        tally.taught[person].add(asked)
        tally.questions[row["id"]] = hash((row["question"], row["attribute"], row["answer_form"]))
    elif file.config == EVAL:
        if asked not in tally.taught[person]:
            yield "untaught", f"asks {asked[0]} as {asked[1]}, which is never taught about {person}"
        tally.comparisons[file.split] += row["qa_category"] == COMPARISON
        tally.questions[row["id"]] = hash((row["question"], row["answer"]))
    elif file.config == EXPOSURE:
        same = row["id"].replace(f"-{EXPOSURE}-", f"-{EVAL}-")
        if tally.questions.get(same) != hash((row["question"], row["answer"])):
            yield "other question", f"does not ask and answer the same as {same}"
    elif file.config == ALTERNATIVES:
        taught = hash((row["question"], row["attribute"], row["answer_form"]))
        if tally.questions.get(row["id"]) != taught:
            yield "other question", "does not ask the same as the fine-tuning row of its id"
    if file.config in (EVAL, EXPOSURE, SCENES) and row["view_id"] in tally.views[person]:
        yield "view", f"shows the picture {row['view_id']}, which {person}'s fine-tuning rows show"


def _check_counts(folder: Folder, tally: _Tally, problems: Problems) -> dict[str, dict[str, int]]:
    """Hold the numbers of rows against the manifest and against the config."""
    config, root = folder.config, folder.root
    counts: dict[str, dict[str, int]] = {}
    for (name, split), rows in tally.counts.items():
        counts.setdefault(name, {})[split] = rows
    for forget, people in config.forget_counts.items():
        forgotten = sum(rows for rank, rows in tally.ranks.items() if rank <= people)
        counts[forget] = {FORGET: forgotten, RETAIN: sum(tally.ranks.values()) - forgotten}
    stated = {k: {s: n for s, n in v.items() if n} for k, v in folder.manifest["counts"].items()}
    for name in dict.fromkeys([*stated, *counts]):
        if stated.get(name, {}) != counts.get(name, {}):
            problems.add(
                f"counts {name}",
                f"{root} has {counts.get(name, {})} rows of {name}; {MANIFEST} says {stated.get(name, {})}.",
            )
    n, each = config.identities, config.eval_per_identity
    expected = {
        (FINETUNE, TRAIN): n * config.qa_per_identity,
        (ALTERNATIVES, TRAIN): n * config.qa_per_identity,
    }
    expected[PROFILES, "people"] = n
    for split in (SEEN, UNSEEN):
        expected[EVAL, split] = n * each
        expected[EXPOSURE, split] = n * each - tally.comparisons[split]
        expected[MULTI_IMAGE, split] = n * config.multi_image_per_identity
        expected[SCENES, split] = n * config.groups_per_identity
    for (name, split), rows in expected.items():
        if tally.counts[name, split] != rows:
            problems.add(
                f"config {name} {split}",
                f"{root} has {tally.counts[name, split]} rows in {name}/{split}; by its config, {rows}.",
            )
    views = min(config.images_per_identity, config.qa_per_identity)
    for person, rows in tally.rows_of.items():
        if (rows, tally.singles[person]) != (config.qa_per_identity, config.single_hop_count):
            problems.add(
                "single-hop share",
                f"{root} teaches {tally.singles[person]} single-hop questions of {rows} about {person}; by "
                f"its config they are {config.single_hop_count} of {config.qa_per_identity}.",
            )
        if len(tally.views[person]) != views:
            problems.add(
                "pictures",
                f"{root} has {len(tally.views[person])} pictures of {person} in finetune, not {views}.",
            )
    return counts
