"""A dataset folder to the Hub: one commit, then a tag on it that never moves."""

from __future__ import annotations

from dataclasses import dataclass, field

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import get_token

from ..errors import RememError
from ..schema import MANIFEST
from .contents import Contents, Difference, is_dataset_file
from .errors import clear_errors, patiently

KIND = "dataset"


@dataclass(frozen=True)
class Remote:
    """What the Hub holds.

    Attributes:
        exists: whether the repository is there.
        private: whether only its owners see it.
        head: commit of the main branch; None without a repository.
        tags: tag -> commit.
        branches: names of the branches.
        files: files at `head`.
    """

    exists: bool
    private: bool = False
    head: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    branches: frozenset[str] = frozenset()
    files: tuple[RepoFile, ...] = ()


@dataclass(frozen=True)
class Published:
    """What was done.

    Attributes:
        commit: the commit that holds the dataset.
        tagged: whether the version's tag is on it.
        was_there: whether nothing had to be done.
        private: whether only the repository's owners see it.
        pull_request: its address, if it was proposed and not published.
    """

    commit: str
    tagged: bool
    was_there: bool
    private: bool
    pull_request: str | None = None


@dataclass(frozen=True)
class Plan:
    """What publishing would do.

    Attributes:
        create: whether the repository would be made.
        difference: what the commit would change.
        tagged: whether the version is there already.
    """

    create: bool
    difference: Difference
    tagged: bool


def publish(
    api: HfApi,
    contents: Contents,
    repo: str,
    version: str,
    *,
    private: bool = False,
    create_pr: bool = False,
) -> Published:
    """Upload a dataset folder in one commit and tag it; done again, it goes on where it stopped.

    Every try looks at the repository first: a commit that landed although its answer was lost is recognised
    by its files, and one that did not land is made again on the branch as it is then.

    Args:
        api: the Hub's client.
        contents: the folder, verified.
        repo: "<org>/<name>"; made if it is not there.
        version: the tag, "vX.Y.Z".
        private: make the repository private.
        create_pr: propose the commit as a pull request, and tag nothing.

    Raises:
        RememError: the version is there with another content, the repository holds another dataset or is
            public though `private` was asked for, no permission, no network, or a Hub that stays busy.
    """

    def step() -> Published:
        remote = _look(api, repo)
        _check(remote, contents, repo, version, private, api)
        if not remote.exists:
            if create_pr:
                raise RememError(
                    f"There is no dataset {repo} to propose a change to; leave out --create-pr to make it."
                )
            api.create_repo(repo, repo_type=KIND, private=private, exist_ok=True)
            remote = _look(api, repo)
            _check(remote, contents, repo, version, private, api)
        if version in remote.tags:
            return Published(remote.tags[version], True, True, remote.private)
        difference = contents.differences(remote.files)
        if create_pr:
            return _propose(api, contents, repo, version, remote, difference)
        commit = remote.head
        if difference:
            commit = _commit(api, contents, repo, version, difference, remote.head).oid
        if contents.differences(_files(api, repo, commit)):
            raise RememError(
                f"The Hub does not hold at {commit[:12]} what was sent to {repo}; nothing was tagged."
            )
        api.create_tag(repo, tag=version, revision=commit, repo_type=KIND)
        return Published(commit, True, False, remote.private)

    _check_signed_in(api)
    with clear_errors(repo):
        return patiently(step)


def _check_signed_in(api: HfApi) -> None:
    if not (api.token or get_token()):
        raise RememError(
            "Publishing needs a token with the role `write`: sign in with `hf auth login`, or set HF_TOKEN."
        )


def plan(api: HfApi, contents: Contents, repo: str, version: str, *, private: bool = False) -> Plan:
    """What `publish` would do; nothing is changed. Arguments and errors as there."""
    _check_signed_in(api)
    with clear_errors(repo):
        remote = patiently(lambda: _look(api, repo))
        _check(remote, contents, repo, version, private, api)
        return Plan(not remote.exists, contents.differences(remote.files), version in remote.tags)


def _look(api: HfApi, repo: str) -> Remote:
    try:
        info = api.repo_info(repo, repo_type=KIND)
    except RepositoryNotFoundError as error:
        if error.response.status_code == 401:  # not signed in: nothing could be written anyway
            raise
        return Remote(exists=False)
    refs = api.list_repo_refs(repo, repo_type=KIND)
    return Remote(
        exists=True,
        private=bool(info.private),
        head=info.sha,
        tags={tag.name: tag.target_commit for tag in refs.tags},
        branches=frozenset(branch.name for branch in refs.branches),
        files=_files(api, repo, info.sha),
    )


def _files(api: HfApi, repo: str, revision: str) -> tuple[RepoFile, ...]:
    tree = api.list_repo_tree(repo, recursive=True, revision=revision, repo_type=KIND)
    return tuple(entry for entry in tree if isinstance(entry, RepoFile))


def _check(remote: Remote, contents: Contents, repo: str, version: str, private: bool, api: HfApi) -> None:
    """Refuse to move a tag, to write over somebody's other data, and to show what should be private."""
    if not remote.exists:
        return
    if private and not remote.private:
        raise RememError(
            f"The dataset {repo} exists and is public; make it private in its settings on the Hub, or choose "
            "another name."
        )
    if version in remote.branches:
        raise RememError(
            f"{repo} has a branch {version}, so a tag of that name would be ambiguous; delete it."
        )
    if version in remote.tags:
        if contents.differences(_files(api, repo, remote.tags[version])):
            raise RememError(
                f"{repo} has a version {version} already, with another content, and versions never change; "
                "choose the next number."
            )
        return
    paths = {file.path for file in remote.files}
    others = sorted(path for path in paths - {"README.md"} if is_dataset_file(path))
    if MANIFEST not in paths and others:
        raise RememError(
            f"{repo} holds another dataset (it has {others[0]} and no {MANIFEST}); choose another repository."
        )


def _operations(contents: Contents, difference: Difference) -> list:
    add = [CommitOperationAdd(name, contents.files[name]) for name in difference.send]
    return [*add, *(CommitOperationDelete(name) for name in difference.remove)]


def _commit(
    api: HfApi,
    contents: Contents,
    repo: str,
    version: str,
    difference: Difference,
    head: str,
    create_pr: bool = False,
):
    # Not `upload_folder`: with hf_xet it makes several commits. One, on the branch as it was looked at.
    return api.create_commit(
        repo,
        _operations(contents, difference),
        commit_message=f"Publish ReMem {version}",
        commit_description=f"Fingerprint {contents.fingerprint}",
        repo_type=KIND,
        revision="main",
        create_pr=create_pr,
        parent_commit=head,
    )


def _propose(
    api: HfApi, contents: Contents, repo: str, version: str, remote: Remote, difference: Difference
) -> Published:
    """A pull request, or the open one that proposes the same."""
    if not difference:
        raise RememError(f"{repo} holds this dataset already; leave out --create-pr to tag it as {version}.")
    for known in api.get_repo_discussions(
        repo, repo_type=KIND, discussion_type="pull_request", discussion_status="open"
    ):
        reference = f"refs/pr/{known.num}"
        if not contents.differences(_files(api, repo, reference)):
            commit = api.repo_info(repo, repo_type=KIND, revision=reference).sha
            return Published(commit, False, True, remote.private, known.url)
    info = _commit(api, contents, repo, version, difference, remote.head, create_pr=True)
    return Published(info.oid, False, False, remote.private, info.pr_url)
