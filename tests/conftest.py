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
    HF_HOME=_HOME,
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_DISABLE_PROGRESS_BARS="1",
    TOKENIZERS_PARALLELISM="false",
)

import pytest  # noqa: E402

from tests.fakes.dataset import build_dataset  # noqa: E402
from tests.fakes.hub import OWNER, LoopbackHub  # noqa: E402


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
def online(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hub: LoopbackHub) -> Iterator[LoopbackHub]:
    """`hub`, with huggingface_hub in this process made to use it, signed in; nobody waits between tries."""
    from huggingface_hub import constants
    from huggingface_hub.utils import _http, close_session

    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setenv("HF_TOKEN", OWNER)
    monkeypatch.setattr(_http, "time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.setattr("remem_dataset.hub.errors.sleep", lambda seconds: None)
    yield hub
    close_session()


def pytest_sessionfinish() -> None:
    import shutil

    shutil.rmtree(_HOME, ignore_errors=True)
