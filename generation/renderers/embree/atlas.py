"""The skin's texture atlas: most texels lie on the head, so that what is painted once per person is sharp.

The body model's own texture layout gives the head an eighth of the area. Its islands are found as connected
components and packed anew; every texel knows its canonical position, so painting stays a function of that.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, fields

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse.csgraph import connected_components

from generation.cache import Arrays, is_stored, load_or_build
from generation.renderers.embree import bodydata
from generation.renderers.embree.bodydata import BodyData
from generation.renderers.embree.surface import Surface, unit
from generation.renderers.embree.tracer import Tracer

SIZE = 1024
CODE_VERSION = 1
# Where the box (u0, v0, u1, v1) of an island goes: lower left texel and texels per unit of the old layout,
# each way. The torso keeps only its neck and upper chest; what lies below is covered by clothes and clamps
# to the edge.
_HEAD = ((0.641, 0.149, 0.994, 0.818), (6, 6), (1810.0, 1456.0))
_TORSO = ((0.185, 0.765, 0.576, 0.974), (660, 6), (915.0, 1400.0))
_MOUTH = ((0.758, 0.012, 0.924, 0.136), (660, 310), (900.0, 900.0))
_SOCKET_R = ((0.012, 0.547, 0.077, 0.633), (830, 310), (1000.0, 1000.0))
_SOCKET_L = ((0.086, 0.547, 0.151, 0.633), (910, 310), (1000.0, 1000.0))
# Rows of the head before and after stretching: the face in the middle gets twice the texels of the sides.
_ROWS = [0.0, 375.0, 605.0, 1030.0]
_STRETCHED = [0.0, 262.0, 718.0, 1017.0]
_MARGIN = 5  # texels around an island that repeat its edge


@dataclass(frozen=True, eq=False)
class Atlas:
    """The layout, the same for every person.

    Attributes:
        corners: (T, 3, 2) float32 texture coordinates of the body's triangles in texels (column, row).
        texels: (n,) numbers (row · SIZE + column) of the texels on the skin.
        xyz: (n, 3) float32 canonical positions of those.
        uv: (n, 2) float32 coordinates in the body model's layout, for its masks.
        normal: (n, 3) float32 normals of the canonical shape.
        across, down: (n, 3) float32 reciprocal tangents: the surface gradient of a height field h is
            across · ∂h/∂column + down · ∂h/∂row.
        nearest: (SIZE, SIZE) int32, for each texel the row of `texels` that it shows (islands spread by a
            margin, so that interpolation never mixes in what is not skin).
    """

    corners: np.ndarray
    texels: np.ndarray
    xyz: np.ndarray
    uv: np.ndarray
    normal: np.ndarray
    across: np.ndarray
    down: np.ndarray
    nearest: np.ndarray

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Per-texel values (n, …) as an image (SIZE, SIZE, …), islands widened by their margin."""
        return values[self.nearest]


@functools.lru_cache(maxsize=1)
def load_atlas(body: BodyData) -> Atlas:
    """The atlas of the body model, from the cache if it was made before."""
    return Atlas(**load_or_build(_name(body), lambda: _build(body), [field.name for field in fields(Atlas)]))


@functools.lru_cache(maxsize=1)
def atlas_corners(body: BodyData) -> np.ndarray:
    """`Atlas.corners`, which drawing needs; the rest only painting a skin does."""
    return load_atlas(body).corners.copy()


def forget_atlas(body: BodyData) -> None:
    """Free the atlas, 40 MB, if it can be read again: it is needed once a person."""
    atlas_corners(body)
    if is_stored(_name(body)):
        load_atlas.cache_clear()


def _name(body: BodyData) -> str:
    return f"atlas{SIZE}-code{CODE_VERSION}-body{bodydata.CODE_VERSION}-{len(body.triangles)}"


def _islands(body: BodyData) -> np.ndarray:
    """Number (T,) of each triangle's connected component of the texture layout."""
    place = np.round(body.corner_uv.reshape(-1, 2) * 4096).astype(np.int64)
    key = np.concatenate([body.triangles.reshape(-1, 1), place], axis=1)
    corner = np.unique(key, axis=0, return_inverse=True)[1].reshape(-1, 3)
    n = corner.max() + 1
    ends = corner[:, [0, 1]].ravel(), corner[:, [1, 2]].ravel()
    graph = sparse.coo_matrix((np.ones(len(ends[0])), ends), shape=(n, n))
    return connected_components(graph, directed=False)[1][corner[:, 0]]


