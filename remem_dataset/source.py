"""Opening a built dataset, be it a folder or a Hub repository."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from .errors import RememError
from .files import read_json_object
from .fingerprint import file_digest
from .schema import FINETUNE, MANIFEST, SCHEMA_VERSION, SPLITS


@dataclass(frozen=True)
class Source:
    """A dataset that was found and whose schema this code reads.

    Attributes:
        name: folder or Hub id, as given.
        revision: the Hub commit that the manifest came from; None for a folder.
        manifest: content of `remem.json`.
    """

    name: str
    revision: str | None
    manifest: dict[str, Any]

    @property
    def is_local(self) -> bool:
        """Whether the data lies in a folder of this machine."""
        return Path(self.name).is_dir()

    @property
    def fingerprint(self) -> str:
        """The content's fingerprint over text and pixels."""
        return self.manifest["fingerprint"]["all"]

    @property
    def configs(self) -> list[str]:
        """The fixed configs that this dataset has rows of; one of an earlier schema lacks the later ones."""
        counts = self.manifest.get("counts")
        if not isinstance(counts, dict):
            return list(SPLITS)
        # `load_dataset` cannot load what has no rows: a build without pictures of several people, say.
        sizes = {name: size for name, size in counts.items() if isinstance(size, dict)}
        return [name for name in SPLITS if any(sizes.get(name, {}).values())]

    def forget_count(self, forget: str | None = None) -> int:
        """Number of identities in a forget set: rows with `forget_rank` up to it are to be forgotten.

        Args:
            forget: config name such as "forget10"; None takes the dataset's default level.

        Raises:
            RememError: the dataset has no such forget set.
        """
        levels = self.manifest["forget_levels"]
        forget = forget or self.manifest["default_forget"]
        if forget not in levels:
            raise RememError(f"{self.name} has no forget set {forget!r}; it has {', '.join(levels)}.")
        return levels[forget]

    def load(self, config: str):
        """Load one config with `datasets.load_dataset`.

        Args:
            config: a fixed config (`schema.SPLITS`) or a forget config of this dataset.

        Returns:
            A `datasets.DatasetDict`.

        Raises:
            RememError: the dataset has no such config, a file is not the one that was packed, or the Hub
                does not give it.
        """
        known = [*self.configs, *self.manifest["forget_levels"]]
        if config not in known:
            raise RememError(f"{self.name} has no config {config!r}; it has {', '.join(known)}.")
        from datasets import load_dataset

        files = self.manifest["files"]
        if self.is_local:
            folder = Path(self.name).resolve()
            source = config if config in SPLITS else FINETUNE
            names, splits = [name for name in files if name.startswith(f"data/{source}/")], None
        else:
            from .hub.reading import CARD, card_splits, hub_files

            listed = card_splits(hub_files(self.name, self.revision, [CARD]), config, files)
            names = [name for listing in listed.values() for name in listing]
            folder = hub_files(self.name, self.revision, [CARD, *names])
            splits = {split: [str(folder / name) for name in listing] for split, listing in listed.items()}
        for name in names:
            _check_file(folder / name, files[name])
        # Only the config's own files are in the cache: `data_files` keeps the others from being looked for.
        return load_dataset(str(folder), config, data_files=splits)


def load(
    config: str,
    source: str | Path = "remem",
    revision: str | None = None,
    *,
    fingerprint: str | None = None,
):
    """Load one config of a dataset, the very rows that were published under a revision.

    A Hub dataset is pinned to the commit that the revision means, its files are held against the digests in
    its manifest, and what was loaded once is there offline too.

    Args:
        config: such as "finetune", "forget10", "eval".
        source: a built folder, or a Hub id "<org>/<name>".
        revision: Hub tag, branch or commit; a folder has none.
        fingerprint: the content's fingerprint that is expected, as results and `remem versions` state it.

    Returns:
        A `datasets.DatasetDict`.

    Raises:
        RememError: no such dataset, revision or config, a damaged file, or another fingerprint.
    """
    if revision is not None and Path(source).is_dir():
        raise RememError(f"{source} is a folder, which has no revision; leave the revision out.")
    opened = open_source(source, revision)
    if fingerprint is not None and opened.fingerprint != fingerprint:
        raise RememError(
            f"{source} has the fingerprint {opened.fingerprint}, not {fingerprint}; name another revision."
        )
    return opened.load(config)


def open_source(name: str | Path = "remem", revision: str | None = None) -> Source:
    """Find a dataset and check that this code reads its schema.

    Args:
        name: a built folder, or a Hub id "<org>/<repo>".
        revision: Hub tag or commit; a folder has none.

    Raises:
        RememError: nothing there, not a ReMem dataset, or another schema version.
    """
    name = str(name)
    folder = Path(name)
    if folder.is_dir():
        if not (folder / MANIFEST).is_file():
            raise RememError(f"The folder {name} is not a ReMem dataset: it has no {MANIFEST}.")
        manifest = read_json_object(folder / MANIFEST, "manifest")
        revision = None
    else:
        manifest, revision = _hub_manifest(name, revision)
    check_manifest(manifest, name)
    return Source(name=name, revision=revision, manifest=manifest)


def _check_file(path: Path, digest: str) -> None:
    """A results file names the dataset's fingerprint; the rows must be those that it was taken of."""
    try:
        state = path.stat()
    except OSError:
        raise RememError(f"The dataset lacks {path}; build or download it again.") from None
    if _digest_of_state(path, state.st_mtime_ns, state.st_size) != digest:
        raise RememError(f"{path} is not the file that was packed; build or download the dataset again.")


@lru_cache(maxsize=1024)
def _digest_of_state(path: Path, mtime: int, size: int) -> str:
    return file_digest(path)


def _hub_manifest(name: str, revision: str | None) -> tuple[dict[str, Any], str]:
    """The manifest of a Hub repository, and the commit it is from: rows must come from the same one."""
    missing = (
        f"There is no dataset {name}: it is neither a folder here nor a reachable Hub repository; "
        "build one with `python -m generation --preset tiny --out remem`, or name <org>/<repo>"
    )
    from .hub.names import is_repo
    from .hub.reading import hub_manifest

    if not is_repo(name):
        raise RememError(f"{missing}.")
    return hub_manifest(name, revision)


def check_manifest(manifest: dict[str, Any], name: str) -> None:
    """Refuse a manifest that this code cannot read.

    Args:
        manifest: content of `remem.json`.
        name: the dataset, for the error.

    Raises:
        RememError: another schema version, or damaged.
    """
    version = manifest.get("schema_version")
    if not isinstance(version, str):
        raise RememError(f"The manifest of {name} has no schema_version; it is not a ReMem dataset.")
    if version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        raise RememError(
            f"The dataset {name} has schema version {version}, but this code reads {SCHEMA_VERSION}; "
            "build it again or install the matching remem-bench."
        )
    levels, fingerprint = manifest.get("forget_levels"), manifest.get("fingerprint")
    if (
        not isinstance(levels, dict)
        or not all(type(v) is int and v > 0 for v in levels.values())
        or manifest.get("default_forget") not in levels
        or not isinstance(fingerprint, dict)
        or not all(isinstance(fingerprint.get(k), str) for k in ("text", "pixels", "all"))
        or not _is_file_table(manifest.get("files"))
    ):
        raise RememError(
            f"The manifest of {name} is damaged: forget_levels, default_forget, fingerprint and "
            "files must be there."
        )


def _is_file_table(files: Any) -> bool:
    return isinstance(files, dict) and all(
        isinstance(digest, str) and ".." not in name.split("/") for name, digest in files.items()
    )
