"""The quality report over small built trees: real faces and the real gate, in cheap pictures."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from generation.__main__ import app
from generation.identity import Studio, build_identity
from generation.people.casting import candidate_person
from generation.people.choice import described_cast
from generation.quality.gate import Gate
from generation.quality.recogniser import shared_recogniser
from generation.quality.records import Records, beside
from generation.quality.report import write_report
from generation.renderers import Face, Picture, get_renderer
from generation.tree import open_tree
from generation.views import sample_view
from remem_dataset.errors import run_app
from remem_dataset.packing import pack
from remem_dataset.raw import Origin, RawTree, identity_name
from remem_dataset.source import open_source
from tests.fakes.dataset import small_config

SIZE = 256
SMALL = {
    "image_size": SIZE,
    "images_per_identity": 1,
    "eval_per_identity": 2,
    "multi_image_per_identity": 0,
    "groups_per_identity": 1,
    "qa_per_identity": 4,
    "single_hop_ratio": 0.75,
    "redraws": 1,
}


class PastedFaces:
    """Shows each person's anchor again and again; in groups in tiles, two large ones before small ones.

    Second draws aside, the first train picture of the first person shows nobody; the first group picture of
    the second person never shows anybody.
    """

    def __init__(self, config) -> None:
        self.cast, renderer = described_cast(config), get_renderer("embree")
        self.portraits = []
        for k in range(config.identities):
            person = candidate_person(config, k, self.cast.candidates[k])
            drawn = renderer.render(person, sample_view(config, k, "anchor", 0), SIZE // 2)
            pixels = np.asarray(Image.fromarray(drawn.pixels).resize((SIZE, SIZE), Image.Resampling.LANCZOS))
            box = tuple(2 * edge for edge in drawn.faces[0].box)
            self.portraits.append(Picture(pixels, (Face(k, "present", box, 1.0),)))

    def render(self, person, view, size: int) -> Picture:
        portrait = self.portraits[person.index]
        if (person.index, view.id, view.attempt) == (0, "train-000", 0):
            return Picture(np.full_like(portrait.pixels, 90), portrait.faces)
        return portrait

    def render_group(self, persons, view, size: int) -> Picture:
        pixels, faces, half = np.full((size, size, 3), 90, np.uint8), [], size // 2
        for k, (person, figure) in enumerate(zip(persons, view.figures, strict=True)):
            portrait = self.portraits[person.index]
            side = half if k < 2 else half // 3
            x, y = k % 2 * half, k // 2 * half
            if (persons[view.asked].index, view.role) != (1, "seen"):
                tile = Image.fromarray(portrait.pixels).resize((side, side), Image.Resampling.LANCZOS)
                pixels[y : y + side, x : x + side] = np.asarray(tile)
            left, top, right, bottom = (round(v * side / size) for v in portrait.faces[0].box)
            faces.append(Face(person.index, figure.kind, (left + x, top + y, right + x, bottom + y), 1.0))
        return Picture(pixels, tuple(faces))


@pytest.fixture(scope="module")
def renderer() -> PastedFaces:
    return PastedFaces(small_config(**SMALL))


def build(out: Path, faces: PastedFaces, checked: bool, **overrides) -> Path:
    """A packed dataset with its raw tree beside it."""
    config = small_config(**SMALL, **overrides)
    gate = None
    if checked:
        recogniser = shared_recogniser()
        anchors = [recogniser.embed(p.pixels, recogniser.faces(p.pixels)[0].box) for p in faces.portraits]
        gate = Gate(recogniser, np.stack(anchors))
    tree = open_tree(beside(out, ".raw"), config, Origin("code"))
    for index in range(config.identities):
        build_identity(tree, config, index, Studio(faces, faces.cast, gate))
    pack(tree, out)
    return out


@pytest.fixture(scope="module")
def dataset(tmp_path_factory, renderer) -> Path:
    """Of drawn people, every picture checked."""
    return build(tmp_path_factory.mktemp("drawn") / "remem", renderer, checked=True)


@pytest.fixture(scope="module")
def report(tmp_path_factory, dataset) -> tuple[dict, str]:
    """What `quality.json` and `quality.html` hold."""
    out = tmp_path_factory.mktemp("report")
    write_report(dataset, out)
    return json.loads((out / "quality.json").read_text()), (out / "quality.html").read_text()


def sidecars(dataset: Path, pattern: str) -> list[dict]:
    paths = beside(dataset, ".raw").glob(f"identities/*/images/{pattern}.json")
    return [json.loads(path.read_text()) for path in paths]


def test_pictures_are_grouped_by_how_they_were_taken(dataset, report):
    result, page = report
    views = [s["view"] for s in sidecars(dataset, "[!g]*")]
    assert result["counts"]["checked"] == result["counts"]["pictures"] == len(views) == 24
    for trait in ("framing", "accessory", "occluder", "role"):
        found = {value: row["checked"] for value, row in result["groups"][trait].items()}
        assert found == Counter(view[trait] for view in views)
        assert f"<td>{trait}</td>" in page
    turned = result["groups"]["yaw"]
    assert list(turned) == [n for n in ("0–8°", "8–18°", "18–30°", "30–90°") if n in turned]
    assert turned["0–8°"]["checked"] == sum(abs(view["yaw"]) <= 8 for view in views)
    assert sum(row["checked"] for row in turned.values()) == 24
    assert {"gender", "age", "skin tone", "hair", "beard", "glasses"} <= set(result["groups"])
    assert result["own_pictures"] is False


def test_redraws_of_portraits_and_of_groups_are_counted(dataset, report):
    result, page = report
    assert result["redraws"] == {
        "pictures": 24,
        "attempts": {"1": 23, "2": 1},
        "drawn_anew": 1,
        "kept_as_failed": 0,
        "not_checked": 0,
    }
    groups = sidecars(dataset, "group-*")
    faces = [face for group in groups for face in group["faces"]]
    counted = result["group_pictures"]
    assert counted["pictures"] == len(groups) == 8
    assert counted["drawn_anew"] == sum(group["attempts"] - 1 for group in groups)
    assert counted["kept_as_failed"] == sum(group["passed"] is False for group in groups)
    assert counted["faces"]["all"] == len(faces)
    assert counted["faces"]["checked"] == sum(len(group["checks"]) for group in groups)
    assert counted["faces"]["in_frames_and_badges"] == sum(face["kind"] != "present" for face in faces)
    assert counted["faces"]["unchecked"] == 0
    assert sum(counted["faces"].values()) == 2 * len(faces)
    assert counted["faces"]["checked"]
    assert counted["faces"]["too_small_or_hidden"]
    assert "<h2>Group pictures</h2>" in page
    assert "Faces less than 60 pixels high, faces of which less than 60 % can be seen" in page
    assert "unchecked, as the dataset" not in page


@pytest.mark.parametrize("change", ["absent", "of another build", "damaged"])
def test_without_the_raw_tree_its_parts_are_absent(dataset, tmp_path, change):
    copy = shutil.copytree(dataset, tmp_path / "remem")
    if change != "absent":
        raw = shutil.copytree(beside(dataset, ".raw"), tmp_path / "remem.raw")
        assert Records(open_source(copy)).of("id_0001", "anchor-000")["view"]["role"] == "anchor"
        manifest = raw / "remem-raw.json"
        other = manifest.read_text().replace('"code"', '"other code"')
        manifest.write_text(other if change == "of another build" else other[:20])
    result = write_report(copy, tmp_path / "report", views=1)
    assert result["group_pictures"] is None
    assert result["redraws"] is None
    assert "yaw" not in result["groups"]
    assert "hair" in result["groups"]
    page = (tmp_path / "report" / "quality.html").read_text()
    assert "Group pictures" not in page
    assert "What is not checked" in page


def test_a_sidecar_that_is_none_is_passed_over(dataset, tmp_path):
    copy = shutil.copytree(dataset, tmp_path / "remem")
    tree = RawTree(shutil.copytree(beside(dataset, ".raw"), tmp_path / "remem.raw"))
    whole = Records(open_source(copy)).group_pictures(["id_0001", "id_0002"])
    for text in ("", "[]", "{", '{"faces": [{"kind": 3}]}', "\x00\xff"):
        tree.sidecar("id_0001", "group-seen-000").write_bytes(text.encode("latin-1"))
        counted = Records(open_source(copy)).group_pictures(["id_0001", "id_0002"])
        assert counted["pictures"] == whole["pictures"] - 1 == 3
    assert Records(open_source(copy)).group_pictures(["id_0009"]) is None


def test_own_pictures_have_no_groups_by_looks(tmp_path, renderer):
    """Nor by what the lot said of head turn and accessory, which are the pictures' own."""
    own = build(tmp_path / "mine", renderer, checked=False, renderer="folder")
    result = write_report(own, tmp_path / "report", views=1)
    assert set(result["groups"]) == {"role", "framing", "occluder"}
    assert result["own_pictures"] is True
    assert result["redraws"]["not_checked"] == result["redraws"]["pictures"] == 16
    counted = result["group_pictures"]
    assert counted["not_checked"] == counted["pictures"] == 8
    assert counted["faces"]["checked"] == 0
    assert counted["faces"]["unchecked"] > 0
    page = (tmp_path / "report" / "quality.html").read_text()
    assert "built without face recognition" in page
    assert "outfits" not in page


