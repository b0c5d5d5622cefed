"""What the loopback Hub keeps on disk: blobs by their SHA-256, and one JSON file for each repository."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

#: Files that the Hub keeps as LFS objects; above `LFS_SIZE` bytes it does so with any file.
LFS_SUFFIXES = (".parquet", ".safetensors", ".bin", ".png", ".jpg", ".arrow", ".zip")
LFS_SIZE = 10_000_000

#: The Hub puts this into every new repository.
ATTRIBUTES = "".join(f"*{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in LFS_SUFFIXES)


class Refusal(Exception):
    """An answer that says no.

    Args:
        status: HTTP status.
        message: what the client shows.
        code: `X-Error-Code`, by which huggingface_hub tells what is missing.
    """

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code


def now() -> str:
    """The time as the Hub writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@dataclass
class Entry:
    """A file of a commit: where its bytes are, and the object id that the Hub shows.

    Attributes:
        sha256: name of the blob.
        size: bytes.
        oid: git's id of the blob, or of the LFS pointer.
        lfs: whether it is an LFS object.
    """

    sha256: str
    size: int
    oid: str
    lfs: bool

    @property
    def etag(self) -> str:
        """What `ETag` says: the SHA-256 of an LFS object, else git's id."""
        return self.sha256 if self.lfs else self.oid


@dataclass
class Commit:
    """One commit with its whole tree, path -> `Entry`."""

    parent: str | None
    title: str
    message: str
    author: str
    date: str
    tree: dict[str, Entry]


@dataclass
class Repo:
    """A repository.

    Attributes:
        kind: "models", "datasets" or "spaces".
        id: "<owner>/<name>".
        private: whether only its owner sees it.
        heads: branch -> commit; pull requests are branches "refs/pr/<n>".
        tags: tag -> commit.
        commits: commit id -> commit.
        discussions: pull requests and discussions, number 1 first, as the API shows them.
    """

    kind: str
    id: str
    private: bool
    created: str
    heads: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    discussions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def owner(self) -> str:
        return self.id.split("/")[0]

    def resolve(self, revision: str) -> str:
        """The commit that a branch, tag, pull request or commit id means.

        Raises:
            Refusal: there is none.
        """
        for names in (self.heads, self.tags):
            for prefix in ("refs/heads/", "refs/tags/", ""):
                if revision.startswith(prefix) and revision.removeprefix(prefix) in names:
                    return names[revision.removeprefix(prefix)]
        if revision in self.commits:
            return revision
        raise Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")

    def tree(self, revision: str) -> dict[str, Entry]:
        """The files at a revision."""
        return self.commits[self.resolve(revision)].tree

    def history(self, revision: str) -> Iterator[tuple[str, Commit]]:
        """Commits from a revision back to the first."""
        oid: str | None = self.resolve(revision)
        while oid is not None:
            yield oid, self.commits[oid]
            oid = self.commits[oid].parent

    def add_commit(self, branch: str, commit: Commit) -> str:
        """Put a commit on a branch and return its id."""
        text = json.dumps([self.id, len(self.commits), asdict(commit)], sort_keys=True)
        oid = hashlib.sha1(text.encode()).hexdigest()
        self.commits[oid] = commit
        self.heads[branch] = oid
        return oid


class Store:
    """Repositories and blobs under one folder.

    Args:
        root: an empty folder, or one that an earlier store has filled.
    """

    def __init__(self, root: Path) -> None:
        self._repos = root / "repos"
        self._blobs = root / "blobs"
        for folder in (self._repos, self._blobs):
            folder.mkdir(parents=True, exist_ok=True)

    def blob(self, sha256: str) -> Path:
        """Where a blob lies, whether it is there or not."""
        return self._blobs / sha256

    def put(self, content: bytes) -> str:
        """Keep a blob and return its SHA-256."""
        sha256 = hashlib.sha256(content).hexdigest()
        self.blob(sha256).write_bytes(content)
        return sha256

    def entry(self, path: str, content: bytes) -> Entry:
        """Keep a file's bytes the way the Hub would keep them."""
        return self.lfs_entry(self.put(content)) if is_lfs(path, len(content)) else self.git_entry(content)

    def git_entry(self, content: bytes) -> Entry:
        """Keep a regular file."""
        return Entry(self.put(content), len(content), git_oid(content), lfs=False)

    def lfs_entry(self, sha256: str) -> Entry:
        """The file of an LFS object that was uploaded before.

        Raises:
            Refusal: it was not.
        """
        path = self.blob(sha256)
        if not path.is_file():
            raise Refusal(400, f"An LFS pointer pointed to a file that does not exist: {sha256}")
        size = path.stat().st_size
        return Entry(sha256, size, git_oid(pointer(sha256, size)), lfs=True)

    def create(self, kind: str, repo_id: str, *, private: bool, author: str) -> Repo:
        """A new repository with the Hub's first commit.

        Raises:
            Refusal: it exists.
        """
        if self.path(kind, repo_id).exists():
            raise Refusal(409, "You already created this repo")
        repo = Repo(kind, repo_id, private, now())
        tree = {".gitattributes": self.git_entry(ATTRIBUTES.encode())}
        repo.add_commit("main", Commit(None, "initial commit", "", author, now(), tree))
        self.save(repo)
        return repo

    def path(self, kind: str, repo_id: str) -> Path:
        """The repository's file."""
        return self._repos / f"{kind}__{repo_id.replace('/', '__')}.json"

    def find(self, kind: str, repo_id: str) -> Repo | None:
        """A repository, or None."""
        path = self.path(kind, repo_id)
        if not path.is_file():
            return None
        state = json.loads(path.read_text())
        for commit in state["commits"].values():
            commit["tree"] = {name: Entry(**entry) for name, entry in commit["tree"].items()}
        state["commits"] = {oid: Commit(**commit) for oid, commit in state["commits"].items()}
        return Repo(**state)

    def save(self, repo: Repo) -> None:
        """Write a repository; the file is replaced whole."""
        path = self.path(repo.kind, repo.id)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(repo)))
        fresh.replace(path)


def is_lfs(path: str, size: int) -> bool:
    """Whether the Hub keeps a file as an LFS object."""
    return size > 0 and (path.endswith(LFS_SUFFIXES) or size > LFS_SIZE)


def git_oid(content: bytes) -> str:
    """Git's id of a blob."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def pointer(sha256: str, size: int) -> bytes:
    """The pointer file that git holds in place of an LFS object."""
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
    return text.encode()
