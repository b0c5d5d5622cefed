"""Fingerprints of a packed dataset: what it says, what it shows, and both.

File bytes carry Arrow's version and the order of shards, so they are not what is hashed. The text
fingerprint is the same on any machine; pixels may differ between kinds of CPU (the denoiser), which is
why the two are kept apart. What follows from pixels counts with them: the boxes of faces, and people's looks,
which are chosen with a face recogniser.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from PIL import Image

_SIZE = 20

_PICTURES = ("image", "images")
#: Columns that say what is seen.
_SIGHT = ("faces", "appearance")


def row_digest(config: str, split: str, row: dict[str, Any]) -> bytes:
    """Digest of one row's text columns, with the names of where it stands."""
    return _json_digest([config, split, {k: v for k, v in row.items() if k not in (*_PICTURES, *_SIGHT)}])


def _json_digest(value: Any) -> bytes:
    line = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(line.encode("utf-8"), digest_size=_SIZE).digest()


def picture_digest(png: bytes) -> bytes:
    """Digest of a picture's pixels (RGB), whatever compressed them."""
    with Image.open(io.BytesIO(png)) as image:
        pixels = image.convert("RGB")
        head = f"{pixels.width}x{pixels.height}:".encode()
        return hashlib.blake2b(head + pixels.tobytes(), digest_size=_SIZE).digest()


class Fingerprint:
    """Takes rows in any order; equal contents give equal fingerprints.

    Args:
        pixels: False takes the text alone.

    Attributes:
        rows: how many it took.
    """

    def __init__(self, pixels: bool = True) -> None:
        self.rows = 0
        self._with_pixels = pixels
        self._text: list[bytes] = []
        self._pixels: list[bytes] = []
        self._known: dict[bytes, bytes] = {}  # PNG digest -> pixel digest: rows share pictures

    def add(self, config: str, split: str, row: dict[str, Any]) -> None:
        """Take one row as Parquet holds it: pictures are {"bytes", "path"}."""
        text = row_digest(config, split, row)
        self._text.append(text)
        self.rows += 1
        if not self._with_pixels:
            return
        for picture in [row["image"]] if "image" in row else row.get("images", []):
            self._pixels.append(text + self._pixel_digest(picture["bytes"]))
        sight = {name: row[name] for name in _SIGHT if name in row}
        if sight:
            self._pixels.append(text + _json_digest(sight))

    def _pixel_digest(self, png: bytes) -> bytes:
        key = hashlib.blake2b(png, digest_size=_SIZE).digest()
        if key not in self._known:
            self._known[key] = picture_digest(png)
        return self._known[key]

    def result(self) -> dict[str, str]:
        """{"text", "pixels", "all"}, or {"text"}: hexadecimal digests."""
        text = _digest_all(sorted(self._text))
        if not self._with_pixels:
            return {"text": text}
        pixels = _digest_all(sorted(self._pixels))
        return {"text": text, "pixels": pixels, "all": _digest_all([text.encode(), pixels.encode()])}


def file_digest(path: Path) -> str:
    """Digest of a file's bytes: whether this very file is still as it was packed."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=_SIZE)).hexdigest()


def read_parquet_rows(path: Path, batch: int = 100) -> Iterator[dict[str, Any]]:
    """The rows of one Parquet file, a batch in memory at a time."""
    with pq.ParquetFile(path, pre_buffer=False) as file:  # or it would hold the whole file
        for rows in file.iter_batches(batch_size=batch):
            yield from rows.to_pylist()


def fingerprint_files(files: dict[tuple[str, str], list[Path]]) -> dict[str, str]:
    """Fingerprint of packed files.

    Args:
        files: (config, shard or split) -> its Parquet files.
    """
    fingerprint = Fingerprint()
    for (config, split), paths in files.items():
        for path in paths:
            for row in read_parquet_rows(path):
                fingerprint.add(config, split, row)
    return fingerprint.result()


def _digest_all(parts: list[bytes]) -> str:
    whole = hashlib.blake2b(digest_size=_SIZE)
    for part in parts:
        whole.update(part)
    return whole.hexdigest()
