"""Drawing persons: candidates for the looks of each identity, plausible one by one.

A candidate is a set of latent draws that know neither gender nor age; gender and age, which the profile
fixes, turn the latents into a `Person`. Which candidate an identity gets is settled in
`generation.people.casting`. What strangers count people by (skin tone's quarter, beard, glasses, earrings,
scar) belongs to the identity and not to the candidate: the choice among candidates cannot then unbalance the
population.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from generation.people.appearance import GENDERS, Appearance, load_appearance
from generation.people.person import Person, Rgb
from generation.streams import stream
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError

AGES = (18, 80)


@dataclass(frozen=True)
class Latent:
    """Draws behind one person. `u_…` are uniform in [0, 1) and turned into a choice by a table."""

    group: str
    melanin: float
    ancestry: np.ndarray  # (3,)
    hair_colour: Rgb
    iris: Rgb
    brow: float
    freckles: float
    redness: float
    weight: float
    muscle: float  # standard normal
    grey: float  # standard normal
    face: np.ndarray  # (features,), signed, in units of each feature's maximum
    head_shape: int  # number of the stem; -1 for none
    head_shape_amount: float
    asymmetries: dict[str, float]
    moles: tuple[tuple[float, float, float], ...]
    u_style: dict[str, float]  # by gender
    u_frame: float
    u_lip: float


@dataclass(frozen=True)
class Traits:
    """Draws that all candidates of an identity share: uniform in [0, 1), spread evenly over identities."""

    u_beard: float
    u_glasses: float
    u_earrings: float
    u_scar: float
    scar: tuple[float, float, float, float]  # as in `Person`


def sample_person(config: BenchmarkConfig, index: int, gender: str, age: int, candidate: int = 0) -> Person:
    """What the person with that number looks like.

    Args:
        config: only its seed matters, so a person stays the same when identities are added.
        index: 0-based number of the identity.
        gender: "female" or "male".
        age: years, 18–80.
        candidate: which of the looks drawn for that identity; see `generation.people.casting`.

    Returns:
        The person, the same for the same arguments on any machine.

    Raises:
        RememError: the gender, the age or a number is not one of those allowed.
    """
    if index < 0:
        raise RememError(f"The identity number is {index}; it must be 0 or more.")
    if candidate < 0:
        raise RememError(f"The candidate number is {candidate}; it must be 0 or more.")
    if gender not in GENDERS:
        raise RememError(f"The gender is {gender!r}; it must be one of {', '.join(GENDERS)}.")
    if not AGES[0] <= age <= AGES[1]:
        raise RememError(f"The age is {age}; it must lie between {AGES[0]} and {AGES[1]}.")
    tables = load_appearance()
    latent = _draw(tables, config.seed, index, candidate)
    return _express(tables, latent, _traits(config.seed, index), index, gender, age)


def tone_quarter(seed: int, index: int) -> int:
    """Which quarter of the skin tones, 0 (palest) to 3, the person comes from.

    Four identities from a multiple of four on take all four quarters. They come as pairs two quarters apart,
    so that any four consecutive ones hold a lighter and a darker half; orders are shuffled, so that tone
    does not follow the identity's number.
    """
    rng = stream(seed, "appearance", index // 4, "tone")
    pairs = [rng.permutation(pair) for pair in rng.permutation([[0, 2], [1, 3]])]
    return int(np.concatenate(pairs)[index % 4])


def style_weights(tables: Appearance, group: str, gender: str, age: int) -> dict[str, float]:
    """Relative frequency of each hair style for a person of that group, gender and age."""
    factors = tables.textures[tables.groups[group].texture]
    return {
        name: style.weight[gender] * factors.get(name, 1.0) * (age >= style.min_age)
        for name, style in tables.styles.items()
    }


def _pick(weights: dict[str, float], u: float) -> str:
    names = list(weights)
    bounds = np.cumsum([weights[n] for n in names])
    return names[int(np.searchsorted(bounds, u * bounds[-1], side="right"))]


def _spread(seed: int, index: int, what: str) -> float:
    """A uniform draw; among ten pairs of identities, each tenth of [0, 1) comes once for either gender.

    Pairs hold one woman and one man (`generation.profiles`), hence pairs.
    """
    block, place = divmod(index // 2, 10)
    rng = stream(seed, "appearance", "spread", what, block, index % 2)
    # Both of a pair share the deal, so that the gender which a trait needs gets all ten tenths.
    dealt = stream(seed, "appearance", "spread", what, block).permutation(10)
    return float((dealt[place] + rng.random(10)[place]) / 10)


@functools.lru_cache(maxsize=64)
def _traits(seed: int, index: int) -> Traits:
    tables = load_appearance()
    rng = stream(seed, "appearance", index, "scar")
    x0, x1, y0, y1 = tables.scars["boxes"][rng.integers(len(tables.scars["boxes"]))]
    side = 1 if rng.random() < 0.5 else -1
    scar = (
        float(side * rng.uniform(x0, x1)),
        float(rng.uniform(y0, y1)),
        float(rng.uniform(*tables.scars["length"])),
        float(rng.uniform(-80, 80)),
    )
    return Traits(
        u_beard=_spread(seed, index, "beard"),
        u_glasses=_spread(seed, index, "glasses"),
        u_earrings=_spread(seed, index, "earrings"),
        u_scar=_spread(seed, index, "scar"),
        scar=scar,
    )


def _draw(tables: Appearance, seed: int, index: int, candidate: int) -> Latent:
    rng = stream(seed, "appearance", index, "candidate", candidate)
    melanin = (tone_quarter(seed, index) + rng.uniform(0.06, 0.94)) / 4
    possible = {n: g.weight for n, g in tables.groups.items() if g.melanin[0] <= melanin <= g.melanin[1]}
    name = _pick(possible, rng.random())
    group = tables.groups[name]
    freckled = rng.random() < tables.freckles["share"] and melanin < tables.freckles["until"]
    chosen = rng.choice(len(tables.asymmetries.stems), size=rng.integers(2, 4), replace=False)
    amounts = rng.uniform(0, tables.asymmetries.max, len(chosen))
    mixed = rng.uniform(0, tables.mixture)
    return Latent(
        group=name,
        melanin=melanin,
        ancestry=(1 - mixed) * np.array(group.ancestry) + mixed * rng.dirichlet([1, 1, 1]),
        hair_colour=_tinted(tables.hair_colours[_pick(group.hair, rng.random())], rng),
        iris=_tinted(tables.iris_colours[_pick(group.iris, rng.random())], rng),
        brow=float(np.clip(rng.normal(0.5, 0.32), 0.05, 1)),
        freckles=float(rng.uniform(0.25, 0.9)) if freckled else 0.0,
        redness=float(np.clip(rng.normal(0.42, 0.17), 0.05, 0.95)),
        weight=float(np.clip(rng.normal(tables.weight["mean"], tables.weight["scatter"]), 0.2, 0.9)),
        muscle=float(rng.normal()),
        grey=float(rng.normal()),
        face=np.clip(rng.normal(0, 0.8, len(tables.features)), -1, 1),
        head_shape=int(rng.integers(-1, len(tables.head_shapes.stems))),
        head_shape_amount=float(rng.uniform(0.2, 1)),
        asymmetries={tables.asymmetries.stems[k]: float(a) for k, a in zip(chosen, amounts, strict=True)},
        moles=_moles(tables, rng),
        u_style={gender: rng.random() for gender in GENDERS},
        u_frame=rng.random(),
        u_lip=rng.random(),
    )


def _tinted(base: Rgb, rng: np.random.Generator) -> Rgb:
    """A natural spread around a table colour: brightness ± 12 %, hue a little."""
    shade = np.array(base) * np.exp(rng.normal(0, 0.12) + rng.normal(0, 0.05, 3))
    red, green, blue = (float(v) for v in np.clip(shade, 0, 1))
    return red, green, blue


def _moles(tables: Appearance, rng: np.random.Generator) -> tuple[tuple[float, float, float], ...]:
    moles = []
    for _ in range(min(4, rng.poisson(tables.moles["mean"]))):
        x0, x1, y0, y1 = tables.moles["boxes"][rng.integers(len(tables.moles["boxes"]))]
        side = 1 if rng.random() < 0.5 else -1
        radius = rng.uniform(*tables.moles["radius"])
        moles.append((float(side * rng.uniform(x0, x1)), float(rng.uniform(y0, y1)), float(radius)))
    return tuple(moles)


def _express(tables: Appearance, latent: Latent, traits: Traits, index: int, gender: str, age: int) -> Person:
    """Turn latents into the person of that gender and age."""
    midpoint = tables.grey["midpoint"] + tables.grey["scatter"] * latent.grey
    grey = 1 / (1 + np.exp(-(age - midpoint) / tables.grey["width"]))
    worn = tables.glasses["old" if age >= tables.glasses["old_from"] else "young"]
    muscle = tables.muscle[gender] + tables.muscle["scatter"] * latent.muscle
    return Person(
        index=index,
        gender=gender,
        age=age,
        ancestry=tuple(float(v) for v in latent.ancestry),
        muscle=float(np.clip(muscle, 0, 1)),
        weight=latent.weight,
        melanin=latent.melanin,
        redness=latent.redness,
        freckles=latent.freckles,
        lip=_lip(tables, latent, gender),
        iris=latent.iris,
        brow_thickness=float(np.clip(latent.brow + (0.1 if gender == "male" else -0.1), 0.05, 1)),
        hair_style=_pick(style_weights(tables, latent.group, gender, age), latent.u_style[gender]),
        hair_colour=latent.hair_colour,
        grey=float(grey) if grey > 0.1 else 0.0,  # single white strands look like scratches
        beard=_pick(tables.beards, traits.u_beard) if gender == "male" else "none",
        glasses=_pick(tables.glasses["frames"], latent.u_frame) if traits.u_glasses < worn else "none",
        moles=latent.moles,
        face_targets=_face_targets(tables, latent),
        earrings=_pick(tables.earrings[gender], traits.u_earrings),
        scar=traits.scar if traits.u_scar < tables.scars["share"] else (),
    )


def _lip(tables: Appearance, latent: Latent, gender: str) -> Rgb:
    light, dark = np.array(tables.lips["light"]), np.array(tables.lips["dark"])
    lip = light + (dark - light) * latent.melanin
    painted = tables.lips["painted"]
    # Half of the women paint their lips; the same draw says how much and in which colour.
    if gender == "female" and latent.u_lip > 0.5:
        share = (latent.u_lip - 0.5) * 2 * len(painted)
        lip += (np.array(painted[int(share)]) * (1 - 0.45 * latent.melanin) - lip) * tables.lips["tint"]
    red, green, blue = (float(v) for v in np.clip(lip, 0, 1))
    return red, green, blue


def _face_targets(tables: Appearance, latent: Latent) -> dict[str, float]:
    targets = {}
    for feature, value in zip(tables.features, latent.face, strict=True):
        for stem in feature.high if value > 0 else feature.low:
            targets[stem] = float(abs(value) * feature.max)
    if latent.head_shape >= 0:
        stem = tables.head_shapes.stems[latent.head_shape]
        targets[stem] = latent.head_shape_amount * tables.head_shapes.max
    return targets | latent.asymmetries
