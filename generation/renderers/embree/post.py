"""From noisy samples to a picture: denoising, compositing, tone curve."""

from __future__ import annotations

import functools

import mitsuba_oidn
import numpy as np
from scipy import ndimage

from generation.views.srgb import encode


@functools.lru_cache(maxsize=1)
def _device() -> mitsuba_oidn.Device:
    """The CPU, whatever else the machine has, on one thread: with another count the last bits differ."""
    device = mitsuba_oidn.Device(mitsuba_oidn.DeviceType.CPU)
    device.num_threads = 1
    device.commit()
    return device


def denoise(colour: np.ndarray, albedo: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Intel Open Image Denoise on (s, s, 3) linear colour, guided by albedo and normal.

    The filter is made anew for each picture: kept, as the library's own `denoise` does, it holds 80 MB.
    """
    network = _device().new_filter("RT")
    network.hdr = True
    for name, array in (("color", colour), ("albedo", albedo), ("normal", normal)):
        network.set_image(name, np.ascontiguousarray(array, dtype=np.float32))
    output = np.empty(colour.shape, np.float32)
    network.set_image("output", output)
    network.execute()
    return output


def composite(picture: np.ndarray, coverage: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Put the untouched background back where no ray of a pixel or its neighbours hit anything.

    Args:
        picture: (s, s, 3) denoised person over background.
        coverage: (s, s) share of the pixel's rays that hit the person.
        background: (s, s, 3) as painted.
    """
    near = ndimage.maximum_filter(coverage, size=3) > 0
    return np.where(near[..., None], picture, background)


def to_srgb(linear: np.ndarray) -> np.ndarray:
    """Soft-shouldered tone curve, then the sRGB transfer function, as uint8.

    The curve is the identity up to 0.6 and compresses what lies above into [0.6, 1].
    """
    knee = 0.6
    over = np.maximum(linear - knee, 0)
    toned = np.where(
        linear > knee, knee + (1 - knee) * (1 - np.exp(-over / (1 - knee))), np.maximum(linear, 0)
    )
    return np.clip(np.rint(encode(toned) * 255), 0, 255).astype(np.uint8)
