"""A published dataset to a folder: downloaded beside its place, checked, then put there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from huggingface_hub import HfApi

from ..errors import RememError
from ..fingerprint import Fingerprint, file_digest, read_parquet_rows
from ..schema import FINETUNE, MANIFEST, TRAIN
from ..source import check_manifest, open_source
from .contents import DESCRIPTIONS
from .errors import clear_errors, patiently
from .reading import read_small_json


@dataclass(frozen=True)
class Fetched:
    """What was fetched.

    Attributes:
        commit: the commit it is of.
        fingerprint: of the content.
        was_there: whether the folder held it already.
    """

    commit: str
    fingerprint: str
    was_there: bool


def fetch(
    api: HfApi,
    repo: str,
    revision: str,
    out: Path,
    *,
    pixels: bool = True,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Fetched:
    """Download a version, check its fingerprint, and put it at `out`.

    A download that was interrupted goes on where it was.

    Args:
        api: the Hub's client.
        repo: "<org>/<name>".
        revision: tag, branch or commit.
        out: the folder; it must not exist, or hold this very dataset.
        pixels: also recompute the fingerprint of the pixels.
        progress: called with files checked and files in all.

    Raises:
        RememError: no such version, no permission, no network, a damaged dataset, or `out` is taken.
    """
    with clear_errors(repo, revision=revision):
        commit = patiently(lambda: api.repo_info(repo, repo_type="dataset", revision=revision)).sha
        if _taken(out):
            return _already_there(api, repo, commit, out, pixels, progress)
        names = [*DESCRIPTIONS, *_manifest(api, repo, commit)["files"]]
        work = out.parent / f".{out.name}.fetching-{commit[:12]}"
        for other in out.parent.glob(f".{out.name}.fetching-*"):
            if other != work:
                shutil.rmtree(other, ignore_errors=True)
        try:
            work.mkdir(parents=True, exist_ok=True)
            patiently(
                lambda: api.snapshot_download(
                    repo,
                    repo_type="dataset",
                    revision=commit,
                    local_dir=work,
                    allow_patterns=names,
                )
            )
            try:
                fingerprint = check_content(work, f"{repo} at {revision}", pixels=pixels, progress=progress)
            except RememError:
                shutil.rmtree(work, ignore_errors=True)
                raise
            shutil.rmtree(work / ".cache", ignore_errors=True)
            if out.exists():
                out.rmdir()
            work.rename(out)
        except OSError as error:
            if not type(error).__module__.startswith("builtins"):
                raise  # huggingface_hub's errors are OSErrors too
            where = error.filename or out
            raise RememError(f"Cannot write {where}: {error.strerror or error}.") from None
    return Fetched(commit, fingerprint, was_there=False)


def _manifest(api: HfApi, repo: str, commit: str) -> dict[str, Any]:
    path = patiently(lambda: api.hf_hub_download(repo, MANIFEST, repo_type="dataset", revision=commit))
    manifest = read_small_json(Path(path), f"manifest of {repo}")
    check_manifest(manifest, repo)
    return manifest


def _taken(out: Path) -> bool:
    return out.exists() and not (out.is_dir() and not any(out.iterdir()))


def _already_there(
    api: HfApi, repo: str, commit: str, out: Path, pixels: bool, progress: Callable[[int, int], None]
) -> Fetched:
    """Accept a folder that holds what was asked for; anything else is left alone."""
    here = open_source(out).manifest["files"] if (out / MANIFEST).is_file() else None
    if here != _manifest(api, repo, commit)["files"]:
        raise RememError(
            f"{out} exists and is not {repo} at {commit[:12]}; move it away or choose another --out."
        )
    return Fetched(commit, check_content(out, str(out), pixels=pixels, progress=progress), was_there=True)


def check_content(
    folder: Path,
    name: str,
    *,
    pixels: bool = True,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> str:
    """Hold a folder's rows against the fingerprint in its manifest.

    Args:
        folder: a dataset folder.
        name: what to call it in an error.
        pixels: also the pixels; False takes the text and the digests of the files.
        progress: called with files checked and files in all.

    Returns:
        The fingerprint of text and pixels that the manifest states.

    Raises:
        RememError: a file is missing or another, or the rows have another fingerprint.
    """
    manifest = open_source(folder).manifest
    fingerprint, files = Fingerprint(pixels=pixels), manifest["files"]
    for done, (file, digest) in enumerate(files.items()):
        progress(done, len(files))
        path = folder / file
        if not path.is_file() or file_digest(path) != digest:
            raise RememError(f"{name} is damaged: {file} is not the file that its manifest names.")
        try:
            _add_rows(fingerprint, file, path)
        except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
            raise RememError(f"{name} is damaged: {file} cannot be read ({type(error).__name__}).") from None
    progress(len(files), len(files))
    found: dict[str, Any] = fingerprint.result()
    for kind, value in found.items():
        if manifest["fingerprint"][kind] != value:
            raise RememError(
                f"{name} is damaged: the fingerprint of its {kind} is {value}, and its manifest says "
                f"{manifest['fingerprint'][kind]}."
            )
    return manifest["fingerprint"]["all"]


def _add_rows(fingerprint: Fingerprint, file: str, path: Path) -> None:
    """Take the rows of data/<config>/<part>-00000-of-00001.parquet."""
    _, config, name = file.split("/")
    split = TRAIN if config == FINETUNE else name.rsplit("-", 3)[0]
    for row in read_parquet_rows(path):
        fingerprint.add(config, split, row)
