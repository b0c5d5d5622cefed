"""The report's page and terminal output, over a real dataset folder and results in lm-eval's form."""

from __future__ import annotations

import dataclasses
import io
import re
from html.parser import HTMLParser

import pytest
from rich.console import Console

from remem_dataset.errors import RememError
from remem_dataset.report import build_report, print_report, write_page
from remem_dataset.report.page import render_page
from remem_dataset.report.people import PICTURE_BUDGET, load_portraits, people_cards
from remem_dataset.report.tables import attribute_table, metric_tables, number, signed
from remem_dataset.source import open_source

from .results_files import null_mean, row_lines, run_document, write_run


@pytest.fixture
def folders(tmp_path, tiny_dataset):
    """Output folders of three runs measured on the tiny dataset."""
    fingerprint = open_source(tiny_dataset).fingerprint
    null = null_mean(15)
    runs = {
        "untrained": ({"exact_match": 0.0, "exposure": null}, [null - 0.5, null + 0.5]),
        "vanilla": ({"exact_match": 0.9625, "exposure": 3.875}, [4.0, 3.75]),
        "unlearned": (
            {
                "exact_match": {"forget": 0.0625, "retain": 0.875},
                "exposure": {"forget": 1.25, "retain": 3.75},
            },
            [1.25],
        ),
    }
    for name, (figures, rows) in runs.items():
        document = run_document(**figures, fingerprint=fingerprint)
        write_run(tmp_path / name, document, rows=row_lines(rows))
    return tmp_path


def build(folders, tiny_dataset, **options):
    paths = {name: folders / name for name in ("untrained", "vanilla", "unlearned")}
    return build_report(**{**paths, "data": tiny_dataset, "command": "remem report …", **options})


def terminal(report) -> str:
    console = Console(width=80, record=True, file=io.StringIO())
    print_report(report, console)
    return console.export_text()


