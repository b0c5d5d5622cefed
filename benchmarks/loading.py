"""Loading and reading a built dataset, against the least that the same bytes and pictures cost.

    python benchmarks/loading.py --data remem [--config forget10] [--repeats 5] [--out figures.json]

Two comparisons, each in one run and interleaved; medians of wall clock and of CPU time of the process:

* `load_dataset(folder, config)` into an empty Arrow cache, against `pyarrow.parquet.read_table` of the same
  files: each call in a fresh process that has imported its libraries, once with the files in the page cache
  ("warm") and once after they were dropped from it ("cold").
* Iterating over rows with decoded pictures, against the `imagefolder` builder of `datasets` and against
  nothing but `PIL.Image.open`, over PNG files of the same bytes. Datasets are loaded before the clock starts.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
# Read once, at import of the libraries: nothing here may come from or go to the network or the user's cache.
os.environ["HF_HUB_OFFLINE"] = "1"

import datasets
import pyarrow
import pyarrow.parquet as pq
from datasets import load_dataset
from PIL import Image


def files_of(data: Path, config: str) -> list[Path]:
    """The Parquet files of one config, as the card lists them."""
    front = yaml.safe_load((data / "README.md").read_text(encoding="utf-8").split("---\n")[1])
    (entry,) = [entry for entry in front["configs"] if entry["config_name"] == config]
    return [data / name for split in entry["data_files"] for name in split["path"]]


def drop_from_page_cache(files: list[Path]) -> None:
    """Have the next read of these files come from the disk."""
    for path in files:
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def timed(task: Callable[[], Any]) -> tuple[float, float]:
    """Wall-clock and CPU seconds of a call in this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    task()
    return time.perf_counter() - wall, time.process_time() - cpu


def timed_in_fresh_process(
    name: str, data: Path, config: str, scratch: Path, cold: bool
) -> tuple[float, float]:
    """`timed` of "read" or "load": what one process allocated or imported does not help the next."""
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=measure_once, args=(name, data, config, scratch, cold, answer))
    process.start()
    result = answer.get()
    process.join()
    return result


def measure_once(name: str, data: Path, config: str, scratch: Path, cold: bool, answer) -> None:
    """Time one call and put (wall, CPU) seconds into `answer`."""
    datasets.disable_progress_bars()
    files = files_of(data, config)
    os.sync()  # what the last call wrote goes to disk outside this one's time
    if cold:
        drop_from_page_cache(files)
    else:
        for path in files:
            path.read_bytes()
    if name == "read":
        answer.put(timed(lambda: [pq.read_table(path) for path in files]))
        return
    with tempfile.TemporaryDirectory(dir=scratch) as cache:
        answer.put(timed(lambda: load_dataset(str(data), config, cache_dir=cache)))


def medians(seconds: dict[str, list[tuple[float, float]]]) -> dict[str, float]:
    """{"<task>_s", "<task>_cpu_s"} from the (wall, CPU) seconds of every repeat."""
    return {
        f"{name}{suffix}": statistics.median(pair[place] for pair in pairs)
        for name, pairs in seconds.items()
        for place, suffix in enumerate(("_s", "_cpu_s"))
    }


def measure_loading(data: Path, config: str, repeats: int, scratch: Path) -> dict[str, float]:
    """Figures of `load_dataset` into empty caches against `pyarrow`."""
    figures = {"parquet_mb": sum(path.stat().st_size for path in files_of(data, config)) / 1e6}
    for cold in (False, True):
        seconds: dict[str, list[tuple[float, float]]] = {"read": [], "load": []}
        for _ in range(repeats):
            for name, found in seconds.items():
                found.append(timed_in_fresh_process(name, data, config, scratch, cold))
        state, found = ("cold" if cold else "warm"), medians(seconds)
        figures |= {f"{state}_{name}": value for name, value in found.items()}
        figures[f"{state}_ratio"] = found["load_s"] / found["read_s"]
        figures[f"{state}_ratio_cpu"] = found["load_cpu_s"] / found["read_cpu_s"]
    return figures


def measure_iterating(data: Path, config: str, most: int, repeats: int, scratch: Path) -> dict[str, float]:
    """Figures of iterating with decoded pictures against image folders of the same PNG bytes."""
    loaded = load_dataset(str(data), config, cache_dir=str(scratch / "ours"))
    splits = {split: rows.select(range(min(most, len(rows)))) for split, rows in loaded.items()}
    pictures = scratch / "pictures"
    pictures.mkdir()
    plain = []
    for split, rows in splits.items():
        for number, row in enumerate(rows.cast_column("image", datasets.Image(decode=False))):
            plain.append(pictures / f"{split}-{number:06d}.png")
            plain[-1].write_bytes(row["image"]["bytes"])
    folder = load_dataset(
        "imagefolder", data_dir=str(pictures), cache_dir=str(scratch / "folder"), split="train"
    )

    def rows_of_ours() -> None:
        for rows in splits.values():
            for row in rows:
                row["image"].load()

    def pictures_of_ours() -> None:
        for rows in splits.values():
            for row in rows.select_columns(["image"]):
                row["image"].load()

    def image_folder() -> None:
        for row in folder:
            row["image"].load()

    def pillow() -> None:
        for path in plain:
            with Image.open(path) as image:
                image.load()

    tasks = {
        "iterate_rows": rows_of_ours,
        "iterate_pictures": pictures_of_ours,
        "image_folder": image_folder,
        "pillow": pillow,
    }
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in tasks}
    for _ in range(repeats):
        for name, task in tasks.items():
            seconds[name].append(timed(task))
    figures = {"pictures": float(len(plain)), **medians(seconds)}
    for name in ("iterate_rows", "iterate_pictures"):
        for suffix in ("_s", "_cpu_s"):
            figures[f"{name}_ratio{suffix[:-2]}"] = (
                figures[f"{name}{suffix}"] / figures[f"image_folder{suffix}"]
            )
    return figures


def main(
    data: Annotated[Path, typer.Option(help="A built dataset folder.")] = Path("remem"),
    config: Annotated[str, typer.Option(help="Config to load.")] = "forget10",
    repeats: Annotated[int, typer.Option(min=1, help="Repeats of each comparison.")] = 5,
    pictures: Annotated[int, typer.Option(min=1, help="Rows of each split to iterate over.")] = 400,
    scratch: Annotated[Path | None, typer.Option(help="Where caches go; four times the dataset.")] = None,
    out: Annotated[Path | None, typer.Option(help="Also write the figures as JSON.")] = None,
) -> None:
    """Measure, and print a table."""
    datasets.disable_progress_bars()
    data = data.resolve()
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        figures = measure_loading(data, config, repeats, Path(folder))
        figures |= measure_iterating(data, config, pictures, repeats, Path(folder))
    versions = (
        f"datasets {datasets.__version__}, pyarrow {pyarrow.__version__}, Python {platform.python_version()}"
    )
    typer.echo(f"{versions}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name, value in figures.items():
        typer.echo(f"{name:28} {value:9.3f}")
    if out is not None:
        out.write_text(json.dumps({"versions": versions, **figures}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
