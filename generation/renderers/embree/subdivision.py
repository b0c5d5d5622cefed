"""One level of Catmull-Clark subdivision as a sparse matrix, so that any shape of the mesh is one product."""

from __future__ import annotations

import numpy as np
from scipy import sparse


def subdivide(quads: np.ndarray, n_vertices: int) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Catmull-Clark rules (Catmull & Clark 1978) with smooth boundary curves.

    Args:
        quads: (Q, 4) vertex numbers, a manifold with boundary.
        n_vertices: number of coarse vertices V.

    Returns:
        The (V', V) matrix from coarse to fine positions and the (4 Q, 4) fine quads; child 4 q + c of quad q
        keeps corner c first, followed by edge point, face point, edge point.
    """
    n_quads = len(quads)
    face = sparse.csr_matrix(
        (np.full(4 * n_quads, 0.25), (np.repeat(np.arange(n_quads), 4), quads.ravel())),
        shape=(n_quads, n_vertices),
    )
    ends = np.sort(np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    edges, edge_of = np.unique(ends, axis=0, return_inverse=True)
    edge_of = edge_of.reshape(n_quads, 4)
    n_edges = len(edges)
    ones = np.ones(4 * n_quads)
    edge_face = sparse.csr_matrix(
        (ones, (edge_of.ravel(), np.repeat(np.arange(n_quads), 4))), shape=(n_edges, n_quads)
    )
    edge_vertex = sparse.csr_matrix(
        (np.ones(2 * n_edges), (np.repeat(np.arange(n_edges), 2), edges.ravel())), shape=(n_edges, n_vertices)
    )
    inner = np.asarray(edge_face.sum(axis=1)).ravel() == 2
    edge = sparse.diags(np.where(inner, 0.25, 0.5)) @ edge_vertex
    edge = edge + sparse.diags(np.where(inner, 0.25, 0.0)) @ (edge_face @ face)

    border = np.zeros(n_vertices, bool)
    border[edges[~inner].ravel()] = True
    valence = np.maximum(np.asarray(edge_vertex.sum(axis=0)).ravel(), 1)
    faces_at = np.maximum(np.bincount(quads.ravel(), minlength=n_vertices), 1)
    vertex_face = sparse.csr_matrix(
        (ones, (quads.ravel(), np.repeat(np.arange(n_quads), 4))), shape=(n_vertices, n_quads)
    )
    mean_face = sparse.diags(1 / faces_at) @ vertex_face @ face
    mean_mid = sparse.diags(1 / valence) @ edge_vertex.T @ (0.5 * edge_vertex)
    keep = np.where(border, 0.0, 1.0)
    vertex = sparse.diags(keep / valence) @ mean_face + sparse.diags(keep * 2 / valence) @ mean_mid
    vertex = vertex + sparse.diags(keep * (valence - 3) / valence)
    rim = edge_vertex[~inner]
    rim_neighbours = rim.T @ rim - sparse.diags(np.asarray(rim.sum(axis=0)).ravel())
    vertex = vertex + sparse.diags(np.where(border, 0.125, 0.0)) @ rim_neighbours
    vertex = vertex + sparse.diags(np.where(border, 0.75, 0.0))

    matrix = sparse.vstack([vertex, edge, face]).tocsr()
    matrix.eliminate_zeros()
    edge_point = n_vertices + edge_of
    face_point = np.repeat((n_vertices + n_edges + np.arange(n_quads))[:, None], 4, axis=1)
    fine = np.stack([quads, edge_point, face_point, np.roll(edge_point, 1, axis=1)], axis=-1)
    return matrix, fine.reshape(-1, 4)


def subdivide_corners(values: np.ndarray) -> np.ndarray:
    """Split per-corner values (Q, 4, k), such as texture coordinates, in the order of `subdivide`."""
    middle = (values + np.roll(values, -1, axis=1)) / 2
    centre = np.repeat(values.mean(axis=1, keepdims=True), 4, axis=1)
    fine = np.stack([values, middle, centre, np.roll(middle, 1, axis=1)], axis=2)
    return fine.reshape(-1, 4, values.shape[-1])


def triangulate(quads: np.ndarray) -> np.ndarray:
    """(Q, 4, …) quads (or corner values) to (2 Q, 3, …) triangles (or corner values)."""
    halves = np.stack([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]], axis=1)
    return halves.reshape(-1, 3, *quads.shape[2:])
