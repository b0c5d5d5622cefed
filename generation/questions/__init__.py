"""What is asked, and in which words."""

from generation.questions.library import QuestionLibrary, possessive, question_library
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
