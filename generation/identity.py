"""Everything of one identity: profile, rows and pictures, written into the raw tree."""

from __future__ import annotations

import dataclasses
import functools
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image

from generation.people.casting import Cast, candidate_person
from generation.people.person import Person
from generation.profiles import sample_profile
from generation.quality.gate import Gate
from generation.renderers import Picture, Renderer
from generation.rows import build_rows
from generation.views import sample_view
from generation.views.groups import sample_group
from generation.views.view import GroupView, View
from remem_dataset.config import BenchmarkConfig
from remem_dataset.files import write_bytes, write_json, write_jsonl
from remem_dataset.raw import RawTree, identity_name
from remem_dataset.schema import SEEN, UNSEEN

GROUP = "group"


@dataclass(frozen=True, eq=False)
class Studio:
    """What drawing needs besides a view.

    Attributes:
        renderer: what draws.
        cast: who looks how.
        gate: what checks each picture; None takes every picture as it comes.
    """

    renderer: Renderer
    cast: Cast
    gate: Gate | None = None


def planned_views(config: BenchmarkConfig) -> Iterator[tuple[str, int]]:
    """(role, number) of every portrait of one identity, in the order of drawing."""
    yield "anchor", 0
    counts = {
        "train": config.images_per_identity,
        "seen": config.eval_per_identity,
        "unseen": config.eval_per_identity,
    }
    for role, count in counts.items():
        yield from ((role, number) for number in range(count))


def planned_groups(config: BenchmarkConfig) -> Iterator[tuple[str, int]]:
    """(role, number) of every group picture that asks about one identity."""
    for role in (SEEN, UNSEEN):
        yield from ((role, number) for number in range(config.groups_per_identity))


def pictures_per_identity(config: BenchmarkConfig) -> int:
    """How many pictures each identity has."""
    return sum(1 for _ in planned_views(config)) + sum(1 for _ in planned_groups(config))


def build_identity(tree: RawTree, config: BenchmarkConfig, index: int, studio: Studio) -> None:
    """Write what is missing of one identity; what is there already stays.

    Args:
        tree: the raw tree.
        config: the build's config.
        index: 0-based number of the identity.
        studio: what draws, and who is drawn.
    """
    profile = sample_profile(config, index)
    for name, rows in build_rows(config, index, profile).items():
        write_jsonl(tree.rows(index, name), rows)
    draw_pictures(tree, config, index, studio)
    person = _person(config, index, studio.cast)
    write_json(
        tree.profile(index),
        {
            "identity_id": profile.identity_id,
            "name": profile.name,
            "attributes": [{"attribute": k, "value": v} for k, v in profile.attributes.items()],
            "links": [
                {"relation": relation, "identity_id": identity_name(other)}
                for relation, other in profile.links.items()
            ],
            "appearance": json.dumps({} if config.own_pictures else person.to_dict(), sort_keys=True),
            "forget_rank": profile.forget_rank,
        },
    )


def draw_pictures(
    tree: RawTree, config: BenchmarkConfig, index: int, studio: Studio, backwards: bool = False
) -> None:
    """Draw those pictures of one identity that are missing when their turn comes.

    Two processes may draw the same identity's, one from each end: they meet, and at worst both draw the
    picture where they do, which is the same. Args as in `build_identity`, and:

    Args:
        backwards: begin with the last picture.
    """
    size, person = config.image_size, _person(config, index, studio.cast)

    def portrait(role: str, number: int, attempt: int) -> tuple[View, Picture]:
        view = sample_view(config, index, role, number, attempt)
        return view, studio.renderer.render(person, view, size)

    def group(role: str, number: int, attempt: int) -> tuple[GroupView, Picture]:
        view = sample_group(config, index, role, number, attempt)
        persons = [_person(config, figure.identity, studio.cast) for figure in view.figures]
        return view, studio.renderer.render_group(persons, view, size)

    plan = [
        *((f"{role}-{number:03d}", portrait, role, number) for role, number in planned_views(config)),
        *((f"{GROUP}-{role}-{number:03d}", group, role, number) for role, number in planned_groups(config)),
    ]
    for view_id, draw, role, number in reversed(plan) if backwards else plan:
        _keep(tree, index, view_id, functools.partial(draw, role, number), config, studio)


def _person(config: BenchmarkConfig, index: int, cast: Cast) -> Person:
    return candidate_person(config, index, cast.candidates[index])


def _keep(
    tree: RawTree,
    index: int,
    view_id: str,
    draw: Callable[[int], tuple[View | GroupView, Picture]],
    config: BenchmarkConfig,
    studio: Studio,
) -> None:
    """Draw a picture until the gate lets it pass, and store it with its description.

    The last draw, which is the easiest, is kept if none passes; the description says so.
    """
    identity = identity_name(index)
    if tree.has_picture(identity, view_id):
        return
    for attempt in range(config.redraws + 1 if studio.gate else 1):
        view, picture = draw(attempt)
        verdict = studio.gate.check(picture) if studio.gate else None
        if verdict is None or verdict.passed is not False:
            break
    places = [figure.place for figure in view.figures] if isinstance(view, GroupView) else [""]
    description = {
        "view": view.to_dict(),
        "faces": [
            {**dataclasses.asdict(face), "place": place}
            for face, place in zip(picture.faces, places, strict=True)
        ],
        "attempts": attempt + 1,
        "passed": verdict.passed if verdict else None,
        "reason": verdict.reason if verdict else "not checked",
        "checks": [check.to_dict() for check in verdict.faces] if verdict else [],
    }
    # The picture is the mark of completion, so its description comes first.
    write_json(tree.sidecar(identity, view_id), description)
    write_bytes(tree.picture(identity, view_id), encode_picture(picture))


def encode_picture(picture: Picture) -> bytes:
    """Encode as PNG (no metadata: the bytes depend on the pixels alone)."""
    buffer = io.BytesIO()
    Image.fromarray(picture.pixels).save(buffer, format="PNG")
    return buffer.getvalue()
