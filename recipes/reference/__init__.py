"""The reference tiny LVLM: a real LLaVA, small enough to learn the `tiny` preset on two CPU cores."""

from .build import build_reference, build_reference_from
from .size import ReferenceSize

__all__ = ["ReferenceSize", "build_reference", "build_reference_from"]
