"""From the name of an accessory to its surfaces on a posed figure."""

from __future__ import annotations

import functools

import numpy as np

from generation.people.tables import colour, listing, mapping, read_table
from generation.renderers.embree.accessories.earrings import build_earrings
from generation.renderers.embree.accessories.glasses import build_glasses, build_sunglasses
from generation.renderers.embree.accessories.hats import build_beanie, build_cap, build_hat
from generation.renderers.embree.accessories.headphones import build_headphones
from generation.renderers.embree.accessories.scarf import build_scarf
from generation.renderers.embree.surface import Surface
from generation.renderers.embree.tables import check_choice
from generation.streams import stream
from generation.views.view import ACCESSORIES, Rgb

Head = tuple[np.ndarray, np.ndarray]
Eyes = list[tuple[np.ndarray, float]]
HATS = {"beanie": build_beanie, "cap": build_cap, "hat": build_hat}


@functools.lru_cache(maxsize=1)
def _palettes() -> dict[str, list[tuple[Rgb, Rgb]]]:
    where = "accessories.yaml: accessories"
    table = mapping(read_table("accessories").get("accessories"), where, ACCESSORIES[1:])
    palettes = {}
    for name, pairs in table.items():
        spot = f"{where}.{name}"
        palettes[name] = [tuple(colour(c, spot) for c in pair) for pair in listing(pairs, spot)]
    return palettes


def colours_of(name: str, identity: int, draw: int) -> tuple[Rgb, Rgb]:
    """Main and second colour of an accessory in one picture.

    Args:
        name: one of `ACCESSORIES` but "none".
        identity: whose it is.
        draw: the picture's own number.
    """
    pairs = _palettes()[name]
    return pairs[int(stream(0, "renderer-accessory", name, identity, draw).integers(len(pairs)))]


def build_accessory(
    name: str,
    known,
    head: Head,
    eyes: Eyes,
    body: list[Surface],
    draw: int,
    pixel: float,
) -> list[Surface]:
    """The accessory worn in one picture.

    Args:
        name: one of `generation.views.view.ACCESSORIES`.
        known: the prepared person (`build.PreparedPerson`): its head map and neutral skin are measured.
        head: rotation and offset of the head bone.
        eyes: centre and radius of both eyeballs, unposed.
        body: posed skin and clothes, for what lies on them.
        draw: the picture's own number; it picks the colours.
        pixel: size of a pixel at the figure, decimetres.

    Returns:
        Posed surfaces; none for "none".

    Raises:
        RememError: there is no such accessory.
    """
    if check_choice("accessory", name, list(ACCESSORIES)) == "none":
        return []
    colours = colours_of(name, known.person.index, draw)
    if name == "scarf":
        surfaces = build_scarf(body, colours)
    else:
        if name in HATS:
            surfaces = HATS[name](known.head, colours)
        elif name == "headphones":
            surfaces = build_headphones(known.head, known.skin, known.hair, colours)
        else:
            surfaces = build_sunglasses(eyes, known.skin, colours)
        _follow(surfaces, head)
    for surface in surfaces:
        surface.settings.setdefault("pixel", pixel)
    return surfaces


def build_jewellery(known, head: Head, eyes: Eyes, accessory: str) -> list[Surface]:
    """What a person wears in every picture: glasses (sunglasses take their place) and earrings.

    Args:
        known: the prepared person.
        head: rotation and offset of the head bone.
        eyes: centre and radius of both eyeballs, unposed.
        accessory: what else is worn.

    Raises:
        RememError: unknown glasses or earrings.
    """
    glasses = build_glasses(known.person, eyes, known.skin)
    surfaces = [] if accessory == "sunglasses" else glasses
    if accessory == "headphones":
        build_earrings(known.person.earrings, known.skin)  # hidden by the cups, but the name is checked
    else:
        surfaces = surfaces + build_earrings(known.person.earrings, known.skin)
    return _follow(surfaces, head)


def _follow(surfaces: list[Surface], head: Head) -> list[Surface]:
    """Move surfaces with the head."""
    rotate, offset = head
    for surface in surfaces:
        surface.vertices = surface.vertices @ rotate.T + offset
        surface.normals = surface.normals @ rotate.T
        if "lenses" in surface.settings:
            surface.settings["lenses"] = [lens.moved(rotate, offset) for lens in surface.settings["lenses"]]
    return surfaces
