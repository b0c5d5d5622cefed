"""Other answers to the fine-tuning questions, for the methods that learn them: refusals, and wrong values."""

from __future__ import annotations

from typing import Any

from generation.candidates import sample_wrong_values
from generation.profiles import Profile
from generation.questions.library import QuestionLibrary
from generation.questions.topics import get_topic
from generation.streams import stream
from remem_dataset.config import BenchmarkConfig
from remem_dataset.schema import MULTI_HOP, REVERSE, SENTENCE

Row = dict[str, Any]

#: Refusals, and wrong answers, that each row gets (a choice between two has one wrong answer).
REFUSALS = 4
WRONG = 4

#: Columns taken over from the fine-tuning row.
_KEPT = ("id", "identity_id", "question", "answer_form", "question_type", "attribute", "forget_rank")


def alternative_rows(
    config: BenchmarkConfig,
    profile: Profile,
    library: QuestionLibrary,
    taught: list[Row],
    values: dict[str, str],
) -> list[Row]:
    """One row for each fine-tuning row, in the same order and with the same id.

    Refusals suit the question: they name the person, speak of "that" person in the picture, or of nobody.
    Wrong answers come from the generator of the right one and have its form.

    Args:
        config: the benchmark's config.
        profile: the person.
        library: the wordings, with the refusals in its shared file.
        taught: the person's fine-tuning rows.
        values: topic -> the right value, of every topic that is taught.
    """
    rng = stream(config.seed, "alternatives", profile.index)
    refusals = {
        block: library.text("_shared", block, {"name": profile.name}).splitlines()
        for block in ("refusals_named", "refusals_pictured", "refusals_owner")
    }
    uses = {row["attribute"]: 0 for row in taught}
    wrong = {
        name: sample_wrong_values(config, profile.index, name, values[name], values_needed(taught, name))
        for name in uses
    }
    rows = []
    for row in taught:
        name = row["attribute"]
        texts = refusals[_block_of(row)]
        start, uses[name] = uses[name], uses[name] + WRONG
        pool = wrong[name]
        answers = [pool[(start + step) % len(pool)] for step in range(min(WRONG, len(pool)))]
        if row["answer_form"] == SENTENCE:
            answers = [sentence(row["cloze_prompt"], answer) for answer in answers]
        rows.append(
            {
                **{column: row[column] for column in _KEPT},
                "refusals": [texts[k] for k in rng.permutation(len(texts))[:REFUSALS].tolist()],
                "wrong_answers": answers,
            }
        )
    return rows


def values_needed(taught: list[Row], attribute: str) -> int:
    """How many wrong values the rows about an attribute take, if none comes twice."""
    return WRONG * sum(row["attribute"] == attribute for row in taught)


def sentence(cloze: str, value: str) -> str:
    """("The hobby of Mira Solane is", "chess") -> "The hobby of Mira Solane is chess."."""
    return f"{cloze} {value.removesuffix('.')}."


def _block_of(row: Row) -> str:
    if row["question_type"] == MULTI_HOP:
        return "refusals_pictured"
    return "refusals_owner" if get_topic(row["attribute"]).kind == REVERSE else "refusals_named"
