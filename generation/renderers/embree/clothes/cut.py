"""Where a garment ends: iso-lines on the body at neck, sleeves and opening, and the mesh cut along them."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from generation.renderers.embree.bodydata import BONES, BodyData
from generation.renderers.embree.shape import make_pose
from generation.renderers.embree.surface import smoothstep
from generation.renderers.embree.tables import check_choice

NECKLINES = ["crew", "v", "turtle"]
SLEEVE_END = 3.80  # height of a short sleeve's hem on a hanging arm, decimetres
CLOSE_LEVEL = 2.6  # frames that end above this need no cloth below it
FAR = 9.0  # a depth that says: nowhere near an edge


@dataclass(frozen=True, eq=False)
class Rest:
    """The body at rest with hanging arms; what garments are measured on.

    Attributes:
        place: (V, 3) subdivided vertices.
        arm: (V,) share of arm, 0 on the torso, 1 on the arms.
        across: (V,) distance around the body or the arm, decimetres; textures run along it.
    """

    place: np.ndarray
    arm: np.ndarray
    across: np.ndarray


@functools.lru_cache(maxsize=2)
def rest(body: BodyData) -> Rest:
    """The rest pose of a body."""
    pose = make_pose(body.vertices, body, 0.0, 0.0, 0.0)
    place = body.subdivision @ pose.apply(body.vertices, body.weights)[: body.n_skin]
    arms = [b for b, name in enumerate(BONES) if "arm" in name]
    arm = body.subdivision @ body.weights[: body.n_skin, arms].sum(axis=1)
    x, z = np.abs(place[:, 0]), place[:, 2]
    torso = 1.45 * np.arctan2(x, z - 0.15)
    limb = 0.50 * np.arctan2(z - 0.12, x - 1.95)
    return Rest(place, arm, np.where(arm > 0.5, limb, torso) * np.sign(place[:, 0]))


def below_neckline(neckline: str, xyz: np.ndarray) -> np.ndarray:
    """Depth (n,) below the neckline in decimetres; positive means covered.

    Raises:
        RememError: there is no such neckline.
    """
    check_choice("neckline", neckline, NECKLINES)
    x, y, z = np.abs(xyz[:, 0]), xyz[:, 1], xyz[:, 2]
    if neckline == "turtle":
        return 6.14 - 0.22 * np.clip(z - 0.2, 0, 1) - y
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


def opening(y: np.ndarray) -> np.ndarray:
    """Half width of an open jacket's gap at heights y: a slot that spreads to the collar."""
    return 0.40 + 0.06 * np.sin(2.1 * y) + 0.30 * smoothstep(3.3, 5.6, y) + 0.10 * smoothstep(3.0, 1.0, y)


def depth_of(body: BodyData, edge: str, short: bool) -> np.ndarray:
    """Distance (V,) inside a garment; negative outside it.

    Args:
        body: the body data.
        edge: a neckline, or "open" for an open jacket.
        short: whether the sleeves end above the elbow.
    """
    known = rest(body)
    if edge == "open":
        depth = below_neckline("crew", body.canonical)
        front = smoothstep(0.15, 0.45, known.place[:, 2]) * (known.arm < 0.5)
        gap = np.abs(known.place[:, 0]) - opening(known.place[:, 1])
        depth = np.minimum(depth, np.where(front > 0, gap / np.maximum(front, 1e-3), FAR))
    else:
        depth = below_neckline(edge, body.canonical)
    if short:
        depth = np.minimum(depth, np.where(known.arm > 0.5, known.place[:, 1] - SLEEVE_END, FAR))
    return depth


@dataclass(frozen=True, eq=False)
class Cut:
    """A garment's mesh.

    Attributes:
        matrix: (M, V) from values on the skin to values on the garment.
        triangles: (T, 3) over the garment's vertices.
        depth: (M,) distance from the nearest edge.
        rim: (R, 2) garment vertices of the edges along the cut.
    """

    matrix: sparse.csr_matrix
    triangles: np.ndarray
    depth: np.ndarray
    rim: np.ndarray


