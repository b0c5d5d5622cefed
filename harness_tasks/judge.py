"""`remem judge`: a run's generated answers graded by a model behind an OpenAI-compatible endpoint.

The ReMem paper's semantic score. Off unless asked for: it costs money, sends the answers out, and depends
on a model that may change. The prompt has a version, and every judgement is kept: nothing is asked twice.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema

from remem_dataset.errors import RememError
from remem_dataset.files import write_json
from remem_dataset.results.reading import find_results, read_results
from remem_dataset.results.runs import Figure
from remem_dataset.results.spread import clustered

from .rowfile import read_rows

#: Version of the prompt; another wording is another version, and its judgements are others.
PROMPT_VERSION = "judge-1"

#: How often a request is made that the endpoint could not take, and the first pause between (seconds).
TRIES = 5
PAUSE = 1.0
#: Longest pause that an endpoint may ask for, in seconds.
MOST_PAUSE = 60.0

_PROMPT = Path(__file__).with_name("prompts") / f"{PROMPT_VERSION}.txt"
_GRADE = re.compile(r"\D*(10|\d)(?!\d)\D*")


@dataclass(frozen=True)
class Judged:
    """What a judge thinks of a run.

    Attributes:
        figures: task -> mean score in [0, 1], standard error clustered by identity.
        unreadable: judgements that held no grade; they are in no mean.
        asked: how many were asked in this call; the others were known.
    """

    figures: dict[str, Figure]
    unreadable: int
    asked: int


def grade_prompt(question: str, answer: str, generated: str) -> str:
    """The prompt for one answer."""
    template = _PROMPT.read_text(encoding="utf-8")
    # Not str.format: braces in an answer are an answer's.
    for name, text in (("question", question), ("answer", answer), ("generated", generated)):
        template = template.replace(f"{{{name}}}", text.replace("{", "(").replace("}", ")"))
    return template.strip()


def read_grade(text: str) -> float | None:
    """The grade in a judge's reply as a number in [0, 1]; None if there is not exactly one."""
    match = _GRADE.fullmatch(text.strip())
    return int(match[1]) / 10 if match else None


def judge_run(
    source: Path, *, endpoint: str, model: str, api_key: str | None = None, progress=lambda done, total: None
) -> Judged:
    """Grade every generated answer of a run.

    Args:
        source: a results file, or the folder given to `remem-eval --output_path`.
        endpoint: base URL such as "https://api.example.com/v1".
        model: the judge's name there.
        api_key: sent as bearer token; never written anywhere.
        progress: called with answers done and answers in all.

    Returns:
        The means; they and every judgement are written beside the results
        (`judge_<date>.json`, `judgements_<date>.jsonl`).

    Raises:
        RememError: no run, no generated answers, or an endpoint that refuses.
    """
    path = find_results(source)
    run = read_results(path)
    if run.rows_note:
        raise RememError(f"{path} cannot be judged: {run.rows_note}")
    name = json.loads(path.read_text(encoding="utf-8"))["remem"]["rows_file"]
    rows = [row for row in read_rows(path.parent / name) if "generated" in row]
    if not rows:
        raise RememError(f"{path} has no generated answers; run tasks remem_*_qa.")
    if not all(row.get("question") for row in rows):
        raise RememError(f"The row file of {path} was written by an earlier version and has no questions.")
    stem = path.stem.split("_", 1)[-1]
    kept = path.with_name(f"judgements_{stem}.jsonl")
    known = {entry["key"]: entry["reply"] for entry in _entries(kept)}
    asked = 0
    graded: dict[str, list[tuple[float, str]]] = {}
    unreadable = 0
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    with kept.open("a", encoding="utf-8") as file, requests.Session() as client:
        client.headers.update(headers)
        for done, row in enumerate(rows, 1):
            prompt = grade_prompt(row["question"], row["answer"], row["generated"])
            key = hashlib.blake2b(f"{model}\0{prompt}".encode(), digest_size=16).hexdigest()
            if key not in known:
                known[key] = _ask(client, endpoint, model, prompt)
                asked += 1
                entry = {"key": key, "row": row["id"], "task": row["task"], "reply": known[key]}
                file.write(json.dumps({**entry, "model": model, "prompt": PROMPT_VERSION}) + "\n")
                file.flush()
            grade = read_grade(known[key])
            if grade is None:
                unreadable += 1
            else:
                graded.setdefault(row["task"], []).append((grade, row["identity_id"]))
            progress(done, len(rows))
    figures = {task: clustered(*zip(*items, strict=True)) for task, items in sorted(graded.items())}
    write_json(
        path.with_name(f"judge_{stem}.json"),
        {
            "model": model,
            "prompt": PROMPT_VERSION,
            "unreadable": unreadable,
            "tasks": {t: {"score": f.value, "stderr": f.stderr, "n": f.n} for t, f in figures.items()},
        },
    )
    return Judged(figures, unreadable, asked)


def _entries(path: Path) -> Iterator[dict[str, str]]:
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            entry = json.loads(line)
        except ValueError:  # the line that was being written
            continue
        if (
            isinstance(entry, dict)
            and isinstance(entry.get("key"), str)
            and isinstance(entry.get("reply"), str)
        ):
            yield entry


def _ask(client: requests.Session, endpoint: str, model: str, prompt: str) -> str:
    """One judgement; what may pass is tried again."""
    body = {
        "model": model,
        "messages": [{"role": "user", "content": prompt}],
        "temperature": 0.0,
        "max_tokens": 16,
    }
    reason = "no answer"
    for attempt in range(TRIES):
        pause = PAUSE * 2**attempt
        try:
            response = client.post(f"{endpoint.rstrip('/')}/chat/completions", json=body, timeout=120)
            if response.status_code == 200:
                return str(response.json()["choices"][0]["message"]["content"] or "")
            reason = f"HTTP {response.status_code}"
            if response.status_code != 429 and response.status_code < 500:
                raise RememError(
                    f"The judge at {endpoint} refuses ({reason}); check --endpoint, --model and the key."
                )
            asked_for = response.headers.get("Retry-After", "")
            pause = min(float(asked_for), MOST_PAUSE) if asked_for.isdecimal() else pause
        except RememError:
            raise
        except (InvalidURL, MissingSchema, InvalidSchema) as error:
            raise RememError(f"The endpoint {endpoint!r} is no URL ({error}).") from None
        except (requests.RequestException, ValueError, KeyError, IndexError, TypeError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        if attempt < TRIES - 1:
            time.sleep(pause)
    raise RememError(
        f"The judge at {endpoint} gave no answer in {TRIES} tries ({reason}); what it had judged is kept: "
        "run the same command again."
    )
