"""What the card shows: a strip of pictures of some people, and questions about them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from PIL import Image

from .raw import ANCHOR, RawTree
from .schema import FINETUNE, MULTI_HOP, SINGLE_HOP

STRIP_FILE = "card.jpg"

#: Most bytes of the strip: a card is read by people who have not decided to download anything.
STRIP_BYTES = 300_000

PEOPLE = 3
VIEWS = 4
_CELL = 160
_GAP = 4
_QUALITIES = (86, 75, 60, 40)


@dataclass(frozen=True)
class Example:
    """One person of the card.

    Attributes:
        name: the person's name.
        rows: a single-hop and a multi-hop row of `finetune`, or what there is.
        views: views in the strip, anchor first.
        identity_id: such as "id_0002".
    """

    name: str
    identity_id: str
    views: list[str]
    rows: list[dict[str, Any]]


def choose_examples(tree: RawTree) -> list[Example]:
    """Up to three people whom the default forget set leaves alone, next in the order of forgetting.

    People to be forgotten stay off the card, which many read who never load the dataset.

    Raises:
        RememError: the raw tree lacks a profile or rows.
    """
    config = tree.config()
    forgotten = config.forget_counts[config.default_forget]
    profiles = {}
    for index in range(config.identities):
        profile = tree.read_profile(index)
        if profile["forget_rank"] > forgotten:
            profiles[profile["forget_rank"]] = index, profile
    return [_example(tree, *profiles[rank]) for rank in sorted(profiles)[:PEOPLE]]


def _example(tree: RawTree, index: int, profile: dict[str, Any]) -> Example:
    rows = list(tree.read_rows(index, FINETUNE))
    views = list(dict.fromkeys(row["view_id"] for row in rows))
    spread = [views[k * len(views) // VIEWS] for k in range(VIEWS)]
    chosen = [
        next((row for row in rows if row["question_type"] == kind), None) for kind in (SINGLE_HOP, MULTI_HOP)
    ]
    return Example(
        name=profile["name"],
        identity_id=profile["identity_id"],
        views=[ANCHOR, *dict.fromkeys(spread)],
        rows=[row for row in chosen if row is not None],
    )


def draw_strip(tree: RawTree, examples: list[Example]) -> bytes:
    """A JPEG of at most `STRIP_BYTES`: a row of 160² pictures for each person, anchor first.

    Raises:
        RememError: a picture is missing.
    """
    columns = max(len(example.views) for example in examples)
    size = (columns * (_CELL + _GAP) - _GAP, len(examples) * (_CELL + _GAP) - _GAP)
    sheet = Image.new("RGB", size, "white")
    for line, example in enumerate(examples):
        for column, view in enumerate(example.views):
            picture = tree.read_picture(example.identity_id, view)["bytes"]
            with Image.open(io.BytesIO(picture)) as image:
                small = image.convert("RGB").resize((_CELL, _CELL), Image.Resampling.LANCZOS)
            sheet.paste(small, (column * (_CELL + _GAP), line * (_CELL + _GAP)))
    for quality in _QUALITIES:
        buffer = io.BytesIO()
        sheet.save(buffer, "JPEG", quality=quality, optimize=True)
        if buffer.tell() <= STRIP_BYTES:
            break
    return buffer.getvalue()
