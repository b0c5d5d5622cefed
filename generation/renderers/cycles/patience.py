"""The two pipes to a process, with an end to waiting: reads and writes give up when the time is over."""

from __future__ import annotations

import os
import select
import time
from typing import IO


class Late(Exception):
    """The other end neither answered nor went away in time."""


class Patience:
    """Both pipes as one file object, unbuffered, until a deadline.

    Args:
        reader: the pipe that the process writes.
        writer: the pipe that it reads; made non-blocking, because a process that hangs reads nothing either.
        seconds: how long all reads and writes together may take.
    """

    def __init__(self, reader: IO[bytes], writer: IO[bytes], seconds: float) -> None:
        self._reader = reader.fileno()
        self._writer = writer.fileno()
        self._end = time.monotonic() + seconds
        os.set_blocking(self._writer, False)

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes, fewer at the pipe's end.

        Raises:
            Late: they did not come in time.
        """
        parts = []
        while size > 0:
            self._wait(self._reader, select.POLLIN)
            part = os.read(self._reader, min(size, 1 << 20))
            if not part:
                break
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def write(self, data: bytes | memoryview) -> None:
        """Write all of it.

        Raises:
            Late: nobody read it in time.
            OSError: the other end has gone.
        """
        left = memoryview(data)
        while left:
            self._wait(self._writer, select.POLLOUT)
            left = left[os.write(self._writer, left[: 1 << 20]) :]

    def flush(self) -> None:
        """Nothing is held back."""

    def _wait(self, pipe: int, event: int) -> None:
        poll = select.poll()
        poll.register(pipe, event)
        if not poll.poll(max(0.0, self._end - time.monotonic()) * 1000):
            raise Late
