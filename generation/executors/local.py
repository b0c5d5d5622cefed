"""The processes of this machine."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from datatrove.executor import LocalPipelineExecutor

from remem_dataset.errors import RememError


def _die_with_parent() -> None:
    """End this worker when the build is killed: nobody would collect its work or end it later."""

    def watch() -> None:
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


# Inside `shared_workers`, the processes by their number; outside, None.
_shared: dict[int, ProcessPoolExecutor] | None = None


@contextlib.contextmanager
def shared_workers() -> Iterator[None]:
    """Inside, executors that run one after another use the same processes, which load models once."""
    global _shared
    _shared = {}
    try:
        yield
    finally:
        _end_shared()
        _shared = None


def _end_shared() -> None:
    while _shared:
        _, pool = _shared.popitem()
        pool.shutdown(cancel_futures=True)


class LocalExecutor(LocalPipelineExecutor):
    """datatrove's local executor, except that a worker that dies ends the run instead of hanging it.

    Args:
        workers: tasks at the same time; None takes one for each CPU.
        **options: as datatrove's.
    """

    def __init__(self, *, workers: int | None = None, **options) -> None:
        super().__init__(workers=workers or os.cpu_count() or 1, **options)

    def run(self) -> None:
        """Run all tasks that are this machine's.

        Raises:
            RememError: a worker process died; what it had finished is kept.
        """
        ranks = range(self.local_rank_offset, self.local_rank_offset + self.local_tasks)
        workers = min(self.workers, len(ranks))
        if workers == 1:
            for rank in ranks:
                self._run_for_rank(rank)
            return
        with self._pool(workers) as pool:
            try:
                # A shared worker may have died since the last pass, which submitting tells as well.
                tasks = [pool.submit(self._run_for_rank, rank, rank % workers) for rank in ranks]
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

    @contextlib.contextmanager
    def _pool(self, workers: int) -> Iterator[ProcessPoolExecutor]:
        """The processes: those of an earlier pass if they are shared and as many, else new ones."""
        if _shared is None:
            with self._new_pool(workers) as pool:
                yield pool
            return
        if workers not in _shared:
            _end_shared()
            _shared[workers] = self._new_pool(workers)
        yield _shared[workers]

    def _new_pool(self, workers: int) -> ProcessPoolExecutor:
        context = multiprocessing.get_context(self.start_method)
        return ProcessPoolExecutor(workers, mp_context=context, initializer=_die_with_parent)
