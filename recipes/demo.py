"""`python -m recipes.demo`: the whole way once, with the commands that a user would type.

Each step is a command of its own. A step leaves a stamp with the command and with what it was made from;
a second run does only the steps whose stamp no longer fits.
"""

import hashlib
import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from remem_dataset.errors import RememError, exits_cleanly
from remem_dataset.files import write_json
from remem_dataset.source import open_source

console = Console(highlight=False)


@dataclass(frozen=True)
class Step:
    """One command of the demo.

    Attributes:
        name: short name, also the stamp's file name.
        title: what it does, for people.
        command: arguments after the Python interpreter.
        after: names of the steps whose results it reads.
        makes: path that exists once it is done.
    """

    name: str
    title: str
    command: tuple[str, ...]
    after: tuple[str, ...]
    makes: Path


def plan(
    data: Path,
    out: Path,
    forget: str | None,
    preset: str,
    generation: str = "",
    learn: str = "",
    unlearn: str = "",
) -> list[Step]:
    """The demo's steps in order.

    Args:
        data: dataset folder to make.
        out: folder of the run.
        forget: forget config; None takes the dataset's default level.
        preset: preset to generate.
        generation, learn, unlearn: further options of these commands, as one would type them.
    """
    untrained, vanilla, unlearned = (out / name for name in ("untrained", "vanilla", "unlearned"))
    level = ("--forget", forget) if forget else ()

    def recipe(module: str, options: str = "", **values) -> tuple[str, ...]:
        flags = (str(part) for name, value in values.items() for part in (f"--{name}", value))
        return ("-m", module, *flags, *shlex.split(options))

    def evaluate(model: Path) -> Step:
        metadata = ",".join([f"dataset={data}", *([f"forget={forget}"] if forget else [])])
        target = out / "eval" / model.name
        return Step(
            name=f"eval-{model.name}",
            title=f"remem-eval on the {model.name} model",
            command=(
                *("-m", "harness_tasks.cli", "--model", "remem-vlm", "--model_args", f"pretrained={model}"),
                *("--tasks", "remem_*", "--metadata", metadata, "--output_path", str(target)),
            ),
            after=("dataset", model.name),
            makes=target,
        )

    return [
        Step(
            "dataset",
            f"generation of the {preset} preset",
            recipe("generation", generation, preset=preset, out=data),
            (),
            data,
        ),
        Step(
            "untrained",
            "reference LVLM from random start",
            recipe("recipes.reference", data=data, out=untrained),
            ("dataset",),
            untrained,
        ),
        Step(
            "vanilla",
            "stage 1: learning the people",
            recipe("recipes.learn", learn, model=untrained, data=data, out=vanilla),
            ("dataset", "untrained"),
            vanilla,
        ),
        Step(
            "unlearned",
            "stage 2: unlearning the forget set (NPO)",
            (
                *recipe("recipes.unlearn", unlearn, method="npo", model=vanilla, data=data, out=unlearned),
                *level,
            ),
            ("dataset", "vanilla"),
            unlearned,
        ),
        evaluate(untrained),
        evaluate(vanilla),
        evaluate(unlearned),
    ]


def run(steps: list[Step], out: Path, data: Path) -> None:
    """Run the steps whose stamps no longer fit.

    Args:
        steps: in order.
        out: folder of the run; stamps lie in `steps/` there.
        data: dataset folder; its fingerprint is part of every later stamp.

    Raises:
        RememError: a step failed; it has said why itself.
    """
    begun = time.monotonic()
    keys: dict[str, str] = {}
    for number, step in enumerate(steps, 1):
        fingerprint = "" if step.name == "dataset" else open_source(data).fingerprint
        parts = [step.command, [keys[name] for name in step.after], fingerprint]
        keys[step.name] = hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()
        stamp = out / "steps" / f"{step.name}.json"
        head = f"[bold cyan][{number}/{len(steps) + 1}][/] {step.title}"
        # The dataset's own command knows best whether it is still current.
        if step.name != "dataset" and _fits(stamp, keys[step.name]) and step.makes.exists():
            console.print(f"{head}: reused")
            continue
        console.print(head)
        seconds = execute(step.command)
        write_json(
            stamp, {"key": keys[step.name], "command": _shown(step.command), "seconds": round(seconds, 1)}
        )
        console.print(f"[dim]      {seconds:.0f} s; {(time.monotonic() - begun) / 60:.1f} min in all[/]")


def execute(command: tuple[str, ...]) -> float:
    """Run a command with this interpreter, its output passed through; returns the seconds it took."""
    console.print(f"[dim]      {_shown(command)}[/]", soft_wrap=True)
    begun = time.monotonic()
    environment = {**os.environ, "TOKENIZERS_PARALLELISM": "false", "HF_HUB_DISABLE_TELEMETRY": "1"}
    done = subprocess.run([sys.executable, *command], check=False, env=environment)
    if done.returncode:
        raise RememError(f"The step `{_shown(command)}` ended with exit code {done.returncode}; see above.")
    return time.monotonic() - begun


def _fits(stamp: Path, key: str) -> bool:
    try:
        return json.loads(stamp.read_text(encoding="utf-8")).get("key") == key
    except (OSError, ValueError, AttributeError):
        return False


def _shown(command: tuple[str, ...]) -> str:
    names = {"harness_tasks.cli": "remem-eval", "remem_dataset.cli": "remem"}
    if command[1] in names:
        return shlex.join([names[command[1]], *command[2:]])
    return shlex.join(["python", *command])


def demo(
    data: Annotated[Path, typer.Option(help="Dataset folder to make.")] = Path("remem"),
    out: Annotated[Path, typer.Option(help="Folder for models, results and the report.")] = Path("runs/demo"),
    forget: Annotated[str | None, typer.Option(help="Forget config; default: the dataset's.")] = None,
    preset: Annotated[str, typer.Option(help="Preset to generate.")] = "tiny",
    generation_options: Annotated[str, typer.Option(help="More options for the generation.")] = "",
    learn_options: Annotated[str, typer.Option(help="More options for stage 1.")] = "",
    unlearn_options: Annotated[str, typer.Option(help="More options for stage 2.")] = "",
) -> None:
    """Generate, learn, unlearn, evaluate and report."""
    steps = plan(data, out, forget, preset, generation_options, learn_options, unlearn_options)
    run(steps, out, data)
    console.print(f"[bold cyan][{len(steps) + 1}/{len(steps) + 1}][/] report")
    report = out / "report.html"
    results = [
        part
        for name in ("untrained", "vanilla", "unlearned")
        for part in (f"--{name}", str(out / "eval" / name))
    ]
    execute(("-m", "remem_dataset.cli", "report", *results, "--data", str(data), "--out", str(report)))
    console.print(f"Open [bold]{report}[/].")


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.command()(demo)
main = exits_cleanly(app)

if __name__ == "__main__":
    main()
