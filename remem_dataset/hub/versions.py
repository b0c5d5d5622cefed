"""The published versions of a dataset, with their fingerprints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.errors import EntryNotFoundError

from ..errors import RememError
from ..schema import MANIFEST
from ..source import check_manifest
from .errors import clear_errors, patiently
from .names import version_key
from .reading import read_small_json


@dataclass(frozen=True)
class Version:
    """A tag.

    Attributes:
        tag: "vX.Y.Z".
        commit: the commit it is on.
        fingerprint: of the content there; None if there is no manifest that can be read.
    """

    tag: str
    commit: str
    fingerprint: str | None


def list_versions(api: HfApi, repo: str) -> list[Version]:
    """All tags "vX.Y.Z", oldest number first.

    Args:
        api: the Hub's client.
        repo: "<org>/<name>".

    Raises:
        RememError: no such repository, no permission or no network.
    """
    with clear_errors(repo):
        tags = patiently(lambda: api.list_repo_refs(repo, repo_type="dataset")).tags
        found = sorted((tag for tag in tags if version_key(tag.name)), key=lambda tag: version_key(tag.name))
        return [_version(api, repo, tag.name, tag.target_commit) for tag in found]


def _version(api: HfApi, repo: str, tag: str, commit: str) -> Version:
    try:
        path = patiently(lambda: api.hf_hub_download(repo, MANIFEST, repo_type="dataset", revision=commit))
        manifest = read_small_json(Path(path), "manifest")
        check_manifest(manifest, f"{repo} at {tag}")
    except (EntryNotFoundError, RememError):
        return Version(tag, commit, None)
    return Version(tag, commit, manifest["fingerprint"]["all"])
