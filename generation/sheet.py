"""A contact sheet of a built dataset: one band for each person, seen views above unseen ones.

python -m generation.sheet remem people.png
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image, ImageDraw, ImageFont

from remem_dataset.errors import RememError, run_app
from remem_dataset.files import write_bytes
from remem_dataset.report.people import Portraits, load_portraits
from remem_dataset.source import Source, open_source

_GAP = 6
_LABEL = 18
_HEAD = 26
_PAPER, _INK, _MUTED = (250, 250, 248), (28, 30, 33), (105, 112, 120)


def make_sheet(
    source: str | Path | Source,
    out_png: str | Path,
    *,
    people: int = 20,
    views: int = 6,
    cell: int = 128,
) -> Path:
    """Draw the people of a dataset as a table of pictures and write it as PNG.

    Args:
        source: dataset folder, Hub id or an opened source.
        out_png: the file to write.
        people: at most this many people, in the order in which they enter the forget set.
        views: at most this many seen and this many unseen views of each.
        cell: side of a view in pixels; the anchor portrait takes both rows.

    Returns:
        The written file.

    Raises:
        RememError: no dataset there, a size out of range, or the file cannot be written.
    """
    for name, value, high in (("people", people, 1000), ("views", views, 100), ("cell", cell, 1024)):
        low = 16 if name == "cell" else 1
        if not low <= value <= high:
            raise RememError(f"{name} is {value}; it must lie between {low} and {high}.")
    opened = source if isinstance(source, Source) else open_source(source)
    buffer = io.BytesIO()
    draw_sheet(load_portraits(opened, people=people, views=views), cell=cell).save(
        buffer, "PNG", optimize=True
    )
    out_png = Path(out_png)
    try:
        write_bytes(out_png, buffer.getvalue())
    except OSError as error:
        raise RememError(f"Cannot write the sheet {out_png}: {error.strerror or error}.") from None
    return out_png


def draw_sheet(portraits: list[Portraits], *, cell: int) -> Image.Image:
    """Lay out the bands: name and forget rank above, the anchor left, seen and unseen views in two rows.

    Args:
        portraits: the people.
        cell: side of a view in pixels.

    Returns:
        An RGB picture as wide as the person with the most views needs.
    """
    columns = max((len(views) for p in portraits for views in (p.seen, p.unseen)), default=0)
    anchor = 2 * cell + _GAP + _LABEL
    band = _HEAD + 2 * (cell + _LABEL) + _GAP
    width = _GAP + anchor + _GAP + columns * (cell + _GAP) + _GAP
    sheet = Image.new("RGB", (width, max(1, len(portraits)) * (band + 2 * _GAP) + _GAP), _PAPER)
    draw = ImageDraw.Draw(sheet)
    name_font, label_font = ImageFont.load_default(17), ImageFont.load_default(12)
    for number, person in enumerate(portraits):
        top = _GAP + number * (band + 2 * _GAP)
        draw.text((_GAP, top), person.name, fill=_INK, font=name_font)
        detail = f"{person.identity_id}, forget rank {person.forget_rank}"
        offset = _GAP + draw.textlength(person.name, font=name_font) + 12
        draw.text((offset, top + 5), detail, fill=_MUTED, font=label_font)
        top += _HEAD
        sheet.paste(_square(person.anchor, anchor), (_GAP, top + _LABEL))
        draw.text((_GAP, top), "anchor", fill=_MUTED, font=label_font)
        for row, (label, pictures) in enumerate((("seen", person.seen), ("unseen", person.unseen))):
            y = top + row * (cell + _LABEL + _GAP)
            draw.text((2 * _GAP + anchor, y), label, fill=_MUTED, font=label_font)
            for column, picture in enumerate(pictures):
                x = 2 * _GAP + anchor + column * (cell + _GAP)
                sheet.paste(_square(picture, cell), (x, y + _LABEL))
    return sheet


def _square(picture: Image.Image, side: int) -> Image.Image:
    return picture.resize((side, side), Image.Resampling.LANCZOS)


def sheet(
    data: Annotated[str, typer.Argument(help="The dataset: a built folder or a Hub id.")],
    out: Annotated[Path, typer.Argument(help="The PNG to write.")],
    people: Annotated[int, typer.Option(help="At most this many people.")] = 20,
    views: Annotated[int, typer.Option(help="At most this many views in each row.")] = 6,
    cell: Annotated[int, typer.Option(help="Side of a view in pixels.")] = 128,
) -> None:
    """Write a contact sheet of a dataset's people."""
    typer.echo(f"Wrote {make_sheet(data, out, people=people, views=views, cell=cell)}")


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.command()(sheet)


def main() -> None:
    """Entry point of `python -m generation.sheet`."""
    run_app(app, "python -m generation.sheet")


if __name__ == "__main__":
    main()
