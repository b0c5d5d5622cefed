"""The contact sheet of a built dataset."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image

from generation.__main__ import app
from generation.sheet import Show, _caption, draw_people, draw_scenes, make_sheet
from remem_dataset.errors import RememError, run_app
from remem_dataset.report.people import load_portraits
from remem_dataset.schema import SCENES, SEEN
from remem_dataset.source import open_source
from tests.fakes.dataset import build_dataset, small_config


def test_sheet_of_a_dataset_folder(tiny_dataset, tmp_path):
    out = make_sheet(tiny_dataset, tmp_path / "deep" / "people.png", views=3, cell=32)
    with Image.open(out) as sheet:
        assert sheet.format == "PNG"
        narrow = sheet.size
    assert [p.name for p in out.parent.iterdir()] == ["people.png"]
    with Image.open(make_sheet(tiny_dataset, out, views=4, cell=32)) as sheet:
        assert sheet.width == narrow[0] + 32 + 6
        assert sheet.height == narrow[1]
    with Image.open(make_sheet(tiny_dataset, out, views=3, cell=32, people=2)) as sheet:
        assert sheet.width == narrow[0]
        assert sheet.height < narrow[1]


@pytest.mark.parametrize("unseen", [False, True])
def test_a_row_shows_the_anchor_and_the_views_asked_for(tiny_dataset, unseen):
    (person,) = load_portraits(open_source(tiny_dataset), people=1, views=2)
    red, blue, green = (Image.new("RGB", (8, 8), c) for c in ((255, 0, 0), (0, 0, 255), (0, 255, 0)))
    person = dataclasses.replace(person, anchor=green, seen=(red,) * 2, unseen=(blue,) * 2)
    drawn = np.asarray(draw_people([person], cell=20, unseen=unseen))
    count = {
        name: int((drawn == colour).all(axis=2).sum())
        for name, colour in (("seen", (255, 0, 0)), ("unseen", (0, 0, 255)), ("anchor", (0, 255, 0)))
    }
    assert count == {"seen": 0 if unseen else 800, "unseen": 800 if unseen else 0, "anchor": 400}


def test_a_person_without_unseen_views_leaves_a_gap(tiny_dataset):
    portraits = load_portraits(open_source(tiny_dataset), people=2, views=2)
    whole = draw_people(portraits, cell=16, unseen=True)
    less = draw_people([portraits[0], dataclasses.replace(portraits[1], unseen=())], cell=16, unseen=True)
    assert whole.size == less.size


def test_scenes_show_every_face_and_mark_the_asked_one(tiny_dataset):
    row = open_source(tiny_dataset).load(SCENES)[SEEN][0]
    row["image"] = Image.new("RGB", (100, 100))
    drawn = np.asarray(draw_scenes([row], columns=2, cell=100))
    orange = (drawn == (232, 138, 30)).all(axis=2)
    assert orange.any()
    (asked,) = [face for face in row["faces"] if face["identity_id"] == row["identity_id"]]
    assert np.nonzero(orange)[1].min() == 6 + int(asked["box"][0] * 1)


def test_a_long_question_is_shortened_and_its_answer_is_not():
    question = "Could you tell me where the firm of the person in the checked shirt has its headquarters?"
    lines = [line for line, _ in _caption(question, "Ravellmarch", letters=20, lines=4)]
    assert len(lines) == 4
    assert lines[-1] == "Ravellmarch"
    assert lines[-2].endswith(" …")
    assert [line for line, _ in _caption("Who?", "Ada", letters=20, lines=4)] == ["Who?", "Ada"]


def test_a_sheet_of_scenes_has_two_pictures_a_person(tiny_dataset, tmp_path):
    out = make_sheet(tiny_dataset, tmp_path / "scenes.jpg", show=Show.SCENES, people=2, views=4, cell=32)
    with Image.open(out) as sheet:
        assert sheet.format == "JPEG"
        assert sheet.width == 4 * (32 + 6) + 6


@pytest.mark.parametrize(
    ("options", "said"),
    [({"views": 0}, "views is 0"), ({"cell": 4}, "cell is 4"), ({"people": 2000}, "people is 2000")],
)
def test_sizes_out_of_range(tiny_dataset, tmp_path, options, said):
    with pytest.raises(RememError, match=said):
        make_sheet(tiny_dataset, tmp_path / "x.png", **options)


def test_command_line(monkeypatch, capsys, tmp_path, tiny_dataset):
    def call(*arguments) -> int:
        monkeypatch.setattr("sys.argv", ["generation", "sheet", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            run_app(app, "python -m generation")
        return caught.value.code or 0

    assert call(tiny_dataset, tmp_path / "people.png", "--cell", 16) == 0
    assert call(tmp_path / "nowhere", tmp_path / "other.png") == 2
    assert "error: " in capsys.readouterr().err
    assert not (tmp_path / "other.png").exists()
    assert call(tiny_dataset, tmp_path / "other.gif") == 2
    assert "must end in .png or .jpg" in capsys.readouterr().err


def test_small_cells_and_datasets_without_group_pictures(tiny_dataset, tmp_path):
    make_sheet(tiny_dataset, tmp_path / "small.png", show=Show.SCENES, people=2, cell=16)
    config = small_config(groups_per_identity=0, multi_image_per_identity=0)
    bare = build_dataset(tmp_path / "bare", config)
    with pytest.raises(RememError, match="has no group pictures"):
        make_sheet(bare, tmp_path / "x.png", show=Show.SCENES)
