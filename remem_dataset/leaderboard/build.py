"""From a folder of submissions to what the leaderboard shows: a pure function of the files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import RememError
from ..submission.document import FAILED, MISSING
from ..submission.reading import Submission, read_submission
from ..submission.validation import printable
from ..submission.versions import VERSIONS_FILE, Versions, read_versions
from .figures import Figures, figures_of

#: Files that are looked at; a folder that holds more is not a folder of submissions.
MOST_FILES = 200_000


@dataclass(frozen=True)
class Entry:
    """A submission that is shown.

    Attributes:
        submission: checked.
        file: its path in the folder.
        figures: what the table shows.
        apart: why it is not ranked; "" if it is.
    """

    submission: Submission
    file: str
    figures: Figures
    apart: str


@dataclass(frozen=True)
class Refusal:
    """A file that is not shown, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class Board:
    """What the leaderboard shows.

    Attributes:
        versions: published versions of the dataset; the newest one is ranked.
        ranked: best first, over all forget levels.
        apart: on other versions, or without a passed gate: never ranked.
        refused: files that are no valid submission.
        superseded: number of submissions left out because a newer one has the same model, method, forget
            level and dataset version.
        samples: whether everything that is ranked is made up.
    """

    versions: Versions
    ranked: tuple[Entry, ...]
    apart: tuple[Entry, ...]
    refused: tuple[Refusal, ...]
    superseded: int
    samples: bool


def collect(folder: Path, progress=lambda files: files) -> Board:
    """Read every submission of a folder; one that is not valid stops none of the others.

    Args:
        folder: `versions.json`, and `<org>__<model>/<run>.json` for each submission.
        progress: wraps the list of files, to show how far the reading is.

    Raises:
        RememError: no such folder, or no readable `versions.json`.
    """
    if not folder.is_dir():
        raise RememError(f"There is no folder of submissions {folder}.")
    if not (folder / VERSIONS_FILE).is_file():
        raise RememError(
            f"{folder} has no {VERSIONS_FILE}, which says what versions of the dataset there are; "
            f"`remem leaderboard versions <org>/<dataset> --out {folder / VERSIONS_FILE}` writes it."
        )
    versions = read_versions(folder / VERSIONS_FILE)
    valid: list[tuple[str, Submission]] = []
    refused = []
    for file in progress(sorted(_files(folder))):
        shown = printable(file, 200)
        try:
            valid.append((file, _read(folder, file, versions)))
        except RememError as error:
            # Where the folder lies on this machine is nobody's business.
            reason = str(error).replace(f"{folder}/", "").removeprefix(f"{shown}: ")
            refused.append(Refusal(shown, printable(reason, 400)))
    newest = _newest(valid)
    only_samples = all(submission.document.get("sample") for _, submission in newest)
    entries = [
        Entry(submission, file, figures_of(submission), _why_apart(submission, versions, only_samples))
        for file, submission in newest
    ]
    ranked = sorted((entry for entry in entries if not entry.apart), key=_rank)
    apart = sorted((entry for entry in entries if entry.apart), key=_order)
    return Board(
        versions=versions,
        ranked=tuple(ranked),
        apart=tuple(apart),
        refused=tuple(refused),
        superseded=len(valid) - len(newest),
        samples=bool(newest) and only_samples,
    )


def _files(folder: Path) -> Iterator[str]:
    """Paths of the JSON files one folder down; hidden ones, such as a download's cache, are left alone."""
    found = 0
    for model in _entries(folder):
        if model.name.startswith(".") or not model.is_dir(follow_symlinks=False):
            continue
        for entry in _entries(model.path):
            found += 1
            if found > MOST_FILES:
                raise RememError(f"{folder} holds over {MOST_FILES} files; name a folder of submissions.")
            if entry.name.endswith(".json") and not entry.name.startswith("."):
                yield f"{model.name}/{entry.name}"


def _entries(folder: str | Path) -> Iterable[os.DirEntry]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise RememError(f"Cannot look into {folder}: {error.strerror or error}.") from None


def _read(folder: Path, file: str, versions: Versions) -> Submission:
    path, shown = folder / file, printable(file, 200)
    if path.is_symlink() or not path.is_file():
        raise RememError(f"{shown}: it is a link or no file; submissions are plain files.")
    found = read_submission(path, versions, shown)
    owner = file.split("/")[0]
    if owner != found.model.replace("/", "__"):
        raise RememError(
            f"{shown}: the field 'model' is {found.model!r}, whose submissions belong into the folder "
            f"{found.model.replace('/', '__')}."
        )
    return found


def _newest(valid: list[tuple[str, Submission]]) -> list[tuple[str, Submission]]:
    """The newest submission of each model, method, forget level and dataset version."""
    kept: dict[tuple[str, ...], tuple[str, Submission]] = {}
    for file, found in sorted(valid, key=lambda pair: (pair[1].submitted, pair[0])):
        key = (found.model.lower(), found.method.lower(), found.forget, found.revision)
        kept[key] = (file, found)
    return sorted(kept.values(), key=lambda pair: pair[0])


def _why_apart(submission: Submission, versions: Versions, only_samples: bool) -> str:
    if submission.document.get("sample") and not only_samples:
        return "a made-up sample"
    if submission.revision != versions.current.tag:
        return f"measured on {submission.revision}; the current version is {versions.current.tag}"
    if submission.gate_status == MISSING:
        return "no run of the base model, so nobody knows whether it had memorised"
    if submission.gate_status == FAILED:
        return "the base model had not memorised, so there was nothing to forget"
    if submission.headline.percent is None:
        return submission.headline.reason or "it has no score"
    return ""


def _rank(entry: Entry) -> tuple[float, str]:
    return -entry.figures.score.value, entry.file


def _order(entry: Entry) -> tuple[str, str]:
    return entry.apart, entry.file
