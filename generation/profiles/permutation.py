"""A seeded shuffle that can be asked for one position at a time, without holding the shuffled list."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np

from generation.streams import stream

#: Up to here the shuffle is a stored array (exactly uniform); beyond, a cipher, which needs no memory.
TABLE_LIMIT = 65_536

_ROUNDS = 6


def shuffled(number: int, size: int, seed: int, *names: str | int) -> int:
    """Where `number` goes in a seed-determined permutation of 0 … size−1.

    Distinct numbers go to distinct places, which is how values are unique across identities without a
    memory of those already given. Large sizes use a balanced Feistel network with cycle walking
    (Black & Rogaway 2002, "Ciphers with arbitrary finite domains").

    Args:
        number: the position asked for, 0 ≤ number < size.
        size: how many positions there are.
        seed: the config's seed.
        *names: what the permutation is for.

    Raises:
        ValueError: number is out of range.
    """
    if not 0 <= number < size:
        raise ValueError(f"number is {number}; it must lie between 0 and {size - 1}.")
    if size <= TABLE_LIMIT:
        return int(_table(size, seed, names)[number])
    half = ((size - 1).bit_length() + 1) // 2
    key = hashlib.blake2b("\x1f".join(map(str, (seed, *names))).encode(), digest_size=32).digest()
    number = _encipher(number, half, key)
    while number >= size:
        number = _encipher(number, half, key)
    return number


@lru_cache(maxsize=256)
def _table(size: int, seed: int, names: tuple[str | int, ...]) -> np.ndarray:
    return stream(seed, "permutation", *names).permutation(size).astype(np.int32)


def _encipher(number: int, half: int, key: bytes) -> int:
    mask = (1 << half) - 1
    left, right = number >> half, number & mask
    for turn in range(_ROUNDS):
        digest = hashlib.blake2b(turn.to_bytes(1, "little") + right.to_bytes(8, "little"), key=key).digest()
        left, right = right, left ^ (int.from_bytes(digest[:8], "little") & mask)
    return left << half | right
