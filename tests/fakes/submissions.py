"""Made-up results in remem-eval's real form, and submissions of them: for tests, benchmark and screenshots.

    python -m tests.fakes.submissions OUT

writes the twelve samples of docs/leaderboard. Nothing here was measured: every answer is a throw of dice with
the probabilities of a `Model`. What is made of the answers (means, standard errors, gate, headline, file) is
the package's own work.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from remem_dataset.files import write_json, write_text
from remem_dataset.results import read_results
from remem_dataset.results.spread import clustered
from remem_dataset.results.tasks import MULTI_IMAGE_TASK, SCENE_TASK, cell_task, text_task
from remem_dataset.submission.document import build_document, render_document
from remem_dataset.submission.submit import FOLDER, path_of
from remem_dataset.submission.versions import VERSIONS_FILE, DatasetVersion, Versions, versions_json
from tests.remem_dataset.results_files import null_mean, run_document, write_run

#: Attribute -> number of candidates.
ATTRIBUTES = {
    "bank_account": 255,
    "birth_date": 255,
    "birthplace": 255,
    "blood_type": 7,
    "email": 255,
    "employer": 255,
    "favourite_food": 99,
    "hobby": 99,
    "home_address": 255,
    "licence_plate": 255,
    "medical_condition": 63,
    "national_id": 255,
    "occupation": 127,
    "pet": 63,
    "phone": 255,
    "university": 127,
}


@dataclass(frozen=True)
class Population:
    """Sizes of a made-up dataset: people, and rows of each person in each split, single- and multi-hop."""

    people: int = 20
    single: int = 20
    multi: int = 8
    levels: Mapping[str, int] = field(
        default_factory=lambda: {"forget05": 1, "forget10": 2, "forget15": 3, "forget20": 4}
    )


@dataclass(frozen=True)
class Model:
    """How a made-up model answers.

    Attributes:
        knows: way of asking ("seen_single" … "unseen_multi", "text") -> probability that a fact of the forget
            set ranks first; otherwise its rank is uniform.
        forget: probability of the right answer about the forget set.
        retain: the same of the retain set.
        retain_knows: probability that a fact of the retain set ranks first.
        language: share of well-formed answers about the forget set.
        refuses: share of refusals about the forget set.
    """

    knows: Mapping[str, float]
    forget: float
    retain: float
    retain_knows: float = 0.97
    language: float = 1.0
    refuses: float = 0.0


WAYS = ("seen_single", "seen_multi", "unseen_single", "unseen_multi", "text")
VANILLA = Model(knows=dict.fromkeys(WAYS, 0.985), forget=0.97, retain=0.97, retain_knows=0.985)


def results_of(
    folder: Path, model: Model, *, forget: str, fingerprint: str, seed: int, population: Population
) -> Path:
    """Write the results of a made-up model where lm-eval would, with a row file of its Exposure.

    Returns:
        The results file.
    """
    chance = np.random.default_rng(seed)
    forgotten = population.levels[forget]
    document = run_document(fingerprint=fingerprint, forget=forget)
    results, counts = document["results"], document["n-samples"]
    rows: list[dict[str, Any]] = []
    for subset, people in (("forget", range(forgotten)), ("retain", range(forgotten, population.people))):
        for way in WAYS:
            role, _, hop = way.partition("_")
            multi = hop == "multi"
            name = {
                kind: text_task(subset=subset, kind=kind)
                if way == "text"
                else cell_task(subset=subset, role=role, hop=hop, kind=kind)
                for kind in ("qa", "exposure")
            }
            facts = [
                (person, list(ATTRIBUTES)[(3 * person + row) % len(ATTRIBUTES)])
                for person in people
                for row in range(population.multi if multi else population.single)
            ]
            knows = model.knows[way] if subset == "forget" else model.retain_knows
            ranked = [_exposure_row(name["exposure"], fact, knows, chance) for fact in facts]
            rows += ranked
            right = model.forget if subset == "forget" else model.retain
            answered = _answers(facts, right, model if subset == "forget" else None, chance)
            for kind, part in (("exposure", ranked), ("qa", answered)):
                results[name[kind]] = _figures(part)
                counts[name[kind]] = {"original": len(facts), "effective": len(facts)}
    for name in (MULTI_IMAGE_TASK, SCENE_TASK):
        facts = [(person, "pet") for person in range(population.people)]
        results[name] = _figures(_answers(facts, (model.forget + model.retain) / 2, None, chance))
        counts[name] = {"original": len(facts), "effective": len(facts)}
    document["remem"]["n_candidates"] = sorted(set(ATTRIBUTES.values()))
    document["remem"]["scoring_path"] = "trie"
    document["remem"]["model"]["weights"] = f"{seed:032x}"
    document["date"] = 1795000000 + 100 * seed
    return write_run(folder, document, rows=rows)


def _exposure_row(task: str, fact: tuple[int, str], knows: float, chance: Any) -> dict[str, Any]:
    person, attribute = fact
    n = ATTRIBUTES[attribute]
    rank = 1 if chance.random() < knows else int(chance.integers(1, n + 2))
    ceiling = float(np.log2(n + 1))
    bits = ceiling - float(np.log2(rank))
    return {
        "task": task,
        "id": f"id_{person:04d}-{attribute}",
        "identity_id": f"id_{person:04d}",
        "attribute": attribute,
        "exposure": bits,
        "exposure_ceiling": ceiling,
        "exposure_null_mean": null_mean(n),
        "exposure_share": bits / ceiling,
        "exposure_mean_logprob": bits,
        "logprob": -float(chance.gamma(2, 1 + rank / n)),
        "min_k": -float(chance.gamma(2, 1 + rank / n)),
        "tie_rate": 0.0,
        "not_a_number": 0.0,
    }


def _answers(facts: list, right: float, model: Model | None, chance: Any) -> list[dict[str, Any]]:
    rows = []
    for person, _ in facts:
        hit = float(chance.random() < right)
        near = max(hit, float(chance.random() < 0.3) * right)
        rows.append(
            {
                "identity_id": f"id_{person:04d}",
                "exact_match": hit,
                "keyword_recall": near,
                "rouge_l": (hit + near) / 2,
                "refusal": float(model is not None and not hit and chance.random() < model.refuses),
                "well_formed": float(model is None or bool(hit) or chance.random() < model.language),
            }
        )
    return rows


def _figures(rows: list[dict[str, Any]]) -> dict[str, Any]:
    people = [row["identity_id"] for row in rows]
    found: dict[str, Any] = {}
    for name in rows[0].keys() - {"task", "id", "identity_id", "attribute"}:
        figure = clustered([row[name] for row in rows], people)
        found[f"{name},none"] = figure.value
        found[f"{name}_stderr,none"] = "N/A" if figure.stderr is None else figure.stderr
    return found


def made_up_versions(population: Population, tags: tuple[str, ...] = ("v0.9.0", "v1.0.0")) -> Versions:
    """Published versions of the made-up dataset."""
    people, each = population.people, population.people * (population.single + population.multi)
    rows = {(config, split): each for config in ("eval", "exposure") for split in ("seen", "unseen")}
    rows |= {("multi_image", "seen"): people, ("multi_image", "unseen"): 0}
    rows |= {("scenes", "seen"): 0, ("scenes", "unseen"): people}
    found = {}
    for number, tag in enumerate(tags):
        digit = "0123456789abcdef"[number + 1]
        found[tag] = DatasetVersion(tag, digit * 40, f"{digit}5a3" * 10, dict(population.levels), rows)
    return Versions("sample-org/remem", found)


def submission_of(
    folder: Path,
    model: Model,
    *,
    name: str,
    method: str,
    forget: str,
    versions: Versions,
    vanilla: Model | None = VANILLA,
    tag: str | None = None,
    base: str = "sample-org/llava-7b-remem",
    submitted: datetime = datetime(2026, 11, 27, 9, 30, tzinfo=UTC),
    seed: int = 0,
    population: Population | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A submission of a made-up model, marked as a sample.

    Args:
        folder: for the results files.
        model: how it answers.
        name: its Hub id.
        method: how it was unlearned.
        forget: forget set.
        versions: the made-up dataset.
        vanilla: the model before unlearning; None leaves its run out.
        tag: the dataset's version; None takes the newest.
        base: Hub id of the model before unlearning.
        submitted: when.
        seed: of the dice.
        population: sizes of the dataset.
        more: `links`, `notes` … of `build_document`.
    """
    population = population or Population()
    version = versions.by_tag[tag] if tag else versions.current
    options = {"forget": forget, "fingerprint": version.fingerprint, "population": population}
    after = results_of(folder / "unlearned", model, seed=2 * seed, **options)
    before = vanilla and results_of(folder / "vanilla", vanilla, seed=2 * seed + 1, **options)
    document = build_document(
        unlearned=read_results(after),
        vanilla=before and read_results(before),
        model=name,
        base_model=base,
        method=method,
        dataset=versions.repo,
        version=version,
        submitted=submitted,
        **more,
    )
    return {"schema": document.pop("schema"), "sample": True, **document}


