"""Generation as a datatrove pipeline: identities are cut over tasks, tasks run on local workers.

Two passes: every identity's candidates audition before the face recogniser, then, once it is known who plays
whom, every identity is built.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from loguru import logger
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from generation.identity import Studio, build_identity, pictures_per_identity
from generation.people.casting import Audition, Cast, audition
from generation.people.choice import choose_cast, described_cast
from generation.progress import PictureCount
from generation.quality.gate import Gate
from generation.quality.recogniser import shared_recogniser
from generation.renderers import get_renderer
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError
from remem_dataset.raw import RawTree

# datatrove re-adds a chatty stderr sink in every task, which tears the progress bar; errors are raised
# to the caller anyway. This line also runs in worker processes, when they import this module.
logger.disable("datatrove")

#: More tasks than this only add bookkeeping; each task then takes several identities.
MAX_TASKS = 1000


class IdentityStep(PipelineStep):
    """Does something for the identities rank, rank + world_size, … of a raw tree."""

    type = "ReMem"

    def __init__(self, root: str, config: dict, faces: Path | None):
        super().__init__()
        self.root = root
        self.config = config
        self.faces = faces

    def run(self, data=None, rank: int = 0, world_size: int = 1):
        """Do this task's identities; passes no documents on."""
        config = BenchmarkConfig.from_dict(self.config)
        for index in range(rank, config.identities, world_size):
            self.work(RawTree(Path(self.root)), config, index)
        return data


class HoldAuditions(IdentityStep):
    """Draws and embeds the candidates for each identity's looks."""

    name = "🎭 auditions"

    def work(self, tree: RawTree, config: BenchmarkConfig, index: int) -> None:
        """Write one identity's audition unless it is there already."""
        path = tree.audition(index)
        if Audition.load(path, config, index) is None:
            audition(config, index, renderer_of(config.renderer, self.faces), shared_recogniser()).save(path)


class BuildIdentities(IdentityStep):
    """Builds each identity's rows and pictures."""

    name = "🧑 identities"

    def work(self, tree: RawTree, config: BenchmarkConfig, index: int) -> None:
        """Write what is missing of one identity."""
        build_identity(tree, config, index, _studio(tree.root, config, self.faces))


# One set-up for each worker process.
renderer_of = functools.lru_cache(maxsize=2)(get_renderer)


@functools.lru_cache(maxsize=1)
def _studio(root: Path, config: BenchmarkConfig, faces: Path | None) -> Studio:
    renderer = renderer_of(config.renderer, faces)
    if not config.recognition:
        return Studio(renderer, described_cast(config))
    cast = Cast.load(RawTree(root).cast, config)
    return Studio(renderer, cast, Gate(shared_recogniser(), cast.anchors))


def _die_with_parent() -> None:
    """End this worker when the build is killed: nobody would collect its work or end it later."""

    def watch() -> None:
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


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
        with ProcessPoolExecutor(self.workers, mp_context=context, initializer=_die_with_parent) as pool:
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


def generate(tree: RawTree, config: BenchmarkConfig, workers: int = 1, faces: Path | None = None) -> None:
    """Fill the raw tree, with a progress bar; pictures that are there already are kept.

    Args:
        tree: an opened raw tree.
        config: its config.
        workers: identities built at the same time.
        faces: folder of the user's own pictures, for the renderer that takes them.
    """
    per_identity = pictures_per_identity(config)
    total = config.identities * per_identity
    if config.recognition:
        _cast(tree, config, workers, faces)
    count = PictureCount(tree, config.identities, per_identity)
    _run(BuildIdentities, tree, config, workers, faces, "Pictures", total, count)


def _cast(tree: RawTree, config: BenchmarkConfig, workers: int, faces: Path | None) -> None:
    """Decide who plays whom, once for a tree."""
    if Cast.load(tree.cast, config) is not None:
        return

    def count() -> int:
        return sum(tree.audition(index).is_file() for index in range(config.identities))

    _run(HoldAuditions, tree, config, workers, faces, "Casting", config.identities, count)
    auditions = (Audition.load(tree.audition(index), config, index) for index in range(config.identities))
    choose_cast(config, auditions).save(tree.cast)


def _run(
    step: type[IdentityStep],
    tree: RawTree,
    config: BenchmarkConfig,
    workers: int,
    faces: Path | None,
    label: str,
    total: int,
    count: Callable[[], int],
) -> None:
    """Run one step for all identities under a progress bar."""
    tasks = min(config.identities, MAX_TASKS)
    executor = IdentityExecutor(
        pipeline=[step(root=str(tree.root), config=config.to_dict(), faces=faces)],
        tasks=tasks,
        workers=min(workers, tasks),
        logging_dir=str(tree.root / "logs"),
        # Each file is its own resumption mark, finer than a task's; see docs/decisions.md.
        skip_completed=False,
    )
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    stop = threading.Event()
    with Progress(*columns) as progress:
        bar = progress.add_task(label, total=total)

        def watch() -> None:
            while not stop.wait(1.0):
                progress.update(bar, completed=count())

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            executor.run()
        except OSError as error:  # datatrove's logs and statistics, on a full disk
            where = error.filename or tree.root
            raise RememError(f"Cannot write {where}: {error.strerror or error}.") from None
        finally:
            stop.set()
            watcher.join()
            progress.update(bar, completed=count())
