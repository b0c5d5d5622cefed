"""What the raw tree beside a dataset says of its pictures: how each was taken, and how its check went."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from generation.quality.gate import is_checked
from generation.renderers import Face
from remem_dataset.errors import RememError
from remem_dataset.raw import RAW_MANIFEST, RawTree
from remem_dataset.source import Source

#: What a dataset and its raw tree both say of the build that made them.
_BUILD = ("config", "generator", "faces")


def beside(folder: str | Path, ending: str) -> Path:
    """A folder's absolute path with something added to its name; given as "." it has a name all the same."""
    whole = Path(os.path.abspath(folder))
    return whole.parent / f"{whole.name}{ending}"


class Records:
    """The sidecars of a dataset's pictures; none, if no raw tree of the same build lies beside it.

    Args:
        source: the dataset.
    """

    def __init__(self, source: Source) -> None:
        self._tree = _raw_tree(source)

    def of(self, identity_id: str, view_id: str) -> dict[str, Any]:
        """The sidecar of one picture; empty without one."""
        return {} if self._tree is None else _read(self._tree.sidecar(identity_id, view_id))

    def group_pictures(self, people: Iterable[str]) -> dict[str, Any] | None:
        """What the build made of the pictures of several people.

        Args:
            people: identity ids.

        Returns:
            The counts of `redraws`, and "faces" -> "all", "checked", "too_small_or_hidden",
            "in_frames_and_badges" and "unchecked" (they could have been checked, but the build had no
            recogniser); None if there are no such pictures.
        """
        if self._tree is None:
            return None
        records, faces = [], Counter()
        for identity_id in people:
            for path in sorted(self._tree.sidecar(identity_id, "group").parent.glob("group-*.json")):
                record = _read(path)
                try:
                    shown = self._tree.read_faces(identity_id, path.stem)
                except RememError:
                    continue
                records.append(record)
                faces.update(_kind(face, record) for face in shown)
        if not records:
            return None
        kinds = ("checked", "too_small_or_hidden", "in_frames_and_badges", "unchecked")
        return {**redraws(records), "faces": {"all": faces.total(), **{kind: faces[kind] for kind in kinds}}}


def redraws(records: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """How often a build drew pictures anew.

    Args:
        records: sidecars; those without a number of attempts do not count.

    Returns:
        "pictures", "attempts" (times drawn -> pictures), "drawn_anew" (draws beyond the first),
        "kept_as_failed" and "not_checked"; None without records.
    """
    records = [record for record in records if type(record.get("attempts")) is int]
    if not records:
        return None
    attempts = Counter(record["attempts"] for record in records)
    return {
        "pictures": len(records),
        "attempts": {str(k): attempts[k] for k in sorted(attempts)},
        "drawn_anew": sum((k - 1) * count for k, count in attempts.items()),
        "kept_as_failed": sum(r.get("passed") is False for r in records),
        "not_checked": sum(r.get("passed") is None for r in records),
    }


def _kind(face: dict[str, Any], record: dict[str, Any]) -> str:
    if face["kind"] != "present":
        return "in_frames_and_badges"
    if not is_checked(Face(0, face["kind"], tuple(face["box"]), face["visible"])):
        return "too_small_or_hidden"
    return "checked" if record.get("checks") else "unchecked"


def _raw_tree(source: Source) -> RawTree | None:
    if not source.is_local:
        return None
    tree = RawTree(beside(source.name, ".raw"))
    try:
        manifest = tree.manifest() if (tree.root / RAW_MANIFEST).is_file() else None
    except RememError:
        return None
    # A build that was begun anew since then has other pictures under the same names.
    if manifest is None or any(manifest.get(key) != source.manifest.get(key) for key in _BUILD):
        return None
    return tree


def _read(path: Path) -> dict[str, Any]:
    """A JSON object; empty for anything else: the raw tree only adds detail to the report."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
