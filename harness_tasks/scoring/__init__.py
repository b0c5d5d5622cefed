"""Log-probabilities of many answers to one question about one picture."""

from .answers import AnswerScore
from .encoding import encode_prompts
from .prefix import PrefixScorer

__all__ = ["AnswerScore", "PrefixScorer", "encode_prompts"]
