"""The packed folder: what load_dataset sees of it, its card, its fingerprint, and who may overwrite it."""

from __future__ import annotations

import dataclasses
import io
import json
import resource
import shutil
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
import yaml
from datasets import load_dataset
from PIL import Image

from generation.tree import origin_of
from remem_dataset.errors import RememError
from remem_dataset.features import EXPOSURE_FEATURES, FEATURES, ROW_FEATURES
from remem_dataset.fingerprint import Fingerprint, picture_digest
from remem_dataset.packing import check_target, is_current, pack
from remem_dataset.raw import RawTree
from tests.fakes.dataset import build_dataset, small_config

CONFIG = small_config()
ORIGIN = origin_of(CONFIG)
PEOPLE, QA, EVAL = CONFIG.identities, CONFIG.qa_per_identity, CONFIG.eval_per_identity


@pytest.fixture
def in_data_folder(tiny_dataset, monkeypatch):
    monkeypatch.chdir(tiny_dataset.parent)
    return tiny_dataset


def test_load_dataset_by_its_bare_name_offline(in_data_folder):
    rows = load_dataset("remem", split="train")
    assert len(rows) == PEOPLE * QA
    assert rows.features == ROW_FEATURES
    assert rows[0]["image"].size == (CONFIG.image_size, CONFIG.image_size)


@pytest.mark.parametrize(("level", "people"), CONFIG.forget_counts.items())
def test_forget_configs_cut_the_same_rows(in_data_folder, level, people):
    parts = load_dataset("remem", level)
    assert parts["forget"].num_rows == people * QA
    assert parts["retain"].num_rows == (PEOPLE - people) * QA
    assert set(parts["forget"]["forget_rank"]) == set(range(1, people + 1))
    assert min(parts["retain"]["forget_rank"]) == people + 1
    everything = set(load_dataset("remem", split="train")["id"])
    assert set(parts["forget"]["id"]) | set(parts["retain"]["id"]) == everything


def test_the_other_configs(in_data_folder):
    for config, splits, rows in [
        ("eval", ("seen", "unseen"), PEOPLE * EVAL),
        ("exposure", ("seen", "unseen"), PEOPLE * EVAL),
        ("multi_image", ("seen", "unseen"), PEOPLE * CONFIG.multi_image_per_identity),
        ("scenes", ("seen", "unseen"), PEOPLE * CONFIG.groups_per_identity),
        ("profiles", ("people",), PEOPLE),
    ]:
        data = load_dataset("remem", config)
        assert tuple(data) == splits
        assert {split: part.num_rows for split, part in data.items()} == dict.fromkeys(splits, rows)
        assert data[splits[0]].features == FEATURES[config]
    assert load_dataset("remem", "exposure", split="seen").features == EXPOSURE_FEATURES
    images = load_dataset("remem", "multi_image", split="seen")[0]["images"]
    assert len(images) == 2
    assert images[0].tobytes() != images[1].tobytes()


def test_every_picture_carries_its_faces(in_data_folder):
    size = CONFIG.image_size
    for row in load_dataset("remem", "eval", split="unseen"):
        (face,) = row["faces"]
        assert (face["identity_id"], face["kind"], face["place"]) == (row["identity_id"], "present", "")
        assert face["box"] == [0, 0, size, size]
        assert face["visible"] == 1.0
    for row in load_dataset("remem", "multi_image", split="seen"):
        assert len(row["faces"]) == len(row["images"])
        assert all(row["identity_id"] in {f["identity_id"] for f in faces} for faces in row["faces"]) or (
            row["attribute"] == "identity"
        )


def test_scenes_show_the_asked_person_where_the_question_says(in_data_folder):
    for split in ("seen", "unseen"):
        for row in load_dataset("remem", "scenes", split=split):
            assert 2 <= len(row["faces"]) <= 4
            (asked,) = [face for face in row["faces"] if f"person {face['place']} is" in row["reasoning"]]
            assert asked["identity_id"] == row["identity_id"]
            lefts = [face["box"][0] for face in row["faces"]]
            assert lefts == sorted(lefts)


def test_a_picture_whose_people_changed_places_is_not_packed(tiny_dataset, tmp_path):
    tree = RawTree(tmp_path / "part.raw")
    shutil.copytree(tiny_dataset.with_name("remem.raw"), tree.root)
    path = tree.sidecar("id_0002", "group-unseen-001")
    content = json.loads(path.read_text())
    for face in content["faces"]:
        face["place"] = "behind the curtain"
    path.write_text(json.dumps(content))
    with pytest.raises(RememError, match="group-unseen-001 of id_0002 does not show the asked person"):
        pack(tree, tmp_path / "part")


