"""Rows a second and memory of the text of many people, without pictures.

    python benchmarks/text.py [--identities 10000] [--preset default] [--out figures.json]

Three kinds of work, each in a fresh process on one core, whose CPU seconds count:

* "qa": the fine-tuning and evaluation rows about portraits (`qa_rows` without candidates);
* "text": those, and the rows about group pictures and several pictures (`build_rows` without candidates);
* "all": everything that a build writes; an exposure row draws and prints hundreds of candidates.

Profiles are part of the work; rows are dropped as soon as a person has all of them, as a build does after
writing them. Each kind is run for a tenth of the people and for all: the peak memory of the two is compared.
"""

from __future__ import annotations

import json
import multiprocessing
import re
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

KINDS = ("qa", "text", "all")


def peak_mib() -> float:
    """The most memory that this process has had since it was started."""
    (peak,) = re.findall(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(peak) / 1024


def write(kind: str, preset: str, identities: int, answer) -> None:
    """Make all rows of all people in this process.

    Args:
        kind: one of `KINDS`.
        preset: of which preset the config is, apart from the number of people.
        identities: how many people.
        answer: queue for {"rows", "cpu_s", "peak_mib"}.
    """
    from generation.presets import load_preset
    from generation.profiles import sample_profile
    from generation.rows import build_rows, qa_rows

    config = load_preset(preset, identities=identities)
    make = qa_rows if kind == "qa" else build_rows

    def rows_of(index: int) -> int:
        made = make(config, index, sample_profile(config, index), candidates=kind == "all")
        return sum(map(len, made.values()))

    rows_of(0)  # compiles the templates and reads the word lists
    start = time.process_time()
    rows = sum(rows_of(index) for index in range(identities))
    answer.put({"rows": rows, "cpu_s": time.process_time() - start, "peak_mib": peak_mib()})


def in_fresh_process(*arguments) -> dict[str, float]:
    """`write` in a process of its own."""
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=write, args=(*arguments, answer))
    process.start()
    result = answer.get()
    process.join()
    return result


def main(
    identities: Annotated[int, typer.Option(help="People; a tenth of them first.")] = 10_000,
    preset: Annotated[str, typer.Option(help="Whose config, apart from the number of people.")] = "default",
    out: Annotated[Path | None, typer.Option(help="Also write the figures as JSON.")] = None,
) -> None:
    """Measure, and print a table."""
    if identities < 200 or identities % 200:
        raise typer.BadParameter("--identities must be a multiple of 200, so that forget levels are whole.")
    figures = {}
    typer.echo(f"{'kind':6}{'people':>8}{'rows':>10}{'rows/s/core':>13}{'peak MiB':>10}")
    for kind in KINDS:
        for count in (identities // 10, identities):
            found = in_fresh_process(kind, preset, count)
            found["rows_per_cpu_s"] = found["rows"] / found["cpu_s"]
            figures[f"{kind}_{count}"] = found
            typer.echo(
                f"{kind:6}{count:8}{found['rows']:10}{found['rows_per_cpu_s']:13,.0f}{found['peak_mib']:10.1f}"
            )
        few, many = (figures[f"{kind}_{count}"]["peak_mib"] for count in (identities // 10, identities))
        typer.echo(f"{kind:6}memory grows by {many / few - 1:.1%}")
    if out is not None:
        out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
