"""The tables that people's looks are drawn from: `assets/{appearance,hair,face_targets}.yaml`, checked."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from generation.people.tables import Rgb, colour, listing, mapping, number, read_table, span, text
from remem_dataset.errors import RememError

GENDERS = ("female", "male")
EARRINGS = ("none", "stud", "hoop")
BEARDS = ("none", "stubble", "moustache", "goatee", "full")
FRAMES = ("round", "square", "wire", "bold")

#: Parts of the feature vector in which persons are kept apart.
DISTINCT = (
    "tone",
    "ancestry",
    "hair_colour",
    "hair_style",
    "beard",
    "glasses",
    "brow",
    "freckles",
    "weight",
    "head_shape",
    "face",
)


@dataclass(frozen=True)
class Group:
    """People who share a range of skin tones, and with it plausible hair and iris colours."""

    weight: float
    ancestry: tuple[float, float, float]
    melanin: tuple[float, float]
    texture: str
    hair: dict[str, float]
    iris: dict[str, float]


@dataclass(frozen=True)
class Style:
    """One hair style: relative frequency by gender, and the youngest age it suits."""

    weight: dict[str, float]
    min_age: int


@dataclass(frozen=True)
class FaceFeature:
    """One axis of the face: body-model targets for either sign, and the largest natural amount."""

    low: tuple[str, ...]
    high: tuple[str, ...]
    max: float


@dataclass(frozen=True)
class Stems:
    """Body-model targets of one sort, with their largest amount."""

    stems: tuple[str, ...]
    max: float


@dataclass(frozen=True)
class Appearance:
    """All tables. The fields are the keys of `assets/appearance.yaml`, plus hair styles and face targets."""

    pool: int
    block: int
    mixture: float
    groups: dict[str, Group]
    textures: dict[str, dict[str, float]]
    silhouettes: dict[str, str]
    hair_colours: dict[str, Rgb]
    iris_colours: dict[str, Rgb]
    lips: dict[str, Any]
    grey: dict[str, float]
    beards: dict[str, float]
    glasses: dict[str, Any]
    earrings: dict[str, dict[str, float]]
    freckles: dict[str, float]
    moles: dict[str, Any]
    scars: dict[str, Any]
    muscle: dict[str, float]
    weight: dict[str, float]
    distinct: dict[str, float]
    styles: dict[str, Style]
    features: tuple[FaceFeature, ...]
    head_shapes: Stems
    asymmetries: Stems


@functools.lru_cache(maxsize=8)
def load_appearance(folder: Path | None = None) -> Appearance:
    """Read and check the tables.

    Args:
        folder: where the YAML files lie; None means `assets/`.

    Raises:
        RememError: a file is missing or has an unknown key, a value out of range or an empty list.
    """
    keys = list(Appearance.__dataclass_fields__)
    table = mapping(read_table("appearance", folder), "appearance.yaml", keys[: keys.index("styles")])
    styles = _styles(folder)
    hair_colours = _colours(table["hair_colours"], "appearance.yaml: hair_colours")
    iris_colours = _colours(table["iris_colours"], "appearance.yaml: iris_colours")
    where = "appearance.yaml: textures"
    textures = {
        name: {
            text(style, f"{where}: {name}", styles): number(factor, f"{where}: {name}: {style}", 0, 100)
            for style, factor in mapping(factors, f"{where}: {name}").items()
        }
        for name, factors in mapping(table["textures"], where).items()
    }
    groups = {
        name: _group(value, f"appearance.yaml: groups: {name}", textures, hair_colours, iris_colours)
        for name, value in mapping(table["groups"], "appearance.yaml: groups").items()
    }
    for tone in np.linspace(0, 1, 201):
        if not any(g.melanin[0] <= tone <= g.melanin[1] for g in groups.values()):
            raise RememError(f"appearance.yaml: groups leave out the skin tone {tone:.3f}; cover [0, 1].")
    targets = mapping(
        read_table("face_targets", folder), "face_targets.yaml", ("features", "head_shapes", "asymmetries")
    )
    return Appearance(
        pool=int(number(table["pool"], "appearance.yaml: pool", 1, 1000)),
        block=int(number(table["block"], "appearance.yaml: block", 4, 1024)),
        mixture=number(table["mixture"], "appearance.yaml: mixture"),
        groups=groups,
        textures=textures,
        silhouettes=_silhouettes(table["silhouettes"], styles),
        hair_colours=hair_colours,
        iris_colours=iris_colours,
        lips=_lips(table["lips"]),
        grey=_numbers(table["grey"], "grey", midpoint=120, scatter=40, width=40),
        beards=_weights(table["beards"], "appearance.yaml: beards", BEARDS),
        glasses=_glasses(table["glasses"]),
        earrings={
            gender: _weights(value, f"appearance.yaml: earrings: {gender}", EARRINGS)
            for gender, value in mapping(table["earrings"], "appearance.yaml: earrings", GENDERS).items()
        },
        freckles=_numbers(table["freckles"], "freckles", share=1, until=1),
        moles=_moles(table["moles"]),
        scars=_scars(table["scars"]),
        muscle=_numbers(table["muscle"], "muscle", female=1, male=1, scatter=0.3),
        weight=_numbers(table["weight"], "weight", mean=1, scatter=0.3),
        distinct=_numbers(table["distinct"], "distinct", **dict.fromkeys(DISTINCT, 10)),
        styles=styles,
        features=tuple(
            _feature(value, f"face_targets.yaml: features[{k}]")
            for k, value in enumerate(listing(targets["features"], "face_targets.yaml: features"))
        ),
        head_shapes=_stems(targets["head_shapes"], "face_targets.yaml: head_shapes"),
        asymmetries=_stems(targets["asymmetries"], "face_targets.yaml: asymmetries"),
    )


def _styles(folder: Path | None) -> dict[str, Style]:
    table = mapping(read_table("hair", folder), "hair.yaml")
    styles = {}
    for name, value in mapping(table.get("styles"), "hair.yaml: styles").items():
        where = f"hair.yaml: styles: {name}"
        for key in ("weight", "min_age"):
            if key not in mapping(value, where):
                raise RememError(f"{where} lacks the key {key!r}.")
        weight = _weights(value["weight"], f"{where}: weight", GENDERS)
        styles[name] = Style(weight, int(number(value["min_age"], f"{where}: min_age", 0, 120)))
    for gender in GENDERS:
        if not any(s.weight[gender] > 0 and s.min_age <= 18 for s in styles.values()):
            raise RememError(f"hair.yaml: styles has none that suits {gender} adults of any age.")
    return styles


def _silhouettes(value: Any, styles: dict[str, Style]) -> dict[str, str]:
    """Style -> name of its silhouette; a style in none is one of its own."""
    where = "appearance.yaml: silhouettes"
    of_style: dict[str, str] = {}
    for name, members in mapping(value, where).items():
        for style in listing(members, f"{where}: {name}"):
            if text(style, f"{where}: {name}", styles) in of_style:
                raise RememError(f"{where} has the style {style!r} twice; it may have one silhouette only.")
            of_style[style] = name
    return {style: of_style.get(style, style) for style in styles}


def _group(value: Any, where: str, textures, hair_colours, iris_colours) -> Group:
    mapping(value, where, ("weight", "ancestry", "melanin", "texture", "hair", "iris"))
    ancestry = tuple(
        number(v, f"{where}: ancestry") for v in listing(value["ancestry"], f"{where}: ancestry")
    )
    if len(ancestry) != 3 or abs(sum(ancestry) - 1) > 1e-6:
        raise RememError(f"{where}: ancestry is {list(ancestry)}; it must be three weights that sum to 1.")
    return Group(
        weight=number(value["weight"], f"{where}: weight", 0, 100),
        ancestry=ancestry,
        melanin=span(value["melanin"], f"{where}: melanin"),
        texture=text(value["texture"], f"{where}: texture", textures),
        hair=_weights(value["hair"], f"{where}: hair", hair_colours, every=False),
        iris=_weights(value["iris"], f"{where}: iris", iris_colours, every=False),
    )


def _weights(value: Any, where: str, names, every: bool = True) -> dict[str, float]:
    mapping(value, where, names if every else None)
    return {text(k, where, names): number(v, f"{where}: {k}", 0, 100) for k, v in value.items()}


def _numbers(value: Any, name: str, **highest: float) -> dict[str, float]:
    where = f"appearance.yaml: {name}"
    mapping(value, where, highest)
    return {k: number(value[k], f"{where}: {k}", 0, high) for k, high in highest.items()}


def _colours(value: Any, where: str) -> dict[str, Rgb]:
    return {name: colour(code, f"{where}: {name}") for name, code in mapping(value, where).items()}


def _lips(value: Any) -> dict[str, Any]:
    where = "appearance.yaml: lips"
    mapping(value, where, ("light", "dark", "painted", "tint"))
    return {
        "light": colour(value["light"], f"{where}: light"),
        "dark": colour(value["dark"], f"{where}: dark"),
        "painted": tuple(
            colour(c, f"{where}: painted") for c in listing(value["painted"], f"{where}: painted")
        ),
        "tint": number(value["tint"], f"{where}: tint"),
    }


def _glasses(value: Any) -> dict[str, Any]:
    where = "appearance.yaml: glasses"
    mapping(value, where, ("young", "old", "old_from", "frames"))
    return {
        "young": number(value["young"], f"{where}: young"),
        "old": number(value["old"], f"{where}: old"),
        "old_from": number(value["old_from"], f"{where}: old_from", 0, 120),
        "frames": _weights(value["frames"], f"{where}: frames", FRAMES),
    }


def _moles(value: Any) -> dict[str, Any]:
    where = "appearance.yaml: moles"
    mapping(value, where, ("mean", "radius", "boxes"))
    return {
        "mean": number(value["mean"], f"{where}: mean", 0, 10),
        "radius": span(value["radius"], f"{where}: radius", 0.001, 0.1),
        "boxes": _boxes(value["boxes"], f"{where}: boxes"),
    }


def _scars(value: Any) -> dict[str, Any]:
    where = "appearance.yaml: scars"
    mapping(value, where, ("share", "length", "boxes"))
    return {
        "share": number(value["share"], f"{where}: share"),
        "length": span(value["length"], f"{where}: length", 0.01, 0.6),
        "boxes": _boxes(value["boxes"], f"{where}: boxes"),
    }


def _boxes(value: Any, where: str) -> tuple[tuple[float, float, float, float], ...]:
    """Parts of the right half of the face front, as canonical x from, x to, y from, y to."""
    boxes = []
    for box in listing(value, where):
        if not isinstance(box, list) or len(box) != 4:
            raise RememError(f"{where} holds {box!r}; it must be [x from, x to, y from, y to].")
        boxes.append((*span(box[:2], where, 0, 1), *span(box[2:], where, 5, 9)))
    return tuple(boxes)


def _feature(value: Any, where: str) -> FaceFeature:
    mapping(value, where, ("name", "low", "high", "max"))
    sides = []
    for side in ("low", "high"):
        if not isinstance(value[side], list):
            raise RememError(f"{where}: {side} is {value[side]!r}; it must be a list of target names.")
        sides.append(tuple(text(stem, f"{where}: {side}") for stem in value[side]))
    return FaceFeature(sides[0], sides[1], number(value["max"], f"{where}: max"))


def _stems(value: Any, where: str) -> Stems:
    mapping(value, where, ("stems", "max"))
    stems = tuple(text(s, f"{where}: stems") for s in listing(value["stems"], f"{where}: stems"))
    return Stems(stems, number(value["max"], f"{where}: max"))
