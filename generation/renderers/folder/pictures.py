"""The user's own pictures: one folder per identity, read as what it is, input from outside."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from remem_dataset.errors import RememError

SUFFIXES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
#: Files that often lie beside pictures and are none.
IGNORED = {".txt", ".md", ".json", ".csv", ".yaml", ".db", ".ini"}
MOST_BYTES = 64 * 2**20
MOST_PIXELS = 64_000_000
LEAST_SIDE = 96
#: Longer sides are reduced to this: no picture that is drawn shows more detail.
WORKING_SIDE = 1600

_UNREADABLE = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    struct.error,
    zlib.error,
    OverflowError,
    MemoryError,
)


@dataclass(frozen=True)
class FaceFolder:
    """One identity's pictures: the folder's name and its files, both sorted by name."""

    name: str
    files: tuple[Path, ...]


def list_folders(faces: Path | None, identities: int | None = None) -> list[FaceFolder]:
    """Find the folders and their pictures; nothing is decoded yet.

    Args:
        faces: the folder that holds one folder per identity. Hidden files are passed over; symbolic links are
            refused, so that no picture from elsewhere can get into a dataset.
        identities: how many are needed; folders beyond the first so many are left alone. None takes all.

    Raises:
        RememError: no such folder, too few folders, an empty one, a link, or a file that is no PNG, JPEG or
            WebP.
    """
    if faces is None:
        raise RememError("The renderer 'folder' needs --faces DIR, with one folder of pictures per identity.")
    faces = Path(faces)
    if not faces.is_dir():
        raise RememError(
            f"--faces {faces} is not a folder; it must hold one folder of pictures per identity."
        )
    names = []
    for entry in _entries(faces):
        if entry.is_dir(follow_symlinks=False):
            names.append(entry.name)
        elif Path(entry.name).suffix.lower() not in IGNORED:
            raise RememError(f"{entry.path} lies beside the folders; put it into the folder of one person.")
    if identities is not None and len(names) < identities:
        raise RememError(
            f"The build has {identities} identities, but {faces} holds {len(names)} folders; "
            "add folders or lower --identities."
        )
    return [_folder(faces / name) for name in names[:identities]]


def _folder(path: Path) -> FaceFolder:
    files = []
    for entry in _entries(path):
        suffix = Path(entry.name).suffix.lower()
        if suffix in IGNORED:
            continue
        if suffix not in SUFFIXES or not entry.is_file(follow_symlinks=False):
            raise RememError(f"{entry.path} is not a picture; only PNG, JPEG and WebP files are read.")
        if entry.stat(follow_symlinks=False).st_size > MOST_BYTES:
            raise RememError(
                f"{entry.path} is larger than {MOST_BYTES // 2**20} MiB, the most a picture may be."
            )
        files.append(Path(entry.path))
    if not files:
        raise RememError(f"The folder {path} holds no picture; at least one PNG, JPEG or WebP is needed.")
    return FaceFolder(path.name, tuple(files))


def _entries(path: Path) -> list[os.DirEntry]:
    try:
        with os.scandir(path) as found:
            entries = sorted((e for e in found if not e.name.startswith(".")), key=lambda e: e.name)
    except OSError as error:
        raise RememError(f"Cannot read the folder {path}: {error.strerror}.") from None
    for entry in entries:
        if entry.is_symlink():
            raise RememError(f"{entry.path} is a symbolic link; put the folder or the picture itself there.")
    return entries


def digest(folders: list[FaceFolder]) -> str:
    """Digest of names and bytes of all pictures: what a resumed build compares.

    Raises:
        RememError: a file cannot be read.
    """
    whole = hashlib.blake2b(digest_size=16)
    for folder in folders:
        for file in folder.files:
            content = hashlib.blake2b(_read(file), digest_size=16).digest()
            whole.update(f"{folder.name}\0{file.name}\0".encode("utf-8", "surrogateescape") + content)
    return whole.hexdigest()


def _read(path: Path) -> bytes:
    """The bytes of a regular file; one that was swapped for a link, a pipe or something huge is refused."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise RememError(f"{path} is not a regular file.")
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise RememError(f"Cannot read the picture {path}: {error.strerror}.") from None
    if len(content) > MOST_BYTES:
        raise RememError(f"{path} is larger than {MOST_BYTES // 2**20} MiB, the most a picture may be.")
    return content


def load(path: Path) -> np.ndarray:
    """Decode a picture: upright, at most `WORKING_SIDE` pixels long, first frame only.

    Returns:
        uint8 RGBA (height, width, 4); alpha is 255 where the file has none.

    Raises:
        RememError: broken, of another format than its name says, too small, or too many pixels.
    """
    content = _read(path)
    expected = SUFFIXES[path.suffix.lower()]
    try:
        # Pillow's own bomb check only warns below twice its limit; this one looks before decoding.
        with Image.open(io.BytesIO(content), formats=sorted(set(SUFFIXES.values()))) as picture:
            found, (width, height) = picture.format, picture.size
            if width * height > MOST_PIXELS:
                most = MOST_PIXELS // 1_000_000
                raise RememError(f"{path} has {width} × {height} pixels; at most {most} million are read.")
            if min(width, height) < LEAST_SIDE:
                raise RememError(
                    f"{path} has {width} × {height} pixels; each side must have at least {LEAST_SIDE}."
                )
            if found != expected:
                raise RememError(f"{path} is a {found} file by its content; rename it.")
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            if upright.mode.startswith("I"):  # 16-bit grey
                upright = Image.fromarray((np.asarray(upright) / 257).clip(0, 255).astype(np.uint8))
            rgba = upright.convert("RGBA")
    except RememError:
        raise
    except (*_UNREADABLE, Image.DecompressionBombError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        reason = "it is no PNG, JPEG or WebP" if "cannot identify" in reason else reason
        raise RememError(f"The picture {path} cannot be read: {reason}.") from None
    rgba.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.LANCZOS)
    return np.array(rgba)
