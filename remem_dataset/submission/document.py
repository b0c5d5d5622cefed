"""A submission as JSON: what a pair of runs measured, and all that the figures depend on."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from .. import __version__
from ..errors import RememError
from ..hub.names import is_repo
from ..results.gate import Gate, stage_one_gate
from ..results.headline import Headline, headline
from ..results.runs import Figure, RunResults, ScoredRow
from ..results.spread import clustered
from ..results.tasks import EXPOSURE, METRIC_RANGES, QA, SUBSETS, grid_tasks
from .validation import SCHEMA
from .versions import DatasetVersion

PASSED, FAILED, MISSING = "passed", "failed", "missing"

#: What a Hub token looks like. None may end up in a file that everybody reads.
_TOKEN = re.compile(r"hf_[A-Za-z0-9]{16,}|api_org_[A-Za-z0-9]{16,}")
#: What a submission says about the weights.
_CHECKPOINT = ("pretrained", "revision", "commit", "weights", "dtype", "adapter", "adapter_weights")
_OF_ANSWERS = ("exact_match", "keyword_recall", "rouge_l", "refusal", "well_formed")
#: Kind of task -> the metrics that a submission has of it.
METRICS = {
    QA: _OF_ANSWERS,
    EXPOSURE: tuple(name for name in METRIC_RANGES if name not in _OF_ANSWERS),
}


def build_document(
    *,
    unlearned: RunResults,
    vanilla: RunResults | None,
    model: str,
    base_model: str,
    method: str,
    dataset: str,
    version: DatasetVersion,
    submitted: datetime,
    model_commit: str | None = None,
    recomputed: bool = False,
    links: Mapping[str, str] | None = None,
    notes: str = "",
) -> dict[str, Any]:
    """The submission of an unlearned model.

    Args:
        unlearned: its run.
        vanilla: the run of the model before unlearning; None if there is none.
        model: Hub id of the unlearned model.
        base_model: Hub id of the model before unlearning.
        method: how it was unlearned.
        dataset: Hub id of the dataset.
        version: the published version that was evaluated.
        submitted: now.
        model_commit: the commit of `model` on the Hub.
        recomputed: whether the figures were computed again from the token log-probabilities.
        links: "paper" and "code" -> address.
        notes: the submitter's own words.

    Raises:
        RememError: something in it looks like a Hub token.
    """
    gate, status = judge_gate(vanilla)
    found = judge_headline(vanilla, unlearned)
    document = {
        "schema": SCHEMA,
        "model": model,
        **({"model_commit": model_commit} if model_commit else {}),
        "base_model": base_model,
        "method": method,
        "submitted": instant(submitted),
        "submitted_with": f"remem-bench {__version__}",
        "recomputed": recomputed,
        **({"links": dict(links)} if links else {}),
        **({"notes": notes} if notes else {}),
        "dataset": {
            "id": dataset,
            "revision": version.tag,
            "commit": version.commit,
            "fingerprint": version.fingerprint,
            "forget": unlearned.forget,
        },
        "gate": {"status": status, "reasons": list(gate.reasons) if gate else []},
        "headline": headline_entry(found),
        "runs": {"unlearned": _run_entry(unlearned), "vanilla": vanilla and _run_entry(vanilla)},
    }
    if _TOKEN.search(json.dumps(document)):
        raise RememError(
            "The submission holds what looks like a Hub token; take it out of the results first."
        )
    return document


def judge_gate(vanilla: RunResults | None) -> tuple[Gate | None, str]:
    """The stage-1 gate of a base model, and its name in a submission."""
    if vanilla is None:
        return None, MISSING
    gate = stage_one_gate(vanilla)
    return gate, PASSED if gate.memorised else FAILED


def judge_headline(vanilla: RunResults | None, unlearned: RunResults) -> Headline:
    """The headline; without one where there is no run of the base model."""
    if vanilla is None:
        return Headline(None, reason="There is no run of the base model to compare with.")
    return headline(vanilla=vanilla, unlearned=unlearned)


def headline_entry(found: Headline) -> dict[str, Any]:
    """The headline and its parts."""
    entry = {
        "percent": found.percent,
        "erasure": found.erasure,
        "retention": found.retention,
        "language": found.language,
    }
    return {**entry, "reason": found.reason[:500]} if found.reason else entry


def instant(moment: datetime) -> str:
    """ "2026-11-27T09:30:00Z"."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _run_entry(run: RunResults) -> dict[str, Any]:
    return {
        "date": _date(run.date),
        "seed": run.seed,
        "scoring_path": run.scoring_path,
        "n_candidates": list(run.n_candidates),
        "checkpoint": _checkpoint(run.checkpoint),
        "versions": {name: text for name, text in run.versions.items() if text},
        "tasks": {name: _task_entry(name, task) for name, task in run.tasks.items()},
        "attributes": attribute_entry(run.rows),
    }


