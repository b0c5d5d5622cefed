"""The garments: which pieces each is made of and how the cloth behaves."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from generation.renderers.embree.bodydata import BodyData
from generation.renderers.embree.clothes.collars import fold_down, hood, lapels, placket, shirt_collar
from generation.renderers.embree.clothes.cut import CLOSE_LEVEL, NECKLINES, Cut, cut, depth_of, rest
from generation.renderers.embree.clothes.drape import drape, folds
from generation.renderers.embree.surface import Surface, vertex_normals
from generation.renderers.embree.tables import check_choice
from generation.views.view import Outfit

PATTERNS = ["plain", "stripes", "check"]


@dataclass(frozen=True)
class Cloth:
    """How a garment's cloth behaves; lengths in decimetres.

    Attributes:
        short: whether the sleeves end above the elbow.
        passes: how far it spans hollows of the body.
        thickness: how far it stands off the body.
        sleeve: how much further off the arms.
        fold: height of its folds.
        fold_size: their width.
        sharp: 0 for round folds, 1 for creases.
        texture: "jersey", "knit", "woven", "fleece" or "twill".
    """

    short: bool
    passes: int
    thickness: float
    sleeve: float
    fold: float
    fold_size: float
    sharp: float
    texture: str


CLOTHS = {
    "t-shirt": Cloth(True, 10, 0.05, 0.07, 0.15, 0.85, 0.25, "jersey"),
    "sweater": Cloth(False, 14, 0.11, 0.07, 0.12, 1.10, 0.0, "knit"),
    "shirt": Cloth(False, 11, 0.06, 0.08, 0.14, 0.75, 0.4, "woven"),
    "hoodie": Cloth(False, 18, 0.14, 0.10, 0.19, 1.10, 0.1, "fleece"),
    "jacket": Cloth(False, 16, 0.17, 0.10, 0.15, 0.95, 0.3, "twill"),
}
INNER = Cloth(True, 9, 0.04, 0.0, 0.06, 0.85, 0.2, "jersey")


def _sheet(
    skin: Surface,
    body: BodyData,
    outfit: Outfit,
    cloth: Cloth,
    edge: str,
    close: bool,
    colours: tuple[tuple[float, float, float], tuple[float, float, float]],
    pattern: str,
) -> tuple[np.ndarray, Surface]:
    """One layer: positions over the whole skin, and the garment cut from them with a turned-in edge."""
    piece = cut(body, edge, cloth.short, close)
    fold = cloth.fold * folds(body, cloth.fold_size, cloth.sharp, len(outfit.id) % 4)
    outer = drape(
        skin,
        body,
        _depth(body, edge, cloth.short),
        cloth.passes,
        cloth.thickness,
        cloth.sleeve,
        fold,
    )
    vertices = piece.matrix @ outer
    known = rest(body)
    values = np.column_stack([known.place, known.across, known.arm])
    surface = _with_rim(piece, vertices, piece.matrix @ skin.vertices, piece.matrix @ values, cloth.thickness)
    surface.settings = {"cloth": cloth.texture, "pattern": pattern, "colours": colours, "edge": edge}
    return outer, surface


@functools.lru_cache(maxsize=16)
def _depth(body: BodyData, edge: str, short: bool) -> np.ndarray:
    return depth_of(body, edge, short)


def _with_rim(
    piece: Cut, vertices: np.ndarray, skin: np.ndarray, values: np.ndarray, thickness: float
) -> Surface:
    """The cut mesh plus a strip from its edge to the skin: cloth as thick as it looks."""
    numbers, ends = np.unique(piece.rim, return_inverse=True)
    ends = ends.reshape(piece.rim.shape)
    first = len(vertices)
    lip, inner = first + ends, first + len(numbers) + ends
    strip = np.concatenate(
        [
            np.stack([lip[:, 0], lip[:, 1], inner[:, 1]], 1),
            np.stack([lip[:, 0], inner[:, 1], inner[:, 0]], 1),
        ]
    )
    towards = skin[numbers] - vertices[numbers]
    length = np.linalg.norm(towards, axis=1, keepdims=True)
    towards = towards / np.maximum(length, 1e-6) * np.minimum(length, max(0.09, 0.6 * thickness))
    normals = vertex_normals(vertices, piece.triangles)
    outwards = np.concatenate([normals[numbers], normals[numbers]])
    return Surface(
        material="cloth",
        vertices=np.concatenate([vertices, vertices[numbers], vertices[numbers] + towards]),
        triangles=np.concatenate([piece.triangles, strip]),
        normals=np.concatenate([normals, outwards]),
        values={
            "rest": np.concatenate([values, values[numbers], values[numbers]]),
            "depth": np.concatenate([piece.depth, np.zeros(2 * len(numbers))])[:, None],
        },
    )


def build_clothes(
    skin: Surface, body: BodyData, outfit: Outfit, pixel: float, bottom: float, collar: bool = True
) -> list[Surface]:
    """What a figure wears on top, over a posed skin.

    Args:
        skin: posed, subdivided skin.
        body: the body data.
        outfit: garment, neckline, pattern and colours.
        pixel: size of a pixel at the figure in decimetres; finer textures are left out.
        bottom: lowest height in decimetres that the picture shows.
        collar: whether collars and hoods show; under a scarf they do not.

    Returns:
        "cloth" surfaces.

    Raises:
        RememError: unknown garment, neckline or pattern.
    """
    check_choice("pattern", outfit.pattern, PATTERNS)
    check_choice("neckline", outfit.neckline, NECKLINES)
    garment = check_choice("garment", outfit.garment, list(CLOTHS))
    cloth = CLOTHS[garment]
    close = bottom > CLOSE_LEVEL + 0.3
    second = outfit.colours[1]
    if garment == "jacket":
        plain = (second, second)
        inner, under = _sheet(skin, body, outfit, INNER, outfit.neckline, close, plain, "plain")
        outer, surface = _sheet(skin, body, outfit, cloth, "open", close, outfit.colours, outfit.pattern)
        surfaces = [under, surface]
        if outfit.neckline == "turtle":
            surfaces.append(fold_down(inner, body, plain))
        if collar:
            surfaces += lapels(outer, skin, body, outfit)
    else:
        edge = "crew" if garment in ("shirt", "hoodie") else outfit.neckline
        outer, surface = _sheet(skin, body, outfit, cloth, edge, close, outfit.colours, outfit.pattern)
        surfaces = [surface]
        if garment == "shirt":
            surfaces += placket(outer, body, outfit, bottom)
            if collar:
                surfaces += shirt_collar(outer, skin, body, outfit)
        elif garment == "hoodie" and collar:
            surfaces += hood(outer, skin, body, outfit)
        elif edge == "turtle":
            surfaces.append(fold_down(outer, body, outfit.colours))
    for surface in surfaces:
        surface.settings["pixel"] = pixel
    return surfaces


def covered_triangles(body: BodyData, outfit: Outfit, bottom: float) -> np.ndarray:
    """(T,) bool: skin that lies well under cloth or below the frame, which need not be traced.

    Args:
        body: the body data.
        outfit: what covers it.
        bottom: lowest height in decimetres that the picture shows.
    """
    return _covered(body, outfit.garment, outfit.neckline, bottom > CLOSE_LEVEL + 0.3)


@functools.lru_cache(maxsize=16)
def _covered(body: BodyData, garment: str, neckline: str, close: bool) -> np.ndarray:
    short = CLOTHS[check_choice("garment", garment, list(CLOTHS))].short
    edge = "crew" if garment in ("shirt", "hoodie") else neckline
    depth = depth_of(body, edge, short)
    if garment == "jacket":
        depth = np.maximum(depth_of(body, "open", False), np.minimum(depth, depth_of(body, edge, True)))
    hidden = depth > 0.12
    if close:
        hidden = hidden | (rest(body).place[:, 1] < CLOSE_LEVEL)
    return hidden[body.triangles].all(axis=1)
