"""`remem submit`: results in, two pull requests out."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import RememError
from ..hub.names import check_repo
from ..results import RunResults, read_results
from ..results.untrusted import parse_json
from .document import build_document, render_document
from .reading import Submission, check_submission
from .versions import Versions

#: Folder of the results repository that holds the submissions.
FOLDER = "submissions"

#: Fields that another try fills otherwise.
_OF_SENDING = ("submitted", "submitted_with", "model_commit")


@dataclass(frozen=True)
class Offer:
    """A submission that is ready to be sent.

    Attributes:
        submission: checked.
        text: the file's content.
        path: where it goes in the results repository.
    """

    submission: Submission
    text: str
    path: str


def prepare(
    results: Path,
    *,
    base_results: Path | None,
    model: str,
    base_model: str,
    method: str,
    versions: Versions,
    recompute: Callable[[Path], list[str]],
    model_commit: str | None = None,
    links: dict[str, str] | None = None,
    notes: str = "",
    now: datetime | None = None,
) -> Offer:
    """Make a submission of results and check it as the leaderboard will.

    Args:
        results: run of the unlearned model, a file or an output folder.
        base_results: run of the model before unlearning; None if there is none.
        model: Hub id of the unlearned model.
        base_model: Hub id of the model before unlearning.
        method: how it was unlearned.
        versions: published versions of the dataset.
        recompute: computes a run's figures from the files beside it, and says what differs.
        model_commit: the commit of `model` on the Hub.
        links: "paper" and "code" -> address.
        notes: the submitter's own words.
        now: when; None for now.

    Raises:
        RememError: results that are incomplete, on other data, of another model, or that contradict the
            files beside them; a text that is not allowed.
    """
    for repo in (model, base_model):
        check_repo(repo)
    if model == base_model:
        raise RememError(
            f"--model and --base-model are both {model}; the base model is the one before unlearning."
        )
    unlearned = read_results(results)
    vanilla = None if base_results is None else read_results(base_results)
    _check_model(unlearned, model, "--model")
    if vanilla is not None:
        _check_model(vanilla, base_model, "--base-model")
        if vanilla.path == unlearned.path or _same_weights(vanilla, unlearned):
            raise RememError(
                f"The results of --base-results, {vanilla.path}, are of the same model as {unlearned.path}; "
                "name those of the model before unlearning."
            )
        _check_same_data(vanilla, unlearned)
    version = versions.with_fingerprint(unlearned.fingerprint)
    if version is None:
        known = ", ".join(f"{v.tag} ({v.fingerprint[:16]})" for v in versions.by_tag.values())
        raise RememError(
            f"{unlearned.path}: the field 'remem.fingerprint.all' is {unlearned.fingerprint[:16]}, which no "
            f"version of {versions.repo} is; it has {known}."
        )
    recomputed = all([_recompute(run, recompute) for run in (unlearned, vanilla) if run is not None])
    document = build_document(
        unlearned=unlearned,
        vanilla=vanilla,
        model=model,
        base_model=base_model,
        method=method,
        dataset=versions.repo,
        version=version,
        submitted=now or datetime.now(UTC),
        model_commit=model_commit,
        recomputed=recomputed,
        links=links,
        notes=notes,
    )
    text = render_document(document)
    submission = check_submission(parse_json(text, where="The submission"), versions, "The submission")
    return Offer(submission, text, path_of(document))


def _check_same_data(vanilla: RunResults, unlearned: RunResults) -> None:
    for field, before, after in (
        ("fingerprint.all", vanilla.fingerprint, unlearned.fingerprint),
        ("forget", vanilla.forget, unlearned.forget),
    ):
        if before != after:
            raise RememError(
                f"{vanilla.path}: the field 'remem.{field}' is {before[:16]!r}, but in the results of the "
                f"unlearned model it is {after[:16]!r}; both must be of one dataset and one forget set."
            )


def _same_weights(first: RunResults, second: RunResults) -> bool:
    told = [(run.checkpoint.get("weights"), run.checkpoint.get("adapter_weights")) for run in (first, second)]
    return told[0][0] is not None and told[0] == told[1]


def same_result(first: bytes, second: bytes) -> bool:
    """Whether two files of a submission differ in nothing but when and with what they were sent."""
    try:
        found = [parse_json(text.decode("utf-8"), where="A submission") for text in (first, second)]
    except (RememError, UnicodeDecodeError):
        return False
    told = [
        {name: value for name, value in document.items() if name not in _OF_SENDING}
        for document in found
        if isinstance(document, dict)
    ]
    return len(told) == 2 and told[0] == told[1]


def _check_model(run: RunResults, model: str, option: str) -> None:
    """Results that name a Hub model must name this one; of a folder only its weights' hash is known."""
    named = run.checkpoint.get("pretrained")
    if named and run.checkpoint.get("weights") is None and named.lower() != model.lower():
        raise RememError(
            f"{run.path}: the field 'remem.model.pretrained' is {named!r}, but {option} says {model!r}."
        )


def _recompute(run: RunResults, recompute: Callable[[Path], list[str]]) -> bool:
    """Whether the figures could be computed again, all the same."""
    sidecar = json.loads(run.path.read_text(encoding="utf-8"))["remem"].get("sidecar")
    if run.rows_note or not isinstance(sidecar, str) or not (run.path.parent / Path(sidecar).name).is_file():
        return False
    if different := recompute(run.path):
        more = f" {len(different) - 1} more figures differ." if len(different) > 1 else ""
        raise RememError(
            f"The results contradict the files beside them, see `remem rescore`: {different[0]}{more}"
        )
    return True


def path_of(document: dict[str, Any]) -> str:
    """Where a submission goes in the results repository.

    The name holds a hash of what was measured, so that the same results sent twice are one file.

    Args:
        document: valid.

    Example:
        >>> path_of({"model": "a/b", "method": "NPO 2", "dataset": {"forget": "forget10"}, "runs": {}})
        'submissions/a__b/forget10-npo-2-44136fa355b3.json'
    """
    measured = json.dumps(document["runs"], sort_keys=True)
    digest = hashlib.sha256(measured.encode()).hexdigest()[:12]
    method = re.sub(r"[^a-z0-9]+", "-", document["method"].lower()).strip("-")
    folder = document["model"].replace("/", "__")
    return f"{FOLDER}/{folder}/{document['dataset']['forget']}-{method}-{digest}.json"
