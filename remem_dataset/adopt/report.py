"""What an adoption found and what is doubtful: for `adoption.json`, the card and the terminal."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..schema import EVAL, EXPOSURE, FINETUNE, PROFILES
from . import layout
from .evidence import BY_NAME, BY_SPLIT, WAYS
from .identities import Identified
from .names import uneven_names
from .reading import PaperRow
from .rows import OurRows

#: Conflicts that the terminal shows.
SHOWN = 10


def build_report(splits: dict[str, list[PaperRow]], who: Identified, ours: OurRows) -> dict[str, Any]:
    """Everything that `adoption.json` says of the rows.

    Args:
        splits: published split -> rows.
        who: the people found.
        ours: the rows made of them.
    """
    scored = (layout.FINETUNE, layout.RETAIN, layout.TEST)
    found_by = {split: Counter(who.way(row) for row in splits[split]) for split in scored}
    exposure = [row for place, rows in ours.rows.items() if place[0] == EXPOSURE for row in rows]
    rows_of = Counter(person.rank for person, _ in who.found.values())
    return {
        "rows": {split: len(rows) for split, rows in splits.items()},
        "ways": list(WAYS),
        "found_by": {split: {way: counts[way] for way in WAYS} for split, counts in found_by.items()},
        "people": [
            {
                "identity_id": person.identity_id,
                "name": person.name,
                "forget_rank": person.rank,
                "first_forget_split": _split_of(person.level, splits),
                "rows": rows_of[person.rank],
            }
            for person in who.people
        ],
        "doubts": _doubts(splits, who, ours),
        "conflicts": [
            {**_place(conflict.row), "conflict": conflict.kind, "decision": conflict.decision}
            for conflict in who.conflicts
        ],
        "unknown": [_place(row) for split in scored for row in splits[split] if row not in who.found],
        "no_exposure": dict(ours.no_exposure),
        "most_candidates": max((len(row["candidates"]) for row in exposure), default=0),
        "published_as": {},
    }


def published_as(
    counts: dict[str, Any], levels: dict[str, int], who: Identified
) -> dict[str, dict[str, str]]:
    """Config -> split -> what it was in the published layout."""
    names = {
        FINETUNE: {"train": layout.FINETUNE},
        EVAL: {"seen": layout.RETAIN, "unseen": layout.TEST},
        EXPOSURE: {"seen": f"{layout.RETAIN}, with candidates", "unseen": f"{layout.TEST}, with candidates"},
        PROFILES: {"people": "made from finetune"},
    }
    for level, split in zip(levels, who.forget_sizes, strict=True):
        names[level] = {"forget": split, "retain": f"finetune without {split}"}
    return {name: names[name] for name in counts}


def print_report(report: dict[str, Any], console: Console | None = None) -> None:
    """Show how people were found, the doubts, and the first conflicts."""
    console = console or Console()
    table = Table(box=box.SIMPLE, title="How the person of each row was found", title_justify="left")
    table.add_column("split")
    for way in ("rows", *report["ways"]):
        table.add_column(way, justify="right")
    for split, counts in report["found_by"].items():
        table.add_row(split, str(sum(counts.values())), *map(str, counts.values()))
    console.print(table)
    console.print(f"{len(report['people'])} people, {len(report['conflicts'])} conflicts.", highlight=False)
    for doubt in report["doubts"]:
        console.print(f"[yellow]doubtful:[/] {escape(doubt)}", highlight=False)
    for item in report["conflicts"][:SHOWN]:
        place = f"row {item['row']} of {item['file']}"
        console.print(
            f"  {escape(place)}: {escape(item['conflict'])}; {escape(item['decision'])}", highlight=False
        )
    if len(report["conflicts"]) > SHOWN:
        console.print(f"  … and {len(report['conflicts']) - SHOWN} more")


def _doubts(splits: dict[str, list[PaperRow]], who: Identified, ours: OurRows) -> list[str]:
    doubts = []
    forget = next(iter(who.forget_sizes))
    expected = who.forget_sizes[forget] * len(splits[layout.FINETUNE]) / len(splits[forget])
    if round(expected) != len(who.people):
        doubts.append(
            f"{len(who.people)} people were found, but the sizes of finetune and {forget} speak for "
            f"{expected:.1f}"
        )
    before = 0
    for split, count in who.forget_sizes.items():
        if count - before != 1:
            doubts.append(f"{split} adds {count - before} people; as published it adds one")
        before = count
    nameless = [person.identity_id for person in who.people if not person.name]
    if nameless:
        doubts.append(f"no question names {', '.join(nameless)}")
    named = Counter(
        person.name
        for row, (person, way) in who.found.items()
        if row.is_single and way in (BY_NAME, BY_SPLIT)
    )
    for name in uneven_names(named):
        doubts.append(
            f"{name or 'the person without a name'} has {named[name]} single-hop rows, unlike the others"
        )
    for split in (layout.FINETUNE, layout.RETAIN, layout.TEST):
        people = {who.found[row][0].rank for row in splits[split] if row in who.found}
        if len(people) < len(who.people):
            doubts.append(f"{split} has rows of {len(people)} of the {len(who.people)} people")
    bare = sum(not row.has_keywords for split in ours_splits(splits) for row in splits[split])
    if bare:
        doubts.append(f"{bare} rows have no keywords; their whole answer counts as one")
    for attribute, people in ours.many_values.most_common(5):
        doubts.append(
            f"the attribute {attribute} has several values for {people} people: candidates may differ in kind"
        )
    return doubts


def ours_splits(splits: dict[str, list[PaperRow]]) -> list[str]:
    """The splits whose rows are kept; those of forget splits are in `finetune` already."""
    return [name for name in splits if name in layout.NEEDED]


def _split_of(level: int, splits: dict[str, list[PaperRow]]) -> str:
    forget = [name for name in splits if name not in layout.NEEDED]
    return forget[level - 1] if level else ""


def _place(row: PaperRow) -> dict[str, Any]:
    return {
        "split": row.split,
        "file": row.file,
        "row": row.number,
        "question": row.question,
        "answer": row.answer,
    }
