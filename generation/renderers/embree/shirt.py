"""A shirt: the torso, smoothed and inflated, cut along a neckline that is an iso-line on the body."""

from __future__ import annotations

import functools

import numpy as np
from scipy import sparse

from generation.renderers.embree.bodydata import BodyData
from generation.renderers.embree.noise import fractal, noise
from generation.renderers.embree.shading import Material
from generation.renderers.embree.surface import Surface, smoothstep, unit, vertex_normals
from generation.renderers.embree.tables import check_choice
from generation.views.view import Outfit

NECKLINES = ["crew", "v", "turtle"]
PATTERNS = ["plain", "stripes", "check"]
SMOOTHING_PASSES = 14
THICKNESS = 0.06


def below_neckline(neckline: str, xyz: np.ndarray) -> np.ndarray:
    """Depth (n,) below the neckline in decimetres; positive means covered.

    Raises:
        RememError: there is no such neckline.
    """
    check_choice("neckline", neckline, NECKLINES)
    x, y, z = np.abs(xyz[:, 0]), xyz[:, 1], xyz[:, 2]
    if neckline == "turtle":
        return 6.22 - 0.22 * np.clip(z - 0.2, 0, 1) - y
    # A tilted ring around the root of the neck: low in front, high behind.
    ring = 5.98 - 0.42 * smoothstep(0.0, 1.0, z)
    away = np.hypot(x / 0.62, (z - 0.15) / 0.70)
    crew = np.maximum(ring - y, np.minimum((away - 1.0) * 0.6, 5.98 - y))
    if neckline == "crew":
        return crew
    # Two straight edges meet in front at y = 5.18; 1.7 turns height into distance from the edge.
    edge = (5.18 + 1.37 * x - y) / 1.7
    front = smoothstep(0.05, 0.45, z)
    return crew * (1 - front) + np.maximum(edge, np.minimum((x - 0.62) * 0.6, 5.98 - y)) * front


@functools.lru_cache(maxsize=8)
def _cut(body: BodyData, neckline: str) -> tuple[sparse.csr_matrix, np.ndarray, np.ndarray]:
    """Clip the skin's triangles on the neckline: (matrix from skin to shirt vertices, triangles, depth)."""
    depth = below_neckline(neckline, body.canonical)
    triangles = body.triangles
    inside = depth[triangles] > 0
    count = inside.sum(axis=1)
    whole = triangles[count == 3]
    n = len(body.canonical)
    rows, columns, weights = [np.arange(n)], [np.arange(n)], [np.ones(n)]
    made: dict[tuple[int, int], int] = {}

    def crossing(a: int, b: int) -> int:
        key = (min(a, b), max(a, b))
        if key not in made:
            made[key] = n + len(made)
            t = depth[a] / (depth[a] - depth[b])
            rows.append(np.full(2, made[key]))
            columns.append(np.array([a, b]))
            weights.append(np.array([1 - t, t]))
        return made[key]

    pieces = []
    for triangle, is_in in zip(
        triangles[(count == 1) | (count == 2)], inside[(count == 1) | (count == 2)], strict=True
    ):
        lone = int(np.flatnonzero(is_in)[0] if is_in.sum() == 1 else np.flatnonzero(~is_in)[0])
        a, b, c = (int(v) for v in np.roll(triangle, -lone))
        ab, ac = crossing(a, b), crossing(a, c)
        pieces += [(a, ab, ac)] if is_in.sum() == 1 else [(ab, b, c), (ab, c, ac)]
    shirt = np.concatenate([whole, np.array(pieces, dtype=whole.dtype).reshape(-1, 3)])
    table = (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns)))
    matrix = sparse.csr_matrix(table, shape=(n + len(made), n))
    used, packed = np.unique(shirt, return_inverse=True)
    matrix = matrix[used]
    return matrix, packed.reshape(shirt.shape), np.maximum(matrix @ depth, 0)


@functools.lru_cache(maxsize=2)
def _neighbour_mean(body: BodyData) -> sparse.csr_matrix:
    t = body.triangles
    edges = np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]])
    n = len(body.canonical)
    links = sparse.coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n)).tocsr()
    links = ((links + links.T) > 0).astype(float)
    return (sparse.diags(1 / np.asarray(links.sum(axis=1)).ravel()) @ links).tocsr()


