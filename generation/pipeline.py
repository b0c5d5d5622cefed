"""Generation as a datatrove pipeline: identities are cut over tasks, which an executor runs.

Two passes: every identity's candidates audition before the face recogniser, then, once it is known who plays
whom, every identity is built.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from pathlib import Path

from datatrove.executor.base import PipelineExecutor
from datatrove.pipeline.base import PipelineStep
from loguru import logger
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from generation.executors import LOCAL, MAX_TASKS, create_executor
from generation.executors.local import shared_workers
from generation.identity import Studio, build_identity, draw_pictures, pictures_per_identity
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
    """Builds each identity's rows and pictures.

    An executor may give it as many tasks again as there are. Those help: whoever has nothing left to build
    draws at the pictures of an identity that another process is still at, from the last one backwards.
    """

    name = "🧑 identities"

    def run(self, data=None, rank: int = 0, world_size: int = 1):
        """Do this task's identities, or help with them; passes no documents on."""
        config = BenchmarkConfig.from_dict(self.config)
        tasks = task_count(config)
        if rank < tasks:
            return super().run(data, rank, min(world_size, tasks))
        tree = RawTree(Path(self.root))
        for index in range(rank - tasks, config.identities, tasks):
            if not tree.profile(index).is_file():  # the last thing that is written of an identity
                draw_pictures(tree, config, index, _studio(tree.root, config, self.faces), backwards=True)
        return data

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


def task_count(config: BenchmarkConfig) -> int:
    """Into how many tasks each pass is cut."""
    return min(config.identities, MAX_TASKS)


def step_executor(
    step: type[IdentityStep],
    tree: RawTree,
    config: BenchmarkConfig,
    faces: Path | None = None,
    executor: str = LOCAL,
    helpers: bool = False,
    **options,
) -> PipelineExecutor:
    """The executor of one pass.

    Args:
        step: what the pass does for each identity.
        tree: an opened raw tree.
        config: its config.
        faces: folder of the user's own pictures, for the renderer that takes them.
        executor: "local" or "ray".
        helpers: whether as many tasks again are to help the last ones; see `BuildIdentities`.
        **options: the executor's own, such as `workers`.
    """
    root = tree.root.resolve()  # workers elsewhere have another current folder
    return create_executor(
        executor,
        pipeline=[step(root=str(root), config=config.to_dict(), faces=faces and faces.resolve())],
        tasks=task_count(config) * (2 if helpers else 1),
        logging_dir=str(root / "logs"),
        # Each file is its own resumption mark, finer than a task's; see docs/decisions.md.
        skip_completed=False,
        **options,
    )


def generate(
    tree: RawTree,
    config: BenchmarkConfig,
    workers: int | None = 1,
    faces: Path | None = None,
    executor: str = LOCAL,
) -> None:
    """Fill the raw tree, with a progress bar; pictures that are there already are kept.

    Args:
        tree: an opened raw tree.
        config: its config.
        workers: identities built at the same time; None takes every CPU.
        faces: folder of the user's own pictures, for the renderer that takes them.
        executor: "local" or "ray".

    Raises:
        RememError: as the executor's `run`, or a full disk.
    """
    per_identity = pictures_per_identity(config)
    run = functools.partial(step_executor, faces=faces, executor=executor, workers=workers)
    with shared_workers():
        if config.recognition and not is_cast(tree, config):

            def auditions() -> int:
                return sum(tree.audition(index).is_file() for index in range(config.identities))

            _run(run(HoldAuditions, tree, config), "Casting", config.identities, auditions)
            cast_all(tree, config)
        count = PictureCount(tree, config.identities, per_identity)
        building = run(BuildIdentities, tree, config, helpers=executor == LOCAL)
        _run(building, "Pictures", config.identities * per_identity, count)


def is_cast(tree: RawTree, config: BenchmarkConfig) -> bool:
    """Whether it has been decided who plays whom."""
    return Cast.load(tree.cast, config) is not None


def cast_all(tree: RawTree, config: BenchmarkConfig) -> None:
    """Decide who plays whom, once for a tree, after all auditions."""
    auditions = (Audition.load(tree.audition(index), config, index) for index in range(config.identities))
    choose_cast(config, auditions).save(tree.cast)


def _run(executor: PipelineExecutor, label: str, total: int, count: Callable[[], int]) -> None:
    """Run one pass under a progress bar."""
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
            run_pass(executor)
        finally:
            stop.set()
            watcher.join()
            progress.update(bar, completed=count())


def run_pass(executor: PipelineExecutor) -> None:
    """Run one pass.

    Raises:
        RememError: as the executor's `run`, or a full disk.
    """
    try:
        executor.run()
    except OSError as error:  # datatrove's logs and statistics, on a full disk
        where = error.filename or executor.logging_dir.path
        raise RememError(f"Cannot write {where}: {error.strerror or error}.") from None
