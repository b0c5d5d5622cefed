"""Hair under what is worn on the head: hidden by hats above the brim, pressed flat by headphones."""

from __future__ import annotations

import numpy as np

from generation.renderers.embree.headmap import HeadMap
from generation.renderers.embree.strands import Strands
from generation.renderers.embree.surface import smoothstep

# Lower edge of each hat around the unposed head: heights in front (z = 1.4), over the ear (z = 0.5), behind.
BRIMS = {"beanie": (7.80, 7.62, 7.20), "cap": (7.86, 7.72, 7.50), "hat": (7.84, 7.74, 7.58)}
BAND = (0.42, 0.13)  # the headphones' band: z of its middle, half its width
FLAT = 0.035  # how far pressed hair stands off the skin


def brim_height(accessory: str, z: np.ndarray) -> np.ndarray:
    """Height of a hat's lower edge at depth z of the unposed head, decimetres; "beanie", "cap" or "hat"."""
    front, middle, behind = BRIMS[accessory]
    return np.interp(z, [-0.5, 0.5, 1.4], [behind, middle, front])


def hair_under(strands: Strands, accessory: str, head: HeadMap) -> Strands:
    """Drop and flatten the hair that the accessory covers.

    Args:
        strands: around the unposed head.
        accessory: one of `generation.views.view.ACCESSORIES`; what does not touch the hair changes nothing.
        head: the head's radius map.

    Returns:
        The strands; those wholly under a hat are gone, the others are pressed to the head under it.
    """
    if accessory in BRIMS:
        return _under_hat(strands, accessory, head)
    if accessory == "headphones":
        z, half = BAND
        points = strands.points
        pressed = smoothstep(2.2 * half, half, np.abs(points[..., 2] - z)) * (points[..., 1] > 7.0)
        return _pressed(strands, pressed, head)
    return strands


def _under_hat(strands: Strands, accessory: str, head: HeadMap) -> Strands:
    above = strands.points[..., 1] - brim_height(accessory, strands.points[..., 2])
    kept = strands.taken(above.min(axis=1) < 0.0)
    if not len(kept):
        return strands.taken(slice(0, 1))
    above = kept.points[..., 1] - brim_height(accessory, kept.points[..., 2])
    return _pressed(kept, smoothstep(-0.30, 0.02, above), head)


def _pressed(strands: Strands, amount: np.ndarray, head: HeadMap) -> Strands:
    """Bring points down to the skin by the share `amount` (n, m) of what they stand off it."""
    flat = strands.points.reshape(-1, 3)
    rows = np.flatnonzero(amount.ravel() > 0)
    height, out = head.height(flat[rows])
    points = flat.copy()
    points[rows] -= (out * (np.clip(height - FLAT, 0, None) * amount.ravel()[rows])[:, None]).astype(
        points.dtype
    )
    return Strands(
        points.reshape(strands.points.shape), strands.colour, strands.width, strands.normal, strands.span
    )
