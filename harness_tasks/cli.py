"""`remem-eval`: lm-eval's command line with the ReMem tasks and the model type `remem-vlm`."""

from __future__ import annotations

import argparse
import contextlib
import functools
import logging
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from remem_dataset.errors import RememError, exits_cleanly

from .journal import Journal
from .model_checks import ASKING_MODEL_TYPE, MODEL, check_model
from .provenance import model_state
from .record import RunRecord, recording

BATCH_SIZE = 8
HELP = f"""
remem-eval is lm-eval's command line with the ReMem tasks and the model type {MODEL} in it. What is ours:
  --metadata dataset=remem,forget=forget25
                        The dataset, a folder or a Hub id (then with dataset_revision=…), and the forget set
                        (default: the dataset's).
  --tasks 'remem_*'     All tasks; `remem-eval ls tasks` lists them.
  --output_path runs/mine
                        Also keeps the answers and the log-probabilities, and goes on from there when killed.
Defaults: --model {MODEL}, --batch_size {BATCH_SIZE}, the chat template applied.

example:
  remem-eval --model_args pretrained=<folder or Hub id> --tasks 'remem_*' --metadata dataset=remem
"""


@exits_cleanly
def main(argv: list[str] | None = None) -> None:
    """Run lm-eval's command line; every flag is lm-eval's.

    Defaults that differ: `--model remem-vlm`, the chat template applied, batches of 8, our tasks on the
    search path. With `--output_path` the results file gains the entry `remem` and a row file beside it.

    Args:
        argv: command-line arguments without the program; None takes the process's own.

    Raises:
        SystemExit: code 2 on bad input, after one sentence on stderr.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    before = sys.argv
    # lm-eval's parser reads sys.argv, and puts "run" in where the subcommand was left out.
    sys.argv = ["remem-eval", *(before[1:] if argv is None else argv)]
    try:
        _main(shlex.join(sys.argv))
    finally:
        sys.argv = before


def _main(command: str) -> None:
    from lm_eval._cli import HarnessCLI
    from lm_eval.utils import setup_logging

    from .install import TASKS_FOLDER, installed_as_ours

    os.environ.setdefault("LMEVAL_LOG_LEVEL", "WARNING")
    setup_logging()
    for name in ("lm_eval.api.task", "lm_eval.config.evaluate_config"):
        logging.getLogger(name).addFilter(_says_something)
    cli = HarnessCLI()
    _explain(cli)
    args = cli.parse_args()
    settings = _settings(args)
    if hasattr(args, "include_path") and not installed_as_ours():
        theirs = settings.get("include_path")
        args.include_path = [str(TASKS_FOLDER), theirs] if theirs else str(TASKS_FOLDER)
    if getattr(args, "command", None) != "run":
        cli.execute(args)
        return
    _set_defaults(args, settings)
    from .checks import check_tasks

    args.tasks = check_tasks(settings)
    check_model(settings)
    _run(cli, args, settings, command)


def _run(cli: Any, args: argparse.Namespace, settings: dict[str, Any], command: str) -> None:
    from .results import check_output, complete_results, results_files

    output = settings.get("output_path")
    if output:
        check_output(output)
    before = results_files(output) if output else set()
    with recording() as run:
        run.command, run.model_args = command, settings["model_args"]
        if output and settings.get("model") == MODEL:
            run.journal = open_journal(Path(output), settings)
        try:
            with _named_bars():
                cli.execute(args)
        except ValueError as error:
            # The one complaint of lm-eval that needs its whole index of tasks; the model is not loaded yet.
            if not str(error).startswith("Tasks not found"):
                raise
            raise RememError(f"{error}; `remem-eval ls tasks` lists them all.") from None
    rank = _gather_rows(run)
    if rank or not run.rows:
        _close_journal(run, finished=False)
        return
    if not output:
        print("Nothing was saved; --output_path keeps the results and a row file.", file=sys.stderr)
        return
    new = sorted(results_files(output) - before)
    if not new:
        raise RememError(f"lm-eval could not save its results under {output}; is the folder writable?")
    rows_file = complete_results(new[-1], run)
    _close_journal(run, finished=True)
    print(f"Results: {new[-1]}\nRows: {rows_file}")


def _explain(cli: Any) -> None:
    """Make lm-eval's help speak of this program."""
    run = cli._subparsers.choices["run"]
    for parser in (cli._parser, run):
        parser.prog = parser.prog.replace("lm-eval", "remem-eval")
        parser.epilog = HELP
    run.usage = run.usage.replace("lm-eval", "remem-eval")


