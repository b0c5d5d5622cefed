"""Metrics of the ReMem tasks: pure functions of scores and strings."""

from .exposure import Exposure, ceiling, exposure, null_mean, pessimistic_rank
from .likelihood import min_k, min_k_plus_plus, truth_share
from .manners import refusal, well_formed
from .text import exact_match, keyword_recall, rouge_l

__all__ = [
    "Exposure",
    "ceiling",
    "exact_match",
    "exposure",
    "keyword_recall",
    "min_k",
    "min_k_plus_plus",
    "null_mean",
    "pessimistic_rank",
    "refusal",
    "rouge_l",
    "truth_share",
    "well_formed",
]
