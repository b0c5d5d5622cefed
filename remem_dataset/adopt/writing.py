"""The adopted dataset on disk: Parquet, manifest, card, and what is doubtful about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
from datasets.arrow_writer import ParquetWriter

from .. import __version__
from ..builder import ROW_GROUP, ROW_GROUP_BYTES
from ..features import FEATURES
from ..files import write_json, write_text
from ..fingerprint import file_digest, fingerprint_files
from ..schema import FINETUNE, FORGET, MANIFEST, RETAIN, SCHEMA_VERSION, TRAIN, forget_config
from .card import render_card
from .identities import Identified
from .rows import OurRows

ADOPTION = "adoption.json"
#: Encoded picture bytes of one Parquet file.
MAX_SHARD = 400_000_000
#: Text of a row, with its candidates, takes no more than this.
_TEXT_BYTES = 30_000

Shard = tuple[list[Path], datasets.splits.SplitInfo]


def level_names(who: Identified) -> dict[str, int]:
    """Forget config -> number of people: "forget05" where that is a whole percentage, else as published."""
    people = len(who.people)
    named = {
        forget_config(100 * count // people) if 100 * count % people == 0 else split: count
        for split, count in who.forget_sizes.items()
    }
    return named if len(named) == len(who.forget_sizes) else dict(who.forget_sizes)


def write_folder(
    folder: Path, ours: OurRows, who: Identified, origin: dict[str, Any], report: dict[str, Any]
) -> dict[str, Any]:
    """Write everything into `folder`.

    Args:
        folder: a new folder.
        ours: the rows.
        who: the people and the sizes of the forget sets.
        origin: where the data came from, for manifest and card.
        report: how people were found, for `adoption.json` and card.

    Returns:
        The manifest.
    """
    levels = level_names(who)
    shards = {
        config: {
            split: _write(folder / "data" / config, split, rows, config)
            for split, rows in _shards(config, levels, ours)
        }
        for config in dict.fromkeys(config for config, _ in ours.rows)
    }
    members = _members(levels, shards)
    files = {
        (config, split): _files(shards, config, names)
        for config, splits in members.items()
        if config in shards
        for split, names in splits.items()
    }
    infos = {config: _info(config, splits, shards) for config, splits in members.items()}
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "version": __version__,
        "adopted": origin,
        "forget_levels": levels,
        "default_forget": forget_config(10) if forget_config(10) in levels else next(iter(levels)),
        "counts": {
            config: {split: info.num_examples for split, info in infos[config].splits.items()}
            for config in infos
        },
        "fingerprint": fingerprint_files(files),
        "files": {
            path.relative_to(folder).as_posix(): file_digest(path)
            for path in sorted(path for paths in files.values() for path in paths)
        },
    }
    data_files = {
        config: [
            {
                "split": split,
                "path": [path.relative_to(folder).as_posix() for path in _files(shards, config, names)],
            }
            for split, names in splits.items()
        ]
        for config, splits in members.items()
    }
    write_json(folder / MANIFEST, manifest)
    write_json(folder / ADOPTION, report)
    write_text(folder / "README.md", render_card(manifest, infos, data_files, report))
    return manifest


def _shards(config: str, levels: dict[str, int], ours: OurRows) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Shard -> rows; fine-tuning rows are cut at every forget level, so that none is stored twice."""
    for (name, split), rows in ours.rows.items():
        if name == FINETUNE == config:
            low = 0
            for number, high in enumerate([*levels.values(), None], 1):
                yield (
                    "rest" if high is None else f"rank{number}",
                    [
                        row
                        for row in rows
                        if low < row["forget_rank"] and (high is None or row["forget_rank"] <= high)
                    ],
                )
                low = high
        elif name == config:
            yield split, rows


def _members(levels: dict[str, int], shards: dict[str, dict[str, Shard]]) -> dict[str, dict[str, list[str]]]:
    """Config -> split -> shards."""
    parts = list(shards[FINETUNE])
    members = {FINETUNE: {TRAIN: parts}}
    for number, level in enumerate(levels, 1):
        members[level] = {FORGET: parts[:number], RETAIN: parts[number:]}
    members.update(
        {name: {split: [split] for split in by} for name, by in shards.items() if name != FINETUNE}
    )
    return members


def _files(shards: dict[str, dict[str, Shard]], config: str, names: list[str]) -> list[Path]:
    by_shard = shards[config if config in shards else FINETUNE]
    return [path for name in names for path in by_shard[name][0]]


def _info(
    config: str, splits: dict[str, list[str]], shards: dict[str, dict[str, Shard]]
) -> datasets.DatasetInfo:
    source = config if config in shards else FINETUNE
    info = datasets.DatasetInfo(features=FEATURES[source], splits=datasets.SplitDict())
    for split, names in splits.items():
        parts = [shards[source][name][1] for name in names]
        info.splits[split] = datasets.splits.SplitInfo(
            name=split,
            num_bytes=sum(part.num_bytes for part in parts),
            num_examples=sum(part.num_examples for part in parts),
        )
    paths = [path for names in splits.values() for path in _files(shards, config, names)]
    info.download_size = sum(path.stat().st_size for path in paths)
    info.dataset_size = sum(split.num_bytes for split in info.splits.values())
    return info


def _write(target: Path, shard: str, rows: list[dict[str, Any]], config: str) -> Shard:
    """One shard as one file or, if its pictures are many, several."""
    parts: list[list[dict[str, Any]]] = [[]]
    size = 0
    for row in rows:
        size += row["image"].size
        if parts[-1] and size > MAX_SHARD:
            parts.append([])
            size = row["image"].size
        parts[-1].append(row)
    target.mkdir(parents=True, exist_ok=True)
    largest = max((row["image"].size for row in rows), default=0)
    group = max(1, min(ROW_GROUP, ROW_GROUP_BYTES // (largest + _TEXT_BYTES)))
    paths, examples, size = [], 0, 0
    for number, part in enumerate(parts):
        paths.append(target / f"{shard}-{number:05d}-of-{len(parts):05d}.parquet")
        writer = ParquetWriter(features=FEATURES[config], path=str(paths[-1]), writer_batch_size=group)
        for row in part:
            picture = row["image"].encoded(f"{row['identity_id']}-{row['image'].digest[:12]}")
            writer.write(FEATURES[config].encode_example({**row, "image": picture}))
        written = writer.finalize()
        examples, size = examples + written[0], size + written[1]
        writer.close()
    return paths, datasets.splits.SplitInfo(name=shard, num_bytes=size, num_examples=examples)
