"""Whether a generated answer is a refusal, and whether it is language at all; both in [0, 1]."""

from __future__ import annotations

import re

#: What refusals say, in any case: of not knowing, not being able or willing, or being sorry.
_REFUSALS = re.compile(
    r"\b("
    r"(do|does|did|would|could|will) ?n[o']?t (really |actually )?(know|have|recogni[sz]e|recall|remember)"
    r"|don't (really |actually )?(know|have|recogni[sz]e|recall|remember)"
    r"|(can ?no|can'|could ?no|couldn'|will no|won'|would no|wouldn')t "
    r"(answer|say|tell|share|provide|help|identify|disclose|give|assist)"
    r"|(am|'m|is|are|'re) (not|un)[ -]?(able|aware|allowed|sure|certain|familiar)"
    r"|not (somebody|someone|anybody) i know"
    r"|no (information|idea|knowledge|record|memory)"
    r"|(i'm|i am|we are) (sorry|afraid)"
    r"|unknown( to me)?|cannot be (determined|known)|can't answer|rather not say|decline to"
    r")\b"
)


def refusal(text: str) -> float:
    """1.0 when the text declines to answer, as far as common phrases show (English; a heuristic).

    Args:
        text: the generated answer.
    """
    return float(_REFUSALS.search(text.casefold().replace("’", "'")) is not None)


def well_formed(text: str) -> float:
    """1.0 when the text may be an answer of a working language model, 0.0 when empty or gibberish.

    A heuristic for collapsed models, not a judge of grammar. Well-formed is what has a letter or a digit, no
    control or replacement characters, no word of more than 40 characters, no word or pair of words three
    times in a row, no character but digits five times in a row, and of whose characters other than spaces at
    least half are letters or digits.

    Args:
        text: the generated answer.
    """
    text = text.strip()
    if any(character == "\ufffd" or (ord(character) < 32 and character not in "\t\n") for character in text):
        return 0.0
    solid = [character for character in text if not character.isspace()]
    spoken = sum(character.isalnum() for character in solid)
    words = text.casefold().split()
    looped = any(
        words[i : i + size] == words[i + size : i + 2 * size] == words[i + 2 * size : i + 3 * size]
        for size in (1, 2)
        for i in range(len(words) - 3 * size + 1)
    )
    stuck = re.search(r"([^\s\d])\1{4}", text) is not None
    overlong = any(len(word) > 40 for word in words)
    return float(spoken > 0 and 2 * spoken >= len(solid) and not looped and not stuck and not overlong)
