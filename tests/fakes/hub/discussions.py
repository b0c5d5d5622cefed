"""Routes of pull requests and discussions: open, list, show with diff, comment, close, merge."""

from __future__ import annotations

import difflib
from typing import Any

from .repos import API, find
from .requests import Account, Answer, Request
from .store import Commit, Entry, Refusal, Repo, Store, now, pointer

PAGE = 50


def open_pull_request(
    repo: Repo, author: str, title: str, description: str, *, status: str, pull_request: bool = True
) -> int:
    """Add a pull request that starts at the head of main, or a discussion; return its number."""
    number = len(repo.discussions) + 1
    discussion = {
        "num": number,
        "title": title,
        "author": {"name": author},
        "isPullRequest": pull_request,
        "status": status,
        "createdAt": now(),
        "repo": {"name": repo.id, "type": repo.kind.removesuffix("s")},
        "events": [],
    }
    _add_event(discussion, "comment", author, _comment(description))
    if pull_request:
        discussion |= {"start": repo.heads["main"], "merged": None}
        repo.heads[f"refs/pr/{number}"] = repo.heads["main"]
    repo.discussions.append(discussion)
    return number


def _comment(text: str) -> dict[str, Any]:
    return {"edited": False, "hidden": False, "latest": {"raw": text, "html": text, "updatedAt": now()}}


def _add_event(discussion: dict[str, Any], kind: str, author: str, data: dict[str, Any]) -> dict[str, Any]:
    event = {
        "id": f"{discussion['num']:012x}{len(discussion['events']):012x}",
        "type": kind,
        "createdAt": now(),
        "author": {"name": author},
        "data": data,
    }
    discussion["events"].append(event)
    return event


def require_author(repo: Repo, number: int, request: Request) -> Account:
    """Who asks, if it is the author of a discussion or an owner of the repository.

    Raises:
        Refusal: it is neither, or there is no such discussion.
    """
    account = request.proposer()
    if account.name == _discussion(repo, number)["author"]["name"]:
        return account
    return request.writer(repo.owner)


def _discussion(repo: Repo, number: int) -> dict[str, Any]:
    if not 1 <= number <= len(repo.discussions):
        raise Refusal(404, f"Discussion {number} not found")
    return repo.discussions[number - 1]


def listing(store: Store, request: Request) -> Answer:
    repo = find(store, request)
    wanted = request.query.get("type", ["all"])[-1]
    status = request.query.get("status", ["all"])[-1]
    author = request.query.get("author", [None])[-1]
    found = [
        discussion
        for discussion in reversed(repo.discussions)
        if (wanted == "all" or (wanted == "pull_request") == discussion["isPullRequest"])
        and (status == "all" or (status == "open") == (discussion["status"] in ("open", "draft")))
        and author in (None, discussion["author"]["name"])
    ]
    start = PAGE * int(request.query.get("p", ["0"])[-1])
    return Answer({"discussions": found[start : start + PAGE], "count": len(found), "start": start})


def create(store: Store, request: Request) -> Answer:
    repo = find(store, request)
    account = request.proposer()
    wanted = request.json()
    is_pull = bool(wanted.get("pullRequest"))
    number = open_pull_request(
        repo,
        account.name,
        wanted["title"],
        wanted.get("description", ""),
        status="draft" if is_pull else "open",
        pull_request=is_pull,
    )
    store.save(repo)
    return Answer({"num": number})


def show(store: Store, request: Request) -> Answer:
    repo = find(store, request)
    discussion = _discussion(repo, int(request.parts["num"]))
    shown = {name: value for name, value in discussion.items() if name not in ("start", "merged")}
    if discussion["isPullRequest"]:
        shown["events"] = [*shown["events"], *_commit_events(repo, discussion)]
        shown["changes"] = {"base": "refs/heads/main", "mergeCommitId": discussion["merged"]}
        shown["filesWithConflicts"] = _conflicts(repo, discussion) if discussion["merged"] is None else []
        if request.flag("diff"):
            shown["diff"] = _diff(store, *_sides(repo, discussion))
    return Answer(shown)


