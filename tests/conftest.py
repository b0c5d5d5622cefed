"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# Before anything imports `datasets` or `huggingface_hub`: they read these once, at import.
_HOME = tempfile.mkdtemp(prefix="remem-test-hf-")
os.environ.update(
    HF_HOME=_HOME, HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", TOKENIZERS_PARALLELISM="false"
)

import pytest  # noqa: E402

from tests.fakes.dataset import build_dataset  # noqa: E402


@pytest.fixture(scope="session")
def tiny_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A packed dataset folder: four people, 20 questions each, 32² pictures, 15 candidates. Read only."""
    return build_dataset(tmp_path_factory.mktemp("data") / "remem")


def pytest_sessionfinish() -> None:
    import shutil

    shutil.rmtree(_HOME, ignore_errors=True)
