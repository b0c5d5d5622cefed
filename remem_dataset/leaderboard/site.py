"""`site/`: the page, the table as Parquet, and the card that makes a Hub static Space of them."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import pyarrow as pa
import pyarrow.parquet as pq

from .. import __version__
from ..errors import RememError
from ..results.gate import EXACT_MATCH_REQUIRED, EXPOSURE_SHARE_REQUIRED
from ..results.writable import check_writable
from .build import Board
from .packing import page_data, script_json, table_rows

PAGE, TABLE, CARD = "index.html", "leaderboard.parquet", "README.md"

#: The page's script, in the order in which its parts are laid one after the other.
SCRIPTS = ("data.js", "dom.js", "plot.js", "table.js", "detail.js", "main.js")

#: Rows that a browser without scripts shows.
WITHOUT_SCRIPT = 50
#: Refused files that the page lists.
REFUSED_SHOWN = 100

_SCHEMA = pa.schema(
    [
        ("rank", pa.int32()),
        *((name, pa.string()) for name in ("model", "base_model", "method", "forget", "dataset")),
        *((name, pa.string()) for name in ("dataset_version", "gate", "apart")),
        *(
            (column, pa.float64())
            for name in ("score", "erasure", "retention", "language", "unseen", "leakage")
            for column in (name, f"{name}_half_95")
        ),
        ("recomputed", pa.bool_()),
        ("sample", pa.bool_()),
        ("submitted", pa.timestamp("s", tz="UTC")),
        ("file", pa.string()),
    ]
)


def build_site(board: Board, out: Path, *, results_repo: str | None = None) -> list[Path]:
    """Write the site; a reader never meets half a file, and other files of the folder stay.

    Args:
        board: what to show.
        out: the folder; made if it is not there.
        results_repo: where the submissions lie on the Hub; None takes the dataset's name with "-results".

    Returns:
        The files.

    Raises:
        RememError: the folder cannot be written.
    """
    if out.exists() and not out.is_dir():
        raise RememError(f"Cannot write the site {out}: it is a file; name a folder.")
    check_writable(out, what="the site")
    repo = results_repo or f"{board.versions.repo}-results"
    contents = {
        TABLE: render_table(board),
        CARD: _template("README.md.j2").render(board=board, repo=repo).encode("utf-8"),
        PAGE: render_page(board, repo).encode("utf-8"),
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        # All is written before anything is replaced; the page, which people open, comes last.
        with tempfile.TemporaryDirectory(dir=out, prefix=".site.") as temporary:
            for name, content in contents.items():
                (Path(temporary) / name).write_bytes(content)
            for name in contents:
                os.replace(Path(temporary) / name, out / name)
    except OSError as error:
        raise RememError(f"Cannot write the site {out}: {error.strerror or error}.") from None
    return [out / name for name in contents]


def render_table(board: Board) -> bytes:
    """`leaderboard.parquet`: every row that is shown, ranked ones first."""
    rows = list(table_rows(board))
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA), sink, compression="zstd")
    return sink.getvalue()


def render_page(board: Board, results_repo: str) -> str:
    """`index.html`: one file that asks the network for nothing. Every value is escaped.

    Args:
        board: what to show.
        results_repo: where the submissions lie on the Hub.
    """
    script = _script()
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode()
    data = {**page_data(board), "dataset": board.versions.repo, "results": results_repo}
    return _template("index.html.j2").render(
        board=board,
        results_repo=results_repo,
        updated=max((entry.submitted for entry in board.entries), default=None),
        best=_best(board),
        without_script=board.ranked[:WITHOUT_SCRIPT],
        refused=board.refused[:REFUSED_SHOWN],
        required={"exact_match": EXACT_MATCH_REQUIRED, "exposure_share": EXPOSURE_SHARE_REQUIRED},
        style=_text("board.css"),
        script=script,
        script_digest=digest,
        data=script_json(data),
        version=__version__,
    )


def _best(board: Board) -> dict[str, Any]:
    """Forget level -> (its best entry, number of ranked ones)."""
    found: dict[str, list[Any]] = {}
    for entry in board.ranked:
        found.setdefault(entry.forget, [entry, 0])[1] += 1
    return dict(sorted(found.items()))


def _script() -> str:
    parts = "\n".join(_text(name) for name in SCRIPTS)
    return f"(() => {{\n'use strict';\n{parts}}})();\n"


def _text(name: str) -> str:
    return files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("remem_dataset.leaderboard", "templates"),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _template(name: str) -> jinja2.Template:
    return _environment().get_template(name)
