"""`croissant.json`: Croissant 1.1 metadata (JSON-LD) of a dataset folder, with paths relative to it.

The Hub makes Croissant metadata of its own from the Parquet files that it shows; this file is for a folder
on disk, where nobody else makes one.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import datasets
from datasets import Image, List, Value

CROISSANT_FILE = "croissant.json"

#: What `mlcroissant` reads; it does not know the registered name, application/vnd.apache.parquet.
_PARQUET = "application/x-parquet"

_DATA_TYPES = {"string": "sc:Text", "int32": "cr:Int32", "int64": "cr:Int64", "float32": "cr:Float32"}

#: The context of the specification, whole: readers compare it.
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant_metadata(
    folder: Path,
    manifest: dict[str, Any],
    infos: dict[str, datasets.DatasetInfo],
    data_files: dict[str, list[dict[str, Any]]],
    own_pictures: bool,
) -> dict[str, Any]:
    """Croissant metadata: a `FileObject` with SHA-256 for each Parquet file, a `FileSet` and a `RecordSet`
    ("<config>/<split>") for each split of each config, a field for each column that Croissant can express.

    Left out are columns of structures (`faces`, `attributes`, `links`): readers disagree about
    nested lists, and Parquet itself says what they hold.

    Args:
        folder: the folder, with its Parquet files in place.
        manifest: what goes into `remem.json`.
        infos: features of every config.
        data_files: config -> its splits and their files, relative to the folder.
        own_pictures: whether the pictures are the user's, whose licence we do not know.

    Returns:
        JSON-LD for `croissant.json`.
    """
    metadata = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": "ReMem",
        "description": (
            "A benchmark of memorisation and unlearning in vision-language models: fictitious people, "
            "pictures of them in many views, and questions about them. "
            f"Content {manifest['fingerprint']['all']}."
        ),
        "citeAs": "arXiv:2605.03759",
        "version": manifest["version"],
        "distribution": [_file_object(folder, name) for name in manifest["files"]],
        "recordSet": [],
    }
    if not own_pictures:
        metadata["license"] = "https://creativecommons.org/licenses/by/4.0/"
    for config, splits in data_files.items():
        for split in splits:
            name = f"{config}/{split['split']}"
            files = f"files/{name}"
            metadata["distribution"].append(
                {
                    "@type": "cr:FileSet",
                    "@id": files,
                    "name": files,
                    "encodingFormat": _PARQUET,
                    "includes": split["path"],
                }
            )
            fields = [
                _field(name, files, column, feature) for column, feature in infos[config].features.items()
            ]
            rows = infos[config].splits[split["split"]].num_examples
            metadata["recordSet"].append(
                {
                    "@type": "cr:RecordSet",
                    "@id": name,
                    "name": name,
                    "description": f"Split {split['split']} of config {config}, {rows} rows.",
                    "field": [field for field in fields if field is not None],
                }
            )
    return metadata


def _file_object(folder: Path, name: str) -> dict[str, Any]:
    path = folder / name
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "contentSize": f"{path.stat().st_size} B",
        "encodingFormat": _PARQUET,
        "sha256": digest,
    }


def _field(record_set: str, files: str, column: str, feature: Any) -> dict[str, Any] | None:
    """One column as a Croissant field; None for a column of structures."""
    source: dict[str, Any] = {"fileSet": {"@id": files}, "extract": {"column": column}}
    field = {"@type": "cr:Field", "@id": f"{record_set}/{column}", "name": column, "source": source}
    if isinstance(feature, List) and isinstance(feature.feature, Value):
        return {**field, "dataType": _DATA_TYPES[feature.feature.dtype], "isArray": True, "arrayShape": "-1"}
    pictures = isinstance(feature, List) and isinstance(feature.feature, Image)
    if pictures or isinstance(feature, Image):
        source["transform"] = {"jsonPath": "bytes"}
        # "isArray" would be today's word, but mlcroissant 1.1.1 then fails on pictures.
        return {**field, "dataType": "sc:ImageObject", **({"repeated": True} if pictures else {})}
    if isinstance(feature, Value):
        return {**field, "dataType": _DATA_TYPES[feature.dtype]}
    return None
