"""`BenchmarkConfig`: every number that shapes a build, validated in one place."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from .errors import RememError
from .schema import forget_config


@dataclass(frozen=True)
class BenchmarkConfig:
    """What a build is made of. The same config and seed give the same rows on any machine.

    Attributes:
        name: the preset's name, recorded in the card.
        seed: root of every named random stream.
        identities: number of fictitious people.
        qa_per_identity: fine-tuning questions for each person.
        images_per_identity: fine-tuning pictures of each person; rows take them in turn.
        eval_per_identity: evaluation rows for each person, in `seen` and again in `unseen`.
        multi_image_per_identity: multi-image rows for each person, in `seen` and again in `unseen`.
        groups_per_identity: pictures of several people that ask about each person, in `seen` and again in
            `unseen`.
        single_hop_ratio: share of single-hop questions, in [0, 1] (paper: 0.7), which must come to a whole
            number of questions; a fraction may be given as text ("17/24").
        image_size: side of the square pictures, in pixels.
        candidates: n, how many perturbations the gold answer is ranked against.
        forget_levels: sizes of the forget sets, in percent of the identities, ascending.
        default_forget_level: the level evaluated when none is named, in percent.
        renderer: name of the picture backend.
        recognition: 1 if a face recogniser casts people who look different and checks every picture, else 0.
        casting_pool: candidates for the looks of each person, among whom the recogniser chooses.
        redraws: how often a picture that fails the check is drawn anew before it is kept as failed.
    """

    name: str = "custom"
    seed: int = 0
    identities: int = 20
    qa_per_identity: int = 100
    images_per_identity: int = 100
    eval_per_identity: int = 28
    multi_image_per_identity: int = 4
    groups_per_identity: int = 4
    single_hop_ratio: float = 0.7
    image_size: int = 384
    candidates: int = 255
    forget_levels: tuple[int, ...] = (5, 10, 15, 20)
    default_forget_level: int = 10
    renderer: str = "embree"
    recognition: int = 1
    casting_pool: int = 12
    redraws: int = 6

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            object.__setattr__(self, field.name, _coerce(field, getattr(self, field.name)))
        self._check()

    def _check(self) -> None:
        limits = {
            "seed": (0, 2**63 - 1),
            "identities": (2, 1_000_000),
            "qa_per_identity": (1, 100_000),
            "images_per_identity": (1, 100_000),
            "eval_per_identity": (2, 100_000),
            "multi_image_per_identity": (0, 1_000),
            "groups_per_identity": (0, 1_000),
            "image_size": (32, 2048),
            "recognition": (0, 1),
            "casting_pool": (1, 1_000),
            "redraws": (0, 100),
            "candidates": (1, 100_000),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise RememError(f"{name} is {value}; it must lie between {low} and {high}.")
        if not 0.0 <= self.single_hop_ratio <= 1.0:
            raise RememError(f"single_hop_ratio is {self.single_hop_ratio}; it must lie in [0, 1].")
        singles = self.qa_per_identity * self.single_hop_ratio
        if abs(singles - round(singles)) > 1e-6:
            qa, fewer = self.qa_per_identity, int(singles)
            raise RememError(
                f"single_hop_ratio is {self.single_hop_ratio:.6g}, but that share of qa_per_identity = {qa} "
                f"is not a whole number of questions; the nearest are {fewer}/{qa} and {fewer + 1}/{qa}."
            )
        levels = self.forget_levels
        if not levels or list(levels) != sorted(set(levels)) or levels[0] < 1 or levels[-1] > 99:
            raise RememError(
                f"forget_levels is {list(levels)}; it must be ascending percentages between 1 and 99."
            )
        for level in levels:
            if self.identities * level % 100:
                raise RememError(
                    f"forget_levels contains {level}, but {level} % of {self.identities} identities is "
                    "not a whole number of people; change forget_levels or identities."
                )
        if self.default_forget_level not in levels:
            raise RememError(
                f"default_forget_level is {self.default_forget_level}; it must be one of {list(levels)}."
            )
        if not self.renderer.isidentifier():
            raise RememError(f"renderer is {self.renderer!r}; it must be the name of a backend.")

    @property
    def own_pictures(self) -> bool:
        """Whether the faces come from the user's pictures, in their own clothes, instead of being drawn."""
        return self.renderer == "folder"

    @property
    def single_hop_count(self) -> int:
        """Single-hop fine-tuning questions for each person."""
        return round(self.qa_per_identity * self.single_hop_ratio)

    @property
    def forget_counts(self) -> dict[str, int]:
        """Config name -> number of identities in its forget set."""
        return {forget_config(p): self.identities * p // 100 for p in self.forget_levels}

    @property
    def default_forget(self) -> str:
        """Config name of the default forget level."""
        return forget_config(self.default_forget_level)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready dict; `from_dict` reads it back."""
        return {**dataclasses.asdict(self), "forget_levels": list(self.forget_levels)}

    @classmethod
    def from_dict(cls, values: dict[str, Any], where: str = "config") -> BenchmarkConfig:
        """Build from a mapping of field names.

        Args:
            values: field name -> value; a missing field takes its default.
            where: what to call the source in an error.

        Raises:
            RememError: an unknown field, a value of the wrong type or out of range.
        """
        known = [f.name for f in dataclasses.fields(cls)]
        unknown = [k for k in values if k not in known]
        if unknown:
            raise RememError(
                f"{where} has the unknown field {unknown[0]!r}; the fields are {', '.join(known)}."
            )
        return cls(**values)

    @classmethod
    def from_yaml(cls, path: Path, **overrides: Any) -> BenchmarkConfig:
        """Read a YAML mapping and lay `overrides` (None = not given) over it."""
        try:
            values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
            reason = str(error).splitlines()[0]
            raise RememError(f"Cannot read the config {path}: {reason}.") from None
        if not isinstance(values, dict):
            raise RememError(f"The config {path} must be a YAML mapping of field names to values.")
        values.update({k: v for k, v in overrides.items() if v is not None})
        return cls.from_dict(values, where=str(path))


def _coerce(field: dataclasses.Field, value: Any) -> Any:
    """Bring a YAML or command-line value to the field's type, or say what is allowed."""
    if field.name == "forget_levels":
        if isinstance(value, str):
            value = value.split(",")
        try:
            return tuple(_whole(v) for v in value)
        except (TypeError, ValueError, ArithmeticError):
            raise RememError(
                f"forget_levels is {value!r}; it must be whole percentages such as 5,10,15,20."
            ) from None
    kinds = {"int": (_whole, "a whole number"), "float": (_number, "a number"), "str": (_text, "a text")}
    convert, allowed = kinds[str(field.type)]
    try:
        return convert(value)
    except (TypeError, ValueError, ArithmeticError):
        raise RememError(f"{field.name} is {value!r}; it must be {allowed}.") from None


def _whole(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and value != int(value)):
        raise ValueError
    return int(value)


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError
    return float(Fraction(value)) if isinstance(value, str) and "/" in value else float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value
