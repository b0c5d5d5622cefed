"""Stage 2: a model that has learnt the people unlearns the forget set and keeps the rest."""

from .stage2 import UnlearnSettings, unlearn

__all__ = ["UnlearnSettings", "unlearn"]
