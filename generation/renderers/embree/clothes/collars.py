"""What is sewn on: fold-down collars, lapels, hoods, drawstrings, button plackets."""

from __future__ import annotations

import functools

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from generation.renderers.embree.bodydata import BodyData
from generation.renderers.embree.clothes.cut import below_neckline, neck_ring, opening, rest
from generation.renderers.embree.meshes import grid_surface, merged, tube
from generation.renderers.embree.noise import noise
from generation.renderers.embree.surface import Surface, smoothstep, unit
from generation.views.view import Outfit, Rgb

AROUND = 72  # points of a neck ring, 5° each
AXIS_Z = 0.15  # depth of the neck's axis


def _outwards(ring: np.ndarray) -> np.ndarray:
    away = ring - np.array([0.0, 0.0, AXIS_Z])
    away[:, 1] = 0
    return unit(away)


def _profile(ring: np.ndarray, out: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Sweep (n, m) offsets, outwards and upwards, along a ring (n, 3)."""
    return (
        ring[:, None] + _outwards(ring)[:, None] * out[..., None] + np.array([0.0, 1.0, 0.0]) * up[..., None]
    )


def _clear(points: np.ndarray, outer: np.ndarray, skin: Surface, body: BodyData, gap: float) -> np.ndarray:
    """Push points out of the cloth and, where the neck is bare, out of the skin."""
    near = _neck(body)
    ground = np.where(
        below_neckline("crew", body.canonical[near])[:, None] > 0, outer[near], skin.vertices[near]
    )
    normals = skin.normals[near]
    flat = points.reshape(-1, 3)
    nearest = cKDTree(ground).query(flat)[1]
    height = np.einsum("ni,ni->n", flat - ground[nearest], normals[nearest])
    pushed = flat + normals[nearest] * np.clip(gap - height, 0, 0.3)[:, None]
    return pushed.reshape(points.shape)


@functools.lru_cache(maxsize=2)
def _neck(body: BodyData) -> np.ndarray:
    """Numbers of the vertices of neck and shoulders."""
    x, y, _ = body.canonical.T
    return np.flatnonzero((y > 4.6) & (y < 6.6) & (np.abs(x) < 1.5))


def fold_down(outer: np.ndarray, body: BodyData, colours: tuple[Rgb, Rgb]) -> Surface:
    """The roll of a turtleneck.

    Args:
        outer: (V, 3) cloth over every skin vertex.
        body: the body data.
        colours: main and second colour.
    """
    ring = neck_ring(body, "turtle", AROUND) @ outer
    out = np.array([-0.02, 0.00, 0.05, 0.10, 0.13, 0.145, 0.15, 0.13, 0.07])
    up = np.array([-0.05, 0.05, 0.10, 0.08, 0.00, -0.15, -0.34, -0.40, -0.38])
    wave = 0.02 * noise(ring, 0.5, 3)[:, None]
    points = _profile(ring, out[None] + wave, np.repeat(up[None], AROUND, axis=0) + wave)
    settings = {"cloth": "rib", "pattern": "plain", "colours": (colours[0], colours[0])}
    return grid_surface(points, True, np.linspace(0, 3.8, AROUND), np.cumsum(np.abs(up)), settings)


def _collar(
    outer: np.ndarray,
    skin: Surface,
    body: BodyData,
    gap: float,
    stand: float,
    fall: float,
    point: float,
) -> np.ndarray:
    """A stand that rises round the neck and a leaf that folds down over it, longer in front."""
    ring = neck_ring(body, "crew", AROUND) @ outer
    first = int(np.ceil(gap / (2 * np.pi) * AROUND))
    chosen = np.arange(first, AROUND - first + 1)
    ring = ring[chosen]
    azimuth = 2 * np.pi * chosen / AROUND
    front = smoothstep(0.2, 0.95, np.cos(azimuth))[:, None]
    out = np.array([0.0, -0.02, -0.03, 0.0, 0.05, 0.09, 0.12, 0.15, 0.17, 0.13])
    up = np.array([-0.08, 0.5, 0.92, 1.02, 1.0, 0.9, 0.6, 0.3, 0.0, 0.0])
    rise = stand * (1 - 0.25 * front)
    height = np.where(np.arange(10) < 6, up * rise, rise * 0.9 - (fall + point * front) * (0.9 - up) / 0.9)
    points = _profile(ring, out + 0.10 * front * (np.arange(10) > 6), height)
    # The points of the collar spread to the sides.
    spread = np.sign(ring[:, :1]) * front * 0.10 * np.linspace(0, 1, 5)[None]
    points[:, 5:, 0] += spread
    # Cut aslant: the leaf is longest at its points and its front edge runs outwards.
    edge = np.exp(-(((np.abs(azimuth - np.pi) - (np.pi - gap)) / 0.22) ** 2))
    points[:, 6:, 0] += np.sign(ring[:, :1]) * edge[:, None] * 0.13 * np.linspace(0, 1, 4)[None]
    return _clear(points, outer, skin, body, 0.035)


def shirt_collar(outer: np.ndarray, skin: Surface, body: BodyData, outfit: Outfit) -> list[Surface]:
    """The collar of a shirt, open at the top button.

    Args:
        outer: (V, 3) cloth over every skin vertex.
        skin: posed skin.
        body: the body data.
        outfit: pattern and colours.
    """
    points = _collar(outer, skin, body, 0.10, 0.24, 0.30, 0.20)
    settings = {"cloth": "woven", "pattern": outfit.pattern, "colours": outfit.colours, "stitch": True}
    n, m = points.shape[:2]
    collar = grid_surface(points, False, 0.05 * np.arange(n), np.linspace(0, 0.7, m), settings)
    collar.values["rest"][:, 0] = collar.values["rest"][:, 3]
    return [collar]


@functools.lru_cache(maxsize=32)
def _front(body: BodyData, key: tuple[tuple[float, float], ...]) -> sparse.csr_matrix:
    """(n, V) matrix to points of the chest given by their place (x, y) at rest."""
    known = rest(body)
    chest = np.flatnonzero((known.arm < 0.5) & (known.place[:, 2] > 0.25) & (body.canonical[:, 1] < 6.2))
    wanted = np.array(key)
    away, nearest = cKDTree(known.place[chest, :2]).query(wanted, k=5)
    weight = 1 / (away + 0.03) ** 2
    weight /= weight.sum(axis=1, keepdims=True)
    rows = np.repeat(np.arange(len(wanted)), 5)
    matrix = (weight.ravel(), (rows, chest[nearest].ravel()))
    return sparse.csr_matrix(matrix, shape=(len(wanted), len(known.place)))


def on_chest(outer: np.ndarray, body: BodyData, x: np.ndarray, y: np.ndarray, lift: np.ndarray) -> np.ndarray:
    """Points over the chest.

    Args:
        outer: (V, 3) cloth over every skin vertex.
        body: the body data.
        x, y: (…) places at rest, decimetres.
        lift: (…) distance in front of the cloth.

    Returns:
        (…, 3) positions.
    """
    matrix = _front(body, tuple(zip(x.ravel().tolist(), y.ravel().tolist(), strict=True)))
    known = rest(body)
    found = matrix @ outer
    # The weighted mean of scattered vertices is pulled about; keep the exact place along x and y.
    slip = np.column_stack([x.ravel(), y.ravel()]) - (matrix @ known.place)[:, :2]
    found[:, :2] += slip
    found[:, 2] += lift.ravel()
    return found.reshape(*x.shape, 3)


def placket(outer: np.ndarray, body: BodyData, outfit: Outfit, bottom: float) -> list[Surface]:
    """The buttoned strip down the front of a shirt, with its buttons.

    Args:
        outer: (V, 3) cloth over every skin vertex.
        body: the body data.
        outfit: pattern and colours.
        bottom: lowest visible height.
    """
    lowest = 1.0 if bottom < 2.9 else 2.7
    x = np.array([-0.17, -0.165, -0.10, 0.0, 0.10, 0.165, 0.17])
    y = np.arange(5.46, lowest, -0.09)
    yy, xx = np.meshgrid(y, x, indexing="ij")
    lift = np.broadcast_to(np.array([-0.03, 0.022, 0.03, 0.032, 0.03, 0.022, -0.03]), xx.shape)
    settings = {"cloth": "woven", "pattern": outfit.pattern, "colours": outfit.colours, "stitch": True}
    points = on_chest(outer, body, xx, yy, lift)
    strip = grid_surface(points.transpose(1, 0, 2)[::-1], False, x, y, settings)
    strip.values["rest"][:, 0] = strip.values["rest"][:, 3]
    light = np.mean(outfit.colours[0]) > 0.25
    colour = (0.55, 0.53, 0.48) if light else (0.10, 0.09, 0.08)
    heights = np.arange(5.22, lowest, -0.72)
    centres = on_chest(outer, body, np.zeros(len(heights)), heights, np.full(len(heights), 0.045))
    angle = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    radius = np.array([0.012, 0.045, 0.062, 0.062])
    depth = np.array([0.012, 0.014, 0.008, -0.02])
    buttons = []
    for centre in centres:
        ring = np.stack(
            [
                centre[0] + radius[None] * np.cos(angle)[:, None],
                centre[1] + radius[None] * np.sin(angle)[:, None],
                centre[2] + np.broadcast_to(depth, (14, 4)),
            ],
            axis=-1,
        )
        settings = {"cloth": "button", "pattern": "plain", "colours": (colour, colour)}
        buttons.append(grid_surface(ring[::-1], True, angle, radius, settings))
    return [strip, merged(buttons)]


def hood(outer: np.ndarray, skin: Surface, body: BodyData, outfit: Outfit) -> list[Surface]:
    """A hood lying on the shoulders, thick behind the neck, and its drawstrings.

    Args:
        outer: (V, 3) cloth over every skin vertex.
        skin: posed skin.
        body: the body data.
        outfit: colours.
    """
    ring = neck_ring(body, "crew", AROUND) @ outer
    azimuth = 2 * np.pi * np.arange(AROUND) / AROUND
    back = (1 - np.cos(azimuth)) / 2
    lump = 1 + 0.07 * noise(ring * np.array([1.0, 0.4, 1.0]), 0.55, 5, order=2)
    radius = (0.13 + 0.20 * back**0.8) * lump
    turn = np.linspace(0, 2 * np.pi, 15)
    # Wider than high, tipped outwards, and creased where it doubles over.
    crease = 1 - 0.22 * np.exp(-(((turn - 1.2) / 0.28) ** 2))
    out = radius[:, None] * (0.75 + 1.05 * crease * np.cos(turn))
    up = radius[:, None] * (0.70 + 1.10 * crease * np.sin(turn))
    points = _clear(_profile(ring, out, up)[:, ::-1], outer, skin, body, 0.03)
    settings = {"cloth": "fleece", "pattern": "plain", "colours": outfit.colours}
    surfaces = [grid_surface(points, True, 0.06 * np.arange(AROUND), turn * 0.25, settings)]
    main, other = (np.asarray(c) for c in outfit.colours)
    cord = other if np.abs(main - other).max() > 0.1 else np.clip(0.35 + 0.5 * main, 0, 0.8)
    pieces = []
    for side, length in ((1.0, 1.25), (-1.0, 1.05)):
        t = np.linspace(0, 1, 26)
        x = side * (0.17 + 0.10 * t + 0.02 * np.sin(5 * t + side))
        y = 5.50 - length * t
        path = on_chest(outer, body, x, y, 0.05 + 0.03 * np.exp(-8 * t))
        vertices, triangles, normals = tube(path, 0.030, closed=False)
        n = len(vertices)
        values = np.column_stack([np.zeros(n), path[:, 1].repeat(n // 26), np.full((n, 3), 0.0)])
        settings = {"cloth": "fleece", "pattern": "plain", "colours": (tuple(cord), tuple(cord))}
        pieces.append(
            Surface(
                material="cloth",
                vertices=vertices,
                triangles=triangles,
                normals=normals,
                values={"rest": values, "depth": np.ones((n, 1))},
                settings=settings,
            )
        )
    return [*surfaces, merged(pieces)]


def lapels(outer: np.ndarray, skin: Surface, body: BodyData, outfit: Outfit) -> list[Surface]:
    """Lapels and collar of an open jacket.

    Args:
        outer: (V, 3) cloth over every skin vertex.
        skin: posed skin.
        body: the body data.
        outfit: colours.
    """
    settings = {"cloth": "twill", "pattern": "plain", "colours": outfit.colours, "stitch": True}
    y = np.linspace(5.62, 3.30, 34)
    wide = 0.08 + 0.50 * smoothstep(3.3, 4.95, y) - 0.16 * smoothstep(5.02, 5.10, y)
    share = np.array([0.0, 0.0, 0.12, 0.35, 0.6, 0.85, 1.0, 1.0])
    lift = np.array([-0.10, 0.02, 0.065, 0.075, 0.065, 0.05, 0.035, -0.03])
    surfaces = []
    for side in (1.0, -1.0):
        xx = side * (opening(y)[:, None] - 0.02 + share * wide[:, None])
        yy = np.repeat(y[:, None], len(share), axis=1) + 0.22 * share * wide[:, None]
        points = on_chest(outer, body, xx, yy, np.broadcast_to(lift, xx.shape))
        # The triangles turn outwards on both sides.
        points = points if side < 0 else points[::-1]
        surfaces.append(grid_surface(points, False, y, share * 0.5, dict(settings)))
    points = _collar(outer, skin, body, 0.95, 0.26, 0.36, 0.10)
    n, m = points.shape[:2]
    surfaces.append(grid_surface(points, False, 0.05 * np.arange(n), np.linspace(0, 0.7, m), settings))
    return surfaces
