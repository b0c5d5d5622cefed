"""Opening a dataset: what is there is opened, what is not is refused in one sentence."""

from __future__ import annotations

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from remem_dataset.errors import RememError
from remem_dataset.source import open_source


def test_opens_a_folder_and_loads_its_configs(tiny_dataset):
    source = open_source(tiny_dataset)
    assert source.is_local
    assert source.forget_count() == source.forget_count("forget25") == 1
    assert source.forget_count("forget50") == 2
    assert source.load("eval")["seen"].num_rows == 16
    assert len(source.fingerprint) == 40


def test_unknown_forget_set_and_config_name_what_there_is(tiny_dataset):
    source = open_source(tiny_dataset)
    with pytest.raises(RememError, match="no forget set 'forget30'; it has forget25, forget50"):
        source.forget_count("forget30")
    with pytest.raises(RememError, match="no config 'evil'; it has finetune, eval"):
        source.load("evil")


@pytest.mark.parametrize("name", ["nowhere", "/no/such/folder", "some-org/not-in-cache", "../up", "a b/c d"])
def test_missing_dataset(name):
    with pytest.raises(RememError, match="There is no dataset"):
        open_source(name)


def test_a_folder_without_manifest(tmp_path):
    with pytest.raises(RememError, match="is not a ReMem dataset"):
        open_source(tmp_path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"schema_version": "2.0"}, "schema version 2.0, but this code reads 1.2"),
        ({"schema_version": None}, "no schema_version"),
        ({"forget_levels": {"forget25": "one"}}, "damaged"),
        ({"default_forget": "forget99"}, "damaged"),
        ({"fingerprint": "x"}, "damaged"),
        ({"files": None}, "damaged"),
        ({"files": {"../../etc/passwd": "x"}}, "damaged"),
    ],
)
def test_manifests_that_do_not_fit(tiny_dataset, tmp_path, change, sentence):
    manifest = json.loads((tiny_dataset / "remem.json").read_text())
    (tmp_path / "remem.json").write_text(json.dumps({**manifest, **change}))
    with pytest.raises(RememError, match=sentence):
        open_source(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{", "[" * 100_000, '{"seed": ' + "9" * 5000 + "}"])
def test_manifests_that_are_not_json_objects(tmp_path, content):
    (tmp_path / "remem.json").write_text(content)
    with pytest.raises(RememError, match="manifest"):
        open_source(tmp_path)


def test_minor_schema_versions_are_read(tiny_dataset, tmp_path):
    copy = tmp_path / "remem"
    shutil.copytree(tiny_dataset, copy)
    manifest = json.loads((copy / "remem.json").read_text())
    (copy / "remem.json").write_text(json.dumps({**manifest, "schema_version": "1.7"}))
    assert open_source(copy).manifest["schema_version"] == "1.7"


def test_a_hand_edited_file_is_not_taken_for_the_dataset(tiny_dataset, tmp_path):
    copy = tmp_path / "remem"
    shutil.copytree(tiny_dataset, copy)
    (path,) = copy.glob("data/eval/seen-*.parquet")
    rows = pq.read_table(path)
    answers = pa.array(["TAMPERED"] * rows.num_rows)
    pq.write_table(rows.set_column(rows.column_names.index("answer"), "answer", answers), path)
    source = open_source(copy)
    with pytest.raises(RememError, match=r"seen-00000-of-00001\.parquet is not the file that was packed"):
        source.load("eval")
    assert source.load("exposure")["seen"].num_rows == 16
    path.unlink()
    with pytest.raises(RememError, match=r"The dataset lacks .*seen-00000-of-00001\.parquet"):
        source.load("eval")
