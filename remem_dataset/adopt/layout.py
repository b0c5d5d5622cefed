"""Which file of a published folder holds which split, in the shapes that such folders come in."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from ..errors import RememError

#: Splits of the published layout; the forget splits are "forget1", "forget2" …
FINETUNE, RETAIN, TEST = "finetune", "retain", "test"
NEEDED = (FINETUNE, RETAIN, TEST)

SUFFIXES = (".parquet", ".arrow", ".json", ".jsonl")
#: Files that `datasets` and others write beside the rows.
_NOT_ROWS = {"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "croissant.json"}
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")


def find_splits(folder: Path) -> dict[str, list[Path]]:
    """Split -> its files: by the README's `configs` if they name files, else by names of files and folders.

    `train` is the default split of many tools, and stands for `finetune` where no other name is given.

    Args:
        folder: the published folder.

    Returns:
        `finetune`, `retain`, `test`, then the forget splits in the order of their numbers.

    Raises:
        RememError: a split is missing or a file belongs to two.
    """
    files = _by_readme(folder) or _by_names(folder)
    forget = sorted((name for name in files if name not in NEEDED), key=forget_number)
    missing = [name for name in NEEDED if name not in files] + ([] if forget else ["forget1"])
    if missing:
        found = ", ".join(files) or "none"
        raise RememError(
            f"{folder} has no split {missing[0]} (found: {found}); it must hold finetune, retain, test and "
            "forget1 … as Parquet, Arrow, JSON or JSON-lines files named after their split, config or folder."
        )
    return {name: sorted(files[name]) for name in (*NEEDED, *forget)}


def split_name(name: str) -> str | None:
    """The published split that a file, folder, config or split of that name is; None for any other name."""
    name = name.lower()
    if re.fullmatch(r"fine[-_ ]?tun(e|ing)", name):
        return FINETUNE
    if name in (RETAIN, TEST):
        return name
    found = re.fullmatch(r"forget[-_ ]?(\d{1,4})", name)
    return f"forget{int(found[1])}" if found else None


def forget_number(name: str) -> int:
    """The number of a forget split."""
    return int(name.removeprefix("forget"))


def is_inside(name: str) -> bool:
    """Whether a path from outside is relative and stays in its folder."""
    path = PurePosixPath(name.replace("\\", "/"))
    return not (path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name))


def front_matter(folder: Path) -> dict[str, Any]:
    """The YAML in front of a folder's README; {} if there is none.

    Raises:
        RememError: it cannot be read.
    """
    path = folder / "README.md"
    if not path.is_file():
        return {}
    try:
        found = re.match(r"---\s*\n(.*?)\n---\s*(\n|$)", path.read_text(encoding="utf-8"), re.DOTALL)
        value = yaml.safe_load(found[1]) if found else {}
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise RememError(f"Cannot read {path}: {str(error).splitlines()[0]}.") from None
    return value if isinstance(value, dict) else {}


def _by_readme(folder: Path) -> dict[str, list[Path]]:
    files: dict[str, list[Path]] = {}
    configs = front_matter(folder).get("configs")
    for config in configs if isinstance(configs, list) else []:
        if not isinstance(config, dict):
            continue
        entries = config.get("data_files") or []
        if isinstance(entries, str) or (
            isinstance(entries, list) and entries and isinstance(entries[0], str)
        ):
            entries = [{"split": "train", "path": entries}]
        for entry in entries if isinstance(entries, list) else []:
            if not isinstance(entry, dict):
                continue
            names = (str(entry.get("split", "train")), str(config.get("config_name", "default")))
            split = _one_split(names, f"config {names[1]} of {folder / 'README.md'}")
            patterns = entry.get("path") or []
            for pattern in [patterns] if isinstance(patterns, str) else patterns:
                if not is_inside(str(pattern)):
                    raise RememError(
                        f"{folder / 'README.md'} names the data file {pattern}, which leads out of "
                        "the folder; paths must stay inside."
                    )
                found = [path for path in folder.glob(str(pattern)) if path.suffix.lower() in SUFFIXES]
                if split:
                    files.setdefault(split, []).extend(p for p in found if p not in files.get(split, []))
    return {name: paths for name, paths in files.items() if paths}


def _by_names(folder: Path) -> dict[str, list[Path]]:
    files: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in inner.parts)
        if hidden or path.name in _NOT_ROWS or path.suffix.lower() not in SUFFIXES or not path.is_file():
            continue
        names = (_SHARD.sub("", path.stem), *reversed(inner.parts[:-1]))
        split = _one_split(names, str(path))
        if split:
            files.setdefault(split, []).append(path)
    return files


def _one_split(names: tuple[str, ...], where: str) -> str | None:
    found = list(dict.fromkeys(split for name in names if (split := split_name(name))))
    if len(found) > 1:
        raise RememError(
            f"{where} is named after two splits, {found[0]} and {found[1]}; name it after one of them."
        )
    if found:
        return found[0]
    return FINETUNE if "train" in (name.lower() for name in names) else None
