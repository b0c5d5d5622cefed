"""Routes that show and send files, and the LFS routes that take large ones."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any
from urllib.parse import parse_qs

from .repos import API, find
from .requests import Answer, Request
from .store import Entry, Refusal, Repo, Store, pointer

#: Paths of files begin with the kind, but for models.
FILE = r"(?:/(?P<kind>datasets|spaces))?/(?P<id>[^/]+/[^/]+?)"


def tree(store: Store, request: Request) -> Answer:
    repo = find(store, request)
    oid = repo.resolve(request.parts["rev"])
    folder = request.parts.get("path") or ""
    listed = _listed(repo, oid, folder, recursive=request.flag("recursive"))
    if folder and not listed:
        raise Refusal(404, f"{folder} does not exist on {request.parts['rev']}", "EntryNotFound")
    return Answer([_shown(repo, oid, path, entry) for path, entry in listed])


def paths_info(store: Store, request: Request) -> Answer:
    repo = find(store, request)
    oid = repo.resolve(request.parts["rev"])
    if request.headers.get("content-type", "").startswith("application/json"):
        wanted = request.json()["paths"]
    else:
        wanted = parse_qs(request.body.decode()).get("paths", [])
    files = repo.commits[oid].tree
    shown = []
    for path in wanted:
        if path in files:
            shown.append(_shown(repo, oid, path, files[path]))
        elif any(name.startswith(f"{path}/") for name in files):
            shown.append(_shown(repo, oid, path, None))
    return Answer(shown)


def _listed(repo: Repo, oid: str, folder: str, *, recursive: bool) -> list[tuple[str, Entry | None]]:
    """Files and folders (without an entry) under a folder."""
    prefix = f"{folder}/" if folder else ""
    found: dict[str, Entry | None] = {}
    for path, entry in sorted(repo.commits[oid].tree.items()):
        if not path.startswith(prefix):
            continue
        steps = path.removeprefix(prefix).split("/")
        for depth in range(1, len(steps)):
            if recursive or depth == 1:
                found[prefix + "/".join(steps[:depth])] = None
        if recursive or len(steps) == 1:
            found[path] = entry
    return list(found.items())


def _shown(repo: Repo, oid: str, path: str, entry: Entry | None) -> dict[str, Any]:
    commit = repo.commits[oid]
    last = {"id": oid, "title": commit.title, "date": commit.date}
    if entry is None:
        tree_oid = hashlib.sha1(f"{oid}{path}".encode()).hexdigest()
        return {"type": "directory", "oid": tree_oid, "size": 0, "path": path, "lastCommit": last}
    shown: dict[str, Any] = {
        "type": "file",
        "oid": entry.oid,
        "size": entry.size,
        "path": path,
        "lastCommit": last,
    }
    if entry.lfs:
        length = len(pointer(entry.sha256, entry.size))
        shown["lfs"] = {"oid": entry.sha256, "size": entry.size, "pointerSize": length}
    return shown


def resolve(store: Store, request: Request) -> Answer:
    repo = request.sees(store.find(request.parts.get("kind") or "models", request.parts["id"]))
    oid = repo.resolve(request.parts["rev"])
    entry = repo.commits[oid].tree.get(request.parts["path"])
    if entry is None:
        raise Refusal(404, "Entry not found", "EntryNotFound")
    content = store.blob(entry.sha256).read_bytes()
    headers = {"X-Repo-Commit": oid, "ETag": f'"{entry.etag}"', "Accept-Ranges": "bytes"}
    if entry.lfs:
        headers |= {"X-Linked-ETag": f'"{entry.etag}"', "X-Linked-Size": str(entry.size)}
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if wanted is None:
        return Answer(content, 200, headers)
    first, last = int(wanted[1]), min(int(wanted[2] or len(content)), len(content) - 1)
    if first > last:
        return Answer(b"", 416, {**headers, "Content-Range": f"bytes */{len(content)}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
    return Answer(content[first : last + 1], 206, headers)


def lfs_batch(store: Store, request: Request) -> Answer:
    repo = request.sees(store.find(request.parts.get("kind") or "models", request.parts["id"]))
    request.proposer()
    objects = []
    for item in request.json()["objects"]:
        described: dict[str, Any] = {"oid": item["oid"], "size": item["size"]}
        if not store.blob(item["oid"]).is_file():
            upload = {"href": f"{request.origin}/lfs/{item['oid']}", "header": {}}
            check = {
                "href": f"{request.origin}/lfs-verify/{repo.kind}/{repo.id}",
                "header": {},
            }
            described["actions"] = {"upload": upload, "verify": check}
        objects.append(described)
    body = json.dumps({"transfer": "basic", "objects": objects}).encode()
    return Answer(body, 200, {"Content-Type": "application/vnd.git-lfs+json"})


def lfs_put(store: Store, request: Request) -> Answer:
    # The address was given out by `lfs_batch` to somebody who may write: as on the Hub it needs no token.
    if hashlib.sha256(request.body).hexdigest() != request.parts["oid"]:
        raise Refusal(400, "The content does not have the SHA-256 that was announced")
    store.put(request.body)
    return Answer(b"")


def lfs_verify(store: Store, request: Request) -> Answer:
    request.proposer()
    wanted = request.json()
    path = store.blob(wanted["oid"])
    if not path.is_file() or path.stat().st_size != wanted["size"]:
        raise Refusal(400, "The object is not there")
    return Answer({})


ROUTES = [
    ("GET", API + r"/tree/(?P<rev>[^/]+)(?:/(?P<path>.+))?", tree),
    ("POST", API + r"/paths-info/(?P<rev>[^/]+)", paths_info),
    ("GET", FILE + r"/resolve/(?P<rev>[^/]+)/(?P<path>.+)", resolve),
    ("POST", FILE + r"\.git/info/lfs/objects/batch", lfs_batch),
    ("PUT", r"/lfs/(?P<oid>[0-9a-f]{64})", lfs_put),
    ("POST", r"/lfs-verify/(?P<kind>[^/]+)/(?P<id>[^/]+/[^/]+)", lfs_verify),
]
