"""Where a cut-out lies in the frame, and laying it over what is behind."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from generation.renderers.folder.cutout import Cutout
from generation.renderers.folder.light import grade
from generation.views.view import LightRig

#: Height of the box that the face detector draws around an adult's face, decimetres, and how far its middle
#: lies below the middle of a lone person's frame (measured on 12 pictures of the embree renderer).
FACE_HEIGHT = 1.57
FACE_DROP = 0.22
#: Where the face's middle may end up, from the left or top edge, when a cut-out that ends has to be shifted.
_LOWEST = 0.70
_OUTER = 0.30
#: Side of a framed portrait and of a badge's photo, decimetres.
_PORTRAIT_SIDE = 2.6
_BADGE_SIDE = 0.62


@dataclass(eq=False)
class Layer:
    """Something to lay over a picture.

    Attributes:
        colour: (h, w, 3) float32 linear RGB, premultiplied by alpha.
        alpha: (h, w) float32.
        corner: (column, row) of its upper left pixel in the picture; may lie outside.
        face: (left, top, right, bottom) of the face in pixels of the picture, not cut off.
        owned: (h, w) share of each pixel that no nearer layer hides.
    """

    colour: np.ndarray
    alpha: np.ndarray
    corner: tuple[int, int]
    face: tuple[float, float, float, float]
    owned: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.owned = self.alpha.copy()

    def box(self, size: int) -> tuple[int, int, int, int]:
        """The face's box in whole pixels, cut off at the picture's edges, never empty."""
        left, top, right, bottom = (round(v) for v in self.face)
        left, top = (min(max(v, 0), size - 1) for v in (left, top))
        return left, top, min(max(right, left + 1), size), min(max(bottom, top + 1), size)

    def visible(self) -> float:
        """Share of the face's ellipse that the layer covers and no nearer one hides."""
        left, top, right, bottom = self.face
        x = np.arange(self.alpha.shape[1]) + self.corner[0] + 0.5
        y = np.arange(self.alpha.shape[0])[:, None] + self.corner[1] + 0.5
        u = (x - (left + right) / 2) / ((right - left) / 2)
        v = (y - (top + bottom) / 2) / ((bottom - top) / 2)
        inside = u**2 + v**2 < 1
        shown = self.owned[inside].sum()
        whole = np.pi / 4 * (right - left) * (bottom - top)
        return float(np.clip(shown / whole, 0, 1))


def place_person(
    cutout: Cutout, size: int, frame: float, centre: tuple[float, float], rig: LightRig
) -> Layer:
    """Scale and shift a cut-out so that the face is where the view wants it.

    A picture that ends, at the foot or at a side where the person goes on, must not end within the frame: the
    person is then shifted, and only if that is not enough enlarged.

    Args:
        cutout: the person.
        size: pixels of the picture each way.
        frame: height of the frame at the person's distance, decimetres.
        centre: (right, up) of the head from the picture's centre, in frame heights.
        rig: the scene's light.
    """
    left, top, right, bottom = cutout.face
    rows, columns = cutout.alpha.shape
    x, y = (left + right) / 2, (top + bottom) / 2
    wanted_x = (0.5 + centre[0]) * size
    wanted_y = (0.5 - centre[1] + FACE_DROP / frame) * size
    scale = FACE_HEIGHT / frame * size / (bottom - top)
    solid = np.flatnonzero((cutout.alpha > 0.5).any(axis=1))
    foot = float(solid[-1] + 1) if len(solid) else float(rows)
    scale = max(scale, (size - max(wanted_y, _LOWEST * size)) / max(foot - y, 1.0))
    at_y = max(wanted_y, size - scale * (foot - y))
    ends_left = (cutout.alpha[:, 0] > 0.5).any()
    ends_right = (cutout.alpha[:, -1] > 0.5).any()
    at_x = wanted_x
    if ends_left and not ends_right:
        at_x = max(min(wanted_x, scale * x), min(wanted_x, _OUTER * size))
    elif ends_right and not ends_left:
        at_x = min(max(wanted_x, size - scale * (columns - x)), max(wanted_x, (1 - _OUTER) * size))
    return _resample(
        cutout.colour, cutout.alpha, cutout.face, scale, (at_x - scale * x, at_y - scale * y), size, rig
    )


def _resample(
    colour: np.ndarray,
    alpha: np.ndarray,
    face: tuple[float, ...],
    scale: float,
    origin: tuple[float, float],
    size: int,
    rig: LightRig | None,
) -> Layer:
    """The part of a scaled cut-out that lies in the picture; `origin` is where its corner goes, in pixels."""
    rows, columns = alpha.shape
    x0, y0 = max(0, int(np.floor(origin[0]))), max(0, int(np.floor(origin[1])))
    x1 = min(size, int(np.ceil(origin[0] + scale * columns)))
    y1 = min(size, int(np.ceil(origin[1] + scale * rows)))
    box = [v * scale for v in face]
    placed = (box[0] + origin[0], box[1] + origin[1], box[2] + origin[0], box[3] + origin[1])
    if x1 <= x0 or y1 <= y0:
        return Layer(np.zeros((1, 1, 3), np.float32), np.zeros((1, 1), np.float32), (0, 0), placed)
    # Padding lets the window reach past the cut-out's edge by part of a pixel.
    pad = int(np.ceil(2 / scale)) + 2
    window = tuple(
        (v - o) / scale + pad for v, o in ((x0, origin[0]), (y0, origin[1]), (x1, origin[0]), (y1, origin[1]))
    )
    lit = colour
    if rig is not None:
        width = max(face[2] - face[0], 1.0)
        lit = colour * grade(rig, (np.arange(columns) + 0.5 - (face[0] + face[2]) / 2) / width)[None]
    channels = []
    for plane in (*np.moveaxis(lit * alpha[..., None], -1, 0), alpha):
        padded = Image.fromarray(np.pad(plane, pad).astype(np.float32))
        small = padded.resize((x1 - x0, y1 - y0), Image.Resampling.BICUBIC, box=window)
        channels.append(np.maximum(np.asarray(small), 0))
    matte = np.minimum(channels[3], 1)
    return Layer(np.stack(channels[:3], axis=-1), matte, (x0, y0), placed)


