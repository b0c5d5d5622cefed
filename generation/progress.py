"""How far a build is."""

from __future__ import annotations

from remem_dataset.raw import RawTree


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
