"""The pictures of a published folder: inside Parquet, or files that a path names."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from ..errors import RememError
from .layout import is_inside


@dataclass(frozen=True)
class Picture:
    """One distinct picture.

    Attributes:
        digest: of the encoded bytes.
        file: where these bytes lie until the dataset is written.
        suffix: file-name ending of its format, such as ".png".
        size: number of encoded bytes.
    """

    digest: str
    file: Path
    suffix: str
    size: int

    def encoded(self, name: str) -> dict[str, Any]:
        """The picture as a row holds it; the bytes stay what they were."""
        return {"bytes": self.file.read_bytes(), "path": f"{name}{self.suffix}"}


class PictureStore:
    """Finds the rows' pictures and checks that they can be decoded, each distinct one once.

    Args:
        source: the published folder.
        spool: an existing folder, where pictures from inside Parquet wait: rows repeat them across splits,
            and together they can exceed the memory.
        elsewhere: a second folder that links of `source` may lead to (the Hub cache's blobs).
    """

    def __init__(self, source: Path, spool: Path, elsewhere: Path | None = None) -> None:
        self._source = source
        self._spool = spool
        self._roots = [root.resolve() for root in (source, elsewhere) if root is not None]
        self._known: dict[str, Picture] = {}
        self._files: dict[Path, Picture] = {}

    def take(self, image: Any, image_path: str, beside: Path, where: str) -> Picture:
        """The picture of one row.

        Args:
            image: value of the column `image`: {"bytes", "path"}, bytes, a path or None.
            image_path: value of the column `image_path`, "" if there is none.
            beside: folder of the file that holds the row; paths may start there.
            where: what to call the row in an error.

        Raises:
            RememError: no picture, not found, out of the folder, or not decodable.
        """
        path = image_path
        if isinstance(image, dict):
            image, path = image.get("bytes"), image.get("path") or image_path
        if isinstance(image, bytes) and image:
            return self._embedded(image, where)
        candidates = [text for text in (image, path, image_path) if isinstance(text, str) and text]
        if not candidates:
            raise RememError(
                f"{where} has no picture; image must hold one, or image or image_path name a file."
            )
        return self._from_file(list(dict.fromkeys(candidates)), beside, where)

    def _from_file(self, names: list[str], beside: Path, where: str) -> Picture:
        for name in names:
            if not is_inside(name):
                raise RememError(
                    f"{where} names the picture {name}, which leads out of {self._source}; "
                    "paths must be relative and stay inside."
                )
            for root in (self._source, beside, self._source / "images"):
                file = root / name.replace("\\", "/")
                if not file.is_file():
                    continue
                real = file.resolve()
                if not any(real.is_relative_to(allowed) for allowed in self._roots):
                    raise RememError(
                        f"{where} names the picture {name}, a link that leads out of {self._source}; "
                        "put the file itself there."
                    )
                if real not in self._files:
                    try:
                        content = real.read_bytes()
                    except OSError as error:
                        raise RememError(f"Cannot read {file}: {error.strerror or error}.") from None
                    self._files[real] = self._checked(content, real, f"{name} ({where})")
                return self._files[real]
        raise RememError(
            f"{where} names the picture {names[0]}, which is not under {self._source} nor beside the rows."
        )

    def _embedded(self, content: bytes, where: str) -> Picture:
        digest = _digest(content)
        if digest not in self._known:
            file = self._spool / digest
            self._known[digest] = self._checked(content, file, f"in {where}")
            file.write_bytes(content)
        return self._known[digest]

    def _checked(self, content: bytes, file: Path, what: str) -> Picture:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                with Image.open(_stream(content)) as image:
                    image.convert("RGB")
                    suffix = "." + (image.format or "png").lower().replace("jpeg", "jpg")
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Warning) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            reason = "not an image file" if "cannot identify" in reason else reason
            raise RememError(f"The picture {what} cannot be read: {reason}.") from None
        return Picture(_digest(content), file, suffix, len(content))


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=20).hexdigest()


def _stream(content: bytes):
    import io

    return io.BytesIO(content)
