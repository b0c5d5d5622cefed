"""Contact sheets of a built dataset: people in seen views, people in held-out views, group pictures.

python -m generation sheet remem people.png
python -m generation sheet remem scenes.jpg --show scenes
"""

from __future__ import annotations

import enum
import io
import textwrap
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image, ImageDraw, ImageFont

from remem_dataset.errors import RememError
from remem_dataset.files import write_bytes
from remem_dataset.report.people import Portraits, load_portraits
from remem_dataset.schema import SCENES, SEEN, UNSEEN
from remem_dataset.source import Source, open_source

_GAP = 6
_LABEL = 20
_PAPER, _INK, _MUTED = (250, 250, 248), (28, 30, 33), (105, 112, 120)
_ASKED, _OTHER = (232, 138, 30), (120, 170, 210)
_FORMATS = {".png": ("PNG", {"optimize": True}), ".jpg": ("JPEG", {"quality": 82, "optimize": True})}


class Show(enum.StrEnum):
    """What a sheet shows."""

    PEOPLE = "people"
    UNSEEN = "unseen"
    SCENES = "scenes"


def make_sheet(
    source: str | Path | Source,
    out: str | Path,
    *,
    show: Show = Show.PEOPLE,
    people: int = 20,
    views: int = 8,
    cell: int = 128,
) -> Path:
    """Draw the pictures of a dataset as a table and write it.

    Args:
        source: dataset folder, Hub id or an opened source.
        out: the file to write, .png or .jpg.
        show: `PEOPLE` (a row for each: anchor, then seen views), `UNSEEN` (anchor, then unseen views) or
            `SCENES` (group pictures with the boxes of the faces and the question under each).
        people: at most this many people, in the order in which they enter the forget set.
        views: columns beside the anchor; for `SCENES`, columns.
        cell: side of a picture in pixels.

    Returns:
        The written file.

    Raises:
        RememError: no dataset there, a size out of range, a dataset without group pictures, or the file
            cannot be written.
    """
    for name, value, high in (("people", people, 1000), ("views", views, 100), ("cell", cell, 1024)):
        low = 16 if name == "cell" else 1
        if not low <= value <= high:
            raise RememError(f"{name} is {value}; it must lie between {low} and {high}.")
    out = Path(out)
    if out.suffix.lower() not in _FORMATS:
        raise RememError(f"The sheet {out} must end in .png or .jpg.")
    opened = source if isinstance(source, Source) else open_source(source)
    if show is Show.SCENES:
        sheet = draw_scenes(_group_pictures(opened, people), columns=views, cell=cell)
    else:
        portraits = load_portraits(opened, people=people, views=views)
        sheet = draw_people(portraits, cell=cell, unseen=show is Show.UNSEEN)
    kind, options = _FORMATS[out.suffix.lower()]
    buffer = io.BytesIO()
    sheet.save(buffer, kind, **options)
    write_bytes(out, buffer.getvalue())
    return out


def draw_people(portraits: list[Portraits], *, cell: int, unseen: bool = False) -> Image.Image:
    """One row for each person: name and forget rank above, the anchor left, then the views.

    Args:
        portraits: the people.
        cell: side of a picture in pixels.
        unseen: whether to show the unseen views instead of the seen ones.

    Returns:
        An RGB picture as wide as the person with the most views needs.
    """
    rows = [[p.anchor, *(p.unseen if unseen else p.seen)] for p in portraits]
    step = cell + _LABEL + _GAP
    width = max((len(row) for row in rows), default=1) * (cell + _GAP) + 2 * _GAP
    sheet = Image.new("RGB", (width, max(1, len(rows)) * step + _GAP), _PAPER)
    draw = ImageDraw.Draw(sheet)
    name_font, label_font = ImageFont.load_default(14), ImageFont.load_default(11)
    for number, (person, pictures) in enumerate(zip(portraits, rows, strict=True)):
        top = _GAP + number * step
        draw.text((_GAP, top), person.name, fill=_INK, font=name_font)
        offset = _GAP + draw.textlength(person.name, font=name_font) + 10
        what = "unseen" if unseen else "seen"
        detail = f"{person.identity_id}, forget rank {person.forget_rank}: anchor, then {what} views"
        draw.text((offset, top + 3), detail, fill=_MUTED, font=label_font)
        for column, picture in enumerate(pictures):
            # The anchor stands a little apart.
            x = _GAP + column * (cell + _GAP) + (_GAP if column else 0)
            sheet.paste(_square(picture, cell), (x, top + _LABEL))
    return sheet


