"""The folder renderer: people cut out of the user's pictures, placed into the scenes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import typer

from generation.people.person import Person
from generation.renderers import Face, Picture
from generation.renderers.backgrounds import paint_background
from generation.renderers.embree.post import to_srgb
from generation.renderers.embree.tracer import frame_height
from generation.renderers.folder.cutout import Cutout, cut_out, import_cv2
from generation.renderers.folder.pictures import FaceFolder, digest, list_folders, load
from generation.renderers.folder.place import Layer, framed_photo, lay_over, place_person
from generation.views.effects import apply_effects
from generation.views.view import GroupView, View
from remem_dataset.errors import RememError

#: Cut-outs kept in memory, about 3 MB each.
REMEMBERED_CUTOUTS = 24
#: One in so many pictures of a person, and at least one, is kept for the role "unseen".
HELD_OUT = 4

Files = tuple[Path, ...]


class FolderRenderer:
    """Composites the user's own pictures; same input, same bytes.

    Face, clothes, hair, expression and head pose are the picture's. Of a view it uses the scene, the light,
    the framing, the occluder and the blur; accessories it leaves out.

    Args:
        folders: one per identity, in the identities' order.
    """

    def __init__(self, folders: list[FaceFolder]) -> None:
        import_cv2()
        self.folders = folders
        self._known: OrderedDict[Path, Cutout | RememError] = OrderedDict()
        self._shares: dict[int, tuple[Files, Files]] = {}

    def render(self, person: Person, view: View, size: int) -> Picture:
        """Draw one person.

        Args:
            person: whose index says which folder.
            view: scene, light, framing.
            size: pixels each way, at least 16.

        Returns:
            The picture, with the box of the face.

        Raises:
            RememError: no folder for that identity, too few of its pictures usable, or an impossible size.
        """
        _check_size(size)
        cutout = self.cutout(person.index, view.role, _number(view.id) + view.attempt)
        frame = frame_height(view.camera_distance)
        x, y = (-c / frame for c in view.camera_shift)
        layer = place_person(cutout, size, frame, (x, y), view.light)
        picture = _background(view, size)
        lay_over(picture, layer)
        return _finish(picture, [layer], [(person.index, "present")], view)

    def render_group(self, persons: Sequence[Person], view: GroupView, size: int) -> Picture:
        """Draw several people, the nearer ones over the farther ones.

        A portrait hangs framed where its figure's head is; a badge on the chest of the figure before it.

        Args:
            persons: `persons[k]` is who `view.figures[k]` shows.
            view: scene, light, and where everyone is.
            size: pixels each way, at least 16.

        Returns:
            The picture, with the box of each figure's face, in the order of the figures.

        Raises:
            RememError: not one person for each figure; otherwise as `render`.
        """
        _check_size(size)
        if len(persons) != len(view.figures):
            raise RememError(
                f"The group view {view.id} has {len(view.figures)} figures but {len(persons)} persons were "
                "given; give one for each."
            )
        number = _number(view.id) + view.attempt
        layers: list[Layer] = []
        for person, figure in zip(persons, view.figures, strict=True):
            cutout = self.cutout(person.index, view.role, number)
            right, up, near = figure.position
            frame = frame_height(max(view.camera_distance - near, 4.0))
            centre = (right - view.camera_shift[0]) / frame, (up - view.camera_shift[1]) / frame
            if figure.kind == "badge" and layers:
                layers.append(framed_photo(cutout, size, frame, centre, view.light, badge_on=layers[-1]))
            elif figure.kind == "present":
                layers.append(place_person(cutout, size, frame, centre, view.light))
            else:
                layers.append(framed_photo(cutout, size, frame, centre, view.light))
        picture = _background(view, size)
        depth = [f.position[2] for f in view.figures]
        for k, figure in enumerate(view.figures):
            if figure.kind == "badge" and k:
                depth[k] = depth[k - 1] + 1e-3  # right in front of its wearer
        for k in sorted(range(len(layers)), key=lambda k: (depth[k], k)):
            lay_over(picture, layers[k], [layers[j] for j in range(len(layers)) if depth[j] < depth[k]])
        names = [(p.index, f.kind) for p, f in zip(persons, view.figures, strict=True)]
        return _finish(picture, layers, names, view)

    def cutout(self, identity: int, role: str, number: int) -> Cutout:
        """The cut-out for the picture with that number; unusable files are passed over.

        The anchor is the first picture by name. The last quarter, or the last one of a few, serves the role
        "unseen" alone, so that a model meets them for the first time there; the other roles take turns. Only
        somebody with a single picture shows it in every role.

        Raises:
            RememError: the identity has no folder, none of its pictures can be used, or one of several.
        """
        if not 0 <= identity < len(self.folders):
            raise RememError(
                f"There is no folder for identity {identity}; --faces holds {len(self.folders)}."
            )
        if identity not in self._shares:
            self._shares[identity] = self._split(self.folders[identity])
        shown = self._shares[identity][role == "unseen"]
        start = 0 if role == "anchor" else number % len(shown)
        found = (self._cut(file) for file in (*shown[start:], *shown[:start]))
        return next(cutout for cutout in found if isinstance(cutout, Cutout))

    def _split(self, folder: FaceFolder) -> tuple[Files, Files]:
        """The pictures of most roles, and those of "unseen"; of each at least one can be used."""
        files = folder.files

        def usable(order: Iterable[int]) -> int | None:
            return next((k for k in order if isinstance(self._cut(files[k]), Cutout)), None)

        first, last = usable(range(len(files))), usable(reversed(range(len(files))))
        if first is None or last is None:
            raise RememError(f"No picture in the folder {folder.name!r} can be used: {self._cut(files[0])}")
        if len(files) == 1:
            return files, files
        if first == last:
            raise RememError(
                f"Of the {len(files)} pictures in the folder {folder.name!r} only {files[first].name} can be "
                f"used, which leaves none for unseen views: {self._cut(files[0 if first else 1])}"
            )
        cut = len(files) - max(1, len(files) // HELD_OUT)
        cut = min(max(cut, first + 1), last)
        return files[:cut], files[cut:]

    def _cut(self, file: Path) -> Cutout | RememError:
        if file not in self._known:
            try:
                self._known[file] = cut_out(load(file), str(file))
            except RememError as error:
                self._known[file] = error
            while len(self._known) > REMEMBERED_CUTOUTS:
                self._known.popitem(last=False)
        self._known.move_to_end(file)
        return self._known[file]


def create_renderer(faces: Path | None = None) -> FolderRenderer:
    """A renderer over the folders in `faces`.

    Raises:
        RememError: see `list_folders`; or OpenCV is not installed.
    """
    return FolderRenderer(list_folders(faces))


def check(faces: Path | None, identities: int | None = None) -> None:
    """Say before any work is done when the folders do not fit the build, or leave nothing to hold out.

    Raises:
        RememError: see `list_folders`; or OpenCV is not installed.
    """
    import_cv2()
    folders = list_folders(faces, identities)
    alone = [folder.name for folder in folders if len(folder.files) == 1]
    if alone:
        typer.echo(
            f"warning: {len(alone)} of {len(folders)} people have a single picture in {faces}, such as "
            f"{alone[0]!r}; their unseen views show the picture that training shows, in other scenes.",
            err=True,
        )


def source_digest(faces: Path | None, identities: int) -> str:
    """Digest of the pictures that the build uses; a resumed build must find the same.

    Raises:
        RememError: see `list_folders`.
    """
    return digest(list_folders(faces, identities))


def _check_size(size: int) -> None:
    if size < 16:
        raise RememError(f"The picture size is {size} pixels; at least 16 are needed.")


def _number(view_id: str) -> int:
    tail = view_id.rpartition("-")[2]
    return int(tail) if tail.isdigit() else 0


def _background(view: View | GroupView, size: int) -> np.ndarray:
    return np.array(paint_background(view.scene, size, view.draw), dtype=np.float32, order="C")


def _finish(
    picture: np.ndarray, layers: list[Layer], names: list[tuple[int, str]], view: View | GroupView
) -> Picture:
    size = len(picture)
    faces = tuple(
        Face(identity, kind, layer.box(size), layer.visible())
        for layer, (identity, kind) in zip(layers, names, strict=True)
    )
    alone = faces[0].box if len(faces) == 1 else None
    return Picture(pixels=apply_effects(to_srgb(picture), view, alone), faces=faces)
