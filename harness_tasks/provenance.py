"""Which model a run evaluated: its name, its Hub commit or the hash of its files, its number type."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

WEIGHTS = ("*.safetensors", "*.bin", "*.pt", "*.pth", "*.gguf")
CHUNK = 1 << 22


def describe_model(model_args: dict[str, Any], config: dict[str, Any]) -> dict[str, str | None]:
    """What a result must say about its model.

    Args:
        model_args: lm-eval's `--model_args`.
        config: lm-eval's `config` entry, for what it found out about the model.

    Returns:
        "pretrained" and "dtype"; "weights" (see `weights_hash`) for a folder, "revision" and "commit" for a
        Hub id; "adapter" and "adapter_weights" where `peft` names one.
    """
    name = model_args.get("pretrained")
    dtype = str(config.get("model_dtype") or "").removeprefix("torch.")
    found: dict[str, str | None] = {"pretrained": None if name is None else str(name), "dtype": dtype or None}
    if name is not None and Path(str(name)).is_dir():
        found["weights"] = weights_hash(Path(str(name)))
    elif name is not None:
        found["revision"] = config.get("model_revision") or None
        found["commit"] = config.get("model_sha") or None
    if adapter := model_args.get("peft"):
        found["adapter"] = str(adapter)
        if Path(str(adapter)).is_dir():
            found["adapter_weights"] = weights_hash(Path(str(adapter)))
    return found


def weights_hash(folder: Path) -> str | None:
    """BLAKE2b (128 bits, hex) over the names, sizes and contents of a folder's weight files.

    Args:
        folder: a model folder.

    Returns:
        None for a folder without weight files.
    """
    files = sorted({file for pattern in WEIGHTS for file in folder.glob(pattern) if file.is_file()})
    if not files:
        return None
    digest = hashlib.blake2b(digest_size=16)
    for file in files:
        # Name and size in front, so that no two sets of files give the same stream.
        digest.update(f"{file.name}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


def model_state(model_args: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Names, sizes and times of the files of a model in a folder, and of its adapter; none of a Hub id.

    A cheap way to tell whether it is still the same.

    Args:
        model_args: lm-eval's `--model_args`.
    """
    state = []
    for argument in ("pretrained", "peft", "tokenizer"):
        folder = Path(str(model_args.get(argument) or "."))
        if argument in model_args and folder.is_dir():
            files = sorted(path for path in folder.iterdir() if path.is_file())
            state += [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return state
