"""What runs a pass over all identities: this machine's processes, a Ray cluster, or Slurm's array jobs."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

from datatrove.executor.base import PipelineExecutor

from remem_dataset.errors import RememError

LOCAL = "local"
RAY = "ray"
SLURM = "slurm"
EXECUTORS = (LOCAL, RAY, SLURM)

#: More tasks than this only add bookkeeping; each task then takes several identities. Slurm allows arrays of
#: 1,001 unless it is told otherwise.
MAX_TASKS = 1000


def check_executor(name: str, sbatch: Sequence[str] = (), submit: bool = False) -> None:
    """Refuse an executor, or options that are not its, before anything is written.

    Args:
        name: the executor.
        sbatch: options for `sbatch`, which only Slurm takes.
        submit: whether jobs are to be submitted, which only Slurm can.

    Raises:
        RememError: there is none of that name, what it needs is not there, or it takes no such options.
    """
    if name not in EXECUTORS:
        raise RememError(f"There is no executor {name!r}; the executors are {', '.join(EXECUTORS)}.")
    if name == RAY:
        if importlib.util.find_spec("ray") is None:
            raise RememError(
                "The executor 'ray' needs the package ray; install it with pip install 'remem-bench[ray]'."
            )
        from generation.executors.ray import check_address

        check_address()
    if name != SLURM and (sbatch or submit):
        raise RememError(f"--sbatch and --submit are for --executor slurm, not {name}.")
    if name == SLURM:
        from generation.executors.slurm import check_submits, parse_options

        parse_options(sbatch)
        if submit:
            check_submits()


def create_executor(name: str, **options) -> PipelineExecutor:
    """An executor that runs here and now.

    Args:
        name: "local" or "ray"; Slurm's jobs are written by `generation.executors.slurm`.
        **options: `pipeline`, `tasks`, `workers` (None = all CPUs), `logging_dir`; see datatrove.
    """
    if name == RAY:
        from generation.executors.ray import RayExecutor

        return RayExecutor(**options)
    from generation.executors.local import LocalExecutor

    return LocalExecutor(**options)
