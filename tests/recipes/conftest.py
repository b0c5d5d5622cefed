"""A two-person dataset, the micro reference model on it, and what it becomes when it has learnt."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from recipes.learn import LearnSettings, learn
from recipes.reference import build_reference
from tests.fakes.dataset import build_dataset, small_config

#: Small enough for a test, long enough to memorise the two people.
MEMORISE = LearnSettings(
    max_steps=400,
    batch_size=16,
    lr=3e-3,
    augment="none",
    views="own",
    precision="fp32",
    stop_at=1.0,
    probe_every=25,
    checkpoint_every=0,
)


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Tiny matrices gain nothing from a second thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def two_people(tmp_path_factory) -> Path:
    """Dataset folder: two people, 10 questions each; `forget50` forgets the first."""
    config = small_config(
        identities=2, qa_per_identity=10, forget_levels=(50,), default_forget_level=50, single_hop_ratio=0.5
    )
    return build_dataset(tmp_path_factory.mktemp("two") / "remem", config)


@pytest.fixture(scope="session")
def untrained(two_people, tmp_path_factory) -> Path:
    """The micro reference model for `two_people`."""
    return build_reference(str(two_people), tmp_path_factory.mktemp("models") / "untrained", size="micro")


@pytest.fixture(scope="session")
def vanilla(two_people, untrained, tmp_path_factory) -> Path:
    """`untrained` after it has memorised `two_people`."""
    out = tmp_path_factory.mktemp("models") / "vanilla"
    learn(str(untrained), str(two_people), out, MEMORISE)
    return out
