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
            RememError: the dataset has no such config, or a file of the folder is not the one
                that was packed.
        """
        known = [*self.configs, *self.manifest["forget_levels"]]
        if config not in known:
            raise RememError(f"{self.name} has no config {config!r}; it has {', '.join(known)}.")
        from datasets import load_dataset

        if not self.is_local:
            return load_dataset(self.name, config, revision=self.revision)
        folder = Path(self.name).resolve()
        source = config if config in SPLITS else FINETUNE
        for name, digest in self.manifest["files"].items():
            if name.startswith(f"data/{source}/"):
                _check_file(folder / name, digest)
        return load_dataset(str(folder), config)


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
    _check_manifest(manifest, name)
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
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise RememError(f"{missing}.")
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        path = hf_hub_download(name, MANIFEST, repo_type="dataset", revision=revision)
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise RememError(f"{missing} ({type(error).__name__}).") from None
    # …/snapshots/<commit>/remem.json
    return read_json_object(Path(path), "manifest"), Path(path).parent.name


def _check_manifest(manifest: dict[str, Any], name: str) -> None:
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
