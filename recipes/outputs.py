"""What a recipe leaves behind: a model folder with a record of everything the result depends on.

A recipe works in `<out>.partial` and renames it to `<out>` when it is done, so a folder called `<out>` is
always a finished model. `training.json` in it says what made it.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from remem_dataset.errors import RememError
from remem_dataset.files import read_json_object, write_json
from remem_dataset.source import Source

from .lora import base_of

#: The record's file name, in a finished and in a partial folder.
RECORD = "training.json"

_PACKAGES = ("torch", "transformers", "tokenizers", "accelerate", "peft", "datasets")


@dataclass(frozen=True)
class Record:
    """What a result depends on.

    Attributes:
        recipe: "reference", "learn" or "unlearn".
        dataset: name, revision, version and fingerprint of the data.
        model: name and identity (hash or commit) of the model that the recipe started from; None for none.
        settings: the recipe's options, JSON-ready.
        seed: seed of the recipe.
        versions: of Python and of the packages that compute; not part of what makes two runs the same.
        order: number of the order in which stage 1 meets its rows (`recipes.course.ORDER`); None for others.
    """

    recipe: str
    dataset: dict[str, Any]
    model: dict[str, Any] | None
    settings: dict[str, Any]
    seed: int
    versions: dict[str, str] = field(default_factory=dict)
    order: int | None = None

    @classmethod
    def start(
        cls,
        recipe: str,
        source: Source,
        model: dict[str, Any] | None,
        settings: dict[str, Any],
        seed: int,
        order: int | None = None,
    ) -> Record:
        """A record for a run that begins now."""
        dataset = {
            "name": source.name,
            "revision": source.revision,
            "version": source.manifest.get("version"),
            "fingerprint": source.manifest["fingerprint"],
        }
        versions = {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}
        return cls(recipe, dataset, model, settings, seed, versions, order)

    def inputs(self) -> dict[str, Any]:
        """Everything that must agree for a finished or interrupted run to be taken over."""
        return {
            "recipe": self.recipe,
            "dataset": self.dataset["fingerprint"]["all"],
            "model": (self.model or {}).get("identity"),
            "seed": self.seed,
            "order": self.order,
            **{f"settings.{name}": value for name, value in self.settings.items()},
        }


def model_identity(name: str) -> dict[str, Any]:
    """Name a model so that a later reader can tell whether theirs is the same.

    Args:
        name: a folder or a Hub id.

    Returns:
        `name` and `identity`: a BLAKE2b hash of a folder's weights, or the Hub commit in the cache.

    Raises:
        RememError: a folder without weights.
    """
    folder = Path(name)
    if not folder.is_dir():
        return {"name": name, "identity": f"{name}@{_hub_commit(name)}"}
    files = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.bin"))
    if not files:
        raise RememError(f"The model folder {name} has no weights (*.safetensors).")
    digest = hashlib.blake2b(digest_size=16)
    if base := base_of(folder):
        digest.update(model_identity(base)["identity"].encode())
    for file in files:
        with file.open("rb") as content:
            while block := content.read(1 << 20):
                digest.update(block)
    return {"name": name, "identity": f"blake2b:{digest.hexdigest()}"}


def _hub_commit(name: str) -> str:
    from transformers import AutoConfig

    try:
        return getattr(AutoConfig.from_pretrained(name), "_commit_hash", None) or "unknown"
    except (OSError, ValueError):
        raise RememError(
            f"There is no model {name}: it is neither a folder here nor a reachable Hub model."
        ) from None


def partial_folder(out: Path) -> Path:
    """Where a run of `out` works until it is done."""
    return out.with_name(f"{out.name}.partial")


def check_not_input(out: Path, model: str) -> None:
    """Refuse to write over the model that a run starts from, whatever --restart says.

    Raises:
        RememError: `out` is the model's own folder, or that of the model under an adapter.
    """
    if not Path(model).is_dir():
        return
    if out.resolve() == Path(model).resolve():
        raise RememError(f"--out and --model are the same folder {out}; choose another --out.")
    if base := base_of(Path(model)):
        check_not_input(out, base)


def reuse(out: Path, record: Record, restart: bool = False) -> bool:
    """Whether `out` already holds the result of this very run.

    Args:
        out: the folder asked for.
        record: what the run would be.
        restart: clear away what an earlier run of a recipe left in `out`.

    Raises:
        RememError: `out` holds something that no recipe wrote, or the result of another run.
    """
    if restart and (out / RECORD).is_file():
        shutil.rmtree(out)
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return False
    if not (out / RECORD).is_file():
        raise RememError(f"{out} exists and is not a recipe's output; choose another --out.")
    _same_run(read_json_object(out / RECORD, "record"), record, where=f"{out} holds a model")
    return True


def open_partial(out: Path, record: Record, restart: bool = False) -> tuple[Path, bool]:
    """Open the working folder of a run.

    Args:
        out: the folder asked for.
        record: what the run is.
        restart: drop what an interrupted run left.

    Returns:
        The folder, and whether an interrupted run of the same kind is to be continued in it.

    Raises:
        RememError: an interrupted run with other inputs lies there.
    """
    folder = partial_folder(out)
    if restart and (folder / RECORD).is_file():
        shutil.rmtree(folder)
    if (folder / RECORD).is_file():
        _same_run(
            read_json_object(folder / RECORD, "record"), record, where=f"{folder} holds an interrupted run"
        )
        return folder, True
    if folder.exists() and any(folder.iterdir()):
        raise RememError(f"{folder} exists and is not a recipe's working folder; choose another --out.")
    write_json(folder / RECORD, {**asdict(record), "inputs": record.inputs()})
    return folder, False


def _same_run(found: dict[str, Any], record: Record, where: str) -> None:
    old, new = found.get("inputs"), record.inputs()
    if not isinstance(old, dict):
        raise RememError(f"{where}, but its {RECORD} does not say what made it; choose another --out.")
    for name in sorted(old.keys() | new.keys(), key=lambda name: (name == "order", name)):
        if old.get(name) == new.get(name):
            continue
        how = f"with {name} = {old.get(name)}, not {new.get(name)}"
        if name == "order":  # nobody can choose that
            how = "by another version of the code, which met the rows in another order"
        raise RememError(f"{where} made {how}; choose another --out, or add --restart to replace it.")


def publish(out: Path, record: Record, result: dict[str, Any], model: Any, processor: Any) -> None:
    """Write model, processor and record, then rename the working folder to `out`.

    Args:
        out: the finished folder.
        record: what the run was.
        result: what came of it; becomes the keys beside the record's in `training.json`.
        model: a transformers model.
        processor: its processor.
    """
    folder = partial_folder(out)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    if base_of(folder):
        (folder / "README.md").unlink(missing_ok=True)  # peft's form of a model card, nothing filled in
    processor.save_pretrained(folder)
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    umask = os.umask(0)
    os.umask(umask)
    for file in folder.iterdir():
        file.chmod(0o666 & ~umask)  # safetensors writes files that nobody else may read
    write_json(folder / RECORD, {**asdict(record), "inputs": record.inputs(), **result})
    if out.is_dir():
        out.rmdir()  # empty, or `reuse` would have objected
    folder.rename(out)
