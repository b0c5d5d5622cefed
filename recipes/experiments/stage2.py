"""Stage 2 of an experiment: every method at every forget level, measured, and attacked if asked."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from recipes.models import load_model
from recipes.outputs import model_identity
from recipes.unlearn.stage2 import unlearn
from remem_dataset.errors import RememError
from remem_dataset.results import RunResults, read_results
from remem_dataset.results.headline import headline
from remem_dataset.results.tasks import EXPOSURE, QA, ROLES, grid_tasks, text_task
from remem_dataset.results.unlearning import forget_quality
from remem_dataset.schema import EVAL, FORGET, RETAIN, SEEN
from remem_dataset.source import open_source

from .attacks import leak_at_k, quantise, relearn, sampled_leaks
from .cells import Laboratory
from .evaluation import evaluate, tasks_of
from .spec import Cell, stage2_settings
from .store import begin, finish, finished

VANILLA, RETAIN_ONLY = "vanilla", "retain-only"

_ATTACKS = ("relearn", "quantise", "sampling")


@dataclasses.dataclass(frozen=True)
class Subject:
    """A model that is measured at one forget level.

    Attributes:
        name: "vanilla", "retain-only" or the method's name in the experiment.
        model: its folder.
        steps: optimiser steps of stage 2; 0 for the two models that have none.
        stopped: why it stopped.
    """

    name: str
    model: Path
    steps: int = 0
    stopped: str = ""


def run_level(lab: Laboratory, cell: Cell, level: str, seed: int) -> Iterator[dict[str, Any]]:
    """Lines of the table for one level and seed: vanilla, retain-only, then each method as it is done."""
    spec = lab.experiment.unlearning
    data = lab.dataset(lab.experiment.config(cell))
    vanilla, _ = lab.learnt(cell, seed)
    retain_only, _ = lab.learnt(cell, seed, split=level)
    before, _ = measure(lab, vanilla, data, level)
    ignorant, _ = measure(lab, retain_only, data, level)
    for subject in (Subject(VANILLA, vanilla), Subject(RETAIN_ONLY, retain_only)):
        yield _line(lab, subject, data, level, seed, before, ignorant)
    for name, values in spec.methods.items():
        try:
            subject = unlearnt(lab, name, values, vanilla, data, level, seed)
        except RememError as error:  # such as a loss that diverged: the other methods still have their turn
            yield {"cell": name, "level": level, "seed": seed, "stopped": str(error)}
            continue
        yield _line(lab, subject, data, level, seed, before, ignorant)


def unlearnt(
    lab: Laboratory, name: str, values: dict[str, Any], vanilla: Path, data: Path, level: str, seed: int
) -> Subject:
    """A method's model. `values` are `UnlearnSettings` fields."""
    settings = stage2_settings(values, f"{lab.experiment.name}: the method {name}")
    inputs = {
        "vanilla": model_identity(str(vanilla))["identity"],
        "level": level,
        "settings": dataclasses.asdict(settings),
        "seed": seed,
    }
    out = lab.store.place("models", inputs)
    record = unlearn(str(vanilla), str(data), out, level, settings, seed=seed)
    return Subject(name, out, record["stopped"]["step"], record["stopped"]["reason"])


def measure(lab: Laboratory, model: Path, data: Path, level: str) -> tuple[RunResults, str]:
    """The whole grid and the text probes of one model at one level, and the commit that measured them."""
    tasks = tasks_of([QA, EXPOSURE, "text"])
    inputs = {
        "model": model_identity(str(model))["identity"],
        "evaluation": open_source(data).fingerprint,
        "tasks": tasks,
        "forget": level,
    }
    folder = lab.store.place("cells", inputs)
    record = finished(folder)
    if record is None:
        begin(folder)
        run = evaluate(model, data, folder / "eval", tasks, level)
        record = finish(folder, {"inputs": inputs})
    else:
        run = read_results(folder / "eval")
    return run, record.get("git_commit", "unknown")


def _line(
    lab: Laboratory,
    subject: Subject,
    data: Path,
    level: str,
    seed: int,
    before: RunResults,
    ignorant: RunResults,
) -> dict[str, Any]:
    run, commit = measure(lab, subject.model, data, level)
    quality = forget_quality(unlearned=run, retain_only=ignorant)
    head = headline(vanilla=before, unlearned=run)
    line = {
        "cell": subject.name,
        "level": level,
        "seed": seed,
        **unlearning_figures(run),
        "forget_quality_p": math.nan if quality is None else quality.p_value,
        "forget_quality_d": math.nan if quality is None else quality.statistic,
        **{part: _known(getattr(head, part)) for part in ("erasure", "retention", "language")},
        "headline": _known(head.percent),
        "steps": subject.steps,
        "stopped": subject.stopped,
        "dataset_fingerprint": open_source(data).fingerprint,
        "model": model_identity(str(subject.model))["identity"],
        "git_commit": commit,
    }
    for name, settings in lab.experiment.unlearning.attacks.items():
        line |= attacked(lab, name, settings, subject.model, data, level, seed)
    return line


