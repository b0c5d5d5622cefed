"""What happens between the lens and the picture: blur, and something out of focus that gets in the way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from generation.streams import stream
from generation.views.srgb import decode, encode
from generation.views.view import GroupView, View
from remem_dataset.errors import RememError

Box = tuple[int, int, int, int]

#: Side of the grid that occluders are painted on: they are far out of focus, so nothing finer is needed.
GRID = 96
#: Largest share of the picture that an occluder covers, its soft rim counted by its opacity.
LARGEST = 0.15
#: Lens blur of an occluder, as a share of the picture's width.
OUT_OF_FOCUS = 0.022


def apply_effects(pixels: np.ndarray, view: View | GroupView, face_box: Box | None) -> np.ndarray:
    """Lay the view's occluder over a picture, then blur it as the view says.

    Args:
        pixels: uint8 sRGB (size, size, 3); left as it is.
        view: its `occluder` (a group view has none), `blur` and `draw` are used.
        face_box: (left, top, right, bottom) of the face in pixels, brow to chin; None when there is no single
            face to keep clear.

    Returns:
        A picture like `pixels`.

    Raises:
        RememError: an unknown occluder.
    """
    kind = getattr(view, "occluder", "none")
    if kind != "none":
        pixels = occlude(pixels, kind, face_box, view.draw)
    return blur(pixels, view.blur) if view.blur > 0 else pixels


def blur(pixels: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur in linear light.

    Args:
        pixels: uint8 sRGB (size, size, 3).
        sigma: as a share of the width.
    """
    linear = _to_linear(pixels)
    width = sigma * pixels.shape[1]
    return _to_srgb(ndimage.gaussian_filter(linear, (width, width, 0), mode="nearest", truncate=3.0))


def occlude(pixels: np.ndarray, kind: str, face_box: Box | None, draw: int) -> np.ndarray:
    """Something close to the camera, out of focus, at one edge of the picture.

    It covers at most `LARGEST` of the picture and stays on one side of the face, or below its mouth, so that
    it never hides both eyes.

    Args:
        pixels: uint8 sRGB (size, size, 3).
        kind: "plant", "cup", "book" or "post".
        face_box: (left, top, right, bottom) in pixels, or None.
        draw: the picture's number.

    Raises:
        RememError: an unknown kind.
    """
    if kind not in SHAPES:
        raise RememError(f"There is no occluder {kind!r}; the occluders are none, {', '.join(SHAPES)}.")
    size = pixels.shape[0]
    box = np.array(face_box if face_box is not None else (0.3 * size, 0.25 * size, 0.7 * size, 0.75 * size))
    left, top, right, bottom = box / size
    mirrored = (
        left > 1 - right if abs(left + right - 1) > 0.06 else stream(draw, "occluder-side").random() < 0.5
    )
    if mirrored:
        left, right = 1 - right, 1 - left
    # In the frame of the shapes the face's roomier side is the right one: nothing may come left of `side`.
    side = min(0.97, right - 0.25 * (right - left))
    floor = min(0.97, bottom - 0.22 * (bottom - top))
    axis = (np.arange(GRID) + 0.5) / GRID
    x, y = np.meshgrid(axis, axis)
    alpha, colour = SHAPES[kind](x, y, side, floor, stream(draw, "occluder", kind))
    soft = OUT_OF_FOCUS * GRID
    # Premultiplied, so that the rim takes no colour from outside the shape.
    colour = ndimage.gaussian_filter(colour * alpha[..., None], (soft, soft, 0), mode="nearest")
    alpha = ndimage.gaussian_filter(alpha, soft, mode="nearest")
    if mirrored:
        colour, alpha = colour[:, ::-1], alpha[:, ::-1]
    linear = _to_linear(pixels)
    # As bright as the picture is: an object in front of a dim room is dim.
    level = np.clip(linear.mean() / 0.22, 0.25, 1.5)
    alpha, colour = _enlarge(alpha, size)[..., None], _enlarge(colour, size) * level
    return _to_srgb(linear * (1 - alpha) + colour)


