"""Rules that a single row keeps, whatever the others say."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from PIL import Image

from ..builder import shard_of
from ..config import BenchmarkConfig
from ..schema import (
    COMPARISON,
    EXPOSURE,
    FINETUNE,
    GENERATED,
    MULTI_HOP,
    PROFILES,
    RECOGNITION,
    SEEN,
    SENTENCE,
    SINGLE_HOP,
    TRAIN,
    UNSEEN,
    VALUE,
)
from .folder import DataFile
from .people import People
from .problems import quoted

#: (kind, what is wrong and what is right); the caller says in which row.
Fault = tuple[str, str]

#: The kind of fault of a picture that cannot be decoded.
UNREADABLE = "picture"

_WORDS = {TRAIN: SEEN, SEEN: SEEN, UNSEEN: UNSEEN}


def lacks(value: Any) -> bool:
    """Whether a value of a row is null, or holds a null; a picture is left to those who decode it."""
    if isinstance(value, dict):
        return "bytes" not in value and lacks(list(value.values()))
    if isinstance(value, list):
        return None in value or any(lacks(item) for item in value if isinstance(item, list | dict))
    return value is None


def check_row(
    row: dict[str, Any], file: DataFile, config: BenchmarkConfig, people: People
) -> Iterator[Fault]:
    """Faults in the text of one row.

    Args:
        row: columns without pictures.
        file: where it stands.
        config: the dataset's config.
        people: who the people are.
    """
    owner = people.known.get(row["identity_id"])
    if owner is None:
        yield "identity", f"is about {quoted(row['identity_id'])}, who is not among the profiles"
        return
    if row["forget_rank"] != owner.forget_rank:
        yield "rank", f"has forget_rank {row['forget_rank']}, but the profile says {owner.forget_rank}"
    if file.config == PROFILES:
        return
    if not row["id"].startswith(f"{row['identity_id']}-"):
        yield "id", f"has an id that does not begin with {row['identity_id']}"
    if file.config == FINETUNE and shard_of(config, owner.forget_rank) != file.part:
        yield "shard", f"is of a person of the shard {shard_of(config, owner.forget_rank)}, not {file.part}"
    if row["answer_form"] not in (VALUE, SENTENCE):
        yield "form", f"has answer_form {quoted(row['answer_form'])}; it must be {VALUE} or {SENTENCE}"
    if row["question_type"] not in (SINGLE_HOP, MULTI_HOP):
        yield (
            "type",
            f"has question_type {quoted(row['question_type'])}; it must be {SINGLE_HOP} or {MULTI_HOP}",
        )
    if "answer" in row:
        yield from _check_question(row, file, owner.attributes)
    if file.config == EXPOSURE:
        yield from _check_candidates(row, config)
    for answer in row.get("wrong_answers", ()):
        if answer == owner.attributes.get(row["attribute"]):
            yield "wrong answer", f"lists the right answer {quoted(answer)} among its wrong_answers"


def _check_question(row: dict[str, Any], file: DataFile, attributes: dict[str, str]) -> Iterator[Fault]:
    if (row["question_type"] == SINGLE_HOP) != (row["hops"] == 1):
        yield "hops", f"is {row['question_type']} with {row['hops']} hops; single_hop has 1, multi_hop more"
    role = TRAIN if file.config == FINETUNE else file.part
    if row["split_role"] != role:
        yield "role", f"has split_role {quoted(row['split_role'])}; here it must be {role}"
    if row["template_id"] and f".{_WORDS[role]}." not in row["template_id"]:
        yield (
            "template",
            f"has the wording {quoted(row['template_id'])}; here it must be a .{_WORDS[role]}. one",
        )
    answer, question = row["answer"].casefold(), row["question"].casefold()
    if row["qa_category"] not in (COMPARISON, RECOGNITION) and answer in question:
        yield "told", f"has its answer {quoted(row['answer'])} in its own question"
    if not row["keywords"] or not all(word.casefold() in answer for word in row["keywords"]):
        yield "keywords", f"has keywords {quoted(row['keywords'])} that are not in its answer"
    value = attributes.get(row["attribute"])
    if value is not None and (
        row["answer"] != value if row["answer_form"] == VALUE else value not in row["answer"]
    ):
        yield (
            "value",
            f"answers {quoted(row['answer'])}, but the profile's {row['attribute']} is {quoted(value)}",
        )


def _check_candidates(row: dict[str, Any], config: BenchmarkConfig) -> Iterator[Fault]:
    for column in ("candidates", "other_values"):
        values = row[column]
        if row["answer"] in values:
            yield f"{column} gold", f"has its own answer {quoted(row['answer'])} among its {column}"
        if len(set(values)) < len(values):
            yield f"{column} twice", f"has a value twice among its {column}"
    wanted = min(config.candidates, row["candidate_space"] - 1)
    if row["candidate_pool"] == GENERATED and len(row["candidates"]) != wanted:
        yield (
            "candidate count",
            f"has {len(row['candidates'])} candidates; of {row['candidate_space']} values, not {wanted}",
        )


def check_pictures(row: dict[str, Any], size: int) -> Iterator[Fault]:
    """Faults in the pictures of one row, and in what it says of the faces in them.

    Args:
        row: with its pictures as Parquet holds them, {"bytes", "path"}.
        size: side that each picture must have.
    """
    pictures = [row["image"]] if "image" in row else row.get("images", [])
    for picture in pictures:
        try:
            with Image.open(io.BytesIO(picture["bytes"])) as image:
                kind, shape = image.format, image.size
                image.load()
        except (OSError, SyntaxError, ValueError, TypeError) as error:
            yield UNREADABLE, f"has a picture that cannot be decoded ({quoted(str(error))})"
            continue
        except Image.DecompressionBombError:
            yield UNREADABLE, f"has a picture of far more than {size}² pixels"
            continue
        if (kind, shape) != ("PNG", (size, size)):
            yield (
                "picture size",
                f"has a {kind} picture of {shape[0]}×{shape[1]}; it must be a PNG of {size}×{size}",
            )


def check_faces(row: dict[str, Any], size: int) -> Iterator[Fault]:
    """Faults in the boxes of one row's faces."""
    # One list of faces for each of several pictures, or the faces of the one.
    lists = [faces if isinstance(faces, list) else [faces] for faces in row["faces"]]
    shown = set()
    for faces in lists:
        for face in faces:
            shown.add(face["identity_id"])
            left, top, right, bottom = face["box"] if len(face["box"]) == 4 else (0, 0, 0, 0)
            if not (
                left < right and top < bottom and right > 0 and bottom > 0 and left < size and top < size
            ):
                yield "box", f"has a face in the box {face['box']}, which is not within {size}×{size}"
    if row["identity_id"] not in shown:
        yield "asked face", f"is about {row['identity_id']}, whose face is in none of its pictures"
