"""From a folder of submissions to what the leaderboard shows: a pure function of the files."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..errors import RememError
from ..submission.reading import read_submission
from ..submission.validation import printable
from ..submission.versions import VERSIONS_FILE, Versions, read_versions
from .entry import Entry, entry_of

#: Files that are looked at; a folder that holds more is not a folder of submissions.
MOST_FILES = 200_000
#: From so many files on, more processes than one read them.
MANY = 500


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
        apart: (entry, why it is not ranked): on other versions, or without a passed gate.
        refused: files that are no valid submission.
        superseded: number of submissions left out because a newer one has the same model, method, forget
            level and dataset version.
        samples: whether everything is made up.
    """

    versions: Versions
    ranked: tuple[Entry, ...]
    apart: tuple[tuple[Entry, str], ...]
    refused: tuple[Refusal, ...]
    superseded: int
    samples: bool

    @property
    def entries(self) -> list[Entry]:
        """All that are shown, ranked ones first."""
        return [*self.ranked, *(entry for entry, _ in self.apart)]


def _no_progress(found: Iterable[Entry | Refusal], total: int) -> Iterable[Entry | Refusal]:
    return found


def collect(
    folder: Path,
    progress: Callable[[Iterable[Entry | Refusal], int], Iterable[Entry | Refusal]] = _no_progress,
) -> Board:
    """Read every submission of a folder; one that is not valid stops none of the others.

    Args:
        folder: `versions.json`, and `<org>__<model>/<run>.json` for each submission.
        progress: wraps what is read, and is told how many files there are.

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
    files = sorted(_files(folder))
    found = list(progress(_judge_all(folder, files, versions), len(files)))
    valid = [entry for entry in found if isinstance(entry, Entry)]
    refused = [refusal for refusal in found if isinstance(refusal, Refusal)]
    newest = _newest(valid)
    samples = bool(newest) and all(entry.sample for entry in newest)
    judged = [(entry, entry.why_apart(versions, samples)) for entry in newest]
    ranked = [entry for entry, why in judged if not why]
    apart = [(entry, why) for entry, why in judged if why]
    return Board(
        versions=versions,
        ranked=tuple(sorted(ranked, key=lambda entry: (-entry.figures.score.value, entry.file))),
        apart=tuple(sorted(apart, key=lambda pair: (pair[1], pair[0].file))),
        refused=tuple(refused),
        superseded=len(valid) - len(newest),
        samples=samples,
    )


def _judge_all(folder: Path, files: list[str], versions: Versions) -> Iterator[Entry | Refusal]:
    """Judge every file, in order; many of them on all cores."""
    judge = partial(_judge, folder, versions)
    if len(files) < MANY:
        yield from map(judge, files)
        return
    # Not forked: the progress bar's thread may hold a lock.
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as workers:
        yield from workers.map(judge, files, chunksize=50)


def _judge(folder: Path, versions: Versions, file: str) -> Entry | Refusal:
    try:
        return _read(folder, file, versions)
    except RememError as error:
        shown = printable(file, 200)
        # Where the folder lies on this machine is nobody's business.
        reason = str(error).replace(f"{folder}/", "").removeprefix(f"{shown}: ")
        return Refusal(shown, printable(reason, 400))


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


def _read(folder: Path, file: str, versions: Versions) -> Entry:
    path, shown = folder / file, printable(file, 200)
    if path.is_symlink() or not path.is_file():
        raise RememError(f"{shown}: it is a link or no file; submissions are plain files.")
    found = read_submission(path, versions, shown)
    wanted = found.model.replace("/", "__")
    if file.split("/")[0] != wanted:
        raise RememError(
            f"{shown}: the field 'model' is {found.model!r}, whose submissions belong into the folder "
            f"{wanted}."
        )
    return entry_of(file, found)


def _newest(valid: list[Entry]) -> list[Entry]:
    """The newest submission of each model, method, forget level and dataset version."""
    kept: dict[tuple[str, ...], Entry] = {}
    for entry in sorted(valid, key=lambda entry: (entry.submitted, entry.file)):
        kept[entry.model.lower(), entry.method.lower(), entry.forget, entry.revision] = entry
    return sorted(kept.values(), key=lambda entry: entry.file)
