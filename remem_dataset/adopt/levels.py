"""The forget splits: they must contain one another, and each row of theirs is a fine-tuning row."""

from __future__ import annotations

from collections import defaultdict

from ..errors import RememError
from .layout import FINETUNE, NEEDED
from .reading import PaperRow

#: Share of a forget split's rows that may be missing from `finetune` before the folder is refused.
MAX_MISSING = 0.02


def forget_levels(splits: dict[str, list[PaperRow]]) -> tuple[dict[PaperRow, int], list[PaperRow]]:
    """Level of each fine-tuning row: the first forget split (1, 2 …) that holds it, 0 for none.

    Rows are the same if their text is and, where a text recurs, their picture or its path.

    Args:
        splits: published split -> rows, the forget splits in ascending order.

    Returns:
        (fine-tuning row -> level, rows of forget splits that `finetune` does not hold).

    Raises:
        RememError: a forget split does not hold all of the one before, adds nothing to it, is no part of
            `finetune`, or nobody is left to retain.
    """
    by_text: dict[tuple, list[PaperRow]] = defaultdict(list)
    for row in splits[FINETUNE]:
        by_text[_text_key(row)].append(row)
    levels: dict[PaperRow, int] = {}
    strangers: list[PaperRow] = []
    before, before_name = set(), ""
    for level, name in enumerate((name for name in splits if name not in NEEDED), 1):
        found = {row: _same(row, by_text[_text_key(row)]) for row in splits[name]}
        missing = [row for row, same in found.items() if not same]
        if len(missing) > MAX_MISSING * len(found):
            raise RememError(
                f"{len(missing)} of the {len(found)} rows of {name} are not in finetune, the first is "
                f"{missing[0].where}; forget splits must be parts of finetune."
            )
        strangers += missing
        held = {same for rows in found.values() for same in rows}
        lost = before - held
        if lost:
            first = min(lost, key=lambda row: (row.file, row.number))
            raise RememError(
                f"{name} lacks {len(lost)} rows of {before_name}, the first is {first.where}; each forget "
                "split must hold all of the one before."
            )
        if not held - before:
            raise RememError(f"{name} adds no row to {before_name or 'finetune'}; each must add people.")
        for row in held - before:
            levels[row] = level
        before, before_name = held, name
    if len(levels) == len(splits[FINETUNE]):
        raise RememError(f"{before_name} holds all of finetune; somebody must be left to retain.")
    return {row: levels.get(row, 0) for row in splits[FINETUNE]}, strangers


def _text_key(row: PaperRow) -> tuple:
    return row.question, row.answer, row.hops, row.attribute, row.cloze


def _same(row: PaperRow, candidates: list[PaperRow]) -> list[PaperRow]:
    for same in (
        lambda other: other.picture.digest == row.picture.digest and other.image_path == row.image_path,
        lambda other: other.picture.digest == row.picture.digest,
        lambda other: bool(row.image_path) and other.image_path == row.image_path,
    ):
        found = [other for other in candidates if same(other)]
        if found:
            return found
    return candidates if len(candidates) == 1 else []
