"""Simple solids: rounded boxes, turned bodies, bent leaves, tubes; each with a colour and a finish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from generation.renderers.embree.surface import Surface, unit, vertex_normals

Vector = Sequence[float]
_RINGS, _SECTORS = 14, 28
_TURNS = 28
_TUBE_SIDES = 8

#: Finish -> (GGX roughness, specular reflectance, strength of the wood grain, strength of the weave).
FINISHES = {
    "wood": (0.55, 0.04, 1.0, 0.0),
    "matt": (0.80, 0.03, 0.0, 0.0),
    "glazed": (0.25, 0.05, 0.0, 0.0),
    "metal": (0.30, 0.35, 0.0, 0.0),
    "cloth": (0.90, 0.02, 0.0, 1.0),
    "leaf": (0.50, 0.04, 0.0, 0.3),
}


@dataclass(frozen=True, eq=False)
class Piece:
    """A closed or open mesh of one colour and finish.

    Attributes:
        vertices: (V, 3).
        triangles: (T, 3).
        normals: (V, 3) unit.
        colour: linear RGB, or (V, 3) of them.
        finish: a key of `FINISHES`.
    """

    vertices: np.ndarray
    triangles: np.ndarray
    normals: np.ndarray
    colour: Vector | np.ndarray
    finish: str

    def turned(self, matrix: np.ndarray, centre: Vector = (0, 0, 0)) -> Piece:
        """Rotated about a centre."""
        about = np.asarray(centre)
        vertices = (self.vertices - about) @ matrix.T + about
        return Piece(vertices, self.triangles, self.normals @ matrix.T, self.colour, self.finish)


def tilt(degrees: float) -> np.ndarray:
    """Rotation about the x axis; positive leans the top away from the camera."""
    a = -np.radians(degrees)
    return np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])


def turn(degrees: float) -> np.ndarray:
    """Rotation about the y axis; positive turns the front to the camera's right."""
    a = np.radians(degrees)
    return np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])


def _grid(rings: int, sectors: int) -> np.ndarray:
    """Triangles of a closed band of `rings` + 1 rings of `sectors` vertices each."""
    i = np.arange(rings)[:, None] * sectors
    j, k = np.arange(sectors)[None], (np.arange(sectors)[None] + 1) % sectors
    a, b, c, d = i + j, i + sectors + j, i + sectors + k, i + k
    return np.stack([np.stack([a, c, b], -1), np.stack([a, d, c], -1)], axis=2).reshape(-1, 3)


def box(centre: Vector, size: Vector, colour, finish: str, radius: float = 0.05) -> Piece:
    """A box with edges rounded by `radius`: a sphere pulled apart along the axes."""
    half = np.maximum(np.asarray(size, dtype=float) / 2, 1e-3)
    radius = min(radius, float(half.min()) * 0.98)
    theta = np.concatenate([[0], (np.arange(_RINGS) + 0.5) / _RINGS, [1]]) * np.pi
    phi = (np.arange(_SECTORS) + 0.5) / _SECTORS * 2 * np.pi
    ring = np.sin(theta)[:, None]
    normals = np.stack(
        [
            ring * np.cos(phi),
            np.broadcast_to(np.cos(theta)[:, None], (len(theta), _SECTORS)),
            ring * np.sin(phi),
        ],
        axis=-1,
    ).reshape(-1, 3)
    corner = np.sign(np.where(np.abs(normals) < 1e-9, 0, normals)) * (half - radius)
    vertices = normals * radius + corner + np.asarray(centre)
    return Piece(vertices, _grid(_RINGS + 1, _SECTORS), normals, colour, finish)


def lathe(centre: Vector, profile: Sequence[tuple[float, float]], colour, finish: str) -> Piece:
    """A body turned about the y axis; `profile` holds (radius, height above the centre) from below."""
    radius, height = np.array(profile, dtype=float).T
    phi = np.arange(_TURNS) / _TURNS * 2 * np.pi
    circle = np.stack([np.cos(phi), np.zeros(_TURNS), np.sin(phi)], axis=1)
    vertices = radius[:, None, None] * circle + height[:, None, None] * np.array([0.0, 1.0, 0.0])
    vertices = vertices.reshape(-1, 3) + np.asarray(centre)
    triangles = _grid(len(radius) - 1, _TURNS)[:, ::-1]
    return Piece(vertices, triangles, vertex_normals(vertices, triangles), colour, finish)


def tube(path: np.ndarray, radius: float, colour, finish: str) -> Piece:
    """A round bar along an open (n, 3) path."""
    ahead = unit(np.gradient(path, axis=0))
    aside = unit(np.cross(ahead, [0.13, 0.02, 0.99]))
    other = np.cross(ahead, aside)
    angle = np.arange(_TUBE_SIDES) / _TUBE_SIDES * 2 * np.pi
    normals = np.cos(angle)[None, :, None] * aside[:, None] + np.sin(angle)[None, :, None] * other[:, None]
    vertices = (path[:, None] + radius * normals).reshape(-1, 3)
    return Piece(vertices, _grid(len(path) - 1, _TUBE_SIDES), normals.reshape(-1, 3), colour, finish)


def leaf(base: np.ndarray, direction: np.ndarray, length: float, width: float, droop: float, colour) -> Piece:
    """A leaf: a strip, widest before its middle, that bends down along its length."""
    t = np.linspace(0, 1, 7)[:, None]
    spine = base + direction * length * t - np.array([0, droop * length, 0]) * t**2
    side = unit(np.cross(direction, [0.0, 1.0, 0.05]) + 1e-6)
    half = width / 2 * np.sin(np.pi * np.clip(0.04 + t**0.8, 0, 1)) + 0.01
    lift = np.array([0, 0.22, 0]) * half
    vertices = np.concatenate([spine - side * half + lift, spine, spine + side * half + lift])
    n = len(t)
    i = np.arange(n - 1)
    strips = []
    for a in (i, i + n):
        strips += [np.stack([a, a + n, a + 1], -1), np.stack([a + n, a + n + 1, a + 1], -1)]
    triangles = np.concatenate(strips)
    shade = np.concatenate([np.ones(n), np.full(n, 0.8), np.ones(n)])[:, None]
    return Piece(vertices, triangles, vertex_normals(vertices, triangles), np.asarray(colour) * shade, "leaf")


def merged(pieces: Sequence[Piece], place: Vector) -> Surface:
    """One "prop" surface of several pieces, moved to `place`."""
    ends = np.cumsum([0] + [len(p.vertices) for p in pieces])
    local = np.concatenate([p.vertices for p in pieces])
    colour = [np.broadcast_to(np.asarray(p.colour, dtype=float), p.vertices.shape) for p in pieces]
    finish = [np.broadcast_to(FINISHES[p.finish], (len(p.vertices), 4)) for p in pieces]
    return Surface(
        material="prop",
        vertices=local + np.asarray(place),
        triangles=np.concatenate([p.triangles + e for p, e in zip(pieces, ends[:-1], strict=True)]),
        normals=np.concatenate([p.normals for p in pieces]),
        values={"colour": np.concatenate(colour), "finish": np.concatenate(finish), "local": local},
    )
