"""What is asked, and in which words."""

from functools import cache
from pathlib import Path

from generation.questions.library import QUESTIONS, QuestionLibrary, possessive
from generation.questions.lint import lint
from generation.questions.topics import TOPICS, Topic, get_topic, linked_topics, owner_of

__all__ = [
    "TOPICS",
    "QuestionLibrary",
    "Topic",
    "get_topic",
    "linked_topics",
    "owner_of",
    "possessive",
    "question_library",
]


@cache
def question_library(folder: Path = QUESTIONS) -> QuestionLibrary:
    """The library of a folder, compiled and linted once per process.

    Raises:
        RememError: a template that does not parse or breaks a rule of `generation.questions.lint`.
    """
    library = QuestionLibrary(folder)
    lint(library)
    return library
