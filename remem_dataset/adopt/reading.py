"""Rows of the published layout, checked one by one."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import RememError
from .pictures import Picture, PictureStore

#: The published columns that every row must have; beside them `image` or `image_path`, or both.
COLUMNS = ("question", "answer", "keywords", "question_type", "qa_category", "attribute", "cloze_prompt")

_HOPS = {"single": 1, "singlehop": 1, "1hop": 1, "multi": 2, "multihop": 2, "2hop": 2}


@dataclass(frozen=True, eq=False)
class PaperRow:
    """One row as published.

    Attributes:
        split: published split, such as "forget1".
        where: file and row number (from 1), for people to find it.
        file: the file, as `where` names it.
        number: the row number.
        keywords: never empty; the answer itself where none are given.
        has_keywords: whether any were given.
        hops: 1 for single-hop, 2 for multi-hop.
        image_path: as published, perhaps a path of the authors' machine; "" if there is none.
    """

    split: str
    file: str
    number: int
    question: str
    answer: str
    keywords: tuple[str, ...]
    has_keywords: bool
    hops: int
    category: str
    attribute: str
    cloze: str
    image_path: str
    picture: Picture

    @property
    def where(self) -> str:
        """Split, file and row."""
        return f"row {self.number} of {self.file} ({self.split})"

    @property
    def is_single(self) -> bool:
        """Whether the question names the person."""
        return self.hops == 1


def read_splits(folder: Path, files: dict[str, list[Path]], store: PictureStore) -> dict[str, list[PaperRow]]:
    """Read every row of every split.

    Args:
        folder: the published folder, which errors name files relative to.
        files: split -> its files.
        store: where pictures are looked for.

    Raises:
        RememError: a file or row is not as the layout says; the sentence names file and row.
    """
    splits = {}
    for split, paths in files.items():
        rows = [
            _row(split, path, path.relative_to(folder).as_posix(), number, values, store)
            for path in paths
            for number, values in enumerate(_values(path), 1)
        ]
        if not rows:
            raise RememError(f"The split {split} of {folder} has no row; every split needs some.")
        splits[split] = rows
    return splits


def _values(path: Path) -> Iterator[dict[str, Any]]:
    suffix = path.suffix.lower()
    try:
        if suffix == ".parquet":
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(batch_size=50):
                    yield from batch.to_pylist()
        elif suffix == ".arrow":
            with pa.memory_map(str(path)) as source:
                for batch in pa.ipc.open_stream(source):
                    yield from batch.to_pylist()
        else:
            yield from _json_values(path)
    except (pa.ArrowException, OSError) as error:
        raise RememError(f"Cannot read {path}: {str(error).splitlines()[0]}.") from None


def _json_values(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RememError(
            f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8 and run the command again."
        ) from None
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        rows = None
    if isinstance(rows, dict):
        lists = [value for value in rows.values() if isinstance(value, list)]
        # One object: a single line of JSON lines, or a table under a name ("data").
        rows = [rows] if COLUMNS[0] in rows or len(lists) != 1 else lists[0]
    if rows is None:
        rows = []
        # Not splitlines: a text may hold other characters that end a line for it, such as U+2028.
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                try:
                    rows.append(json.loads(line))
                except (ValueError, RecursionError):
                    raise RememError(
                        f"Line {number} of {path} is not JSON; a file holds a list of rows or a row a line."
                    ) from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RememError(f"{path} must hold JSON objects, one for each row.")
    return rows


def _row(
    split: str, path: Path, name: str, number: int, values: dict[str, Any], store: PictureStore
) -> PaperRow:
    where = f"Row {number} of {name}"
    missing = [column for column in COLUMNS if column not in values]
    if not missing and not {"image", "image_path"} & values.keys():
        missing = ["image"]
    if missing:
        raise RememError(
            f"{where} has no column {missing[0]}; the published columns are image, {', '.join(COLUMNS)}, "
            "image_path."
        )
    answer = _text(values, "answer", where)
    keywords = _keywords(values["keywords"], where)
    image = values.get("image")
    image_path = _text(values, "image_path", where, may_be_empty=True)
    if not image_path and isinstance(image, dict):
        image_path = _text(image, "path", where, may_be_empty=True)
    return PaperRow(
        split=split,
        file=name,
        number=number,
        question=_text(values, "question", where),
        answer=answer,
        keywords=keywords or (answer,),
        has_keywords=bool(keywords),
        hops=_hops(values["question_type"], where),
        category=_text(values, "qa_category", where, may_be_empty=True),
        attribute=_text(values, "attribute", where),
        cloze=_text(values, "cloze_prompt", where, may_be_empty=True),
        image_path=image_path,
        picture=store.take(image, image_path, path.parent, where),
    )


def _text(values: dict[str, Any], column: str, where: str, may_be_empty: bool = False) -> str:
    value = values.get(column)
    if value is None and may_be_empty:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not (value.strip() or may_be_empty):
        raise RememError(f"{where} has {value!r} in the column {column}; it must be a text.")
    if not _is_text(value):
        raise RememError(f"{where} has half a character in the column {column}; texts must be Unicode.")
    return " ".join(value.split())


def _is_text(value: str) -> bool:
    # JSON can escape one half of a surrogate pair, which no file can then hold.
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def _hops(value: Any, where: str) -> int:
    known = _HOPS.get(re.sub(r"[\s_-]", "", value.lower())) if isinstance(value, str) else None
    if known is None:
        raise RememError(f"{where} has the question_type {value!r}; it must be single_hop or multi_hop.")
    return known


def _keywords(value: Any, where: str) -> tuple[str, ...]:
    """A list of texts, or a text: a list written out, or words between semicolons or commas."""
    if isinstance(value, str):
        text = value.strip()
        if text.startswith("["):
            try:
                value = ast.literal_eval(text)
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                value = None
        else:
            value = text.split(";" if ";" in text else ",")
    value = [] if value is None else value
    if not isinstance(value, list) or not all(
        isinstance(word, (str, int)) and _is_text(str(word)) for word in value
    ):
        raise RememError(f"{where} has keywords that are no list of texts.")
    return tuple(word for word in (" ".join(str(word).split()) for word in value) if word)
