"""CPU time, memory and scaling of picture making, as the renderer and a build use them.

    python benchmarks/render.py [--pictures 36] [--out docs/default-preset/render-benchmark.json]

Every figure is measured in this run, in fresh processes: CPU seconds a picture at 256² and 384² (preparing a
person included, spread over the pictures that the default preset draws of each, and told by itself; with
and without the check of faces), peak memory of a worker, the wall-clock ratio of a small build with one
worker and with two, and what the machine allows: the ratio of two processes that draw and share nothing.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

#: Views of each person that are timed here.
VIEWS_PER_PERSON = 12
#: (config option, value) of the build whose wall clock two workers should halve.
SMALL_BUILD = {
    "preset": "default",
    "identities": 8,
    "forget-levels": 25,
    "default-forget-level": 25,
    "images-per-identity": 16,
    "eval-per-identity": 2,
    "groups-per-identity": 1,
    "image-size": 256,
    "casting-pool": 4,
}


def peak_gib() -> float:
    """The most memory that this process ever had, shared pages of libraries counted."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def draw(size: int, pictures: int, groups: int, check: bool, answer) -> None:
    """Draw pictures in this process and report CPU seconds each and the peak memory.

    Args:
        size: pixels each way.
        pictures: how many portraits, of as many views, `VIEWS_PER_PERSON` to a person.
        groups: how many group pictures.
        check: whether each picture also goes through the face check.
        answer: queue for the result.
    """
    from generation.identity import pictures_per_identity
    from generation.people.casting import candidate_person
    from generation.people.choice import described_cast
    from generation.presets import load_preset
    from generation.quality.recogniser import Recogniser
    from generation.renderers import get_renderer
    from generation.views import sample_view
    from generation.views.groups import sample_group

    config = load_preset("default")
    renderer, recogniser = get_renderer(config.renderer), Recogniser()
    cast = described_cast(config)

    def someone(index: int):
        return candidate_person(config, index, cast.candidates[index])

    def embed(picture) -> None:
        for face in picture.faces if check else ():
            found = recogniser.faces(picture.pixels, expected=face.box)
            if found:
                recogniser.embed(picture.pixels, found[0].box)

    embed(renderer.render(someone(0), sample_view(config, 0, "anchor", 0), 64))  # loads models, fills caches
    preparing = []
    drawing = 0.0
    for number in range(pictures):
        person = someone(1 + number // VIEWS_PER_PERSON % (config.identities - 1))
        view = sample_view(config, person.index, "train", number)
        start = time.process_time()
        picture = renderer.render(person, view, size)
        if number % VIEWS_PER_PERSON == 0:  # the first time a person is prepared, the second only drawn
            once = time.process_time()
            picture = renderer.render(person, view, size)
            preparing.append(once - start - (time.process_time() - once))
            start = once
        embed(picture)
        drawing += time.process_time() - start
    middle, peak = time.process_time(), peak_gib()
    each = sum(preparing) / len(preparing) if preparing else 0.0
    for number in range(groups):
        view = sample_group(config, number % config.identities, "seen", number)
        embed(renderer.render_group([someone(f.identity) for f in view.figures], view, size))
    answer.put(
        {
            "preparation_cpu_s": each,
            "portrait_cpu_s": drawing / pictures + each / pictures_per_identity(config) if pictures else None,
            "group_cpu_s": (time.process_time() - middle) / groups if groups else None,
            "portrait_peak_gib": peak,
            "group_peak_gib": peak_gib() if groups else None,
        }
    )


def in_fresh_process(**arguments) -> dict[str, float]:
    """`draw` in a process of its own, so that peak memory is that of one worker."""
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=draw, kwargs={**arguments, "answer": answer})
    process.start()
    result = answer.get()
    process.join()
    return result


def draw_when_all_are_ready(barrier, answer) -> None:
    """Draw eight pictures at the same time as others do, and report the wall-clock seconds."""
    from generation.people.casting import candidate_person
    from generation.presets import load_preset
    from generation.renderers import get_renderer
    from generation.views import sample_view

    config = load_preset("default")
    renderer, person = get_renderer(config.renderer), candidate_person(config, 0, 0)
    renderer.render(person, sample_view(config, 0, "train", 0), 256)
    barrier.wait()
    start = time.perf_counter()
    for number in range(8):
        renderer.render(person, sample_view(config, 0, "train", number), 256)
    answer.put(time.perf_counter() - start)


def unrelated_seconds(processes: int) -> float:
    """Wall-clock seconds of the slowest of some processes that each draw the same eight pictures."""
    context = multiprocessing.get_context("spawn")
    answer, barrier = context.Queue(), context.Barrier(processes)
    started = [
        context.Process(target=draw_when_all_are_ready, args=(barrier, answer)) for _ in range(processes)
    ]
    for process in started:
        process.start()
    slowest = max(answer.get() for _ in started)
    for process in started:
        process.join()
    return slowest


def build_seconds(workers: int) -> float:
    """Wall-clock seconds of the small build."""
    with tempfile.TemporaryDirectory() as folder:
        options = [part for name, value in SMALL_BUILD.items() for part in (f"--{name}", str(value))]
        command = [sys.executable, "-m", "generation", *options, "--workers", str(workers)]
        start = time.perf_counter()
        subprocess.run([*command, "--out", f"{folder}/remem"], check=True, capture_output=True)
        seconds = time.perf_counter() - start
        shutil.rmtree(folder, ignore_errors=True)
        Path(folder).mkdir()
    return seconds


def main(
    pictures: Annotated[int, typer.Option(help="Portraits for each size.")] = 36,
    groups: Annotated[int, typer.Option(help="Group pictures.")] = 4,
    builds: Annotated[bool, typer.Option(help="Also time builds with one and two workers.")] = True,
    out: Annotated[Path | None, typer.Option(help="Also write the figures as JSON.")] = None,
) -> None:
    """Measure, and print a table."""
    figures: dict[str, float] = {}
    for size in (256, 384):
        plain = in_fresh_process(size=size, pictures=pictures, groups=0, check=False)
        checked = in_fresh_process(size=size, pictures=pictures, groups=groups, check=True)
        figures[f"preparation_cpu_s_{size}"] = plain["preparation_cpu_s"]
        figures[f"portrait_cpu_s_{size}"] = plain["portrait_cpu_s"]
        figures[f"portrait_checked_cpu_s_{size}"] = checked["portrait_cpu_s"]
        figures[f"group_checked_cpu_s_{size}"] = checked["group_cpu_s"]
        figures[f"portrait_peak_gib_{size}"] = checked["portrait_peak_gib"]
        figures[f"group_peak_gib_{size}"] = checked["group_peak_gib"]
    if builds:
        figures["build_s_one_worker"] = build_seconds(1)
        figures["build_s_two_workers"] = build_seconds(2)
        figures["speed_up_of_unrelated_processes"] = 2 * unrelated_seconds(1) / unrelated_seconds(2)
        figures["speed_up_of_two_workers"] = figures["build_s_one_worker"] / figures["build_s_two_workers"]
    for name, value in figures.items():
        typer.echo(f"{name:32} {value:8.3f}")
    if out is not None:
        out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
