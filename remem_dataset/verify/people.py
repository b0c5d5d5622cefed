"""Rules between people: who they are, and what nobody's rows may tell about others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..harmless import IDENTIFYING
from .problems import Problems, quoted


@dataclass(frozen=True)
class Person:
    """What a profile says.

    Attributes:
        identity_id: such as "id_0003".
        name: given name and surname.
        forget_rank: place in the order of forgetting.
        attributes: attribute -> value.
    """

    identity_id: str
    name: str
    forget_rank: int
    attributes: dict[str, str]


@dataclass
class People:
    """Everybody, and an index of what points to one of them.

    Attributes:
        known: identity id -> person.
    """

    known: dict[str, Person] = field(default_factory=dict)
    _secrets: dict[str, list[tuple[str, str, Person]]] = field(default_factory=dict)

    def add(self, row: dict[str, Any], where: str, problems: Problems) -> None:
        """Take one row of `profiles`; note what two people share that must be one's own."""
        person = Person(
            row["identity_id"],
            row["name"],
            row["forget_rank"],
            {entry["attribute"]: entry["value"] for entry in row["attributes"]},
        )
        if person.identity_id in self.known:
            problems.add("profile twice", f"{where} is a second profile of {person.identity_id}.")
            return
        self.known[person.identity_id] = person
        own = {"name": person.name} | {k: v for k, v in person.attributes.items() if k in IDENTIFYING}
        for what, value in own.items():
            if not value.strip():
                problems.add("empty value", f"{where} has an empty {what}.")
                continue
            first = value.split()[0]
            for _, other, owner in self._secrets.get(first, ()):
                if other == value:
                    problems.add(
                        f"shared {what}",
                        f"{where} has the {what} {quoted(value)}, which is that of {owner.identity_id}.",
                    )
            self._secrets.setdefault(first, []).append((what, value, person))

    def check_ranks(self, where: str, problems: Problems) -> None:
        """Everybody has one place in the order of forgetting, from 1 on."""
        ranks = sorted(person.forget_rank for person in self.known.values())
        if ranks != list(range(1, len(ranks) + 1)):
            problems.add(
                "ranks",
                f"{where} does not give every person a forget_rank of their own from 1 to {len(ranks)}.",
            )

    def leaks(self, row: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """What the text of a row tells of people who are forgotten before its own person.

        At the level that forgets them and not its own person the row is to be retained.
        """
        owner = self.known[row["identity_id"]]
        texts = [
            row["question"],
            row.get("answer", ""),
            row.get("cloze_prompt", ""),
            row.get("reasoning", ""),
        ]
        texts += row.get("wrong_answers", [])
        for text in texts:
            for start, word in _words(text):
                for what, value, other in self._secrets.get(word, ()):
                    if other.forget_rank < owner.forget_rank and text.startswith(value, start):
                        yield (
                            "leak",
                            f"tells the {what} {quoted(value)} of {other.identity_id}, whom a smaller forget "
                            "set takes in",
                        )


def _words(text: str) -> Iterator[tuple[int, str]]:
    """Where each word begins, and the word: as it stands, and without what leads or ends it."""
    start = 0
    for piece in text.split(" "):
        lead = len(piece) - len(piece.lstrip("\"'([“"))
        yield start, piece
        bare = piece[lead:].rstrip("\"',.;:?!)]”")
        for variant in {bare, bare.removesuffix("'s"), piece[lead:]} - {piece}:
            yield start + lead, variant
        start += len(piece) + 1
