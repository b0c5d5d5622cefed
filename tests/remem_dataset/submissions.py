"""Small made-up submissions for the tests: four people, six questions each in a split."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from remem_dataset.files import write_json
from remem_dataset.submission.document import render_document
from remem_dataset.submission.submit import FOLDER, path_of
from remem_dataset.submission.versions import VERSIONS_FILE, versions_json
from tests.fakes.submissions import WAYS, Model, Population, made_up_versions, submission_of

SMALL = Population(people=4, single=4, multi=2, levels={"forget25": 1, "forget50": 2})
VERSIONS = made_up_versions(SMALL)
#: Ranks and answers are all as they should be: the dice have no say.
LEARNT = Model(knows=dict.fromkeys(WAYS, 1.0), forget=1.0, retain=1.0, retain_knows=1.0)
FORGOTTEN = Model(knows=dict.fromkeys(WAYS, 0.0), forget=0.0, retain=1.0, retain_knows=1.0)
UNTAUGHT = Model(knows=dict.fromkeys(WAYS, 0.0), forget=0.0, retain=0.2, retain_knows=0.0)


def document(folder: Path, model: Model = FORGOTTEN, **options: Any) -> dict[str, Any]:
    """A submission that is not marked as a sample."""
    settings = {
        "name": "org/model",
        "method": "npo",
        "forget": "forget50",
        "versions": VERSIONS,
        "vanilla": LEARNT,
        "population": SMALL,
        "base": "org/base",
        **options,
    }
    found = submission_of(folder, model, **settings)
    del found["sample"]
    return found


def changed(original: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy in which one field, "runs.unlearned.seed", is another; `...` takes it out."""
    found = copy.deepcopy(original)
    *parents, last = path.split(".")
    part = found
    for step in parents:
        part = part[step]
    if value is ...:
        del part[last]
    else:
        part[last] = value
    return found


def moved(original: dict[str, Any], days: int, **fields: Any) -> dict[str, Any]:
    """A copy that was submitted on that day of January, with other top-level fields."""
    when = datetime(2026, 1, days, 12, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**copy.deepcopy(original), "submitted": when, **fields}


def write_folder(folder: Path, *documents: dict[str, Any]) -> Path:
    """A folder of submissions with `versions.json`; files of one path get numbers."""
    write_json(folder / VERSIONS_FILE, versions_json(VERSIONS))
    for number, found in enumerate(documents):
        path = folder / Path(path_of(found)).relative_to(FOLDER)
        path = path.with_stem(f"{path.stem}-{number}")
        path.parent.mkdir(exist_ok=True)
        path.write_text(render_document(found), encoding="utf-8")
    return folder


def text_of(found: dict[str, Any]) -> str:
    """The JSON, NaN and infinities as Python writes them."""
    return json.dumps(found)
