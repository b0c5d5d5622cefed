"""Names of repositories and versions."""

from __future__ import annotations

import re

from ..errors import RememError

_NUMBER = r"(?:0|[1-9]\d{0,5})"
_VERSION = re.compile(rf"v({_NUMBER})\.({_NUMBER})\.({_NUMBER})")
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?"
_REPO = re.compile(rf"{_PART}/{_PART}")


def is_repo(repo: str) -> bool:
    """Whether a text can name a repository."""
    return bool(_REPO.fullmatch(repo)) and "--" not in repo and ".." not in repo


def check_repo(repo: str) -> None:
    """Refuse what cannot name a repository.

    Raises:
        RememError: it is not "<org>/<name>".
    """
    if not is_repo(repo):
        raise RememError(
            f"{repo!r} does not name a Hub repository; a name looks like <org>/<name>, of letters, digits, "
            "'-', '_' and '.'."
        )


def version_key(tag: str) -> tuple[int, int, int] | None:
    """The numbers of a version "vX.Y.Z", to sort by; None for any other tag."""
    match = _VERSION.fullmatch(tag)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def check_version(version: str) -> None:
    """Refuse what is no version.

    Raises:
        RememError: it is not "vX.Y.Z".
    """
    if version_key(version) is None:
        raise RememError(f"{version!r} is no version; a version looks like v1.0.0.")
