"""Pictures by reference: a short string in place of a picture, opened only where the model needs it.

lm-eval hashes and logs the arguments of every request. An exposure question has one request for each
candidate, so a picture in the arguments would be PNG-encoded hundreds of times; a string costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from PIL import Image

from remem_dataset.errors import RememError
from remem_dataset.schema import MANIFEST
from remem_dataset.source import Source, open_source

SCHEME = "remem-image"


@dataclass(frozen=True)
class ImageReference:
    """Where a picture lies in a dataset.

    Attributes:
        dataset: folder or Hub id.
        revision: Hub revision, or None.
        fingerprint: the dataset's fingerprint, so that a cached response never outlives the pixels.
        config: dataset config, "eval", "exposure", "multi_image" or "scenes".
        split: split of the config.
        row: index of the row in the split.
        position: index in the row's list of pictures; None when the row has one picture.
    """

    dataset: str
    revision: str | None
    fingerprint: str
    config: str
    split: str
    row: int
    position: int | None = None

    def __str__(self) -> str:
        query = {"fingerprint": self.fingerprint}
        if self.revision is not None:
            query["revision"] = self.revision
        path = [self.dataset, self.config, self.split, str(self.row)]
        if self.position is not None:
            path.append(str(self.position))
        return f"{SCHEME}:{'/'.join(quote(part, safe='') for part in path)}?{urlencode(query)}"

    @classmethod
    def parse(cls, text: str) -> ImageReference:
        """Read what `str(reference)` wrote.

        Raises:
            RememError: `text` is no picture reference.
        """
        parts = urlsplit(text)
        path = [unquote(part) for part in parts.path.split("/")]
        query = dict(parse_qsl(parts.query))
        if parts.scheme != SCHEME or len(path) not in (4, 5) or "fingerprint" not in query:
            raise RememError(f"{text!r} is no picture reference; one looks like {SCHEME}:remem/eval/seen/0?…")
        dataset, config, split, row, *rest = path
        return cls(
            dataset=dataset,
            revision=query.get("revision"),
            fingerprint=query["fingerprint"],
            config=config,
            split=split,
            row=int(row),
            position=int(rest[0]) if rest else None,
        )

    def open(self) -> Image.Image:
        """Decode the picture, in RGB.

        Raises:
            RememError: the dataset has gone, or was built anew since the reference was made.
        """
        source = dataset_source(self.dataset, self.revision)
        if source.fingerprint != self.fingerprint:
            raise RememError(f"The dataset {self.dataset} has changed since the picture was referred to.")
        data = split_rows(source, self.config, self.split)
        if self.position is None:
            image = data.select_columns("image")[self.row]["image"]
        else:
            image = data.select_columns("images")[self.row]["images"][self.position]
        return image.convert("RGB")


def open_image(item: Image.Image | str) -> Image.Image:
    """A picture from what a request carries: a PIL picture or a reference to one.

    Raises:
        RememError: a string that is no picture reference.
    """
    return ImageReference.parse(item).open() if isinstance(item, str) else item.convert("RGB")


@lru_cache(maxsize=4)
def _opened(dataset: str, revision: str | None, stamp: float) -> Source:
    return open_source(dataset, revision)


def dataset_source(dataset: str, revision: str | None = None) -> Source:
    """`open_source`, remembered until the folder's manifest changes.

    Raises:
        RememError: see `remem_dataset.source.open_source`.
    """
    return _opened(dataset, revision, _stamp(dataset))


def split_rows(source: Source, config: str, split: str):
    """One split as a `datasets.Dataset`, loaded once per process."""
    return _loaded(source.name, source.revision, _stamp(source.name), config)[split]


@lru_cache(maxsize=16)
def _loaded(dataset: str, revision: str | None, stamp: float, config: str):
    return _opened(dataset, revision, stamp).load(config)


def _stamp(dataset: str) -> float:
    manifest = Path(dataset) / MANIFEST
    return manifest.stat().st_mtime if manifest.is_file() else 0.0
