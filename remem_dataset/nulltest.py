"""The null test: if nothing has been learnt, the gold answer ranks anywhere among its candidates alike.

If gold and candidates could be told apart by form, Exposure would measure form. What ranks them here is a
random autoregressive model of bytes: its weights are drawn, and it has read nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.stats import kstest

#: The two scores by which Exposure ranks: the sum of log-probabilities, and their mean.
SCORES = ("sum", "mean")

#: Fewest golds of an attribute for a line of its own.
FEWEST_GOLDS = 10

_CONTEXTS = 4096
_SYMBOLS = 257  # bytes, and the end of the text
_END = 256
#: Spread of the logits: some next bytes are then likely and most are not, as in a model of language.
_SPREAD = 3.0


@dataclass
class NullTest:
    """Where gold answers stand among their candidates.

    Attributes:
        positions: score -> attribute -> where each gold stands, in (0, 1), best first; uniform if nothing can
            be told from the form. A rank r of m answers becomes (r − V) / m with V uniform in (0, 1), drawn
            from a fixed seed, so that small m are uniform too (randomised probability integral transform).
    """

    positions: dict[str, dict[str, list[float]]] = field(
        default_factory=lambda: {score: {} for score in SCORES}
    )
    _rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0), repr=False)

    def add(self, score: str, attribute: str, rank: int, answers: int) -> None:
        """Take one gold answer's rank, 1 being the best of `answers` (gold included)."""
        position = (rank - self._rng.random()) / answers
        self.positions[score].setdefault(attribute, []).append(position)

    def p_value(self, score: str, attribute: str | None = None) -> float:
        """Kolmogorov–Smirnov test of uniformity, two-sided, of one attribute or of all together."""
        by_attribute = self.positions[score]
        chosen = by_attribute[attribute] if attribute else [u for part in by_attribute.values() for u in part]
        return float(kstest(chosen, "uniform").pvalue)

    def table(self) -> list[dict[str, Any]]:
        """A line for all golds, then one for each attribute with at least `FEWEST_GOLDS`.

        Returns:
            {"attribute", "golds", "sum", "mean"}: how many golds, and the p-values by either score.
        """
        by_attribute = self.positions[SCORES[0]]
        names = sorted(name for name, part in by_attribute.items() if len(part) >= FEWEST_GOLDS)
        total = sum(len(part) for part in by_attribute.values())
        return [
            {
                "attribute": name or "all",
                "golds": len(by_attribute[name]) if name else total,
                **{score: self.p_value(score, name) for score in SCORES},
            }
            for name in (None, *names)
        ]


def run_null_test(rows: Iterable[dict[str, Any]], seed: int = 0) -> NullTest:
    """Rank every gold among its candidates by a model that knows nothing.

    Args:
        rows: exposure rows. The same question of the same person in other words counts once, since its
            answers are the same.
        seed: of the model's weights.

    Returns:
        Empty if there are no rows.
    """
    test = NullTest()
    model = RandomByteModel(seed)
    known = set()
    for row in rows:
        key = row["identity_id"], row["attribute"]
        if key in known:
            continue
        known.add(key)
        sums, means = model.score([row["answer"], *row["candidates"]])
        for name, scores in zip(SCORES, (sums, means), strict=True):
            # Ties count against the gold, as in Exposure.
            rank = 1 + int(np.count_nonzero(scores[1:] >= scores[0]))
            test.add(name, row["attribute"], rank, len(scores))
    return test


class RandomByteModel:
    """Predicts each byte from the three before it, by weights that are drawn once.

    Args:
        seed: of the weights.
    """

    def __init__(self, seed: int = 0) -> None:
        digest = hashlib.blake2b(f"null test {seed}".encode(), digest_size=16).digest()
        rng = np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))
        logits = rng.normal(0.0, _SPREAD, (_CONTEXTS, _SYMBOLS))
        self._log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        self._mix = rng.integers(1, _CONTEXTS, (3, _SYMBOLS))

    def score(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Log-probabilities in nats, each of shape (len(texts),): the sums, and the means over symbols."""
        encoded = [[*text.encode("utf-8"), _END] for text in texts]
        lengths = np.array([len(symbols) for symbols in encoded])
        padded = np.full((len(texts), 3 + lengths.max()), _END)
        for line, symbols in zip(padded, encoded, strict=True):
            line[3 : 3 + len(symbols)] = symbols
        context = sum(self._mix[k][padded[:, k : k + lengths.max()]] for k in range(3)) % _CONTEXTS
        found = self._log_probs[context, padded[:, 3:]]
        found[np.arange(lengths.max()) >= lengths[:, None]] = 0.0
        sums = found.sum(axis=1)
        return sums, sums / lengths
