"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

# Before anything imports `datasets` or `huggingface_hub`: they read these once, at import.
_HOME = tempfile.mkdtemp(prefix="remem-test-hf-")
os.environ.update(
    HF_HOME=_HOME, HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", TOKENIZERS_PARALLELISM="false"
)

import pytest  # noqa: E402

from tests.fakes.dataset import build_dataset  # noqa: E402
from tests.fakes.hub import LoopbackHub  # noqa: E402


@pytest.fixture(scope="session")
def tiny_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A packed dataset folder: four people, 20 questions each, 32² pictures, 15 candidates. Read only."""
    return build_dataset(tmp_path_factory.mktemp("data") / "remem")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LoopbackHub]:
    """A Hub of its own on this machine; other processes reach it with `hub.environment(home)`."""
    with LoopbackHub(tmp_path / "hub") as running:
        yield running


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch, hub: LoopbackHub) -> LoopbackHub:
    """`hub`, with this process let out to it: clients need `endpoint=hub.url`. Nobody waits between tries."""
    from huggingface_hub import constants
    from huggingface_hub.utils import _http, close_session

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(_http, "time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.setattr("remem_dataset.hub.errors.sleep", lambda seconds: None)
    yield hub
    close_session()


def pytest_sessionfinish() -> None:
    import shutil

    shutil.rmtree(_HOME, ignore_errors=True)
