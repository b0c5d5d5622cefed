"""`python -m generation.task`: one task of one pass of a build, as the jobs of Slurm run it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from generation.executors.slurm import ARRAYS, CASTING, CHOICE, PACKING, passes
from generation.pipeline import (
    BuildIdentities,
    HoldAuditions,
    cast_all,
    is_cast,
    run_pass,
    step_executor,
    task_count,
)
from generation.progress import say_built
from generation.tree import check_origin, fellow_builder, origin_of, sole_builder
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError, run_app
from remem_dataset.raw import RawTree


def task(
    name: Annotated[str, typer.Argument(metavar="PASS", help="casting, choice, identities or packing.")],
    out: Annotated[Path, typer.Argument(help="The dataset folder; its raw tree must have been begun.")],
    rank: Annotated[int, typer.Option(min=0, help="Which task of the pass, from 0.")] = 0,
    tasks: Annotated[int | None, typer.Option(help="Of how many; checked against the build's.")] = None,
    faces: Annotated[Path | None, typer.Option(help="As `python -m generation` was given it.")] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Replace the dataset that is there.")] = False,
) -> None:
    """Run one task of a build that `python -m generation --executor slurm` began."""
    tree = RawTree(out.with_name(out.name + ".raw"))
    config = tree.config()
    if name not in passes(config):
        raise RememError(f"There is no pass {name!r}; this build's are {', '.join(passes(config))}.")
    total = task_count(config) if name in ARRAYS else 1
    if rank >= total or tasks not in (None, total):
        raise RememError(
            f"Pass {name} has {total} tasks, 0 to {total - 1}, not task {rank} of {tasks or total}."
        )
    origin = origin_of(config, faces)
    check_origin(tree, origin)
    if tree.origin() != origin:  # a new build may change the words, but tasks of one build must agree
        raise RememError(f"{tree.root} was begun with other words; write the jobs again.")
    if name == PACKING:
        with sole_builder(tree.root):
            _pack(tree, config, out, restart)
        return
    with fellow_builder(tree.root):
        if name == CHOICE:
            if not is_cast(tree, config):
                cast_all(tree, config)
            return
        step = HoldAuditions if name == CASTING else BuildIdentities
        run_pass(step_executor(step, tree, config, faces, workers=1, local_tasks=1, local_rank_offset=rank))


def _pack(tree: RawTree, config: BenchmarkConfig, out: Path, restart: bool) -> None:
    from remem_dataset.packing import check_target, pack

    check_target(out, config, tree.origin(), restart=restart)
    say_built(out, pack(tree, out))


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.command()(task)

if __name__ == "__main__":
    run_app(app, "python -m generation.task")
