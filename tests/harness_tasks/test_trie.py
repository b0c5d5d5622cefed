"""The trie of answers: every beginning once, numbered depth-first, cut into rows that are complete."""

from __future__ import annotations

import numpy as np
import pytest

from harness_tasks.scoring.trie import ROOT, Trie


def random_answers(seed: int, count: int = 60) -> list[tuple[int, ...]]:
    rng = np.random.default_rng(seed)
    answers = {tuple(rng.integers(0, 3, rng.integers(1, 9)).tolist()) for _ in range(count)}
    return [tuple(answer) for answer in rng.permutation(np.array(sorted(answers), dtype=object)).tolist()]


def words(trie: Trie, node: int) -> tuple[int, ...]:
    found: list[int] = []
    while node != ROOT:
        found.insert(0, int(trie.tokens[node]))
        node = trie.parents[node]
    return tuple(found)


@pytest.mark.parametrize("seed", range(5))
def test_nodes_are_the_distinct_beginnings(seed):
    answers = random_answers(seed)
    trie = Trie(answers)
    beginnings = {answer[:k] for answer in answers for k in range(1, len(answer) + 1)}
    assert {words(trie, node) for node in range(len(trie.tokens))} == beginnings
    assert len(trie.tokens) == len(beginnings)
    for answer, path in zip(answers, trie.paths, strict=True):
        assert [words(trie, node) for node in path] == [answer[:k] for k in range(1, len(answer) + 1)]
    continued = {word[:-1] for word in beginnings if len(word) > 1}
    assert {words(trie, node) for node in trie.inner} == continued


@pytest.mark.parametrize("size", [1, 2, 7, 1_000])
@pytest.mark.parametrize("seed", range(3))
def test_rows_hold_each_inner_node_once_with_all_its_ancestors(seed, size):
    trie = Trie(random_answers(seed))
    new = []
    for pack in trie.packs(size):
        nodes = pack.nodes.tolist()
        new += nodes[pack.first :]
        assert len(nodes) - pack.first <= size
        for row, node in enumerate(nodes):
            word = words(trie, node)
            assert pack.depths[row] == len(word) - 1
            seen = {words(trie, nodes[k]) for k in np.flatnonzero(pack.visible[row])}
            assert seen == {word[:k] for k in range(1, len(word) + 1)}, "itself and its beginnings"
    assert new == trie.inner.tolist()


def test_answers_of_one_token_need_no_row():
    assert list(Trie([(5,), (7,)]).packs(4)) == []
