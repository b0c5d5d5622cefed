"""The files of a dataset folder, held against those of a repository."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from huggingface_hub.hf_api import RepoFile

from ..adopt.writing import ADOPTION
from ..croissant import CROISSANT_FILE
from ..examples import STRIP_FILE
from ..nullfigure import NULL_FILE
from ..registration import EVAL_FILE
from ..schema import MANIFEST
from ..source import open_source

#: The files beside the data.
DESCRIPTIONS = ("README.md", MANIFEST, CROISSANT_FILE, EVAL_FILE, STRIP_FILE, NULL_FILE, ADOPTION)


def is_dataset_file(path: str) -> bool:
    """Whether a path of a repository belongs to the dataset; a licence or `.gitattributes` does not."""
    return path in DESCRIPTIONS or path.startswith("data/")


@dataclass(frozen=True)
class Difference:
    """What a repository would have to change.

    Attributes:
        send: paths that it lacks or has otherwise.
        remove: dataset files that it has and the folder has not.
    """

    send: list[str]
    remove: list[str]

    def __bool__(self) -> bool:
        return bool(self.send or self.remove)


class Contents:
    """The files of a dataset folder that go to the Hub: those that the manifest lists and their descriptions.

    Args:
        folder: a dataset folder.

    Attributes:
        folder: the same.
        manifest: content of `remem.json`.
        files: path in the repository -> path here.
        left_out: other files of the folder, which stay here.

    Raises:
        RememError: no dataset folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = open_source(folder).manifest
        names = [name for name in DESCRIPTIONS if (folder / name).is_file()]
        self.files = {name: folder / name for name in [*names, *self.manifest["files"]]}
        every = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        self.left_out = sorted(name for name in every if name not in self.files)

    @property
    def fingerprint(self) -> str:
        """The content's fingerprint over text and pixels."""
        return self.manifest["fingerprint"]["all"]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for path in self.files.values())

    def differences(self, remote: Iterable[RepoFile]) -> Difference:
        """What a repository with these files would have to change to hold exactly this dataset."""
        there = {file.path: file for file in remote}
        send = [name for name, path in self.files.items() if not _same(path, there.get(name))]
        return Difference(send, sorted(n for n in there if is_dataset_file(n) and n not in self.files))


def _same(path: Path, remote: RepoFile | None) -> bool:
    if remote is None or remote.size != path.stat().st_size:
        return False
    if remote.lfs is not None:
        return _sha256(path) == remote.lfs.sha256
    return _git_oid(path) == remote.blob_id


@cache
def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _git_oid(path: Path) -> str:
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