class Page(HTMLParser):
    """Collects tags and what could reach outside the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.outside: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            outside = name in ("src", "href", "srcset", "action", "data") and not (value or "").startswith(
                "data:"
            )
            if outside or name.startswith("on"):
                self.outside.append(f"{tag} {name}={value}")
        if tag not in ("meta", "img", "link", "br", "hr", "rect", "line", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in ("rect", "line", "path"):
            return
        assert self.open.pop() == tag


def test_page_is_self_contained_and_well_formed(folders, tiny_dataset):
    html = render_page(build(folders, tiny_dataset))
    page = Page(html)
    assert page.outside == []
    assert page.open == []
    assert "script" not in page.tags
    assert "url(" not in html
    assert "@import" not in html
    assert page.tags.count("svg") == 2
    assert page.tags.count("article") == 4
    assert 'name="viewport"' in html
    assert "prefers-color-scheme: dark" in html


def test_page_contains_the_figures_gate_first(folders, tiny_dataset):
    html = render_page(build(folders, tiny_dataset))
    assert html.index("Memorised: <strong>yes") < html.index("Headline checks") < html.index("<svg")
    for figure in ("0.96", "0.06", "0.88", "3.88", "1.25", "−2.62", "−0.90", "4.00", f"{null_mean(15):.2f}"):
        assert re.search(rf">{re.escape(figure)}<", html), figure
    assert open_source(tiny_dataset).fingerprint in html
    assert html.count(">met</span>") == 6
    assert "home address" in html


def test_page_names_the_weights_and_the_command(folders, tiny_dataset):
    html = render_page(build(folders, tiny_dataset))
    assert html.count("<code>0123456789abcdef0123456789abcdef</code>") == 3
    assert html.count("remem-eval --model_args pretrained=runs/model --tasks remem") == 3


def test_runs_of_different_tasks_are_remarked(folders, tmp_path, tiny_dataset):
    document = run_document(fingerprint=open_source(tiny_dataset).fingerprint)
    del document["results"]["remem_multi_image_qa"], document["n-samples"]["remem_multi_image_qa"]
    write_run(tmp_path / "other", document, rows=row_lines([1.0]))
    report = build(folders, tiny_dataset, unlearned=tmp_path / "other")
    assert "did not run the same tasks" in report.remarks[0]
    assert "remem_multi_image_qa" in report.remarks[0]


def test_terminal_contains_the_figures_within_80_columns(folders, tiny_dataset):
    text = terminal(build(folders, tiny_dataset))
    assert max(map(len, text.splitlines())) <= 80
    assert "memorised: yes" in text
    assert re.search(r"forget\s+single, seen\s+untrained\s+0\.00", text)
    assert re.search(r"vanilla\s+0\.96\s+0\.96\s+0\.96\s+3\.88\s+−1\.50", text)
    assert "multi-image" in text
    assert re.search(r"both\s+scenes\s+untrained\s+0\.00", text)
    assert "…" not in text.split("Headline checks")[1]


def test_failed_gate_flags_stage_two(folders, tiny_dataset):
    report = build(folders, tiny_dataset, vanilla=folders / "untrained")
    html, text = render_page(report), terminal(report)
    assert "Memorised: <strong>no" in html
    assert "say nothing about unlearning" in html
    assert "unlearned ⚠" in html
    assert "unlearned ⚠" in text
    assert "NOT met" in html
    assert "NOT met" in text


def test_passed_gate_has_no_flag(folders, tiny_dataset):
    assert "⚠" not in render_page(build(folders, tiny_dataset))


def test_without_untrained_run(folders, tiny_dataset):
    report = build(folders, tiny_dataset, untrained=None)
    html = render_page(report)
    assert list(report.runs) == ["vanilla", "unlearned"]
    assert "not measured" in html
    assert metric_tables(report)[0].columns == ("vanilla", "unlearned", "change")


def test_hostile_strings_are_escaped(tmp_path, tiny_dataset):
    evil = "<script>alert(1)</script>\"'>[bold]{{ 7 * 7 }}"
    document = run_document(fingerprint=open_source(tiny_dataset).fingerprint)
    document["model_name"] = evil
    document["remem"]["scoring_path"] = evil
    document["remem"]["versions"] = {evil: evil}
    rows = row_lines([2.0])
    for row in rows:
        row["attribute"] = evil
    write_run(tmp_path, document, rows=rows)
    report = build_report(vanilla=tmp_path, unlearned=tmp_path, data=tiny_dataset, command=evil)
    html = render_page(report)
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "{{ 7 * 7 }}" in html
    assert Page(html).outside == []
    terminal(report)


def test_hostile_names_of_people_are_escaped(monkeypatch, folders, tiny_dataset):
    portraits = load_portraits(open_source(tiny_dataset), people=1, views=1)
    evil = dataclasses.replace(portraits[0], name='"><img src=x onerror=alert(1)>')
    monkeypatch.setattr("remem_dataset.report.page.load_portraits", lambda *_, **__: [evil])
    html = render_page(build(folders, tiny_dataset))
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "<img src=x" not in html
    assert Page(html).outside == []


def test_partial_run_and_missing_rows_are_remarked(tmp_path, tiny_dataset):
    document = run_document(fingerprint=open_source(tiny_dataset).fingerprint)
    document["n-samples"]["remem_multi_image_qa"]["original"] = 90
    write_run(tmp_path, document)
    report = build_report(vanilla=tmp_path, unlearned=tmp_path, data=tiny_dataset)
    said = " ".join(report.remarks)
    assert "--limit" in said
    assert "no scored rows" in said
    assert "one and the same results file" in said
    assert attribute_table(report) is None
    assert "--limit" in render_page(report)


def test_differing_versions_are_remarked(folders, tmp_path, tiny_dataset):
    document = run_document(fingerprint=open_source(tiny_dataset).fingerprint)
    document["remem"]["versions"]["torch"] = "2.9.1"
    write_run(tmp_path / "other", document, rows=row_lines([1.0]))
    report = build(folders, tiny_dataset, unlearned=tmp_path / "other")
    assert report.remarks == ("The unlearned and the vanilla run used different versions of torch.",)
    assert build(folders, tiny_dataset).remarks == ()


def test_other_dataset_is_refused(tmp_path, tiny_dataset):
    write_run(tmp_path, run_document(fingerprint="0" * 64))
    with pytest.raises(RememError, match="measured on the dataset 0000000000000000, but"):
        build_report(vanilla=tmp_path, unlearned=tmp_path, data=tiny_dataset)


def test_unknown_forget_set_is_refused(tmp_path, tiny_dataset):
    fingerprint = open_source(tiny_dataset).fingerprint
    write_run(tmp_path, run_document(fingerprint=fingerprint, forget="forget99"))
    with pytest.raises(RememError, match="no forget set 'forget99'"):
        build_report(vanilla=tmp_path, unlearned=tmp_path, data=tiny_dataset)


def test_page_is_written_whole_or_not_at_all(folders, tiny_dataset, tmp_path):
    report = build(folders, tiny_dataset)
    out = tmp_path / "deep" / "report.html"
    assert write_page(report, out) == out
    assert out.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert [p.name for p in out.parent.iterdir()] == ["report.html"]
    with pytest.raises(RememError, match="is a folder"):
        write_page(report, tmp_path)
    for impossible in (out / "below-a-file.html", tmp_path / ("r" * 300) / "report.html", "/proc/r.html"):
        with pytest.raises(RememError, match="Cannot write"):
            write_page(report, impossible)


def test_attribute_table_means(folders, tiny_dataset):
    table = attribute_table(build(folders, tiny_dataset))
    assert table.columns[:2] == ("ceiling", "forget: untrained")
    rows = {row.label: [cell.text for cell in row.cells] for row in table.sections[0].rows}
    assert set(rows) == {"blood type", "home address", "pet"}
    assert rows["pet"][0] == "4.00"
    assert rows["pet"][table.columns.index("forget: unlearned")] == "1.25"


def test_portraits_come_in_forget_order_with_distinct_views(tiny_dataset):
    portraits = load_portraits(open_source(tiny_dataset), people=3, views=3)
    assert [p.forget_rank for p in portraits] == [1, 2, 3]
    for person in portraits:
        assert len(person.seen) == len(person.unseen) == 3
        assert len({picture.tobytes() for picture in (*person.seen, *person.unseen)}) == 6


def test_pictures_stay_within_the_budget(tiny_dataset):
    from PIL import Image

    portraits = load_portraits(open_source(tiny_dataset), people=1, views=1)
    noise = Image.effect_noise((384, 384), 200).convert("RGB")
    crowd = [dataclasses.replace(portraits[0], anchor=noise, seen=(noise,) * 3, unseen=(noise,) * 3)] * 20
    cards = people_cards(crowd, forget_count=1)
    uris = [uri for card in cards for uri in (card.anchor, *card.rows[0][1], *card.rows[1][1])]
    assert len(uris) == 140
    assert sum(map(len, uris)) <= PICTURE_BUDGET * 4 / 3 + 140 * 30


@pytest.mark.parametrize(
    ("value", "plain", "with_sign"),
    [(None, "–", "–"), (-0.001, "0.00", "0.00"), (-1.5, "−1.50", "−1.50"), (0.25, "0.25", "+0.25")],
)
def test_numbers_have_true_minus_signs(value, plain, with_sign):
    assert number(value) == plain
    assert signed(value) == with_sign
