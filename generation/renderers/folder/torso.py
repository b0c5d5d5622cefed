"""What a cut-out lacks: clean colour at its edge, and the torso beyond the edges of its picture."""

from __future__ import annotations

from typing import Any

import numpy as np


def spread_inner_colour(cv2: Any, colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Replace the colour of half-covered pixels, which holds old background, by the person's next to them."""
    solid = np.clip((alpha - 0.9) / 0.1, 0, 1).astype(np.float32)
    solid = cv2.erode(solid, np.ones((3, 3), np.uint8))
    result, known = colour * solid[..., None], solid
    total, weight = result.copy(), solid.copy()
    for sigma in (1.5, 4.0, 12.0):
        near = cv2.GaussianBlur(result, (0, 0), sigma)
        share = cv2.GaussianBlur(known, (0, 0), sigma)
        fill = (share > 1e-3) * (1 - np.clip(weight, 0, 1))
        total += near / np.maximum(share, 1e-3)[..., None] * fill[..., None]
        weight += fill
    return np.where(weight[..., None] > 0.5, total, colour).astype(np.float32)


def continue_torso(
    cv2: Any, colour: np.ndarray, alpha: np.ndarray, face: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray, tuple[float, ...]]:
    """Continue clothes beyond the picture's edges, so that a tight portrait can be placed in a wide frame.

    Shoulders fall off to the arms 1.25 face heights from the middle; the colours are the edge's, softened.
    """
    height = face[3] - face[1]
    middle = (face[0] + face[2]) / 2
    rows, columns = alpha.shape
    reach = 1.25 * height
    solid_foot = np.flatnonzero(alpha[-1] > 0.5)
    # Two pixels more than the arm: a matte that touches the edge would count as a person who goes on there.
    left = int(max(0, reach + 2 - middle)) if (alpha[:, 0] > 0.5).any() else 0
    right = int(max(0, middle + reach + 2 - columns)) if (alpha[:, -1] > 0.5).any() else 0
    bottom = int(max(0, face[3] + 3.4 * height - rows)) if len(solid_foot) else 0
    if not (left or right or bottom):
        return colour, alpha, face
    softened = cv2.GaussianBlur(colour, (0, 0), 0.03 * height)
    edged = colour.copy()
    band = max(2, int(0.04 * height))
    ramp = np.linspace(0, 1, band, dtype=np.float32)
    if bottom:
        t = ramp[:, None, None]
        edged[-band:] = edged[-band:] * (1 - t) + softened[-band:] * t
    if left:
        t = ramp[None, ::-1, None]
        edged[:, :band] = edged[:, :band] * (1 - t) + softened[:, :band] * t
    if right:
        t = ramp[None, :, None]
        edged[:, -band:] = edged[:, -band:] * (1 - t) + softened[:, -band:] * t
    border = (0, bottom, left, right)
    wide = cv2.copyMakeBorder(edged, *border, cv2.BORDER_REPLICATE)
    matte = cv2.copyMakeBorder(alpha, *border, cv2.BORDER_CONSTANT, value=0)
    x = np.arange(wide.shape[1])[None] + 0.5 - (middle + left)
    y = np.arange(wide.shape[0])[:, None] + 0.5
    for pad, inner, side in ((left, alpha[:, 0], -1), (right, alpha[:, -1], 1)):
        if pad:
            start = float(np.flatnonzero(inner > 0.5)[0])
            edge = middle if side < 0 else columns - middle
            out = np.clip((side * x - edge) / max(reach - edge, 1.0), 0, 1.2)
            shoulder = start + 0.55 * height * (1 - np.sqrt(np.clip(1 - out**2, 0, 1)))
            beyond = np.clip(y - shoulder + 0.5, 0, 1) * (side * x > edge) * np.clip(reach - side * x, 0, 1)
            matte = np.maximum(matte, beyond.astype(np.float32))
    if bottom:
        foot = matte[rows - 1]
        matte[rows:] = np.maximum(matte[rows:], foot[None])
        # The last row's own pattern fades into its mean, or every stripe would run down as a streak.
        mean = (wide[rows - 1] * foot[:, None]).sum(axis=0) / max(float(foot.sum()), 1.0)
        fade = np.clip(np.arange(1, bottom + 1, dtype=np.float32) / (0.35 * height), 0, 1)[:, None, None]
        round_off = 1 - 0.22 * np.clip(np.abs(x[0]) / reach, 0, 1) ** 2
        even = mean[None, None] * round_off[None, :, None].astype(np.float32)
        wide[rows:] = wide[rows:] * (1 - fade) + even * fade
    return wide, matte, (face[0] + left, face[1], face[2] + left, face[3])
