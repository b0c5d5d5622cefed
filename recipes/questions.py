"""The questions of a split with their pictures, encoded once and kept in memory."""

from __future__ import annotations

import copy
import dataclasses
import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from remem_dataset.errors import RememError

from .augmentation import Augmentation, picture_statistics
from .encoding import Encoded, collate, encode

#: `--views`: a question comes with its own picture, or each time with any training picture of its person.
VIEWS = ("own", "any")


class QuestionSet:
    """Encoded questions; equal pictures are kept once.

    Args:
        rows: a split of the `finetune` or a `forget…` config (`datasets.Dataset` or a list of rows).
        processor: a transformers processor with a chat template.
        views: "own" keeps row and picture together; "any" draws one of the split's pictures of the same
            person whenever a row is taken. The pictures that this needs are in the split already: it is the
            pairing that is no longer fixed.

    Attributes:
        identities: identity of each row.
        question_types: `single_hop` or `multi_hop` of each row.
    """

    def __init__(self, rows: Any, processor: Any, views: str = "own") -> None:
        if views not in VIEWS:
            raise RememError(
                f"There is no way {views!r} to pair pictures; --views takes {' or '.join(VIEWS)}."
            )
        if not len(rows):
            raise RememError("The split has no rows to learn from.")
        self.views = views
        self.identities: list[str] = []
        self.question_types: list[str] = []
        self._encoded: list[Encoded] = []
        self._keys: list[str] = []
        self._pictures: dict[str, dict[str, Tensor]] = {}
        self._pictures_of: dict[str, list[str]] = {}
        for row in rows:
            key = f"{row['identity_id']}/{row['view_id']}"
            encoded = encode(processor, row["question"], row["answer"], [row["image"]])
            if key not in self._pictures:
                self._pictures[key] = encoded.pixels
                self._pictures_of.setdefault(row["identity_id"], []).append(key)
            self._encoded.append(dataclasses.replace(encoded, pixels={}))
            self._keys.append(key)
            self.identities.append(row["identity_id"])
            self.question_types.append(row["question_type"])

    def __len__(self) -> int:
        return len(self._encoded)

    def tokens(self, index: int) -> int:
        """Length of row `index`, image tokens and answer included."""
        return len(self._encoded[index].labels)

    def own(self, index: int) -> Encoded:
        """Row `index` with its own picture."""
        return dataclasses.replace(self._encoded[index], pixels=self._pictures[self._keys[index]])

    def take(self, index: int, generator: torch.Generator) -> Encoded:
        """Row `index` with a picture as `views` says, drawn from `generator`."""
        if self.views == "own":
            return self.own(index)
        keys = self._pictures_of[self.identities[index]]
        key = keys[int(torch.randint(len(keys), (), generator=generator))]
        return dataclasses.replace(self._encoded[index], pixels=self._pictures[key])

    def with_views(self, count: int) -> QuestionSet:
        """The same questions, each with up to `count` pictures of its person in turn, its own first.

        Args:
            count: at least 1.

        Returns:
            A set whose rows stand in the order of this one's, pictures of one question next to each other.
        """
        wider = copy.copy(self)
        wider.identities, wider.question_types, wider._encoded, wider._keys = [], [], [], []
        for identity, kind, encoded, own in zip(
            self.identities, self.question_types, self._encoded, self._keys, strict=True
        ):
            keys = self._pictures_of[identity]
            start = keys.index(own)
            for step in range(min(count, len(keys))):
                wider.identities.append(identity)
                wider.question_types.append(kind)
                wider._encoded.append(encoded)
                wider._keys.append(keys[(start + step) % len(keys)])
        return wider

    def with_answers(self, rows: Any, processor: Any, answers: list[str]) -> QuestionSet:
        """The same questions and pictures with other answers.

        Args:
            rows: the rows that this set was made of, before `with_views`.
            processor: the processor that encoded them.
            answers: one for each row.
        """
        other = copy.copy(self)
        other._encoded = [
            dataclasses.replace(
                encode(processor, row["question"], answer, [row["image"]]),
                pixels={},
            )
            for row, answer in zip(rows, answers, strict=True)
        ]
        return other

    def evenly(self, count: int) -> QuestionSet:
        """At most `count` of the rows, evenly spread over the set, each with its own picture alone."""
        fewer = copy.copy(self)
        fewer.views = "own"
        chosen = [k * len(self) // min(count, len(self)) for k in range(min(count, len(self)))]
        for name in ("identities", "question_types", "_encoded", "_keys"):
            setattr(fewer, name, [getattr(self, name)[k] for k in chosen])
        return fewer

    def pictures(self) -> tuple[Tensor, Tensor]:
        """All training pictures, (N, C, H, W), and the number of the person in each, (N,)."""
        pairs = [
            (self._pictures[key]["pixel_values"], number)
            for number, keys in enumerate(self._pictures_of.values())
            for key in keys
        ]
        return torch.cat([pixels for pixels, _ in pairs]), torch.tensor([number for _, number in pairs])

    def batches(self, batch_size: int, pad_token_id: int) -> list[dict[str, Tensor]]:
        """All rows in order with their own, unchanged pictures, in batches of `batch_size`."""
        starts = range(0, len(self), batch_size)
        return [
            collate([self.own(i) for i in range(s, min(s + batch_size, len(self)))], pad_token_id)
            for s in starts
        ]


@dataclass(frozen=True)
class Turn:
    """One row at its place in a run: `number` counts all rows the run meets, from 0."""

    number: int
    row: Encoded


class Collator:
    """Stacks the turns of one step into a batch and changes the pictures at random.

    Args:
        processor: the processor that encoded them.
        augmentation: None leaves the pictures alone.
        seed: the run's seed.
    """

    def __init__(self, processor: Any, augmentation: Augmentation | None = None, seed: int = 0) -> None:
        self.pad_token_id = pad_token_id(processor)
        self.augmentation = augmentation
        self.seed = seed
        self.mean, self.std = picture_statistics(processor)

    def __call__(self, turns: list[Turn]) -> dict[str, Tensor]:
        batch = collate([turn.row for turn in turns], self.pad_token_id)
        if self.augmentation is not None:
            if batch["pixel_values"].dim() != 4:
                raise RememError(
                    "This model's processor cuts pictures into pieces, which cannot be augmented here; "
                    "use --augment none."
                )
            draws = generator(self.seed, "augmentation", turns[0].number)
            batch["pixel_values"] = self.augmentation(batch["pixel_values"], self.mean, self.std, draws)
        return batch


def generator(seed: int, purpose: str, number: int) -> torch.Generator:
    """A random generator that belongs to (seed, purpose, number) alone."""
    key = np.random.SeedSequence([seed, number, *purpose.encode()])
    return torch.Generator().manual_seed(int(key.generate_state(1, np.uint64)[0] >> 1))


def shuffled(number: int, rows: int, seed: int) -> int:
    """Which of `rows` rows comes at place `number` of a run that shuffles them in every pass."""
    return _order(number // rows, rows, seed)[number % rows]


@functools.lru_cache(maxsize=4)
def _order(which: int, rows: int, seed: int) -> list[int]:
    return torch.randperm(rows, generator=generator(seed, "order", which)).tolist()


def pad_token_id(processor: Any) -> int:
    """The id that fills up shorter rows; any will do, since it is masked out."""
    tokenizer = processor.tokenizer
    return tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
