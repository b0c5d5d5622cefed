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


#: Tests that look into the installed lm_eval, or link our tasks into it: they cannot run beside one another.
_SHARE_LM_EVAL = ("tests/harness_tasks/", "tests/remem_dataset/test_adopt.py", "tests/test_readme.py")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With `-n`, keep the tests of a file in one process, for their fixtures, and those above in one too."""
    for item in items:
        file = item.nodeid.split("::")[0]
        group = "lm_eval" if file.startswith(_SHARE_LM_EVAL) else file
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_sessionfinish() -> None:
    import shutil

    shutil.rmtree(_HOME, ignore_errors=True)
