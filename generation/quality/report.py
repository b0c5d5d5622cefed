"""The quality report: are the pictures of a built dataset people, each one consistent and distinct?"""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader

from generation.quality.gate import LEAST_VISIBLE, SMALLEST_FACE, FaceCheck, Gate
from generation.quality.metrics import (
    Distances,
    area_under_roc,
    equal_error_rate,
    mean_distance,
    pair_distances,
    share_below,
)
from generation.quality.recogniser import THRESHOLD, shared_recogniser
from generation.quality.records import Records, beside, redraws
from generation.quality.survey import ANCHOR, Sight, survey
from generation.quality.traits import place, traits_of
from remem_dataset.errors import RememError
from remem_dataset.files import write_json, write_text
from remem_dataset.schema import PEOPLE, PROFILES
from remem_dataset.source import Source, open_source

_THUMBNAILS = 24
_LIKENESSES = 5


@dataclass(frozen=True, eq=False)
class Judged:
    """A sight, and what the gate says of it; None for an identity without an anchor."""

    sight: Sight
    check: FaceCheck | None

    @property
    def fault(self) -> str:
        """ "" if the picture passes."""
        return self.check.fault if self.check is not None else "no anchor"


def write_report(
    data: str | Path | Source, out: Path, *, views: int | None = None, workers: int = 1
) -> dict[str, Any]:
    """Measure a built dataset's pictures and write `quality.html`, `quality.json` and the figures (SVG).

    Args:
        data: a built folder, a Hub id, or an opened source.
        out: folder to write into; made if missing.
        views: at most this many pictures of each person from each of train, seen and unseen; None for all.
        workers: pictures looked at at the same time.

    Returns:
        What `quality.json` holds: "own_pictures", "counts", "detected", "same", "different", "auc", "eer",
        "groups" (trait -> value -> counts and shares), "redraws", "group_pictures", "likenesses" and
        "failures".

    Raises:
        RememError: no dataset there, no recogniser, or the folder cannot be written.
    """
    # Loading matplotlib takes a second that other commands need not wait for.
    from generation.quality import figures

    source = data if isinstance(data, Source) else open_source(data)
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise RememError(f"{out} is a file; name a folder for the report.")
    sights = list(survey(source, views=views, workers=workers))
    people = {
        row["identity_id"]: {**json.loads(row["appearance"]), "name": row["name"]}
        for row in source.load(PROFILES)[PEOPLE].remove_columns("image")
    }
    own_pictures = _has_own_pictures(source)
    result, judged, distances = measure(sights, people, own_pictures)
    result = {
        # The same wherever the folder lies, and from wherever it is looked at.
        "dataset": beside(source.name, "").name if source.is_local else source.name,
        "fingerprint": source.fingerprint,
        **result,
        "group_pictures": Records(source).group_pictures(sorted(people)),
    }
    drawings = {
        "distances": figures.distance_figure(distances),
        "roc": figures.roc_figure(distances),
        "groups": figures.group_figure(
            [
                (f"{trait}: {value}", row["checked"], row["failed_share"])
                for trait, values in result["groups"].items()
                for value, row in values.items()
            ]
        ),
    }
    for name, drawing in drawings.items():
        write_text(out / f"{name}.svg", drawing)
    write_json(out / "quality.json", result)
    write_text(out / "quality.html", _page(result, drawings, judged, people))
    return result


def measure(
    sights: list[Sight], people: dict[str, dict[str, Any]], own_pictures: bool = False
) -> tuple[dict[str, Any], list[Judged], Distances]:
    """All figures of the report.

    Args:
        sights: the pictures as the recogniser sees them, anchors among them.
        people: identity id -> "name" and what is known of the fields of its `Person`.
        own_pictures: whether the faces come from the user's pictures.

    Returns:
        The JSON-ready result, every checked picture with its verdict, and the histograms.
    """
    checked = [s for s in sights if s.checked]
    found = [s for s in checked if s.embedding is not None]
    names = sorted(people)
    number = {name: k for k, name in enumerate(names)}
    stack = np.stack([s.embedding for s in found]) if found else np.zeros((0, 128), np.float32)
    owners = np.array([number[s.identity_id] for s in found], dtype=np.int64)
    distances = pair_distances(stack, owners)
    judged = list(_judge(checked, found, number))
    eer = equal_error_rate(distances)
    detected = len(found) / len(checked) if checked else None
    failed = sum(bool(j.fault) for j in judged)
    result = {
        "own_pictures": own_pictures,
        "counts": {
            "people": len(names),
            "pictures": len(sights),
            "checked": len(checked),
            "too_small_or_hidden": len(sights) - len(checked),
            "same_pairs": int(distances.same.sum()),
            "different_pairs": int(distances.different.sum()),
        },
        "threshold": THRESHOLD,
        "detected": detected,
        "failed_share": failed / len(judged) if judged else None,
        "same": {"mean": mean_distance(distances.same), "below": share_below(distances.same, THRESHOLD)},
        "different": {
            "mean": mean_distance(distances.different),
            "below": share_below(distances.different, THRESHOLD),
        },
        "auc": area_under_roc(distances),
        "eer": {"rate": eer[0], "threshold": eer[1]} if eer else None,
        "groups": _groups(judged, people, own_pictures),
        "redraws": redraws(s.record for s in sights),
        "likenesses": _likenesses(stack, owners, names, people),
        "failures": [
            {"identity_id": j.sight.identity_id, "view_id": j.sight.view_id, "fault": j.fault}
            for j in judged
            if j.fault
        ],
    }
    return _rounded(result), judged, distances


