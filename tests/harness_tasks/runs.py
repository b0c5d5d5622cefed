"""Runs of `remem-eval` in this process."""

from __future__ import annotations

import json

from harness_tasks.cli import main


def evaluate(model, tasks, output, *more):
    """Run `remem-eval` in this process and return (results, rows)."""
    main(
        [
            "--model_args",
            f"pretrained={model}",
            "--device",
            "cpu",
            "--tasks",
            tasks,
            "--output_path",
            str(output),
            *more,
        ]
    )
    (file,) = output.glob("*/results_*.json")
    results = json.loads(file.read_text())
    rows = (file.parent / results["remem"]["rows_file"]).read_text().splitlines()
    return results, [json.loads(row) for row in rows]
