"""Every multi-hop question with many new pictures of its person: is it the person that was learnt?

    python -m recipes.experiments.crossed runs/vanilla remem --pictures 8 --out crossed.json

The evaluation asks each question about one picture. Here each taught wording of `eval` is asked about the
first few pictures of its person in both splits: scenes and clothes of the training's templates (seen), and
others (unseen). Neither split's pictures were trained on.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from recipes.answers import score_batches
from recipes.models import load_model
from recipes.outputs import model_identity
from recipes.questions import QuestionSet, pad_token_id
from recipes.terminal import run_command
from remem_dataset.errors import RememError
from remem_dataset.files import write_json
from remem_dataset.schema import EVAL, MULTI_HOP, SEEN, UNSEEN
from remem_dataset.source import open_source


def crossed(model: str, data: str, count: int) -> dict[str, Any]:
    """Exact match of the seen multi-hop questions over `count` pictures of each split.

    An answer is right if greedy generation gives exactly it (`AnswerScores.correct`).

    Args:
        model: folder or Hub id of the model.
        data: built dataset folder, or a Hub id.
        count: pictures of a person in each split; fewer where there are fewer.

    Returns:
        `questions`, and for `seen` and `unseen` pictures `right`, `n` and `exact_match`.

    Raises:
        RememError: `count` below 1, or the dataset asks no multi-hop question.
    """
    if count < 1:
        raise RememError(f"--pictures is {count}; it must be at least 1.")
    network, processor = load_model(model)
    network.to("cuda" if torch.cuda.is_available() else "cpu")
    source = open_source(data)
    splits = source.load(EVAL)
    asked = [row for row in splits[SEEN] if row["question_type"] == MULTI_HOP]
    if not asked:
        raise RememError(f"{source.name} asks no multi-hop question in eval.")
    figures: dict[str, Any] = {"questions": len(asked), "pictures": count}
    for split in (SEEN, UNSEEN):
        pictures: dict[str, dict[str, Any]] = {}
        for row in splits[split].select_columns(["identity_id", "view_id", "image"]):
            of_person = pictures.setdefault(row["identity_id"], {})
            if len(of_person) < count or row["view_id"] in of_person:
                of_person[row["view_id"]] = row["image"]
        right = n = 0
        for row in asked:  # question by question: all pairs at once would not fit into memory
            pairs = [
                {**row, "view_id": f"{split}/{view}", "image": image}
                for view, image in pictures[row["identity_id"]].items()
            ]
            batches = QuestionSet(pairs, processor).batches(32, pad_token_id(processor))
            scores = score_batches(network, batches)
            right, n = right + int(scores.correct.sum()), n + len(pairs)
        figures[split] = {"right": right, "n": n, "exact_match": right / n}
    return figures | {
        "model": model_identity(model)["identity"],
        "dataset_fingerprint": source.fingerprint,
    }


def main(
    model: Annotated[str, typer.Argument(help="Folder or Hub id of the model.")],
    data: Annotated[str, typer.Argument(help="Dataset folder or Hub id.")],
    pictures: Annotated[int, typer.Option(help="Pictures of a person in each split.")] = 8,
    out: Annotated[Path | None, typer.Option(help="Also write the figures as JSON.")] = None,
) -> None:
    """Ask, and print the figures."""
    figures = crossed(model, data, pictures)
    typer.echo(json.dumps(figures, indent=2))
    if out is not None:
        write_json(out, figures)


if __name__ == "__main__":
    run_command(main)
