"""`versions.json`: the published versions of the dataset that submissions may name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import RememError
from ..hub.names import check_repo, version_key
from ..results.untrusted import Fields, parse_json, read_text
from ..schema import EVAL, EXPOSURE, MULTI_IMAGE, SCENES, SEEN, UNSEEN

VERSIONS_FILE = "versions.json"
LIMIT = 4 * 2**20

#: Configs whose rows the tasks ask, all with the splits seen and unseen.
ASKED = (EVAL, EXPOSURE, MULTI_IMAGE, SCENES)


@dataclass(frozen=True)
class DatasetVersion:
    """One published version.

    Attributes:
        tag: "vX.Y.Z".
        commit: the commit it is on.
        fingerprint: of the content.
        forget_levels: forget config -> number of people.
        rows: (config, split) -> number of rows, of the configs in `ASKED`.
    """

    tag: str
    commit: str
    fingerprint: str
    forget_levels: Mapping[str, int]
    rows: Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Versions:
    """All published versions of a dataset.

    Attributes:
        repo: "<org>/<name>".
        by_tag: tag -> version, oldest first.
    """

    repo: str
    by_tag: Mapping[str, DatasetVersion]

    @property
    def current(self) -> DatasetVersion:
        """The version with the highest number: the one that is ranked."""
        return list(self.by_tag.values())[-1]

    def with_fingerprint(self, fingerprint: str) -> DatasetVersion | None:
        """The newest version of this content; None if no version has it."""
        found = [version for version in self.by_tag.values() if version.fingerprint == fingerprint]
        return found[-1] if found else None


def version_of(tag: str, commit: str, manifest: Mapping[str, Any]) -> DatasetVersion:
    """A version, described by the manifest at its commit.

    Raises:
        RememError: the manifest's counts are damaged.
    """
    counts = Fields(manifest, where=f"The manifest of {tag}").child("counts")
    parts = {config: counts.child(config) for config in ASKED if config in counts.values}
    return DatasetVersion(
        tag=tag,
        commit=commit,
        fingerprint=manifest["fingerprint"]["all"],
        forget_levels=dict(manifest["forget_levels"]),
        rows={(c, s): part.whole(s) for c, part in parts.items() for s in (SEEN, UNSEEN) if s in part.values},
    )


def published_versions(repo: str) -> Versions:
    """Ask the Hub for every version of a dataset, with its fingerprint and numbers of rows.

    Args:
        repo: "<org>/<name>".

    Raises:
        RememError: no such repository, no version, no permission or no network.
    """
    from huggingface_hub import HfApi

    from ..hub.reading import hub_manifest
    from ..hub.versions import list_versions

    check_repo(repo)
    found = {}
    for version in list_versions(HfApi(), repo):
        if version.fingerprint is not None:
            manifest, _ = hub_manifest(repo, version.commit)
            found[version.tag] = version_of(version.tag, version.commit, manifest)
    if not found:
        raise RememError(f"{repo} has no published version; `remem publish` makes one.")
    return Versions(repo, found)


def versions_json(versions: Versions) -> dict[str, Any]:
    """The content of `versions.json`."""
    return {
        "repo": versions.repo,
        "versions": {
            tag: {
                "commit": version.commit,
                "fingerprint": version.fingerprint,
                "forget_levels": dict(version.forget_levels),
                "rows": {f"{config}.{split}": n for (config, split), n in version.rows.items()},
            }
            for tag, version in versions.by_tag.items()
        },
    }


def read_versions(path: Path) -> Versions:
    """Read `versions.json`.

    Args:
        path: the file.

    Raises:
        RememError: missing, damaged, or without a version.
    """
    where = str(path)
    top = Fields(parse_json(read_text(path, limit=LIMIT), where=where), where=where)
    repo = top.text("repo", longest=96)
    check_repo(repo)
    entries = top.child("versions")
    tags = sorted(filter(version_key, entries.values), key=version_key)
    if not tags or len(tags) < len(entries.values):
        raise RememError(f"{where}: the field 'versions' must name versions such as v1.0.0, and those alone.")
    return Versions(repo, {tag: _read_version(tag, entries.child(tag)) for tag in tags})


def _read_version(tag: str, entry: Fields) -> DatasetVersion:
    levels, rows = entry.child("forget_levels"), entry.child("rows")
    known = [(config, split) for config in ASKED for split in (SEEN, UNSEEN)]
    return DatasetVersion(
        tag=tag,
        commit=entry.text("commit", longest=64),
        fingerprint=entry.text("fingerprint", longest=256),
        forget_levels={level: levels.whole(level, low=1) for level in levels.values},
        rows={
            (config, split): rows.whole(f"{config}.{split}")
            for config, split in known
            if f"{config}.{split}" in rows.values
        },
    )
