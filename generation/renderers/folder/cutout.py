"""From a photograph to a person without background: find the face, cut the person out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from generation.quality.recogniser import shared_recogniser
from generation.renderers.folder.torso import continue_torso, spread_inner_colour
from generation.views.srgb import decode
from remem_dataset.errors import RememError

#: A face smaller than this many pixels would be blurred in every picture.
LEAST_FACE = 40
#: A second face this large, against the largest, makes it unclear whose picture it is.
RIVAL = 0.5
#: Faces of the working crop are brought to at most this height, in pixels.
_FACE_PIXELS = 200
#: What the crop holds around the face's centre, in face heights: left and right, above, below.
_REACH = (2.6, 1.9, 4.2)
#: GrabCut runs on a crop at most this many pixels long; the matte is then refined at full size.
_GRAB_SIDE = 300
_ITERATIONS = 4
_SEARCH_SIDE = 640


@dataclass(frozen=True, eq=False)
class Cutout:
    """A person without background.

    Attributes:
        colour: (h, w, 3) float32 linear RGB, also meaningful a little outside the person.
        alpha: (h, w) float32 matte in [0, 1].
        face: (left, top, right, bottom) of the face from brow to chin, in pixels of the cut-out.
        photo: (s, s, 3) float32 linear RGB: a square of the picture as it was, for frames and badges.
        photo_face: the face's box in `photo`.
    """

    colour: np.ndarray
    alpha: np.ndarray
    face: tuple[float, float, float, float]
    photo: np.ndarray
    photo_face: tuple[float, float, float, float]


def import_cv2() -> Any:
    """OpenCV, on one thread, so that every machine cuts alike.

    Raises:
        RememError: it is not installed.
    """
    try:
        import cv2
    except ImportError:
        raise RememError(
            "The renderer 'folder' needs the package opencv-python-headless, which is not installed; install "
            "the extra remem-bench[faces]."
        ) from None
    cv2.setNumThreads(1)
    return cv2


def find_face(rgb: np.ndarray, where: str) -> tuple[int, int, int, int]:
    """Box of the only, or by far the largest, face.

    Args:
        rgb: uint8 (h, w, 3).
        where: what to call the picture in an error.

    Raises:
        RememError: no face, a small one, or two of similar size.
    """
    scale = min(1.0, _SEARCH_SIDE / max(rgb.shape[:2]))
    small = rgb if scale == 1.0 else _resized(rgb, scale)
    found = [tuple(v / scale for v in d.box) for d in shared_recogniser().faces(small)]
    if not found:
        raise RememError(
            f"No face was found in {where}; a picture must show one, upright and from the front."
        )
    found.sort(key=lambda b: (b[1] - b[3], b))
    heights = [b[3] - b[1] for b in found]
    if len(found) > 1 and heights[1] > RIVAL * heights[0]:
        raise RememError(f"{where} shows {len(found)} faces; a picture must show one person.")
    if heights[0] < LEAST_FACE:
        raise RememError(
            f"The face in {where} is {heights[0]:.0f} pixels high; at least {LEAST_FACE} are needed."
        )
    return _settled(rgb, found[0])


def _settled(rgb: np.ndarray, box: tuple[float, ...]) -> tuple[int, int, int, int]:
    """Mean of the boxes found at several scales: the detector's pyramid goes in steps of a fifth."""
    boxes = [box]
    middle = np.array([box[0] + box[2], box[1] + box[3]]) / 2
    for factor in (0.88, 0.94, 1.06, 1.13):
        half = (np.array(box[2:]) - np.array(box[:2])) / 2 * factor
        guess = tuple(round(float(v)) for v in (*(middle - half), *(middle + half)))
        boxes += [d.box for d in shared_recogniser().faces(rgb, expected=guess)]
    return tuple(round(float(v)) for v in np.mean(boxes, axis=0))