def framed_photo(
    cutout: Cutout,
    size: int,
    frame: float,
    centre: tuple[float, float],
    rig: LightRig,
    badge_on: Layer | None = None,
) -> Layer:
    """A picture within the picture: on the wall in a wooden frame, or on a card on somebody's chest.

    Args:
        cutout: who is shown.
        size, frame, centre, rig: as for `place_person`.
        badge_on: the wearer's layer; None for a portrait on the wall.
    """
    pixels = max(8, round((_BADGE_SIDE if badge_on else _PORTRAIT_SIDE) / frame * size))
    photo = cutout.photo
    side = len(photo)
    if badge_on:
        left, top, right, bottom = badge_on.face
        height = bottom - top
        border = np.array([0.20, 0.22, 0.12, 0.20]) * pixels  # left, top, right, bottom
        middle = ((left + right) / 2 + 0.42 * height, bottom + 1.15 * height)
        card = np.array([0.80, 0.81, 0.80])
    else:
        border = np.full(4, 0.13) * pixels
        middle = ((0.5 + centre[0]) * size, (0.5 - centre[1] + FACE_DROP / frame) * size)
        card = np.array([0.10, 0.055, 0.028])
    border = np.maximum(np.rint(border), 1).astype(int)
    scale = pixels / side
    shown = Image.Resampling.BICUBIC
    inner = np.stack(
        [
            np.asarray(Image.fromarray(np.ascontiguousarray(photo[..., c])).resize((pixels, pixels), shown))
            for c in range(3)
        ],
        axis=-1,
    )
    canvas = np.tile(
        card.astype(np.float32), (pixels + border[1] + border[3], pixels + border[0] + border[2], 1)
    )
    rows, columns = canvas.shape[:2]
    if badge_on:
        canvas[: max(1, border[1] * 2 // 3)] = (0.05, 0.14, 0.36)  # the issuer's band
        line = max(1, border[3] // 5)
        canvas[rows - 2 * line - 1 : rows - line - 1, border[0] : columns // 2] = 0.22  # printed text
    else:
        edge = max(1, border[0] // 3)
        canvas[edge : rows - edge, edge : columns - edge] *= 1.9  # the moulding catches light
        canvas[border[1] - 1 : rows - border[3] + 1, border[0] - 1 : columns - border[2] + 1] = 0.02
    canvas[border[1] : border[1] + pixels, border[0] : border[0] + pixels] = np.maximum(inner, 0)
    corner = round(middle[0] - columns / 2), round(middle[1] - rows / 2)
    offsets = np.zeros(columns)
    lit = canvas * grade(rig, offsets)[None]
    dx, dy = corner[0] + border[0], corner[1] + border[1]
    face = tuple(v * scale + d for v, d in zip(cutout.photo_face, (dx, dy, dx, dy), strict=True))
    whole = Layer(lit.astype(np.float32), np.ones((rows, columns), np.float32), corner, face)
    return _clipped(whole, size)


def _clipped(layer: Layer, size: int) -> Layer:
    """The part within the picture."""
    x, y = layer.corner
    rows, columns = layer.alpha.shape
    x0, y0, x1, y1 = max(0, x), max(0, y), min(size, x + columns), min(size, y + rows)
    if x1 <= x0 or y1 <= y0:
        return Layer(np.zeros((1, 1, 3), np.float32), np.zeros((1, 1), np.float32), (0, 0), layer.face)
    part = slice(y0 - y, y1 - y), slice(x0 - x, x1 - x)
    return Layer(layer.colour[part], layer.alpha[part], (x0, y0), layer.face)


def lay_over(picture: np.ndarray, layer: Layer, behind: list[Layer] | None = None) -> None:
    """Composite a layer into (size, size, 3) linear light, in place; `behind` loses what it hides."""
    x, y = layer.corner
    rows, columns = layer.alpha.shape
    part = picture[y : y + rows, x : x + columns]
    part *= 1 - layer.alpha[..., None]
    part += layer.colour
    for other in behind or []:
        _hide(other, layer)


def _hide(other: Layer, nearer: Layer) -> None:
    x0, y0 = (max(a, b) for a, b in zip(other.corner, nearer.corner, strict=True))
    x1 = min(layer.corner[0] + layer.alpha.shape[1] for layer in (other, nearer))
    y1 = min(layer.corner[1] + layer.alpha.shape[0] for layer in (other, nearer))
    if x1 <= x0 or y1 <= y0:
        return

    def window(layer: Layer) -> tuple[slice, slice]:
        x, y = layer.corner
        return slice(y0 - y, y1 - y), slice(x0 - x, x1 - x)

    other.owned[window(other)] *= 1 - nearer.alpha[window(nearer)]
