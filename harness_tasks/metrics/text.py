"""Agreement of a generated answer with the gold one, every metric in [0, 1]."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache


def normalise(text: str) -> str:
    """Fold what a strict comparison should forgive: case, runs of whitespace, trailing full stops."""
    text = unicodedata.normalize("NFC", text).casefold()
    return " ".join(text.split()).rstrip(". ")


def exact_match(prediction: str, answer: str) -> float:
    """1.0 when the generated text is the answer, apart from case, whitespace and a trailing full stop.

    Args:
        prediction: the generated text.
        answer: the gold answer.
    """
    return float(normalise(prediction) == normalise(answer))


def keyword_recall(prediction: str, keywords: Sequence[str]) -> float:
    """Share of the keywords that occur in the generated text, as whole words, in any case.

    Args:
        prediction: the generated text.
        keywords: what a right answer must contain; at least one.

    Raises:
        ValueError: there is no keyword.
    """
    if not keywords:
        raise ValueError("keywords is empty; an answer has at least one keyword.")
    text = normalise(prediction)
    found = [re.search(rf"(?<!\w){re.escape(normalise(word))}(?!\w)", text) is not None for word in keywords]
    return sum(found) / len(found)


def rouge_l(prediction: str, answer: str) -> float:
    """ROUGE-L F1 (Lin 2004): longest common subsequence of words, without stemming.

    Args:
        prediction: the generated text.
        answer: the gold answer.
    """
    return float(_rouge_scorer().score(answer, prediction)["rougeL"].fmeasure)


class _Words:
    """Word tokenizer for any script; rouge_score's own drops every letter outside a-z."""

    def tokenize(self, text: str) -> list[str]:
        return re.findall(r"\w+", normalise(text))


@cache
def _rouge_scorer():
    # Imported late: rouge_score brings nltk with it, which costs seconds that scoring alone need not pay.
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rougeL"], tokenizer=_Words())
