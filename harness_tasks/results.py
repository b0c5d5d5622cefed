"""What `remem-eval` adds to lm-eval's results file: the `remem` entry, and two files beside it."""

from __future__ import annotations

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from remem_dataset.errors import RememError
from remem_dataset.files import write_text
from remem_dataset.results.writable import check_writable

from .provenance import describe_model
from .record import RunRecord
from .sidecar import write_sidecar

PACKAGES = ("lm_eval", "transformers", "torch", "datasets", "remem-bench")


def results_files(output_path: str | Path) -> set[Path]:
    """The aggregated results files that lm-eval has written under `--output_path`."""
    path = Path(output_path)
    if path.suffix == ".json":
        return set(path.parent.glob(f"{path.stem}_*.json"))
    return set(path.glob("*/results_*.json"))


def check_output(output_path: str | Path) -> None:
    """Refuse an `--output_path` that cannot be written, before the evaluation rather than after it.

    Raises:
        RememError: a file in the way, no permission, or an impossible name.
    """
    path = Path(output_path)
    check_writable(path.parent if path.suffix == ".json" else path, what="the results")


def complete_results(file: Path, run: RunRecord) -> Path:
    """Write the row file and the sidecar, and add the `remem` entry to lm-eval's results file.

    Args:
        file: lm-eval's aggregated results.
        run: the record of the run.

    Returns:
        The row file, JSON Lines, one line for each scored row.

    Raises:
        RememError: the results file cannot be read or written.
    """
    stem = file.stem.split("_", 1)
    rows_file = file.with_name(f"rows_{stem[-1]}.jsonl")
    sidecar = file.with_name(f"token_logprobs_{stem[-1]}.parquet") if run.answers else None
    try:
        results = json.loads(file.read_text(encoding="utf-8"))
        write_text(rows_file, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in run.rows))
        if sidecar is not None:
            write_sidecar(sidecar, run.answers)
        for figures in results.get("results", {}).values():
            # lm-eval takes our standard errors for metrics, and looks for standard errors of those.
            for name in [name for name in figures if "_stderr_stderr," in name]:
                del figures[name]
        results["remem"] = remem_entry(run, results.get("config", {}), rows_file.name)
        results["remem"]["sidecar"] = sidecar.name if sidecar is not None else None
        write_text(file, json.dumps(results, indent=2, ensure_ascii=False))
    except (OSError, ValueError) as error:
        raise RememError(f"Cannot complete the results file {file} ({error}).") from None
    return rows_file


def remem_entry(run: RunRecord, config: dict[str, Any], rows_file: str) -> dict[str, Any]:
    """The `remem` entry of a results file: everything that a figure depends on.

    Args:
        run: the record of the run.
        config: lm-eval's `config` entry, for the seed, the limit and the model.
        rows_file: name of the row file beside the results file.
    """
    sizes = sorted({row["n"] for row in run.rows if "n" in row})
    return {
        **run.dataset,
        "command": run.command,
        "model": describe_model(run.model_args, config),
        "n_candidates": sizes[0] if len(sizes) == 1 else (sizes or None),
        "seed": config.get("random_seed"),
        "limit": config.get("limit"),
        "scoring_path": run.scoring_path,
        "versions": package_versions(),
        "rows_file": rows_file,
    }


def package_versions() -> dict[str, str | None]:
    """What a figure depends on besides model and data."""
    return {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
