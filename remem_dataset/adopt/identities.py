"""Whose row each row is. The published layout does not say: people are inferred, and doubts are kept."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from .evidence import BY_ANSWER, BY_NAME, BY_SPLIT, UNKNOWN, Evidence
from .layout import FINETUNE, NEEDED, RETAIN, TEST
from .levels import forget_levels
from .names import NameFinder, find_names
from .reading import PaperRow

#: Rounds of learning from rows that were found in the round before.
_ROUNDS = 2


@dataclass(frozen=True)
class Person:
    """One inferred person.

    Attributes:
        rank: 1-based order in which people enter the forget set; those who never do come after.
        name: as questions say it; "" where no question names the person.
        level: the first forget split that holds the person, 0 for none.
    """

    rank: int
    name: str
    level: int

    @property
    def identity_id(self) -> str:
        """Such as "id_0001"."""
        return f"id_{self.rank:04d}"


@dataclass(frozen=True)
class Conflict:
    """Two signs that disagree about a row's person; `decision` is what became of the row."""

    row: PaperRow
    kind: str
    decision: str


@dataclass
class Identified:
    """The people, and whose each row of `finetune`, `retain` and `test` is.

    Attributes:
        people: in the order of their ranks.
        found: row -> (person, way); a row of nobody known is not in it.
        conflicts: disagreements, row by row.
        forget_sizes: forget split -> how many people it holds.
    """

    people: list[Person] = field(default_factory=list)
    found: dict[PaperRow, tuple[Person, str]] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    forget_sizes: dict[str, int] = field(default_factory=dict)

    def way(self, row: PaperRow) -> str:
        """How a row's person was found."""
        return self.found[row][1] if row in self.found else UNKNOWN


def identify(splits: dict[str, list[PaperRow]]) -> Identified:
    """Infer the people and assign the rows.

    Args:
        splits: published split -> rows.

    Raises:
        RememError: see `levels.forget_levels`.
    """
    return _Inference(splits).run()


