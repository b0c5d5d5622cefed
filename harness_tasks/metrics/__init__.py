"""Metrics of the ReMem tasks: pure functions of scores and strings."""

from .exposure import Exposure, ceiling, exposure, null_mean, pessimistic_rank
from .likelihood import min_k
from .text import exact_match, keyword_recall, rouge_l

__all__ = [
    "Exposure",
    "ceiling",
    "exact_match",
    "exposure",
    "keyword_recall",
    "min_k",
    "null_mean",
    "pessimistic_rank",
    "rouge_l",
]