def _sides(repo: Repo, discussion: dict[str, Any]) -> tuple[dict[str, Entry], dict[str, Entry]]:
    """Files before and after the pull request's own commits."""
    return repo.commits[discussion["start"]].tree, repo.tree(f"refs/pr/{discussion['num']}")


def _commit_events(repo: Repo, discussion: dict[str, Any]) -> list[dict[str, Any]]:
    events = []
    for oid, commit in repo.history(f"refs/pr/{discussion['num']}"):
        if oid == discussion["start"]:
            break
        data = {"subject": commit.title, "oid": oid}
        author = {"name": commit.author}
        events.append(
            {"id": oid[:24], "type": "commit", "createdAt": commit.date, "author": author, "data": data}
        )
    return events[::-1]


def _conflicts(repo: Repo, discussion: dict[str, Any]) -> list[str]:
    """Files that both main and the pull request have changed, differently."""
    before, after = _sides(repo, discussion)
    main = repo.tree("main")
    return [
        path
        for path in sorted(before.keys() | after.keys() | main.keys())
        if after.get(path) != before.get(path) and main.get(path) not in (before.get(path), after.get(path))
    ]


def _diff(store: Store, before: dict[str, Entry], after: dict[str, Entry]) -> str:
    """Unified diff; of an LFS object the pointer is shown, as git holds it."""
    parts = []
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            old, new = (_lines(store, side.get(path)) for side in (before, after))
            parts.append(f"diff --git a/{path} b/{path}\n")
            names = (
                f"a/{path}" if path in before else "/dev/null",
                f"b/{path}" if path in after else "/dev/null",
            )
            parts += difflib.unified_diff(old, new, *names)
    return "".join(parts)


def _lines(store: Store, entry: Entry | None) -> list[str]:
    if entry is None:
        return []
    content = pointer(entry.sha256, entry.size) if entry.lfs else store.blob(entry.sha256).read_bytes()
    return content.decode("utf-8", errors="replace").splitlines(keepends=True)


def comment(store: Store, request: Request) -> Answer:
    repo = find(store, request)
    account = request.proposer()
    discussion = _discussion(repo, int(request.parts["num"]))
    event = _add_event(discussion, "comment", account.name, _comment(request.json()["comment"]))
    store.save(repo)
    return Answer({"newMessage": event})


def change_status(store: Store, request: Request) -> Answer:
    repo = find(store, request)
    number = int(request.parts["num"])
    account = require_author(repo, number, request)
    discussion = _discussion(repo, number)
    if discussion["status"] == "merged":
        raise Refusal(400, "The pull request is merged")
    discussion["status"] = request.json()["status"]
    event = _add_event(discussion, "status-change", account.name, {"status": discussion["status"]})
    store.save(repo)
    return Answer({"newStatus": event})


def merge(store: Store, request: Request) -> Answer:
    repo = find(store, request)
    account = request.writer(repo.owner)
    discussion = _discussion(repo, int(request.parts["num"]))
    if not discussion["isPullRequest"] or discussion["status"] != "open":
        raise Refusal(400, f"Only an open pull request can be merged; this one is {discussion['status']}")
    if conflicts := _conflicts(repo, discussion):
        raise Refusal(409, f"There are conflicts in {', '.join(conflicts)}")
    before, after = _sides(repo, discussion)
    tree = dict(repo.tree("main"))
    for path in before.keys() | after.keys():
        if path not in after:
            tree.pop(path, None)
        elif after[path] != before.get(path):
            tree[path] = after[path]
    title = f"{discussion['title']} (#{discussion['num']})"
    merged = Commit(repo.heads["main"], title, "", account.name, now(), tree)
    discussion["merged"] = repo.add_commit("main", merged)
    discussion["status"] = "merged"
    _add_event(discussion, "status-change", account.name, {"status": "merged"})
    store.save(repo)
    return Answer({})


_ONE = API + r"/discussions/(?P<num>\d+)"
ROUTES = [
    ("GET", API + r"/discussions", listing),
    ("POST", API + r"/discussions", create),
    ("GET", _ONE, show),
    ("POST", _ONE + r"/comment", comment),
    ("POST", _ONE + r"/status", change_status),
    ("POST", _ONE + r"/merge", merge),
]
