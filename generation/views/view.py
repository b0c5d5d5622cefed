"""How one picture is taken: pose, expression, clothes, light, scene, camera."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

Rgb = tuple[float, float, float]

ACCESSORIES = ("none", "beanie", "cap", "hat", "scarf", "headphones", "sunglasses")
OCCLUDERS = ("none", "plant", "cup", "book", "post")
PROPS = ("table", "chair", "sofa", "bench", "counter", "plant", "lamp", "cup", "laptop", "books", "fence")


@dataclass(frozen=True)
class Outfit:
    """What a person wears on top.

    Attributes:
        id: the outfit's name in `assets/wardrobe.yaml`.
        neckline: "crew", "v" or "turtle": how far the inner layer reaches up.
        pattern: "plain", "stripes" or "check".
        colours: main and second colour.
        garment: "t-shirt", "sweater", "shirt" (with a collar and buttons), "hoodie" or "jacket" (open, over a
            plain inner layer in the second colour).
        words: how a question names it, such as "green jacket"; "" where no question may.
    """

    id: str
    neckline: str
    pattern: str
    colours: tuple[Rgb, Rgb]
    garment: str = "t-shirt"
    words: str = ""


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
    """A background: `kind` names a painter in `generation/views/backgrounds`, `params` feed it."""

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
        framing: "close-up", "portrait", "bust" or "half-body"; says in words what the distance does.
        accessory: one of `ACCESSORIES`; worn in this picture only.
        occluder: one of `OCCLUDERS`; something close to the camera that covers a small part of the picture.
        blur: radius (sigma) of the whole picture's blur, as a share of its width; 0 for none.
        attempt: how many earlier draws of this picture the face check refused.
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
    framing: str = "portrait"
    accessory: str = "none"
    occluder: str = "none"
    blur: float = 0.0
    attempt: int = 0

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready description, stored beside the picture."""
        return asdict(self)


@dataclass(frozen=True)
class Figure:
    """One person in a group picture.

    Attributes:
        identity: 0-based number of the identity.
        kind: "present"; "portrait" (a framed picture of that person in the scene); "badge" (an ID card with
            that person's picture, worn by the figure before this one).
        place: how questions name the figure, such as "on the left" or "in the green jacket"; unique in the
            picture.
        position: (right, up, towards the camera) of the head from where a lone person's head is, decimetres.
        yaw, pitch, roll, expression, expression_strength, gaze, outfit, accessory: as in `View`.
    """

    identity: int
    kind: str
    place: str
    position: tuple[float, float, float]
    yaw: float
    pitch: float
    roll: float
    expression: str
    expression_strength: float
    gaze: tuple[float, float]
    outfit: Outfit
    accessory: str = "none"


@dataclass(frozen=True)
class Prop:
    """A solid thing in a group picture: `kind` is one of `PROPS`; position and size in decimetres."""

    kind: str
    position: tuple[float, float, float]
    size: float
    colour: Rgb


@dataclass(frozen=True)
class GroupView:
    """A picture of several figures. `id` is "group-<role>-<number>"; other fields as in `View`.

    Attributes:
        figures: two to four, from left to right as they were placed; a badge follows its wearer.
        asked: which of `figures` the question is about.
        props: furniture and things, with their depth.
    """

    id: str
    role: str
    figures: tuple[Figure, ...]
    asked: int
    props: tuple[Prop, ...]
    light: LightRig
    scene: Scene
    camera_distance: float
    camera_shift: tuple[float, float]
    draw: int
    blur: float = 0.0
    attempt: int = 0

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready description, stored beside the picture."""
        return asdict(self)
