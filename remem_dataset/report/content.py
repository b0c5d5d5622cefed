"""Everything a report says, gathered from the runs and the dataset before anything is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import RememError
from ..results import (
    Check,
    Gate,
    RunResults,
    headline_checks,
    read_results,
    same_measurement,
    stage_one_gate,
)
from ..source import Source, open_source

VANILLA = "vanilla"
UNLEARNED = "unlearned"
UNTRAINED = "untrained"


@dataclass(frozen=True)
class Report:
    """What is to be shown.

    Attributes:
        runs: role -> run, in the order of the columns: untrained (if given), vanilla, unlearned.
        gate: verdict on stage 1.
        checks: the headline requirements.
        remarks: sentences the reader must not miss (runs cut short, row files missing).
        source: the dataset.
        command: the command line that made the report.
    """

    runs: Mapping[str, RunResults]
    gate: Gate
    checks: tuple[Check, ...]
    remarks: tuple[str, ...]
    source: Source
    command: str

    @property
    def vanilla(self) -> RunResults:
        """The run of the model after stage 1."""
        return self.runs[VANILLA]


def build_report(
    *,
    vanilla: str | Path,
    unlearned: str | Path,
    untrained: str | Path | None = None,
    data: str | Path = "remem",
    revision: str | None = None,
    command: str = "",
) -> Report:
    """Read the runs and the dataset, and check that they belong together.

    Args:
        vanilla: results file or output folder of the model after stage 1.
        unlearned: the same of the model after stage 2.
        untrained: the same of a model that has seen nothing, or None.
        data: folder or Hub id of the dataset.
        revision: Hub revision of the dataset.
        command: the command line to record.

    Raises:
        RememError: a run cannot be read, the runs do not compare, or they were measured on other data.
    """
    folders = {UNTRAINED: untrained, VANILLA: vanilla, UNLEARNED: unlearned}
    runs = {role: read_results(folder) for role, folder in folders.items() if folder is not None}
    same_measurement(runs)
    source = open_source(data, revision)
    measured_on = runs[VANILLA].fingerprint
    if source.fingerprint != measured_on:
        raise RememError(
            f"The runs were measured on the dataset {measured_on[:16]}, but {data} is "
            f"{source.fingerprint[:16]}; name the dataset that was evaluated with --data."
        )
    source.forget_count(runs[VANILLA].forget)
    return Report(
        runs=runs,
        gate=stage_one_gate(runs[VANILLA]),
        checks=tuple(
            headline_checks(vanilla=runs[VANILLA], unlearned=runs[UNLEARNED], untrained=runs.get(UNTRAINED))
        ),
        remarks=tuple(_remarks(runs)),
        source=source,
        command=command,
    )


def _remarks(runs: Mapping[str, RunResults]) -> list[str]:
    remarks = []
    for role, run in runs.items():
        if cut := run.partial_tasks:
            remarks.append(
                f"The {role} run scored only a part of the rows of {len(cut)} of its {len(run.tasks)} tasks "
                "(--limit); its figures are not comparable with a full run."
            )
        if run.rows_note:
            remarks.append(
                f"The {role} run has no scored rows to read: {run.rows_note} Standard errors then take rows "
                "as independent, and the table by attribute leaves this run out."
            )
    vanilla = runs[VANILLA]
    for role, run in runs.items():
        if only := sorted(vanilla.tasks.keys() ^ run.tasks.keys()):
            remarks.append(
                f"The {role} and the vanilla run did not run the same tasks; {len(only)} have figures of one "
                f"of them only, {only[0]} among them."
            )
        shared = sorted(vanilla.versions.keys() & run.versions.keys())
        if differing := [name for name in shared if vanilla.versions[name] != run.versions[name]]:
            remarks.append(
                f"The {role} and the vanilla run used different versions of {', '.join(differing)}."
            )
        if run.scoring_path and vanilla.scoring_path and run.scoring_path != vanilla.scoring_path:
            remarks.append(
                f"The {role} run was scored by {run.scoring_path!r}, the vanilla by {vanilla.scoring_path!r}."
            )
    if runs[VANILLA].path == runs[UNLEARNED].path:
        remarks.append("The vanilla and the unlearned run are one and the same results file.")
    return remarks
