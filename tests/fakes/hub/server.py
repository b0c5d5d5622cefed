"""The loopback Hub itself: an HTTP server in threads of the test's process."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from . import commits, discussions, files, repos
from .faults import Fault, Faults
from .requests import Account, Answer, Request
from .store import Commit, Refusal, Repo, Store, now

_ROUTES = [
    (method, re.compile(pattern), handler)
    for module in (repos, files, commits, discussions)
    for method, pattern, handler in module.ROUTES
]

#: Tokens of the accounts that every loopback Hub has.
OWNER, READER, STRANGER = "hf_owner", "hf_reader", "hf_stranger"


class LoopbackHub:
    """A Hub for the real clients, on a port of this machine.

    Use it as a context manager. Clients need `environment()`, or `HfApi(endpoint=hub.url, token=OWNER)`.

    Args:
        root: folder for its state; an earlier state there is gone on with.

    Attributes:
        url: where it listens.
        accounts: token -> account: `OWNER` ("ada", who writes for "lab"), `READER` (the same person, a
            token that only reads) and `STRANGER` ("eve").
        faults: what goes wrong on demand.
        log: (method, path, status) of every request; status 0 where no answer was sent.
        store: repositories and blobs.
    """

    def __init__(self, root: Path) -> None:
        self.store = Store(root)
        self.faults = Faults()
        self.log: list[tuple[str, str, int]] = []
        self.accounts = {
            OWNER: Account("ada", ("lab",)),
            READER: Account("ada", ("lab",), writes=False),
            STRANGER: Account("eve"),
        }
        self._lock = threading.RLock()
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> LoopbackHub:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def environment(self, home: Path, token: str | None = OWNER) -> dict[str, str]:
        """Variables that make a process use this Hub.

        Args:
            home: its `HF_HOME`.
            token: who it is; None for nobody.
        """
        found = {
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(home),
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "NO_PROXY": "127.0.0.1",
        }
        return {**found, "HF_TOKEN": token} if token else found

    def repo(self, repo_id: str, kind: str = "datasets") -> Repo:
        """A repository as it stands."""
        with self._lock:
            repo = self.store.find(kind, repo_id)
        if repo is None:
            raise KeyError(f"no {kind} {repo_id}")
        return repo

    def files(self, repo_id: str, revision: str = "main", kind: str = "datasets") -> dict[str, bytes]:
        """Every file at a revision, path -> content."""
        tree = self.repo(repo_id, kind).tree(revision)
        return {path: self.store.blob(entry.sha256).read_bytes() for path, entry in tree.items()}

    def create(self, repo_id: str, kind: str = "datasets", private: bool = False) -> None:
        """Make a repository without a client."""
        with self._lock:
            self.store.create(kind, repo_id, private=private, author=repo_id.split("/")[0])

    def commit(
        self, repo_id: str, changes: dict[str, bytes | None], kind: str = "datasets", branch: str = "main"
    ) -> str:
        """Let somebody else commit; None deletes a file. Returns the commit's id."""
        with self._lock:
            repo = self.repo(repo_id, kind)
            tree = dict(repo.tree(branch))
            for path, content in changes.items():
                if content is None:
                    del tree[path]
                else:
                    tree[path] = self.store.entry(path, content)
            fresh = Commit(repo.heads[branch], "Somebody else's commit", "", "grace", now(), tree)
            oid = repo.add_commit(branch, fresh)
            self.store.save(repo)
        return oid

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """What a request is answered, faults aside."""
        url = urlsplit(target)
        try:
            for wanted, pattern, handler in _ROUTES:
                match = pattern.fullmatch(url.path)
                if match and wanted == ("GET" if method == "HEAD" else method):
                    parts = {name: unquote(part) for name, part in match.groupdict().items() if part}
                    request = Request(
                        parts,
                        parse_qs(url.query, keep_blank_values=True),
                        headers,
                        body,
                        self._account(headers),
                        self.url,
                    )
                    with self._lock:
                        return handler(self.store, request)
            raise Refusal(404, f"No route for {method} {url.path}")
        except Refusal as refusal:
            codes = {"X-Error-Message": refusal.message}
            if refusal.code:
                codes["X-Error-Code"] = refusal.code
            return Answer({"error": refusal.message}, refusal.status, codes)

    def _account(self, headers: dict[str, str]) -> Account | None:
        given = headers.get("authorization")
        if given is None:
            return None
        account = self.accounts.get(given.removeprefix("Bearer "))
        if account is None:
            raise Refusal(401, "Invalid credentials in Authorization header")
        return account

    def move_main(self, path: str) -> None:
        """Commit to the main branch of the repository that a path names, as somebody else."""
        match = re.search(repos.API, path)
        if match and self.store.find(match["kind"], match["id"]):
            repo = self.repo(match["id"], match["kind"])
            self.commit(match["id"], {f"notes/{len(repo.commits)}.md": b"A note.\n"}, match["kind"])


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are part of the tests; nothing is printed."""

    def shutdown_request(self, request: socket.socket) -> None:
        """Close a connection; one that is to be reset, without the orderly end that shutting down sends."""
        resets, _ = struct.unpack("ii", request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))
        if resets:
            self.close_request(request)
        else:
            super().shutdown_request(request)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: LoopbackHub

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, *_: object) -> None:
        """Requests are in `LoopbackHub.log`."""

    def _handle(self) -> None:
        path = urlsplit(self.path).path
        fault = self.hub.faults.take(self.command, path)
        if fault and fault.effect == "drop":
            self.rfile.read(int(self.headers.get("Content-Length") or 0) // 2)
            self._hang_up(path)
            return
        body = self._read_body()
        if fault and fault.effect == "refuse":
            self._send(_refused(fault), path)
            return
        if fault and fault.effect == "slow":
            time.sleep(fault.seconds)
        if fault and fault.effect == "move":
            self.hub.move_main(path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.hub.answer(self.command, self.path, headers, body)
        if fault and fault.effect == "lose":
            self._hang_up(path)
        else:
            self._send(answer, path, cut=fault is not None and fault.effect == "cut")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _handle

    def _read_body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, answer: Answer, path: str, cut: bool = False) -> None:
        content = answer.content()
        self.hub.log.append((self.command, path, answer.status))
        self.send_response(answer.status)
        if "Content-Type" not in answer.headers:
            kind = "application/octet-stream" if isinstance(answer.body, bytes) else "application/json"
            self.send_header("Content-Type", kind)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self._close()

    def _hang_up(self, path: str) -> None:
        self.hub.log.append((self.command, path, 0))
        self._close()

    def _close(self) -> None:
        # Linger 0: the client sees a reset, as when a proxy dies, not an orderly end.
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True


def _refused(fault: Fault) -> Answer:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    reason = "Too Many Requests" if fault.status == 429 else "Service unavailable"
    return Answer(json.dumps({"error": reason}).encode(), fault.status, headers)
