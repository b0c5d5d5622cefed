"""The report on a terminal: gate, headline checks, then the figures, 80 columns wide."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from ..results import MULTI_IMAGE_TASK, SCENE_TASK, RunResults, cell_task, text_task
from ..results.checks import MET, NOT_MET
from ..results.tasks import HOPS, ROLES, SUBSETS
from .content import UNLEARNED, Report
from .tables import METRICS, exposure_summary, number

_STYLES = {MET: "green", NOT_MET: "bold red"}


def print_report(report: Report, console: Console | None = None) -> None:
    """Print the whole report.

    Args:
        report: what to show.
        console: where to; the standard output when None.
    """
    console = console or Console()
    vanilla = report.vanilla
    console.print(
        f"\n[bold]ReMem report[/bold]  {escape(report.source.name)}  "
        f"[dim]{escape(vanilla.fingerprint[:16])}[/dim]  forget set {escape(vanilla.forget)}"
    )
    verdict = "[bold green]yes[/]" if report.gate.memorised else "[bold red]no[/]"
    console.print(f"\n[bold]Stage 1, memorised:[/bold] {verdict}")
    for reason in report.gate.reasons:
        console.print(f"  {escape(reason)}")
    if not report.gate.memorised:
        console.print(
            "  [bold red]The stage-2 figures below (⚠) say nothing about unlearning: "
            "what was not memorised cannot be unlearned.[/]"
        )
    for remark in report.remarks:
        console.print(f"  [yellow]{escape(remark)}[/]")
    console.print(_checks(report))
    console.print(_figures(report))
    console.print(_probes(report))
    console.print(_exposure(report))


def _checks(report: Report) -> RichTable:
    table = RichTable(title="Headline checks", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("figure", "measured", "required", ""):
        table.add_column(heading, no_wrap=heading == "", overflow="fold")
    for check in report.checks:
        style = _STYLES.get(check.status, "yellow")
        table.add_row(
            escape(check.what), escape(check.measured), escape(check.required), f"[{style}]{check.status}[/]"
        )
    return table


def _start(title: str, first: tuple[str, ...]) -> RichTable:
    table = RichTable(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in first:
        table.add_column(heading, no_wrap=True)
    for metric in METRICS:
        table.add_column(metric.short, justify="right", no_wrap=True)
    return table


def _role(report: Report, role: str) -> str:
    flagged = role == UNLEARNED and not report.gate.memorised
    return f"{role} ⚠" if flagged else role


def _values(run: RunResults, tasks: dict[str, str]) -> list[str]:
    """The metrics of one run; `tasks` maps a metric's kind to the task it is read from."""
    cells = []
    for metric in METRICS:
        figure = run.figure(tasks[metric.kind], metric.name) if metric.kind in tasks else None
        cells.append(number(figure.value if figure else None, metric.digits))
    return cells


def _figures(report: Report) -> RichTable:
    table = _start("Forget and retain (Exposure in bits, Min-k % in nats)", ("set", "question", "model"))
    for subset in SUBSETS:
        for hop in HOPS:
            for role in ROLES:
                tasks = {
                    kind: cell_task(subset=subset, role=role, hop=hop, kind=kind)
                    for kind in ("qa", "exposure")
                }
                for i, (name, run) in enumerate(report.runs.items()):
                    first = (subset, f"{hop}, {role}") if i == 0 else ("", "")
                    last = i == len(report.runs) - 1
                    table.add_row(*first, _role(report, name), *_values(run, tasks), end_section=last)
    return table


def _probes(report: Report) -> RichTable:
    table = _start("Text only, several pictures, several people", ("set", "probe", "model"))
    probes = [
        (subset, "text only", {kind: text_task(subset=subset, kind=kind) for kind in ("qa", "exposure")})
        for subset in SUBSETS
    ]
    probes += [
        ("both", "multi-image", {"qa": MULTI_IMAGE_TASK}),
        ("both", "scenes", {"qa": SCENE_TASK}),
    ]
    for subset, probe, tasks in probes:
        for i, (name, run) in enumerate(report.runs.items()):
            first = (subset, probe) if i == 0 else ("", "")
            last = i == len(report.runs) - 1
            table.add_row(*first, _role(report, name), *_values(run, tasks), end_section=last)
    return table


def _exposure(report: Report) -> RichTable:
    data = exposure_summary(report)
    table = RichTable(
        title=f"Exposure in bits, all rows of the grid ({report.vanilla.candidates_in_words})",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("model", no_wrap=True)
    for heading in ("mean", "ceiling", "null", "share", "by mean log P", "Σ log P", "ties", "rows"):
        table.add_column(heading, justify="right")
    for row in data.sections[0].rows:
        table.add_row(_role(report, row.label), *(cell.text for cell in row.cells))
    return table
