"""`python -m recipes.demo`: the whole way once, with the commands that a user would type.

Each step is a command of its own. A step leaves a stamp with the command and with what it was made from;
a second run does only the steps whose stamp no longer fits, and replaces what they had made. What the demo
did not make is never replaced: the step's own command refuses it.
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

from remem_dataset.errors import RememError, run_app
from remem_dataset.files import read_json_object, write_json
from remem_dataset.results import read_results, stage_one_gate
from remem_dataset.schema import MANIFEST

console = Console(highlight=False)

ROOT = Path(__file__).resolve().parent.parent
#: Steps in which the reference model's vision tower, random at first, learns faces (see recipes.learn).
WARM_UP = 2000
CODE = {".py", ".yaml", ".jinja"}


@dataclass(frozen=True)
class Step:
    """One command of the demo.

    Attributes:
        name: short name, also the stamp's file name.
        title: what it does, for people.
        command: arguments after the Python interpreter.
        after: names of the steps whose results it reads.
        makes: path that exists once it is done.
        code: folders of the checkout whose files decide the result; a change there makes the step stale.
        restart: option that lets the command replace its own earlier result.
    """

    name: str
    title: str
    command: tuple[str, ...]
    after: tuple[str, ...]
    makes: Path
    code: tuple[str, ...] = ("recipes", "assets/recipes")
    restart: tuple[str, ...] = ("--restart",)

    def key(self, keys: dict[str, str], fingerprint: str) -> str:
        """Digest of all that the step's result depends on.

        Args:
            keys: the keys of earlier steps.
            fingerprint: the dataset's; empty before it is made.
        """
        parts = [self.command, [keys[name] for name in self.after], fingerprint]
        whole = hashlib.blake2b(json.dumps(parts).encode(), digest_size=16)
        for folder in self.code:
            for path in sorted((ROOT / folder).rglob("*.*")):
                if path.suffix in CODE and path.is_file():
                    whole.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
        return whole.hexdigest()


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
        try:
            return ("-m", module, *flags, *shlex.split(options))
        except ValueError as error:
            raise RememError(f"The options {options!r} for {module} cannot be read: {error}.") from None

    def evaluate(model: Path) -> Step:
        metadata = json.dumps({"dataset": str(data), **({"forget": forget} if forget else {})})
        arguments = json.dumps({"pretrained": str(model)})
        target = out / "eval" / model.name
        return Step(
            name=f"eval-{model.name}",
            title=f"remem-eval on the {model.name} model",
            command=(
                *("-m", "harness_tasks.cli", "--model", "remem-vlm", "--model_args", arguments),
                *("--tasks", "remem_*", "--metadata", metadata, "--output_path", str(target)),
            ),
            after=("dataset", model.name),
            makes=target,
            code=("harness_tasks",),
            restart=(),
        )

    return [
        Step(
            "dataset",
            f"generation of the {preset} preset",
            recipe("generation", generation, preset=preset, out=data),
            (),
            data,
            code=(),  # the command compares the dataset with config and code itself
            restart=("--update",),
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
            recipe(
                "recipes.learn",
                f"--warm-up {WARM_UP} --augment medium {learn}",
                model=untrained,
                data=data,
                out=vanilla,
            ),
            ("dataset", "untrained"),
            vanilla,
        ),
        Step(
            "unlearned",
            "stage 2: unlearning the forget set (NPO)",
            (
                *recipe(
                    "recipes.unlearn",
                    f"--augment medium {unlearn}",
                    method="npo",
                    model=vanilla,
                    data=data,
                    out=unlearned,
                ),
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
        made = _fingerprint(data)
        keys[step.name] = step.key(keys, "" if step.makes == data else made)
        stamp = out / "steps" / f"{step.name}.json"
        last = _read_stamp(stamp)
        head = f"[bold cyan][{number}/{len(steps) + 1}][/] {step.title}"
        if step.makes == data:
            # The command knows best whether the dataset is current; ours to replace is only what we made,
            # or began to make where nothing lay.
            replace = last["key"] != "" and last["fingerprint"] == made
        elif last["state"] == "done" and last["key"] == keys[step.name] and step.makes.exists():
            console.print(f"{head}: reused")
            continue
        else:
            replace = last["key"] not in ("", keys[step.name])
        console.print(head)
        note = {"key": keys[step.name], "command": _shown(step.command), "fingerprint": last["fingerprint"]}
        write_json(stamp, {**note, "state": "begun"})  # an interrupted recipe is resumed, not replaced again
        seconds = execute(step.command + (step.restart if replace else ()))
        note |= {"state": "done", "seconds": round(seconds, 1), "fingerprint": _fingerprint(data)}
        write_json(stamp, note)
        console.print(f"[dim]      {seconds:.0f} s; {(time.monotonic() - begun) / 60:.1f} min in all[/]")


def execute(command: tuple[str, ...]) -> float:
    """Run a command with this interpreter, its output passed through; returns the seconds it took."""
    console.print(f"[dim]      {_shown(command)}[/]", soft_wrap=True)
    begun = time.monotonic()
    environment = {**os.environ, "TOKENIZERS_PARALLELISM": "false", "HF_HUB_DISABLE_TELEMETRY": "1"}
    # Threads that spin while they wait slow training tenfold as soon as anything else runs.
    environment.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    done = subprocess.run([sys.executable, *command], check=False, env=environment)
    if done.returncode:
        raise RememError(f"The step `{_shown(command)}` ended with exit code {done.returncode}; see above.")
    return time.monotonic() - begun


def _fingerprint(data: Path) -> str:
    """The dataset's fingerprint, whatever its schema, or "" where there is none."""
    try:
        return str(read_json_object(data / MANIFEST, "manifest")["fingerprint"]["all"])
    except (RememError, KeyError, TypeError):
        return ""


def _read_stamp(path: Path) -> dict[str, str]:
    """A step's stamp; empty texts where there is none, or none that can be read."""
    empty = {"key": "", "state": "", "fingerprint": ""}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return empty | {name: found[name] for name in empty}
    except (OSError, ValueError, KeyError, TypeError):
        return empty


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
    if not stage_one_gate(read_results(out / "eval" / "vanilla")).memorised:
        console.print(
            "[yellow]The vanilla model has not memorised the people, so that nothing can be said of "
            "unlearning; teach it longer: add --epochs 274 to --learn-options (with make, inside "
            "DEMO_OPTIONS).[/]",
            soft_wrap=True,
        )
    console.print(f"Open [bold]{report}[/].")


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.command()(demo)
if __name__ == "__main__":
    run_app(app, "python -m recipes.demo")