def cut_out(rgba: np.ndarray, where: str) -> Cutout:
    """Separate the person from the background.

    A picture with an alpha channel that is used is taken at its word; else GrabCut (Rother, Kolmogorov &
    Blake 2004), started from the face's box, and a guided filter (He, Sun & Tang 2010), which brings the edge
    to the hair.

    Args:
        rgba: uint8 (h, w, 4).
        where: what to call the picture in an error.

    Raises:
        RememError: no usable face, or nothing that could be told from the background.
    """
    cv2 = import_cv2()
    opaque = rgba[..., 3] >= 128
    masked = float(opaque.mean()) < 0.98
    rgb = rgba[..., :3]
    if masked:  # what lies under transparent pixels is arbitrary; grey is what a face detector ignores
        share = rgba[..., 3:].astype(np.float32) / 255
        rgb = np.rint(rgb * share + 128 * (1 - share)).astype(np.uint8)
    box = find_face(rgb, where)
    scale = min(1.0, _FACE_PIXELS / (box[3] - box[1]))
    if scale < 1.0:
        rgb, rgba = _resized(rgb, scale), _resized(rgba, scale)
        box = tuple(v * scale for v in box)
    window = _window(box, rgb.shape)
    left, top, right, bottom = window
    crop = np.ascontiguousarray(rgb[top:bottom, left:right])
    face = (box[0] - left, box[1] - top, box[2] - left, box[3] - top)
    if masked:
        alpha = rgba[top:bottom, left:right, 3].astype(np.float32) / 255
        crop = np.ascontiguousarray(rgba[top:bottom, left:right, :3])
    else:
        alpha = _grab(cv2, crop, face)
    inner = alpha[_rows(face, alpha.shape)]
    if not inner.size or inner.mean() < 0.6:
        raise RememError(f"The person in {where} could not be told from the background.")
    colour = spread_inner_colour(cv2, to_linear(crop), alpha)
    photo, photo_face = _square(rgb, box)
    colour, alpha, face = continue_torso(cv2, colour, alpha, face)
    return Cutout(colour, alpha, face, to_linear(photo), photo_face)


def to_linear(srgb: np.ndarray) -> np.ndarray:
    """Linear light (float32) of uint8 sRGB, with the renderers' tone curve undone.

    The curve is x up to 0.6 and 0.6 + 0.4·(1 − exp(−(x − 0.6)/0.4)) above; see `embree.post.to_srgb`.
    """
    linear = decode(np.arange(256, dtype=np.float64) / 255)
    over = np.clip((linear - 0.6) / 0.4, 0, 0.93)
    table = np.where(linear > 0.6, 0.6 - 0.4 * np.log1p(-over), linear).astype(np.float32)
    return table[srgb]


