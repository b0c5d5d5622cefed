"""What a person looks like: everything that stays the same from picture to picture."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

Rgb = tuple[float, float, float]


@dataclass(frozen=True)
class Person:
    """The fixed appearance of one identity. Colours are linear RGB in [0, 1]; amounts lie in [0, 1].

    Attributes:
        index: 0-based number of the identity.
        gender: "female" or "male".
        age: apparent age in years, 18–80.
        ancestry: weights of the body model's (african, asian, caucasian) macro shapes, summing to 1.
        muscle: muscle macro; 0.5 is average.
        weight: weight macro; 0.5 is average.
        face_targets: body-model face target (file stem, without .target) -> signed-free amount in [0, 1].
        melanin: skin tone from 0 (palest) to 1 (darkest).
        redness: how ruddy cheeks, nose and ears are.
        freckles: density of freckles.
        moles: canonical (x, y, radius) of each mole on the face front, in decimetres.
        lip: lip colour.
        iris: iris colour.
        brow_thickness: brow density and width.
        hair_style: name of a style in `assets/hair.yaml`.
        hair_colour: base colour of hair, brows and beard.
        grey: share of grey strands.
        beard: "none", "stubble", "moustache", "goatee" or "full".
        glasses: "none" or one of `FRAMES`; worn in every picture.
        earrings: "none", "stud" or "hoop"; worn in every picture.
        scar: canonical (x, y, length, angle in degrees from horizontal) on the face front, in decimetres; ()
            for none.
    """

    index: int
    gender: str
    age: int
    ancestry: tuple[float, float, float]
    muscle: float
    weight: float
    melanin: float
    redness: float
    freckles: float
    lip: Rgb
    iris: Rgb
    brow_thickness: float
    hair_style: str
    hair_colour: Rgb
    grey: float
    beard: str
    glasses: str
    moles: tuple[tuple[float, float, float], ...] = ()
    face_targets: dict[str, float] = field(default_factory=dict)
    earrings: str = "none"
    scar: tuple[float, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready description, stored with the profile."""
        return asdict(self)
