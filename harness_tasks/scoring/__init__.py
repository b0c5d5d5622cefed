"""Log-probabilities of many answers to one question about one picture."""

from .answers import AnswerScore, answer_tokens
from .encoding import encode_prompts
from .prefix import PrefixScorer

__all__ = ["AnswerScore", "PrefixScorer", "answer_tokens", "encode_prompts"]
