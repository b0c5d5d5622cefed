"""From skin to cloth: smoothed, inflated, folded."""

from __future__ import annotations

import functools

import numpy as np
from scipy import sparse

from generation.renderers.embree.bodydata import BodyData
from generation.renderers.embree.clothes.cut import rest
from generation.renderers.embree.noise import noise
from generation.renderers.embree.subdivision import triangulate
from generation.renderers.embree.surface import Surface, smoothstep, vertex_normals

LEAST_GAP = 0.02  # decimetres between skin and cloth


@functools.lru_cache(maxsize=2)
def _coarse(body: BodyData) -> tuple[np.ndarray, sparse.csr_matrix]:
    """Triangles of the mesh before subdivision, and the matrix to the mean of each vertex's neighbours."""
    quads = body.triangles[::2, 0].reshape(-1, 4)
    ends = np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1).reshape(-1, 2)
    n = body.n_skin
    links = sparse.coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n, n)).tocsr()
    links = ((links + links.T) > 0).astype(float)
    mean = sparse.diags(1 / np.maximum(np.asarray(links.sum(axis=1)).ravel(), 1)) @ links
    return triangulate(quads), mean.tocsr()


@functools.lru_cache(maxsize=16)
def folds(body: BodyData, size: float, sharp: float, seed: int) -> np.ndarray:
    """Height (V,) of folds, about within [-1, 1].

    Args:
        body: the body data.
        size: width of a fold in decimetres.
        sharp: 0 for round waves, 1 for creases.
        seed: which of the independent fields.
    """
    known = rest(body)
    place, limb = known.place, smoothstep(0.3, 0.7, known.arm)
    # Cloth hangs from shoulders and chest in long folds; sleeves bunch up across the arm.
    bend = 0.35 * np.stack([noise(place, 1.3, seed + k) for k in range(3)], axis=1)
    slope = 0.45 * np.abs(place[:, :1]) * np.array([[0.0, 1.0, 0.0]])
    hang = (place + bend + slope) * np.array([1.0, 0.38, 0.9])
    bunch = (place + bend + np.array([0.0, 0.6, 0.0]) * place[:, 2:]) * np.array([0.45, 1.0, 0.45])
    height = np.zeros(len(place))
    for octave, strength in ((0, 1.0), (1, 0.45)):
        scale = size / 1.9**octave
        torso = noise(hang, scale, seed + 3 + octave, order=2)
        sleeve = noise(bunch, scale, seed + 5 + octave, order=2)
        wave = torso * (1 - limb) + sleeve * limb
        height += strength * ((1 - sharp) * wave + sharp * (1 - 1.6 * np.abs(wave)))
    # At the waist cloth gathers in rounds.
    gather = noise(place * np.array([0.35, 1.0, 0.35]), 0.8 * size, seed + 7, order=2)
    waist = smoothstep(3.2, 2.0, place[:, 1]) * (1 - limb)
    return 0.7 * (height * (1 - 0.4 * waist) + 0.8 * gather * waist)


def drape(
    skin: Surface,
    body: BodyData,
    depth: np.ndarray,
    passes: int,
    thickness: float,
    sleeve: float,
    fold: np.ndarray,
) -> np.ndarray:
    """Cloth over every skin vertex.

    Args:
        skin: posed, subdivided skin.
        body: the body data.
        depth: (V,) distance inside the garment.
        passes: how far the cloth spans hollows.
        thickness: how far it stands off the torso, decimetres.
        sleeve: how much further it stands off the arms.
        fold: (V,) height of folds in decimetres.

    Returns:
        (V, 3) positions.
    """
    n = body.n_skin
    triangles, mean = _coarse(body)
    bare = skin.vertices[:n]
    # Near the edge cloth lies close; further in it spans the hollows.
    loose = smoothstep(0.0, 0.35, depth[:n])[:, None]
    smooth = bare
    for _ in range(passes):
        smooth = smooth + loose * (mean @ smooth - smooth)
    normals = vertex_normals(smooth, triangles)
    # What smoothing cut off is given back spread out, so that small bumps do not print through.
    lost = np.clip(np.einsum("ni,ni->n", bare - smooth, normals), 0, None)
    for _ in range(4):
        lost = np.maximum(lost, mean @ lost)
    for _ in range(3):
        lost = mean @ lost
    stand = thickness * (0.35 + 0.65 * smoothstep(0.0, 0.30, depth[:n]))
    stand = stand + sleeve * smoothstep(0.2, 0.9, rest(body).arm[:n])
    outer = body.subdivision @ (smooth + normals * (lost * loose[:, 0] + stand)[:, None])
    hem = 0.45 * thickness * np.exp(-((depth - 0.05) ** 2) / 0.0012)
    outer = outer + skin.normals * (hem + fold * smoothstep(0.02, 0.5, depth))[:, None]
    gap = np.einsum("ni,ni->n", outer - skin.vertices, skin.normals)
    return outer + skin.normals * np.clip(LEAST_GAP - gap, 0, None)[:, None]
