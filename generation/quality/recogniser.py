"""Face detection and recognition with dlib: is there a face, and whose is it?

The recogniser is dlib's ResNet (King 2017, http://blog.dlib.net/2017/02/high-quality-face-recognition-with-deep.html):
128 numbers for each face; two faces nearer than 0.6 (Euclidean) count as the same person. Faces are found by
histograms of oriented gradients (Dalal & Triggs 2005), and where those fail by dlib's convolutional
max-margin detector (King 2015, arXiv:1502.00046), which is forty times slower.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from remem_dataset.errors import RememError

Box = tuple[int, int, int, int]

#: Two faces nearer than this are taken for the same person (the network was trained for this threshold).
THRESHOLD = 0.6

#: Length of an embedding.
DIMENSIONS = 128

_WEIGHTS = {
    "landmarks": "shape_predictor_5_face_landmarks.dat",
    "network": "dlib_face_recognition_resnet_model_v1.dat",
    "detector": "mmod_human_face_detector.dat",
}
# The gradient detector's window is 80 pixels: faces are brought to this height, well above it.
_FACE_HEIGHT = 130
_CNN_FACE_HEIGHT = 100
# Search for an expected face in a crop that reaches this many face heights beyond its box.
_MARGIN = 0.6
# Pictures without an expectation are enlarged until a face of this many pixels fills the window.
_SMALLEST = 60
_WINDOW = 80
_LARGEST_SEARCH = 1100
# The detectors frame a face from brow to chin; their box must lie over the expected one by this much.
_OVERLAP = 0.25


@dataclass(frozen=True)
class Detection:
    """A face that was found.

    Attributes:
        box: (left, top, right, bottom) in pixels of the picture, right and bottom exclusive; it may reach a
            little beyond the picture.
        confidence: the detector's margin; greater is surer, 0 is its threshold. The two detectors' scales
            differ.
    """

    box: Box
    confidence: float


class Recogniser:
    """dlib's detectors and embedding network. Not safe to share between threads.

    Raises:
        RememError: a package of the extra `generation` is not installed, or its weights are missing.
    """

    def __init__(self) -> None:
        self._dlib = _import_dlib()
        weights = _find_weights()
        self._hog = self._dlib.get_frontal_face_detector()
        self._landmarks = self._dlib.shape_predictor(str(weights["landmarks"]))
        self._network = self._dlib.face_recognition_model_v1(str(weights["network"]))
        self._cnn_path = str(weights["detector"])
        self._cnn: Any = None

    def faces(self, pixels: np.ndarray, expected: Box | None = None) -> list[Detection]:
        """Find faces.

        Args:
            pixels: uint8 RGB (height, width, 3).
            expected: the (left, top, right, bottom) box where a face should be; left out, all faces of 60
                pixels or more are looked for everywhere.

        Returns:
            The faces, surest first; with `expected` at most one: the face that lies there.

        Raises:
            RememError: the picture is no uint8 RGB array, or the box has no area within it.
        """
        _check_picture(pixels)
        if expected is None:
            return self._everywhere(pixels)
        crop, origin, height = _around(pixels, expected)
        wanted = tuple(np.subtract(expected, (*origin, *origin)))
        for search, target in ((self._search_hog, _FACE_HEIGHT), (self._search_cnn, _CNN_FACE_HEIGHT)):
            found = search(crop, target / height)
            here = [d for d in found if overlap(d.box, wanted) >= _OVERLAP]
            if here:
                best = max(here, key=lambda d: overlap(d.box, wanted))
                left, top, right, bottom = best.box
                x, y = origin
                return [Detection((left + x, top + y, right + x, bottom + y), best.confidence)]
        return []

    def embed(self, pixels: np.ndarray, box: Box) -> np.ndarray:
        """The 128 numbers that stand for the face in the box.

        Args:
            pixels: uint8 RGB (height, width, 3).
            box: a detection's box: the network expects the detectors' framing.

        Returns:
            (128,) float32, near the unit sphere.

        Raises:
            RememError: the picture is no uint8 RGB array.
        """
        _check_picture(pixels)
        shape = self._landmarks(pixels, self._dlib.rectangle(*(int(v) for v in box)))
        return np.array(self._network.compute_face_descriptor(pixels, shape), dtype=np.float32)

    def _everywhere(self, pixels: np.ndarray) -> list[Detection]:
        height, width = pixels.shape[:2]
        scale = min(_WINDOW / _SMALLEST * 1.1, _LARGEST_SEARCH / max(height, width))
        return self._search_hog(pixels, max(1.0, scale)) or self._search_cnn(pixels, 1.0)

    def _search_hog(self, pixels: np.ndarray, scale: float) -> list[Detection]:
        boxes, scores, _ = self._hog.run(_scaled(pixels, scale), 0, 0.0)
        return _detections(boxes, scores, scale)

    def _search_cnn(self, pixels: np.ndarray, scale: float) -> list[Detection]:
        if self._cnn is None:  # few pictures need it
            self._cnn = self._dlib.cnn_face_detection_model_v1(self._cnn_path)
        found = self._cnn(_scaled(pixels, scale), 0)
        return _detections([f.rect for f in found], [f.confidence for f in found], scale)


@lru_cache(maxsize=1)
def shared_recogniser() -> Recogniser:
    """One recogniser for the process: its weights take 0.3 s and 30 MB.

    Raises:
        RememError: see `Recogniser`.
    """
    return Recogniser()


def overlap(first: Sequence[float], second: Sequence[float]) -> float:
    """Intersection over union of two (left, top, right, bottom) boxes."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (first, second)]
    return float(width * height / (sum(areas) - width * height))


