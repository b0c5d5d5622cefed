"""What may go wrong on the way to the Hub, in one sentence that says what to do; and what to wait for."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import sleep
from typing import TypeVar

import httpx2
from huggingface_hub import constants
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import get_token, parse_ratelimit_headers

from ..errors import RememError
from ..schema import MANIFEST

T = TypeVar("T")

#: The longest wait that the Hub may ask for, in seconds; above it the command ends and says so.
LONGEST_WAIT = 90

#: Seconds before the second, third … try, unless the Hub names another time.
PAUSES = (1, 2, 4, 8)

_AGAIN = "run the command again, it goes on where it was"
_BUSY = (408, 429, 500, 502, 503, 504)
#: Somebody else was faster (409), or the branch has moved (412): look again, then decide anew.
_OVERTAKEN = (409, 412)


class TooLongWait(RememError):
    """The Hub asks to wait longer than `LONGEST_WAIT`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The Hub asks to wait {seconds:.0f} s before the next request; then {_AGAIN}.")


def asked_wait(response: httpx2.Response) -> float | None:
    """How many seconds a busy Hub asks to wait; None if it names no time or is not busy.

    Args:
        response: any answer of the Hub.
    """
    if response.status_code not in _BUSY:
        return None
    limit = parse_ratelimit_headers(response.headers)
    if response.status_code == 429 and limit is not None and limit.remaining == 0:
        return float(limit.reset_in_seconds)
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None


def bound_waits() -> None:
    """Make every Hub request of this process end in time, and say so when it waits.

    huggingface_hub waits as long as a `Retry-After` says, sets no time limit on answers, and its own warnings
    show the signed addresses that files are uploaded to.
    """
    from huggingface_hub.utils import logging, set_client_factory
    from huggingface_hub.utils._http import default_client_factory

    def check(response: httpx2.Response) -> None:
        wait = asked_wait(response)
        if wait is not None and wait > LONGEST_WAIT:
            raise TooLongWait(wait)
        if wait:
            print(f"The Hub asks to wait {wait:.0f} s before the next request.", file=sys.stderr)

    def client() -> httpx2.Client:
        made = default_client_factory()
        made.timeout = httpx2.Timeout(60, read=300)  # a commit of many files takes the Hub minutes
        made.event_hooks = {**made.event_hooks, "response": [*made.event_hooks["response"], check]}
        return made

    set_client_factory(client)
    logging.set_verbosity_error()


def patiently(step: Callable[[], T]) -> T:
    """Do a step again while the Hub is busy, the line is bad, or somebody else was faster.

    Args:
        step: looks at the state first, so that doing it again never does anything twice.

    Raises:
        Exception: what the step raised, if it is not worth another try or the tries are used up.
    """
    for pause in PAUSES:
        try:
            return step()
        except (HfHubHTTPError, httpx2.HTTPError, RuntimeError, LocalEntryNotFoundError) as raised:
            error = _root(raised)
            if not _passing(error):
                raise
            wait = (asked_wait(error.response) or 0) if isinstance(error, HfHubHTTPError) else 0
        if wait > LONGEST_WAIT:
            raise TooLongWait(wait)
        wait = max(wait, pause)
        print(f"The Hub did not answer as hoped ({_name(error)}); again in {wait:.0f} s.", file=sys.stderr)
        sleep(wait)
    return step()


def _root(error: BaseException) -> BaseException:
    """What an error comes from: huggingface_hub wraps faults of uploads, downloads and cards into others."""
    while (cause := error.__cause__) is not None:
        wrapped = isinstance(error, (RuntimeError, LocalEntryNotFoundError))
        if not wrapped and not (isinstance(error, ValueError) and isinstance(cause, HfHubHTTPError)):
            break
        error = cause
    return error


def _passing(error: BaseException) -> bool:
    """Whether another try may succeed."""
    if isinstance(error, HfHubHTTPError):
        return error.response.status_code in (*_BUSY, *_OVERTAKEN)
    return isinstance(error, httpx2.TransportError)


