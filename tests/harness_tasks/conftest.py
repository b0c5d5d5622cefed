"""Fixtures of the evaluation tests: one tiny model on disk and in memory, one thread."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from lm_eval.tasks._index import TaskIndex

from harness_tasks.install import lm_eval_folder
from harness_tasks.model import RememVLM
from remem_dataset.source import Source, open_source
from tests.fakes.models import save_tiny_llama, save_tiny_llava
from tests.harness_tasks.runs import evaluate


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # tiny tensors: more threads only wait for each other
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved tiny LLaVA with its processor."""
    return save_tiny_llava(tmp_path_factory.mktemp("models") / "llava")


@pytest.fixture(scope="session")
def text_model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved tiny text-only Llama."""
    return save_tiny_llama(tmp_path_factory.mktemp("models") / "llama")


@pytest.fixture(scope="session")
def _loaded_lm(model_folder: Path) -> RememVLM:
    return RememVLM(str(model_folder), device="cpu", batch_size=4)


@pytest.fixture
def lm(_loaded_lm: RememVLM) -> RememVLM:
    """The tiny LLaVA as `remem-vlm`, as if nothing had been asked of it yet."""
    _loaded_lm.chat_applied = False
    _loaded_lm.batch_size_per_gpu = 4
    return _loaded_lm


@pytest.fixture(scope="session")
def source(tiny_dataset: Path) -> Source:
    """The small dataset, opened."""
    return open_source(tiny_dataset)


@pytest.fixture(scope="session")
def work(tiny_dataset, tmp_path_factory):
    """A working folder with the dataset under its default name."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "remem").symlink_to(tiny_dataset, target_is_directory=True)
    return folder


@pytest.fixture(scope="session")
def everything(work, model_folder):
    """One run of the whole group, the dataset found in ./remem."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(work)
        return evaluate(model_folder, "remem", work / "group")


@pytest.fixture
def only_our_tasks(monkeypatch):
    """Keep lm_eval from reading its own 10,000 task files, which takes most of a run's time."""
    find = TaskIndex._iter_yaml_files
    skipped = lm_eval_folder()
    monkeypatch.setattr(
        TaskIndex, "_iter_yaml_files", staticmethod(lambda root: iter(()) if root == skipped else find(root))
    )