@pytest.mark.parametrize(
    "content", ["{}", '{"faces": [{"identity": 0}]}', '{"faces": 3}', '{"faces": ["x"]}']
)
def test_a_damaged_description_of_a_picture_is_named(tmp_path, content):
    tree = RawTree(tmp_path)
    path = tree.sidecar("id_0001", "seen-000")
    path.parent.mkdir(parents=True)
    path.write_text(content)
    with pytest.raises(RememError, match=r"seen-000\.json does not list faces"):
        tree.read_faces("id_0001", "seen-000")


def test_the_card_prints_balance_and_scenes(tiny_dataset):
    text = (tiny_dataset / "README.md").read_text()
    balance = text.split("## Balance")[1].split("##")[0]
    people = [
        json.loads(RawTree(tiny_dataset.with_name("remem.raw")).read_profile(index)["appearance"])
        for index in range(PEOPLE)
    ]
    women = sum(person["gender"] == "female" for person in people)
    assert f"female {women / PEOPLE:.0%} ({women})" in balance
    for trait in ("age in years", "skin tone", "hair", "glasses", "beard (men)"):
        assert f"| {trait} |" in balance
    scenes = text.split("## Scenes")[1].split("##")[0]
    assert f"| `seen` | {PEOPLE * CONFIG.groups_per_identity} |" in scenes


def test_the_card_is_true(tiny_dataset):
    text = (tiny_dataset / "README.md").read_text()
    front = yaml.safe_load(text.split("---\n")[1])
    configs = {entry["config_name"]: entry for entry in front["configs"]}
    assert [name for name, entry in configs.items() if entry.get("default")] == ["finetune"]
    manifest = json.loads((tiny_dataset / "remem.json").read_text())
    for info in front["dataset_info"]:
        files = {entry["split"]: entry["path"] for entry in configs[info["config_name"]]["data_files"]}
        for split in info["splits"]:
            rows = sum(pq.read_metadata(tiny_dataset / path).num_rows for path in files[split["name"]])
            assert split["num_examples"] == rows == manifest["counts"][info["config_name"]][split["name"]]
    assert set(configs) == set(manifest["counts"]) == {*FEATURES, *CONFIG.forget_counts}
    assert manifest["fingerprint"]["all"] in configs["eval"]["description"]
    assert manifest["fingerprint"]["text"] in text


def test_no_row_is_stored_twice(tiny_dataset):
    stored = [p for p in tiny_dataset.glob("data/finetune/*.parquet")]
    assert sum(pq.read_metadata(path).num_rows for path in stored) == PEOPLE * QA
    assert not list(tiny_dataset.glob("data/forget*"))


def test_packing_again_gives_the_same_fingerprint(tiny_dataset, tmp_path):
    tree = RawTree(tiny_dataset.with_name("remem.raw"))
    before = json.loads((tiny_dataset / "remem.json").read_text())
    assert pack(tree, tmp_path / "again")["fingerprint"] == before["fingerprint"]


def test_another_seed_gives_another_fingerprint(tiny_dataset, tmp_path):
    other = build_dataset(tmp_path / "other", small_config(seed=1))
    mine, its = (json.loads((f / "remem.json").read_text())["fingerprint"] for f in (tiny_dataset, other))
    assert mine["text"] != its["text"]
    assert mine["pixels"] != its["pixels"]


def test_two_folders_of_one_name_do_not_share_a_cache(tiny_dataset, tmp_path, monkeypatch):
    other = build_dataset(tmp_path / "remem", small_config(seed=1))
    questions = []
    for folder in (tiny_dataset.parent, other.parent):
        monkeypatch.chdir(folder)
        questions.append(load_dataset("remem", "eval", split="seen")["question"])
    assert list(questions[0]) != list(questions[1])


