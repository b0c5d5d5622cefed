"""Dataset variants that share their pictures: what differs in questions alone is not drawn again.

A picture is a function of the seed, the identity, the view's role and its number (`generation.views`), of who
plays whom, and of the code that draws. So two configs that differ in questions or in the number of
pictures have the common ones byte for byte, and a store keeps each once.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from generation.tree import open_tree, origin_of, sole_builder
from remem_dataset.config import BenchmarkConfig
from remem_dataset.packing import check_target, is_current, pack
from remem_dataset.raw import Origin, RawTree

#: The fields of a config that decide what a picture of a given name shows.
DRAWN_BY = ("seed", "identities", "image_size", "renderer", "recognition", "casting_pool", "redraws")

#: What is shared, below a raw tree.
_SHARED = ("casting/*.npz", "identities/*/images/*.json", "identities/*/images/*.png")


def store_key(config: BenchmarkConfig, origin: Origin) -> str:
    """Name of the store that a config's pictures may come from and go to."""
    parts = [origin.generator, *(getattr(config, name) for name in DRAWN_BY)]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=8).hexdigest()


def draw(tree: RawTree, config: BenchmarkConfig) -> None:
    """Draw what a tree lacks and write its rows, as `python -m generation` does."""
    from generation.pipeline import generate

    generate(tree, config, workers=1)


def build_variant(
    config: BenchmarkConfig,
    out: Path,
    store: Path,
    drawing: Callable[[RawTree, BenchmarkConfig], None] = draw,
) -> Path:
    """Build a dataset folder, with the store's pictures where it has them, and store the new ones.

    Args:
        config: the variant.
        out: dataset folder; the raw tree lies beside it. One that is there and current is left as it is.
        store: folder of the stores.
        drawing: what completes the raw tree.

    Returns:
        `out`.

    Raises:
        RememError: something else lies at `out`, or as the generation's own faults.
    """
    origin = origin_of(config)
    check_target(out, config, origin)
    if is_current(out, config, origin):
        return out
    shared = store / store_key(config, origin)
    raw = out.with_name(f"{out.name}.raw")
    with sole_builder(raw):
        tree = open_tree(raw, config, origin)
        link_pictures(shared, raw)
        try:
            drawing(tree, config)
        finally:
            link_pictures(raw, shared)  # also what was drawn before an interruption
        pack(tree, out)
    return out


def link_pictures(source: Path, target: Path) -> int:
    """Give a tree the pictures (with their descriptions) and the casting of another, as hard links.

    Files of a raw tree are only ever replaced by renaming, never written in place, so that a link cannot
    change under its neighbour. Descriptions go first: a picture is the mark that both are there.

    Args:
        source: a raw tree or a store; may be missing.
        target: another one; what it has it keeps.

    Returns:
        How many files were linked (copied where the file system has no links between the two).
    """
    count = 0
    for pattern in _SHARED:
        for path in sorted(source.glob(pattern)):
            place = target / path.relative_to(source)
            if path.name.startswith(".") or place.exists():
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, place)
            except OSError:
                temporary = place.with_name(f".{place.name}.copy")
                shutil.copyfile(path, temporary)
                temporary.replace(place)
            count += 1
    return count
