"""How long the leaderboard takes to build and to answer, with thousands of submissions.

    python benchmarks/leaderboard.py [--submissions 5000] [--keep FOLDER] [--out figures.json]

Every submission has a model of its own; 60 different results (other dice, methods, levels) take turns. The
build is timed in wall-clock seconds, and in CPU seconds of all its processes. With chromium and chromedriver
on the machine, the page is opened headless, and each sorting, search, filter and turn of the page is timed:
wall-clock from the click until the browser has laid the new page out and is ready for the next frame, and CPU
time of the page's main thread, which on a busy machine says more.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

METHODS = (
    *("npo", "simnpo", "kl", "rmu", "undial", "refusal", "gradient ascent", "gradient difference"),
    *("task arithmetic", "idk dpo", "mine", "yours"),
)
VARIANTS = 60
#: What is timed in the browser: name -> script that does it once, changing something each time.
ACTIONS = {
    "sort by score": "document.querySelector('[data-sort=score]').click()",
    "sort by model": "document.querySelector('[data-sort=model]').click()",
    "sort by erasure": "document.querySelector('[data-sort=erasure]').click()",
    "one forget level": "document.querySelectorAll('#levels button')[arguments[0] % 3].click()",
    "all levels": "document.querySelector('#levels button:last-child').click()",
    "search": (
        "const s = document.getElementById('search'); "
        "s.value = ['npo', 'model-1', '', 'xyz'][arguments[0] % 4]; s.dispatchEvent(new Event('input'))"
    ),
    "one method": (
        "const m = document.getElementById('method'); m.selectedIndex = arguments[0] % 12;"
        "m.dispatchEvent(new Event('change'))"
    ),
    "next page": "document.querySelector('#pager [data-turn]:not(:disabled)').click()",
}


def write_submissions(folder: Path, count: int) -> None:
    """Write valid submissions of made-up results.

    Args:
        folder: where to.
        count: how many.
    """
    import numpy as np

    from remem_dataset.files import write_json
    from remem_dataset.submission.document import render_document
    from remem_dataset.submission.versions import VERSIONS_FILE, versions_json
    from tests.fakes.submissions import WAYS, Model, made_up_versions, submission_of
    from tests.fakes.submissions import Population as Sizes

    sizes = Sizes()
    versions = made_up_versions(sizes)
    write_json(folder / VERSIONS_FILE, versions_json(versions))
    chance = np.random.default_rng(0)
    variants = []
    for number in range(VARIANTS):
        knows = dict(zip(WAYS, chance.beta(1, 4, len(WAYS)), strict=True))
        model = Model(knows, forget=float(chance.beta(1, 5)), retain=float(chance.beta(8, 2)))
        with tempfile.TemporaryDirectory() as temporary:
            document = submission_of(
                Path(temporary),
                model,
                name="org/model",
                method=METHODS[number % len(METHODS)],
                forget=list(sizes.levels)[number // 3 % 4],
                versions=versions,
                seed=number,
                population=sizes,
                tag="v0.9.0" if number % 20 == 19 else None,
            )
        del document["sample"]
        variants.append(document)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(count):
        name = f"lab-{number % 97}/llava-7b-unlearned-model-{number}"
        when = (start + timedelta(minutes=97 * number)).strftime("%Y-%m-%dT%H:%M:%SZ")
        document = {**variants[number % VARIANTS], "model": name, "submitted": when}
        path = folder / name.replace("/", "__") / f"run-{number:012x}.json"
        path.parent.mkdir()
        path.write_text(render_document(document), encoding="utf-8")


def build(folder: Path, site: Path) -> dict[str, float]:
    """Build the site once and measure it."""
    from remem_dataset.leaderboard.build import collect
    from remem_dataset.leaderboard.site import PAGE, build_site

    wall, cpu = time.perf_counter(), _cpu()
    board = collect(folder)
    read_s = time.perf_counter() - wall
    build_site(board, site)
    return {
        "ranked": len(board.ranked),
        "apart": len(board.apart),
        "refused": len(board.refused),
        "read_s": read_s,
        "build_s": time.perf_counter() - wall,
        "build_cpu_s": _cpu() - cpu,
        "page_mb": (site / PAGE).stat().st_size / 1e6,
    }


def _cpu() -> float:
    """CPU seconds of this process and of its workers that have ended."""
    return sum(os.times()[:4])


def browse(site: Path, repeats: int) -> dict[str, dict[str, float]]:
    """Milliseconds of each action in the browser, wall-clock and CPU time of the page's main thread."""
    from tests.fakes.browser import chromium, show_as

    found = {}
    with chromium() as driver:
        show_as(driver, width=1280)
        driver.set_script_timeout(60)
        driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
        driver.get((site / "index.html").resolve().as_uri())
        for name, action in ACTIONS.items():
            driver.execute_script(RESET)
            wall, cpu = [], []
            for turn in range(repeats):
                before = _busy_ms(driver)
                wall.append(driver.execute_async_script(TIMED % action, turn))
                cpu.append(_busy_ms(driver) - before)
            found[name] = {
                "median_ms": statistics.median(wall),
                "most_ms": max(wall),
                "median_cpu_ms": statistics.median(cpu),
                "most_cpu_ms": max(cpu),
            }
    return found


def _busy_ms(driver) -> float:
    """Milliseconds that the page's main thread has worked so far."""
    metrics = driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return 1e3 * next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


#: All ranked results, unsearched: where each action begins.
RESET = """
const search = document.getElementById('search'), method = document.getElementById('method');
search.value = ''; search.dispatchEvent(new Event('input'));
method.value = -1; method.dispatchEvent(new Event('change'));
document.querySelector('#levels button:last-child').click();
"""
#: Runs an action (in the place of %s, with the turn as `arguments[0]`) and answers with its milliseconds.
TIMED = """
const [turn, done] = arguments;
requestAnimationFrame(() => {
  const start = performance.now();
  (function () { %s }).call(null, turn);
  document.body.offsetHeight;
  const channel = new MessageChannel();
  channel.port1.onmessage = () => done(performance.now() - start);
  requestAnimationFrame(() => channel.port2.postMessage(0));
});
"""


def main(
    submissions: Annotated[int, typer.Option(help="How many.")] = 5000,
    repeats: Annotated[int, typer.Option(help="Times that each action is done.")] = 12,
    keep: Annotated[Path | None, typer.Option(help="Folder for submissions and site; gone on with.")] = None,
    out: Annotated[Path | None, typer.Option(help="JSON file for the figures.")] = None,
) -> None:
    """Measure the leaderboard."""
    from tests.fakes.browser import MISSING

    with tempfile.TemporaryDirectory() as temporary:
        folder = keep or Path(temporary)
        if not (folder / "submissions" / "versions.json").is_file():
            (folder / "submissions").mkdir(parents=True, exist_ok=True)
            write_submissions(folder / "submissions", submissions)
        figures = {"submissions": submissions, **build(folder / "submissions", folder / "site")}
        figures["browser"] = MISSING or browse(folder / "site", repeats)
    text = json.dumps(figures, indent=2)
    print(text)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
