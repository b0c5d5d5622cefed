"""Rows of our columns from published rows whose people are known."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..features import EXPOSURE_FEATURES, PROFILE_FEATURES, ROW_FEATURES
from ..schema import (
    EVAL,
    EXPOSURE,
    FINETUNE,
    MULTI_HOP,
    OTHER_IDENTITIES,
    PEOPLE,
    PROFILES,
    SEEN,
    SENTENCE,
    SINGLE_HOP,
    TRAIN,
    UNSEEN,
    VALUE,
)
from . import layout
from .evidence import normalise
from .identities import Identified, Person
from .pictures import Picture
from .reading import PaperRow

#: Published split -> (config, split) of ours, role of its rows.
PLACES = {
    layout.FINETUNE: (FINETUNE, TRAIN),
    layout.RETAIN: (EVAL, SEEN),
    layout.TEST: (EVAL, UNSEEN),
}
#: A row with fewer values of other people has no exposure.
LEAST_CANDIDATES = 2
#: An answer with so many words beside its keywords is a sentence.
_SENTENCE_WORDS = 4


@dataclass
class OurRows:
    """What the dataset folder will hold; "image" is a `Picture` until it is written.

    Attributes:
        rows: (config, split) -> rows in forget order.
        no_exposure: attribute -> evaluation rows without enough values of other people.
        many_values: attribute -> people for whom it has several values: candidates may not be of one kind.
    """

    rows: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    no_exposure: Counter[str] = field(default_factory=Counter)
    many_values: Counter[str] = field(default_factory=Counter)


def make_rows(splits: dict[str, list[PaperRow]], who: Identified) -> OurRows:
    """Every row whose person is known, in our columns.

    Args:
        splits: published split -> rows.
        who: whose each row is.
    """
    ours = OurRows()
    pool = _Pool(who, ours.many_values)
    views = _view_ids([row for split in PLACES for row in splits[split]])
    for split, (config, role) in PLACES.items():
        kept = sorted((row for row in splits[split] if row in who.found), key=lambda r: who.found[r][0].rank)
        numbers: Counter[str] = Counter()
        rows, exposure = [], []
        for row in kept:
            person = who.found[row][0]
            name = f"{config}-{role}" if config == EVAL else config
            number = numbers[person.identity_id]
            numbers[person.identity_id] += 1
            values = _values(row, person, role, views[row])
            rows.append(
                _complete(ROW_FEATURES, {"id": f"{person.identity_id}-{name}-{number:04d}", **values})
            )
            if config != EVAL:
                continue
            candidates = pool.candidates(row, person, values["answer_form"])
            if len(candidates) < LEAST_CANDIDATES:
                ours.no_exposure[row.attribute] += 1
                continue
            added = {
                "id": f"{person.identity_id}-{EXPOSURE}-{role}-{number:04d}",
                "candidates": candidates,
                "candidate_pool": OTHER_IDENTITIES,
                "other_values": candidates,
                "candidate_space": len(candidates) + 1,
            }
            exposure.append(_complete(EXPOSURE_FEATURES, {**values, **added}))
        ours.rows[config, role] = rows
        if config == EVAL:
            ours.rows[EXPOSURE, role] = exposure
    if not all(ours.rows[EXPOSURE, role] for role in (SEEN, UNSEEN)):
        ours.rows = {place: rows for place, rows in ours.rows.items() if place[0] != EXPOSURE}
    ours.rows[PROFILES, PEOPLE] = _profiles(splits[layout.FINETUNE], who)
    return ours


def answer_form(row: PaperRow, name: str) -> str:
    """Whether an answer is the bare value or a sentence around it."""
    answer = normalise(row.answer)
    words = answer.split()
    is_named = name and name in row.answer and answer != normalise(name)
    beside = len(words) - sum(len(word.split()) for word in row.keywords)
    ends = (
        row.answer.endswith(".")
        and len(words) > _SENTENCE_WORDS
        and answer not in map(normalise, row.keywords)
    )
    return SENTENCE if is_named or ends or beside >= _SENTENCE_WORDS else VALUE


class _Pool:
    """Values of each attribute, person by person: the only candidates that the published data holds."""

    def __init__(self, who: Identified, many_values: Counter[str]) -> None:
        self._values: dict[str, dict[int, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
        self._words: dict[str, dict[int, dict[tuple[str, ...], None]]] = defaultdict(
            lambda: defaultdict(dict)
        )
        for row, (person, _) in sorted(who.found.items(), key=lambda item: item[1][0].rank):
            if answer_form(row, person.name) == VALUE:
                self._values[row.attribute][person.rank].setdefault(normalise(row.answer), row.answer)
            if row.has_keywords:
                self._words[row.attribute][person.rank][row.keywords] = None
        for attribute, people in self._values.items():
            many = sum(len(values) > 1 for values in people.values())
            if many:
                many_values[attribute] = many

    def candidates(self, row: PaperRow, person: Person, form: str) -> list[str]:
        """What other people's values make of this answer, without those that are true of this person."""
        if form == VALUE:
            own = {normalise(row.answer), *self._values[row.attribute][person.rank]}
            others = self._of_others(self._values, row, person)
            found = {key: text for values in others for key, text in values.items()}
        else:
            own = {normalise(row.answer)}
            own |= {normalise(_swap(row, words)) for words in self._words[row.attribute][person.rank]}
            others = self._of_others(self._words, row, person)
            texts = [_swap(row, words) for values in others for words in values]
            found = {normalise(text): text for text in texts if text}
        return [text for key, text in found.items() if key not in own]

    @staticmethod
    def _of_others(table: dict, row: PaperRow, person: Person) -> list[dict]:
        return [values for rank, values in table[row.attribute].items() if rank != person.rank]


