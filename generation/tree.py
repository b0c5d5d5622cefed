"""The raw tree of a build: begun, taken up again, thrown away, and locked while a build is at work in it."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from generation.presets import ASSETS
from generation.renderers import source_digest
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError
from remem_dataset.files import write_json
from remem_dataset.raw import RAW_MANIFEST, Origin, RawTree
from remem_dataset.schema import SCHEMA_VERSION

#: Name of the file in a raw tree that a build at work locks.
LOCK = ".lock"

#: Where the code and the assets lie that only say what is asked, and in which words.
_WORDS = (
    "assets/questions/",
    "generation/alternatives.py",
    "generation/candidates.py",
    "generation/multi_image.py",
    "generation/questions/",
    "generation/rows.py",
)

#: What decides nothing that is in a dataset of a given config: how a build is started, cut over processes and
#: told of, and what looks at it afterwards. A preset only gives a config its values.
_NEITHER = (
    "assets/presets/",
    "assets/recipes/",
    "generation/__main__.py",
    "generation/executors/",
    "generation/presets.py",
    "generation/progress.py",
    "generation/quality/command.py",
    "generation/quality/figures.py",
    "generation/quality/report.py",
    "generation/quality/survey.py",
    "generation/sheet.py",
    "generation/task.py",
)


@contextlib.contextmanager
def sole_builder(root: Path) -> Iterator[None]:
    """Keep other builds out of a raw tree and of what is packed from it, however long this one takes.

    The lock goes with the process, however that ends. Its file is the one thing that `open_tree` with
    `restart` leaves in place: a lock on a deleted file would keep nobody out.

    Args:
        root: the raw tree's folder; made if it is missing.

    Raises:
        RememError: the folder is not a raw tree or cannot be written, or another build is at work there.
    """
    with _locked(root, fcntl.LOCK_EX):
        for leftover in root.glob("**/.*.*"):  # temporary files of a build that was killed
            leftover.unlink(missing_ok=True)
        yield


@contextlib.contextmanager
def fellow_builder(root: Path) -> Iterator[None]:
    """Work in a raw tree beside other tasks of the same build, which each do other identities.

    Keeps any `sole_builder` out meanwhile. Args and errors as there.
    """
    with _locked(root, fcntl.LOCK_SH):
        yield


@contextlib.contextmanager
def _locked(root: Path, how: int) -> Iterator[None]:
    _check_is_raw(root)
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = (root / LOCK).open("a+")  # to be shared over NFS, a lock needs a file open for reading
    except OSError as error:
        raise RememError(f"Cannot write {root}: {error.strerror or error}.") from None
    with lock:
        try:
            fcntl.flock(lock, how | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RememError(f"Another build is at work in {root}; wait for it or end it.") from None
        yield


def _check_is_raw(root: Path) -> None:
    """Refuse a folder with anything else in it than a raw tree."""
    if not root.exists() or (root / RAW_MANIFEST).is_file():
        return
    if not root.is_dir() or any(path.name != LOCK for path in root.iterdir()):
        raise RememError(
            f"{root} exists and is not a raw tree of ReMem; move it away or choose another --out."
        )


def code_digests() -> tuple[str, str]:
    """Digests of what generates: the code and the assets behind people and pictures, and those behind words.

    Pictures of two versions must not mix in a tree; rows are written anew by every build, so that a changed
    wording costs no picture. What decides neither is in no digest: a dataset outlives a new preset or sheet.
    """
    pictures, words = hashlib.blake2b(digest_size=16), hashlib.blake2b(digest_size=16)
    root = ASSETS.parent
    for path in sorted([*root.glob("generation/**/*.py"), *root.glob("assets/**/*.*")]):
        name = path.relative_to(root).as_posix()
        if name.startswith(_NEITHER):
            continue
        whole = words if name.startswith(_WORDS) else pictures
        whole.update(name.encode() + b"\0" + path.read_bytes())
    return pictures.hexdigest(), words.hexdigest()


def origin_of(config: BenchmarkConfig, faces: Path | None = None) -> Origin:
    """What a build of this config by this code is made from.

    Args:
        config: the build's config.
        faces: folder of the user's own pictures, for the renderer that takes them.

    Raises:
        RememError: as `check_renderer`.
    """
    return Origin(*code_digests(), source_digest(config.renderer, faces, config.identities))


def open_tree(root: Path, config: BenchmarkConfig, origin: Origin, restart: bool = False) -> RawTree:
    """Begin a raw tree, or take up one that was begun with the same config.

    Args:
        root: its folder.
        config: the build's config.
        origin: what else it is made from; see `origin_of`.
        restart: throw away what an earlier build left; hold `sole_builder` then.

    Raises:
        RememError: the folder is not a raw tree, one of another config, one that other code began, or one of
            other pictures.
    """
    _check_is_raw(root)
    tree = RawTree(root)
    if restart:
        _clear(root)
    if (root / RAW_MANIFEST).is_file():
        there = tree.config().to_dict()
        for name, value in config.to_dict().items():
            if there[name] != value:
                raise RememError(
                    f"{root} was begun with {name} = {there[name]}, not {value}; "
                    "choose another --out or begin anew with --restart."
                )
        check_origin(tree, origin)
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "config": config.to_dict(),
        **dataclasses.asdict(origin),
    }
    write_json(root / RAW_MANIFEST, manifest)
    return tree


def check_origin(tree: RawTree, origin: Origin) -> None:
    """Refuse a tree that was begun from something else.

    Raises:
        RememError: other code began it, or it is one of other pictures.
    """
    if tree.origin().generator != origin.generator:
        raise RememError(
            f"{tree.root} was begun by another version of the code or the assets that draw; "
            "choose another --out or begin anew with --restart."
        )
    if tree.origin().faces != origin.faces:
        raise RememError(
            f"{tree.root} was begun with other pictures in --faces; choose another --out or begin anew with "
            "--restart."
        )


def _clear(root: Path) -> None:
    """Throw away a raw tree, its manifest last: without that, what is left would be nobody's."""
    if not root.is_dir():
        return
    rest = [path for path in root.iterdir() if path.name not in (LOCK, RAW_MANIFEST)]
    for path in rest:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (root / RAW_MANIFEST).unlink(missing_ok=True)
