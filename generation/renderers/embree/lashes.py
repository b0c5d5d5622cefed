"""Eyelashes along the body model's lash strips, which move with the lids."""

from __future__ import annotations

import itertools

import numpy as np

from generation.renderers.embree.bodydata import BodyData
from generation.renderers.embree.strands import Strands

POINTS = 4
STRIPS = {"eyelashes-2": (70, 1.0), "eyelashes-1": (30, -1.0)}  # upper, lower: lashes a side, curl direction


def grid_rows(quads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two long sides of a strip that is a regular grid of quads.

    Args:
        quads: (Q, 4) vertex numbers.

    Returns:
        Vertex numbers along both long sides, running the same way.
    """
    edges = np.sort(np.concatenate([quads[:, [i, (i + 1) % 4]] for i in range(4)]), axis=1)
    unique, count = np.unique(edges, axis=0, return_counts=True)
    neighbours: dict[int, list[int]] = {}
    for a, b in unique[count == 1].tolist():
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    degree = np.bincount(quads.ravel())
    corners = {v for v in neighbours if degree[v] == 1}
    start = min(corners)
    loop, previous, current = [start], start, neighbours[start][0]
    while current != start:
        loop.append(current)
        a, b = neighbours[current]
        previous, current = current, (b if a == previous else a)
    stops = [i for i, v in enumerate(loop) if v in corners]
    stops.append(len(loop))
    sides = [[*loop, start][a : b + 1] for a, b in itertools.pairwise(stops)]
    first, second = (0, 2) if len(sides[0]) > len(sides[1]) else (1, 3)
    return np.array(sides[first]), np.array(sides[second][::-1])


def lashes(posed: np.ndarray, body: BodyData, forward: np.ndarray) -> Strands:
    """All four rows of lashes.

    Args:
        posed: (N, 3) coarse posed vertices.
        body: the body data.
        forward: (3,) where the face looks.
    """
    paths = []
    share = np.linspace(0, 1, POINTS)[None, :, None]
    for name, (count, curl) in STRIPS.items():
        for side in ("l", "r"):
            rows = grid_rows(body.parts[f"{side}-{name}"])
            eye = body.vertices[np.unique(body.parts[f"{side}-eye"])].mean(axis=0)
            rows = sorted(rows, key=lambda r: np.linalg.norm(body.vertices[r] - eye, axis=1).mean())
            along = np.linspace(0.03, 0.97, count)
            root, tip = (_resample(posed[row], along) for row in rows)
            # Lengths vary from lash to lash; the lower ones are short.
            ragged = 0.70 + 0.16 * np.sin(np.arange(count) * 2.4) + 0.14 * np.sin(np.arange(count) * 5.1)
            tip = root + (tip - root) * (ragged * (0.80 if curl > 0 else 0.38))[:, None]
            reach = np.linalg.norm(tip - root, axis=1)[:, None, None]
            sag = np.array([0.0, -0.20 * curl, 0.0]) * reach * np.sin(np.pi * share)
            paths.append(root[:, None] * (1 - share) + tip[:, None] * share + sag)
    points = np.concatenate(paths)
    normal = np.broadcast_to(forward, points.shape).copy()
    return Strands(points, np.full((len(points), 3), 0.015), np.full(len(points), 0.0038), normal)


def _resample(row: np.ndarray, along: np.ndarray) -> np.ndarray:
    t = np.linspace(0, 1, len(row))
    return np.stack([np.interp(along, t, row[:, c]) for c in range(3)], axis=1)
