"""`.eval_results/remem.yaml`: the headline where the Hub shows it on the model's page."""

from __future__ import annotations

from typing import Any

import yaml
from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml, parse_eval_result_entries

from ..errors import RememError
from ..registration import headline_task
from .reading import Submission
from .validation import printable

PATH = ".eval_results/remem.yaml"

#: Bytes of an existing file that are read at most.
LIMIT = 256 * 2**10


class _NoAliases(yaml.SafeLoader):
    """YAML without anchors and aliases: a few lines of them stand for gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed")
        return super().compose_node(parent, index)


def entry_of(submission: Submission, results_repo: str, path: str, url: str) -> EvalResultEntry:
    """The headline in percent, higher is better.

    Args:
        submission: one that has a headline.
        results_repo: the dataset repository of results.
        path: the submission's file there.
        url: the Hub's address.
    """
    found, dataset = submission.headline, submission.document["dataset"]
    return EvalResultEntry(
        dataset_id=dataset["id"],
        task_id=headline_task(submission.forget),
        value=round(found.percent, 2),
        dataset_revision=dataset.get("commit"),
        date=submission.document["runs"]["unlearned"]["date"],
        source_url=f"{url}/datasets/{results_repo}/blob/main/{path}",
        source_name="ReMem leaderboard",
        notes=(
            f"{submission.method} on {submission.document['base_model']}, dataset {submission.revision}: "
            f"erasure {100 * found.erasure:.1f} %, retention {100 * found.retention:.1f} %, "
            f"language {100 * found.language:.1f} %"
        ),
    )


def merged(existing: bytes | None, entry: EvalResultEntry, where: str) -> str:
    """The file's text with an entry added; one about the same dataset and task is replaced.

    Args:
        existing: the file as it is; None if there is none.
        entry: the new one.
        where: what to call the file in an error.

    Raises:
        RememError: the file that is there is too large or no list of results.
    """
    kept = [
        old
        for old in (_parse(existing, where) if existing is not None else [])
        if (old.dataset_id, old.task_id) != (entry.dataset_id, entry.task_id)
    ]
    entries = sorted([*kept, entry], key=lambda e: (str(e.dataset_id), str(e.task_id)))
    return yaml.safe_dump(
        eval_result_entries_to_yaml(entries), sort_keys=False, allow_unicode=True, width=110
    )


def _parse(existing: bytes, where: str) -> list[EvalResultEntry]:
    fault = f"{where} is there already and is no list of evaluation results"
    if len(existing) > LIMIT:
        raise RememError(f"{fault}: it has {len(existing)} bytes.")
    try:
        return parse_eval_result_entries(yaml.load(existing, _NoAliases) or [])
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RememError(f"{fault}: {printable(' '.join(str(error).split()))}.") from None
