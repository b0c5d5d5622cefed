"""From the raw tree to the dataset folder: Parquet shards, card, manifest."""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import datasets
from datasets.utils.logging import disable_progress_bar, enable_progress_bar, is_progress_bar_enabled

from . import __version__
from .builder import ReMem, rows_per_group, shard_names
from .card import render_card
from .config import BenchmarkConfig
from .croissant import CROISSANT_FILE, croissant_metadata
from .errors import RememError
from .examples import STRIP_FILE, choose_examples, draw_strip
from .files import read_json_object, write_bytes, write_json, write_text
from .fingerprint import file_digest, fingerprint_files
from .nullfigure import NULL_FILE, draw_null_test
from .nulltest import run_null_test
from .raw import Origin, RawTree
from .registration import EVAL_FILE, render_registration
from .schema import EXPOSURE, FINETUNE, FORGET, MANIFEST, RETAIN, SCHEMA_VERSION, SPLITS, TRAIN

MAX_SHARD = "400MB"

#: The null test of the card looks at so many people at most: more would only make it slower.
NULL_PEOPLE = 200


def check_target(out: Path, config: BenchmarkConfig, origin: Origin, restart: bool = False) -> None:
    """Refuse to write over what is not ours.

    Raises:
        RememError: `out` exists and is no dataset folder of ours, or one of another config or origin.
    """
    if not out.exists():
        return
    if not (out / MANIFEST).is_file():
        if out.is_dir() and not any(out.iterdir()):
            return
        raise RememError(f"{out} exists and is not a ReMem dataset; move it away or choose another --out.")
    if not restart and not is_current(out, config, origin):
        raise RememError(
            f"{out} holds a ReMem dataset of another config, version or source of faces; "
            "choose another --out or replace it with --restart."
        )


def is_current(out: Path, config: BenchmarkConfig, origin: Origin) -> bool:
    """Whether `out` is a finished dataset of exactly this config, made by this version from that origin."""
    if not (out / MANIFEST).is_file():
        return False
    manifest = read_json_object(out / MANIFEST, "manifest")
    return (
        manifest.get("config") == config.to_dict()
        and manifest.get("version") == __version__
        and manifest.get("schema_version") == SCHEMA_VERSION
        and all(manifest.get(name) == digest for name, digest in dataclasses.asdict(origin).items())
        and all((out / name).is_file() for name in manifest.get("files") or ["?"])
    )


def pack(tree: RawTree, out: Path) -> dict[str, Any]:
    """Write the dataset folder beside its place, then put it there in one rename.

    Args:
        tree: a complete raw tree.
        out: the dataset folder; an earlier one of ours is replaced.

    Returns:
        The manifest that was written to `remem.json`.

    Raises:
        RememError: the raw tree is incomplete or of another schema, or the disk is full.
    """
    config = tree.config()
    origin = tree.origin()
    # One name, so that what a killed packing left behind goes with the next.
    work = out.parent / f".{out.name}.packing"
    shutil.rmtree(work, ignore_errors=True)
    try:
        work.mkdir(parents=True)
        folder = work / "folder"
        shards = {name: _write_parquet(tree, name, work / "build" / name, folder) for name in SPLITS}
        files = {
            (name, TRAIN if name == FINETUNE else shard): paths
            for name, by_shard in shards.items()
            for shard, (paths, _) in by_shard.items()
            if name != FINETUNE
        }
        files[FINETUNE, TRAIN] = [path for paths, _ in shards[FINETUNE].values() for path in paths]
        infos = _infos(config, shards)
        manifest = {
            "schema_version": SCHEMA_VERSION,
            "version": __version__,
            "config": config.to_dict(),
            **dataclasses.asdict(origin),
            "forget_levels": config.forget_counts,
            "default_forget": config.default_forget,
            "counts": {
                name: {split: s.num_examples for split, s in info.splits.items()}
                for name, info in infos.items()
            },
            "fingerprint": fingerprint_files(files),
            "files": {
                path.relative_to(folder).as_posix(): file_digest(path)
                for path in sorted(path for paths in files.values() for path in paths)
            },
        }
        write_json(folder / MANIFEST, manifest)
        data_files = _data_files(config, shards, folder)
        examples = choose_examples(tree)
        if examples and not config.own_pictures:  # a card is public even where access to the rows is not
            write_bytes(folder / STRIP_FILE, draw_strip(tree, examples))
        null_test = run_null_test(_some_exposure_rows(tree), config.seed)
        write_bytes(folder / NULL_FILE, draw_null_test(null_test))
        write_text(folder / "README.md", render_card(tree, manifest, infos, data_files, examples, null_test))
        write_text(folder / EVAL_FILE, render_registration(manifest))
        metadata = croissant_metadata(folder, manifest, infos, data_files, config.own_pictures)
        write_json(folder / CROISSANT_FILE, metadata)
        _replace(folder, out)
    except OSError as error:
        where = error.filename or out
        raise RememError(f"Cannot write {where}: {error.strerror or error}; run the command again.") from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return manifest


