"""`remem verify`: whether a dataset folder is whole, is what it says, and keeps the benchmark's rules."""

from .check import Verified, verify_folder
from .problems import Problems

__all__ = ["Problems", "Verified", "verify_folder"]
