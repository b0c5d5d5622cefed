"""People's names, found in questions that name them: no column of the published layout holds them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from .reading import PaperRow

Span = tuple[str, ...]

_TOKEN = re.compile(r"[^\W_][\w.\-'’]*")
#: Lower-case words that may stand inside a name.
_PARTICLES = {"al", "bin", "da", "de", "del", "den", "der", "di", "dos", "du", "el", "la", "le", "van", "von"}
#: Words that begin English questions and sentences. "Will" and "May" are names too: counting tells.
_STARTERS = frozenset(
    re.findall(
        r"\w+",
        "a about according an and are as at based by can could describe did do does during explain fill find "
        "for from give had has have how i if in is identify list my name of on or please provide state tell "
        "that the their this to under was we were what when where which who whom whose why with would "
        "you your",
    )
)
#: A name is a span of so many words.
_WORDS = (2, 3, 4)
#: A span in more than this share of the questions is a phrase of the template.
_MOST = 0.6
#: A name has at least this share of the questions that the median name has.
_LEAST = 0.2
#: Of a span's questions, how many a longer span must share to be the same name.
_SAME = 0.9


def find_names(rows: Iterable[PaperRow]) -> list[str]:
    """The names of the people that single-hop rows ask about.

    A name is a run of capitalised words that recurs over several attributes: "National ID" belongs to one
    attribute, a person to many. Names are taken one by one, each the span that explains most of the rows
    left over, until what is left recurs too little.

    Args:
        rows: single-hop rows; questions and cloze prompts are read.

    Returns:
        Names, the most frequent first.
    """
    rows = list(rows)
    spans_of = [_spans(row.question) | _spans(row.cloze) for row in rows]
    rows_of: dict[Span, set[int]] = defaultdict(set)
    for number, spans in enumerate(spans_of):
        for span in spans:
            rows_of[span].add(number)
    least_attributes = min(2, len({row.attribute for row in rows}))
    spans = {
        span: found
        for span, found in rows_of.items()
        if 2 <= len(found) <= _MOST * len(rows)
        and len({rows[number].attribute for number in found}) >= least_attributes
    }
    longer = _longer(spans)
    spans = {span: found for span, found in spans.items() if not _is_shared(span, spans, longer)}
    names: list[str] = []
    counts: list[int] = []
    left = set(range(len(rows)))
    while spans:
        best = max(spans, key=lambda span: (len(spans[span] & left), len(span), span))
        best = _longest(best, spans, longer)
        count = len(spans[best] & left)
        if count < 2 or (counts and count < _LEAST * sorted(counts)[len(counts) // 2]):
            break
        names.append(" ".join(best))
        counts.append(count)
        left -= spans[best]
        # What is part of the name, or contains it, is no other person's.
        spans = {span: found for span, found in spans.items() if not (_has(span, best) or _has(best, span))}
    return names


class NameFinder:
    """Finds known names in texts.

    Args:
        names: full names.
    """

    def __init__(self, names: list[str]) -> None:
        self._full = _pattern(names)
        owners: dict[str, set[str]] = defaultdict(set)
        for name in names:
            for part in name.split():
                if len(part) > 2 and part[0].isupper():
                    owners[part].add(name)
        self._owner = {part: next(iter(who)) for part, who in owners.items() if len(who) == 1}
        self._part = _pattern(list(self._owner))

    def names_in(self, text: str) -> list[str]:
        """The full names that a text contains, each once, in its order."""
        return list(dict.fromkeys(found[0] for found in self._full.finditer(text))) if self._full else []

    def parts_in(self, text: str) -> list[str]:
        """The names of which a text contains a word that no other name has."""
        parts = self._part.finditer(text) if self._part else ()
        return list(dict.fromkeys(self._owner[found[0]] for found in parts))


def uneven_names(counts: Counter[str]) -> list[str]:
    """Names with less than half or more than twice the median number of rows."""
    if not counts:
        return []
    middle = sorted(counts.values())[len(counts) // 2]
    return [name for name, count in counts.items() if not middle / 2 <= count <= 2 * middle]


def _pattern(words: list[str]) -> re.Pattern[str] | None:
    if not words:
        return None
    return re.compile(
        r"(?<!\w)(?:" + "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True)) + r")(?!\w)"
    )


def _spans(text: str) -> set[Span]:
    """Every run of two to four capitalised words in a text."""
    spans: set[Span] = set()
    for run in _runs(text):
        for size in _WORDS:
            for start in range(len(run) - size + 1):
                span = tuple(run[start : start + size])
                if span[0][0].isupper() and span[-1][0].isupper():
                    spans.add(span)
    return spans


def _runs(text: str) -> list[list[str]]:
    runs: list[list[str]] = [[]]
    end = 0
    for found in _TOKEN.finditer(text):
        word = found[0]
        if text[end : found.start()] != " ":
            runs.append([])
        end = found.end()
        bare = re.sub(r"['’]s?$", "", word)
        if not re.fullmatch(r"(\w|\w\.\w|Dr|Mr|Mrs|Ms|Jr|Sr|St)\.", bare):
            bare = bare.rstrip(".-'’")
        capital = bare[:1].isupper() and bare.lower() not in _STARTERS
        if capital or (runs[-1] and bare in _PARTICLES):
            runs[-1].append(bare)
        if bare != word or not (capital or bare in _PARTICLES):  # a possessive or a full stop ends the name
            runs.append([])
    return [run for run in runs if len(run) >= _WORDS[0]]


def _has(whole: Span, part: Span) -> bool:
    return any(whole[k : k + len(part)] == part for k in range(len(whole) - len(part) + 1))


def _longer(spans: Iterable[Span]) -> dict[Span, list[Span]]:
    """Span -> the spans that have one word more, in front or behind."""
    longer: dict[Span, list[Span]] = defaultdict(list)
    for span in spans:
        for part in {span[:-1], span[1:]}:
            longer[part].append(span)
    return longer


def _longest(span: Span, spans: dict[Span, set[int]], longer: dict[Span, list[Span]]) -> Span:
    """The longest span that is there (nearly) whenever this one is."""
    while True:
        same = [o for o in longer[span] if o in spans and len(spans[o]) >= _SAME * len(spans[span])]
        if not same:
            return span
        span = max(same, key=lambda other: (len(spans[other]), other))


def _is_shared(span: Span, spans: dict[Span, set[int]], longer: dict[Span, list[Span]]) -> bool:
    """Whether a span is what several longer names have in common ("Maria Lopez")."""
    parts = [spans[o] for o in longer[span] if len(spans[o]) >= _LEAST * len(spans[span])]
    return len(parts) > 1 and len(set().union(*parts)) >= _SAME * len(spans[span])