def build_shirt(skin: Surface, body: BodyData, outfit: Outfit) -> Surface:
    """The shirt over a posed skin.

    Args:
        skin: posed, subdivided skin.
        body: the body data.
        outfit: neckline, pattern and colours.

    Raises:
        RememError: unknown neckline or pattern.
    """
    check_choice("pattern", outfit.pattern, PATTERNS)
    matrix, triangles, depth = _cut(body, check_choice("neckline", outfit.neckline, NECKLINES))
    mean = _neighbour_mean(body)
    body_depth = below_neckline(outfit.neckline, body.canonical)
    # Near the neckline cloth lies close; further down it spans the hollows.
    loose = smoothstep(0.0, 0.35, body_depth)[:, None]
    smooth = skin.vertices
    for _ in range(SMOOTHING_PASSES):
        smooth = smooth + loose * (mean @ smooth - smooth)
    # Never sink below the skin where smoothing cuts corners.
    sunk = np.clip(np.einsum("ni,ni->n", skin.vertices - smooth, skin.normals), 0, None)
    hem = (
        0.35 + 0.65 * smoothstep(0.0, 0.30, body_depth) + 0.45 * np.exp(-((body_depth - 0.05) ** 2) / 0.0012)
    )
    outer = smooth + skin.normals * (sunk + THICKNESS * hem)[:, None]
    outer = outer + skin.normals * (0.035 * loose[:, 0] * fractal(body.canonical, 1.1, 5, 2))[:, None]
    vertices = matrix @ outer
    return Surface(
        material="cloth",
        vertices=vertices,
        triangles=triangles,
        normals=vertex_normals(vertices, triangles),
        values={"canonical": matrix @ body.canonical, "depth": depth[:, None]},
        settings={"outfit": outfit},
    )


def covered_triangles(body: BodyData, neckline: str) -> np.ndarray:
    """(T,) bool: skin well under the shirt, which need not be traced."""
    return (below_neckline(neckline, body.canonical) > 0.12)[body.triangles].all(axis=1)


def paint_shirt(
    material: Material,
    rows: np.ndarray,
    outfit: Outfit,
    xyz: np.ndarray,
    depth: np.ndarray,
    normal: np.ndarray,
    to_eye: np.ndarray,
) -> None:
    """Fill `material[rows]` with cloth.

    Args:
        material: to be filled.
        rows: which points.
        outfit: pattern and colours.
        xyz: (n, 3) canonical positions.
        depth: (n,) distance below the neckline.
        normal: (n, 3) interpolated normals.
        to_eye: (n, 3) directions to the camera; the inside of the collar faces it backwards.
    """
    first, second = (np.asarray(c, dtype=float) for c in outfit.colours)
    mix = np.zeros(len(xyz))
    if outfit.pattern == "stripes":
        mix = smoothstep(-0.12, 0.12, np.sin(2 * np.pi * xyz[:, 1] / 0.34))
    elif outfit.pattern == "check":
        across = smoothstep(-0.2, 0.2, np.sin(2 * np.pi * xyz[:, 0] / 0.36))
        down = smoothstep(-0.2, 0.2, np.sin(2 * np.pi * xyz[:, 1] / 0.36))
        mix = 0.5 * across + 0.5 * down
    colour = first + (second - first) * mix[:, None]
    band = smoothstep(0.115, 0.105, depth)[:, None]
    colour = colour * (1 - band) + (0.82 * first) * band
    seam = np.exp(-((depth - 0.12) ** 2) / 0.00012)[:, None]
    colour = colour * (1 - 0.35 * seam) * (1 + 0.05 * noise(xyz, 0.02, 7))[:, None]
    weave = np.stack([noise(xyz, 0.03, 9 + k) for k in range(3)], axis=1)
    folds = np.stack([fractal(xyz * np.array([1.0, 0.5, 1.0]), 0.6, 11 + k, 2) for k in range(3)], axis=1)
    bent = unit(normal + 0.035 * weave + 0.09 * folds)
    facing = np.einsum("ni,ni->n", normal, to_eye)
    material.normal[rows] = np.where(facing[:, None] < 0, -bent, bent)
    material.albedo[rows] = np.clip(colour, 0.005, 0.9)
    material.roughness[rows] = 0.85
    material.specular[rows] = 0.02
    material.wrap[rows] = 0.12