def _import_dlib() -> Any:
    try:
        import dlib
    except ImportError:
        raise RememError(
            "Face recognition needs the package dlib-bin, which is not installed; install the extra "
            "remem-bench[generation], or build with --recognition 0."
        ) from None
    return dlib


def _find_weights() -> dict[str, Path]:
    """Paths of the weights. The package is located, not imported: its import needs pkg_resources."""
    spec = importlib.util.find_spec("face_recognition_models")
    folder = Path(spec.origin).parent / "models" if spec and spec.origin else None
    if folder is None:
        raise RememError(
            "Face recognition needs the package face-recognition-models, which is not installed; install the "
            "extra remem-bench[generation], or build with --recognition 0."
        )
    paths = {name: folder / file for name, file in _WEIGHTS.items()}
    for path in paths.values():
        if not path.is_file():
            raise RememError(f"The package face-recognition-models lacks {path}; install it again.")
    return paths


def _check_picture(pixels: np.ndarray) -> None:
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.ndim != 3:
        kind = f"{pixels.dtype} {pixels.shape}" if isinstance(pixels, np.ndarray) else type(pixels).__name__
        raise RememError(f"The picture is {kind}; it must be a uint8 array (height, width, 3).")
    if pixels.shape[2] != 3 or min(pixels.shape[:2]) < 16:
        raise RememError(f"The picture has the shape {pixels.shape}; it must be RGB of 16 pixels or more.")


def _around(pixels: np.ndarray, box: Box) -> tuple[np.ndarray, tuple[int, int], float]:
    """The crop around a box, its (left, top) corner, and the height that the face has in it."""
    rows, columns = pixels.shape[:2]
    left, top, right, bottom = box
    if right <= left or bottom <= top or right <= 0 or bottom <= 0 or left >= columns or top >= rows:
        raise RememError(f"The face box {tuple(box)} has no area within the {columns} × {rows} picture.")
    height = float(max(right - left, bottom - top))
    margin = round(_MARGIN * height)
    x0, y0 = max(0, left - margin), max(0, top - margin)
    x1, y1 = min(columns, right + margin), min(rows, bottom + margin)
    return np.ascontiguousarray(pixels[y0:y1, x0:x1]), (x0, y0), height


def _scaled(pixels: np.ndarray, scale: float) -> np.ndarray:
    if scale == 1.0:
        return np.ascontiguousarray(pixels)
    size = [max(1, round(side * scale)) for side in (pixels.shape[1], pixels.shape[0])]
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def _detections(boxes: Any, scores: Any, scale: float) -> list[Detection]:
    found = []
    for box, score in zip(boxes, scores, strict=True):
        edges = (box.left(), box.top(), box.right() + 1, box.bottom() + 1)
        left, top, right, bottom = (round(v / scale) for v in edges)
        found.append(Detection((left, top, right, bottom), float(score)))
    return sorted(found, key=lambda d: -d.confidence)
