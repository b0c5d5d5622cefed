"""The functions that the task YAML files name: prompt, pictures, choices and metrics of a row."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import record
from .data import REFERENCES, TASK, load_task
from .images import open_image
from .metrics import ceiling, exact_match, exposure, keyword_recall, min_k, null_mean, rouge_l

__all__ = [
    "image_references",
    "images",
    "load_task",
    "process_exposure",
    "process_qa",
    "question",
    "ranked_answers",
]

#: Sums of log P closer than this are ties (nats): a candidate's score moves by up to about 1e-6 for each
#: token with the batch it is computed in, and a collapsed model must not get bits from that noise.
TIE_TOLERANCE = 1e-4


def question(doc: dict[str, Any]) -> str:
    """The question, an `<image>` placeholder in front for each of its pictures."""
    return "<image>" * len(doc[REFERENCES]) + doc["question"]


def images(doc: dict[str, Any]) -> list:
    """The row's pictures, decoded: what `hf-multimodal` and `remem-vlm` take for generation."""
    return [open_image(reference) for reference in doc[REFERENCES]]


def image_references(doc: dict[str, Any]) -> list[str]:
    """The row's pictures by reference: what `remem-vlm` takes (see `harness_tasks.images`)."""
    return list(doc[REFERENCES])


def ranked_answers(doc: dict[str, Any]) -> list[str]:
    """The gold answer, then the candidates it is ranked against."""
    return [doc["answer"], *doc["candidates"]]


def process_qa(doc: dict[str, Any], results: list[str]) -> dict[str, float]:
    """Metrics of one generated answer.

    Args:
        doc: the row.
        results: one string, the generated text.

    Returns:
        exact_match, keyword_recall and rouge_l, each in [0, 1].
    """
    (text,) = results
    metrics = {
        "exact_match": exact_match(text, doc["answer"]),
        "keyword_recall": keyword_recall(text, doc["keywords"]),
        "rouge_l": rouge_l(text, doc["answer"]),
    }
    _write_down(doc, metrics, generated=text)
    return metrics


def process_exposure(doc: dict[str, Any], results: list[tuple[float, bool]]) -> dict[str, float]:
    """Metrics of one gold answer ranked among its candidates.

    Args:
        doc: the row.
        results: (sum of log P, whether greedy) of the gold answer, then of the n candidates. `remem-vlm`
            attaches the log P of every token (`scoring.AnswerScore.token_logprobs`); the metrics that need
            them are left out for a model type that does not.

    Returns:
        exposure, exposure_ceiling, exposure_null_mean and exposure_mean_logprob in bits, exposure_share and
        tie_rate in [0, 1], logprob and min_k in nats.
    """
    sums = np.array([float(result[0]) for result in results])
    ranked = exposure(sums[0], sums[1:], tolerance=TIE_TOLERANCE)
    metrics = {
        "exposure": ranked.bits,
        "exposure_ceiling": ceiling(ranked.n),
        "exposure_null_mean": null_mean(ranked.n),
        "exposure_share": ranked.share,
        "logprob": float(sums[0]),
        "tie_rate": ranked.tie_rate,
    }
    tokens = [getattr(result, "token_logprobs", None) for result in results]
    if all(values is not None for values in tokens):
        means = np.array([np.mean(values) for values in tokens])
        metrics["exposure_mean_logprob"] = exposure(means[0], means[1:], tolerance=TIE_TOLERANCE / 10).bits
        metrics["min_k"] = min_k(tokens[0])
    _write_down(doc, metrics, rank=ranked.rank, ties=ranked.ties, n=ranked.n)
    return metrics


def _write_down(doc: dict[str, Any], metrics: dict[str, float], **result: Any) -> None:
    run = record.current()
    if run is None:
        return
    columns = ("id", "identity_id", "attribute", "question_type", "hops", "split_role", "forget_rank")
    row = {name: doc[name] for name in columns}
    run.rows.append({"task": doc[TASK], **row, "answer": doc["answer"], **metrics, **result})
