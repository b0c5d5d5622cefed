"""How the renderer and its Blender process talk: framed messages of named arrays over two pipes.

A message is one status byte, the payload's length (8 bytes, little endian) and the payload: an .npz archive,
or UTF-8 words for an error. Both ends use this file, Blender's Python by loading it from beside its script,
so it needs numpy alone, of any version.
"""

from __future__ import annotations

import io
import struct
from typing import BinaryIO

import numpy as np

ARRAYS, ERROR = b"A", b"E"
#: More than any scene or picture has; a length beyond it means that something else wrote into the pipe.
MOST_BYTES = 4 * 2**30


class Closed(Exception):
    """The other end has gone."""


class Broken(Closed):
    """What came is no message; nothing after it can be understood."""


def send(pipe: BinaryIO, arrays: dict[str, np.ndarray]) -> None:
    """Write a message of arrays.

    Raises:
        OSError: the other end has gone.
    """
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    _write(pipe, ARRAYS, buffer.getbuffer())


def send_error(pipe: BinaryIO, words: str) -> None:
    """Write a message that says what went wrong."""
    _write(pipe, ERROR, words.encode("utf-8"))


def receive(pipe: BinaryIO) -> dict[str, np.ndarray] | str:
    """Read a message: arrays, or the words of an error.

    Raises:
        Closed: the pipe ended.
        Broken: what came is no message.
    """
    status = pipe.read(1)
    if status and status not in (ARRAYS, ERROR):
        raise Broken("it starts with none of the two status bytes")
    header = pipe.read(8) if status else b""
    if len(header) < 8:
        raise Closed
    (length,) = struct.unpack("<Q", header)
    if length > MOST_BYTES:
        raise Broken(f"it claims to have {length} bytes")
    payload = pipe.read(length)
    if len(payload) < length:
        raise Closed
    if status == ERROR:
        return payload.decode("utf-8", "replace")
    try:
        with np.load(io.BytesIO(payload), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception as error:  # of the many kinds that broken archives raise, each means the same
        raise Broken(f"{type(error).__name__}: {error}") from None


def _write(pipe: BinaryIO, status: bytes, payload) -> None:
    pipe.write(status + struct.pack("<Q", len(payload)))
    pipe.write(payload)
    pipe.flush()
