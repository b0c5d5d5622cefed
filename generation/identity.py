"""Everything of one identity: profile, rows and pictures, written into the raw tree."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from functools import lru_cache

from PIL import Image

from generation.people import sample_person
from generation.profiles import sample_profile
from generation.renderers import Renderer, get_renderer
from generation.rows import build_rows
from generation.views import sample_view
from remem_dataset.config import BenchmarkConfig
from remem_dataset.files import write_bytes, write_json, write_jsonl
from remem_dataset.raw import RawTree, identity_name

_renderer = lru_cache(maxsize=2)(get_renderer)  # one set-up for each worker process


def planned_views(config: BenchmarkConfig) -> Iterator[tuple[str, int]]:
    """(role, number) of every picture of one identity, in the order of drawing."""
    yield "anchor", 0
    counts = {
        "train": config.images_per_identity,
        "seen": config.eval_per_identity,
        "unseen": config.eval_per_identity,
    }
    for role, count in counts.items():
        yield from ((role, number) for number in range(count))


def pictures_per_identity(config: BenchmarkConfig) -> int:
    """How many pictures each identity has."""
    return sum(1 for _ in planned_views(config))


def build_identity(
    tree: RawTree, config: BenchmarkConfig, index: int, renderer: Renderer | None = None
) -> None:
    """Write what is missing of one identity; what is there already stays.

    Args:
        tree: the raw tree.
        config: the build's config.
        index: 0-based number of the identity.
        renderer: what draws; left out, the config's backend.
    """
    renderer = renderer or _renderer(config.renderer)
    profile = sample_profile(config, index)
    person = sample_person(config, index, gender=profile.gender, age=profile.age)
    for name, rows in build_rows(config, index, profile).items():
        write_jsonl(tree.rows(index, name), rows)
    views = [sample_view(config, index, role, number) for role, number in planned_views(config)]
    write_jsonl(tree.identity(index) / "views.jsonl", [view.to_dict() for view in views])
    for view in views:
        path = tree.picture(identity_name(index), view.id)
        if not path.is_file():
            write_bytes(path, encode_picture(renderer, person, view, config.image_size))
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
            "appearance": json.dumps(person.to_dict(), sort_keys=True),
            "forget_rank": profile.forget_rank,
        },
    )


def encode_picture(renderer: Renderer, person, view, size: int) -> bytes:
    """Draw one picture and encode it as PNG (no metadata: the bytes depend on the pixels alone)."""
    buffer = io.BytesIO()
    Image.fromarray(renderer.render(person, view, size).pixels).save(buffer, format="PNG")
    return buffer.getvalue()