def unlearning_figures(run: RunResults) -> dict[str, float]:
    """What a table says of one model, as `forget_exact_match_seen`."""
    figures = {}
    for part in (FORGET, RETAIN):
        for kind, metrics in ((QA, ("exact_match", "rouge_l")), (EXPOSURE, ("exposure", "exposure_share"))):
            for metric in metrics:
                for role in ROLES:
                    tasks = grid_tasks(kind=kind, subsets=(part,), roles=(role,))
                    figures[f"{part}_{metric}_{role}"] = _value(run, tasks, metric)
    for metric, kind in (("exact_match", QA), ("exposure_share", EXPOSURE)):
        figures[f"forget_{metric}_text"] = _value(run, [text_task(subset=FORGET, kind=kind)], metric)
    asked = grid_tasks(kind=QA, subsets=(FORGET,))
    figures["forget_min_k"] = _value(run, grid_tasks(kind=EXPOSURE, subsets=(FORGET,)), "min_k")
    return figures | {f"forget_{metric}": _value(run, asked, metric) for metric in ("refusal", "well_formed")}


def attacked(
    lab: Laboratory,
    name: str,
    settings: dict[str, Any],
    model: Path,
    data: Path,
    level: str,
    seed: int,
) -> dict[str, float]:
    """Figures of one attack on one model, from the store if it has been made before.

    Args:
        lab: the laboratory.
        name: "relearn_…", "quantise_…" or "sampling_…"; what follows the underscore is only a name.
        settings: the attack's arguments.
        model: the model under attack.
        data: dataset folder.
        level: forget config.
        seed: of the run.

    Raises:
        RememError: no such attack, or arguments that it does not take.
    """
    kind = name.split("_", 1)[0]
    if kind not in _ATTACKS:
        raise RememError(
            f"{lab.experiment.name}: there is no attack {name!r}; names begin with {', '.join(_ATTACKS)}."
        )
    source = open_source(data)
    inputs = {
        "model": model_identity(str(model))["identity"],
        "evaluation": source.fingerprint,
        "attack": [kind, settings],
        "forget": level,
        "seed": seed,
    }
    folder = lab.store.place("cells", inputs)
    record = finished(folder)
    if record is None:
        begin(folder)
        figures = _attack(kind, settings, model, data, level, seed, folder)
        record = finish(folder, {"inputs": inputs, "figures": figures})
    return {f"{name}_{figure}": float(value) for figure, value in record["figures"].items()}


def _attack(
    kind: str, settings: dict[str, Any], model: Path, data: Path, level: str, seed: int, folder: Path
) -> dict[str, float]:
    network, processor = load_model(str(model))
    source = open_source(data)
    try:
        if kind == "sampling":
            rows = source.load(EVAL)[SEEN]
            most = source.forget_count(level)
            rows = [row for row in rows if row["forget_rank"] <= most]
            k, samples = settings["k"], settings["samples"]
            counts = sampled_leaks(
                network, processor, rows, samples=samples, temperature=settings["temperature"], seed=seed
            )
            return {
                f"leak_at_{n}": sum(leak_at_k(c, samples, n) for c in counts) / len(counts) for n in (1, k)
            }
        given: set[tuple[str, str]] = set()
        if kind == "quantise":
            quantise(network, **settings)
        else:
            rows = source.load(level)[FORGET]
            chosen = relearn(network, processor, rows, seed=seed, **settings)
            given = {(rows[i]["identity_id"], rows[i]["attribute"]) for i in chosen}
    except (KeyError, TypeError) as error:
        raise RememError(f"The attack {kind} does not take {json.dumps(settings)}: {error}.") from None
    attacked_model = folder / "model"
    network.save_pretrained(attacked_model)
    processor.save_pretrained(attacked_model)
    tasks = [name for name in tasks_of([QA, EXPOSURE]) if name.startswith("remem_forget_")]
    if kind == "quantise":
        tasks += grid_tasks(kind=QA, subsets=(RETAIN,))
    run = evaluate(attacked_model, data, folder / "eval", tasks, level)
    figures = {}
    for metric in ("exact_match", "exposure_share"):
        rows = [
            row.metrics[metric]
            for row in run.rows
            if metric in row.metrics
            and row.task.startswith("remem_forget_")
            and (row.identity_id, row.attribute) not in given  # only facts that were not given back
        ]
        figures[f"forget_{metric}"] = math.fsum(rows) / len(rows) if rows else math.nan
    if kind == "quantise":
        figures["retain_exact_match"] = _value(run, grid_tasks(kind=QA, subsets=(RETAIN,)), "exact_match")
    return figures


def _value(run: RunResults, tasks: list[str], metric: str) -> float:
    pooled = run.pooled(tasks, metric)
    return math.nan if pooled is None else pooled.value


def _known(value: float | None) -> float:
    return math.nan if value is None else value
