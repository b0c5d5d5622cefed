"""Generation as a datatrove pipeline: identities are cut over tasks, tasks run on local workers."""

from __future__ import annotations

import hashlib
import multiprocessing
import shutil
import threading
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from loguru import logger
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from generation.identity import build_identity, pictures_per_identity
from generation.presets import ASSETS
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError
from remem_dataset.files import write_json
from remem_dataset.raw import RAW_MANIFEST, RawTree
from remem_dataset.schema import SCHEMA_VERSION

# datatrove re-adds a chatty stderr sink in every task, which tears the progress bar; errors are raised
# to the caller anyway. This line also runs in worker processes, when they import this module.
logger.disable("datatrove")

#: More tasks than this only add bookkeeping; each task then takes several identities.
MAX_TASKS = 1000


class BuildIdentities(PipelineStep):
    """Builds the identities rank, rank + world_size, … into the raw tree."""

    name = "🧑 identities"
    type = "ReMem"

    def __init__(self, root: str, config: dict):
        super().__init__()
        self.root = root
        self.config = config

    def run(self, data=None, rank: int = 0, world_size: int = 1):
        """Build this task's identities; passes no documents on."""
        config = BenchmarkConfig.from_dict(self.config)
        for index in range(rank, config.identities, world_size):
            build_identity(RawTree(Path(self.root)), config, index)
        return data


class IdentityExecutor(LocalPipelineExecutor):
    """datatrove's local executor, except that a worker that dies ends the run instead of hanging it."""

    def run(self) -> None:
        """Run all tasks.

        Raises:
            RememError: a worker process died; what it had finished is kept.
        """
        if self.workers == 1:
            for rank in range(self.tasks):
                self._run_for_rank(rank)
            return
        context = multiprocessing.get_context(self.start_method)
        with ProcessPoolExecutor(self.workers, mp_context=context) as pool:
            tasks = [pool.submit(self._run_for_rank, rank, rank % self.workers) for rank in range(self.tasks)]
            try:
                for task in as_completed(tasks):
                    task.result()
            except BrokenProcessPool:
                raise RememError(
                    "A worker process died (killed, or out of memory); finished pictures are kept: run the "
                    "same command again, with fewer --workers if memory was short."
                ) from None
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise


def generator_digest() -> str:
    """Digest of the code and the assets that generate: pictures of two versions must not mix in a tree."""
    whole = hashlib.blake2b(digest_size=16)
    root = ASSETS.parent
    for path in sorted([*root.glob("generation/**/*.py"), *root.glob("assets/**/*.*")]):
        whole.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


def open_tree(root: Path, config: BenchmarkConfig, restart: bool = False) -> RawTree:
    """Begin a raw tree, or take up one that was begun with the same config.

    Args:
        root: its folder.
        config: the build's config.
        restart: throw away what an earlier build with another config left.

    Raises:
        RememError: the folder is not a raw tree, one of another config, or one that other code began.
    """
    tree = RawTree(root)
    digest = generator_digest()
    if restart and (root / RAW_MANIFEST).is_file():
        shutil.rmtree(root)
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        if not (root / RAW_MANIFEST).is_file():
            raise RememError(
                f"{root} exists and is not a raw tree of ReMem; move it away or choose another --out."
            )
        there = tree.config().to_dict()
        for name, value in config.to_dict().items():
            if there[name] != value:
                raise RememError(
                    f"{root} was begun with {name} = {there[name]}, not {value}; "
                    "choose another --out or begin anew with --restart."
                )
        if tree.generator() != digest:
            raise RememError(
                f"{root} was begun by another version of the generation code or its assets; "
                "choose another --out or begin anew with --restart."
            )
    manifest = {"schema_version": SCHEMA_VERSION, "config": config.to_dict(), "generator": digest}
    write_json(root / RAW_MANIFEST, manifest)
    return tree


def generate(tree: RawTree, config: BenchmarkConfig, workers: int = 1) -> None:
    """Fill the raw tree, with a progress bar; pictures that are there already are kept.

    Args:
        tree: an opened raw tree.
        config: its config.
        workers: identities built at the same time.
    """
    tasks = min(config.identities, MAX_TASKS)
    executor = IdentityExecutor(
        pipeline=[BuildIdentities(root=str(tree.root), config=config.to_dict())],
        tasks=tasks,
        workers=min(workers, tasks),
        logging_dir=str(tree.root / "logs"),
        # Each picture is its own resumption mark, finer than a task's; see docs/decisions.md.
        skip_completed=False,
    )
    total = config.identities * pictures_per_identity(config)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    stop = threading.Event()
    with Progress(*columns) as progress:
        bar = progress.add_task("Pictures", total=total)

        def watch() -> None:
            while not stop.wait(1.0):
                progress.update(bar, completed=_count_pictures(tree))

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            executor.run()
        finally:
            stop.set()
            watcher.join()
            progress.update(bar, completed=_count_pictures(tree))


def _count_pictures(tree: RawTree) -> int:
    return sum(1 for _ in tree.root.glob("identities/*/images/[!.]*.png"))
