"""`ReMem`: a `datasets` builder that reads the raw tree. Packing writes Parquet with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import datasets

from .config import BenchmarkConfig
from .features import FEATURES
from .raw import ANCHOR, RawTree, asked_face
from .schema import ALTERNATIVES, EXPOSURE, FINETUNE, MULTI_IMAGE, PROFILES, SCENES, SCHEMA_VERSION, SPLITS

#: The viewer re-encodes groups of 100 rows.
ROW_GROUP = 100
#: The viewer refuses row groups of more bytes than this (286.1 MiB).
ROW_GROUP_BYTES = 300_000_000
#: Pictures that a row holds at most, by config; 1 where nothing else is said.
MOST_PICTURES = {MULTI_IMAGE: 4}


def most_picture_bytes(image_size: int) -> int:
    """Bytes that no PNG of that side exceeds: RGB as it is, a filter byte a line, 1 % and 1 kB for chunks."""
    return (3 * image_size + 1) * image_size * 101 // 100 + 1_000


def rows_per_group(config: BenchmarkConfig, name: str) -> int:
    """Rows of a Parquet row group, so that no group of the dataset config `name` can be too large to view."""
    text = 20_000 + (100 * config.candidates if name == EXPOSURE else 0)
    row = MOST_PICTURES.get(name, 1) * most_picture_bytes(config.image_size) + text
    return max(1, min(ROW_GROUP, ROW_GROUP_BYTES // row))


def shard_names(config: BenchmarkConfig) -> list[str]:
    """Shards of the fine-tuning rows: one for each forget level ("rank1" …), then "rest".

    Shard k holds the people who are in the k-th forget set but not in a smaller one, so a config's
    `forget` split is a run of whole shards and no row is stored twice.
    """
    return [f"rank{k}" for k in range(1, len(config.forget_levels) + 1)] + ["rest"]


def shard_of(config: BenchmarkConfig, forget_rank: int) -> str:
    """The shard of an identity with that 1-based forget rank."""
    for k, count in enumerate(config.forget_counts.values(), 1):
        if forget_rank <= count:
            return f"rank{k}"
    return "rest"


@dataclass
class ReMemConfig(datasets.BuilderConfig):
    """Builder config. `raw_dir` is the raw tree that generation wrote."""

    raw_dir: str = ""


class ReMem(datasets.GeneratorBasedBuilder):
    """Reads a raw tree. The splits of `finetune` are its shards; the packed card joins them.

    Example:
        >>> builder = ReMem(config_name="eval", raw_dir="remem.raw")
        >>> builder.download_and_prepare("out", file_format="parquet")
    """

    VERSION = datasets.Version(f"{SCHEMA_VERSION}.0")
    BUILDER_CONFIG_CLASS = ReMemConfig
    BUILDER_CONFIGS: ClassVar = [ReMemConfig(name=name) for name in SPLITS]
    DEFAULT_WRITER_BATCH_SIZE = ROW_GROUP

    def _info(self) -> datasets.DatasetInfo:
        return datasets.DatasetInfo(features=FEATURES[self.config.name], license="cc-by-4.0")

    def _split_generators(self, dl_manager) -> list[datasets.SplitGenerator]:
        tree = RawTree(Path(self.config.raw_dir))
        config = tree.config()
        everyone = list(range(config.identities))
        if self.config.name != FINETUNE:
            return [
                datasets.SplitGenerator(name=split, gen_kwargs={"split": split, "identities": everyone})
                for split in SPLITS[self.config.name]
            ]
        shards: dict[str, list[int]] = {name: [] for name in shard_names(config)}
        for index in everyone:
            shards[shard_of(config, tree.read_profile(index)["forget_rank"])].append(index)
        return [
            datasets.SplitGenerator(name=shard, gen_kwargs={"split": shard, "identities": members})
            for shard, members in shards.items()
        ]

    def _generate_examples(self, split: str, identities: list[int]) -> Iterator[tuple[str, dict[str, Any]]]:
        tree = RawTree(Path(self.config.raw_dir))
        for index in identities:
            if self.config.name == PROFILES:
                profile = tree.read_profile(index)
                picture = tree.read_picture(profile["identity_id"], ANCHOR)
                yield profile["identity_id"], {**profile, "image": picture}
                continue
            whole = self.config.name in (FINETUNE, ALTERNATIVES)
            name = self.config.name if whole else f"{self.config.name}-{split}"
            for row in tree.read_rows(index, name):
                full = {**row, **_pictures(tree, row)}
                if self.config.name == SCENES:
                    asked_face(full, full["faces"])  # refuses a picture that does not show the asked person
                yield row["id"], full


def _pictures(tree: RawTree, row: dict[str, Any]) -> dict[str, Any]:
    """The columns that come from picture files, if the row has any: the pictures, and the faces in them."""
    if "view_ids" in row:
        names = [view.split("/") for view in row.pop("view_ids")]
        return {
            "images": [tree.read_picture(identity, view) for identity, view in names],
            "faces": [tree.read_faces(identity, view) for identity, view in names],
        }
    if "view_id" not in row:
        return {}
    name = row["identity_id"], row["view_id"]
    return {"image": tree.read_picture(*name), "faces": tree.read_faces(*name)}