def _name(error: BaseException) -> str:
    return str(error.response.status_code) if isinstance(error, HfHubHTTPError) else type(error).__name__


@contextmanager
def clear_errors(repo: str, *, kind: str = "dataset", revision: str | None = None) -> Iterator[None]:
    """Turn what huggingface_hub raises into one sentence that says what to do.

    Args:
        repo: the repository that is asked about.
        kind: "dataset" or "model".
        revision: what of it was asked for.

    Raises:
        RememError: in place of an error of the Hub or the network.
    """
    try:
        yield
    except Exception as error:
        if isinstance(root := _root(error), RememError):
            raise root from None
        sentence = explain(error, repo, kind, revision)
        if sentence is None:
            raise
        raise RememError(sentence) from None


def explain(error: BaseException, repo: str, kind: str, revision: str | None = None) -> str | None:
    """The sentence for an error; None if it is not about the Hub. Arguments as in `clear_errors`."""
    not_cached, error = isinstance(error, LocalEntryNotFoundError), _root(error)
    if isinstance(error, OfflineModeIsEnabled) and not not_cached:
        return f"HF_HUB_OFFLINE is set, so the Hub cannot be asked about {repo}; unset it."
    if isinstance(error, HFValidationError):
        return f"{repo!r} does not name a Hub repository; a name looks like <org>/<name>."
    if isinstance(error, (OfflineModeIsEnabled, LocalEntryNotFoundError)):
        return _offline(repo, kind, revision)
    if isinstance(error, HfHubHTTPError):
        return _refused(error, repo, kind, revision)
    if isinstance(error, json.JSONDecodeError):
        return (
            f"What answers at {constants.ENDPOINT} is no Hub; check HF_ENDPOINT and the network's login page."
        )
    if isinstance(error, (httpx2.TransportError, httpx2.TooManyRedirects)):
        return (
            f"The Hub at {constants.ENDPOINT} cannot be reached ({type(error).__name__}); check the network "
            f"(and HF_ENDPOINT, if it is set) and {_AGAIN}."
        )
    return None


def _offline(repo: str, kind: str, revision: str | None) -> str:
    what = f"{kind} {repo}" + (f" at {revision}" if revision else "")
    if constants.is_offline_mode():
        return f"There is no {what} in the cache, and HF_HUB_OFFLINE is set; unset it to ask the Hub."
    return f"There is no {what} in the cache, and the Hub cannot be reached; check the network and {_AGAIN}."


def _refused(error: HfHubHTTPError, repo: str, kind: str, revision: str | None) -> str:
    status = error.response.status_code
    owner = repo.split("/")[0]
    if isinstance(error, GatedRepoError):
        return f"Access to the {kind} {repo} must be asked for: do so on its page on the Hub, signed in."
    if isinstance(error, RepositoryNotFoundError):
        if get_token() is None:
            return (
                f"There is no {kind} {repo} that can be seen without signing in; check the name, or sign in "
                "with `hf auth login` if it is private."
            )
        return f"There is no {kind} {repo} that your account may see; check the name, or ask {owner}."
    if isinstance(error, RevisionNotFoundError):
        listed = f"; `remem versions --repo {repo}` lists its versions" if kind == "dataset" else ""
        return f"The {kind} {repo} has no revision {revision or 'of that name'}{listed}."
    if isinstance(error, RemoteEntryNotFoundError) and kind == "dataset":
        return f"There is no dataset of ReMem in {repo}: it has no {MANIFEST}."
    if status == 401:
        return "The Hub does not accept your token; sign in with `hf auth login`, or set HF_TOKEN anew."
    if status == 403:
        return (
            f"Your token may not do this in {repo}: it needs the role `write`, and your account the right to "
            f"write for {owner}."
        )
    if status in _OVERTAKEN:
        return f"Somebody else keeps changing {repo}; when they are done, {_AGAIN}."
    if status in _BUSY:
        return f"The Hub is too busy or has a fault of its own ({status}); later, {_AGAIN}."
    said = " ".join((error.server_message or "").split())[:200]
    return f"The Hub refused a request for {repo} ({status}{': ' + repr(said) if said else ''})."
