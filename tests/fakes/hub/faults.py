"""What goes wrong on demand, as it does on the way to a real Hub."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import Literal

#: refuse: answer `status` (with `Retry-After`) in place of what was asked.
#: drop: close the connection when half of the request's body has arrived.
#: cut: do what was asked, close the connection when half of the answer has been sent.
#: lose: do what was asked, close the connection before the answer.
#: slow: wait `seconds`, then do what was asked.
#: move: let somebody else commit to the repository's main branch first.
Effect = Literal["refuse", "drop", "cut", "lose", "slow", "move"]


@dataclass
class Fault:
    """One thing to go wrong.

    Attributes:
        effect: what happens.
        method: HTTP method that is hit, as a regular expression.
        path: path that is hit, as a regular expression found anywhere in it.
        skip: how many such requests pass before.
        times: how many are hit then; -1 for all.
        status: for "refuse".
        retry_after: for "refuse", seconds; None leaves the header out.
        seconds: for "slow".
    """

    effect: Effect
    method: str = ".*"
    path: str = ".*"
    skip: int = 0
    times: int = 1
    status: int = 503
    retry_after: int | None = None
    seconds: float = 0.0


class Faults:
    """The faults to come; safe to use from several threads.

    Attributes:
        hit: (effect, method, path) of every request that was hit.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self.hit: list[tuple[str, str, str]] = []

    def add(self, *faults: Fault) -> None:
        """Let these happen, besides those that still wait."""
        with self._lock:
            self._waiting.extend(faults)

    def clear(self) -> None:
        """Let nothing more happen, and forget what did."""
        with self._lock:
            self._waiting.clear()
            self.hit.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that hits this request, if any."""
        with self._lock:
            for fault in self._waiting:
                if not re.fullmatch(fault.method, method) or not re.search(fault.path, path):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.times != 0:
                    fault.times -= 1
                    self.hit.append((fault.effect, method, path))
                    return fault
        return None
