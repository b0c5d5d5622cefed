"""What is wrong with a folder, collected: one sentence for each kind of fault, and how often it was met."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Most kinds of faults that are told.
MOST = 20

#: Longest quotation from the data in a sentence, in characters.
_QUOTED = 80


@dataclass
class Problems:
    """Faults by kind, in the order in which they were first met.

    Attributes:
        first: kind -> the sentence of its first case.
        counts: kind -> how many cases there were.
    """

    first: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, sentence: str) -> None:
        """Note a fault: `kind` groups what has one cause, `sentence` says what, where, and what is right."""
        self.first.setdefault(kind, sentence)
        self.counts[kind] = self.counts.get(kind, 0) + 1

    def __bool__(self) -> bool:
        return bool(self.first)

    def sentences(self) -> list[str]:
        """One sentence for each kind, at most `MOST`, and a last one about the rest."""
        told = []
        for kind, sentence in list(self.first.items())[:MOST]:
            more = self.counts[kind] - 1
            told.append(sentence if not more else f"{sentence} So it is in {more} more places.")
        if len(self.first) > MOST:
            told.append(f"And {len(self.first) - MOST} more kinds of faults.")
        return told


def quoted(value: object) -> str:
    """A value from the data as it may be shown: on one line, short, nothing that a terminal would obey."""
    text = repr(value)
    return text if len(text) <= _QUOTED else f"{text[: _QUOTED - 1]}…"
