"""What stands beside the Parquet files: strip, examples, reasons, registration; and the viewer's limits."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from generation.presets import load_preset
from generation.questions.topics import TOPICS
from harness_tasks.data import TASKS
from remem_dataset.builder import (
    MOST_PICTURES,
    ROW_GROUP,
    ROW_GROUP_BYTES,
    ReMem,
    most_picture_bytes,
    rows_per_group,
)
from remem_dataset.examples import STRIP_BYTES, STRIP_FILE, choose_examples, draw_strip
from remem_dataset.features import FEATURES
from remem_dataset.harmless import HARMLESS, why_harmless
from remem_dataset.packing import pack
from remem_dataset.raw import RawTree
from remem_dataset.registration import EVAL_FILE, headline_task
from tests.fakes.dataset import small_config

CONFIG = small_config()
#: The viewer's limits for one picture and one row, in bytes.
PICTURE_LIMIT, ROW_LIMIT = 1_000_000, 2_000_000


@pytest.fixture(scope="module")
def tree(tiny_dataset) -> RawTree:
    return RawTree(tiny_dataset.with_name("remem.raw"))


def test_the_card_shows_a_strip_of_people_who_stay(tiny_dataset, tree):
    text = (tiny_dataset / "README.md").read_text()
    assert f"]({STRIP_FILE})" in text
    path = tiny_dataset / STRIP_FILE
    assert path.stat().st_size <= STRIP_BYTES
    examples = choose_examples(tree)
    with Image.open(path) as strip:
        assert strip.format == "JPEG"
        assert strip.height == len(examples) * 164 - 4
    ranks = {profile["name"]: profile["forget_rank"] for profile in map(tree.read_profile, range(4))}
    shown = text.split("## Examples")[1].split("## Configs")[0]
    for name, rank in ranks.items():
        assert (name in shown) == (rank > CONFIG.forget_counts[CONFIG.default_forget])
    assert [ranks[example.name] for example in examples] == [2, 3, 4]


def test_a_strip_of_pure_noise_fits_too(tmp_path, tree):
    noisy = RawTree(tmp_path)
    examples = choose_examples(tree)
    generator = np.random.default_rng(0)
    for example in examples:
        for view in example.views:
            path = noisy.picture(example.identity_id, view)
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(generator.integers(0, 256, (160, 160, 3), dtype=np.uint8)).save(path)
    assert len(draw_strip(noisy, examples)) <= STRIP_BYTES


def test_the_card_of_own_pictures_invents_nothing_about_them(tiny_dataset, tmp_path):
    raw = tmp_path / "mine.raw"
    shutil.copytree(tiny_dataset.with_name("remem.raw"), raw)
    manifest = json.loads((raw / "remem-raw.json").read_text())
    manifest["config"]["renderer"] = "folder"
    (raw / "remem-raw.json").write_text(json.dumps(manifest))
    pack(RawTree(raw), tmp_path / "mine")
    text = (tmp_path / "mine" / "README.md").read_text()
    assert "license: other" in text
    for claim in ("## Balance", "every person in this dataset is generated", "synthetic", "cc-by-4.0\n"):
        assert claim not in text.lower()
    assert "pictures that whoever built it provided" in text
    # A card is public even where access to the rows is not: no face of a real person on it.
    assert "card.jpg" not in text
    assert not (tmp_path / "mine" / "card.jpg").exists()
    assert "license" not in json.loads((tmp_path / "mine" / "croissant.json").read_text())


def test_the_card_says_of_every_attribute_why_it_is_harmless(tiny_dataset):
    assert all(why_harmless(topic) for topic in TOPICS)
    assert {topic.attribute for topic in TOPICS.values()} == set(HARMLESS)
    assert why_harmless("sibling_hobby") == HARMLESS["hobby"]
    table = (tiny_dataset / "README.md").read_text().split("## Attributes")[1].split("## Columns")[0]
    assert "not stated" not in table
    assert HARMLESS["phone"] in table


def test_eval_yaml_registers_the_tasks_that_there_are(tiny_dataset):
    content = yaml.safe_load((tiny_dataset / EVAL_FILE).read_text())
    assert list(content) == ["name", "description", "evaluation_framework", "tasks"]
    listed = {task["id"]: (task["config"], task["split"]) for task in content["tasks"]}
    assert len(listed) == len(content["tasks"])
    manifest = json.loads((tiny_dataset / "remem.json").read_text())
    headlines = {headline_task(level): (level, "forget") for level in manifest["forget_levels"]}
    assert listed == headlines | {
        name: (rows.config, rows.splits[0]) for name, rows in TASKS.items() if len(rows.splits) == 1
    }
    counts = manifest["counts"]
    assert all(counts[config][split] for config, split in listed.values())


def test_no_png_is_larger_than_the_bound():
    generator = np.random.default_rng(0)
    for size in (32, 100, 384):
        for level in (0, 6):
            buffer = io.BytesIO()
            noise = generator.integers(0, 256, (size, size, 3), dtype=np.uint8)
            Image.fromarray(noise).save(buffer, "PNG", compress_level=level)
            assert buffer.tell() <= most_picture_bytes(size)


@pytest.mark.parametrize("preset", ["tiny", "default", "large"])
def test_pictures_and_rows_of_every_preset_suit_the_viewer(preset):
    config = load_preset(preset)
    assert most_picture_bytes(config.image_size) < PICTURE_LIMIT
    for name in FEATURES:
        assert MOST_PICTURES.get(name, 1) * most_picture_bytes(config.image_size) < ROW_LIMIT
        assert rows_per_group(config, name) == ROW_GROUP


def test_row_groups_of_large_pictures_are_shorter():
    config = small_config(image_size=2048)
    for name in FEATURES:
        rows = rows_per_group(config, name)
        assert 1 <= rows < ROW_GROUP
        pictures = rows * MOST_PICTURES.get(name, 1)
        assert pictures * most_picture_bytes(2048) < ROW_GROUP_BYTES


def test_the_builder_writes_row_groups_of_that_length(tiny_dataset, tree, tmp_path):
    builder = ReMem(
        config_name="multi_image",
        raw_dir=str(tree.root),
        cache_dir=str(tmp_path / "cache"),
        writer_batch_size=3,
    )
    builder.download_and_prepare(str(tmp_path / "out"), file_format="parquet")
    for path in Path(tmp_path / "out").glob("*.parquet"):
        metadata = pq.read_metadata(path)
        assert [metadata.row_group(k).num_rows for k in range(metadata.num_row_groups)] == [3, 3, 2]
    for path in tiny_dataset.glob("data/*/*.parquet"):
        metadata = pq.read_metadata(path)
        for k in range(metadata.num_row_groups):
            assert metadata.row_group(k).num_rows <= ROW_GROUP
            assert metadata.row_group(k).total_byte_size <= ROW_GROUP_BYTES


def test_no_row_has_more_pictures_than_the_bound_reckons_with(tiny_dataset):
    for path in tiny_dataset.glob("data/multi_image/*.parquet"):
        images = pq.read_table(path, columns=["images"])["images"].to_pylist()
        assert max(map(len, images)) <= MOST_PICTURES["multi_image"]
