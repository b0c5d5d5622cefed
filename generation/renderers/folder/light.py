"""Bringing a photograph's light towards a light rig's: colour, exposure and side."""

from __future__ import annotations

import numpy as np

from generation.views.view import LightRig

#: How far the colour goes towards the rig's; a photograph has a light of its own, which stays believable.
COLOUR = 0.35
EXPOSURE = 0.25
SIDE = 0.16
#: Mean light on a face in the rigs of `assets/lights.yaml`.
_USUAL = 0.95


def grade(rig: LightRig, offsets: np.ndarray) -> np.ndarray:
    """Factors to multiply linear colours by.

    Args:
        rig: the scene's light.
        offsets: (w,) distance of each column right of the face's middle, in face widths.

    Returns:
        (w, 3) float32, near 1.
    """
    ambient = (np.asarray(rig.ambient_sky) + np.asarray(rig.ambient_ground)) / 2
    total = ambient.astype(float)
    side = 0.0
    for light in rig.lights:
        strength = light.power * np.asarray(light.colour)
        front = max(0.0, float(np.cos(np.radians(light.azimuth)) * np.cos(np.radians(light.elevation))))
        total = total + strength * (0.25 + 0.75 * front)
        side += float(strength.mean() * np.sin(np.radians(light.azimuth)))
    level = max(float(total.mean()), 1e-3)
    tint = (np.maximum(total, 1e-3) / level) ** COLOUR
    exposure = float(np.clip(level / _USUAL, 0.4, 2.0)) ** EXPOSURE
    ramp = 1 + SIDE * np.clip(side / level, -1, 1) * np.tanh(offsets)
    return (exposure * ramp[:, None] * tint[None]).astype(np.float32)
