"""Finished questions of a run that is not finished: one that was killed goes on from there.

With `--output_path` every process appends a line to a file of its own for each question it has finished. The
next run of the same model over the same questions reads them all; they go when its results are written.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from .scoring import AnswerScore

_NAME = ".unfinished-"


class Journal:
    """What is known of a run's answers.

    Args:
        folder: where the files lie; made if it is missing.
        depends: everything besides the question that its answer depends on (model, precision, versions). Runs
            that differ in it know nothing of each other.
        rank: number of this process.
    """

    def __init__(self, folder: Path, depends: Any, rank: int = 0) -> None:
        key = _digest(depends)
        self._folder, self._pattern = folder, f"{_NAME}{key}-*.jsonl"
        self._path = folder / f"{_NAME}{key}-{rank}.jsonl"
        self._known: dict[str, dict[str, Any]] = {}
        for path in sorted(folder.glob(self._pattern)) if folder.is_dir() else ():
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                try:
                    entry = json.loads(line)
                    self._known[entry["question"]] = entry
                except (ValueError, KeyError, TypeError):
                    continue  # the line that was being written
        self.found = len(self._known)
        self._file: TextIO | None = None

    def scores(self, question: Any) -> list[AnswerScore] | None:
        """The scores of a question's answers; None if they are not known."""
        entry = self._known.get(_digest(question))
        if entry is None or "scores" not in entry:
            return None
        values = np.frombuffer(base64.b64decode(entry["scores"]), dtype="<f8")
        ends = np.cumsum(entry["lengths"])
        return [
            AnswerScore(values[end - length : end].tolist(), greedy == "1", _pairs(moments))
            for end, length, greedy, moments in zip(
                ends, entry["lengths"], entry["greedy"], entry["moments"], strict=True
            )
        ]

    def path_of(self, question: Any) -> str | None:
        """By which path a known question was scored."""
        return self._known.get(_digest(question), {}).get("path")

    def keep_scores(self, question: Any, scores: Sequence[AnswerScore], path: str | None) -> None:
        """Note the scores of a question's answers."""
        values = np.concatenate([np.asarray(score.token_logprobs, dtype="<f8") for score in scores])
        self._append(
            {
                "question": _digest(question),
                "scores": base64.b64encode(values.tobytes()).decode(),
                "lengths": [len(score.token_logprobs) for score in scores],
                "greedy": "".join(str(int(score[1])) for score in scores),
                "moments": [score.moments for score in scores],
                "path": path,
            }
        )

    def text(self, question: Any) -> str | None:
        """The generated answer to a question; None if it is not known."""
        return self._known.get(_digest(question), {}).get("text")

    def keep_text(self, question: Any, text: str) -> None:
        """Note the generated answer to a question."""
        self._append({"question": _digest(question), "text": text})

    def _append(self, entry: dict[str, Any]) -> None:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            # A line that a killed run left half written must not swallow the next.
            torn = self._path.is_file() and not self._path.read_bytes().endswith(b"\n")
            self._file = self._path.open("a", encoding="utf-8")
            if torn:
                self._file.write("\n")
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()

    def close(self, *, finished: bool) -> None:
        """Stop writing; a finished run needs none of the files any more."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if finished:
            for path in self._folder.glob(self._pattern):
                path.unlink(missing_ok=True)


def _pairs(moments: list | None) -> tuple[tuple[float, float], ...] | None:
    return None if moments is None else tuple((mean, spread) for mean, spread in moments)


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.blake2b(text.encode("utf-8", errors="surrogatepass"), digest_size=16).hexdigest()
