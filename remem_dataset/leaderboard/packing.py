"""The page's data: columns of small numbers and packed texts, since 5,000 rows must stay below 3 MB."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..submission.document import FAILED, MISSING, PASSED
from .build import Board
from .entry import Entry
from .figures import Percent

#: Digits of packed numbers: printable characters that mean nothing in JSON or HTML.
ALPHABET = "".join(chr(c) for c in range(33, 127) if chr(c) not in "\"\\<>&'")
#: The packed number that stands for "none".
NOTHING = len(ALPHABET) ** 2 - 1
#: Number -> its two digits.
_PAIRS = [a + b for a in ALPHABET for b in ALPHABET]

#: Columns of percentages, in hundredths, each with a column of half interval widths.
PERCENTAGES = ("score", "erasure", "retention", "language", "unseen", "leakage")


def packed(values: Iterable[float | None]) -> str:
    """Numbers in [0, 77] as two characters each, to the hundredth.

    Args:
        values: bits, or shares in tenths; None is packed too.
    """
    return "".join(_PAIRS[NOTHING if v is None else min(round(100 * v), NOTHING - 1)] for v in values)


class _Names:
    """Texts that many rows share, and their numbers."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}

    def __call__(self, text: Any) -> int:
        return self.numbers.setdefault(text, len(self.numbers))

    @property
    def all(self) -> list[Any]:
        return list(self.numbers)


def page_data(board: Board) -> dict[str, Any]:
    """What the page's script reads; rows that are ranked come first.

    Args:
        board: everything that is to be shown.
    """
    entries = board.entries
    why = [*[""] * len(board.ranked), *(reason for _, reason in board.apart)]
    attributes = sorted({name for entry in entries for name in entry.exposure})
    methods, bases, versions, reasons, scales = (_Names() for _ in range(5))
    levels = sorted({entry.forget for entry in entries})
    data: dict[str, Any] = {
        "alphabet": ALPHABET,
        "ranked": len(board.ranked),
        "current": board.versions.current.tag,
        "levels": levels,
        "attributes": attributes,
        "model": [entry.model for entry in entries],
        "method": [methods(entry.method) for entry in entries],
        "base": [bases(entry.head["base_model"]) for entry in entries],
        "level": [levels.index(entry.forget) for entry in entries],
        "version": [versions(entry.revision) for entry in entries],
        "date": [f"{entry.submitted:%y%m%d}" for entry in entries],
        "file": [entry.file.split("/")[1].removesuffix(".json") for entry in entries],
        "gate": [(PASSED, FAILED, MISSING).index(entry.gate_status) for entry in entries],
        "apart": [reasons(reason) for reason in why],
        "recomputed": _flags(entry.head.get("recomputed") for entry in entries),
        "sample": _flags(entry.sample for entry in entries),
        "stage1": [packed(_tenfold(entry.stage_one)) for entry in entries],
        "ways": [packed(way.value / 10 for way in entry.figures.ways.values()) for entry in entries],
        "exposure": [_exposure(entry, attributes) for entry in entries],
        "scale": [scales(_scale(entry, attributes)) for entry in entries],
        "links": {i: entry.head["links"] for i, entry in enumerate(entries) if entry.head.get("links")},
        "notes": {i: entry.head["notes"] for i, entry in enumerate(entries) if entry.head.get("notes")},
    }
    for name in PERCENTAGES:
        found = [getattr(entry.figures, name) for entry in entries]
        data[name] = [_hundredths(None if f is None else f.value) for f in found]
        data[f"{name}_half"] = [_hundredths(_half(f)) for f in found]
    return {
        **data,
        "methods": methods.all,
        "bases": bases.all,
        "versions": versions.all,
        "reasons": reasons.all,
        "scales": scales.all,
    }


def script_json(data: Mapping[str, Any]) -> str:
    """JSON that ends no script element: nothing in it can begin a tag."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _half(found: Percent | None) -> float | None:
    return None if found is None else found.half


def _hundredths(value: float | None) -> int:
    return -1 if value is None else round(100 * min(value, 100.0))


def _flags(values: Iterable[Any]) -> str:
    return "".join("1" if value else "0" for value in values)


def _tenfold(values: Iterable[float | None]) -> list[float | None]:
    return [None if value is None else 10 * value for value in values]


def _exposure(entry: Entry, attributes: list[str]) -> str:
    """For each attribute, five numbers; "" for an entry without figures by attribute."""
    if not entry.exposure:
        return ""
    values: list[float | None] = []
    for name in attributes:
        bits = entry.exposure.get(name)
        values += (
            _NO_BITS
            if bits is None
            else (
                bits.forget,
                bits.half,
                bits.retain,
                bits.base_forget,
                bits.base_retain,
            )
        )
    return packed(values)


_NO_BITS = (None,) * 5


def _scale(entry: Entry, attributes: list[str]) -> str:
    """For each attribute, its ceiling and its null mean in bits."""
    found = (entry.exposure.get(name) for name in attributes)
    return packed(v for bits in found for v in ((bits.ceiling, bits.null_mean) if bits else (None, None)))


def table_rows(board: Board) -> Iterator[dict[str, Any]]:
    """One mapping for each row of `leaderboard.parquet`; percentages in percent."""
    places: dict[str, int] = {}
    for entry in board.ranked:
        places[entry.forget] = places.get(entry.forget, 0) + 1
        yield _table_row(entry, places[entry.forget], None)
    for entry, why in board.apart:
        yield _table_row(entry, None, why)


def _table_row(entry: Entry, rank: int | None, apart: str | None) -> dict[str, Any]:
    row = {
        "rank": rank,
        "model": entry.model,
        "base_model": entry.head["base_model"],
        "method": entry.method,
        "forget": entry.forget,
        "dataset": entry.head["dataset"]["id"],
        "dataset_version": entry.revision,
        "gate": entry.gate_status,
        "apart": apart,
    }
    for name in PERCENTAGES:
        found = getattr(entry.figures, name)
        row[name] = None if found is None else found.value
        row[f"{name}_half_95"] = _half(found)
    return {
        **row,
        "recomputed": bool(entry.head.get("recomputed")),
        "sample": entry.sample,
        "submitted": entry.submitted,
        "file": entry.file,
    }
