"""Word lists from `assets/vocab`, checked once: no entry empty, over-long or given twice."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml

from generation.presets import ASSETS
from remem_dataset.errors import RememError

VOCABULARIES = ASSETS / "vocab"

#: Longest entry allowed, in characters: answers stay short enough to be scored in one line.
MAX_ENTRY = 40


def read_vocabulary(path: Path) -> dict[str, tuple[str, ...]]:
    """Read one YAML mapping of list names to words.

    Args:
        path: the YAML file.

    Returns:
        list name -> its words, in file order.

    Raises:
        RememError: unreadable or not UTF-8, not lists of text, or an entry empty, too long or repeated.
    """
    try:
        lists = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise RememError(f"Cannot read the vocabulary {path}: {str(error).splitlines()[0]}.") from None
    if not isinstance(lists, dict) or not all(isinstance(words, list) and words for words in lists.values()):
        raise RememError(f"The vocabulary {path} must map list names to non-empty lists of words.")
    for name, words in lists.items():
        _check_words(words, where=f"{path}, list {name!r}")
    return {name: tuple(words) for name, words in lists.items()}


@cache
def vocabulary(file: str) -> dict[str, tuple[str, ...]]:
    """The lists of `assets/vocab/<file>.yaml`, read once per process."""
    return read_vocabulary(VOCABULARIES / f"{file}.yaml")


def words(file: str, name: str) -> tuple[str, ...]:
    """One list: `words("work", "company_kinds")`."""
    lists = vocabulary(file)
    if name not in lists:
        raise RememError(f"The vocabulary {file}.yaml has no list {name!r}; it has {', '.join(lists)}.")
    return lists[name]


@cache
def compounds(file: str, starts: str, ends: str) -> tuple[str, ...]:
    """Every beginning joined to every ending, e.g. the towns "Ostrel" + "by".

    Raises:
        RememError: two pairs give the same word, so the list would be shorter than its arithmetic.
    """
    joined = tuple(start + end for start in words(file, starts) for end in words(file, ends))
    _check_words(joined, where=f"{file}.yaml, {starts} × {ends}")
    return joined


def _check_words(entries: Sequence[object], where: str) -> None:
    seen = set()
    for entry in entries:
        if not isinstance(entry, str) or not entry.strip() or entry != " ".join(entry.split()):
            raise RememError(f"{where}: {entry!r} must be text without stray spaces.")
        if len(entry) > MAX_ENTRY:
            raise RememError(
                f"{where}: {entry!r} has {len(entry)} characters; at most {MAX_ENTRY} are allowed."
            )
        if entry in seen:
            raise RememError(f"{where}: {entry!r} is given twice.")
        seen.add(entry)