Shards = dict[str, tuple[list[Path], datasets.splits.SplitInfo]]


def _write_parquet(tree: RawTree, name: str, build: Path, folder: Path) -> Shards:
    """Run the builder for one config and file its Parquet under data/<config>/."""
    builder = ReMem(
        config_name=name,
        raw_dir=str(tree.root),
        cache_dir=str(build / "cache"),
        writer_batch_size=rows_per_group(tree.config(), name),
    )
    with _quiet_datasets():
        try:
            builder.download_and_prepare(str(build), file_format="parquet", max_shard_size=MAX_SHARD)
        except datasets.exceptions.DatasetGenerationError as error:
            if isinstance(error.__cause__, (RememError, OSError)):
                raise error.__cause__ from None
            raise
    shards: Shards = {}
    for split, info in builder.info.splits.items():
        # "rank1" must not take the files of "rank10".
        name_of_shard = re.compile(rf".*-{split}(-\d{{5}}-of-\d{{5}})?\.parquet")
        written = sorted(path for path in build.glob("*.parquet") if name_of_shard.fullmatch(path.name))
        target = folder / "data" / name
        target.mkdir(parents=True, exist_ok=True)
        paths = []
        for number, path in enumerate(written):
            paths.append(target / f"{split}-{number:05d}-of-{len(written):05d}.parquet")
            path.rename(paths[-1])
        shards[split] = (paths, info)
    return shards


def _members(config: BenchmarkConfig) -> dict[str, dict[str, list[str]]]:
    """Config -> split -> shards (of `finetune` for the forget configs)."""
    names = shard_names(config)
    members = {FINETUNE: {TRAIN: names}}
    for level, forget in enumerate(config.forget_counts, 1):
        members[forget] = {FORGET: names[:level], RETAIN: names[level:]}
    for name, splits in SPLITS.items():
        if name != FINETUNE:
            members[name] = {split: [split] for split in splits}
    return members


def _infos(config: BenchmarkConfig, shards: dict[str, Shards]) -> dict[str, datasets.DatasetInfo]:
    """What the card states of every config, the forget configs included."""
    infos = {}
    for name, splits in _members(config).items():
        source = name if name in shards else FINETUNE
        info = datasets.DatasetInfo(
            features=ReMem(config_name=source).info.features, splits=datasets.SplitDict()
        )
        size = 0
        for split, members in splits.items():
            parts = [shards[source][member] for member in members]
            size += sum(path.stat().st_size for paths, _ in parts for path in paths)
            info.splits[split] = datasets.splits.SplitInfo(
                name=split,
                num_bytes=sum(part.num_bytes for _, part in parts),
                num_examples=sum(part.num_examples for _, part in parts),
            )
        info.download_size = size
        info.dataset_size = sum(split.num_bytes for split in info.splits.values())
        infos[name] = info
    return infos


def _data_files(
    config: BenchmarkConfig, shards: dict[str, Shards], folder: Path
) -> dict[str, list[dict[str, Any]]]:
    """Config -> the `data_files` entry of the card: splits that list shard files."""
    return {
        name: [
            {
                "split": split,
                "path": [
                    path.relative_to(folder).as_posix()
                    for member in members
                    for path in shards[name if name in shards else FINETUNE][member][0]
                ],
            }
            for split, members in splits.items()
        ]
        for name, splits in _members(config).items()
    }


def _some_exposure_rows(tree: RawTree) -> Iterator[dict[str, Any]]:
    for index in range(min(tree.config().identities, NULL_PEOPLE)):
        for split in SPLITS[EXPOSURE]:
            yield from tree.read_rows(index, f"{EXPOSURE}-{split}")


def _replace(folder: Path, out: Path) -> None:
    """Put `folder` at `out`. Two renames: a reader meets the old folder, none, or the new one."""
    old = folder.parent / "old"
    if out.exists():
        out.rename(old)
    try:
        folder.rename(out)
    except OSError:
        if old.exists():
            old.rename(out)
        raise


@contextmanager
def _quiet_datasets() -> Iterator[None]:
    # Five configs with a bar a shard each would bury our own; packing takes seconds beside the pictures.
    was_enabled = is_progress_bar_enabled()
    disable_progress_bar()
    try:
        yield
    finally:
        if was_enabled:
            enable_progress_bar()
