"""Rows of one person, ready to be stored: every column but the pictures, which `view_id` names."""

from __future__ import annotations

from typing import Any

from generation.candidates import sample_candidates
from generation.profiles import (
    Profile,
    get_attribute,
    sample_age,
    sample_attribute,
    sample_gender,
)
from generation.profiles.names import sample_name
from generation.profiles.profile import BLOCK
from generation.questions import question_library
from generation.questions.library import QuestionLibrary
from generation.questions.lint import MULTI_IMAGE as MULTI_IMAGE_TEMPLATE
from generation.questions.plan import MULTI, SINGLE, Ask, plan_eval, plan_finetune
from generation.questions.topics import Topic, owner_of
from generation.streams import stream
from remem_dataset.config import BenchmarkConfig
from remem_dataset.raw import identity_name
from remem_dataset.schema import (
    EVAL,
    EXPOSURE,
    FINETUNE,
    MULTI_HOP,
    MULTI_IMAGE,
    SEEN,
    SINGLE_HOP,
    TRAIN,
    UNSEEN,
)

Row = dict[str, Any]

PERSON_IN_IMAGE = "the person in the image"

_ANSWERS = ("the first", "the second")


def view_name(role: str, number: int) -> str:
    """("train", 3) -> "train-003"."""
    return f"{role}-{number:03d}"


def build_rows(
    config: BenchmarkConfig, index: int, profile: Profile, *, candidates: bool = True
) -> dict[str, list[Row]]:
    """All rows of one identity.

    Args:
        config: the benchmark's config.
        index: 0-based identity.
        profile: that identity's profile (`sample_profile(config, index)`).
        candidates: whether to draw the candidates; without them there are no exposure rows.

    Returns:
        "finetune", "eval-seen", "eval-unseen", "exposure-seen", "exposure-unseen", "multi_image-seen" and
        "multi_image-unseen" -> rows with the columns of `remem_dataset.schema`, less `image`. Multi-image
        rows name their two pictures in `view_ids` ("id_0001/seen-000"), the asked person's own in `view_id`.
    """
    writer = _Writer(config, profile, question_library())
    taught = plan_finetune(config, profile, writer.library)
    seen, unseen = plan_eval(config, profile, writer.library, taught)
    rows = {FINETUNE: [], f"{EVAL}-{SEEN}": [], f"{EVAL}-{UNSEEN}": []}
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
    for role in (SEEN, UNSEEN):
        if candidates:
            rows[f"{EXPOSURE}-{role}"] = [writer.exposure_row(row) for row in rows[f"{EVAL}-{role}"]]
        rows[f"{MULTI_IMAGE}-{role}"] = _multi_image_rows(config, profile, writer.library, role)
    return rows


