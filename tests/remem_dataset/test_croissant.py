"""Croissant metadata of a packed folder, read with the reference reader."""

from __future__ import annotations

import hashlib
import itertools
import json

import mlcroissant as mlc
import pytest
from datasets import load_dataset
from PIL import Image

from remem_dataset.croissant import CROISSANT_FILE


@pytest.fixture(scope="module")
def croissant(tiny_dataset) -> mlc.Dataset:
    """The dataset as mlcroissant reads it; a file that is not valid raises here."""
    return mlc.Dataset(jsonld=str(tiny_dataset / CROISSANT_FILE))


def test_it_is_valid_and_lacks_only_a_date(croissant):
    issues = croissant.metadata.issues
    assert not issues.errors
    (warning,) = issues.warnings
    assert "datePublished" in warning


def test_every_split_of_every_config_is_a_record_set(croissant, tiny_dataset):
    counts = json.loads((tiny_dataset / "remem.json").read_text())["counts"]
    expected = {f"{config}/{split}" for config, splits in counts.items() for split in splits}
    assert {record_set.id for record_set in croissant.metadata.record_sets} == expected


@pytest.mark.parametrize(
    ("config", "split"),
    [("finetune", "train"), ("forget50", "forget"), ("exposure", "unseen"), ("profiles", "people")],
)
def test_records_are_the_rows_that_load_dataset_gives(croissant, tiny_dataset, monkeypatch, config, split):
    monkeypatch.chdir(tiny_dataset.parent)
    rows = load_dataset("remem", config, split=split)
    structures = {"faces", "attributes", "links"}
    records = list(croissant.records(f"{config}/{split}"))
    assert len(records) == len(rows)
    for row, record in itertools.islice(zip(rows, records, strict=True), 5):
        values = {name.removeprefix(f"{config}/{split}/"): value for name, value in record.items()}
        assert values.keys() == row.keys() - structures
        assert values.pop("image").tobytes() == row["image"].tobytes()
        for name, value in values.items():
            assert _plain(value) == row[name], name


def test_rows_of_several_pictures_have_them_all(croissant, tiny_dataset, monkeypatch):
    monkeypatch.chdir(tiny_dataset.parent)
    rows = load_dataset("remem", "multi_image", split="seen")
    for row, record in zip(rows, croissant.records("multi_image/seen"), strict=True):
        pictures = record["multi_image/seen/images"]
        assert all(isinstance(picture, Image.Image) for picture in pictures)
        assert [p.tobytes() for p in pictures] == [p.tobytes() for p in row["images"]]


def test_every_parquet_file_has_its_sha256(tiny_dataset):
    metadata = json.loads((tiny_dataset / CROISSANT_FILE).read_text())
    digests = {f["contentUrl"]: f["sha256"] for f in metadata["distribution"] if "sha256" in f}
    files = {path.relative_to(tiny_dataset).as_posix(): path for path in tiny_dataset.rglob("*.parquet")}
    assert digests.keys() == files.keys()
    for name, path in files.items():
        assert digests[name] == hashlib.sha256(path.read_bytes()).hexdigest()


def _plain(value):
    """mlcroissant gives text as bytes and numbers as numpy's."""
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return value.item() if hasattr(value, "item") else value
