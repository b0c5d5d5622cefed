"""An experiment as its YAML file says it, checked before anything is built."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from recipes.learn.stage1 import LearnSettings
from recipes.reference.size import ReferenceSize, load_size
from recipes.training import resolve_precision
from recipes.unlearn.methods import get_method, method_names
from recipes.unlearn.stage2 import UnlearnSettings
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError

from .evaluation import tasks_of

CONFIGS = Path(__file__).with_name("configs")

STAGE2_FIGURES = ("scatter", "bars")
FIGURES = ("lines", "radar", *STAGE2_FIGURES)


@dataclass(frozen=True)
class Cell:
    """One column of an experiment: a dataset variant and how it is learnt.

    Attributes:
        name: as in the table and the figure.
        dataset: `BenchmarkConfig` fields that differ from the experiment's `dataset`.
        training: `LearnSettings` fields that differ from the experiment's `training`.
        x: place on the figure's axis; None for figures without one.
    """

    name: str
    dataset: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    x: float | None = None


@dataclass(frozen=True)
class Unlearning:
    """Stage 2 of an experiment.

    Attributes:
        levels: forget configs.
        methods: name in tables -> `UnlearnSettings` fields, `method` among them; left out, every method there
            is, with its defaults.
        refusing: methods that train the model to refuse, marked in the figure.
        attacks: names of `recipes.experiments.attacks` with their settings; empty for none.
    """

    levels: tuple[str, ...]
    methods: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {name: {"method": name} for name in method_names()}
    )
    refusing: tuple[str, ...] = ()
    attacks: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Experiment:
    """What `python -m recipes.experiments.run` does.

    Attributes:
        name: name of the experiment and of its folder.
        title: the figure's title.
        figure: one of `FIGURES`.
        axis: the axis' label; "" for figures without one.
        dataset: `BenchmarkConfig` fields of every variant.
        evaluation: fields that the evaluating dataset has otherwise; all cells are asked its rows.
        model_size: a size of the reference LVLM by name, or its fields.
        shared_warm_up: steps in which the vision tower learns to tell the people apart in the evaluating
            dataset's training pictures, once a seed and for all cells; 0 leaves that to `training.warm_up`.
        training: `LearnSettings` fields.
        evaluate: kinds of tasks, see `evaluation.tasks_of`.
        cells: the variants.
        unlearning: stage 2, or None.
        seeds: default seeds of training.
    """

    name: str
    title: str
    figure: str
    dataset: dict[str, Any]
    cells: tuple[Cell, ...]
    axis: str = ""
    evaluation: dict[str, Any] = field(default_factory=dict)
    model_size: str | dict[str, int] = "base"
    shared_warm_up: int = 0
    training: dict[str, Any] = field(default_factory=dict)
    evaluate: tuple[str, ...] = ("qa",)
    unlearning: Unlearning | None = None
    seeds: tuple[int, ...] = (0,)

    def evaluation_config(self) -> BenchmarkConfig:
        """Config of the dataset whose rows every cell is asked."""
        return BenchmarkConfig.from_dict({**self.dataset, **self.evaluation}, where=f"{self.name}: dataset")

    def config(self, cell: Cell) -> BenchmarkConfig:
        """Config of the dataset that a cell learns."""
        return BenchmarkConfig.from_dict({**self.dataset, **cell.dataset}, where=f"{self.name}: {cell.name}")

    def size(self) -> ReferenceSize:
        """How large the model is."""
        if isinstance(self.model_size, str):
            return load_size(self.model_size)
        values = checked(self.model_size, ReferenceSize, f"{self.name}: model_size")
        if missing := {f.name for f in dataclasses.fields(ReferenceSize)} - values.keys():
            raise RememError(f"{self.name}: model_size lacks {', '.join(sorted(missing))}.")
        return ReferenceSize(**values)

    def settings(self, cell: Cell) -> LearnSettings:
        """How a cell is learnt, in the precision that this machine takes."""
        values = {"checkpoint_every": 0, **self.training, **cell.training}
        return _resolved(LearnSettings(**checked(values, LearnSettings, f"{self.name}: training")))


def stage2_settings(values: dict[str, Any], where: str) -> UnlearnSettings:
    """A method's settings from its fields in the YAML file.

    Raises:
        RememError: an unknown field, method or option, or a value out of range.
    """
    fields = {"checkpoint_every": 0, **checked(values, UnlearnSettings, where)}
    fields["options"] = {option: str(value) for option, value in (fields.get("options") or {}).items()}
    settings = _resolved(UnlearnSettings(**fields))
    get_method(settings.method, settings.options)
    return settings


def _resolved(settings: Any) -> Any:
    return dataclasses.replace(settings, precision=resolve_precision(settings.precision))


def checked(values: dict[str, Any], kind: type, where: str) -> dict[str, Any]:
    """The values themselves, if each is a field of the dataclass.

    Raises:
        RememError: names the first that is not.
    """
    known = [f.name for f in dataclasses.fields(kind)]
    for name in values:
        if name not in known:
            raise RememError(f"{where} has the unknown field {name!r}; the fields are {', '.join(known)}.")
    return values


def experiment_names() -> list[str]:
    """Names of the experiments that have a config here."""
    return sorted(path.stem for path in CONFIGS.glob("*.yaml"))


def load_experiment(name: str, config: Path | None = None) -> Experiment:
    """Read and check an experiment.

    Args:
        name: its name.
        config: another YAML file than the one of that name in `configs/`.

    Raises:
        RememError: no such experiment or file, or a field that is unknown, missing or out of range.
    """
    if config is None:
        config = CONFIGS / f"{name}.yaml"
        if name not in experiment_names():
            raise RememError(
                f"There is no experiment {name!r}; there are {', '.join(experiment_names())}, "
                "or name a file with --config."
            )
    try:
        values = yaml.safe_load(config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RememError(f"Cannot read the experiment {config}: {str(error).splitlines()[0]}.") from None
    if not isinstance(values, dict):
        raise RememError(f"The experiment {config} must be a YAML mapping.")
    return parse_experiment(name, values, str(config))


def parse_experiment(name: str, values: dict[str, Any], where: str) -> Experiment:
    """An experiment from the content of its YAML file; errors as in `load_experiment`."""
    checked(values, Experiment, where)
    cells = values.get("cells")
    if not isinstance(cells, dict) or not cells:
        raise RememError(f"{where}: cells must map at least one name to what differs there.")
    built = {**values, "name": name, "cells": tuple(_cell(n, c, where) for n, c in cells.items())}
    for missing in {"title", "figure", "dataset"} - values.keys():
        raise RememError(f"{where} lacks {missing}.")
    if values["figure"] not in FIGURES:
        raise RememError(f"{where}: figure is {values['figure']!r}; it may be {', '.join(FIGURES)}.")
    for listed in ("evaluate", "seeds"):
        if listed in values:
            built[listed] = tuple(values[listed])
    if values.get("unlearning") is not None:
        stage2 = checked(dict(values["unlearning"]), Unlearning, f"{where}: unlearning")
        if "levels" not in stage2:
            raise RememError(f"{where}: unlearning lacks levels.")
        stage2["levels"] = tuple(stage2["levels"])
        stage2["refusing"] = tuple(stage2.get("refusing") or ())
        built["unlearning"] = Unlearning(**stage2)
        if len(cells) != 1:
            raise RememError(f"{where}: an experiment with unlearning has one cell, its vanilla model.")
    if (values["figure"] in STAGE2_FIGURES) != (values.get("unlearning") is not None):
        raise RememError(f"{where}: {', '.join(STAGE2_FIGURES)} show unlearning, the other figures do not.")
    experiment = Experiment(**built)
    if experiment.unlearning is not None:
        for method, fields in experiment.unlearning.methods.items():
            stage2_settings(fields, f"{where}: the method {method}")
    tasks_of(list(experiment.evaluate))
    experiment.evaluation_config()
    experiment.size()
    for cell in experiment.cells:
        experiment.config(cell)
        experiment.settings(cell)
    return experiment


def _cell(name: Any, values: Any, where: str) -> Cell:
    if not isinstance(values, dict):
        raise RememError(f"{where}: the cell {name} must be a mapping (dataset, training, x).")
    return Cell(name=str(name), **checked(values, Cell, f"{where}: the cell {name}"))