class _Writer:
    """Puts one person's questions into words; every block of a template is rendered at most once."""

    def __init__(self, config: BenchmarkConfig, profile: Profile, library: QuestionLibrary) -> None:
        self.config = config
        self.profile = profile
        self.library = library
        self._variables: dict[str, dict[str, Any]] = {}
        self._wordings: dict[tuple[str, str, str], list[str]] = {}
        self._frames: dict[tuple[str, str], dict[str, Any]] = {}
        self._candidates: dict[str, tuple[list[str], int]] = {}
        self._introduction = library.text("_shared", "introduction", {"name": profile.name})

    def row(self, ask: Ask, row_id: str, role: str, view_id: str) -> Row:
        """One row, without its picture."""
        topic = ask.topic.name
        key = (topic, ask.hop, ask.role)
        if key not in self._wordings:
            self._wordings[key] = self.library.wordings(*key, self._values(ask.topic))
        return {
            "id": row_id,
            "identity_id": self.profile.identity_id,
            "question": self._wordings[key][ask.wording],
            **self._frame(ask.topic, ask.hop),
            "template_id": f"{topic}.{ask.hop}.{ask.role}.{ask.wording + 1:02d}",
            "view_id": view_id,
            "split_role": role,
            "forget_rank": self.profile.forget_rank,
        }

    def exposure_row(self, row: Row) -> Row:
        """The same question with the candidates that its answer is ranked against."""
        topic = row["attribute"]
        if topic not in self._candidates:
            self._candidates[topic] = sample_candidates(
                self.config, self.profile.index, topic, row["answer"], self.config.candidates
            )
        values, space = self._candidates[topic]
        return {
            **row,
            "id": row["id"].replace(f"-{EVAL}-", f"-{EXPOSURE}-"),
            "candidates": list(values),
            "candidate_pool": "generated",
            "candidate_space": space,
        }

    def _frame(self, topic: Topic, hop: str) -> dict[str, Any]:
        """The columns that do not depend on the wording."""
        key = (topic.name, hop)
        if key not in self._frames:
            values = self._values(topic)
            person = self.profile.name if hop == SINGLE else PERSON_IN_IMAGE
            reasoning = self.library.text(topic.name, "reasoning", values)
            self._frames[key] = {
                "answer": values["value"],
                "keywords": get_attribute(topic.attribute).keywords(values["value"]),
                "question_type": SINGLE_HOP if hop == SINGLE else MULTI_HOP,
                "hops": 1 if hop == SINGLE else topic.image_hops,
                "qa_category": topic.qa_category,
                "attribute": topic.name,
                "cloze_prompt": self.library.text(topic.name, "cloze", {**values, "person": person}),
                "reasoning": reasoning if hop == SINGLE else f"{self._introduction} {reasoning}",
            }
        return self._frames[key]

    def _values(self, topic: Topic) -> dict[str, Any]:
        """The variables of a topic's template."""
        if topic.name not in self._variables:
            variables = {"name": self.profile.name, "attributes": self.profile.attributes}
            if topic.relation is None:
                variables["value"] = self.profile.attributes[topic.attribute]
            else:
                seed, other = self.config.seed, owner_of(self.config, self.profile.index, topic)
                variables["other"] = sample_name(seed, other, sample_gender(seed, other))
                variables["value"] = sample_attribute(seed, other, topic.attribute, sample_age(seed, other))
            self._variables[topic.name] = variables
        return self._variables[topic.name]


def _multi_image_rows(
    config: BenchmarkConfig, profile: Profile, library: QuestionLibrary, role: str
) -> list[Row]:
    """Questions over two pictures, one of them of the asked person, by turns the first and the second."""
    index = profile.index
    wordings = library.wordings(MULTI_IMAGE_TEMPLATE, MULTI, role, {"name": profile.name})
    flip = int(stream(config.seed, "multi image", index, role).integers(2))
    others = _others(index, config.identities)
    rows = []
    for place in range(config.multi_image_per_identity):
        side = (place + flip) % 2
        view_id = view_name(role, place % config.eval_per_identity)
        pictures = [f"{identity_name(who)}/{view_id}" for who in (index, others[place % len(others)])]
        values = {"name": profile.name, "value": _ANSWERS[side]}
        # A wording stays for two rows, so that each is answered with "the first" and "the second" alike.
        wording = (index // BLOCK + place // 2) % len(wordings)
        rows.append(
            {
                "id": f"{profile.identity_id}-{MULTI_IMAGE}-{role}-{place:04d}",
                "identity_id": profile.identity_id,
                "question": wordings[wording],
                "answer": _ANSWERS[side],
                "keywords": [_ANSWERS[side].split()[-1]],
                "question_type": MULTI_HOP,
                "hops": 2,
                "qa_category": "recognition",
                "attribute": "identity",
                "cloze_prompt": library.text(MULTI_IMAGE_TEMPLATE, "cloze", values),
                "reasoning": library.text(MULTI_IMAGE_TEMPLATE, "reasoning", values),
                "template_id": f"{MULTI_IMAGE_TEMPLATE}.{MULTI}.{role}.{wording + 1:02d}",
                "view_id": view_id,
                "split_role": role,
                "forget_rank": profile.forget_rank,
                "view_ids": pictures[::-1] if side else pictures,
            }
        )
    return rows


def _others(index: int, identities: int) -> list[int]:
    """People to show beside a person: those of the same block, or those before it if it is alone there."""
    block = [index ^ bit for bit in range(1, BLOCK) if index ^ bit < identities]
    return block or list(range(max(0, index - BLOCK + 1), index))