def _trim(alpha: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Drop the innermost pixels (largest `order`) of a mask until it covers little enough."""
    allowed = 0.93 * LARGEST * alpha.size
    ranked = np.argsort(order, axis=None, kind="stable")
    kept = np.cumsum(alpha.ravel()[ranked]) <= allowed
    trimmed = np.zeros(alpha.size)
    trimmed[ranked[kept]] = alpha.ravel()[ranked[kept]]
    return trimmed.reshape(alpha.shape)


def _plant(x, y, side, floor, rng):
    """Leaves that hang in from the right edge, low or high."""
    alpha, colour = np.zeros_like(x), np.zeros((*x.shape, 3))
    base = rng.uniform(0.15, 0.3) if rng.random() < 0.4 else rng.uniform(0.75, 0.95)
    for _ in range(int(rng.integers(7, 11))):
        foot, angle = base + rng.uniform(-0.14, 0.14), rng.normal(0, 0.5)
        reach = (1.02 - side) * rng.uniform(0.55, 1.0)
        dx, dy = -np.cos(angle), np.sin(angle) * np.sign(0.5 - base)
        along = ((x - 1.02) * dx + (y - foot) * dy) / reach
        across = (-(x - 1.02) * dy + (y - foot) * dx) / reach
        leaf = (
            (along > 0) & (along < 1) & (np.abs(across) < 0.22 * np.sin(np.pi * np.clip(along, 0, 1)) ** 0.7)
        )
        green = (
            np.array([0.07, 0.17, 0.035]) * rng.uniform(0.5, 1.7) * np.array([rng.uniform(0.7, 1.5), 1, 1])
        )
        colour[leaf] = green * np.where(across[leaf] > 0, 1.3, 0.8)[:, None]
        alpha[leaf] = 1.0
    return _trim(alpha, 1 - x), colour


def _cup(x, y, side, floor, rng):
    """The rim of a cup that comes in from below, right of the middle."""
    width = rng.uniform(0.30, 0.40)
    rim = max(floor, 0.97 - 0.9 * LARGEST / width)
    centre = np.clip(side + rng.uniform(-0.05, 0.12), 0.55, 0.9)
    across = (x - centre) / (width / 2)
    edge = rim + 0.035 * (1 - np.sqrt(np.clip(1 - across**2, 0, 1)))
    alpha = ((np.abs(across) < 1) & (y > edge)).astype(float)
    china = [(0.62, 0.58, 0.5), (0.32, 0.09, 0.06), (0.05, 0.12, 0.22), (0.12, 0.2, 0.16)][rng.integers(4)]
    shading = (0.55 + 0.55 * np.clip(1 - (across + 0.35) ** 2, 0, 1))[..., None] * np.asarray(china)
    lip = np.clip(1 - np.abs(y - edge - 0.012) / 0.02, 0, 1)[..., None]
    return _trim(alpha, 1 - y), shading * (1 - 0.5 * lip) + lip * 0.35


def _book(x, y, side, floor, rng):
    """The upper edge of a book or a magazine held in front of the camera."""
    slope = rng.uniform(-0.25, 0.25)
    top = max(floor, 0.80) + slope * (x - 0.5) * 0.5
    from_x = np.clip(side - rng.uniform(0.25, 0.5), 0.05, 0.6)
    alpha = ((y > np.maximum(top, floor)) & (x > from_x + 0.1 * (y - 0.9))).astype(float)
    cover = [(0.35, 0.05, 0.05), (0.04, 0.1, 0.24), (0.45, 0.4, 0.28), (0.05, 0.16, 0.1)][rng.integers(4)]
    pages = np.clip(1 - (y - top) / 0.03, 0, 1)[..., None]
    return _trim(alpha, 1 - y), np.asarray(cover) * (1 - pages) + np.array([0.6, 0.56, 0.46]) * pages


def _post(x, y, side, floor, rng):
    """A pole or a door frame along the right edge."""
    width = min(rng.uniform(0.09, 0.14), 0.9 * LARGEST, 1.0 - side)
    inner = 1.0 - width - rng.uniform(0, max(0.0, 1.0 - width - side)) * 0.5
    lean = rng.uniform(-0.02, 0.02)
    across = (x - inner - lean * (y - 0.5)) / width
    alpha = ((across > 0) & (across < 1)).astype(float)
    paint = [(0.05, 0.055, 0.06), (0.24, 0.14, 0.07), (0.4, 0.4, 0.38), (0.1, 0.2, 0.14)][rng.integers(4)]
    shading = 0.5 + 0.9 * np.clip(1 - ((across - 0.35) / 0.5) ** 2, 0, 1)
    return alpha, np.asarray(paint) * shading[..., None]


#: Kind -> (x, y, side, floor, rng) to (opacity (g, g), linear colour (g, g, 3)).
SHAPES: dict[str, Callable[..., tuple[np.ndarray, np.ndarray]]] = {
    "plant": _plant,
    "cup": _cup,
    "book": _book,
    "post": _post,
}


def _enlarge(values: np.ndarray, size: int) -> np.ndarray:
    """Bilinear, (g, g, …) to (size, size, …), float32."""
    at = np.clip((np.arange(size) + 0.5) / size * GRID - 0.5, 0, GRID - 1)
    low = np.minimum(at.astype(int), GRID - 2)
    t = (at - low).astype(np.float32)
    values = values.astype(np.float32)
    shape = (-1,) + (1,) * (values.ndim - 1)
    rows = values[low] * (1 - t).reshape(shape) + values[low + 1] * t.reshape(shape)
    columns = np.moveaxis(rows, 1, 0)
    return np.moveaxis(columns[low] * (1 - t).reshape(shape) + columns[low + 1] * t.reshape(shape), 0, 1)


_LINEAR = decode(np.arange(256) / 255).astype(np.float32)
#: 4,096 steps of the square root of linear light to sRGB codes: fine enough for 8 bits, and quick.
_STEPS = 4096
_ROOTS = (np.arange(_STEPS + 1) / _STEPS) ** 2
_CODE_OF = np.rint(255 * encode(_ROOTS)).astype(np.uint8)


def _to_linear(pixels: np.ndarray) -> np.ndarray:
    return _LINEAR[pixels]


def _to_srgb(linear: np.ndarray) -> np.ndarray:
    return _CODE_OF[np.rint(np.sqrt(np.clip(linear, 0, 1)) * _STEPS).astype(np.int32)]