class _Inference:
    def __init__(self, splits: dict[str, list[PaperRow]]) -> None:
        self._splits = splits
        self._rows = [row for split in (FINETUNE, RETAIN, TEST) for row in splits[split]]
        self._level, strangers = forget_levels(splits)
        single = [row for row in self._rows if row.is_single]
        self._finder = NameFinder(find_names(single))
        self._named = {row: self._names_of(row) for row in self._rows}
        self._out = Identified()
        for row in strangers:
            self._conflict(row, "the row is in a forget split but not in finetune", "left out")
        self._people_at: dict[int, list[Person]] = defaultdict(list)
        self._by_name: dict[str, Person] = {}

    def run(self) -> Identified:
        self._make_people()
        known: dict[PaperRow, tuple[Person, str]] = {}
        for row in self._rows:
            sure = self._sure(row)
            if sure:
                known[row] = sure
        self._out.found = known
        for _ in range(_ROUNDS):
            evidence = self._evidence()
            # All of a round are found by what was known before it, so that their order does not matter.
            new = {
                row: found
                for row in self._rows
                if row not in known and (found := self._inferred(row, evidence))
            }
            known.update(new)
        self._check()
        return self._out

    def _names_of(self, row: PaperRow) -> list[str]:
        """Names that say whose row it is: those of a single-hop question, or of its answer ("Whose …?")."""
        if not row.is_single:
            return []
        return (
            self._finder.names_in(row.question)
            or self._finder.names_in(row.cloze)
            or self._finder.parts_in(row.question)
            or self._finder.names_in(row.answer)
        )

    def _make_people(self) -> None:
        """People in forget order, then in the order in which `finetune` names them."""
        counts: dict[str, Counter[int]] = {}
        for row in self._splits[FINETUNE]:
            if row.is_single and len(self._named[row]) == 1:
                counts.setdefault(self._named[row][0], Counter())[self._level[row]] += 1
        for row in self._rows:  # people whom only evaluation rows name
            if row.is_single and len(self._named[row]) == 1:
                counts.setdefault(self._named[row][0], Counter({0: 1}))
        level_of = {name: levels.most_common(1)[0][0] for name, levels in counts.items()}
        forget = [name for name in self._splits if name not in NEEDED]
        for level, split in enumerate(forget, 1):
            # A forget split whose rows name nobody holds one person without a name.
            for name in [name for name in level_of if level_of[name] == level] or [""]:
                self._add(name, level)
            self._out.forget_sizes[split] = len(self._out.people)
        for name in level_of:
            if level_of[name] == 0:
                self._add(name, 0)

    def _add(self, name: str, level: int) -> None:
        person = Person(len(self._out.people) + 1, name, level)
        self._out.people.append(person)
        self._people_at[level].append(person)
        if name:
            self._by_name[name] = person

    def _allowed(self, row: PaperRow) -> list[Person]:
        """Whose row it can be: of `finetune`, somebody of the row's own forget level."""
        return self._people_at[self._level[row]] if row in self._level else self._out.people

    def _sure(self, row: PaperRow) -> tuple[Person, str] | None:
        """By the forget splits, else by the only name that fits."""
        named = [self._by_name[name] for name in self._named[row] if name in self._by_name]
        allowed = self._allowed(row)
        fitting = [person for person in named if person in allowed]
        if self._level.get(row) and len(allowed) == 1:
            return allowed[0], BY_SPLIT
        if len(fitting) == 1:
            return fitting[0], BY_NAME
        if len(named) == 1:  # of another forget level: the name is still the better sign
            return named[0], BY_NAME
        return None

    def _evidence(self) -> Evidence:
        known = {row: person.rank for row, (person, _) in self._out.found.items()}
        return Evidence(known, {person.rank: person.name for person in self._out.people})

    def _inferred(self, row: PaperRow, evidence: Evidence) -> tuple[Person, str] | None:
        named = [self._by_name[name] for name in self._named[row] if name in self._by_name]
        allowed = {person.rank for person in self._allowed(row)}
        among = {person.rank for person in named} & allowed or allowed
        place, answer = evidence.by_place(row, among), evidence.by_answer(row, among)
        if place:
            person = self._out.people[place[0] - 1]
            if answer is not None and answer != place[0]:
                other = _called(self._out.people[answer - 1])
                kind = f"{place[1]} says {_called(person)}, but only {other} gives this answer"
                self._conflict(row, kind, f"taken as {_called(person)} by {place[1]}")
            return person, place[1]
        if answer is not None:
            return self._out.people[answer - 1], BY_ANSWER
        # A name in a multi-hop question is somebody else's; one in the answer is mostly the person shown.
        named = named or [
            self._by_name[name]
            for name in ([] if self._finder.names_in(row.question) else self._finder.names_in(row.answer))
            if name in self._by_name
        ]
        return (named[0], BY_NAME) if named and named[0] in self._allowed(row) else None

    def _check(self) -> None:
        """Every row once more, against everything that is known now."""
        evidence = self._evidence()
        everybody = [person.rank for person in self._out.people]
        for row in self._rows:
            person, way = self._out.found.get(row, (None, UNKNOWN))
            decision = f"taken as {_called(person)} by {way}" if person else "dropped"
            names = self._named[row]
            if len(names) > 1:
                self._conflict(row, f"the question names {names[0]} and {names[1]}", decision)
            elif names and person and names[0] != person.name and names[0] in self._by_name:
                self._conflict(row, f"the name {names[0]} and the forget splits disagree", decision)
            elif person and row in self._level and person.level != self._level[row]:
                self._conflict(
                    row, f"{_called(person)} is not in the forget splits that hold the row", decision
                )
            place = evidence.by_place(row, everybody)
            if place and (person is None or place[0] != person.rank):
                other = self._out.people[place[0] - 1]
                self._conflict(row, f"the {place[1]} says {_called(other)}", decision)

    def _conflict(self, row: PaperRow, kind: str, decision: str) -> None:
        self._out.conflicts.append(Conflict(row, kind, decision))


def _called(person: Person | None) -> str:
    return "nobody" if person is None else person.name or person.identity_id
