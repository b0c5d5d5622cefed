"""Submissions to the leaderboard: written from results, validated, sent to the Hub, read back."""

from .document import build_document, render_document
from .reading import Submission, check_submission, parse_submission, read_submission
from .versions import DatasetVersion, Versions, read_versions

__all__ = [
    "DatasetVersion",
    "Submission",
    "Versions",
    "build_document",
    "check_submission",
    "parse_submission",
    "read_submission",
    "read_versions",
    "render_document",
]