def _judge(checked: list[Sight], found: list[Sight], number: dict[str, int]) -> Iterator[Judged]:
    """The gate's verdict on each picture, against the anchor portraits that the dataset publishes."""
    anchors = np.full((len(number), 128), np.nan, dtype=np.float32)
    for sight in found:
        if sight.role == ANCHOR:
            anchors[number[sight.identity_id]] = sight.embedding
    known = np.flatnonzero(~np.isnan(anchors[:, 0]))
    place = {int(k): row for row, k in enumerate(known)}
    gate = Gate(shared_recogniser(), anchors[known]) if len(known) else None
    for sight in checked:
        row = place.get(number[sight.identity_id])
        if sight.embedding is None:
            yield Judged(sight, FaceCheck(number[sight.identity_id], detected=False))
        elif gate is None or row is None:
            yield Judged(sight, None)
        else:
            yield Judged(sight, gate.compare(row, sight.embedding))


def _groups(
    judged: list[Judged], people: dict[str, dict[str, Any]], own_pictures: bool
) -> dict[str, dict[str, dict[str, Any]]]:
    members: dict[str, dict[str, list[Judged]]] = defaultdict(lambda: defaultdict(list))
    for one in judged:
        sight = one.sight
        traits = traits_of(people[sight.identity_id], sight.role, sight.view, own_pictures)
        for trait, value in traits.items():
            members[trait][value].append(one)
    return {
        trait: {
            value: {
                "checked": len(group),
                "detected": sum(j.sight.detected for j in group) / len(group),
                "failed_share": sum(bool(j.fault) for j in group) / len(group),
            }
            for value, group in sorted(values.items(), key=lambda item, trait=trait: place(trait, item[0]))
        }
        for trait, values in members.items()
    }


def _has_own_pictures(source: Source) -> bool:
    config = source.manifest.get("config")
    return isinstance(config, dict) and config.get("renderer") == "folder"


def _likenesses(
    stack: np.ndarray, owners: np.ndarray, names: list[str], people: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    """The pairs of people whose mean embeddings are nearest, row by row: no full pairwise matrix."""
    present = np.unique(owners)
    if len(present) < 2:
        return []
    means = np.stack([stack[owners == k].mean(axis=0) for k in present])
    pairs: list[tuple[float, int, int]] = []
    for k in range(len(present) - 1):
        apart = np.linalg.norm(means[k + 1 :] - means[k], axis=1)
        for j in np.argsort(apart)[:_LIKENESSES]:
            pairs.append((float(apart[j]), int(present[k]), int(present[k + 1 + j])))
        pairs = sorted(pairs)[:_LIKENESSES]
    return [
        {"people": [people[names[a]]["name"], people[names[b]]["name"]], "distance": distance}
        for distance, a, b in pairs
    ]


def _rounded(value: Any) -> Any:
    """Numbers to five digits, so that the file reads well and differs only where something changed."""
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_rounded(v) for v in value]
    return round(value, 5) if isinstance(value, float) else value


def _page(
    result: dict[str, Any], drawings: dict[str, str], judged: list[Judged], people: dict[str, dict[str, Any]]
) -> str:
    environment = Environment(loader=PackageLoader("generation.quality"), autoescape=True, trim_blocks=True)
    failures = [
        {
            "name": people[j.sight.identity_id]["name"],
            "view_id": j.sight.view_id,
            "fault": j.fault,
            "distance": j.check.distance if j.check else None,
            "picture": base64.b64encode(j.sight.thumbnail).decode("ascii"),
        }
        for j in judged
        if j.fault
    ]
    # Spread over the failures, not the first ones, which may all be of one person.
    step = max(1, -(-len(failures) // _THUMBNAILS))
    template = environment.get_template("quality.html.j2")
    return template.render(
        result=result,
        drawings=drawings,
        failures=failures[::step],
        failed=len(failures),
        smallest=SMALLEST_FACE,
        least_visible=f"{100 * LEAST_VISIBLE:.0f} %",
    )
