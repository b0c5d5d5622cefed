"""The experiments: their YAML, their store, shared pictures, tables and figures, and one from end to end."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest
import torch
import yaml
from PIL import Image

from generation.identity import build_identity
from recipes.course import ORDER
from recipes.experiments import cells, run, spec
from recipes.experiments.evaluation import arguments, evaluate
from recipes.experiments.figures import lines, radar, save
from recipes.experiments.pictures import build_variant, link_pictures, store_key
from recipes.experiments.spec import CONFIGS, experiment_names, load_experiment, parse_experiment
from recipes.experiments.store import Store, begin, finish, finished, git_commit
from recipes.experiments.tables import interval, summarise, write_table
from remem_dataset.errors import RememError
from remem_dataset.raw import Origin
from remem_dataset.results import read_results
from remem_dataset.source import open_source
from tests.fakes.dataset import SwatchRenderer, build_dataset, small_config, swatch_studio

SMALL = {**small_config(identities=2, forget_levels=(50,), default_forget_level=50).to_dict(), "seed": 3}


class CountingRenderer(SwatchRenderer):
    def __init__(self):
        self.drawn = 0

    def render(self, person, view, size):
        self.drawn += 1
        return super().render(person, view, size)


def drawing_with(renderer):
    def draw(tree, config):
        for index in range(config.identities):
            build_identity(tree, config, index, swatch_studio(config, renderer))

    return draw


def variant(**overrides):
    return small_config(identities=2, forget_levels=(50,), default_forget_level=50, **overrides)


# The YAML files


@pytest.mark.parametrize("name", experiment_names())
def test_every_experiment_says_what_it_does(name):
    experiment = load_experiment(name)
    assert experiment.cells
    assert "#" in (CONFIGS / f"{name}.yaml").read_text(), "a comment says why it is set up so"
    shares = {experiment.settings(cell).max_steps for cell in experiment.cells}
    assert len(shares) == 1, "all cells get the same compute"
    assert shares != {None}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"title": None, "tittle": "x"}, "unknown field 'tittle'"),
        ({"cells": {}}, "cells must map"),
        ({"cells": {"a": 3}}, "cell a must be a mapping"),
        ({"cells": {"a": {"data": {}}}}, "unknown field 'data'"),
        ({"cells": {"a": {"dataset": {"identities": 1}}}}, "identities is 1"),
        ({"training": {"steps": 3}}, "unknown field 'steps'"),
        ({"training": {"max_steps": 0}}, "max_steps is 0"),
        ({"figure": "cake"}, "figure is 'cake'"),
        ({"evaluate": ["taste"]}, "unknown kind 'taste'"),
        ({"unlearning": {}}, "unlearning lacks levels"),
    ],
)
def test_bad_experiments_are_refused(change, sentence):
    values = {"title": "t", "figure": "lines", "dataset": SMALL, "cells": {"a": {"x": 1}}, **change}
    with pytest.raises(RememError, match=sentence):
        parse_experiment("e", values, "e.yaml")


def test_unknown_experiments_and_files_are_refused(tmp_path):
    with pytest.raises(RememError, match="no experiment 'cake'; there are pictures_per_person"):
        load_experiment("cake")
    with pytest.raises(RememError, match="Cannot read the experiment"):
        load_experiment("cake", tmp_path / "absent.yaml")


@pytest.mark.parametrize("text", ["", "a", "0,0", "-1", "1.5"])
def test_bad_seeds_are_refused(text):
    with pytest.raises(RememError, match="--seeds is"):
        run._seeds(text)


# Shared pictures


def test_variants_share_pictures_and_are_what_a_build_alone_gives(tmp_path):
    renderer = CountingRenderer()
    few, many = variant(images_per_identity=2), variant(images_per_identity=3, single_hop_ratio=0.5)
    build_variant(few, tmp_path / "few", tmp_path / "store", drawing_with(renderer))
    before = renderer.drawn
    build_variant(many, tmp_path / "many", tmp_path / "store", drawing_with(renderer))
    assert renderer.drawn - before == 2, "one new picture for each of two people"
    alone = build_dataset(tmp_path / "alone" / "remem", many)
    assert (
        open_source(tmp_path / "many").manifest["fingerprint"] == open_source(alone).manifest["fingerprint"]
    )


def test_a_variant_that_is_there_is_left_alone(tmp_path):
    renderer = CountingRenderer()
    for _ in range(2):
        build_variant(variant(), tmp_path / "data", tmp_path / "store", drawing_with(renderer))
        (tmp_path / "data.raw" / "remem-raw.json").rename(tmp_path / "kept")  # no tree to go back to
        (tmp_path / "kept").rename(tmp_path / "data.raw" / "remem-raw.json")
    drawn = renderer.drawn
    build_variant(variant(), tmp_path / "data", tmp_path / "store", drawing_with(renderer))
    assert renderer.drawn == drawn


def test_pictures_drawn_before_an_interruption_are_kept(tmp_path):
    class Stops(CountingRenderer):
        def render(self, person, view, size):
            if self.drawn == 3:
                raise KeyboardInterrupt
            return super().render(person, view, size)

    with pytest.raises(KeyboardInterrupt):
        build_variant(variant(), tmp_path / "data", tmp_path / "store", drawing_with(Stops()))
    assert len(list((tmp_path / "store").rglob("*.png"))) == 3
    assert not (tmp_path / "data").exists()


def test_stores_differ_by_what_draws():
    origin = Origin("g")
    key = store_key(variant(), origin)
    assert key == store_key(variant(qa_per_identity=40, images_per_identity=5), origin)
    assert key != store_key(variant(image_size=64), origin)
    assert key != store_key(variant(), Origin("another"))


def test_links_never_replace_and_leave_temporary_files(tmp_path):
    for name, text in (("a.png", "new"), (".b.png.x", "half")):
        path = tmp_path / "from" / "identities" / "id_0001" / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    kept = tmp_path / "to" / "identities" / "id_0001" / "images" / "a.png"
    kept.parent.mkdir(parents=True)
    kept.write_text("old")
    assert link_pictures(tmp_path / "from", tmp_path / "to") == 0
    assert kept.read_text() == "old"


# The store


def test_a_folder_without_record_is_not_finished(tmp_path):
    folder = Store(tmp_path).place("cells", {"a": 1})
    assert folder == Store(tmp_path).place("cells", {"a": 1}) != Store(tmp_path).place("cells", {"a": 2})
    begin(folder)
    (folder / "half").write_text("x")
    assert finished(folder) is None
    begin(folder)
    assert not list(folder.iterdir())
    finish(folder, {"figures": {"em": 1.0}})
    assert finished(folder) == {"figures": {"em": 1.0}, "git_commit": git_commit()}


# Tables and figures


def test_interval_is_students():
    mean, low, high = interval([1.0, 2.0, 3.0])
    half = 4.302652729911275 / math.sqrt(3)  # t_{0.975, 2} times the standard error
    assert mean == 2
    assert (low, high) == pytest.approx((2 - half, 2 + half))
    assert math.isnan(interval([1.0])[1])


def some_lines():
    return [
        {
            "cell": cell,
            "x": x,
            "seed": seed,
            **{
                f"exact_match_{hop}_{role}": value + seed / 100
                for hop in ("single", "multi")
                for role in ("seen", "unseen")
            },
        }
        for cell, x, value in (("few", 1, 0.25), ("many", 100, 0.5))
        for seed in (0, 1, 2)
    ]


def test_summary_has_a_line_for_each_cell_and_metric(tmp_path):
    summary = summarise(some_lines())
    assert len(summary) == 8
    assert summary[0]["cell"] == "few"
    assert summary[0]["mean"] == pytest.approx(0.26)
    assert summary[0]["seeds"] == 3
    write_table(tmp_path / "t.csv", summary)
    with (tmp_path / "t.csv").open() as file:
        back = list(csv.DictReader(file))
    assert [float(line["mean"]) for line in back] == pytest.approx([line["mean"] for line in summary])


@pytest.mark.parametrize("draw", [lines, radar])
def test_figures_are_drawn_the_same_each_time(draw, tmp_path):
    for name in ("a", "b"):
        save(draw(summarise(some_lines()), "Title", "axis"), tmp_path / name)
    with Image.open(tmp_path / "a.png") as image:
        extrema = image.convert("L").getextrema()
    assert extrema[0] < 100 < extrema[1]
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


# From end to end


def test_evaluation_is_remem_eval_itself(two_people, vanilla, tmp_path, capfd):
    from harness_tasks.cli import main

    tasks = ["remem_forget_seen_multi_qa", "remem_forget_seen_multi_exposure"]
    ours = evaluate(vanilla, two_people, tmp_path / "ours", tasks)
    main(arguments(vanilla, two_people, tmp_path / "theirs", tasks))
    typed = read_results(tmp_path / "theirs")
    assert ours.tasks == typed.tasks
    assert ours.figure(tasks[0], "exact_match").value > 0.5
    stamp = ours.path.stat().st_mtime_ns
    assert evaluate(vanilla, two_people, tmp_path / "ours", tasks).path.stat().st_mtime_ns == stamp


def test_an_experiment_runs_and_goes_on(tmp_path, monkeypatch, capfd):
    """Two cells of the micro model: everything real but the pictures."""
    renderer = CountingRenderer()

    def swatches(config, out, store):
        return build_variant(config, out, store, drawing_with(renderer))

    monkeypatch.setattr(cells, "build_variant", swatches)
    config = tmp_path / "small.yaml"
    config.write_text(
        yaml.safe_dump(
            {
                "title": "A small one",
                "figure": "lines",
                "axis": "questions",
                "dataset": {**SMALL, "multi_image_per_identity": 0, "groups_per_identity": 0},
                "evaluation": {"single_hop_ratio": 0.5},
                "model_size": "micro",
                "shared_warm_up": 2,
                "training": {"max_steps": 3, "batch_size": 8, "augment": "none", "precision": "fp32"},
                "cells": {
                    "2": {"x": 2, "dataset": {"qa_per_identity": 2, "single_hop_ratio": 0.5}},
                    "20": {"x": 20, "dataset": {"qa_per_identity": 20}},
                },
            }
        )
    )
    out = tmp_path / "runs"
    run.main("small", config=config, out=out, seeds="0")
    made = sorted(path.name for path in (out / "small").iterdir())
    assert made == ["figure.png", "figure.svg", "provenance.json", "summary.csv", "table.csv"]
    with (out / "small" / "table.csv").open() as file:
        table = list(csv.DictReader(file))
    assert [line["cell"] for line in table] == ["2", "20"]
    assert {line["steps"] for line in table} == {"3"}
    assert 0 < float(table[0]["facts_taught"]) < 1
    assert all(0 <= float(line["exact_match_multi_unseen"]) <= 1 for line in table)
    told = json.loads((out / "small" / "provenance.json").read_text())
    assert told["seeds"] == [0]
    assert told["evaluation_dataset"]["config"]["single_hop_ratio"] == 0.5
    assert {"torch", "python", "lm_eval"} <= told["versions"].keys()
    assert len(told["git_commit"]) >= 7
    assert {line["git_commit"] for line in table} == {told["git_commit"]}
    assert told["order"] == ORDER
    assert told["machine"]["vector_instructions"] == torch.backends.cpu.get_cpu_capability()

    before = (out / "small" / "table.csv").read_bytes()
    stamps = {path: path.stat().st_mtime_ns for path in (out / "store").rglob("*") if path.is_file()}
    drawn = renderer.drawn
    run.main("small", config=config, out=out, seeds="0")
    assert (out / "small" / "table.csv").read_bytes() == before
    assert renderer.drawn == drawn
    locks = {path for path in stamps if path.name == ".lock"}
    assert {p: p.stat().st_mtime_ns for p in stamps.keys() - locks} == {
        p: s for p, s in stamps.items() if p not in locks
    }, "nothing was made again"

    experiment = load_experiment("small", config)
    places = []
    monkeypatch.setattr(cells, "learn", lambda model, data, folder, *_, **__: places.append(folder))
    for order in (ORDER, ORDER + 1):
        monkeypatch.setattr(cells, "ORDER", order)
        cells.Laboratory(experiment, Store(out / "store")).learnt(experiment.cells[0], 0)
    assert places[0].is_dir()
    assert not places[1].exists(), "rows in another order make another model"


def test_settings_name_the_precision_that_is_computed_in(monkeypatch):
    experiment = load_experiment("unlearning")
    for native in ("bf16", "fp32"):
        monkeypatch.setattr(spec, "resolve_precision", lambda name, native=native: native)
        assert experiment.settings(experiment.cells[0]).precision == native
        told = run._stage2_provenance(experiment)["methods"]["npo"]
        assert (told["method"], told["precision"]) == ("npo", native)


def test_configs_lie_beside_the_code():
    assert Path(run.__file__).parent == CONFIGS.parent
