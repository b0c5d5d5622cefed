"""A token trie: answers that begin alike are computed once as far as they agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

#: The parent of first tokens: the prompt itself.
ROOT = -1


@dataclass(frozen=True)
class Pack:
    """Nodes that go through the model in one row.

    Attributes:
        nodes: numbers of the nodes in the trie, ascending, ancestors before their descendants.
        first: so many of them, at the front, are there only because later ones descend from them.
        visible: (C, C) bool, `visible[i, j]`: node i is node j or descends from it.
        depths: (C,) how many tokens of the answer precede each.
    """

    nodes: np.ndarray
    first: int
    visible: np.ndarray
    depths: np.ndarray


class Trie:
    """The distinct beginnings of some answers, numbered depth-first.

    Args:
        answers: token ids of R distinct answers, each with at least one token.

    Attributes:
        tokens: (E,) token of each node; a node is a beginning, named by its last token.
        parents: (E,) node that it continues, `ROOT` for first tokens.
        inner: numbers of the nodes that are continued: only these must go through the model, because the
            log P of a token is read where it is predicted.
        paths: for each answer, the nodes from its first to its last token.
    """

    def __init__(self, answers: Sequence[Sequence[int]]) -> None:
        tokens: list[int] = []
        parents: list[int] = []
        depths: list[int] = []
        self.paths: list[list[int]] = [[] for _ in answers]
        known: dict[tuple[int, int], int] = {}
        # In sorted order a beginning is met right before all that it begins: numbers are then depth-first.
        for place in sorted(range(len(answers)), key=lambda i: answers[i]):
            node = ROOT
            for depth, token in enumerate(answers[place]):
                key = node, token
                node = known.get(key, len(tokens))
                if node == len(tokens):
                    known[key] = node
                    tokens.append(token)
                    parents.append(key[0])
                    depths.append(depth)
                self.paths[place].append(node)
        self.tokens = np.array(tokens, dtype=np.int64)
        self.parents = np.array(parents, dtype=np.int64)
        self._depths = np.array(depths, dtype=np.int64)
        self.inner = np.unique(self.parents[self.parents != ROOT])

    def packs(self, size: int) -> Iterator[Pack]:
        """Cut the inner nodes into rows.

        Args:
            size: so many new nodes a row, at least 1. To them come the ancestors of the first one: in
                depth-first order no other node's can be missing.
        """
        for start in range(0, len(self.inner), size):
            new = self.inner[start : start + size]
            before = []
            node = self.parents[new[0]]
            while node != ROOT:
                before.append(node)
                node = self.parents[node]
            nodes = np.array([*reversed(before), *new])
            yield Pack(nodes, len(before), self._visible(nodes), self._depths[nodes])

    def _visible(self, nodes: np.ndarray) -> np.ndarray:
        place = {node: row for row, node in enumerate(nodes.tolist())}
        visible = np.eye(len(nodes), dtype=bool)
        for row, parent in enumerate(self.parents[nodes].tolist()):
            if parent != ROOT:
                visible[row] |= visible[place[parent]]
        return visible