@contextlib.contextmanager
def _named_bars() -> Iterator[None]:
    """Name the bar that lm-eval shows for each task while it words the questions, and let it go when done."""
    import lm_eval.api.task as theirs

    nameless = theirs.tqdm
    theirs.tqdm = functools.partial(nameless, desc="Preparing questions", leave=False)
    try:
        yield
    finally:
        theirs.tqdm = nameless


def open_journal(output: Path, settings: dict[str, Any]) -> Journal:
    """The journal of a run, with what an earlier run of the same left."""
    from .results import package_versions

    folder = output.parent if output.suffix == ".json" else output
    depends = {
        "model": model_state(settings["model_args"]),
        "arguments": {k: v for k, v in settings["model_args"].items() if k != "scoring_memory_mb"},
        "chat template": settings.get("apply_chat_template"),
        "system": settings.get("system_instruction"),
        "generation": settings.get("gen_kwargs"),
        "versions": package_versions(),
    }
    journal = Journal(folder, depends, rank=int(os.environ.get("RANK", "0")))
    if journal.found:
        print(f"Going on from {journal.found} questions that an earlier run has finished.", file=sys.stderr)
    return journal


def _close_journal(run: RunRecord, *, finished: bool) -> None:
    if run.journal is not None:
        run.journal.close(finished=finished)


def _settings(args: argparse.Namespace) -> dict[str, Any]:
    """The run's settings as lm-eval will read them: the command line over the `--config` file."""
    settings: dict[str, Any] = {}
    if getattr(args, "config", None):
        try:
            content = yaml.safe_load(Path(args.config).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
            raise RememError(f"Cannot read {args.config}: {str(error).splitlines()[0]}.") from None
        if not isinstance(content, dict):
            raise RememError(f"{args.config} must be a YAML mapping of lm-eval's options.")
        settings.update(content)
    settings.update({name: value for name, value in vars(args).items() if value is not None})
    for name in ("metadata", "model_args"):
        value = settings.get(name) or {}
        if isinstance(value, str):
            from lm_eval.utils import simple_parse_args_string

            value = simple_parse_args_string(value)
        settings[name] = value
    return settings


def _set_defaults(args: argparse.Namespace, settings: dict[str, Any]) -> None:
    defaults = {"model": MODEL, "batch_size": BATCH_SIZE}
    if settings.get("model", MODEL) in (MODEL, ASKING_MODEL_TYPE):
        defaults["apply_chat_template"] = True
    for name, value in defaults.items():
        if settings.get(name) is None:
            settings[name] = value
        setattr(args, name, settings[name])


def _gather_rows(run: RunRecord) -> int:
    """Bring the rows of all processes to the first; returns this process's rank."""
    import torch.distributed as distributed

    if not (distributed.is_available() and distributed.is_initialized()):
        return 0
    rank = distributed.get_rank()
    parts: list | None = [None] * distributed.get_world_size() if rank == 0 else None
    distributed.gather_object((run.rows, run.answers), parts)
    if parts is not None:
        run.rows = [row for rows, _ in parts for row in rows]
        run.answers = [scored for _, answers in parts for scored in answers]
    return rank


def _says_something(entry: logging.LogRecord) -> bool:
    """Drop what lm-eval warns about in every run of ours: its hint about `--metadata`, once for each task,
    and that the dataset's folder `remem` has the name of a task."""
    noise = ("Custom kwargs can be passed", "A local directory named 'remem' exists")
    return not any(part in entry.getMessage() for part in noise)


if __name__ == "__main__":
    main()
