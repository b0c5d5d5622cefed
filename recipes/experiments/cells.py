"""Stage 1 of an experiment: for each cell and seed a dataset variant, a model that learnt it, its figures."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.tree import origin_of
from recipes.augmentation import augmentation, picture_statistics
from recipes.course import ORDER
from recipes.learn.stage1 import learn
from recipes.learn.warm_up import warm_up_pictures
from recipes.models import load_model
from recipes.outputs import Record, model_identity, open_partial, publish, reuse
from recipes.questions import QuestionSet
from recipes.reference import build_reference
from remem_dataset.config import BenchmarkConfig
from remem_dataset.results import RunResults
from remem_dataset.results.tasks import EXPOSURE, HOPS, QA, ROLES, grid_tasks
from remem_dataset.schema import EVAL, FINETUNE, SEEN, TRAIN
from remem_dataset.source import Source, open_source

from .evaluation import evaluate, tasks_of
from .pictures import build_variant
from .spec import Cell, Experiment
from .store import Store, begin, finish, finished

#: Metrics of each kind of task that a table shows for the whole model.
METRICS = {QA: ("exact_match",), EXPOSURE: ("exposure_share",)}


@dataclass(frozen=True)
class Laboratory:
    """What all cells of an experiment share.

    Attributes:
        experiment: the experiment.
        store: where things are kept.
    """

    experiment: Experiment
    store: Store

    def dataset(self, config: BenchmarkConfig) -> Path:
        """The dataset of a config as this code makes it, built if it is not there."""
        inputs = {"config": config.to_dict(), "origin": dataclasses.asdict(origin_of(config))}
        folder = self.store.place("datasets", inputs)
        folder.parent.mkdir(parents=True, exist_ok=True)
        return build_variant(config, folder, self.store.root / "pictures")

    def evaluation(self) -> Path:
        """The dataset whose evaluation rows every cell is asked."""
        return self.dataset(self.experiment.evaluation_config())

    def base(self, seed: int) -> Path:
        """The model that every cell of a seed starts from: tokenizer and text of the evaluating dataset."""
        data, size, steps = self.evaluation(), self.experiment.size(), self.experiment.shared_warm_up
        inputs = {"data": open_source(data).fingerprint, "size": vars(size), "seed": seed}
        untrained = build_reference(str(data), self.store.place("models", inputs), seed=seed, size=size)
        if not steps:
            return untrained
        settings = {"warm_up": steps, "augment": self.experiment.training.get("augment", "medium")}
        out = self.store.place("models", {**inputs, **settings})
        return warm_base(str(data), untrained, out, seed, settings)

    def learnt(self, cell: Cell, seed: int, split: str | None = None) -> tuple[Path, dict[str, Any]]:
        """A cell's model after stage 1, and its training record.

        Args:
            cell: the cell.
            seed: of training.
            split: what is learnt in the place of the cell's own split; a forget config teaches its retain
                split alone (the model that never saw the forget set).
        """
        data = self.dataset(self.experiment.config(cell))
        base = self.base(seed)
        settings = self.experiment.settings(cell)
        settings = dataclasses.replace(settings, split=split or settings.split)
        inputs = {
            "data": open_source(data).fingerprint,
            "base": model_identity(str(base))["identity"],
            "settings": dataclasses.asdict(settings),
            "order": ORDER,
            "seed": seed,
        }
        out = self.store.place("models", inputs)
        return out, learn(str(base), str(data), out, settings, seed=seed)


def warm_base(data: str, model: Path, out: Path, seed: int, settings: dict[str, Any]) -> Path:
    """The untrained model after its vision tower has learnt who is in a dataset's training pictures.

    Args:
        data: dataset folder.
        model: the untrained reference model.
        out: folder of the result; a finished one is reused.
        seed: seeds the draws.
        settings: `warm_up` (steps) and `augment`.
    """
    source = open_source(data)
    record = Record.start("warm-up", source, model_identity(str(model)), settings, seed)
    if reuse(out, record):
        return out
    network, processor = load_model(str(model))
    open_partial(out, record, restart=True)
    recognised = warm_up_pictures(
        network,
        QuestionSet(source.load(FINETUNE)[TRAIN], processor),
        steps=settings["warm_up"],
        batch_size=32,
        lr=3e-4,  # as `recipes.learn` with its default rate
        weight_decay=0.05,
        change=augmentation(settings["augment"]),
        statistics=picture_statistics(processor),
        seed=seed,
    )
    publish(out, record, {"recognised": recognised}, network, processor)
    return out


def run_cell(lab: Laboratory, cell: Cell, seed: int) -> dict[str, Any]:
    """A line of the table for one cell and seed, from the store if it has been measured before.

    Returns:
        `cell`, `seed`, `x`, figures, and what they depend on.
    """
    model, training = lab.learnt(cell, seed)
    evaluation = lab.evaluation()
    tasks = tasks_of(list(lab.experiment.evaluate))
    inputs = {
        "model": model_identity(str(model))["identity"],
        "evaluation": open_source(evaluation).fingerprint,
        "tasks": tasks,
    }
    folder = lab.store.place("cells", inputs)
    record = finished(folder)
    if record is None:
        begin(folder)
        begun = time.monotonic()
        run = evaluate(model, evaluation, folder / "eval", tasks)
        figures = grid_figures(run) | {"evaluation_seconds": round(time.monotonic() - begun, 1)}
        record = finish(folder, {"inputs": inputs, "figures": figures})
    source = open_source(lab.dataset(lab.experiment.config(cell)))
    return {
        "cell": cell.name,
        "x": cell.x,
        "seed": seed,
        **{name: value for name, value in record["figures"].items() if name != "evaluation_seconds"},
        "facts_taught": facts_taught(source, open_source(evaluation)),
        "steps": training["stopped"]["step"],
        "training_exact_match": training["training_exact_match"],
        "dataset_fingerprint": source.fingerprint,
        "model": inputs["model"],
        "git_commit": record.get("git_commit", "unknown"),
    }


def grid_figures(run: RunResults) -> dict[str, float | None]:
    """Means over forget and retain set together, by hop and role, as `exact_match_single_seen`."""
    figures: dict[str, float | None] = {}
    for kind, metrics in METRICS.items():
        for metric in metrics:
            for hop in HOPS:
                for role in ROLES:
                    tasks = grid_tasks(kind=kind, hops=(hop,), roles=(role,))
                    pooled = run.pooled(tasks, metric)
                    if pooled is not None:
                        figures[f"{metric}_{hop}_{role}"] = pooled.value
    return figures


def facts_taught(learnt: Source, evaluation: Source) -> float:
    """Share of the evaluated facts (person × attribute) that the training rows ask about at all."""

    def facts(source: Source, config: str, split: str) -> set[tuple[str, str]]:
        rows = source.load(config)[split].select_columns(["identity_id", "attribute"])
        return {(row["identity_id"], row["attribute"]) for row in rows}

    asked = facts(evaluation, EVAL, SEEN)
    return len(asked & facts(learnt, FINETUNE, TRAIN)) / len(asked)
