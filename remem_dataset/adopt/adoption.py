"""From a published folder or Hub repository to a dataset folder of ours, in one rename."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from ..errors import RememError
from ..schema import MANIFEST
from .identities import identify
from .layout import find_splits, front_matter
from .pictures import PictureStore
from .reading import read_splits
from .report import build_report, published_as
from .rows import PLACES, make_rows
from .writing import level_names, write_folder

#: Largest share of rows of nobody known.
MAX_UNKNOWN = 0.02


def adopt_dataset(
    source: str, out: Path, *, revision: str | None = None, max_unknown: float = MAX_UNKNOWN
) -> dict[str, Any]:
    """Read data in the published layout and write it as a dataset folder of ours.

    Args:
        source: a folder, or a Hub id "<org>/<repo>".
        out: the folder to write; must not exist or be empty.
        revision: Hub tag or commit; a folder has none.
        max_unknown: largest share of rows whose person may stay unknown; these rows are dropped.

    Returns:
        What `adoption.json` says.

    Raises:
        RememError: not the published layout, too many rows of nobody known, or `out` cannot be written.
    """
    if not 0 <= max_unknown < 1:
        raise RememError(f"--max-unknown is {max_unknown}; it must lie in [0, 1).")
    out = Path(out)
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise RememError(f"{out} exists already; move it away or name another folder.")
    folder, commit = _find(source, revision)
    if (folder / MANIFEST).is_file():
        raise RememError(f"{source} is a ReMem dataset of this project already; it can be used as it is.")
    if out.resolve().is_relative_to(folder.resolve()):
        raise RememError(f"{out} lies inside {source}; name a folder outside.")
    work = out.resolve().parent / f".{out.resolve().name}.adopting"
    try:
        shutil.rmtree(work, ignore_errors=True)
        (work / "pictures").mkdir(parents=True)
        report = _adopt(folder, work, source=source, commit=commit, out=out, max_unknown=max_unknown)
        (work / "folder").rename(out.resolve())
    except OSError as error:
        where = error.filename or out
        raise RememError(f"Cannot write {where}: {error.strerror or error}; run the command again.") from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return report


def _adopt(
    folder: Path, work: Path, *, source: str, commit: str | None, out: Path, max_unknown: float
) -> dict[str, Any]:
    blobs = folder.parent.parent / "blobs" if commit else None  # where the Hub cache's links lead
    splits = read_splits(folder, find_splits(folder), PictureStore(folder, work / "pictures", blobs))
    who = identify(splits)
    rows = [row for split in PLACES for row in splits[split]]
    lost = [row for row in rows if row not in who.found]
    if len(lost) > max_unknown * len(rows):
        raise RememError(
            f"The person of {len(lost)} of the {len(rows)} rows is unknown, the first is {lost[0].where}; "
            f"a share of {max_unknown:g} may be (--max-unknown)."
        )
    ours = make_rows(splits, who)
    # Of a folder no more than its name: where it lay on this machine is nobody's business.
    name = source if commit else folder.resolve().name
    origin = {"source": name, "revision": commit, "license": _licence(folder)}
    report = {**origin, "folder": out.name, **build_report(splits, who, ours)}
    levels = level_names(who)
    report["published_as"] = published_as([*levels, *(config for config, _ in ours.rows)], levels, who)
    (work / "folder").mkdir()
    write_folder(work / "folder", ours, who, origin, report)
    return report


def _find(source: str, revision: str | None) -> tuple[Path, str | None]:
    """The folder to read, and the Hub commit that it is of."""
    folder = Path(source)
    if folder.is_dir():
        if revision is not None:
            raise RememError(f"{source} is a folder, which has no revision; leave --revision out.")
        return folder, None
    missing = (
        f"There is no published data at {source}: it is neither a folder here nor a reachable Hub "
        "repository <org>/<repo>"
    )
    if not re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", source):
        raise RememError(f"{missing}.")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        path = Path(snapshot_download(source, repo_type="dataset", revision=revision))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise RememError(f"{missing} ({type(error).__name__}).") from None
    return path, path.name  # …/snapshots/<commit>


def _licence(folder: Path) -> str:
    """What the published card states."""
    licence = front_matter(folder).get("license")
    return licence if isinstance(licence, str) and re.fullmatch(r"[\w.+-]{1,60}", licence) else "unknown"