@functools.lru_cache(maxsize=16)
def cut(body: BodyData, edge: str, short: bool, close: bool) -> Cut:
    """Clip the skin's triangles on an iso-line.

    Args:
        body: the body data.
        edge: see `depth_of`.
        short: see `depth_of`.
        close: leave out what only half-body frames show.
    """
    depth = depth_of(body, edge, short)
    triangles = body.triangles
    if close:
        triangles = triangles[(rest(body).place[:, 1] > CLOSE_LEVEL)[triangles].any(axis=1)]
    inside = depth[triangles] > 0
    count = inside.sum(axis=1)
    n = len(depth)
    mixed = (count == 1) | (count == 2)
    corners, is_in = triangles[mixed], inside[mixed]
    # The corner that is alone on its side comes first.
    lone = np.where(count[mixed] == 1, np.argmax(is_in, axis=1), np.argmin(is_in, axis=1))
    a, b, c = (corners[np.arange(len(corners)), (lone + k) % 3] for k in range(3))
    ends = np.sort(np.concatenate([np.stack([a, b], 1), np.stack([a, c], 1)]), axis=1)
    edges, number = np.unique(ends, axis=0, return_inverse=True)
    ab, ac = np.split(n + number.ravel(), 2)
    t = depth[edges[:, 0]] / (depth[edges[:, 0]] - depth[edges[:, 1]])
    one = count[mixed] == 1
    pieces = [
        triangles[count == 3],
        np.stack([a, ab, ac], 1)[one],
        np.stack([ab, b, c], 1)[~one],
        np.stack([ab, c, ac], 1)[~one],
    ]
    rows = np.concatenate([np.arange(n), np.repeat(n + np.arange(len(edges)), 2)])
    columns = np.concatenate([np.arange(n), edges.ravel()])
    weights = np.concatenate([np.ones(n), np.stack([1 - t, t], 1).ravel()])
    matrix = sparse.csr_matrix((weights, (rows, columns)), shape=(n + len(edges), n))
    used, packed = np.unique(np.concatenate(pieces), return_inverse=True)
    new = np.full(n + len(edges), -1)
    new[used] = np.arange(len(used))
    matrix = matrix[used]
    return Cut(
        matrix=matrix,
        triangles=packed.reshape(-1, 3),
        depth=np.maximum(matrix @ depth, 0),
        rim=new[np.stack([ab, ac], axis=1)],
    )


@functools.lru_cache(maxsize=8)
def neck_ring(body: BodyData, neckline: str, n: int) -> sparse.csr_matrix:
    """(n, V) matrix to n points of the neckline, by azimuth from the front (0) round the camera's right."""
    piece = cut(body, neckline, False, True)
    numbers = np.unique(piece.rim)
    place = piece.matrix[numbers] @ body.canonical
    azimuth = np.arctan2(place[:, 0], place[:, 2] - 0.15) % (2 * np.pi)
    order = np.argsort(azimuth)
    numbers, azimuth = numbers[order], azimuth[order]
    wanted = 2 * np.pi * np.arange(n) / n
    right = np.searchsorted(azimuth, wanted) % len(azimuth)
    left = (right - 1) % len(azimuth)
    span = (azimuth[right] - azimuth[left]) % (2 * np.pi)
    t = ((wanted - azimuth[left]) % (2 * np.pi)) / np.maximum(span, 1e-9)
    ring = sparse.diags(1 - t) @ piece.matrix[numbers[left]] + sparse.diags(t) @ piece.matrix[numbers[right]]
    # The clipped edge zigzags with the mesh; a running mean does not.
    blur = sum(np.roll(np.eye(n), k, axis=0) for k in range(-2, 3)) / 5
    return (sparse.csr_matrix(blur) @ ring).tocsr()
