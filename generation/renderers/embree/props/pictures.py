"""Framed pictures and ID badges: prints on flat things, with the face that is on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generation.renderers import Picture
from generation.renderers.embree.props.shapes import Piece, box, merged, tilt, tube, turn
from generation.renderers.embree.surface import Surface
from generation.renderers.embree.tracer import Tracer
from generation.views.srgb import decode

#: Half the side of the print in a frame, its mat and its moulding, decimetres.
PRINT, MAT, MOULDING = 0.86, 0.10, 0.12
#: Half width and half height of a badge; a large one, such as visitors wear.
CARD = (0.60, 0.82)
# The photograph on the card: left, top, right, bottom as shares of it.
_PHOTO = (0.11, 0.20, 0.89, 0.77)
_CARD_PIXELS = (150, 206)
_NECK = 0.62
_LIFT = 0.05


@dataclass(frozen=True, eq=False)
class Hung:
    """A print in the scene.

    Attributes:
        surfaces: print and what holds it.
        points: (n, 3) grid over the face on the print.
        normal: (3,) where the print faces.
    """

    surfaces: list[Surface]
    points: np.ndarray
    normal: np.ndarray


def _print(
    texture: np.ndarray, face: np.ndarray, centre: np.ndarray, matrix: np.ndarray, half: tuple[float, float]
) -> Hung:
    """A quad with a texture; `face` is (left, top, right, bottom) on it in [0, 1]."""

    def at(uv: np.ndarray) -> np.ndarray:
        flat = np.stack([(uv[:, 0] * 2 - 1) * half[0], (1 - uv[:, 1] * 2) * half[1], 0 * uv[:, 0]], axis=1)
        return flat @ matrix.T + centre

    corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    normal = matrix @ np.array([0.0, 0.0, 1.0])
    u, v = np.meshgrid(np.linspace(face[0], face[2], 10), np.linspace(face[1], face[3], 10))
    surface = Surface(
        material="picture",
        vertices=at(corners),
        triangles=np.array([[0, 2, 1], [0, 3, 2]]),
        normals=np.repeat(normal[None], 4, axis=0),
        values={"uv": corners},
        settings={"texture": texture},
    )
    return Hung([surface], at(np.stack([u.ravel(), v.ravel()], axis=1)), normal)


def hang_portrait(picture: Picture, place: np.ndarray, rng: np.random.Generator) -> Hung:
    """A framed print that stands on something.

    Args:
        picture: what is on it, with the face's box.
        place: (3,) its middle.
        rng: slant, mat and moulding.
    """
    size = len(picture.pixels)
    matrix = turn(float(rng.uniform(-9, 9))) @ tilt(float(rng.uniform(5, 9)))
    woods = [(0.16, 0.08, 0.035), (0.03, 0.028, 0.027), (0.42, 0.30, 0.12), (0.55, 0.53, 0.50)]
    wood = woods[rng.integers(len(woods))]
    face = np.array(picture.faces[0].box) / size
    hung = _print(decode(picture.pixels / 255), face, place, matrix, (PRINT, PRINT))
    outer = PRINT + MAT
    mat = box((0, 0, -0.035), (2 * outer, 2 * outer, 0.05), (0.80, 0.78, 0.73), "matt", 0.01)
    bars: list[Piece] = [mat]
    for x, y in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        middle = (x * (outer + MOULDING / 2), y * (outer + MOULDING / 2), 0.0)
        length = 2 * (outer + MOULDING)
        size3 = (MOULDING, length, 0.16) if x else (length, MOULDING, 0.16)
        bars.append(box(middle, size3, wood, "wood" if max(wood) < 0.4 else "glazed", 0.04))
    bars.append(box((0, 0, -0.08), (2 * outer, 2 * outer, 0.03), (0.1, 0.08, 0.06), "matt", 0.01))
    frame = merged([p.turned(matrix) for p in bars], place)
    return Hung([*hung.surfaces, frame], hung.points, hung.normal)


def hang_badge(picture: Picture, place: np.ndarray, wearer: list[Surface], rng: np.random.Generator) -> Hung:
    """An ID card on a lanyard, on the chest of whoever wears it.

    Args:
        picture: the photograph, with the face's box.
        place: (3,) its middle; the depth is taken from the chest.
        wearer: the wearer's skin and clothes.
        rng: slant and colours.
    """
    chest = Tracer([s for s in wearer if s.material in ("skin", "cloth")])

    def depth(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Front of the chest at (x, y); where there is none, that of the rest."""
        far = place[2] + 6.0
        origins = np.stack([x, y, np.full(len(x), far)], axis=1)
        hits = chest.first_hits(origins, np.broadcast_to([0.0, 0.0, -1.0], origins.shape))
        found = hits.surface >= 0
        z = far - hits.distance
        return np.where(found, z, z[found].min() if found.any() else place[2])

    wide, high = CARD
    x, y = np.meshgrid(np.linspace(-wide, wide, 5), np.linspace(-high, high, 5))
    front = depth(place[0] + x.ravel(), place[1] + y.ravel())
    # The card lies on the two highest places: lean it as the chest leans, within reason.
    lower, upper = front[y.ravel() < 0].max(), front[y.ravel() > 0].max()
    lean = float(np.clip(np.degrees(np.arctan2(lower - upper, high)), -6, 14))
    matrix = turn(float(rng.uniform(-6, 6))) @ tilt(lean)
    matrix = matrix @ _roll(float(rng.uniform(-3, 3)))
    flat = np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], axis=1) @ matrix.T
    # Moved out until no corner is in the chest.
    centre = np.array([place[0], place[1], float((front - flat[:, 2]).max()) + _LIFT])
    bands = [(0.05, 0.13, 0.42), (0.42, 0.05, 0.05), (0.02, 0.24, 0.18), (0.10, 0.10, 0.11)]
    colour = bands[rng.integers(len(bands))]
    texture, box_in = _card(picture, colour)
    hung = _print(texture, box_in, centre, matrix, CARD)
    body = box((0, 0, -0.025), (2 * wide + 0.06, 2 * high + 0.06, 0.04), (0.7, 0.7, 0.7), "glazed", 0.015)
    clip = box((0, high + 0.10, 0), (0.22, 0.26, 0.08), (0.35, 0.35, 0.36), "metal", 0.03)
    pieces = [p.turned(matrix) for p in (body, clip)]
    top = matrix @ np.array([0.0, high + 0.2, 0.0])
    t = np.linspace(0, 1, 14)
    for side in (-1.0, 1.0):
        strap_x = top[0] + t * (side * _NECK - top[0])
        strap_y = top[1] + t * (1.55 - top[1]) * (0.85 + 0.15 * t)
        strap_z = depth(centre[0] + strap_x, centre[1] + strap_y) - centre[2]
        strap_z[0] = top[2]
        # A strap spans hollows: never behind the straight line between its neighbours.
        for _ in range(6):
            strap_z[1:-1] = np.maximum(strap_z[1:-1], (strap_z[:-2] + strap_z[2:]) / 2)
        strap = np.stack([strap_x, strap_y, strap_z + 0.045], axis=1)
        pieces.append(tube(strap, 0.05, colour, "cloth"))
    return Hung([*hung.surfaces, merged(pieces, centre)], hung.points, hung.normal)