@pytest.mark.parametrize("given", [".", "./", "../remem/", "{whole}/"])
def test_the_dataset_may_be_given_in_any_way(dataset, report, tmp_path, monkeypatch, capsys, given):
    copy = shutil.copytree(dataset, tmp_path / "remem")
    shutil.copytree(beside(dataset, ".raw"), tmp_path / "remem.raw")
    monkeypatch.chdir(copy)
    arguments = ["quality", given.format(whole=copy), "--views", "1", "--workers", "1"]
    monkeypatch.setattr("sys.argv", ["generation", *arguments])
    with pytest.raises(SystemExit) as caught:
        run_app(app, "python -m generation")
    assert not caught.value.code
    assert sorted(p.name for p in tmp_path.iterdir()) == ["remem", "remem.quality", "remem.raw"]
    result = json.loads((tmp_path / "remem.quality" / "quality.json").read_text())
    assert result["dataset"] == "remem"
    assert result["group_pictures"] == report[0]["group_pictures"]
    assert "remem.quality/quality.html" in capsys.readouterr().out.replace("\n", "")


def test_the_raw_tree_names_people_as_the_dataset_does(dataset):
    records = Records(open_source(dataset))
    assert records.of(identity_name(0), "train-000")["attempts"] == 2
    assert records.of(identity_name(0), "train-099") == {}
