"""Places in perspective: a pinhole camera at eye height over a `Canvas`, in metres."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from generation.views.backgrounds.canvas import SIDE, Canvas

Point = tuple[float, float, float]


class Stage:
    """x runs right, y up from the floor, z away from the camera; the camera stands at (0, eye, 0).

    A picture of width 1 shows a width of z / focal at depth z. Things are painted back to front; call
    `blur` between depths, as a lens that is focused on the face blurs what is far away most.
    """

    def __init__(
        self, canvas: Canvas, vx: float = 0.5, vy: float = 0.46, eye: float = 1.6, focal: float = 1.1
    ):
        self.canvas, self.vx, self.vy, self.eye, self.focal = canvas, vx, vy, eye, focal

    def at(self, x: float, y: float, z: float) -> tuple[float, float]:
        """Canvas position of a point."""
        return self.vx + self.focal * x / z, self.vy - self.focal * (y - self.eye) / z

    def poly(self, points: Sequence[Point], colour, alpha: float = 1.0) -> None:
        """A convex polygon in space, whichever way round."""
        flat = [self.at(*p) for p in points]
        area = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(flat, flat[1:] + flat[:1], strict=True))
        self.canvas.quad(flat if area > 0 else flat[::-1], colour, alpha)

    def front(self, x0, x1, y0, y1, z, colour, alpha: float = 1.0) -> None:
        """An upright rectangle that faces the camera."""
        (left, top), (right, bottom) = self.at(x0, y1, z), self.at(x1, y0, z)
        self.canvas.rect(left, top, right, bottom, colour, alpha)

    def side(self, x, z0, z1, y0, y1, colour, alpha: float = 1.0) -> None:
        """An upright rectangle on a wall that runs away from the camera."""
        self.poly([(x, y0, z0), (x, y1, z0), (x, y1, z1), (x, y0, z1)], colour, alpha)

    def flat(self, x0, x1, z0, z1, y, colour, alpha: float = 1.0) -> None:
        """A level rectangle: a table top, a carpet, a ceiling lamp."""
        self.poly([(x0, y, z0), (x1, y, z0), (x1, y, z1), (x0, y, z1)], colour, alpha)

    def box(
        self, x0, x1, y0, y1, z0, z1, colour, light: tuple[float, float, float] = (0.8, 1.25, 0.5)
    ) -> None:
        """A block; `light` shades its front, its top or underside, and its side."""
        colour = np.asarray(colour)
        if y1 < self.eye:
            self.flat(x0, x1, z0, z1, y1, colour * light[1])
        elif y0 > self.eye:
            self.flat(x0, x1, z0, z1, y0, colour * light[2] * 0.7)
        if x0 > 0:
            self.side(x0, z0, z1, y0, y1, colour * light[2])
        elif x1 < 0:
            self.side(x1, z0, z1, y0, y1, colour * light[2])
        self.front(x0, x1, y0, y1, z0, colour * light[0])

    def ball(self, x, y, z, radius, colour, squash: float = 1.0) -> None:
        """A sphere, with a lighter upper side."""
        sx, sy = self.at(x, y, z)
        r, colour = self.focal * radius / z, np.asarray(colour)
        self.canvas.ellipse(sx, sy, r, r * squash, colour * 0.7)
        self.canvas.ellipse(sx - r * 0.15, sy - r * squash * 0.25, r * 0.7, r * squash * 0.6, colour * 1.2)

    def lamp(self, x, y, z, radius, colour, power: float = 8.0) -> None:
        """A glowing ball, far brighter than paper white, so that the lens makes a disc of it."""
        sx, sy = self.at(x, y, z)
        r = self.focal * radius / z
        self.canvas.ellipse(sx, sy, r, r, np.asarray(colour) * power)

    def level(self, height: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where each pixel looks at a level plane.

        Returns:
            (x, z, mask): metres on the plane, (SIDE, SIDE) each, and 1 where the pixel sees it.
        """
        down = (self.canvas.y - self.vy) * np.sign(self.eye - height)
        z = self.focal * abs(self.eye - height) / np.maximum(down, 1e-3)
        return (self.canvas.x - self.vx) * z / self.focal, z, np.clip(down * SIDE, 0, 1)

    def floor(self, colour, second=None, tile: float = 0.6, far: float = 12.0, kind: str = "tiles") -> None:
        """The whole floor: "tiles" (chequered), "planks" (running away), "joints" (thin lines) or "plain"."""
        colour = np.asarray(colour, dtype=float)
        second = colour * 0.75 if second is None else np.asarray(second)
        x, z, mask = self.level(0.0)
        mask = mask * np.clip((far - z) * 4 + 0.5, 0, 1)
        if kind == "plain":
            pattern = np.zeros_like(x)
        elif kind == "planks":
            column = np.floor(x / tile)
            pattern = np.modf(
                np.abs(np.sin(column * 12.9898 + np.floor(z / 1.7 + column * 0.37) * 78.2)) * 437
            )[0]
        elif kind == "joints":
            gap = np.minimum(np.abs(x / tile - np.rint(x / tile)), np.abs(z / tile - np.rint(z / tile)))
            pattern = np.clip(1 - gap * tile * 40, 0, 1)
        else:
            pattern = (np.floor(x / tile) + np.floor(z / tile)) % 2
        # Tiles that are finer than the canvas turn into their mean.
        fade = np.clip(1.6 - z * z / (self.focal * tile * SIDE * 0.12), 0, 1)
        mean = {"plain": 0.0, "planks": 0.5, "joints": 0.1, "tiles": 0.5}[kind]
        pattern = (mean + (pattern - mean) * fade)[..., None]
        sheen = (1 + 0.45 * np.exp(-np.abs(self.canvas.y - self.vy) / 0.12))[..., None]
        self.canvas.blend(mask, (colour + (second - colour) * pattern) * sheen)

    def ceiling(self, colour, height: float = 3.0, far: float = 12.0) -> None:
        """The whole ceiling, darker with nearness."""
        _, z, mask = self.level(height)
        shade = (0.7 + 0.3 * np.clip(z / far, 0, 1))[..., None]
        self.canvas.blend(mask * np.clip((far - z) * 4 + 0.5, 0, 1), np.asarray(colour) * shade)

    def room(self, width, height, depth, wall, ceiling, floor, **floor_style) -> None:
        """An empty box of a room: back wall, side walls, ceiling and floor.

        Args:
            width, height, depth: metres; the camera stands in the middle of the width.
            wall, ceiling, floor: colours.
            **floor_style: `second`, `tile` and `kind` of `floor`.
        """
        wall = np.asarray(wall)
        self.ceiling(ceiling, height, depth)
        self.floor(floor, far=depth, **floor_style)
        self.front(-width / 2, width / 2, 0, height, depth, wall * 0.85)
        for x, light in ((-width / 2, 0.95), (width / 2, 0.62)):
            self.side(x, 0.25, depth, 0, height, wall * light)
            self.side(x, 0.25, depth, 0, 0.1, wall * light * 0.5)

    def gleam(self, far: float, strength: float) -> None:
        """A polished floor: what stands above its far edge, mirrored in it.

        Args:
            far: how far away the far edge is, in metres.
            strength: of the reflection, in [0, 1].
        """
        mask = self.level(0.0)[2]
        mirror = self.canvas.rgb[::-1].copy()
        line = self.vy + self.focal * self.eye / far
        shift = round((2 * line - 1) * SIDE)
        mirror = np.roll(mirror, shift, axis=0)
        below = mask * np.clip((self.canvas.y - line) * SIDE, 0, 1)
        self.canvas.blend(below * strength * np.exp(-(self.canvas.y - line) * 2.5), mirror)

    def blur(self, radius: float) -> None:
        """Lens blur of everything painted so far."""
        self.canvas.blur(radius)
