"""Damaged copies of a dataset folder, and descriptions made to agree with the damage."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from remem_dataset.features import FEATURES
from remem_dataset.fingerprint import file_digest, fingerprint_files


def copy_of(folder: Path, to: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(folder, to))


def edit_rows(folder: Path, part: str, change: Callable[[list[dict[str, Any]]], Any]) -> None:
    """Rewrite the rows of one file, named by its beginning ("finetune/rank1")."""
    (path,) = folder.glob(f"data/{part}-*.parquet")
    rows = pq.read_table(path).to_pylist()
    changed = change(rows)
    schema = FEATURES[part.split("/")[0]].arrow_schema
    pq.write_table(pa.Table.from_pylist(rows if changed is None else changed, schema=schema), path)


def edit_json(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a JSON file in place."""
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def mend(folder: Path, counts: bool = False) -> None:
    """Make digests, fingerprints and descriptions agree with the files, as somebody who knows them would.

    Args:
        folder: the damaged copy.
        counts: whether the numbers of rows too.
    """
    files: dict[tuple[str, str], list[Path]] = {}
    rows: dict[str, dict[str, int]] = {}
    manifest = json.loads((folder / "remem.json").read_text())
    for name in manifest["files"]:
        path = folder / name
        config, part = re.fullmatch(r"data/(\w+)/(\w+)-\d+-of-\d+\.parquet", name).groups()
        split = "train" if config == "finetune" else part
        files.setdefault((config, split), []).append(path)
        number = pq.ParquetFile(path).metadata.num_rows
        rows.setdefault(config, {})[split] = rows.get(config, {}).get(split, 0) + number
        manifest["files"][name] = file_digest(path)
    before = manifest["fingerprint"]["all"]
    with contextlib.suppress(OSError):  # pictures that cannot be decoded have none
        manifest["fingerprint"] = fingerprint_files(files)
    if counts:
        manifest["counts"].update(rows)
    (folder / "remem.json").write_text(json.dumps(manifest))
    card = folder / "README.md"
    card.write_text(card.read_text().replace(before, manifest["fingerprint"]["all"]))

    def restate(value: dict[str, Any]) -> None:
        for entry in value["distribution"]:
            if entry["@type"] == "cr:FileObject":
                entry["sha256"] = hashlib.sha256((folder / entry["contentUrl"]).read_bytes()).hexdigest()

    edit_json(folder / "croissant.json", restate)
