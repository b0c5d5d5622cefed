"""A small linear-light canvas with the lens blur that makes painted places look out of focus."""

from __future__ import annotations

import functools

import numpy as np
from scipy import fft, sparse

from generation.people.tables import Rgb, colour

#: Side of the working canvas in pixels. Everything is painted at this size, whatever the picture's, so
#: that the composition is the same at 64² and at 512²; the blur leaves no detail finer than a pixel of it.
SIDE = 384


def rgb(code: str) -> Rgb:
    """Linear RGB of an sRGB hex code."""
    return colour(code, "colour")


def mix(a: Rgb | np.ndarray, b: Rgb | np.ndarray, t: float) -> np.ndarray:
    """Blend of two colours: t = 0 gives a, t = 1 gives b."""
    return np.asarray(a) * (1 - t) + np.asarray(b) * t


def vary(colour_: Rgb | np.ndarray, rng: np.random.Generator, amount: float = 0.25) -> np.ndarray:
    """The colour a little lighter or darker, and a little off in hue."""
    return np.asarray(colour_) * np.exp(rng.normal(0, amount) + rng.normal(0, amount / 4, 3))


class Canvas:
    """A square of linear RGB (SIDE, SIDE, 3); x runs right and y down, both from 0 to 1.

    Values may exceed 1: lamps and sky gaps are kept far brighter than paper white until the lens blur
    has spread them, which is what turns them into the bright discs of a real photograph.
    """

    def __init__(self) -> None:
        self.rgb = np.zeros((SIDE, SIDE, 3))
        axis = (np.arange(SIDE) + 0.5) / SIDE
        self.x, self.y = np.meshgrid(axis, axis)

    def gradient(self, *stops: tuple[float, Rgb | np.ndarray]) -> None:
        """Fill everything by height: stops are (y, colour), ascending in y."""
        heights = [s[0] for s in stops]
        for c in range(3):
            self.rgb[..., c] = np.interp(self.y, heights, [s[1][c] for s in stops])

    def blend(self, mask: np.ndarray, colour_: Rgb | np.ndarray) -> None:
        """Cover with a colour (3,) or a picture (SIDE, SIDE, 3) where mask (SIDE, SIDE) is 1."""
        self.rgb += mask[..., None] * (np.asarray(colour_) - self.rgb)

    def add(self, mask: np.ndarray, colour_: Rgb | np.ndarray) -> None:
        """Add light."""
        self.rgb += mask[..., None] * np.asarray(colour_)

    def rect(self, x0: float, y0: float, x1: float, y1: float, colour_, alpha: float = 1.0) -> None:
        """An upright rectangle with anti-aliased sides."""
        rows, columns = self._window(x0, y0, x1, y1)
        x, y = self.x[rows, columns], self.y[rows, columns]
        mask = _soft(x - x0) * _soft(x1 - x) * _soft(y - y0) * _soft(y1 - y) * alpha
        part = self.rgb[rows, columns]
        part += mask[..., None] * (np.asarray(colour_) - part)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour_, alpha: float = 1.0) -> None:
        """An ellipse with an anti-aliased rim."""
        rows, columns = self._window(x - rx, y - ry, x + rx, y + ry)
        distance = np.hypot((self.x[rows, columns] - x) / rx, (self.y[rows, columns] - y) / ry)
        mask = _soft((1 - distance) * min(rx, ry)) * alpha
        part = self.rgb[rows, columns]
        part += mask[..., None] * (np.asarray(colour_) - part)

    def quad(self, corners: list[tuple[float, float]], colour_, alpha: float = 1.0) -> None:
        """A convex polygon, corners clockwise on the screen."""
        xs, ys = zip(*corners, strict=True)
        rows, columns = self._window(min(xs), min(ys), max(xs), max(ys))
        x, y = self.x[rows, columns], self.y[rows, columns]
        mask = np.full(x.shape, alpha)
        for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
            length = np.hypot(bx - ax, by - ay) or 1.0
            mask *= _soft(((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / length)
        part = self.rgb[rows, columns]
        part += mask[..., None] * (np.asarray(colour_) - part)

    def glow(self, x: float, y: float, radius: float, colour_) -> None:
        """Light that falls off softly around a point."""
        self.add(np.exp(-((self.x - x) ** 2 + (self.y - y) ** 2) / radius**2), colour_)

    def blur(self, radius: float) -> None:
        """Lens blur: convolution with a disc of that radius, mirrored at the edges."""
        pixels = radius * SIDE
        if pixels < 0.5:
            return
        pad = int(np.ceil(pixels)) + 2
        side = fft.next_fast_len(SIDE + 2 * pad, real=True)
        padded = np.pad(
            self.rgb.astype(np.float32), ((pad, side - SIDE - pad),) * 2 + ((0, 0),), mode="reflect"
        )
        spectrum = fft.rfft2(padded, axes=(0, 1)) * _disc(pixels, side)[..., None]
        spread = fft.irfft2(spectrum, s=(side, side), axes=(0, 1))[pad : pad + SIDE, pad : pad + SIDE]
        self.rgb = np.maximum(spread, 0).astype(np.float64)

    def _window(self, x0: float, y0: float, x1: float, y1: float) -> tuple[slice, slice]:
        low = [max(0, int(np.floor(v * SIDE)) - 1) for v in (y0, x0)]
        high = [max(0, min(SIDE, int(np.ceil(v * SIDE)) + 1)) for v in (y1, x1)]
        return slice(low[0], high[0]), slice(low[1], high[1])


@functools.lru_cache(maxsize=64)
def _disc(pixels: float, side: int) -> np.ndarray:
    """Spectrum of a disc of that radius, complex64 (side, side // 2 + 1)."""
    offset = np.minimum(np.arange(side), side - np.arange(side))
    disc = np.clip(pixels - np.hypot(offset[:, None], offset[None, :]) + 0.5, 0, 1)
    return fft.rfft2((disc / disc.sum()).astype(np.float32))


def _soft(distance: np.ndarray) -> np.ndarray:
    return np.clip(distance * SIDE + 0.5, 0, 1)


def noise(rng: np.random.Generator, cells_x: int, cells_y: int | None = None) -> np.ndarray:
    """Smooth value noise.

    Returns:
        (SIDE, SIDE) in [0, 1], with about `cells_x` × `cells_y` blobs.
    """
    cells_y = cells_y or cells_x
    grid = rng.random((cells_y + 2, cells_x + 2))
    return _ramp(cells_y) @ grid @ _ramp(cells_x).T


def _ramp(cells: int) -> np.ndarray:
    position = (np.arange(SIDE) + 0.5) / SIDE * cells
    whole = position.astype(int)
    t = position - whole
    t = t * t * (3 - 2 * t)
    weights = np.zeros((SIDE, cells + 2))
    weights[np.arange(SIDE), whole] = 1 - t
    weights[np.arange(SIDE), whole + 1] = t
    return weights


def fractal(rng: np.random.Generator, cells: int, octaves: int = 4) -> np.ndarray:
    """Sum of value noises of doubling frequency and halving amplitude, (SIDE, SIDE) in [0, 1]."""
    total = sum(noise(rng, round(cells * 1.93**k)) / 2**k for k in range(octaves))
    return total / sum(1 / 2**k for k in range(octaves))


def resample(picture: np.ndarray, x0: float, y0: float, extent: float, size: int) -> np.ndarray:
    """Cut a square window out of the canvas and bring it to the picture's size.

    Args:
        picture: (SIDE, SIDE, 3).
        x0, y0: the window's upper left corner, in canvas units.
        extent: the window's side, in canvas units.
        size: side of the result in pixels.

    Returns:
        float32 (size, size, 3); a triangle filter as wide as a pixel of the coarser grid, so nothing aliases.
    """
    rows = _filter(y0, extent, size) @ picture.astype(np.float32).reshape(SIDE, SIDE * 3)
    turned = np.ascontiguousarray(rows.reshape(size, SIDE, 3).transpose(1, 0, 2)).reshape(SIDE, size * 3)
    return (_filter(x0, extent, size) @ turned).reshape(size, size, 3).transpose(1, 0, 2)


def _filter(start: float, extent: float, size: int) -> sparse.csr_array:
    """(size, SIDE) weights; sparse, so that no threaded library sums in an order of its own."""
    centres = (start + (np.arange(size) + 0.5) / size * extent) * SIDE - 0.5
    width = max(1.0, extent * SIDE / size)
    weights = np.maximum(0, 1 - np.abs(np.arange(SIDE)[None, :] - centres[:, None]) / width)
    return sparse.csr_array((weights / weights.sum(axis=1, keepdims=True)).astype(np.float32))