def test_fingerprint_keeps_text_and_pixels_apart():
    def png(colour, **options):
        buffer = io.BytesIO()
        Image.new("RGB", (8, 8), colour).save(buffer, "PNG", **options)
        return {"bytes": buffer.getvalue(), "path": "x.png"}

    def result(*rows):
        fingerprint = Fingerprint()
        for row in rows:
            fingerprint.add("eval", "seen", row)
        return fingerprint.result()

    one = {"id": "a", "answer": "x", "image": png("red")}
    two = {"id": "b", "answer": "y", "image": png("blue")}
    base = result(one, two)
    assert result(two, one) == base
    recoloured = result({**one, "image": png("green")}, two)
    assert recoloured["text"] == base["text"]
    assert recoloured["pixels"] != base["pixels"]
    retold = result({**one, "answer": "z"}, two)
    assert retold["text"] != base["text"]
    swapped = result({**one, "image": two["image"]}, {**two, "image": one["image"]})
    assert swapped["pixels"] != base["pixels"]
    face = {"identity_id": "id_0001", "kind": "present", "place": "", "box": [0, 0, 8, 8], "visible": 1.0}
    for changed in ({"faces": [face]}, {"appearance": "{}"}):
        seen_anew = result({**one, **changed}, two)
        assert seen_anew["text"] == base["text"], "what follows from pixels counts with them"
        assert seen_anew["pixels"] != base["pixels"]
    moved = result({**one, "faces": [{**face, "box": [0, 0, 7, 8]}]}, two)
    assert moved["pixels"] != result({**one, "faces": [face]}, two)["pixels"]
    assert picture_digest(png("red")["bytes"]) == picture_digest(png("red", compress_level=0)["bytes"])


def test_a_folder_that_is_not_ours_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    for restart in (False, True):
        with pytest.raises(RememError, match="is not a ReMem dataset"):
            check_target(tmp_path / "mine", CONFIG, ORIGIN, restart=restart)


def test_a_dataset_of_another_config_is_replaced_only_on_request(tiny_dataset):
    with pytest.raises(RememError, match="another config"):
        check_target(tiny_dataset, small_config(seed=5), ORIGIN)
    check_target(tiny_dataset, small_config(seed=5), ORIGIN, restart=True)
    check_target(tiny_dataset, CONFIG, ORIGIN)


@pytest.mark.parametrize(
    "lost",
    [
        "images/anchor-000.png",
        "images/seen-000.json",
        "images/group-seen-000.png",
        "eval-seen.jsonl",
        "profile.json",
    ],
)
def test_an_incomplete_tree_is_not_packed(tiny_dataset, tmp_path, lost):
    tree = RawTree(tmp_path / "part.raw")
    shutil.copytree(tiny_dataset.with_name("remem.raw"), tree.root)
    (tree.identity(1) / lost).unlink()
    with pytest.raises(RememError, match=lost.split("/")[-1]):
        pack(tree, tmp_path / "part")
    assert [path.name for path in tmp_path.iterdir()] == ["part.raw"]


def test_ten_forget_levels_and_more_keep_their_shards(tmp_path, monkeypatch):
    levels = tuple(range(5, 61, 5))
    config = small_config(
        identities=20,
        forget_levels=levels,
        default_forget_level=5,
        eval_per_identity=2,
        images_per_identity=1,
        multi_image_per_identity=0,
        groups_per_identity=0,
    )
    build_dataset(tmp_path / "remem", config)
    monkeypatch.chdir(tmp_path)
    for level, people in config.forget_counts.items():
        forget = load_dataset("remem", level, split="forget")
        assert sorted(set(forget["forget_rank"])) == list(range(1, people + 1))


def test_a_dataset_with_a_lost_file_is_not_current(tiny_dataset, tmp_path):
    copy = tmp_path / "remem"
    shutil.copytree(tiny_dataset, copy)
    assert is_current(copy, CONFIG, ORIGIN)
    next(copy.glob("data/eval/*.parquet")).unlink()
    assert not is_current(copy, CONFIG, ORIGIN)


def test_a_dataset_of_other_pictures_or_code_is_not_current(tiny_dataset):
    for field in ("faces", "generator"):
        other = dataclasses.replace(ORIGIN, **{field: "0" * 32})
        assert not is_current(tiny_dataset, CONFIG, other)
        with pytest.raises(RememError, match="source of faces"):
            check_target(tiny_dataset, CONFIG, other)


def test_a_full_disk_while_packing_is_one_sentence(tiny_dataset, tmp_path):
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    script = (
        "import sys; from pathlib import Path; from remem_dataset.errors import exits_cleanly\n"
        "from remem_dataset.packing import pack; from remem_dataset.raw import RawTree\n"
        "exits_cleanly(pack)(RawTree(Path(sys.argv[1])), Path(sys.argv[2]))"
    )
    command = [sys.executable, "-c", script, tiny_dataset.with_name("remem.raw"), tmp_path / "remem"]
    packing = subprocess.run(command, capture_output=True, text=True, preexec_fn=limited)
    assert packing.returncode == 2, packing.stderr
    assert "error: Cannot write " in packing.stderr
    assert "Traceback" not in packing.stderr
    assert list(tmp_path.iterdir()) == []
