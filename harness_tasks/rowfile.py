"""The row file beside a run's results, as `remem rescore` and `remem judge` read it again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from remem_dataset.errors import RememError
from remem_dataset.results.untrusted import Fields, parse_json


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a row file, which may be a stranger's, with whatever scoring them again needs.

    Args:
        path: the file, UTF-8 (`results.reading.read_results` has seen to that, and to its size).

    Raises:
        RememError: a field that is missing or of another type; file and line named.
    """
    # Not splitlines: generated text may hold other characters that end a line for it, such as U+2028.
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        row = Fields(parse_json(line, where=where), where=where)
        for name in ("task", "id", "identity_id", "attribute", "answer"):
            row.text(name)
        for name in ("question", "question_type", "split_role", "qa_category"):
            row.text(name, required=False)
        for name in ("hops", "forget_rank"):
            row.whole(name)
        if "generated" in row.values:
            words = row.values.get("keywords")
            if not isinstance(row.values["generated"], str):
                raise RememError(f"{where}: the field 'generated' must be a text.")
            if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
                raise RememError(f"{where}: the field 'keywords' must be a list of at least one text.")
        yield row.values
