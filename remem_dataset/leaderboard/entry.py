"""What the leaderboard keeps of a submission: its head and what is shown, without the runs' tables.

Thousands of submissions with all their figures would fill a gigabyte.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..results.gate import seen_facts, seen_questions
from ..results.runs import RunResults
from ..schema import FORGET, RETAIN
from ..submission.document import FAILED, MISSING
from ..submission.reading import Submission
from ..submission.versions import Versions
from .figures import Figures, Z, figures_of


@dataclass(frozen=True)
class Bits:
    """Mean Exposure of one attribute, in bits; None where it was not measured.

    Attributes:
        forget: of the people to forget.
        half: half the width of its 95 % confidence interval.
        retain: of everybody else.
        base_forget: of the people to forget, before unlearning.
        base_retain: of everybody else, before unlearning.
        ceiling: the most there can be.
        null_mean: of a model that knows nothing.
    """

    forget: float | None
    half: float | None
    retain: float | None
    base_forget: float | None
    base_retain: float | None
    ceiling: float
    null_mean: float


@dataclass(frozen=True)
class Entry:
    """A submission that is shown.

    Attributes:
        file: its path in the folder.
        head: the submission without its runs.
        submitted: when.
        gate_status: "passed", "failed" or "missing".
        stage_one: what the gate looks at: exact match single-hop, multi-hop, share of Exposure's ceiling.
        figures: what the table shows.
        exposure: attribute -> bits.
        unscored: why it has no score; "" if it has.
    """

    file: str
    head: Mapping[str, Any]
    submitted: datetime
    gate_status: str
    stage_one: tuple[float | None, float | None, float | None]
    figures: Figures
    exposure: Mapping[str, Bits]
    unscored: str

    @property
    def model(self) -> str:
        """Hub id of the unlearned model."""
        return self.head["model"]

    @property
    def method(self) -> str:
        """How it was unlearned."""
        return self.head["method"]

    @property
    def forget(self) -> str:
        """The forget set, such as "forget10"."""
        return self.head["dataset"]["forget"]

    @property
    def revision(self) -> str:
        """The dataset's version."""
        return self.head["dataset"]["revision"]

    @property
    def sample(self) -> bool:
        """Whether it is made up."""
        return bool(self.head.get("sample"))

    def why_apart(self, versions: Versions, only_samples: bool) -> str:
        """Why it is not ranked; "" if it is.

        Args:
            versions: published versions of the dataset.
            only_samples: whether everything is made up; otherwise what is made up is not ranked.
        """
        if self.sample and not only_samples:
            return "a made-up sample"
        if self.revision != versions.current.tag:
            return f"measured on {self.revision}; the current version is {versions.current.tag}"
        if self.gate_status == MISSING:
            return "no run of the base model, so nobody knows whether it had memorised"
        if self.gate_status == FAILED:
            return "the base model had not memorised, so there was nothing to forget"
        return self.unscored


def entry_of(file: str, submission: Submission) -> Entry:
    """What is kept of a checked submission.

    Args:
        file: its path in the folder of submissions.
        submission: checked.
    """
    return Entry(
        file=file,
        head={name: value for name, value in submission.document.items() if name != "runs"},
        submitted=submission.submitted,
        gate_status=submission.gate_status,
        stage_one=_stage_one(submission.vanilla),
        figures=figures_of(submission),
        exposure=_exposure(submission.document["runs"]),
        unscored=submission.headline.reason if submission.headline.percent is None else "",
    )


def _stage_one(vanilla: RunResults | None) -> tuple[float | None, float | None, float | None]:
    if vanilla is None:
        return None, None, None
    found = (
        vanilla.pooled(seen_questions("single"), "exact_match"),
        vanilla.pooled(seen_questions("multi"), "exact_match"),
        vanilla.pooled(seen_facts(), "exposure_share"),
    )
    single, multi, share = (None if figure is None else figure.value for figure in found)
    return single, multi, share


def _exposure(runs: Mapping[str, Any]) -> dict[str, Bits]:
    """Exposure by attribute of both runs; a subset or run without it leaves gaps."""
    tables = []
    for role in ("unlearned", "vanilla"):
        attributes = (runs[role] or {}).get("attributes") or {}
        tables += [attributes.get(subset, {}) for subset in (FORGET, RETAIN)]
    found = {}
    for name in sorted({name for table in tables for name in table}):
        entries = [table.get(name) for table in tables]
        forget, retain, base_forget, base_retain = (entry and entry["exposure"][0] for entry in entries)
        stderr = entries[0] and entries[0]["exposure"][1]
        scale = next(entry for entry in entries if entry)
        found[name] = Bits(
            forget=forget,
            half=None if stderr is None else Z * stderr,
            retain=retain,
            base_forget=base_forget,
            base_retain=base_retain,
            ceiling=scale["ceiling"],
            null_mean=scale["null_mean"],
        )
    return found
