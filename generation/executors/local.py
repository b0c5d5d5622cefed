"""The processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import threading
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
        context = multiprocessing.get_context(self.start_method)
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_die_with_parent) as pool:
            tasks = [pool.submit(self._run_for_rank, rank, rank % workers) for rank in ranks]
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
