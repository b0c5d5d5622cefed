"""Rows of one person, ready to be stored: every column but the pictures, which `view_id` names."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from generation.alternatives import alternative_rows, sentence
from generation.candidates import sample_candidates, sample_other_values
from generation.multi_image import multi_image_rows, view_name
from generation.profiles import Context, Profile, get_attribute, name_of, sample_age, sample_attribute
from generation.profiles.profile import BLOCK
from generation.questions import question_library
from generation.questions.library import QuestionLibrary
from generation.questions.places import PERSON_IN_IMAGE, person_at, place_wording
from generation.questions.plan import SINGLE, Ask, plan_eval, plan_finetune, plan_scenes
from generation.questions.topics import Topic, owner_of
from generation.views.groupplan import GroupPlan, companions, plan_group
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError
from remem_dataset.raw import identity_name
from remem_dataset.schema import (
    ALTERNATIVES,
    COMPARISON,
    EVAL,
    EXPOSURE,
    FINETUNE,
    GENERATED,
    MULTI_HOP,
    MULTI_IMAGE,
    REVERSE,
    SCENES,
    SEEN,
    SENTENCE,
    SINGLE_HOP,
    TRAIN,
    UNSEEN,
)

Row = dict[str, Any]


def build_rows(
    config: BenchmarkConfig, index: int, profile: Profile, *, candidates: bool = True
) -> dict[str, list[Row]]:
    """All rows of one identity.

    Args:
        config: the benchmark's config.
        index: 0-based identity.
        profile: that identity's profile (`sample_profile(config, index)`).
        candidates: whether to draw other answers; without them, no exposure and no alternatives rows.

    Returns:
        "finetune", "alternatives", and "eval", "exposure", "scenes" and "multi_image" with "-seen" and with
        "-unseen" -> rows with the columns of `remem_dataset.features` less pictures and the faces in them.
        `view_id` names a row's picture; multi-image rows name theirs in `view_ids` ("id_0001/seen-000").
    """
    writer = _Writer(config, profile, question_library())
    taught = plan_finetune(config, profile, writer.library)
    return {**_portrait_rows(writer, taught, candidates), **_group_rows(writer, taught)}


def qa_rows(
    config: BenchmarkConfig, index: int, profile: Profile, *, candidates: bool = True
) -> dict[str, list[Row]]:
    """The rows about portraits alone: `build_rows` less "scenes" and "multi_image", which need group views.

    Args and returns: as `build_rows`.
    """
    writer = _Writer(config, profile, question_library())
    return _portrait_rows(writer, plan_finetune(config, profile, writer.library), candidates)


def _portrait_rows(writer: _Writer, taught: list[Ask], candidates: bool) -> dict[str, list[Row]]:
    """Fine-tuning, evaluation and, if wanted, exposure and alternatives rows.

    There is no exposure of a choice: the question names both answers.
    """
    config, profile = writer.config, writer.profile
    seen, unseen = plan_eval(config, profile, writer.library, taught)
    rows = {}
    for key, asks, role in (
        (FINETUNE, taught, TRAIN),
        (f"{EVAL}-{SEEN}", seen, SEEN),
        (f"{EVAL}-{UNSEEN}", unseen, UNSEEN),
    ):
        pictures = config.images_per_identity if role == TRAIN else len(asks)
        rows[key] = [
            writer.row(
                ask, f"{profile.identity_id}-{key}-{place:04d}", role, view_name(role, place % pictures)
            )
            for place, ask in enumerate(asks)
        ]
    if candidates:
        for role in (SEEN, UNSEEN):
            rows[f"{EXPOSURE}-{role}"] = [
                writer.exposure_row(row) for row in rows[f"{EVAL}-{role}"] if row["qa_category"] != COMPARISON
            ]
        values = {ask.topic.name: writer.value(ask.topic) for ask in taught}
        rows[ALTERNATIVES] = alternative_rows(config, profile, writer.library, rows[FINETUNE], values)
    return rows


def _group_rows(writer: _Writer, taught: list[Ask]) -> dict[str, list[Row]]:
    """Rows about one of several people in a picture, and about several pictures."""
    config, profile = writer.config, writer.profile
    index = profile.index
    rows = {}
    scenes = plan_scenes(config, profile, writer.library, taught)
    for role in (SEEN, UNSEEN):
        groups = {who: _groups(config, who, role) for who in (index, *companions(config, index))}
        rows[f"{SCENES}-{role}"] = [
            writer.row(
                ask, f"{profile.identity_id}-{SCENES}-{role}-{n:04d}", role, group.id, _place(group, index)
            )
            for n, (ask, group) in enumerate(zip(scenes[role], groups[index], strict=True))
        ]
        rows[f"{MULTI_IMAGE}-{role}"] = multi_image_rows(config, profile, writer.library, role, groups)
    return rows


@lru_cache(maxsize=2 * BLOCK)  # people of a block ask for one another's pictures, one person after the other
def _groups(config: BenchmarkConfig, who: int, role: str) -> tuple[GroupPlan, ...]:
    return tuple(plan_group(config, who, role, number) for number in range(config.groups_per_identity))


def _place(group: GroupPlan, index: int) -> str:
    """Where the asked person is in a group picture.

    Raises:
        RememError: the picture asks about somebody else, or does not tell that person from the others.
    """
    figure = group.figures[group.asked]
    if figure.identity != index:
        raise RememError(
            f"The picture {group.id} of {identity_name(index)} asks about {identity_name(figure.identity)}."
        )
    if not figure.place or [f.place for f in group.figures].count(figure.place) > 1:
        raise RememError(
            f"The picture {group.id} of {identity_name(index)} has no place of its own for the asked person."
        )
    return figure.place


class _Writer:
    """Puts one person's questions into words; every block of a template is rendered at most once."""

    def __init__(self, config: BenchmarkConfig, profile: Profile, library: QuestionLibrary) -> None:
        self.config = config
        self.profile = profile
        self.library = library
        self._variables: dict[str, dict[str, Any]] = {}
        self._wordings: dict[tuple[str, str, str], list[str]] = {}
        self._frames: dict[tuple[str, str, str], dict[str, Any]] = {}
        self._candidates: dict[str, dict[str, Any]] = {}

    def row(self, ask: Ask, row_id: str, role: str, view_id: str, place: str = "") -> Row:
        """One row, without its picture; `place` says which of several people in the picture is meant."""
        topic = ask.topic.name
        key = (topic, ask.hop, ask.role)
        if key not in self._wordings:
            self._wordings[key] = self.library.wordings(*key, self._values(ask.topic))
        wording = self._wordings[key][ask.wording]
        question = place_wording(wording, place) if place else wording
        template_id = f"{topic}.{ask.hop}.{ask.role}.{ask.wording + 1:02d}"
        frame = self._frame(ask.topic, ask.hop, place)
        answer = frame["answer"]
        if ask.form == SENTENCE:
            requests = self.library.shared("sentence_requests")
            question = f"{question} {requests[ask.wording % len(requests)]}"
            template_id = f"{template_id}.{SENTENCE}"
            answer = sentence(frame["cloze_prompt"], answer)
        return {
            "id": row_id,
            "identity_id": self.profile.identity_id,
            "question": question,
            **frame,
            "answer": answer,
            "answer_form": ask.form,
            "template_id": template_id,
            "view_id": view_id,
            "split_role": role,
            "forget_rank": self.profile.forget_rank,
        }

    def exposure_row(self, row: Row) -> Row:
        """The same question with the candidates that its answer is ranked against."""
        topic, n = row["attribute"], self.config.candidates
        if topic not in self._candidates:
            given = self.config, self.profile.index, topic, row["answer"], n
            values, space = sample_candidates(*given)
            self._candidates[topic] = {
                "candidates": values,
                "candidate_pool": GENERATED,
                "other_values": sample_other_values(*given),
                "candidate_space": space,
            }
        return {**row, "id": row["id"].replace(f"-{EVAL}-", f"-{EXPOSURE}-"), **self._candidates[topic]}

    def value(self, topic: Topic) -> str:
        """The bare answer to a topic's questions."""
        return self._values(topic)["value"]

    def _frame(self, topic: Topic, hop: str, place: str) -> dict[str, Any]:
        """The columns that do not depend on the wording."""
        key = (topic.name, hop, place)
        if key not in self._frames:
            values = self._values(topic)
            shown = person_at(place) if place else PERSON_IN_IMAGE
            person = self.profile.name if hop == SINGLE else shown
            introduction = self.library.text("_shared", "introduction", {**values, "person": shown})
            reasoning = self.library.text(topic.name, "reasoning", values)
            self._frames[key] = {
                "answer": values["value"],
                "keywords": _keywords(topic, values["value"]),
                "question_type": SINGLE_HOP if hop == SINGLE else MULTI_HOP,
                "hops": 1 if hop == SINGLE else topic.image_hops,
                "qa_category": topic.qa_category,
                "attribute": topic.name,
                "cloze_prompt": self.library.text(topic.name, "cloze", {**values, "person": person}),
                "reasoning": reasoning if hop == SINGLE else f"{introduction} {reasoning}",
            }
        return self._frames[key]

    def _values(self, topic: Topic) -> dict[str, Any]:
        """The variables of a topic's template."""
        if topic.name not in self._variables:
            self._variables[topic.name] = self._draw_values(topic)
        return self._variables[topic.name]

    def _draw_values(self, topic: Topic) -> dict[str, Any]:
        variables = {"name": self.profile.name, "attributes": self.profile.attributes}
        own = self.profile.attributes[topic.attribute]
        if topic.kind == REVERSE:
            return {**variables, "fact": own, "value": self.profile.name}
        if topic.relation is None:
            return {**variables, "value": own}
        seed, other = self.config.seed, owner_of(self.config, self.profile.index, topic)
        age = sample_age(seed, other)
        theirs = sample_attribute(seed, other, topic.attribute, age)
        variables["other"] = name_of(seed, other)
        if topic.kind == COMPARISON:
            # People of a block differ by whole age bands, so the years say who is older.
            years = [Context.of_age(a).first_birth_year for a in (self.profile.age, age)]
            older = PERSON_IN_IMAGE if years[0] < years[1] else variables["other"]
            return {**variables, "fact": theirs, "value": older}
        return {**variables, "value": theirs}


def _keywords(topic: Topic, value: str) -> list[str]:
    if topic.kind == COMPARISON and value == PERSON_IN_IMAGE:
        return [value]
    if topic.kind in (REVERSE, COMPARISON):
        return value.split()
    return get_attribute(topic.attribute).keywords(value)