def _resized(picture: np.ndarray, scale: float) -> np.ndarray:
    size = [max(1, round(side * scale)) for side in (picture.shape[1], picture.shape[0])]
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def _window(box: tuple[float, ...], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    height = box[3] - box[1]
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    side, above, below = (r * height for r in _REACH)
    return (
        int(max(0, x - side)),
        int(max(0, y - above)),
        int(min(shape[1], x + side)),
        int(min(shape[0], y + below)),
    )


def _rows(face: tuple[float, ...], shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The middle of the face's box."""
    left, top, right, bottom = face
    dx, dy = (right - left) / 4, (bottom - top) / 4
    return (
        slice(max(0, int(top + dy)), min(shape[0], int(bottom - dy))),
        slice(max(0, int(left + dx)), min(shape[1], int(right - dx))),
    )


def _grab(cv2: Any, crop: np.ndarray, face: tuple[float, ...]) -> np.ndarray:
    """Matte (h, w) by GrabCut on a reduced crop, refined on the full one."""
    rows, columns = crop.shape[:2]
    scale = min(1.0, _GRAB_SIDE / max(rows, columns))
    small = _resized(crop, scale)
    mask = _first_guess(cv2, small.shape[:2], tuple(v * scale for v in face))
    _guess_clothes(cv2, mask, small, tuple(v * scale for v in face))
    cv2.setRNGSeed(0)  # GrabCut's clusters start at random
    models = np.zeros((1, 65)), np.zeros((1, 65))
    bgr = np.ascontiguousarray(small[..., ::-1])
    cv2.grabCut(bgr, mask, None, *models, _ITERATIONS, cv2.GC_INIT_WITH_MASK)
    person = ((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)).astype(np.uint8)
    person = _one_piece(cv2, person, tuple(v * scale for v in face))
    rough = cv2.GaussianBlur(person.astype(np.float32), (0, 0), 1.0)
    alpha = cv2.resize(rough, (columns, rows), interpolation=cv2.INTER_LINEAR)
    radius = max(2, round(0.035 * (face[3] - face[1])))
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    return _harden(_guided(cv2, grey, alpha, radius, 2e-4))


def _first_guess(cv2: Any, shape: tuple[int, int], face: tuple[float, ...]) -> np.ndarray:
    """GrabCut's start: a sure face, a likely head and torso, sure background beside and above the head."""
    height = face[3] - face[1]
    x, y = (face[0] + face[2]) / 2, (face[1] + face[3]) / 2
    columns, rows = np.meshgrid(np.arange(shape[1]) + 0.5, np.arange(shape[0]) + 0.5)
    u, v = (columns - x) / height, (rows - y) / height  # in face heights, v down
    mask = np.full(shape, cv2.GC_PR_BGD, np.uint8)
    # What starts as person teaches GrabCut the person's colours, so the gap between cheek and shoulder, which
    # long hair fills and short hair leaves open, starts as background.
    head = (u / (0.80 - 0.32 * np.clip((v + 0.25) / 0.5, 0, 1))) ** 2 + ((v + 0.13) / 1.0) ** 2 < 1
    torso = (v > 0.65) & (np.abs(u) < 0.45 + 1.1 * np.clip((v - 0.65) / 0.55, 0, 1))
    mask[head | torso] = cv2.GC_PR_FGD
    away = (u / 1.0) ** 2 + ((v + 0.1) / 1.4) ** 2 > 1
    mask[away & (v < 0.45)] = cv2.GC_BGD
    neck = (np.abs(u) < 0.28) & (v >= 0) & (v < 1.0)
    mask[((u / 0.40) ** 2 + (v / 0.52) ** 2 < 1) | neck] = cv2.GC_FGD
    chest = (v >= 0.95) & (np.abs(u) < 0.35 + 1.4 * np.clip(v - 0.95, 0, 0.43))
    mask[chest] = cv2.GC_FGD
    return mask


def _guess_clothes(cv2: Any, mask: np.ndarray, picture: np.ndarray, face: tuple[float, ...]) -> None:
    """Call likely person, below the chin, what has no colour of the sure background.

    A tight portrait shows too little of the clothes for the torso's outline to teach GrabCut their colour.
    """
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32)
    behind = lab[mask == cv2.GC_BGD]
    if len(behind) < 50:
        return
    centre, spread = behind.mean(axis=0), np.cov(behind.T) + np.diag([25.0, 9.0, 9.0])
    offset = lab - centre
    away = np.einsum("rci,ij,rcj->rc", offset, np.linalg.inv(spread), offset)
    below = np.arange(len(lab))[:, None] > face[3] + 0.08 * (face[3] - face[1])
    mask[below & (away > 16.0) & (mask == cv2.GC_PR_BGD)] = cv2.GC_PR_FGD


def _one_piece(cv2: Any, person: np.ndarray, face: tuple[float, ...]) -> np.ndarray:
    """The component that holds the face, without holes."""
    _, labels = cv2.connectedComponents(person, connectivity=4)
    row, column = int((face[1] + face[3]) / 2), int((face[0] + face[2]) / 2)
    person = (labels == labels[min(row, labels.shape[0] - 1), min(column, labels.shape[1] - 1)]).astype(
        np.uint8
    )
    size = 3
    person = cv2.morphologyEx(person, cv2.MORPH_OPEN, np.ones((size, size), np.uint8))
    outside = np.pad(1 - person, ((1, 0), (1, 1)), constant_values=1)  # a gap at the foot is no hole either
    _, labels = cv2.connectedComponents(outside.astype(np.uint8), connectivity=4)
    return (labels[1:, 1:-1] != labels[0, 0]).astype(np.uint8)


def _guided(cv2: Any, guide: np.ndarray, source: np.ndarray, radius: int, epsilon: float) -> np.ndarray:
    """Guided filter with a grey guide: output = mean(a)·guide + mean(b), a = cov/(var + ε)."""

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.blur(values, (2 * radius + 1, 2 * radius + 1), borderType=cv2.BORDER_REFLECT)

    mean_guide, mean_source = mean(guide), mean(source)
    slope = (mean(guide * source) - mean_guide * mean_source) / (mean(guide**2) - mean_guide**2 + epsilon)
    return mean(slope) * guide + mean(mean_source - slope * mean_guide)


def _harden(alpha: np.ndarray) -> np.ndarray:
    """Pull faint veils to 0 and near-solid to 1, the ramp between staying soft."""
    t = np.clip((alpha - 0.15) / 0.75, 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def _square(rgb: np.ndarray, box: tuple[float, ...]) -> tuple[np.ndarray, tuple[float, ...]]:
    """The largest square up to 2.4 face heights around the face, and the face's box in it."""
    height = box[3] - box[1]
    side = int(min(2.4 * height, *rgb.shape[:2]))
    left = int(np.clip((box[0] + box[2] - side) / 2, 0, rgb.shape[1] - side))
    top = int(np.clip((box[1] + box[3] - side) / 2, 0, rgb.shape[0] - side))
    inside = (box[0] - left, box[1] - top, box[2] - left, box[3] - top)
    return rgb[top : top + side, left : left + side], inside
