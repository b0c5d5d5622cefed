"""The functions that the task YAML files name: prompt, pictures, choices and metrics of a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from remem_dataset.results.spread import clustered

from . import record
from .data import REFERENCES, TASK, load_task
from .images import open_image
from .metrics import (
    ceiling,
    exact_match,
    exposure,
    keyword_recall,
    min_k,
    min_k_plus_plus,
    null_mean,
    refusal,
    rouge_l,
    truth_share,
    well_formed,
)
from .record import ScoredAnswers

__all__ = [
    "clustered_stderr",
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
    """The gold answer, the candidates it is ranked against, and what the question gets for other people."""
    return [doc["answer"], *doc["candidates"], *(doc.get("other_values") or [])]


def process_qa(doc: dict[str, Any], results: list[str]) -> dict[str, Any]:
    """Metrics of one generated answer.

    Args:
        doc: the row.
        results: one string, the generated text.

    Returns:
        exact_match, keyword_recall, rouge_l, refusal and well_formed, each in [0, 1].
    """
    (text,) = results
    metrics = qa_metrics(text, doc["answer"], doc["keywords"])
    _write_down(doc, metrics, generated=text, question=doc["question"], keywords=list(doc["keywords"]))
    return clustered_metrics(metrics, doc["identity_id"])


def qa_metrics(text: str, answer: str, keywords: list[str]) -> dict[str, float]:
    """All metrics of one generated text."""
    return {
        "exact_match": exact_match(text, answer),
        "keyword_recall": keyword_recall(text, keywords),
        "rouge_l": rouge_l(text, answer),
        "refusal": refusal(text),
        "well_formed": well_formed(text),
    }


def process_exposure(doc: dict[str, Any], results: list[tuple[float, bool]]) -> dict[str, Any]:
    """Metrics of one gold answer ranked among its candidates, and among other people's values.

    Args:
        doc: the row.
        results: (sum of log P, whether greedy) of the answers of `ranked_answers`. `remem-vlm` attaches the
            log P of every token (`scoring.AnswerScore`); the metrics that need it are left out for a model
            type that does not.

    Returns:
        As `exposure_metrics`.
    """
    tokens = [getattr(result, "token_logprobs", None) for result in results]
    told = all(values is not None for values in tokens)
    n = len(doc["candidates"])
    sums = np.array([float(result[0]) for result in results])
    moments = getattr(results[0], "moments", None)
    metrics, ranked = exposure_metrics(sums, n, tokens if told else None, moments)
    _write_down(doc, metrics, **ranked)
    run = record.current()
    if run is not None and told:
        greedy = [bool(result[1]) for result in results]
        run.answers.append(ScoredAnswers(doc[TASK], doc["id"], n, tokens, greedy, moments))
    return clustered_metrics(metrics, doc["identity_id"])


def exposure_metrics(
    sums: np.ndarray, n: int, tokens: Sequence[Sequence[float]] | None, moments: Any = None
) -> tuple[dict[str, float], dict[str, int]]:
    """All metrics of one gold answer's scores.

    Args:
        sums: Σ log P, nats: the gold, its n candidates, then other people's values.
        n: number of candidates.
        tokens: log P of every token of each of them; None where the model type does not tell.
        moments: of the gold's tokens, see `scoring.answers`; None where they are not known.

    Returns:
        (metrics, counts). exposure, exposure_ceiling, exposure_null_mean, exposure_others and
        exposure_mean_logprob in bits; exposure_share, exposure_others_share, truth_share, tie_rate and
        not_a_number in [0, 1]; logprob and min_k in nats; min_k_plus_plus in standard deviations. Scores that
        are not numbers count against the gold, and `not_a_number` says that there were some.
    """
    finite = bool(np.isfinite(sums).all())
    ranked = exposure(sums[0], sums[1 : n + 1], tolerance=TIE_TOLERANCE)
    metrics = {
        "exposure": ranked.bits,
        "exposure_ceiling": ceiling(ranked.n),
        "exposure_null_mean": null_mean(ranked.n),
        "exposure_share": ranked.share,
        "tie_rate": ranked.tie_rate,
        "not_a_number": float(not finite),
    }
    counts = {"rank": ranked.rank, "ties": ranked.ties, "n": ranked.n}
    if len(sums) > n + 1:
        others = exposure(sums[0], sums[n + 1 :], tolerance=TIE_TOLERANCE)
        metrics |= {"exposure_others": others.bits, "exposure_others_share": others.share}
        counts |= {"rank_others": others.rank, "n_others": others.n}
    if np.isfinite(sums[0]):
        metrics["logprob"] = float(sums[0])
    if tokens is not None and finite:
        means = np.array([np.mean(values) for values in tokens])
        by_mean = exposure(means[0], means[1 : n + 1], tolerance=TIE_TOLERANCE / 10)
        metrics["exposure_mean_logprob"] = by_mean.bits
        metrics["truth_share"] = truth_share(means[0], means[1 : n + 1])
        metrics["min_k"] = min_k(tokens[0])
        if moments is not None:
            metrics["min_k_plus_plus"] = min_k_plus_plus(tokens[0], moments)
    return metrics, counts


def clustered_metrics(metrics: dict[str, float], identity: str) -> dict[str, Any]:
    """The metrics, and each of them again with the person that the row is about, for its standard error.

    lm-eval takes `<metric>_stderr` from a metric of that name if a task has one (see `clustered_stderr`).
    """
    return {**metrics, **{f"{name}_stderr": (value, identity) for name, value in metrics.items()}}


def clustered_stderr(items: list[tuple[float, str]]) -> float | str:
    """Standard error of a mean whose rows are clustered by identity; "N/A" for fewer than two identities.

    Args:
        items: (value, identity) of each row.
    """
    figure = clustered([value for value, _ in items], [identity for _, identity in items])
    return "N/A" if figure is None or figure.stderr is None else figure.stderr


def _write_down(doc: dict[str, Any], metrics: dict[str, float], **result: Any) -> None:
    run = record.current()
    if run is None:
        return
    columns = (
        "id",
        "identity_id",
        "attribute",
        "qa_category",
        "question_type",
        "hops",
        "split_role",
        "forget_rank",
    )
    row = {name: doc[name] for name in columns}
    run.rows.append({"task": doc[TASK], **row, "answer": doc["answer"], **metrics, **result})
