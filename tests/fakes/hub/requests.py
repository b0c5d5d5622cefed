"""Requests and answers as the routes see them, and who is asking."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from .store import Refusal, Repo


@dataclass(frozen=True)
class Account:
    """The owner of a token.

    Attributes:
        name: user name.
        orgs: organisations that the user may write in.
        writes: whether the token may write.
    """

    name: str
    orgs: tuple[str, ...] = ()
    writes: bool = True

    def owns(self, owner: str) -> bool:
        """Whether repositories of `owner` are the user's."""
        return owner == self.name or owner in self.orgs


@dataclass
class Request:
    """A request that a route handles.

    Attributes:
        parts: what the route's pattern found in the path, unquoted.
        query: URL parameters, each with all its values.
        headers: lower-case names.
        body: all of it.
        account: who asks; None without a token.
        origin: the Hub's own address.
    """

    parts: dict[str, str]
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    account: Account | None
    origin: str

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty without a body.

        Raises:
            Refusal: it is none.
        """
        try:
            value = json.loads(self.body or b"{}")
        except ValueError:
            raise Refusal(400, "Invalid JSON") from None
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise Refusal(400, "Expected a JSON object")
        return value

    def flag(self, name: str) -> bool:
        """Whether a URL parameter is set."""
        return self.query.get(name, ["0"])[-1].lower() in ("1", "true")

    def signed_in(self) -> Account:
        """Who asks.

        Raises:
            Refusal: no token.
        """
        if self.account is None:
            raise Refusal(401, "Invalid username or password.")
        return self.account

    def writer(self, owner: str) -> Account:
        """Who asks, if allowed to write in the name of `owner`.

        Raises:
            Refusal: no token, one that only reads, or somebody else's.
        """
        account = self.signed_in()
        if not account.writes:
            raise Refusal(403, "You need a token with write access; this one is read-only")
        if not account.owns(owner):
            raise Refusal(403, f"You don't have the rights to create or change a repo of {owner}")
        return account

    def proposer(self) -> Account:
        """Who asks, if allowed to open pull requests: anybody whose token writes.

        Raises:
            Refusal: no token, or one that only reads.
        """
        account = self.signed_in()
        if not account.writes:
            raise Refusal(403, "You need a token with write access; this one is read-only")
        return account

    def sees(self, repo: Repo | None) -> Repo:
        """The repository, if it is there for whoever asks.

        Raises:
            Refusal: missing, or private to others: the Hub does not tell which.
        """
        if repo is None or (repo.private and (self.account is None or not self.account.owns(repo.owner))):
            status = 401 if self.account is None else 404
            raise Refusal(
                status,
                "Repository not found" if status == 404 else "Invalid username or password.",
                "RepoNotFound",
            )
        return repo


@dataclass
class Answer:
    """What a route answers.

    Attributes:
        body: bytes, or a value that is sent as JSON.
        status: HTTP status.
        headers: besides `Content-Length` and `Content-Type`.
    """

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        """The bytes to send."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
