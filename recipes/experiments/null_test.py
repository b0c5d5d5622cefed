"""The null test with an untrained vision-language model: its golds must rank anywhere among their candidates.

    python -m recipes.reference --data remem --out runs/untrained
    remem-eval --model_args pretrained=runs/untrained --tasks "remem_*_exposure" --metadata dataset=remem \
        --output_path runs/null
    python -m recipes.experiments.null_test runs/null --out docs/default-preset/null-test-lvlm

The card's own null test ranks by a random model of bytes; this one by what is really evaluated. A person's
fact counts once, by the first of its rows: the model has the same answers in view in all of them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from remem_dataset.errors import RememError, run_app
from remem_dataset.files import write_bytes, write_json
from remem_dataset.nullfigure import draw_null_test
from remem_dataset.nulltest import NullTest
from remem_dataset.results.reading import read_results


def read_ranks(results: Path) -> tuple[NullTest, dict[str, object]]:
    """The ranks in the row file of a run, and what the run says of itself.

    Args:
        results: folder that `remem-eval --output_path` wrote.

    Raises:
        RememError: no results there, or none of exposure.
    """
    run = read_results(results)
    test, known = NullTest(), set()
    for row in run.rows:
        key = row.identity_id, row.attribute
        if "exposure" not in row.metrics or key in known:
            continue
        known.add(key)
        ceiling = row.metrics["exposure_ceiling"]
        for score, metric in (("sum", "exposure"), ("mean", "exposure_mean_logprob")):
            rank = round(2 ** (ceiling - row.metrics[metric]))
            test.add(score, row.attribute, rank, round(2**ceiling))
    if not known:
        raise RememError(f"{results} has no exposure rows; run the tasks remem_*_exposure.")
    about = {
        "command": run.command,
        "fingerprint": run.fingerprint,
        "seed": run.seed,
        "path": run.scoring_path,
    }
    return test, {**about, "model": run.checkpoint, "versions": run.versions}


def main(
    results: Annotated[Path, typer.Argument(help="What remem-eval --output_path wrote.")],
    out: Annotated[Path, typer.Option(help="Where <out>.png and <out>.json go.")],
) -> None:
    """Test, draw, and print the table."""
    test, about = read_ranks(results)
    table = test.table()
    write_bytes(out.with_suffix(".png"), draw_null_test(test))
    write_json(out.with_suffix(".json"), {"run": about, "table": table})
    typer.echo(json.dumps(table[0]))
    worst = min(min(line["sum"], line["mean"]) for line in table)
    typer.echo(f"{len(table)} lines, lowest p = {worst:.3f}")


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    run_app(app, "python -m recipes.experiments.null_test")
