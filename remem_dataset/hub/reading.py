"""Reading a dataset of the Hub at one commit, from the cache where it is there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import RememError
from ..files import read_json_object
from ..schema import MANIFEST
from .errors import clear_errors, patiently

CARD = "README.md"

#: Manifests and cards larger than this are not read: those of the largest preset have a tenth of it.
MOST_BYTES = 20_000_000


def hub_manifest(repo: str, revision: str | None) -> tuple[dict[str, Any], str]:
    """The manifest of a repository, and the commit it is from.

    Args:
        repo: "<org>/<name>".
        revision: tag, branch or commit; None for the main branch.

    Raises:
        RememError: there is none that can be seen or reached.
    """
    from huggingface_hub import hf_hub_download

    with clear_errors(repo, revision=revision):
        path = Path(
            patiently(lambda: hf_hub_download(repo, MANIFEST, repo_type="dataset", revision=revision))
        )
    # …/snapshots/<commit>/remem.json
    return read_small_json(path, f"manifest of {repo}"), path.parent.name


def read_small_json(path: Path, what: str) -> dict[str, Any]:
    """`read_json_object`, but not of a file that only fills the memory.

    Raises:
        RememError: too large, or as there.
    """
    if path.stat().st_size > MOST_BYTES:
        raise RememError(f"The {what} has {path.stat().st_size} bytes; at most {MOST_BYTES} are read.")
    return read_json_object(path, what)


def hub_files(repo: str, commit: str, names: list[str]) -> Path:
    """Some files at a commit, in the cache; offline they must be there already.

    `load_dataset(repo, revision=…)` is no way to them: offline it takes the newest cached revision, whatever
    was asked for.

    Args:
        repo: "<org>/<name>".
        commit: full commit id.
        names: paths in the repository.

    Returns:
        The folder that holds them.

    Raises:
        RememError: they cannot be had.
    """
    from huggingface_hub import snapshot_download

    def download() -> str:
        return snapshot_download(repo, repo_type="dataset", revision=commit, allow_patterns=names)

    with clear_errors(repo, revision=commit):
        return Path(patiently(download))


def card_splits(folder: Path, config: str, known: Iterable[str]) -> dict[str, list[str]]:
    """The files of a config as the card lists them, split -> paths in the folder.

    Args:
        folder: holds the card.
        config: name of the config.
        known: paths that the manifest lists.

    Raises:
        RememError: the card does not list them, or lists others.
    """
    import yaml
    from datasets.utils.metadata import MetadataConfigs
    from huggingface_hub import DatasetCard

    card = folder / CARD
    if card.stat().st_size > MOST_BYTES:
        raise RememError(f"The card {card} has {card.stat().st_size} bytes; at most {MOST_BYTES} are read.")
    try:
        listed = MetadataConfigs.from_dataset_card_data(DatasetCard.load(card).data)[config]["data_files"]
        splits = {
            entry["split"]: [entry["path"]] if isinstance(entry["path"], str) else list(entry["path"])
            for entry in listed
        }
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise RememError(f"The card {card} does not list the files of {config}; it is damaged.") from None
    if not splits or not {name for names in splits.values() for name in names} <= set(known):
        raise RememError(f"The card {card} lists files of {config} that {MANIFEST} does not; it is damaged.")
    return splits
