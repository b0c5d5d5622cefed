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
    plain = profiles.remove_columns("image")
    order = sorted(range(len(plain)), key=lambda i: plain[i]["forget_rank"])[:people]
    chosen = [plain[i]["identity_id"] for i in order]
    splits = source.load(EVAL)
    pictures = {role: _first_views(splits[role], set(chosen), views) for role in (SEEN, UNSEEN)}
    return [
        Portraits(
            identity_id=plain[i]["identity_id"],
            name=plain[i]["name"],
            forget_rank=plain[i]["forget_rank"],
            anchor=profiles[i]["image"].convert("RGB"),
            seen=tuple(pictures[SEEN].get(plain[i]["identity_id"], ())),
            unseen=tuple(pictures[UNSEEN].get(plain[i]["identity_id"], ())),
        )
        for i in order
    ]


def count_people(source: Source) -> int:
    """How many people a dataset has."""
    return source.load(PROFILES)[PEOPLE].num_rows


def _first_views(split, identities: set[str], views: int) -> dict[str, list[Image.Image]]:
    found: dict[str, dict[str, int]] = {identity: {} for identity in identities}
    keys = split.select_columns(["identity_id", "view_id"])
    for number, row in enumerate(keys):
        own = found.get(row["identity_id"])
        if own is not None and len(own) < views:
            own.setdefault(row["view_id"], number)
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
