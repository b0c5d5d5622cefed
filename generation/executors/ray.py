"""A Ray cluster: as many long-lived workers as there are CPUs, which take one task after another.

datatrove's Ray executor starts a process for every task, carries on past tasks that failed and only logs how
many there were. Here a worker keeps its renderer from task to task, and the first failure ends the run.
"""

from __future__ import annotations

import logging
import os
import socket

import ray
from datatrove.executor import RayPipelineExecutor
from datatrove.executor.base import PipelineExecutor
from ray.exceptions import RayError, RayTaskError

from generation.presets import ASSETS
from remem_dataset.errors import RememError


def connect() -> None:
    """Join the cluster that `RAY_ADDRESS` names, or the one that runs on this machine, or start one here.

    Raises:
        RememError: there is no cluster at that address.
    """
    if ray.is_initialized():
        return
    check_address()
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a cluster started here reports to nobody
    try:
        ray.init(log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        where = os.environ.get("RAY_ADDRESS", "this machine")
        reason = " ".join(str(error).split()).split(". ")[0].rstrip(".")
        raise RememError(f"Cannot join a Ray cluster at {where}: {reason or 'no answer'}.") from None


def check_address() -> None:
    """Refuse a `RAY_ADDRESS` where nothing listens; Ray itself would try for more than ten minutes.

    Raises:
        RememError: no machine of that name, or no answer.
    """
    address = os.environ.get("RAY_ADDRESS", "")
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RememError(f"No Ray cluster answers at {address}, which RAY_ADDRESS names: {reason}.") from None


class RankWorker:
    """A process of the cluster."""

    def run(self, executor: RayExecutor, rank: int) -> None:
        """Run one task; what it has set up stays for the next."""
        executor._run_for_rank(rank, local_rank=1)  # 1: datatrove's log of it goes to no console


class RayExecutor(RayPipelineExecutor):
    """datatrove's Ray executor, except that any failure ends the run and reaches the caller.

    The nodes must see the checkout, its Python environment and the raw tree under the same paths.

    Args:
        workers: tasks at the same time; None, or more than there are, takes every CPU of the cluster.
        **options: as datatrove's.
    """

    # Logs go straight to the raw tree, which every node sees; datatrove's Ray executor copies them there
    # from one folder under /tmp that all users of a node would share.
    _run_for_rank = PipelineExecutor._run_for_rank

    def __init__(self, *, workers: int | None = None, **options) -> None:
        super().__init__(workers=workers or -1, **options)

    def run(self) -> None:
        """Run all tasks.

        Raises:
            RememError: no cluster, one without CPUs, a task's own, or a worker or its node was lost; what had
                been finished is kept.
        """
        connect()
        cpus = int(ray.cluster_resources().get("CPU", 0))
        if not cpus:
            raise RememError("The Ray cluster has no CPUs; add a node that has.")
        paths = [str(ASSETS.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
        actor = ray.remote(RankWorker).options(
            num_cpus=1,
            scheduling_strategy="SPREAD",
            runtime_env={"env_vars": {"PYTHONPATH": os.pathsep.join(paths)}},
        )
        workers = [actor.remote() for _ in range(min(self.workers, self.tasks, cpus))]
        try:
            self._share_out(workers)
        finally:
            for worker in workers:
                ray.kill(worker)

    def _share_out(self, workers: list) -> None:
        """Give each worker the next task as soon as it has none."""
        executor = ray.put(self)
        waiting = list(range(self.tasks))[::-1]
        at_work = {worker.run.remote(executor, waiting.pop()): worker for worker in workers}
        while at_work:
            (done,), _ = ray.wait(list(at_work), num_returns=1)
            try:
                ray.get(done)
            except RayTaskError as error:
                if isinstance(error.cause, RememError | OSError):
                    raise error.cause from None  # as the local executor does
                raise  # with the worker's traceback
            except RayError as error:
                raise RememError(
                    f"A Ray worker died ({type(error).__name__}: killed, out of memory, or its node was "
                    "lost); finished pictures are kept: run the same command again."
                ) from None
            worker = at_work.pop(done)
            if waiting:
                at_work[worker.run.remote(executor, waiting.pop())] = worker
