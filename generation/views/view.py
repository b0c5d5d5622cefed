"""How one picture is taken: pose, expression, clothes, light, scene, camera."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

Rgb = tuple[float, float, float]


@dataclass(frozen=True)
class Outfit:
    """A shirt. `neckline` is "crew", "v" or "turtle"; `pattern` is "plain", "stripes" or "check"."""

    id: str
    neckline: str
    pattern: str
    colours: tuple[Rgb, Rgb]


@dataclass(frozen=True)
class AreaLight:
    """One area light, placed by angles around the head (degrees; azimuth 0 = camera, + = its right)."""

    azimuth: float
    elevation: float
    size: float  # decimetres
    colour: Rgb
    power: float  # 1 lights the face to full exposure on its own


@dataclass(frozen=True)
class LightRig:
    """Area lights (two or more) and an ambient colour from above and from below."""

    id: str
    lights: tuple[AreaLight, ...]
    ambient_sky: Rgb
    ambient_ground: Rgb


@dataclass(frozen=True)
class Scene:
    """A background: `kind` names a painter in `generation/renderers/backgrounds`, `params` feed it."""

    id: str
    kind: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class View:
    """One picture's set-up. Angles in degrees, positive yaw turns the head to the camera's right.

    Attributes:
        id: "<role>-<number>", unique within the identity.
        role: "anchor", "train", "seen" or "unseen".
        expression: expression name in `assets/expressions.yaml`, at strength `expression_strength`.
        gaze: (yaw, pitch) of the eyes relative to the head.
        camera_distance: decimetres from the head; `camera_shift` moves the frame (right, up) in dm.
        draw: number that seeds the picture's own noise (ray jitter, background details).
    """

    id: str
    role: str
    yaw: float
    pitch: float
    roll: float
    expression: str
    expression_strength: float
    gaze: tuple[float, float]
    outfit: Outfit
    light: LightRig
    scene: Scene
    camera_distance: float
    camera_shift: tuple[float, float]
    draw: int

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready description, stored beside the picture."""
        return asdict(self)