def draw_scenes(scenes: list[dict], *, columns: int, cell: int) -> Image.Image:
    """Group pictures with a box around every face, the asked-about one in orange, and the question.

    Args:
        scenes: rows of the config `scenes`.
        columns: pictures side by side.
        cell: side of a picture in pixels.
    """
    font = ImageFont.load_default(12)
    lines, line_height = 5, 15
    step = cell + lines * line_height + 2 * _GAP
    height = -(-len(scenes) // columns) * step + _GAP
    sheet = Image.new("RGB", (min(columns, len(scenes)) * (cell + _GAP) + _GAP, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, row in enumerate(scenes):
        x = _GAP + number % columns * (cell + _GAP)
        y = _GAP + number // columns * step
        picture = row["image"].convert("RGB")
        scale = cell / picture.width
        sheet.paste(_square(picture, cell), (x, y))
        for face in row["faces"]:
            left, top, right, bottom = (scale * edge for edge in face["box"])
            asked = face["identity_id"] == row["identity_id"]
            # A face may be less than a pixel here; Pillow refuses a box that ends before it begins.
            box = (x + left, y + top, x + max(left, right - 1), y + max(top, bottom - 1))
            draw.rectangle(box, outline=_ASKED if asked else _OTHER, width=2 if asked else 1)
        letters = max(12, int(cell / 6.2))
        said = _caption(row["question"], row["answer"], letters, lines)
        for k, (line, ink) in enumerate(said):
            draw.text((x, y + cell + 3 + k * line_height), line, fill=ink, font=font)
    return sheet


def _caption(question: str, answer: str, letters: int, lines: int) -> list[tuple[str, tuple[int, int, int]]]:
    """Lines of a question in ink and of its answer in grey; of what is too long the question is shortened."""
    below = textwrap.wrap(answer, letters, max_lines=2, placeholder=" …")
    above = textwrap.wrap(question, letters, max_lines=lines - len(below), placeholder=" …")
    return [(line, _INK) for line in above] + [(line, _MUTED) for line in below]


def _group_pictures(source: Source, people: int) -> list[dict]:
    """One seen and one unseen group picture of each of the first people by forget rank."""
    if not source.manifest["counts"].get(SCENES, {}).get(SEEN):
        raise RememError(
            "This dataset has no group pictures; build one with --groups-per-identity 1 or more."
        )
    splits = source.load(SCENES)
    chosen = []
    for role in (SEEN, UNSEEN):
        first: dict[int, int] = {}
        for number, rank in enumerate(splits[role]["forget_rank"]):
            first.setdefault(rank, number)
        chosen += [(rank, role, number) for rank, number in first.items() if rank <= people]
    return [splits[role][number] for _, role, number in sorted(chosen)]


def _square(picture: Image.Image, side: int) -> Image.Image:
    return picture.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)


def sheet(
    data: Annotated[str, typer.Argument(help="The dataset: a built folder or a Hub id.")],
    out: Annotated[Path, typer.Argument(help="The PNG or JPEG to write.")],
    show: Annotated[Show, typer.Option(help="What the sheet shows.")] = Show.PEOPLE,
    people: Annotated[int, typer.Option(help="At most this many people.")] = 20,
    views: Annotated[int, typer.Option(help="Columns.")] = 8,
    cell: Annotated[int, typer.Option(help="Side of a picture in pixels.")] = 128,
) -> None:
    """Write a contact sheet of a dataset's pictures."""
    typer.echo(f"Wrote {make_sheet(data, out, show=show, people=people, views=views, cell=cell)}")
