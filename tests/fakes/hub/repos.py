"""Routes about repositories as a whole: who am I, create, delete, information, branches and tags."""

from __future__ import annotations

from typing import Any

import yaml

from .requests import Answer, Request
from .store import Refusal, Repo, Store

API = r"/api/(?P<kind>models|datasets|spaces)/(?P<id>[^/]+/[^/]+)"


def who_am_i(store: Store, request: Request) -> Answer:
    account = request.signed_in()
    role = "write" if account.writes else "read"
    return Answer(
        {
            "type": "user",
            "name": account.name,
            "orgs": [{"name": org, "roleInOrg": "write"} for org in account.orgs],
            "auth": {
                "type": "access_token",
                "accessToken": {"displayName": "test", "role": role, "createdAt": "2025-01-01T00:00:00.000Z"},
            },
        }
    )


def create(store: Store, request: Request) -> Answer:
    wanted = request.json()
    kind = wanted.get("type") or "model"
    owner = wanted.get("organization") or request.signed_in().name
    account = request.writer(owner)
    repo_id = f"{owner}/{wanted['name']}"
    prefix = "" if kind == "model" else f"{kind}s/"
    url = f"{request.origin}/{prefix}{repo_id}"
    body = {"url": url, "name": repo_id, "id": repo_id}
    try:
        private = wanted.get("visibility") == "private" or bool(wanted.get("private"))
        store.create(f"{kind}s", repo_id, private=private, author=account.name)
    except Refusal as refusal:
        return Answer({**body, "error": refusal.message}, refusal.status)
    return Answer(body)


def delete(store: Store, request: Request) -> Answer:
    wanted = request.json()
    owner = wanted.get("organization") or request.signed_in().name
    request.writer(owner)
    kind = f"{wanted.get('type') or 'model'}s"
    repo = request.sees(store.find(kind, f"{owner}/{wanted['name']}"))
    store.path(repo.kind, repo.id).unlink()
    return Answer({})


def info(store: Store, request: Request) -> Answer:
    repo = find(store, request)
    oid = repo.resolve(request.parts.get("rev") or "main")
    commit = repo.commits[oid]
    blobs = request.flag("blobs")
    siblings = []
    for path, entry in sorted(commit.tree.items()):
        sibling: dict[str, Any] = {"rfilename": path}
        if blobs:
            sibling |= {"size": entry.size, "blobId": entry.oid}
            if entry.lfs:
                sibling["lfs"] = {"size": entry.size, "sha256": entry.sha256, "pointerSize": 130}
        siblings.append(sibling)
    body = {
        "_id": oid[:24],
        "id": repo.id,
        "author": repo.owner,
        "sha": oid,
        "createdAt": repo.created,
        "lastModified": commit.date,
        "private": repo.private,
        "gated": False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": [],
        "siblings": siblings,
        "cardData": _card(store, repo, oid) or None,
    }
    if repo.kind == "models":
        body |= {"modelId": repo.id, "spaces": [], "evalResults": _eval_results(store, repo, oid)}
    return Answer(body)


def _card(store: Store, repo: Repo, oid: str) -> dict[str, Any]:
    entry = repo.commits[oid].tree.get("README.md")
    if entry is None:
        return {}
    try:
        return front_matter(store.blob(entry.sha256).read_text(encoding="utf-8")) or {}
    except (ValueError, yaml.YAMLError):
        return {}


def _eval_results(store: Store, repo: Repo, oid: str) -> list[dict[str, Any]]:
    """The entries of `.eval_results/*.yaml`; the Hub leaves out files that it cannot read."""
    found: list[dict[str, Any]] = []
    for path, entry in sorted(repo.commits[oid].tree.items()):
        if path.startswith(".eval_results/") and path.endswith((".yaml", ".yml")):
            try:
                entries = yaml.load(store.blob(entry.sha256).read_bytes(), yaml.BaseLoader)
            except yaml.YAMLError:
                continue
            found += [entry for entry in entries if isinstance(entry, dict)]
    return found


