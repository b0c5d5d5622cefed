"""Evaluating a model inside an experiment: `remem-eval` itself, called in this process.

It is the command's own function with the command's own arguments, so its figures are those that a user gets
by typing it; what is saved are the seconds that importing lm-eval takes.
"""

from __future__ import annotations

import contextlib
import json
import shlex
from pathlib import Path

from remem_dataset.errors import RememError
from remem_dataset.results import RunResults, read_results
from remem_dataset.results.tasks import EXPOSURE, QA, SUBSETS, grid_tasks, text_task


def tasks_of(kinds: list[str]) -> list[str]:
    """Names of the tasks that an experiment evaluates.

    Args:
        kinds: among "qa", "exposure" (the grid) and "text" (the leakage probes).

    Raises:
        RememError: another kind.
    """
    known = {
        QA: grid_tasks(kind=QA),
        EXPOSURE: grid_tasks(kind=EXPOSURE),
        "text": [text_task(subset=subset, kind=kind) for subset in SUBSETS for kind in (QA, EXPOSURE)],
    }
    for kind in kinds:
        if kind not in known:
            raise RememError(f"evaluate has the unknown kind {kind!r}; it may hold {', '.join(known)}.")
    return [name for kind in kinds for name in known[kind]]


def arguments(
    model: Path, data: Path, out: Path, tasks: list[str], forget: str | None = None, generation: str = ""
) -> list[str]:
    """Arguments of `remem-eval` for one model.

    Args:
        model: model folder.
        data: dataset folder whose evaluation rows are asked.
        out: folder of the results.
        tasks: leaf tasks.
        forget: forget config; None takes the dataset's default.
        generation: lm-eval's `--gen_kwargs`, if any.
    """
    metadata = {"dataset": str(data), **({"forget": forget} if forget else {})}
    return [
        *("--model", "remem-vlm", "--model_args", json.dumps({"pretrained": str(model)})),
        *("--tasks", ",".join(tasks), "--metadata", json.dumps(metadata), "--batch_size", "32"),
        *("--output_path", str(out), *(("--gen_kwargs", generation) if generation else ())),
    ]


def evaluate(
    model: Path, data: Path, out: Path, tasks: list[str], forget: str | None = None, generation: str = ""
) -> RunResults:
    """Evaluate a model; results that lie in `out` are not made again. Arguments as in `arguments`.

    Raises:
        RememError: remem-eval refused or failed; it has said why on stderr.
    """
    with contextlib.suppress(RememError):
        return read_results(out)
    from harness_tasks.cli import main

    command = arguments(model, data, out, tasks, forget, generation)
    out.mkdir(parents=True, exist_ok=True)
    with (out / "eval.log").open("w", encoding="utf-8") as log, contextlib.redirect_stdout(log):
        try:
            main(command)
        except SystemExit as ended:
            if ended.code:
                raise RememError(
                    f"`{shlex.join(['remem-eval', *command])}` ended with exit code {ended.code}; see above."
                ) from None
    return read_results(out)
