"""An adopted folder: it has no config, and its rows are as others wrote them, so fewer rules hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..files import read_json_object
from ..fingerprint import Fingerprint, file_digest
from ..schema import FINETUNE, FORGET, MANIFEST, PROFILES, RETAIN, SPLITS, TRAIN
from ..source import open_source
from .check import Verified, decodes, open_file, read_rows
from .folder import CARD, DataFile
from .problems import Problems, quoted


def is_adopted(root: Path) -> bool:
    """Whether a folder's manifest says that `remem adopt` wrote it."""
    if not (root / MANIFEST).is_file():
        return False
    manifest = read_json_object(root / MANIFEST, "manifest")
    # Built folders have a config: a word in their manifest must not exempt them from their rules.
    return "adopted" in manifest and "config" not in manifest


def verify_adopted(
    root: Path, *, pixels: bool, progress: Callable[[int, int], None]
) -> tuple[Problems, Verified]:
    """Check files, columns, counts, people and fingerprints.

    Args:
        root: the folder.
        pixels: also decode every picture and recompute the fingerprint of the pixels.
        progress: called with rows done and rows in all.

    Returns:
        What is wrong, and what was read.

    Raises:
        RememError: a manifest that is damaged or of another schema.
    """
    problems, manifest = Problems(), open_source(root).manifest
    files = {
        file: parquet
        for file in _files(root, manifest, problems)
        if (parquet := open_file(file, problems)) is not None
    }
    fingerprint, rows_of, ranks = Fingerprint(pixels=pixels), Counter(), Counter()
    people: dict[str, int] = {}
    total = sum(parquet.metadata.num_rows for parquet in files.values())
    for file, parquet in files.items():
        for where, row in read_rows(file, parquet, pixels, problems):
            rows_of[file.config, file.split] += 1
            ranks[row["forget_rank"]] += file.config == FINETUNE
            if file.config == PROFILES:
                people[row["identity_id"]] = row["forget_rank"]
            elif people.get(row["identity_id"]) != row["forget_rank"]:
                problems.add("rank", f"{where} has another forget_rank than the profile of its person.")
            if pixels and not decodes(row):
                problems.add("picture", f"{where} has a picture that cannot be decoded.")
                continue
            fingerprint.add(file.config, file.split, row)
            progress(fingerprint.rows, total)
    counts: dict[str, dict[str, int]] = {}
    for (config, split), rows in rows_of.items():
        counts.setdefault(config, {})[split] = rows
    for forget, number in manifest["forget_levels"].items():
        forgotten = sum(rows for rank, rows in ranks.items() if rank <= number)
        counts[forget] = {FORGET: forgotten, RETAIN: sum(ranks.values()) - forgotten}
    if counts != manifest.get("counts"):
        problems.add("counts", f"{root} has other numbers of rows ({quoted(counts)}) than {MANIFEST} says.")
    found = fingerprint.result()
    for name, digest in found.items():
        if fingerprint.rows == total and digest != manifest["fingerprint"][name]:
            problems.add(
                f"fingerprint {name}",
                f"The rows of {root} have the fingerprint {digest} ({name}), but {MANIFEST} says "
                f"{quoted(manifest['fingerprint'][name])}.",
            )
    card = root / CARD
    if not card.is_file() or manifest["fingerprint"]["all"].encode() not in card.read_bytes():
        problems.add("card", f"{card} is missing or does not state the fingerprint of {MANIFEST}.")
    return problems, Verified(counts, found, len(people), adopted=True)


def _files(root: Path, manifest: dict[str, Any], problems: Problems) -> list[DataFile]:
    """The data files, profiles first."""
    found = []
    for name, digest in manifest["files"].items():
        path, parts = root / name, name.split("/")
        if len(parts) != 3 or parts[0] != "data" or parts[1] not in SPLITS:
            problems.add("file name", f"{root / MANIFEST} lists {quoted(name)}, which names no data file.")
        elif not path.is_file():
            problems.add(f"missing {name}", f"{path} is missing, though {MANIFEST} lists it.")
        else:
            if file_digest(path) != digest:
                problems.add(f"digest {name}", f"{path} is not the file that {MANIFEST} lists.")
            part = TRAIN if parts[1] == FINETUNE else parts[2].split("-")[0]
            found.append(DataFile(name, path, parts[1], part))
    listed = set(manifest["files"])
    for path in sorted(root.glob("data/**/*")):
        if path.is_file() and path.relative_to(root).as_posix() not in listed:
            problems.add("extra file", f"{path} is not listed in {MANIFEST}.")
    return sorted(found, key=lambda file: (file.config != PROFILES, file.name))
