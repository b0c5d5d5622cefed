"""What the quality report takes from the raw tree beside a dataset."""

from __future__ import annotations

import json
import shutil

import pytest

from generation.quality.records import Records, beside
from generation.quality.report import write_report
from generation.quality.traits import traits_of
from remem_dataset.source import open_source
from tests.fakes.dataset import build_dataset, small_config


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A dataset with its raw tree, as a build without a recogniser leaves it."""
    config = small_config(images_per_identity=2, eval_per_identity=2)
    return build_dataset(tmp_path_factory.mktemp("survey") / "remem", config), config


def test_every_picture_brings_how_it_was_taken(built):
    records = Records(open_source(built[0]))
    person = {"gender": "female", "age": 30, "melanin": 0.1, "hair_style": "bob", "beard": "none"}
    for view_id in ("anchor-000", "train-001", "unseen-000"):
        record = records.of("id_0002", view_id)
        traits = traits_of(person, "train", record["view"])
        assert {"yaw", "framing", "accessory", "occluder", "age", "skin tone", "hair"} <= traits.keys()
        own = traits_of({}, "train", record["view"], own_pictures=True)
        assert own.keys() == {"role", "framing", "occluder"}, "looks and head turn are the user's"
    assert records.of("id_0002", "train-999") == {}


def test_group_pictures_are_counted(built):
    out, config = built
    people = [f"id_{k + 1:04d}" for k in range(config.identities)]
    found = Records(open_source(out)).group_pictures(people)
    assert found["pictures"] == found["not_checked"] == 2 * config.groups_per_identity * config.identities
    faces = found["faces"]
    assert faces["all"] == sum(count for kind, count in faces.items() if kind != "all")
    assert faces["in_frames_and_badges"] > 0
    assert faces["checked"] == 0, "there was no recogniser"


def test_records_of_another_build_are_left_alone(built, tmp_path):
    out = tmp_path / "remem"
    shutil.copytree(built[0], out)
    source = open_source(out)
    assert Records(source).of("id_0001", "anchor-000") == {}, "there is no raw tree"
    raw = out.with_name("remem.raw")
    shutil.copytree(built[0].with_name("remem.raw"), raw)
    assert Records(source).of("id_0001", "anchor-000")["attempts"] == 1
    manifest = json.loads((raw / "remem-raw.json").read_text())
    (raw / "remem-raw.json").write_text(json.dumps({**manifest, "faces": "0" * 32}))
    assert Records(source).group_pictures(["id_0001"]) is None


def test_the_current_folder_is_a_dataset_too(built, monkeypatch, tmp_path):
    monkeypatch.chdir(built[0])
    assert beside(".", ".quality") == built[0].with_name("remem.quality")
    result = write_report(".", tmp_path / "report", views=1)
    assert result["dataset"] == "remem"
    assert result["redraws"]["attempts"] == {"1": result["counts"]["pictures"]}
    assert result["group_pictures"]["pictures"] > 0
    page = (tmp_path / "report" / "quality.html").read_text()
    assert "Group pictures" in page
    assert "less than 60 pixels" in page
