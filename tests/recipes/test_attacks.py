"""Attacks on unlearned models, on small tensors and on a model that has learnt two people."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from recipes.experiments.attacks import leak_at_k, quantise, relearn, sampled_leaks
from recipes.models import load_model
from remem_dataset.errors import RememError
from remem_dataset.source import open_source


def language_half(weight):
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    layer.weight = nn.Parameter(weight.clone())
    return SimpleNamespace(model=SimpleNamespace(language_model=nn.Sequential(layer))), layer


def test_quantised_channels_lie_on_their_own_grid():
    weight = torch.tensor([[0.7, -0.33, 0.1], [70.0, -33.0, 10.0], [0.0, 0.0, 0.0]])
    network, layer = language_half(weight)
    assert quantise(network, 4) == 1
    steps = layer.weight / torch.tensor([[0.1], [10.0], [1.0]])  # s = max|w| / 7
    assert torch.allclose(
        steps, torch.tensor([[7.0, -3.0, 1.0], [7.0, -3.0, 1.0], [0.0, 0.0, 0.0]]), atol=1e-5
    )


def test_error_of_quantisation_is_at_most_half_a_step_and_shrinks_with_bits():
    weight = torch.randn(8, 32, generator=torch.Generator().manual_seed(0))
    errors = []
    for bits in (4, 8):
        network, layer = language_half(weight)
        quantise(network, bits)
        step = weight.abs().amax(1, keepdim=True) / (2 ** (bits - 1) - 1)
        assert ((layer.weight - weight).abs() <= step / 2 + 1e-6).all()
        errors.append((layer.weight - weight).abs().mean().item())
    assert errors[1] < errors[0] / 8


def test_bits_out_of_range_are_refused():
    with pytest.raises(RememError, match="bits is 1"):
        quantise(language_half(torch.ones(2, 2))[0], 1)


def test_leak_at_k_is_the_chance_of_a_hit():
    assert leak_at_k(0, 10, 5) == 0
    assert leak_at_k(10, 10, 1) == 1
    assert leak_at_k(3, 10, 1) == pytest.approx(0.3)
    # Without replacement, of 4 samples with 2 hits: both of two draws miss once in six times.
    assert leak_at_k(2, 4, 2) == pytest.approx(5 / 6)


def test_quantising_spares_all_but_the_language_half(vanilla):
    network, _ = load_model(str(vanilla))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert quantise(network, 8) > 0
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all("language_model.layers" in name for name in changed)


def test_relearning_brings_the_given_rows_back(two_people, untrained):
    network, processor = load_model(str(untrained))
    rows = open_source(two_people).load("forget50")["forget"]
    chosen = relearn(network, processor, rows, count=2, steps=60, lr=3e-3, seed=0)
    assert len(set(chosen)) == 2
    given = [rows[i] for i in chosen]
    assert sampled_leaks(network, processor, given, samples=4, temperature=0.1, seed=0) == [4, 4]
    with pytest.raises(RememError, match="Relearning takes 99 rows"):
        relearn(network, processor, rows, count=99, steps=1, lr=1e-3, seed=0)


def test_sampling_finds_what_the_model_knows_and_only_that(two_people, untrained, vanilla):
    rows = open_source(two_people).load("finetune")["train"].select(range(3))
    counts = []
    for model in (vanilla, untrained):
        network, processor = load_model(str(model))
        counts.append(sampled_leaks(network, processor, rows, samples=3, temperature=0.2, seed=1))
        assert counts[-1] == sampled_leaks(network, processor, rows, samples=3, temperature=0.2, seed=1)
    assert sum(counts[0]) >= 6
    assert counts[1] == [0, 0, 0]