def front_matter(text: str) -> dict[str, Any] | None:
    """The YAML at the head of a card; None without one.

    Raises:
        ValueError: it is no mapping.
        yaml.YAMLError: it is no YAML.
    """
    parts = text.split("---", 2)
    if len(parts) != 3 or parts[0].strip():
        return None
    value = yaml.safe_load(parts[1])
    if not isinstance(value, dict):
        raise ValueError("metadata must be a mapping")
    return value


def validate_yaml(store: Store, request: Request) -> Answer:
    try:
        found = front_matter(request.json()["content"])
    except (ValueError, yaml.YAMLError) as error:
        return Answer({"errors": [{"message": str(error).splitlines()[0]}], "warnings": []}, 400)
    warnings = [] if found else [{"message": "empty or missing yaml metadata in repo card"}]
    return Answer({"errors": [], "warnings": warnings})


def refs(store: Store, request: Request) -> Answer:
    repo = find(store, request)

    def listed(names: dict[str, str], where: str) -> list[dict[str, str]]:
        return [{"name": n, "ref": f"{where}{n}", "targetCommit": oid} for n, oid in names.items()]

    pulls = {name: oid for name, oid in repo.heads.items() if name.startswith("refs/pr/")}
    branches = {name: oid for name, oid in repo.heads.items() if name not in pulls}
    body = {
        "branches": listed(branches, "refs/heads/"),
        "converts": [],
        "tags": listed(repo.tags, "refs/tags/"),
    }
    if request.flag("include_prs"):
        body["pullRequests"] = [
            {"name": name, "ref": name, "targetCommit": oid} for name, oid in pulls.items()
        ]
    return Answer(body)


def create_tag(store: Store, request: Request) -> Answer:
    repo = find(store, request)
    request.writer(repo.owner)
    tag = request.json()["tag"]
    oid = repo.resolve(request.parts["rev"])
    if tag in repo.tags:
        raise Refusal(409, f"Tag reference exists already: refs/tags/{tag}")
    repo.tags[tag] = oid
    store.save(repo)
    return Answer({})


def delete_tag(store: Store, request: Request) -> Answer:
    repo = find(store, request)
    request.writer(repo.owner)
    if repo.tags.pop(request.parts["rev"], None) is None:
        raise Refusal(404, "Tag not found", "RevisionNotFound")
    store.save(repo)
    return Answer({})


def create_branch(store: Store, request: Request) -> Answer:
    repo = find(store, request)
    request.writer(repo.owner)
    if request.parts["rev"] in repo.heads:
        raise Refusal(409, f"Reference already exists: refs/heads/{request.parts['rev']}")
    repo.heads[request.parts["rev"]] = repo.resolve(request.json().get("startingPoint") or "main")
    store.save(repo)
    return Answer({})


def settings(store: Store, request: Request) -> Answer:
    repo = find(store, request)
    request.writer(repo.owner)
    wanted = request.json()
    if "private" in wanted or "visibility" in wanted:
        repo.private = bool(wanted.get("private")) or wanted.get("visibility") == "private"
    store.save(repo)
    return Answer({})


def commits(store: Store, request: Request) -> Answer:
    repo = find(store, request)
    return Answer(
        [
            {
                "id": oid,
                "authors": [{"user": commit.author}],
                "date": commit.date,
                "title": commit.title,
                "message": commit.message,
            }
            for oid, commit in repo.history(request.parts["rev"])
        ]
    )


def find(store: Store, request: Request) -> Repo:
    """The repository that a path names, if whoever asks may see it."""
    return request.sees(store.find(request.parts["kind"], request.parts["id"]))


ROUTES = [
    ("GET", r"/api/whoami-v2", who_am_i),
    ("POST", r"/api/repos/create", create),
    ("DELETE", r"/api/repos/delete", delete),
    ("POST", r"/api/validate-yaml", validate_yaml),
    ("GET", API, info),
    ("GET", API + r"/revision/(?P<rev>[^/]+)", info),
    ("GET", API + r"/refs", refs),
    ("GET", API + r"/commits/(?P<rev>[^/]+)", commits),
    ("PUT", API + r"/settings", settings),
    ("POST", API + r"/tag/(?P<rev>[^/]+)", create_tag),
    ("DELETE", API + r"/tag/(?P<rev>[^/]+)", delete_tag),
    ("POST", API + r"/branch/(?P<rev>[^/]+)", create_branch),
]
