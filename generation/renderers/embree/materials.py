"""Dispatch from hits to the painters of the surfaces they lie on."""

from __future__ import annotations

import numpy as np

from generation.renderers.embree.clothes import paint_cloth
from generation.renderers.embree.eyes import paint_eye
from generation.renderers.embree.props.paint import paint_picture, paint_prop
from generation.renderers.embree.shading import Material
from generation.renderers.embree.skin import paint_skin
from generation.renderers.embree.surface import Surface, interpolate, unit
from generation.renderers.embree.teeth import paint_teeth
from generation.renderers.embree.tracer import Hits

TONGUE = (0.36, 0.11, 0.10)


def paint(
    material: Material,
    surfaces: list[Surface],
    hits: Hits,
    seen: np.ndarray,
    to_eye: np.ndarray,
) -> None:
    """Fill the material of every hit.

    The settings of eyes and teeth name the "person" whose they are; other materials bring all they need.

    Args:
        material: to be filled: one row for each of `seen`.
        surfaces: what the hits' surface numbers count.
        hits: points on the surfaces, of rays or chosen; some may be background.
        seen: numbers of the hits that are not background; row k of `material` belongs to hit seen[k].
        to_eye: (len(seen), 3) directions to the camera.
    """
    owner = hits.surface[seen]
    for number, surface in enumerate(surfaces):
        rows = np.flatnonzero(owner == number)
        if not len(rows):
            continue
        hit = seen[rows]
        triangle, u, v = hits.triangle[hit], hits.u[hit], hits.v[hit]
        corner = surface.triangles[triangle]
        person = surface.settings.get("person")

        def value(name: str, s: Surface = surface, t=triangle, c=corner, u=u, v=v) -> np.ndarray:
            table = s.corners[name][t] if name in s.corners else s.values[name][c]
            return interpolate(table, u, v)

        normal = unit(interpolate(surface.normals[corner], u, v))
        if surface.material == "skin":
            settings = surface.settings
            paint_skin(material, rows, settings["maps"], settings["turn"], value("atlas"), normal)
        elif surface.material == "eye":
            paint_eye(material, rows, person, value("local"), normal, surface.settings["axis"])
        elif surface.material == "teeth":
            facing = np.where(np.einsum("ni,ni->n", normal, to_eye[rows]) < 0, -1, 1)[:, None]
            part = surface.settings["part"]
            paint_teeth(material, rows, person, part, value("canonical"), normal * facing)
        elif surface.material == "hair":
            paint_hair(material, rows, value("colour"), value("tangent"), value("along")[:, 0], normal)
            material.scalp[rows] = surface.settings.get("scalp", False)
        elif surface.material == "cloth":
            depth = value("depth")[:, 0]
            paint_cloth(material, rows, surface.settings, value("rest"), depth, normal, to_eye[rows])
        elif surface.material == "prop":
            local = value("local")
            paint_prop(material, rows, value("colour"), value("finish"), local, normal, to_eye[rows])
        elif surface.material == "picture":
            paint_picture(material, rows, surface.settings["texture"], value("uv"), normal)
        else:
            _paint_plain(material, rows, surface, normal, to_eye[rows])


def _paint_plain(
    material: Material, rows: np.ndarray, surface: Surface, normal: np.ndarray, eye: np.ndarray
) -> None:
    facing = np.sign(np.einsum("ni,ni->n", normal, eye))
    material.normal[rows] = normal * np.where(facing < 0, -1, 1)[:, None]
    look = surface.settings
    material.albedo[rows] = look.get("colour", TONGUE)
    material.roughness[rows] = look.get("roughness", 0.30)
    material.specular[rows] = look.get("specular", 0.04)
    material.wrap[rows] = 0.15


def paint_hair(
    material: Material,
    rows: np.ndarray,
    colour: np.ndarray,
    tangent: np.ndarray,
    along: np.ndarray,
    normal: np.ndarray,
) -> None:
    """Fill `material[rows]` with strands: darker at the root, a little lighter at the tip.

    Args:
        material: to be filled.
        rows: which points.
        colour: (n, 3) strand colour.
        tangent: (n, 3) strand direction.
        along: (n,) place on the strand, 0 root, 1 tip.
        normal: (n, 3) direction away from the head.
    """
    material.albedo[rows] = colour * (0.72 + 0.45 * along)[:, None]
    material.tangent[rows] = unit(tangent)
    material.normal[rows] = normal
    material.hair[rows] = True
    material.roughness[rows] = 0.6
