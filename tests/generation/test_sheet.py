"""The contact sheet of a built dataset."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image

from generation.sheet import draw_sheet, main, make_sheet
from remem_dataset.errors import RememError
from remem_dataset.report.people import load_portraits
from remem_dataset.source import open_source


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


def test_seen_row_is_above_the_unseen_row(tiny_dataset):
    (person,) = load_portraits(open_source(tiny_dataset), people=1, views=2)
    red, blue = (Image.new("RGB", (8, 8), colour) for colour in ((255, 0, 0), (0, 0, 255)))
    drawn = np.asarray(
        draw_sheet([dataclasses.replace(person, seen=(red,) * 2, unseen=(blue,) * 2)], cell=20)
    )
    red_rows = np.nonzero((drawn == (255, 0, 0)).all(axis=2))[0]
    blue_rows = np.nonzero((drawn == (0, 0, 255)).all(axis=2))[0]
    assert len(red_rows) == len(blue_rows) == 2 * 20 * 20
    assert red_rows.max() < blue_rows.min()


def test_a_person_without_unseen_views_leaves_a_gap(tiny_dataset):
    portraits = load_portraits(open_source(tiny_dataset), people=2, views=2)
    whole = draw_sheet(portraits, cell=16)
    less = draw_sheet([portraits[0], dataclasses.replace(portraits[1], unseen=())], cell=16)
    assert whole.size == less.size


@pytest.mark.parametrize(
    ("options", "said"),
    [({"views": 0}, "views is 0"), ({"cell": 4}, "cell is 4"), ({"people": 2000}, "people is 2000")],
)
def test_sizes_out_of_range(tiny_dataset, tmp_path, options, said):
    with pytest.raises(RememError, match=said):
        make_sheet(tiny_dataset, tmp_path / "x.png", **options)


def test_command_line(monkeypatch, capsys, tmp_path, tiny_dataset):
    def call(*arguments) -> int:
        monkeypatch.setattr("sys.argv", ["sheet", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        return caught.value.code or 0

    assert call(tiny_dataset, tmp_path / "people.png", "--cell", 16) == 0
    assert call(tmp_path / "nowhere", tmp_path / "other.png") == 2
    assert "error: " in capsys.readouterr().err
    assert not (tmp_path / "other.png").exists()