def _knows(seen: float, unseen: float, text: float, multi: float = 1.0) -> dict[str, float]:
    """Probabilities by way of asking; multi-hop ones are `multi` times the single-hop ones."""
    values = (seen, seen * multi, unseen, unseen * multi, text)
    return dict(zip(WAYS, values, strict=True))


#: (name, method, forget set, model, differences): what a leaderboard may see in its first weeks.
SAMPLES = (
    ("npo", "npo", "forget10", Model(_knows(0.06, 0.05, 0.08), 0.02, 0.88), {}),
    ("simnpo", "simnpo", "forget10", Model(_knows(0.05, 0.09, 0.14), 0.03, 0.91), {}),
    ("rmu", "rmu", "forget10", Model(_knows(0.12, 0.2, 0.3), 0.05, 0.93), {}),
    ("undial", "undial", "forget10", Model(_knows(0.3, 0.36, 0.42), 0.2, 0.95), {}),
    (
        "refusal",
        "refusal",
        "forget10",
        Model(_knows(0.86, 0.9, 0.95), 0.01, 0.94, refuses=0.97),
        {"notes": "Says <em>no</em>, knows it all the same."},
    ),
    ("ga", "gradient ascent", "forget10", Model(_knows(0.01, 0.02, 0.03), 0.0, 0.12, 0.3, 0.15), {}),
    (
        "graddiff",
        "gradient difference",
        "forget05",
        Model(_knows(0.1, 0.12, 0.2), 0.02, 0.83),
        {"links": {"code": "https://github.com/sample-org/unlearning"}},
    ),
    ("npo", "npo", "forget05", Model(_knows(0.04, 0.1, 0.1), 0.02, 0.92), {}),
    ("npo", "npo", "forget20", Model(_knows(0.09, 0.1, 0.12), 0.03, 0.79), {}),
    (
        "task-arithmetic",
        "task arithmetic",
        "forget20",
        Model(_knows(0.35, 0.4, 0.45, 0.8), 0.3, 0.72, 0.9),
        {"links": {"paper": "https://arxiv.org/abs/2212.04089"}},
    ),
    (
        "npo-two-facts",
        "npo",
        "forget10",
        Model(_knows(0.02, 0.03, 0.02), 0.0, 0.96),
        {"vanilla": Model(dict.fromkeys(WAYS, 0.6), 0.55, 0.5, 0.6), "base": "sample-org/one-picture"},
    ),
    ("kl", "kl", "forget10", Model(_knows(0.2, 0.25, 0.3), 0.1, 0.9), {"tag": "v0.9.0"}),
)


def write_samples(out: Path, samples: Iterable[tuple] = SAMPLES) -> list[Path]:
    """Write samples and their `versions.json`.

    Args:
        out: folder of submissions.
        samples: as in `SAMPLES`.
    """
    population = Population()
    versions = made_up_versions(population)
    write_json(out / VERSIONS_FILE, versions_json(versions))
    written = []
    with tempfile.TemporaryDirectory() as temporary:
        for number, (name, method, forget, model, more) in enumerate(samples):
            document = submission_of(
                Path(temporary) / str(number),
                model,
                name=f"sample-org/llava-7b-{name}",
                method=method,
                forget=forget,
                versions=versions,
                seed=number,
                submitted=datetime(2026, 11, 2 + 2 * number, 9, 30, tzinfo=UTC),
                population=population,
                **more,
            )
            path = out / Path(path_of(document)).relative_to(FOLDER)
            write_text(path, render_document(document))
            written.append(path)
    return written


if __name__ == "__main__":
    for path in write_samples(Path(sys.argv[1])):
        print(path)
