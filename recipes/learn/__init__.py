"""Stage 1: a vision-language model learns the people (supervised fine-tuning, answer-only loss)."""

from .stage1 import LearnSettings, learn

__all__ = ["LearnSettings", "learn"]
