"""A submission from a file that a stranger wrote: nothing in it is believed that can be computed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import RememError
from ..results.gate import Gate
from ..results.headline import Headline
from ..results.reading import check_ceiling
from ..results.runs import Figure, RunResults, TaskResult, same_measurement
from ..results.tasks import BELOW_CEILING
from ..results.untrusted import parse_json, read_text
from .consistency import check_attributes, check_rows
from .document import judge_gate, judge_headline
from .validation import printable, validate
from .versions import Versions

#: Bytes of the largest file that is read; a real one has a hundredth of it.
LIMIT = 2 * 2**20
#: Metrics that something is computed of; the others are only handed on.
JUDGED = ("exact_match", "well_formed", "exposure_share", "not_a_number", "exposure_ceiling", *BELOW_CEILING)
#: How far a stated figure may lie from the computed one: rounding of sums in another order.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Submission:
    """A submission whose own figures agree with one another.

    Attributes:
        name: what to call it: its path, or "the submission".
        document: the JSON, valid by its schema.
        submitted: when.
        unlearned: the run, with the metrics in `JUDGED`.
        vanilla: the run of the model before unlearning, or None.
        gate: verdict on stage 1; None without such a run.
        gate_status: "passed", "failed" or "missing".
        headline: computed from the runs.
    """

    name: str
    document: Mapping[str, Any]
    submitted: datetime
    unlearned: RunResults
    vanilla: RunResults | None
    gate: Gate | None
    gate_status: str
    headline: Headline

    @property
    def model(self) -> str:
        """Hub id of the unlearned model."""
        return self.document["model"]

    @property
    def method(self) -> str:
        """How it was unlearned."""
        return self.document["method"]

    @property
    def forget(self) -> str:
        """The forget set, such as "forget10"."""
        return self.document["dataset"]["forget"]

    @property
    def revision(self) -> str:
        """The dataset's version."""
        return self.document["dataset"]["revision"]


def read_submission(path: Path, versions: Versions, name: str | None = None) -> Submission:
    """Read and check a submission's file.

    Args:
        path: the file.
        versions: the published versions of the dataset.
        name: what to call it in an error; None takes the path.

    Raises:
        RememError: unreadable, no valid submission, or one that contradicts itself or the dataset.
    """
    return parse_submission(read_text(path, limit=LIMIT), versions, name or str(path))


def parse_submission(text: str, versions: Versions, name: str) -> Submission:
    """`read_submission` of a text."""
    return check_submission(parse_json(text, where=name), versions, name)


def check_submission(document: Any, versions: Versions, name: str) -> Submission:
    """Check a parsed submission: schema, dataset, rows, and that its figures agree with one another.

    Args:
        document: parsed JSON.
        versions: the published versions of the dataset.
        name: what to call it in an error.

    Raises:
        RememError: as `read_submission`.
    """
    validate(document, name)
    _check_dataset(document["dataset"], versions, name)
    version = versions.by_tag[document["dataset"]["revision"]]
    entries = document["runs"]
    unlearned = _run(entries["unlearned"], document, document["model"], name)
    vanilla = entries["vanilla"] and _run(entries["vanilla"], document, document["base_model"], name)
    runs = {"unlearned": unlearned, **({"vanilla": vanilla} if vanilla else {})}
    for role, run in runs.items():
        check_rows(run, version, f"{name}: the field 'runs.{role}.tasks")
        check_attributes(run, entries[role]["attributes"], f"{name}: the field 'runs.{role}.attributes")
    try:
        same_measurement(runs)
    except RememError as error:
        raise RememError(f"{name}: {error}") from None
    gate, status = judge_gate(vanilla)
    found = judge_headline(vanilla, unlearned)
    _check_stated(document, status, found, name)
    submitted = _instant(document["submitted"], f"{name}: the field 'submitted'")
    return Submission(name, document, submitted, unlearned, vanilla, gate, status, found)


def _check_dataset(entry: Mapping[str, Any], versions: Versions, name: str) -> None:
    if entry["id"].lower() != versions.repo.lower():
        raise RememError(
            f"{name}: the field 'dataset.id' is {entry['id']!r}, but these are results on {versions.repo}."
        )
    version = versions.by_tag.get(entry["revision"])
    if version is None:
        raise RememError(
            f"{name}: the field 'dataset.revision' is {entry['revision']!r}, but {versions.repo} has the "
            f"versions {', '.join(versions.by_tag)}."
        )
    if entry["fingerprint"] != version.fingerprint:
        raise RememError(
            f"{name}: the field 'dataset.fingerprint' is {entry['fingerprint'][:16]}, but {versions.repo} at "
            f"{version.tag} is {version.fingerprint[:16]}; results on other data do not compare."
        )
    if entry["forget"] not in version.forget_levels:
        raise RememError(
            f"{name}: the field 'dataset.forget' is {entry['forget']!r}, but {versions.repo} at "
            f"{version.tag} has {', '.join(version.forget_levels)}."
        )


def _run(entry: Mapping[str, Any], document: Mapping[str, Any], model: str, name: str) -> RunResults:
    """A run as the figures' functions take it; valid by the schema, with its bits below their ceiling."""
    tasks = {}
    for task, found in entry["tasks"].items():
        n, pairs = found["n"], found["metrics"]
        figures = {m: Figure(pairs[m][0], n, pairs[m][1]) for m in JUDGED if m in pairs}
        check_ceiling({metric: figure.value for metric, figure in figures.items()}, f"{name}: {task}")
        tasks[task] = TaskResult(n=n, n_total=found["n_total"], metrics=figures)
    dataset = document["dataset"]
    return RunResults(
        path=Path(name),
        model=model,
        model_args="",
        date=None,
        dataset=dataset["id"],
        fingerprint=dataset["fingerprint"],
        revision=dataset["revision"],
        forget=dataset["forget"],
        n_candidates=tuple(sorted(set(entry.get("n_candidates", ())))),
        seed=entry.get("seed"),
        scoring_path=entry.get("scoring_path"),
        command=None,
        checkpoint=entry.get("checkpoint", {}),
        versions=entry.get("versions", {}),
        tasks=tasks,
    )


def _check_stated(document: Mapping[str, Any], status: str, found: Headline, name: str) -> None:
    """What the submission says of itself must be what its figures say."""
    if document["gate"]["status"] != status:
        raise RememError(
            f"{name}: the field 'gate.status' is {document['gate']['status']!r}, but by the run of the base "
            f"model it is {status!r}."
        )
    for part in ("percent", "erasure", "retention", "language"):
        stated, computed = document["headline"][part], getattr(found, part)
        both = stated is not None and computed is not None
        if (stated is None) != (computed is None) or (both and not close(stated, computed)):
            raise RememError(
                f"{name}: the field 'headline.{part}' is {_said(stated)}, but by the runs' figures it is "
                f"{_said(computed)}."
            )


def close(first: float, second: float) -> bool:
    """Whether two figures are one but for rounding."""
    return math.isclose(first, second, rel_tol=ROUNDING, abs_tol=ROUNDING)


def _said(value: float | None) -> str:
    return "null" if value is None else f"{value:.6g}"


def _instant(text: str, where: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise RememError(f"{where} is {printable(text)!r}, which is no date.") from None
