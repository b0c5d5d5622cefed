"""Pull requests on the Hub: one file each, proposed once however often it is tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import EntryNotFoundError
from huggingface_hub.utils import get_token

from ..errors import RememError
from ..hub.errors import clear_errors, patiently

MODEL, DATASET = "model", "dataset"

#: Open pull requests of one title that are looked through for one that proposes the same file.
_LOOKED_THROUGH = 50
#: Bytes of a file that is read at most.
LIMIT = 2 * 2**20


@dataclass(frozen=True)
class Proposal:
    """A file that was proposed to a repository.

    Attributes:
        path: the file.
        url: the pull request's address; None if the repository has the very same file already.
        was_there: whether nothing had to be sent.
    """

    path: str
    url: str | None
    was_there: bool


def check_signed_in(api: HfApi) -> None:
    """Refuse to begin what would be refused in the end.

    Raises:
        RememError: no token is at hand.
    """
    if not (api.token or get_token()):
        raise RememError(
            "Submitting needs a token: sign in with `hf auth login`, or set HF_TOKEN to one with the role "
            "`write`."
        )


def head_of(api: HfApi, repo: str, kind: str) -> str:
    """The commit of a repository's main branch.

    Args:
        api: the Hub's client.
        repo: "<org>/<name>".
        kind: "model" or "dataset".

    Raises:
        RememError: no such repository, no permission or no network.
    """
    with clear_errors(repo, kind=kind):
        return patiently(lambda: api.repo_info(repo, repo_type=kind)).sha


def read_file(api: HfApi, repo: str, kind: str, path: str, revision: str) -> bytes | None:
    """A small file of a repository; None if it has none of that name. Arguments as in `head_of`."""
    with clear_errors(repo, kind=kind):
        return patiently(lambda: _download(api, repo, kind, path, revision))


def propose(
    api: HfApi,
    repo: str,
    kind: str,
    path: str,
    content: bytes,
    title: str,
    same: Callable[[bytes, bytes], bool] = bytes.__eq__,
) -> Proposal:
    """Propose a file, unless it is there or proposed already.

    Args:
        api: the Hub's client.
        repo: "<org>/<name>".
        kind: "model" or "dataset".
        path: the file.
        content: what is to be in it.
        title: of the pull request; open ones of the same title are looked through.
        same: whether a file that is found says the same as `content`.

    Raises:
        RememError: no such repository, no permission or no network.
    """

    def step() -> Proposal:
        if _holds(api, repo, kind, path, "main", content, same):
            return Proposal(path, None, True)
        for number, url in _open_requests(api, repo, kind, title):
            if _holds(api, repo, kind, path, f"refs/pr/{number}", content, same):
                return Proposal(path, url, True)
        done = api.create_commit(
            repo,
            [CommitOperationAdd(path, content)],
            commit_message=title,
            repo_type=kind,
            create_pr=True,
        )
        return Proposal(path, done.pr_url, False)

    with clear_errors(repo, kind=kind):
        return patiently(step)


def _open_requests(api: HfApi, repo: str, kind: str, title: str) -> list[tuple[int, str]]:
    found = []
    for known in api.get_repo_discussions(
        repo, repo_type=kind, discussion_type="pull_request", discussion_status="open"
    ):
        if known.title == title:
            found.append((known.num, known.url))
        if len(found) >= _LOOKED_THROUGH:
            break
    return found


def _holds(
    api: HfApi,
    repo: str,
    kind: str,
    path: str,
    revision: str,
    content: bytes,
    same: Callable[[bytes, bytes], bool],
) -> bool:
    found = _download(api, repo, kind, path, revision)
    return found is not None and same(found, content)


def _download(api: HfApi, repo: str, kind: str, path: str, revision: str) -> bytes | None:
    try:
        local = Path(api.hf_hub_download(repo, path, repo_type=kind, revision=revision))
    except EntryNotFoundError:
        return None
    if local.stat().st_size > LIMIT:
        raise RememError(
            f"{path} of the {kind} {repo} has {local.stat().st_size} bytes; at most {LIMIT} are read."
        )
    return local.read_bytes()