def _swap(row: PaperRow, words: tuple[str, ...]) -> str:
    """The answer with somebody else's keywords in place of its own; "" where they do not fit."""
    if not row.has_keywords or len(words) != len(row.keywords):
        return ""
    text, end = "", 0
    for start, own, other in sorted(
        (row.answer.find(k), k, w) for k, w in zip(row.keywords, words, strict=True)
    ):
        if start < end:  # not there (-1), or inside the keyword before
            return ""
        text += row.answer[end:start] + other
        end = start + len(own)
    return text + row.answer[end:]


def _values(row: PaperRow, person: Person, role: str, view_id: str) -> dict[str, Any]:
    hop = "single" if row.is_single else "multi"
    return {
        "identity_id": person.identity_id,
        "image": row.picture,
        "question": row.question,
        "answer": row.answer,
        "answer_form": answer_form(row, person.name),
        "keywords": list(row.keywords),
        "question_type": SINGLE_HOP if row.is_single else MULTI_HOP,
        "hops": row.hops,
        "qa_category": row.category,
        "attribute": row.attribute,
        "cloze_prompt": row.cloze,
        "reasoning": "",
        "template_id": f"{row.attribute}.{hop}.{_wording(row.question, person.name)}",
        "view_id": view_id,
        "split_role": role,
        "forget_rank": person.rank,
        "faces": [],
    }


def _wording(question: str, name: str) -> str:
    """The same for questions that differ in nothing but the person's name."""
    text = normalise(question.replace(name, "{name}") if name else question)
    return hashlib.blake2b(text.encode("utf-8"), digest_size=4).hexdigest()


def _view_ids(rows: Iterable[PaperRow]) -> dict[PaperRow, str]:
    """The published path; with the picture's digest where a path has several pictures, or none is given."""
    rows = list(rows)
    digests: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        digests[row.image_path].add(row.picture.digest)
    return {
        row: row.image_path
        if row.image_path and len(digests[row.image_path]) == 1
        else f"{row.image_path or 'picture'}-{row.picture.digest[:12]}"
        for row in rows
    }


def _profiles(rows: list[PaperRow], who: Identified) -> list[dict[str, Any]]:
    anchors: dict[int, Picture] = {}
    attributes: dict[int, dict[str, str]] = defaultdict(dict)
    for row in [*rows, *who.found]:  # people whom only evaluation rows show have a picture too
        if row not in who.found:
            continue
        person = who.found[row][0]
        anchors.setdefault(person.rank, row.picture)
        if not row.is_single:
            continue
        if answer_form(row, person.name) == VALUE:
            attributes[person.rank].setdefault(row.attribute, row.answer)
        elif row.has_keywords and len(row.keywords) == 1:
            attributes[person.rank].setdefault(row.attribute, row.keywords[0])
    return [
        _complete(
            PROFILE_FEATURES,
            {
                "identity_id": person.identity_id,
                "name": person.name,
                "image": anchors[person.rank],
                "attributes": [{"attribute": a, "value": v} for a, v in attributes[person.rank].items()],
                "links": [],
                "appearance": "",
                "forget_rank": person.rank,
            },
        )
        for person in who.people
        if person.rank in anchors
    ]


def _complete(features: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """The values in the order of the columns.

    Raises:
        RuntimeError: the schema has a column that nothing is known to be put into.
    """
    odd = set(features) ^ set(values)
    if odd:
        raise RuntimeError(
            f"`remem adopt` does not fill the columns of this schema: {', '.join(sorted(odd))}."
        )
    return {name: values[name] for name in features}
