"""Rows over several pictures: which of them shows a person, and who is in two of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from generation.profiles import Profile
from generation.profiles.profile import BLOCK
from generation.questions.library import QuestionLibrary
from generation.questions.lint import BOTH_IMAGES
from generation.questions.lint import MULTI_IMAGE as MULTI_IMAGE_TEMPLATE
from generation.questions.plan import MULTI
from generation.streams import stream
from generation.views.groupplan import GroupPlan, companions
from remem_dataset.config import BenchmarkConfig
from remem_dataset.raw import identity_name
from remem_dataset.schema import MULTI_HOP, MULTI_IMAGE, RECOGNITION, VALUE

Row = dict[str, Any]

#: What a picture is called, by its place in the row.
ORDINALS = ("the first", "the second", "the third", "the fourth")

_COUNTS = {2: "two", 3: "three", 4: "four"}


def view_name(role: str, number: int) -> str:
    """("train", 3) -> "train-003"."""
    return f"{role}-{number:03d}"


def multi_image_rows(
    config: BenchmarkConfig,
    profile: Profile,
    library: QuestionLibrary,
    role: str,
    groups: Mapping[int, Sequence[GroupPlan]],
) -> list[Row]:
    """The multi-image rows of one person, by turns "which shows X" and "who is in both".

    Args:
        config: the benchmark's config.
        profile: the person.
        library: the wordings.
        role: "seen" or "unseen".
        groups: 0-based identity -> group pictures of that role that ask about it: the person's own and those
            of others who may be in a picture with it; without any, nobody can be in both.

    Returns:
        `config.multi_image_per_identity` rows; `view_ids` names their pictures ("id_0001/seen-000").
    """
    pairs = shared_pairs(config, profile, role, groups)
    rows: list[Row] = []
    for place in range(config.multi_image_per_identity):
        turn = place // 2 if pairs else place
        if pairs and place % 2:
            row = _both(config, profile, library, role, turn, pairs)
        else:
            row = _which(config, profile, library, role, turn)
        rows.append(
            {
                "id": f"{profile.identity_id}-{MULTI_IMAGE}-{role}-{place:04d}",
                "identity_id": profile.identity_id,
                **row,
                "question_type": MULTI_HOP,
                "hops": 2,
                "qa_category": RECOGNITION,
                "answer_form": VALUE,
                "split_role": role,
                "forget_rank": profile.forget_rank,
            }
        )
    return rows


def shared_pairs(
    config: BenchmarkConfig, profile: Profile, role: str, groups: Mapping[int, Sequence[GroupPlan]]
) -> list[tuple[str, str]]:
    """Pairs of pictures that have this person in common and nobody else, harder and easier ones by turns.

    The hard ones are two group pictures, the easy ones a group picture and a portrait. Faces in frames and on
    badges count as being in a picture.

    Returns:
        Pairs of pictures such as ("id_0001/group-seen-000", "id_0001/seen-000"); all are different.
    """
    identity = profile.index
    people = {
        f"{identity_name(owner)}/{group.id}": {figure.identity for figure in group.figures}
        for owner, views in groups.items()
        for group in views
        if any(figure.identity == identity and figure.kind == "present" for figure in group.figures)
    }
    hard = [pair for pair in combinations(people, 2) if people[pair[0]] & people[pair[1]] == {identity}]
    easy = [
        (view, f"{profile.identity_id}/{view_name(role, number % config.eval_per_identity)}")
        for number, view in enumerate(people)
    ]
    pairs: list[tuple[str, str]] = []
    for turn in range(max(len(hard), len(easy))):
        pairs += [*hard[turn : turn + 1], *easy[turn : turn + 1]]
    return pairs


def _which(
    config: BenchmarkConfig, profile: Profile, library: QuestionLibrary, role: str, turn: int
) -> dict[str, Any]:
    """One question over pictures of as many people: where is the asked one?"""
    index = profile.index
    others = companions(config, index)
    sizes = [size for size in _COUNTS if size <= len(others) + 1]
    lap, step = divmod(turn + index // BLOCK, len(sizes))
    size = sizes[step]
    # People of a block are asked in the same words and stand at different places, so that no wording goes
    # with an answer; sizes take turns from block to block.
    shift = int(stream(config.seed, "multi image", role, size).integers(size))
    position = (index + lap + shift) % size
    view_id = view_name(role, turn % config.eval_per_identity)
    start = turn % len(others)
    shown = (others[start:] + others[:start])[: size - 1]
    shown.insert(position, index)
    variables = {
        "name": profile.name,
        "value": ORDINALS[position],
        "count": _COUNTS[size],
        "choices": f"{', '.join(ORDINALS[: size - 1])} or {ORDINALS[size - 1]}",
    }
    wordings = library.wordings(MULTI_IMAGE_TEMPLATE, MULTI, role, variables)
    wording = (index // BLOCK + turn) % len(wordings)
    return {
        **_texts(library, MULTI_IMAGE_TEMPLATE, role, wordings, wording, variables),
        "keywords": [ORDINALS[position].split()[-1]],
        "attribute": "identity",
        "view_id": view_id,
        "view_ids": [f"{identity_name(who)}/{view_id}" for who in shown],
    }


def _both(
    config: BenchmarkConfig,
    profile: Profile,
    library: QuestionLibrary,
    role: str,
    turn: int,
    pairs: list[tuple[str, str]],
) -> dict[str, Any]:
    """One question over two pictures that have only the asked person in common."""
    pair = pairs[turn % len(pairs)]
    own = next((view for view in pair if view.startswith(f"{profile.identity_id}/")), pair[0])
    flip = int(stream(config.seed, "both images", profile.index, role).integers(2))
    variables = {"name": profile.name, "value": profile.name}
    wordings = library.wordings(BOTH_IMAGES, MULTI, role, variables)
    wording = (profile.index // BLOCK + turn) % len(wordings)
    return {
        **_texts(library, BOTH_IMAGES, role, wordings, wording, variables),
        "keywords": profile.name.split(),
        "attribute": "shared_identity",
        "view_id": own.split("/")[1],
        "view_ids": list(pair[::-1] if (turn + flip) % 2 else pair),
    }


def _texts(
    library: QuestionLibrary,
    template: str,
    role: str,
    wordings: list[str],
    wording: int,
    variables: dict[str, Any],
) -> dict[str, Any]:
    return {
        "question": wordings[wording],
        "answer": variables["value"],
        "cloze_prompt": library.text(template, "cloze", variables),
        "reasoning": library.text(template, "reasoning", variables),
        "template_id": f"{template}.{MULTI}.{role}.{wording + 1:02d}",
    }
