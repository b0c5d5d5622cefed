"""The null test: fair candidates pass it, a gold that differs by form does not, and the card shows both."""

from __future__ import annotations

import io

import numpy as np
import pytest
from datasets import load_dataset
from PIL import Image

from generation.presets import load_preset
from generation.profiles import sample_profile
from generation.rows import build_rows
from remem_dataset.nullfigure import draw_null_test
from remem_dataset.nulltest import FEWEST_GOLDS, SCORES, NullTest, RandomByteModel, run_null_test


@pytest.fixture(scope="module")
def rows():
    """Exposure rows of the default preset."""
    config = load_preset("default")
    people = [build_rows(config, index, sample_profile(config, index)) for index in range(config.identities)]
    return [row for person in people for key in person if key.startswith("exposure") for row in person[key]]


def test_the_default_presets_golds_rank_anywhere_alike(rows):
    """By both scores, all together and each attribute: what the issue of fair candidates asks for."""
    table = run_null_test(rows).table()
    assert table[0]["attribute"] == "all"
    assert table[0]["golds"] > 400
    assert len(table) == 1 + 20, "17 attributes and three ways back to the name"
    for line in table:
        assert line["golds"] >= FEWEST_GOLDS
        assert min(line[score] for score in SCORES) > 0.01, line


@pytest.mark.parametrize(
    ("told_by", "value"),
    [
        ("a full stop", lambda row: f"{row['answer']}."),
        ("a preamble", lambda row: f"It is {row['answer']}"),
        ("a shorter form", lambda row: row["answer"][:-2]),
    ],
)
def test_a_gold_that_is_told_by_its_form_is_seen(rows, told_by, value):
    """Golds that begin or end otherwise, or are shorter: nobody knows them, yet they do not rank evenly."""
    test = run_null_test([{**row, "answer": value(row)} for row in rows])
    assert min(test.p_value(score) for score in SCORES) < 1e-4, told_by


def test_a_person_counts_once_for_each_question(rows):
    twice = run_null_test([*rows, *rows])
    assert twice.table()[0]["golds"] == run_null_test(rows).table()[0]["golds"]


def test_scores_are_log_probabilities_of_whole_texts():
    """All continuations of a context together have probability 1, and a text's score is the sum over it."""
    model = RandomByteModel(3)
    assert np.exp(model._log_probs).sum(axis=1) == pytest.approx(np.ones(len(model._log_probs)))
    sums, means = model.score(["ab", "a longer text", "é"])
    assert means == pytest.approx(sums / [3, 14, 3])
    one, _ = model.score(["ab"])
    assert one[0] == pytest.approx(sums[0]), "padding changes nothing"
    assert (RandomByteModel(4).score(["ab"])[0] != one).all()


def test_positions_are_even_for_ranks_that_are():
    test, rng = NullTest(), np.random.default_rng(5)
    for _ in range(2_000):
        for score in SCORES:
            test.add(score, "blood_type", int(rng.integers(1, 9)), 8)
    assert test.p_value("sum") > 0.01
    low = NullTest()
    for _ in range(50):
        low.add("sum", "pet", 1, 256)
    assert low.p_value("sum", "pet") < 1e-9


def test_the_figure_shows_a_panel_for_each_score(rows):
    with Image.open(io.BytesIO(draw_null_test(run_null_test(rows)))) as picture:
        assert picture.format == "PNG"
        assert picture.width > 700
        colours = picture.convert("RGB").getcolors(1 << 16)
    blue = sum(count for count, (r, g, b) in colours if b > r + 60)
    assert blue > 1_000, "the bold lines"


def test_the_card_shows_figure_counts_and_p_values(tiny_dataset):
    text = (tiny_dataset / "README.md").read_text()
    assert "(null-test.png)" in text
    with Image.open(tiny_dataset / "null-test.png") as picture:
        picture.load()
    section = text.split("## Are the candidates fair?")[1].split("## ")[0]
    assert "| all | " in section
    table = load_dataset(str(tiny_dataset), split="train").select_columns(["question_type", "hops"])[:]
    kinds = [table["question_type"].count(kind) for kind in ("single_hop", "multi_hop")]
    hops = [table["hops"].count(number) for number in (1, 2, 3)]
    assert f"| `finetune` | {' | '.join(map(str, kinds + hops))} | " in text
