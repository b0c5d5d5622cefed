"""The people of a dataset as pictures: who they are, seen views, unseen views."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

from PIL import Image

from ..schema import EVAL, PEOPLE, PROFILES, SEEN, UNSEEN
from ..source import Source

#: Encoded bytes that the pictures of one page may take together.
PICTURE_BUDGET = 300_000
#: Side in pixels and JPEG quality, tried in this order until the pictures fit the budget.
_STEPS = ((160, 86), (128, 84), (112, 80), (96, 76), (80, 70), (64, 60), (48, 50))


@dataclass(frozen=True)
class Portraits:
    """One person's pictures.

    Attributes:
        identity_id: such as "id_0001".
        name: the person's name.
        forget_rank: 1-based order in which identities enter the forget set.
        anchor: the anchor portrait.
        seen: views from the templates that training uses.
        unseen: views from held-out templates.
    """

    identity_id: str
    name: str
    forget_rank: int
    anchor: Image.Image
    seen: tuple[Image.Image, ...]
    unseen: tuple[Image.Image, ...]


def load_portraits(source: Source, *, people: int = 20, views: int = 4) -> list[Portraits]:
    """Read the first people by forget rank, with their first distinct views of each split.

    Args:
        source: an opened dataset.
        people: at most this many people.
        views: at most this many seen and this many unseen views of each.

    Returns:
        Sorted by forget rank; only the chosen pictures are decoded.
    """
    profiles = source.load(PROFILES)[PEOPLE]
    ranks = profiles["forget_rank"][:]
    order = sorted(range(len(ranks)), key=ranks.__getitem__)[:people]
    chosen = profiles.select(order)
    splits = source.load(EVAL)
    pictures = {
        role: _first_views(splits[role], set(chosen["identity_id"]), views) for role in (SEEN, UNSEEN)
    }
    return [
        Portraits(
            identity_id=row["identity_id"],
            name=row["name"],
            forget_rank=row["forget_rank"],
            anchor=row["image"].convert("RGB"),
            seen=tuple(pictures[SEEN][row["identity_id"]]),
            unseen=tuple(pictures[UNSEEN][row["identity_id"]]),
        )
        for row in chosen
    ]


def count_people(source: Source) -> int:
    """How many people a dataset has."""
    return source.load(PROFILES)[PEOPLE].num_rows


def _first_views(split, identities: set[str], views: int) -> dict[str, list[Image.Image]]:
    found: dict[str, dict[str, int]] = {identity: {} for identity in identities}
    keys = split.select_columns(["identity_id", "view_id"])
    wanting = {identity for identity in identities if views}
    for number, row in enumerate(keys):
        # Shards come in forget order, so the first people are complete long before the last row.
        if not wanting:
            break
        if row["identity_id"] in wanting:
            own = found[row["identity_id"]]
            own.setdefault(row["view_id"], number)
            if len(own) == views:
                wanting.remove(row["identity_id"])
    return {
        identity: [split[number]["image"].convert("RGB") for number in own.values()]
        for identity, own in found.items()
    }


@dataclass(frozen=True)
class Card:
    """One person's card on the page; pictures are data URIs."""

    name: str
    identity_id: str
    in_forget_set: bool
    anchor: str
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def people_cards(portraits: list[Portraits], *, forget_count: int) -> list[Card]:
    """Encode the pictures as JPEG data URIs, as large as `PICTURE_BUDGET` lets them all be."""
    for side, quality in _STEPS:
        encoded = [
            (
                _jpeg(person.anchor, side=side * 3 // 2, quality=quality),
                [_jpeg(picture, side=side, quality=quality) for picture in person.seen],
                [_jpeg(picture, side=side, quality=quality) for picture in person.unseen],
            )
            for person in portraits
        ]
        size = sum(len(p) for anchor, seen, unseen in encoded for p in (anchor, *seen, *unseen))
        if size <= PICTURE_BUDGET:
            break
    return [
        Card(
            name=person.name,
            identity_id=person.identity_id,
            in_forget_set=person.forget_rank <= forget_count,
            anchor=_data_uri(anchor),
            rows=(("seen", tuple(map(_data_uri, seen))), ("unseen", tuple(map(_data_uri, unseen)))),
        )
        for person, (anchor, seen, unseen) in zip(portraits, encoded, strict=True)
    ]


def _jpeg(picture: Image.Image, *, side: int, quality: int) -> bytes:
    side = min(side, max(picture.size))
    buffer = io.BytesIO()
    picture.resize((side, side), Image.Resampling.LANCZOS).save(
        buffer, "JPEG", quality=quality, optimize=True
    )
    return buffer.getvalue()


def _data_uri(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")
