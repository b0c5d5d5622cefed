"""The page's data: columns of small numbers and packed texts, since 5,000 rows must stay below 3 MB."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..results.gate import seen_facts, seen_questions
from ..results.runs import RunResults
from ..schema import FORGET, RETAIN
from .build import Board, Entry
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
    entries = [*board.ranked, *board.apart]
    documents = [entry.submission.document for entry in entries]
    attributes = sorted({name for document in documents for name in _attributes(document)})
    methods, bases, versions, reasons, scales = (_Names() for _ in range(5))
    levels = sorted({entry.submission.forget for entry in entries})
    data: dict[str, Any] = {
        "alphabet": ALPHABET,
        "ranked": len(board.ranked),
        "current": board.versions.current.tag,
        "levels": levels,
        "attributes": attributes,
        "model": [entry.submission.model for entry in entries],
        "method": [methods(document["method"]) for document in documents],
        "base": [bases(document["base_model"]) for document in documents],
        "level": [levels.index(entry.submission.forget) for entry in entries],
        "version": [versions(entry.submission.revision) for entry in entries],
        "date": [document["submitted"][2:10].replace("-", "") for document in documents],
        "file": [entry.file.split("/")[1].removesuffix(".json") for entry in entries],
        "gate": [("passed", "failed", "missing").index(e.submission.gate_status) for e in entries],
        "apart": [reasons(entry.apart) for entry in entries],
        "recomputed": "".join(str(int(bool(document.get("recomputed")))) for document in documents),
        "sample": "".join(str(int(bool(document.get("sample")))) for document in documents),
        "stage1": [_stage_one(entry.submission.vanilla) for entry in entries],
        "ways": [packed(way.value / 10 for way in entry.figures.ways.values()) for entry in entries],
        "exposure": [_exposure(document, attributes) for document in documents],
        "scale": [scales(_scale(document, attributes)) for document in documents],
        "links": {i: d["links"] for i, d in enumerate(documents) if d.get("links")},
        "notes": {i: d["notes"] for i, d in enumerate(documents) if d.get("notes")},
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


def _stage_one(vanilla: RunResults | None) -> str:
    """What the gate asks for: exact match single-hop, multi-hop, and share of Exposure's ceiling, in tenths."""
    if vanilla is None:
        return packed([None] * 3)
    asked = [(seen_questions("single"), "exact_match"), (seen_questions("multi"), "exact_match")]
    found = [vanilla.pooled(*part) for part in (*asked, (seen_facts(), "exposure_share"))]
    return packed(None if figure is None else 10 * figure.value for figure in found)


def _tables(document: Mapping[str, Any]) -> list[Mapping[str, Any] | None]:
    """Exposure by attribute: forget and retain set of the unlearned model, then of the base model."""
    tables = []
    for role in ("unlearned", "vanilla"):
        run = document["runs"][role]
        by_subset = run and run["attributes"]
        tables += [by_subset and by_subset[subset] for subset in (FORGET, RETAIN)]
    return tables


def _attributes(document: Mapping[str, Any]) -> set[str]:
    return {name for table in _tables(document) if table for name in table}


def _exposure(document: Mapping[str, Any], attributes: list[str]) -> str:
    """For each attribute, bits of the unlearned model (forget, half interval, retain) and the base model."""
    forget, retain, base_forget, base_retain = _tables(document)
    if not forget and not retain:
        return ""
    values = []
    for name in attributes:
        here = (forget or {}).get(name)
        values += (
            here and here["exposure"][0],
            here and here["exposure"][1] and min(1.96 * here["exposure"][1], 64.0),
            *(
                table[name]["exposure"][0] if table and name in table else None
                for table in (retain, base_forget, base_retain)
            ),
        )
    return packed(values)


def _scale(document: Mapping[str, Any], attributes: list[str]) -> str:
    """For each attribute, its ceiling and its null mean in bits."""
    tables = [table for table in _tables(document) if table]
    found = (next((table[name] for table in tables if name in table), None) for name in attributes)
    return packed(v for entry in found for v in (entry and entry["ceiling"], entry and entry["null_mean"]))


def entry_columns(entries: Iterable[Entry]) -> Iterable[dict[str, Any]]:
    """One mapping for each row of `leaderboard.parquet`; percentages in percent."""
    places: dict[str, int] = {}
    for entry in entries:
        document, figures = entry.submission.document, entry.figures
        level = entry.submission.forget
        if not entry.apart:
            places[level] = places.get(level, 0) + 1
        row = {
            "rank": None if entry.apart else places[level],
            "model": document["model"],
            "base_model": document["base_model"],
            "method": document["method"],
            "forget": level,
            "dataset": document["dataset"]["id"],
            "dataset_version": document["dataset"]["revision"],
            "gate": entry.submission.gate_status,
            "apart": entry.apart or None,
        }
        for name in PERCENTAGES:
            found = getattr(figures, name)
            row[name] = None if found is None else found.value
            row[f"{name}_half_95"] = _half(found)
        yield {
            **row,
            "recomputed": bool(document.get("recomputed")),
            "sample": bool(document.get("sample")),
            "submitted": entry.submission.submitted,
            "file": entry.file,
        }