def _build(body: BodyData) -> Arrays:
    island = _islands(body)
    uv = body.corner_uv.astype(np.float64)
    corners = np.zeros_like(uv)
    for number in np.unique(island):
        mine = island == number
        middle = uv[mine].reshape(-1, 2).mean(axis=0)
        box, (column, row), scale = min(
            (_HEAD, _TORSO, _MOUTH, _SOCKET_R, _SOCKET_L), key=lambda p: _outside(middle, p[0])
        )
        inside = np.clip(uv[mine], box[:2], box[2:])
        corners[mine] = (inside - box[:2]) * scale + (column, row)
        if box is _HEAD[0]:
            corners[mine, :, 1] = np.interp(corners[mine, :, 1], _ROWS, _STRETCHED)
    prim, u, v = _rasterise(corners)
    texels = np.flatnonzero(prim >= 0)
    triangle = prim[texels]
    weights = np.stack([1 - u[texels] - v[texels], u[texels], v[texels]], axis=1)
    xyz = np.einsum("nc,nck->nk", weights, body.canonical[body.triangles[triangle]])
    across, down = _tangents(triangle, corners, body)
    a, b, c = (body.canonical[body.triangles[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    smooth = np.zeros_like(body.canonical)
    np.add.at(smooth, body.triangles.ravel(), np.repeat(face, 3, axis=0))
    normal = unit(np.einsum("nc,nck->nk", weights, unit(smooth)[body.triangles[triangle]]))
    covered = np.full(SIZE * SIZE, -1, dtype=np.int32)
    covered[texels] = np.arange(len(texels))
    covered = covered.reshape(SIZE, SIZE)
    away, (rows, columns) = ndimage.distance_transform_edt(covered < 0, return_indices=True)
    nearest = np.where(away <= _MARGIN, covered[rows, columns], 0).astype(np.int32)
    return {
        "corners": corners.astype(np.float32),
        "texels": texels.astype(np.int32),
        "xyz": xyz.astype(np.float32),
        "uv": np.einsum("nc,nck->nk", weights, uv[triangle]).astype(np.float32),
        "normal": normal.astype(np.float32),
        "across": across,
        "down": down,
        "nearest": nearest,
    }


def _outside(point: np.ndarray, box: tuple[float, float, float, float]) -> float:
    low, high = np.asarray(box[:2]), np.asarray(box[2:])
    return float(
        np.linalg.norm(point - np.clip(point, low, high)) + 1e-3 * np.linalg.norm(point - (low + high) / 2)
    )


def _rasterise(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which triangle lies under each texel's centre: rays onto the flattened mesh."""
    flat = np.concatenate([corners.reshape(-1, 2), np.zeros((corners.shape[0] * 3, 1))], axis=1)
    triangles = np.arange(len(flat)).reshape(-1, 3)
    tracer = Tracer([Surface("flat", flat, triangles, np.zeros_like(flat))])
    row, column = np.meshgrid(np.arange(SIZE), np.arange(SIZE), indexing="ij")
    origins = np.stack([column.ravel(), row.ravel(), np.ones(SIZE * SIZE)], axis=1).astype(np.float32)
    hits = tracer.first_hits(origins, np.tile(np.array([0, 0, -1], np.float32), (len(origins), 1)))
    return np.where(hits.surface >= 0, hits.triangle, -1), hits.u, hits.v


def _tangents(triangle: np.ndarray, corners: np.ndarray, body: BodyData) -> tuple[np.ndarray, np.ndarray]:
    """Reciprocal tangents of each triangle's map from texels to canonical positions, looked up per texel."""
    a, b, c = (body.canonical[body.triangles[:, k]] for k in range(3))
    d1, d2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = d1[:, 0] * d2[:, 1] - d1[:, 1] * d2[:, 0]
    area = np.where(np.abs(area) < 1e-9, np.inf, area)[:, None]
    along_column = ((b - a) * d2[:, 1:] - (c - a) * d1[:, 1:]) / area
    along_row = ((c - a) * d1[:, :1] - (b - a) * d2[:, :1]) / area
    e = np.einsum("ni,ni->n", along_column, along_column)[:, None]
    f = np.einsum("ni,ni->n", along_column, along_row)[:, None]
    g = np.einsum("ni,ni->n", along_row, along_row)[:, None]
    determinant = np.maximum(e * g - f * f, 1e-18)
    across = (g * along_column - f * along_row) / determinant
    down = (e * along_row - f * along_column) / determinant
    # A collapsed triangle would have endless slopes.
    flat = np.maximum(e, g)[:, 0] < 1e-10
    across[flat] = down[flat] = 0
    return across[triangle].astype(np.float32), down[triangle].astype(np.float32)
