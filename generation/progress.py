"""How far a build is, and what is said at its end."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from rich.console import Console

from remem_dataset.raw import RawTree

console = Console(highlight=False)


def say_built(out: Path, manifest: dict[str, Any]) -> None:
    """Print what has been built and how to load it.

    Args:
        out: the dataset folder.
        manifest: its `remem.json`.
    """
    console.print(
        f"[bold]{out}[/]: {manifest['counts']['finetune']['train']} fine-tuning rows of "
        f"{manifest['config']['identities']} people, fingerprint {manifest['fingerprint']['all'][:16]}. "
        f'Load it with load_dataset("{out}").',
        soft_wrap=True,
    )


def say_written(script: Path, jobs: str | None) -> None:
    """Print where the job scripts of a build are and what is to be done with them.

    Args:
        script: the one that submits them.
        jobs: a line for each job, if they have been submitted.
    """
    how = f"bash {shlex.quote(str(script))}"
    text = jobs or f"The jobs are written; submit them on a machine of the cluster with: {how}"
    console.print(text, soft_wrap=True, markup=False)


class PictureCount:
    """Counts the pictures of a tree; looks no more into the folders of identities that are complete."""

    def __init__(self, tree: RawTree, identities: int, per_identity: int) -> None:
        self._waiting = [tree.identity(index) / "images" for index in range(identities)]
        self._per_identity = per_identity
        self._done = 0

    def __call__(self) -> int:
        """How many pictures there are."""
        waiting, partial = [], 0
        for folder in self._waiting:
            count = sum(1 for _ in folder.glob("[!.]*.png"))
            if count >= self._per_identity:
                self._done += count
            else:
                waiting.append(folder)
                partial += count
        self._waiting = waiting
        return self._done + partial
