"""The files of a dataset folder: those of the manifest, whole, and described alike by card and metadata."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..builder import shard_names
from ..config import BenchmarkConfig
from ..croissant import CROISSANT_FILE
from ..errors import RememError
from ..files import read_json_object
from ..fingerprint import file_digest
from ..registration import EVAL_FILE, render_registration
from ..schema import FINETUNE, FORGET, MANIFEST, RETAIN, SCHEMA_VERSION, SPLITS, TRAIN
from .problems import Problems, quoted

_DATA_FILE = re.compile(r"data/([a-z_]+)/([a-z0-9]+)-(\d{5})-of-(\d{5})\.parquet")

#: Descriptions larger than this are not read: those of the largest preset have a tenth of it.
_MOST_BYTES = 20_000_000

CARD = "README.md"


@dataclass(frozen=True)
class DataFile:
    """One Parquet file.

    Attributes:
        name: path in the folder, with slashes.
        path: where it lies.
        config: dataset config.
        part: split, or shard of `finetune`.
    """

    name: str
    path: Path
    config: str
    part: str

    @property
    def split(self) -> str:
        """The split as the fingerprint names it."""
        return TRAIN if self.config == FINETUNE else self.part


@dataclass(frozen=True)
class Folder:
    """A folder whose manifest could be read.

    Attributes:
        root: the folder.
        manifest: content of `remem.json`.
        config: the config it was built with.
        files: the data files that it should have, those that are missing left out.
    """

    root: Path
    manifest: dict[str, Any]
    config: BenchmarkConfig
    files: list[DataFile]


def read_folder(root: Path, problems: Problems) -> Folder:
    """Read the manifest and hold the files against it.

    Args:
        root: the folder.
        problems: takes what is wrong with the files.

    Raises:
        RememError: no manifest, or one without which nothing else can be judged.
    """
    path = root / MANIFEST
    if not root.is_dir():
        raise RememError(f"There is no dataset folder {root}.")
    if path.is_file() and path.stat().st_size > _MOST_BYTES:
        raise RememError(
            f"The manifest {path} has {path.stat().st_size} bytes; at most {_MOST_BYTES} are read."
        )
    manifest = read_json_object(path, "manifest")
    version = str(manifest.get("schema_version"))
    if version != SCHEMA_VERSION:
        raise RememError(
            f"The dataset {root} has schema version {quoted(version)}; this code verifies {SCHEMA_VERSION}."
        )
    for name, kind in (("config", dict), ("files", dict), ("counts", dict), ("fingerprint", dict)):
        if not isinstance(manifest.get(name), kind):
            raise RememError(f"The manifest {path} has no mapping {name!r}.")
    if not all(isinstance(splits, dict) for splits in manifest["counts"].values()):
        raise RememError(f"The manifest {path} must map each config in 'counts' to its splits.")
    config = BenchmarkConfig.from_dict(manifest["config"], where=f"{path}, config,")
    for name, value in (("forget_levels", config.forget_counts), ("default_forget", config.default_forget)):
        if manifest.get(name) != value:
            problems.add(
                f"manifest {name}",
                f"{path} says {name} = {quoted(manifest.get(name))}; by its config it is {quoted(value)}.",
            )
    return Folder(root, manifest, config, _data_files(root, manifest, config, problems))


def _data_files(
    root: Path, manifest: dict[str, Any], config: BenchmarkConfig, problems: Problems
) -> list[DataFile]:
    found = []
    for name, digest in manifest["files"].items():
        match = _DATA_FILE.fullmatch(name)
        parts = {FINETUNE: shard_names(config)}.get(match[1], SPLITS.get(match[1], ())) if match else ()
        if not match or match[2] not in parts:
            problems.add(
                "file name", f"{root / MANIFEST} lists {quoted(name)}, which names no data file of a config."
            )
            continue
        path = root / name
        if not path.is_file():
            problems.add(f"missing {name}", f"{path} is missing, though {MANIFEST} lists it.")
            continue
        if file_digest(path) != digest:
            problems.add(
                f"digest {name}",
                f"{path} is not the file that was packed: its digest is not the one in {MANIFEST}.",
            )
        found.append(DataFile(name, path, match[1], match[2]))
    listed = set(manifest["files"])
    for path in sorted(root.glob("data/**/*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and name not in listed:
            problems.add(
                "extra file", f"{path} is not listed in {MANIFEST}; it belongs to another dataset or to none."
            )
    return sorted(found, key=lambda file: file.name)


def check_descriptions(folder: Folder, problems: Problems) -> None:
    """Hold the card, `eval.yaml` and `croissant.json` against the manifest."""
    _check_card(folder, problems)
    registration = _read(folder.root / EVAL_FILE, problems)
    if registration is not None and registration != render_registration(folder.manifest):
        problems.add(
            EVAL_FILE, f"{folder.root / EVAL_FILE} does not list the tasks of this dataset as it should."
        )
    text = _read(folder.root / CROISSANT_FILE, problems)
    if text is not None:
        _check_croissant(folder, text, problems)


def _read(path: Path, problems: Problems) -> str | None:
    try:
        if path.stat().st_size <= _MOST_BYTES:
            return path.read_text(encoding="utf-8")
        problems.add(
            f"size {path.name}", f"{path} has {path.stat().st_size} bytes; at most {_MOST_BYTES} are read."
        )
    except FileNotFoundError:
        problems.add(f"missing {path.name}", f"{path} is missing.")
    except (OSError, UnicodeDecodeError) as error:
        problems.add(
            f"unreadable {path.name}", f"{path} cannot be read as UTF-8 text ({quoted(str(error))})."
        )
    return None


def _check_card(folder: Folder, problems: Problems) -> None:
    path = folder.root / CARD
    text = _read(path, problems)
    if text is None:
        return
    head = text.split("---", 2)
    try:
        stated = yaml.safe_load(head[1]) if len(head) == 3 and not head[0].strip() else None
        configs = {
            entry["config_name"]: {files["split"]: files["path"] for files in entry["data_files"]}
            for entry in stated["configs"]
        }
    except (yaml.YAMLError, ValueError, RecursionError, KeyError, TypeError):
        problems.add("card", f"{path} does not begin with YAML that lists the files of each config.")
        return
    for name, splits in expected_configs(folder).items():
        if configs.pop(name, None) != splits:
            problems.add(
                f"card {name}", f"{path} does not list the files of the config {name} as {MANIFEST} does."
            )
    for name in configs:
        problems.add("card extra", f"{path} lists a config {quoted(name)} that this dataset does not have.")
    if str(folder.manifest["fingerprint"].get("all")) not in head[1]:
        problems.add("card fingerprint", f"{path} does not state the fingerprint of {MANIFEST} in its YAML.")


def expected_configs(folder: Folder) -> dict[str, dict[str, list[str]]]:
    """Config -> split -> files, as a card must list them."""
    by_part: dict[tuple[str, str], list[str]] = {}
    for name in sorted(folder.manifest["files"]):
        match = _DATA_FILE.fullmatch(name)
        if match:
            by_part.setdefault((match[1], match[2]), []).append(name)
    shards = shard_names(folder.config)

    def of(names: list[str]) -> list[str]:
        return [file for shard in names for file in by_part.get((FINETUNE, shard), [])]

    configs = {FINETUNE: {TRAIN: of(shards)}}
    for level, forget in enumerate(folder.config.forget_counts, 1):
        configs[forget] = {FORGET: of(shards[:level]), RETAIN: of(shards[level:])}
    for name, splits in SPLITS.items():
        if name != FINETUNE and name in folder.manifest["counts"]:
            configs[name] = {split: by_part.get((name, split), []) for split in splits}
    return configs


def _check_croissant(folder: Folder, text: str, problems: Problems) -> None:
    path = folder.root / CROISSANT_FILE
    try:
        stated = {
            entry["contentUrl"]: entry["sha256"]
            for entry in json.loads(text)["distribution"]
            if entry["@type"] == "cr:FileObject"
        }
    except (ValueError, RecursionError, KeyError, TypeError):
        problems.add("croissant", f"{path} is no JSON that lists the data files with their SHA-256.")
        return
    if set(stated) != set(folder.manifest["files"]):
        problems.add("croissant files", f"{path} does not list the same data files as {MANIFEST}.")
    for file in folder.files:
        with file.path.open("rb") as content:
            if (
                file.name in stated
                and hashlib.file_digest(content, "sha256").hexdigest() != stated[file.name]
            ):
                problems.add(
                    "croissant digest", f"{path} states another SHA-256 of {file.name} than the file has."
                )
