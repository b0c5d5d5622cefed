"""`report.html`: one file that needs nothing else, written whole or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import jinja2

from .. import __version__
from ..errors import RememError
from ..files import write_text
from ..results.writable import check_writable
from .chart import HEIGHT, LEFT, RIGHT, WIDTH, exposure_panels
from .content import Report
from .people import count_people, load_portraits, people_cards
from .tables import (
    attribute_table,
    exposure_summary,
    leakage_table,
    metric_tables,
    multi_image_table,
    scene_table,
)

#: People shown at most; a page of two hundred would be a catalogue, not a report.
PEOPLE_SHOWN = 20


def render_page(report: Report) -> str:
    """The page as HTML. Every value is escaped: names and figures may come from a stranger's files."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("remem_dataset.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    identities = count_people(report.source)
    views = 4 if identities <= 6 else 3 if identities <= 12 else 2
    forget_count = report.source.forget_count(report.vanilla.forget)
    portraits = load_portraits(report.source, people=PEOPLE_SHOWN, views=views)
    return environment.get_template("report.html.j2").render(
        report=report,
        metrics={table.title: table for table in metric_tables(report)},
        exposure_summary=exposure_summary(report),
        probes=[leakage_table(report), multi_image_table(report), scene_table(report)],
        attributes=attribute_table(report),
        panels=exposure_panels(report),
        plot={"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": WIDTH - RIGHT},
        people=people_cards(portraits, forget_count=forget_count),
        identities=identities,
        forget_count=forget_count,
        version=__version__,
        dates={role: _day(run.date) for role, run in report.runs.items()},
    )


def check_out(out: str | Path) -> Path:
    """Refuse a file that the report cannot be written to.

    Raises:
        RememError: `out` is a folder, or lies where nothing can be written.
    """
    out = Path(out)
    try:
        folder = out.is_dir()
    except OSError as error:
        raise RememError(f"Cannot write the report {out}: {error.strerror or error}.") from None
    if folder:
        raise RememError(f"The report's file {out} is a folder; name a file such as {out}/report.html.")
    check_writable(out.parent, what="the report")
    return out


def write_page(report: Report, out: str | Path) -> Path:
    """Render the report and write it.

    Raises:
        RememError: `out` is a folder or cannot be written.
    """
    out = check_out(out)
    page = render_page(report)
    try:
        write_text(out, page)
    except OSError as error:
        raise RememError(f"Cannot write the report {out}: {error.strerror or error}.") from None
    return out


def _day(seconds: float | None) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC") if seconds else "–"
    except (OverflowError, ValueError, OSError):
        return "–"
