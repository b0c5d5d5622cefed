"""What the harness costs beside the model: CPU time of an exposure question outside the model's own code.

    python benchmarks/overhead.py MODEL --data remem [--limit 20] [--question-seconds 1.75]

Runs `remem-eval` on one exposure task in this process and times the model's forwards within it. All the rest
is overhead: building requests, reading and encoding pictures, tokenising answers, metrics, journal, results.
What happens once a run (imports, loading the model, finding tasks) is told by itself. The share is
of `--question-seconds`, what a question costs the model that matters (`benchmarks/scoring.py`).
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import torch
import typer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def main(
    model: Annotated[str, typer.Argument(help="A model folder.")],
    data: Annotated[str, typer.Option(help="A dataset folder.")] = "remem",
    task: Annotated[str, typer.Option(help="An exposure task.")] = "remem_retain_seen_multi_exposure",
    limit: Annotated[int, typer.Option(help="Questions.")] = 20,
    question_seconds: Annotated[float, typer.Option(help="Model time of a question to compare with.")] = 1.75,
) -> None:
    """Measure, and print the share."""
    from harness_tasks.cli import main as remem_eval
    from harness_tasks.scoring import PrefixScorer

    torch.set_num_threads(1)
    inside, questions = [0.0], [0]
    original = PrefixScorer.score_tokens

    def timed(self, *args, **kwargs):
        start = time.process_time()
        try:
            return original(self, *args, **kwargs)
        finally:
            inside[0] += time.process_time() - start
            questions[0] += 1

    PrefixScorer.score_tokens = timed

    def run(rows: int) -> tuple[float, float]:
        inside[0], questions[0] = 0.0, 0
        with tempfile.TemporaryDirectory() as folder:
            start = time.process_time()
            remem_eval(
                [
                    *("--model_args", f"pretrained={model}", "--device", "cpu", "--tasks", task),
                    *("--metadata", f"dataset={data}", "--limit", str(rows), "--output_path", folder),
                ]
            )
            return time.process_time() - start - inside[0], inside[0]

    run(1)  # imports, caches
    once, _ = run(1)
    many, model_s = run(limit)
    each = (many - once) / (limit - 1)
    typer.echo(f"once a run                 {once:8.3f} s")
    typer.echo(f"each question              {each:8.4f} s beside the model, {model_s / limit:.4f} s in it")
    typer.echo(f"share of {question_seconds} s of model time {each / question_seconds:8.2%}")


if __name__ == "__main__":
    typer.run(main)
