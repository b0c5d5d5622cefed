"""Out-of-focus places behind the person, painted with numpy in linear light."""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path

import numpy as np

from generation.cache import load_or_build
from generation.streams import stream
from generation.views.backgrounds import (  # noqa: F401  (they register painters)
    halls,
    home,
    indoor,
    openair,
    outdoor,
    plain,
    shops,
    transport,
    urban,
)
from generation.views.backgrounds.canvas import resample
from generation.views.backgrounds.registry import PAINTERS, check_params, paint_canvas
from generation.views.view import Scene

#: Largest mean level of a whole place, linear.
BRIGHTEST = 0.42

__all__ = ["check_params", "paint_background", "painter_names"]


def painter_names() -> list[str]:
    """The kinds of place that can be painted."""
    return sorted(PAINTERS)


def paint_background(scene: Scene, size: int, draw: int) -> np.ndarray:
    """Paint what is behind the person.

    A scene is one place: its layout depends on the scene alone. Two pictures taken there differ by where
    the camera stands, which `draw` decides. The composition does not depend on `size`.

    Args:
        scene: the place; `kind` names a painter and `params` feed it.
        size: side of the picture in pixels.
        draw: number of the picture.

    Returns:
        Linear RGB, float32 (size, size, 3) in [0, 1].

    Raises:
        RememError: the scene's kind or a parameter is unknown.
    """
    params = check_params(scene.kind, scene.params, f"scene {scene.id!r}")
    exposure = params.pop("exposure")
    place = _place(scene.id, scene.kind, json.dumps(params, sort_keys=True))
    rng = stream(draw, "background-framing")
    extent = rng.uniform(0.70, 0.82)
    x0, y0 = rng.uniform(0, 1 - extent), rng.uniform(0.3, 0.7) * (1 - extent)
    picture = resample(place[:, ::-1] if rng.random() < 0.3 else place, x0, y0, extent, size)
    return np.clip(picture * exposure, 0, 1).astype(np.float32)


def _place(scene_id: str, kind: str, params: str) -> np.ndarray:
    """The whole place, float16 (SIDE, SIDE, 3).

    Places lie in the disk cache: painting one takes 0.1 s, and all of them would take 50 MB of each worker.
    """
    content = hashlib.blake2b(f"{_code_digest()}\0{scene_id}\0{kind}\0{params}".encode(), digest_size=12)
    name = f"place-{content.hexdigest()}"
    return load_or_build(name, lambda: {"place": _paint(scene_id, kind, params)}, ["place"])["place"]


def _paint(scene_id: str, kind: str, params: str) -> np.ndarray:
    picture = paint_canvas(kind, json.loads(params), stream(0, "background-place", scene_id))
    # A photograph exposed for the face: a bright place is not much brighter than the face before it.
    picture *= min(1.0, BRIGHTEST / float(np.minimum(picture, 1).mean()))
    # A film-like shoulder above 0.7, so that lamps stay coloured instead of clipping to flat white.
    picture = np.where(picture > 0.7, 0.7 + 0.3 * -np.expm1(-(picture - 0.7) / 0.3), picture)
    return picture.astype(np.float16)


@functools.lru_cache(maxsize=1)
def _code_digest() -> str:
    """Digest of the painters: another version of them must not find the places of this one."""
    whole = hashlib.blake2b(digest_size=12)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        whole.update(path.read_bytes())
    return whole.hexdigest()
