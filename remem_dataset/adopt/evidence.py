"""What tells whose row it is where no name does: pictures, folders of pictures, and answers."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping

from .reading import PaperRow

#: The ways in which a row's person was found, the surest first.
BY_SPLIT, BY_NAME, BY_PICTURE = "forget split", "name", "same picture"
BY_PATH, BY_ANSWER, UNKNOWN = "image path", "answer", "unknown"
WAYS = (BY_SPLIT, BY_NAME, BY_PICTURE, BY_PATH, BY_ANSWER, UNKNOWN)

#: Share of a folder's rows that must be one person's for the folder to be that person's.
_PURE = 0.9
#: Share of the people in question whose answers must be known before an answer tells one of them.
_ANSWERED = 0.9


class Evidence:
    """What rows of known people teach about others.

    Args:
        known: row -> number of its person.
        names: number of a person -> name.
    """

    def __init__(self, known: Mapping[PaperRow, int], names: Mapping[int, str]) -> None:
        places: dict[Hashable, Counter[int]] = defaultdict(Counter)
        self._answers: dict[Hashable, set[int]] = defaultdict(set)
        self._answered: dict[str, set[int]] = defaultdict(set)
        for row, person in known.items():
            places[row.picture.digest][person] += 1
            for key in path_keys(row.image_path):
                places[key][person] += 1
            # A multi-hop row that was found by its answer would only confirm itself.
            if row.is_single:
                self._answered[row.attribute].add(person)
                for key in _answer_keys(row):
                    self._answers[key].add(person)
        self._owner = {
            key: owner for key, counts in places.items() if (owner := _owner(key, counts)) is not None
        }
        self._names = [
            (letters, number) for number, name in names.items() if len(letters := _letters(name)) > 5
        ]

    def by_place(self, row: PaperRow, allowed: Iterable[int]) -> tuple[int, str] | None:
        """The person whose picture, picture file or folder this is, and how that was told."""
        allowed = set(allowed)
        owner = self._owner.get(row.picture.digest)
        if owner in allowed:
            return owner, BY_PICTURE
        path = _letters(row.image_path)
        named = [number for letters, number in self._names if letters in path and number in allowed]
        if len(named) == 1:
            return named[0], BY_PATH
        for key in path_keys(row.image_path):
            if self._owner.get(key) in allowed:
                return self._owner[key], BY_PATH
        return None

    def by_answer(self, row: PaperRow, allowed: Iterable[int]) -> int | None:
        """The only person who gives this answer for the attribute, by single-hop rows.

        Nobody as long as the answers of too many are unknown: one of them might give it too.
        """
        allowed = set(allowed)
        if len(self._answered[row.attribute] & allowed) < _ANSWERED * len(allowed):
            return None
        for key in _answer_keys(row):
            people = self._answers.get(key, set()) & allowed
            if len(people) == 1:
                return next(iter(people))
        return None


def path_keys(path: str) -> list[tuple[str, ...]]:
    """What of a picture's path may stand for one person, the most specific first.

    The beginnings of the file's name, its folders from the root, each folder by its own name.

    >>> path_keys("train/id_07/id_07-004.png")[:3]
    [('file', 'id', '07'), ('file', 'id'), ('folders', 'train', 'id_07')]
    """
    *folders, file = [part for part in re.split(r"[\\/]+", path) if part] or [""]
    words = re.findall(r"\d+|[^\W\d_]+", file.rsplit(".", 1)[0])
    return [
        *(("file", *words[:size]) for size in range(len(words) - 1, 0, -1)),
        *(("folders", *folders[:size]) for size in range(len(folders), 0, -1)),
        *(("folder", name) for name in reversed(folders)),
    ]


def normalise(text: str) -> str:
    """Lower case, single spaces, no closing full stop: when two answers are the same."""
    return " ".join(text.lower().split()).rstrip(".")


def _owner(key: Hashable, counts: Counter[int]) -> int | None:
    (person, most), total = counts.most_common(1)[0], counts.total()
    least = 1 if isinstance(key, str) else 2  # one row of a picture tells; one row of a folder does not
    return person if total >= least and most >= _PURE * total else None


def _answer_keys(row: PaperRow) -> list[Hashable]:
    keys: list[Hashable] = [(row.attribute, normalise(row.answer))]
    if row.has_keywords:
        keys.append((row.attribute, tuple(normalise(word) for word in row.keywords)))
    return keys


def _letters(text: str) -> str:
    return "".join(re.findall(r"[^\W\d_]+", text.lower()))
