"""Writes results folders in lm-eval's real form, with known figures, for the tests of results and report."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from remem_dataset.results.tasks import grid_tasks, text_task

#: Facts of the made-up runs: identity -> its set; attributes asked for.
IDENTITIES = {"id_0000": "forget", "id_0001": "retain", "id_0002": "retain"}
ATTRIBUTES = ("home_address", "pet", "blood_type")


def null_mean(n: int) -> float:
    """Mean of log2(n+1) − log2(rank) for a rank uniform on 1 … n+1."""
    return math.log2(n + 1) - math.fsum(math.log2(r) for r in range(1, n + 2)) / (n + 1)


def run_document(
    *,
    exact_match: dict[str, float] | float = 1.0,
    exposure: dict[str, float] | float = 4.0,
    n: int = 15,
    fingerprint: str = "f" * 64,
    forget: str = "forget25",
    rows_file: str | None = None,
) -> dict[str, Any]:
    """A results document: figures may be given for each of forget and retain, or one for both."""
    ceiling, null = math.log2(n + 1), null_mean(n)
    results: dict[str, Any] = {}
    samples: dict[str, Any] = {}
    for kind in ("qa", "exposure"):
        names = [*grid_tasks(kind=kind), *(text_task(subset=s, kind=kind) for s in ("forget", "retain"))]
        for name in [*names, *(["remem_multi_image_qa", "remem_scene_qa"] if kind == "qa" else [])]:
            subset = "forget" if "_forget_" in name else "retain"
            given = exact_match if kind == "qa" else exposure
            value = given[subset] if isinstance(given, dict) else given
            if kind == "qa":
                metrics = {"exact_match": value, "keyword_recall": value, "rouge_l": value}
            else:
                metrics = {
                    "exposure": value,
                    "exposure_ceiling": ceiling,
                    "exposure_null_mean": null,
                    "exposure_share": value / ceiling,
                    "exposure_mean_logprob": value,
                    "logprob": -3.25,
                    "min_k": -1.5,
                    "tie_rate": 0.0,
                }
            entry: dict[str, Any] = {"alias": f" - {name}", "name": name}
            for metric, figure in metrics.items():
                entry[f"{metric},none"] = figure
                entry[f"{metric}_stderr,none"] = 0.05 if metric in ("exposure", "exact_match") else "N/A"
            results[name] = entry
            # Exposure rows are those of `row_lines`; a text probe asks the seen single-hop rows.
            rows = 9 if kind == "qa" else len(ATTRIBUTES) * list(IDENTITIES.values()).count(subset)
            entry["sample_len"] = rows
            samples[name] = {"original": rows, "effective": rows}
    return {
        "results": results,
        "n-samples": samples,
        "config": {"model": "remem-vlm", "model_args": {"pretrained": "runs/model", "dtype": "float32"}},
        "date": 1789000000.5,
        "model_name": "runs/model",
        "remem": {
            "dataset": "remem",
            "fingerprint": {"text": "t" * 64, "pixels": "p" * 64, "all": fingerprint},
            "revision": None,
            "forget": forget,
            "n_candidates": [7, n],
            "command": "remem-eval --model_args pretrained=runs/model --tasks remem",
            "model": {
                "pretrained": "runs/model",
                "dtype": "float32",
                "weights": "0123456789abcdef0123456789abcdef",
            },
            "seed": 0,
            "limit": None,
            "scoring_path": "expand",
            "versions": {"lm_eval": "0.4.13", "torch": "2.13.0", "remem-bench": None},
            "rows_file": rows_file,
        },
    }


def row_lines(exposures: list[float], *, n: int = 15) -> list[dict[str, Any]]:
    """Exposure rows that take the given values in turn, one for each identity × attribute × grid task."""
    rows = []
    for task in grid_tasks(kind="exposure"):
        for identity, subset in IDENTITIES.items():
            for attribute in ATTRIBUTES if f"_{subset}_" in task else ():
                bits = exposures[len(rows) % len(exposures)]
                rows.append(
                    {
                        "task": task,
                        "id": f"{identity}-exposure-{attribute}",
                        "identity_id": identity,
                        "attribute": attribute,
                        "question_type": "multi_hop" if "_multi_" in task else "single_hop",
                        "hops": 2 if "_multi_" in task else 1,
                        "split_role": "unseen" if "_unseen_" in task else "seen",
                        "forget_rank": list(IDENTITIES).index(identity) + 1,
                        "answer": "12 Elm Lane, Norwick",
                        "exposure": bits,
                        "exposure_ceiling": math.log2(n + 1),
                        "exposure_null_mean": null_mean(n),
                        "exposure_share": bits / math.log2(n + 1),
                        "logprob": -3.25,
                        "tie_rate": 0.0,
                        "exposure_mean_logprob": bits,
                        "min_k": -1.5,
                        "rank": round((n + 1) / 2**bits),
                        "ties": 0,
                        "n": n,
                    }
                )
    return rows


def write_run(
    folder: Path,
    document: dict[str, Any],
    *,
    date: str = "2026-11-24T01-00-00.000000",
    rows: list[dict[str, Any]] | None = None,
) -> Path:
    """Write a document where lm-eval puts it, `<folder>/<model>/results_<date>.json`, rows beside it."""
    inner = folder / "runs__model"
    inner.mkdir(parents=True, exist_ok=True)
    if rows is not None:
        document["remem"]["rows_file"] = f"rows_{date}.jsonl"
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (inner / f"rows_{date}.jsonl").write_text(lines, encoding="utf-8")
    path = inner / f"results_{date}.json"
    path.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return path
