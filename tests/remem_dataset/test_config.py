"""BenchmarkConfig: presets, overrides, and one sentence for every fault."""

from __future__ import annotations

import dataclasses

import pytest

from generation.presets import load_preset, preset_names
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError


def test_default_preset_has_the_papers_counts():
    config = load_preset("default")
    assert config.identities * config.qa_per_identity == 2000
    assert config.identities * config.eval_per_identity == 560
    assert config.single_hop_count == 70
    assert config.forget_counts == {"forget05": 1, "forget10": 2, "forget15": 3, "forget20": 4}
    assert config.default_forget == "forget10"


def test_presets_are_the_three_of_the_design():
    assert preset_names() == ["default", "large", "tiny"]
    assert load_preset("large").identities == 200
    assert load_preset("tiny").single_hop_count == 17


def test_every_field_can_be_overridden_by_text():
    override = {
        "name": "mine",
        "seed": "7",
        "identities": "8",
        "qa_per_identity": "30",
        "images_per_identity": "5",
        "eval_per_identity": "4",
        "multi_image_per_identity": "1",
        "groups_per_identity": "3",
        "single_hop_ratio": "0.5",
        "image_size": "64",
        "candidates": "31",
        "forget_levels": "25,75",
        "default_forget_level": "75",
        "renderer": "other",
        "recognition": "0",
        "casting_pool": "5",
        "redraws": "2",
    }
    assert set(override) == {field.name for field in dataclasses.fields(BenchmarkConfig)}
    config = load_preset("tiny", **override)
    for name, text in override.items():
        value = getattr(config, name)
        assert (",".join(map(str, value)) if name == "forget_levels" else str(value)) == text


def test_round_trip_through_a_dict():
    config = load_preset("tiny", seed=3)
    assert BenchmarkConfig.from_dict(config.to_dict()) == config


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ({"single_hop_ratio": "1.5"}, r"single_hop_ratio is 1.5; it must lie in \[0, 1\]"),
        (
            {"qa_per_identity": 24, "single_hop_ratio": "0.7"},
            "single_hop_ratio is 0.7, but that share of qa_per_identity = 24 is not a whole number of "
            "questions; the nearest are 16/24 and 17/24",
        ),
        ({"single_hop_ratio": "1/0"}, "single_hop_ratio is '1/0'; it must be a number"),
        ({"single_hop_ratio": "nan"}, "single_hop_ratio is nan"),
        ({"single_hop_ratio": "half"}, "single_hop_ratio is 'half'; it must be a number"),
        ({"identities": "2.5"}, "identities is '2.5'; it must be a whole number"),
        ({"identities": float("inf")}, "identities is inf; it must be a whole number"),
        ({"forget_levels": [float("inf")]}, "whole percentages"),
        ({"single_hop_ratio": f"{10**400}/1"}, "it must be a number"),
        ({"identities": "-1"}, "identities is -1; it must lie between 2"),
        ({"identities": True}, "identities is True"),
        ({"forget_levels": "30"}, "30 % of 4 identities is not a whole number"),
        ({"forget_levels": "50,25"}, "must be ascending"),
        ({"forget_levels": "a"}, "whole percentages"),
        ({"forget_levels": ""}, "whole percentages"),
        ({"default_forget_level": "75"}, r"default_forget_level is 75; it must be one of \[25, 50\]"),
        ({"image_size": "8"}, "image_size is 8; it must lie between 32"),
        ({"renderer": "../evil"}, "renderer"),
        ({"colour": "red"}, "unknown field 'colour'; the fields are name, seed"),
    ],
)
def test_faults_are_one_sentence(override, sentence):
    with pytest.raises(RememError, match=sentence) as caught:
        load_preset("tiny", **override)
    assert "\n" not in str(caught.value)


def test_unknown_preset_names_the_presets():
    with pytest.raises(RememError, match="no preset 'huge'; the presets are default, large, tiny"):
        load_preset("huge")


@pytest.mark.parametrize("content", ["[1, 2]", "a: [", "", "\xff", "seed: 2024-13-45", "[" * 2000])
def test_yaml_that_is_no_config(tmp_path, content):
    path = tmp_path / "x.yaml"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(RememError, match="config"):
        BenchmarkConfig.from_yaml(path)
