"""Routes that take commits, to a branch or as a new pull request."""

from __future__ import annotations

import base64
import json

from .discussions import open_pull_request, require_author
from .repos import API, find
from .requests import Answer, Request
from .store import Commit, Entry, Refusal, Repo, Store, is_lfs, now


def preupload(store: Store, request: Request) -> Answer:
    repo = find(store, request)
    _check_rights(repo, request)
    tree = repo.tree("main" if request.flag("create_pr") else request.parts["rev"])
    files = []
    for file in request.json()["files"]:
        known = tree.get(file["path"])
        files.append(
            {
                "path": file["path"],
                "uploadMode": "lfs" if is_lfs(file["path"], file["size"]) else "regular",
                "shouldIgnore": False,
                "oid": known.etag if known else None,
            }
        )
    return Answer({"files": files, "commitOid": repo.heads["main"]})


def commit(store: Store, request: Request) -> Answer:
    repo = find(store, request)
    account = _check_rights(repo, request)
    as_pull_request = request.flag("create_pr")
    branch = "main" if as_pull_request else request.parts["rev"]
    if branch not in repo.heads:
        raise Refusal(404, f"Invalid branch: {branch}", "RevisionNotFound")
    header, operations = _read(request.body)
    head = repo.heads[branch]
    if header.get("parentCommit") not in (None, head):
        raise Refusal(412, "A commit has happened since. Please refresh and try again.")
    tree = _apply(store, repo, repo.commits[head].tree, operations)
    fresh = Commit(head, header["summary"], header.get("description") or "", account.name, now(), tree)
    url = f"{request.origin}/{'' if repo.kind == 'models' else repo.kind + '/'}{repo.id}"
    body = {"success": True, "hookOutput": "", "pullRequestUrl": None}
    if as_pull_request:
        number = open_pull_request(repo, account.name, fresh.title, fresh.message, status="open")
        branch = f"refs/pr/{number}"
        body["pullRequestUrl"] = f"{url}/discussions/{number}"
    oid = repo.add_commit(branch, fresh)
    store.save(repo)
    return Answer({**body, "commitOid": oid, "commitUrl": f"{url}/commit/{oid}"})


def _check_rights(repo: Repo, request: Request):
    """Owners write everywhere; others open pull requests and add to their own."""
    if request.flag("create_pr"):
        return request.proposer()
    if request.parts["rev"].startswith("refs/pr/"):
        return require_author(repo, int(request.parts["rev"].removeprefix("refs/pr/")), request)
    return request.writer(repo.owner)


def _read(body: bytes) -> tuple[dict, list[tuple[str, dict]]]:
    """Header and operations of a commit, one JSON object a line."""
    try:
        lines = [json.loads(line) for line in body.splitlines() if line.strip()]
        header = next(line["value"] for line in lines if line["key"] == "header")
        return header, [(line["key"], line["value"]) for line in lines if line["key"] != "header"]
    except (ValueError, KeyError, TypeError, StopIteration):
        raise Refusal(400, "The commit is not newline-delimited JSON with a header") from None


def _apply(
    store: Store, repo: Repo, before: dict[str, Entry], operations: list[tuple[str, dict]]
) -> dict[str, Entry]:
    tree = dict(before)
    for key, value in operations:
        path = value["path"].rstrip("/")
        if key == "file":
            tree[path] = store.git_entry(base64.b64decode(value["content"]))
        elif key == "lfsFile":
            tree[path] = store.lfs_entry(value["oid"])
        elif key == "deletedFile":
            if path not in tree:
                raise Refusal(404, "A file with this name doesn't exist", "EntryNotFound")
            del tree[path]
        elif key == "deletedFolder":
            inside = [name for name in tree if name.startswith(f"{path}/")]
            if not inside:
                raise Refusal(404, "A file with this name doesn't exist", "EntryNotFound")
            for name in inside:
                del tree[name]
        else:
            raise Refusal(400, f"Unknown operation {key}")
    return tree


ROUTES = [
    ("POST", API + r"/preupload/(?P<rev>[^/]+)", preupload),
    ("POST", API + r"/commit/(?P<rev>[^/]+)", commit),
]
