"""Layout of the raw tree: one folder for each identity, written by generation, packed by the builder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from .config import BenchmarkConfig
from .errors import RememError
from .files import read_json_object
from .schema import SCHEMA_VERSION

RAW_MANIFEST = "remem-raw.json"

ANCHOR = "anchor-000"


def identity_name(index: int) -> str:
    """0-based index -> identity id: 0 -> "id_0001"."""
    return f"id_{index + 1:04d}"


def asked_face(row: dict[str, Any], faces: list[dict[str, Any]]) -> dict[str, Any]:
    """The face that a scene row asks about, among those of its picture.

    Raises:
        RememError: a picture that was drawn anew no longer shows the person where the question says.
    """
    for face in faces:
        own = face["identity_id"] == row["identity_id"]
        if own and face["place"] and f"the person {face['place']}" in row["cloze_prompt"]:
            return face
    raise RememError(
        f"The picture {row['view_id']} of {row['identity_id']} does not show the asked person where "
        f"{row['id']} says; generate again."
    )


@dataclass(frozen=True)
class Origin:
    """What a dataset was made from besides its config; a dataset of another origin is not the same.

    Attributes:
        generator: digest of the code and the assets that people and pictures come from.
        text: digest of the code and the assets that say what is asked, and in which words.
        faces: digest of the user's own pictures; "" for a renderer that draws people itself.
    """

    generator: str
    text: str = ""
    faces: str = ""


@dataclass(frozen=True)
class RawTree:
    """Paths inside a raw tree."""

    root: Path

    def identity(self, index: int) -> Path:
        """Folder of one identity."""
        return self.root / "identities" / identity_name(index)

    def rows(self, index: int, name: str) -> Path:
        """JSONL file of one identity's rows; `name` is "<config>" or "<config>-<split>"."""
        return self.identity(index) / f"{name}.jsonl"

    def profile(self, index: int) -> Path:
        """JSON file of one identity's profile."""
        return self.identity(index) / "profile.json"

    def picture(self, identity_id: str, view_id: str) -> Path:
        """PNG of one view."""
        return self.root / "identities" / identity_id / "images" / f"{view_id}.png"

    @property
    def cast(self) -> Path:
        """Which candidate plays each identity, and the embedding of every anchor."""
        return self.root / "casting" / "cast.npz"

    def audition(self, index: int) -> Path:
        """The candidates for one identity's looks, as the face recogniser sees them."""
        return self.root / "casting" / f"{identity_name(index)}.npz"

    def sidecar(self, identity_id: str, view_id: str) -> Path:
        """JSON file beside a picture: the faces in it and how its check went."""
        return self.picture(identity_id, view_id).with_suffix(".json")

    def config(self) -> BenchmarkConfig:
        """The config this tree was begun with.

        Raises:
            RememError: no raw tree there, or one of another schema.
        """
        manifest = self.manifest()
        if manifest.get("schema_version") != SCHEMA_VERSION:
            raise RememError(
                f"The raw tree {self.root} has schema version {manifest.get('schema_version')}, "
                f"but this code reads {SCHEMA_VERSION}; delete it and generate again."
            )
        return BenchmarkConfig.from_dict(manifest.get("config") or {}, where=str(self.root / RAW_MANIFEST))

    def manifest(self) -> dict[str, Any]:
        """What the tree says of itself: schema version, config, digests of the code and of own pictures."""
        return read_json_object(self.root / RAW_MANIFEST, "raw tree's manifest")

    def origin(self) -> Origin:
        """What this tree was begun from."""
        manifest = self.manifest()
        return Origin(*(str(manifest.get(name, "")) for name in ("generator", "text", "faces")))

    def read_rows(self, index: int, name: str) -> Iterator[dict[str, Any]]:
        """The rows of one file, one after another.

        Raises:
            RememError: the file is missing or a line is not JSON.
        """
        path = self.rows(index, name)
        try:
            with path.open(encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    try:
                        yield json.loads(line)
                    except json.JSONDecodeError:
                        raise RememError(f"{path}, line {number}, is not JSON; generate again.") from None
        except FileNotFoundError:
            raise RememError(f"The raw tree lacks {path}; run the generation again to complete it.") from None

    def read_profile(self, index: int) -> dict[str, Any]:
        """The profile of one identity."""
        return read_json_object(self.profile(index), "profile")

    def has_picture(self, identity_id: str, view_id: str) -> bool:
        """Whether a picture and its description are there, and both whole: a damaged one is drawn anew."""
        try:
            self.read_faces(identity_id, view_id)
            with Image.open(self.picture(identity_id, view_id)) as picture:
                picture.verify()
        except (RememError, OSError, SyntaxError):  # Pillow calls a broken PNG chunk a syntax error
            return False
        return True

    def read_picture(self, identity_id: str, view_id: str) -> dict[str, Any]:
        """A picture as `datasets.Image` stores it: {"bytes": PNG, "path": name}.

        Raises:
            RememError: the picture is missing.
        """
        path = self.picture(identity_id, view_id)
        try:
            return {"bytes": path.read_bytes(), "path": f"{identity_id}-{view_id}.png"}
        except FileNotFoundError:
            raise RememError(f"The raw tree lacks {path}; run the generation again to complete it.") from None

    def read_faces(self, identity_id: str, view_id: str) -> list[dict[str, Any]]:
        """The faces in a picture as `features.FACES` stores them, read from its sidecar.

        Raises:
            RememError: the sidecar is missing or is not one.
        """
        path = self.sidecar(identity_id, view_id)
        if not path.is_file():
            raise RememError(f"The raw tree lacks {path}; run the generation again to complete it.")
        content = read_json_object(path, "picture's description")
        try:
            return [
                {
                    "identity_id": identity_name(int(face["identity"])),
                    "kind": str(face["kind"]),
                    "place": str(face["place"]),
                    "box": [int(edge) for edge in face["box"]],
                    "visible": float(face["visible"]),
                }
                for face in content["faces"]
            ]
        except (KeyError, TypeError, ValueError):
            raise RememError(
                f"{path} does not list faces with identity, kind, place, box and visible; generate again."
            ) from None
