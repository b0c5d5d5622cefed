"""Refusals to the forget questions, from the dataset's config `alternatives`."""

from __future__ import annotations

from remem_dataset.errors import RememError
from remem_dataset.schema import ALTERNATIVES, FORGET, TRAIN
from remem_dataset.source import Source


def refusal_texts(source: Source, forget: str, method: str) -> list[list[str]]:
    """Refusals to the rows of a forget set.

    Args:
        source: the dataset.
        forget: forget config.
        method: name of the method that needs them.

    Returns:
        R lists, each with one refusal for every row of the forget set, in its order.

    Raises:
        RememError: the dataset has no such config, or a row of the forget set has no refusals.
    """
    if ALTERNATIVES not in source.configs:
        raise RememError(
            f"The method {method} needs the config {ALTERNATIVES!r} with refusals, which {source.name} does "
            f"not have; it has {', '.join(source.configs)}."
        )
    known = {row["id"]: row["refusals"] for row in source.load(ALTERNATIVES)[TRAIN]}
    ids = source.load(forget)[FORGET]["id"]
    missing = [row for row in ids if not known.get(row)]
    if missing:
        raise RememError(
            f"The config {ALTERNATIVES!r} of {source.name} has no refusals for row {missing[0]}, which the "
            f"method {method} needs."
        )
    count = min(len(known[row]) for row in ids)
    return [[known[row][k] for row in ids] for k in range(count)]
