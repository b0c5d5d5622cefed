"""From skin to cloth: smoothed, inflated, folded."""

from __future__ import annotations

import functools

import numpy as np
from scipy import sparse

from generation.renderers.embree.bodydata import BodyData
from generation.renderers.embree.clothes.cut import rest
from generation.renderers.embree.noise import noise
from generation.renderers.embree.subdivision import triangulate
from generation.renderers.embree.surface import Surface, smoothstep, unit, vertex_normals

SHOULDER = 0.17  # decimetres by which cloth is drawn in over the shoulder
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
    x, y, z = np.abs(place[:, 0]), place[:, 1], place[:, 2]
    bend = np.stack([noise(place, 1.1, seed + k, order=2) for k in range(2)], axis=1)

    def crease(phase: np.ndarray) -> np.ndarray:
        wave = np.sin(phase)
        return (1 - sharp) * wave + sharp * (1 - 2.0 * np.abs(wave))

    # Creases fan out from the armpit over the chest and down the side.
    angle, away = np.arctan2(y - 4.45, 1.40 - x), np.hypot(y - 4.45, 1.40 - x)
    fan = smoothstep(0.15, 0.45, away) * smoothstep(1.9, 0.6, away) * smoothstep(-0.2, 0.3, z)
    height = 0.9 * fan * crease(angle * 3.4 / size + 1.8 * bend[:, 0])
    # Below the chest cloth hangs in long folds, aslant towards the middle.
    hang = smoothstep(4.7, 3.6, y)
    height += 0.9 * hang * crease((x + 0.28 * y) * 3.3 / size + 2.2 * bend[:, 1])
    # At the waist it gathers in rounds.
    waist = smoothstep(3.0, 2.0, y)
    height = height * (1 - 0.6 * waist) + waist * crease((y + 0.3 * x) * 6.0 / size + 1.6 * bend[:, 0])
    # Sleeves bunch up across the arm, most at the elbow.
    bunch = 0.45 + 0.55 * np.exp(-(((y - 3.0) / 0.8) ** 2))
    sleeve = bunch * crease((y + 0.45 * z - 0.25 * x) * 5.2 / size + 1.9 * bend[:, 1])
    height = height * (1 - limb) + 0.8 * smoothstep(5.2, 4.4, y) * sleeve * limb
    # No fold is the same along its whole length.
    return height * np.clip(0.65 + 0.45 * noise(place, 0.8, seed + 2, order=2), 0.1, 1.3)


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
    for _ in range(8):
        lost = mean @ lost
    # Deep inside, no skin is drawn that could show; there half of the loss is enough.
    kept = 1 - 0.45 * smoothstep(0.5, 1.2, depth[:n])
    stand = thickness * (0.35 + 0.65 * smoothstep(0.0, 0.30, depth[:n]))
    height, arm = rest(body).place[:n, 1], rest(body).arm[:n]
    stand = stand + sleeve * smoothstep(0.2, 0.9, arm) * smoothstep(4.9, 4.0, height)
    # Hanging arms pull the cloth taut over the shoulder; the bare shape bulges there.
    stand = stand - SHOULDER * smoothstep(0.15, 0.6, arm) * np.exp(-(((height - 4.85) / 0.55) ** 2))
    outer = body.subdivision @ (smooth + normals * (kept * lost * loose[:, 0] + stand)[:, None])
    hem = 0.45 * thickness * np.exp(-((depth - 0.05) ** 2) / 0.0012)
    # Along the cloth's own normals: along the skin's, small bumps of the body would swell with the folds.
    out = unit(body.subdivision @ normals)
    outer = outer + out * (hem + fold * smoothstep(0.02, 0.5, depth))[:, None]
    gap = np.einsum("ni,ni->n", outer - skin.vertices, skin.normals)
    shown = smoothstep(0.9, 0.4, depth)  # further in the skin is not drawn
    return outer + skin.normals * (shown * np.clip(LEAST_GAP - gap, 0, None))[:, None]
