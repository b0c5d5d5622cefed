"""Experiments of unlearning, from end to end on the micro model."""

from __future__ import annotations

import csv
import json

import pytest
import yaml

from recipes.experiments import cells, run
from recipes.experiments.pictures import build_variant
from recipes.experiments.spec import parse_experiment
from recipes.unlearn.methods import method_names
from remem_dataset.errors import RememError
from tests.fakes.dataset import small_config

from .test_experiments import CountingRenderer, drawing_with

SMALL = small_config(
    identities=2,
    forget_levels=(50,),
    default_forget_level=50,
    qa_per_identity=10,
    single_hop_ratio=0.5,
    eval_per_identity=2,
    candidates=3,
    multi_image_per_identity=0,
    groups_per_identity=0,
).to_dict()

EXPERIMENT = {
    "title": "Unlearning, small",
    "figure": "scatter",
    "dataset": SMALL,
    "model_size": "micro",
    "training": {"max_steps": 3, "batch_size": 8, "augment": "none", "precision": "fp32"},
    "cells": {"vanilla": {}},
    "unlearning": {
        "levels": ["forget50"],
        "refusing": ["npo"],
        "methods": {"npo": {"method": "npo", "epochs": 1, "forget_views": 1, "options": {"beta": 0.2}}},
        "attacks": {
            "quantise_4": {"bits": 4},
            "sampling": {"k": 2, "samples": 2, "temperature": 1.0},
        },
    },
}


def test_methods_stand_beside_vanilla_and_retain_only(tmp_path, monkeypatch, capfd):
    renderer = CountingRenderer()
    monkeypatch.setattr(
        cells,
        "build_variant",
        lambda config, out, store: build_variant(config, out, store, drawing_with(renderer)),
    )
    config = tmp_path / "small.yaml"
    config.write_text(yaml.safe_dump(EXPERIMENT))
    out = tmp_path / "runs"
    run.main("small", config=config, out=out, seeds="0")
    with (out / "small" / "table.csv").open() as file:
        table = {line["cell"]: line for line in csv.DictReader(file)}
    assert list(table) == ["vanilla", "retain-only", "npo"]
    assert len({line["model"] for line in table.values()}) == 3, "three different models were measured"
    npo = table["npo"]
    assert npo["level"] == "forget50"
    assert int(npo["steps"]) > 0 == int(table["vanilla"]["steps"])
    assert npo["headline"] == "", "nothing was learnt in three steps, so the gate is shut"
    assert float(table["retain-only"]["forget_quality_p"]) == 1, "the same as itself"
    for name in ("forget_exposure_share_seen", "quantise_4_forget_exposure_share", "sampling_leak_at_2"):
        assert 0 <= float(npo[name]) <= 1
    told = json.loads((out / "small" / "provenance.json").read_text())
    assert told["unlearning"]["methods"]["npo"]["options"] == {"beta": "0.2"}
    assert {line["git_commit"] for line in table.values()} == {told["git_commit"]}
    assert (out / "small" / "figure.svg").is_file()

    before = (out / "small" / "table.csv").read_bytes()
    records = {p: p.stat().st_mtime_ns for p in (out / "store").rglob("*.json")}
    run.main("small", config=config, out=out, seeds="0")
    assert (out / "small" / "table.csv").read_bytes() == before
    assert {p: p.stat().st_mtime_ns for p in (out / "store").rglob("*.json")} == records


def test_without_a_list_every_method_is_run():
    unlearning = {"levels": ["forget50"]}
    experiment = parse_experiment("e", {**EXPERIMENT, "unlearning": unlearning}, "e.yaml")
    assert [fields["method"] for fields in experiment.unlearning.methods.values()] == method_names()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"cells": {"a": {}, "b": {}}}, "has one cell"),
        ({"figure": "lines"}, "scatter, bars show unlearning"),
        ({"unlearning": {**EXPERIMENT["unlearning"], "attack": {}}}, "unknown field 'attack'"),
        ({"unlearning": None}, "scatter, bars show unlearning"),
        (
            {"unlearning": {"levels": ["forget50"], "methods": {"a": {"method": "amnesia"}}}},
            "no method 'amnesia'",
        ),
        ({"unlearning": {"levels": ["forget50"], "methods": {"a": {"speed": 1}}}}, "unknown field 'speed'"),
    ],
)
def test_bad_stage2_experiments_are_refused(change, sentence):
    with pytest.raises(RememError, match=sentence):
        parse_experiment("e", {**EXPERIMENT, **change}, "e.yaml")