def _roll(degrees: float) -> np.ndarray:
    a = np.radians(degrees)
    return np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])


def _card(picture: Picture, colour: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """The card's print and where the face is on it, (left, top, right, bottom) in [0, 1]."""
    wide, high = _CARD_PIXELS
    card = np.full((high, wide, 3), 0.72)
    card[: int(0.15 * high)] = colour
    card[int(0.055 * high) : int(0.095 * high), int(0.25 * wide) : int(0.75 * wide)] = 0.75
    left, top = int(_PHOTO[0] * wide), int(_PHOTO[1] * high)
    right, bottom = int(_PHOTO[2] * wide), int(_PHOTO[3] * high)
    photo = decode(picture.pixels / 255)
    size = len(photo)
    rows = ((np.arange(bottom - top) + 0.5) / (bottom - top) * size).astype(int)
    columns = ((np.arange(right - left) + 0.5) / (right - left) * size).astype(int)
    card[top:bottom, left:right] = photo[rows][:, columns]
    for y, share in ((0.82, 0.62), (0.88, 0.45), (0.935, 0.52)):
        start = int((0.5 - share / 2) * wide)
        card[int(y * high) : int((y + 0.028) * high), start : wide - start] = 0.06
    face = np.array(picture.faces[0].box) / size
    scale = np.array([right - left, bottom - top, right - left, bottom - top]) / [wide, high, wide, high]
    offset = np.array([left / wide, top / high] * 2)
    return card, face * scale + offset