def _date(seconds: float | None) -> str | None:
    try:
        return None if seconds is None else instant(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, ValueError, OSError):
        return None


def _checkpoint(found: Mapping[str, str]) -> dict[str, str]:
    """Which weights; the name of a folder is its owner's business and is left out."""
    kept = {name: found[name] for name in _CHECKPOINT if name in found}
    for name in ("pretrained", "adapter"):
        if name in kept and not is_repo(kept[name]):
            kept[name] = "a folder"
    return kept


def _task_entry(name: str, task: Any) -> dict[str, Any]:
    kind = EXPOSURE if name.endswith(EXPOSURE) else QA
    return {
        "n": task.n,
        "n_total": task.n_total,
        "metrics": {
            metric: [_cut(metric, figure.value), figure.stderr]
            for metric, figure in task.metrics.items()
            if metric in METRICS[kind]
        },
    }


def _cut(metric: str, value: float) -> float:
    """A mean may overshoot its range by rounding; in a submission it does not."""
    low, high = METRIC_RANGES[metric]
    return min(max(value, low), high)


def attribute_entry(rows: Iterable[ScoredRow]) -> dict[str, Any] | None:
    """Mean Exposure by attribute over the grid's rows, for the forget and for the retain set.

    Standard errors are clustered by identity, as those of the tasks are.

    Args:
        rows: scored rows of a run.

    Returns:
        subset -> attribute -> {"n", "exposure": [mean, standard error], "ceiling", "null_mean"}, in bits;
        None without rows.
    """
    wanted = ("exposure", "exposure_ceiling", "exposure_null_mean")
    subset_of = {task: subset for subset in SUBSETS for task in grid_tasks(kind=EXPOSURE, subsets=(subset,))}
    groups: dict[tuple[str, str], list[ScoredRow]] = defaultdict(list)
    for row in rows:
        if row.task in subset_of and all(name in row.metrics for name in wanted):
            groups[subset_of[row.task], row.attribute].append(row)
    if not groups:
        return None
    found: dict[str, Any] = {subset: {} for subset in SUBSETS}
    for (subset, attribute), part in sorted(groups.items()):
        people = [row.identity_id for row in part]
        means: list[Figure] = [clustered([row.metrics[name] for row in part], people) for name in wanted]
        found[subset][attribute] = {
            "n": len(part),
            "exposure": [means[0].value, means[0].stderr],
            "ceiling": means[1].value,
            "null_mean": means[2].value,
        }
    return found


def render_document(document: dict[str, Any]) -> str:
    """The JSON text: short objects on one line, so that a file can be read and two compared."""
    return _render(document, 0) + "\n"


def _render(value: Any, level: int) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(flat) <= 110 - level:
        return flat
    items = (
        [f"{json.dumps(key, ensure_ascii=False)}: {_render(item, level + 1)}" for key, item in value.items()]
        if isinstance(value, dict)
        else [_render(item, level + 1) for item in value]
    )
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    inner = ",\n".join(" " * (level + 1) + item for item in items)
    return f"{opening}\n{inner}\n{' ' * level}{closing}"
