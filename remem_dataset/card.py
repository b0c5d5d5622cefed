"""The dataset card: YAML front matter for the Hub and `load_dataset`, and a text for people."""

from __future__ import annotations

from collections import Counter
from typing import Any

import datasets
from datasets.info import DatasetInfosDict
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCardData
from jinja2 import Environment, PackageLoader, StrictUndefined

from .balance import population_balance
from .examples import STRIP_FILE, Example
from .harmless import why_harmless
from .nullfigure import NULL_FILE
from .nulltest import NullTest
from .raw import RawTree, asked_face
from .schema import (
    COMPARISON,
    EVAL,
    FINETUNE,
    MULTI_HOP,
    PROFILES,
    REVERSE,
    SCENES,
    SENTENCE,
    SINGLE_HOP,
    SPLITS,
)


def render_card(
    tree: RawTree,
    manifest: dict[str, Any],
    infos: dict[str, datasets.DatasetInfo],
    data_files: dict[str, list[dict[str, Any]]],
    examples: list[Example],
    null_test: NullTest,
) -> str:
    """The README.md of a dataset folder.

    Args:
        tree: the raw tree it was packed from (for the tables of attributes, scenes and people).
        manifest: what goes into `remem.json`.
        infos: features and sizes of every config.
        data_files: the `data_files` of every config.
        examples: the people of whom the card shows pictures and questions.
        null_test: how gold answers rank among their candidates by a model that knows nothing.

    Returns:
        Markdown with YAML front matter.
    """
    own_pictures = tree.config().own_pictures
    data = DatasetCardData(
        pretty_name="ReMem",
        license="other" if own_pictures else "cc-by-4.0",
        language=["en"],
        annotations_creators=["machine-generated"],
        language_creators=["machine-generated"],
        multilinguality=["monolingual"],
        size_categories=[_size_category(infos[FINETUNE].splits["train"].num_examples)],
        task_categories=["visual-question-answering", "image-text-to-text"],
        tags=[
            "unlearning",
            "memorisation",
            "privacy",
            *(() if own_pictures else ("synthetic",)),
            "vision-language-models",
        ],
    )
    DatasetInfosDict(infos).to_dataset_card_data(data)
    # The Arrow cache is keyed by this YAML, not by the Parquet files: the fingerprint in it is what keeps
    # load_dataset from returning the rows of another build in a folder of the same name.
    description = f"ReMem {manifest['version']}, content {manifest['fingerprint']['all']}"
    MetadataConfigs(
        {
            name: {
                **({"default": True} if name == FINETUNE else {}),
                "description": description,
                "data_files": files,
            }
            for name, files in data_files.items()
        }
    ).to_dataset_card_data(data)
    environment = Environment(
        loader=PackageLoader("remem_dataset"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    body = environment.get_template("card.md.j2").render(
        manifest=manifest,
        config=manifest["config"],
        counts=manifest["counts"],
        asked=_question_table(tree),
        null_test=null_test.table(),
        null_figure=NULL_FILE,
        attributes=_attribute_table(tree),
        scenes=_scene_table(tree),
        own_pictures=own_pictures,
        balance=[]
        if own_pictures
        else population_balance(
            tree.read_profile(index)["appearance"] for index in range(tree.config().identities)
        ),
        profiles=PROFILES,
        examples=examples,
        strip=STRIP_FILE,
    )
    return f"---\n{data.to_yaml()}\n---\n\n{body}"


def _attribute_table(tree: RawTree) -> list[dict[str, Any]]:
    """One line for each attribute: category, size of the value space, one example."""
    table: dict[str, dict[str, Any]] = {}
    for index in range(min(tree.config().identities, 20)):
        for row in tree.read_rows(index, "exposure-seen"):
            table.setdefault(
                row["attribute"],
                {
                    "attribute": row["attribute"],
                    "category": row["qa_category"],
                    "space": row["candidate_space"],
                    "example": row["answer"],
                    "harmless": why_harmless(row["attribute"]) or "not stated",
                },
            )
    return sorted(table.values(), key=lambda line: (line["category"], line["attribute"]))


def _question_table(tree: RawTree) -> list[dict[str, Any]]:
    """One line for `finetune` and for each split of `eval`: how many rows there are of each kind."""
    table = []
    for name in (FINETUNE, *(f"{EVAL}-{split}" for split in SPLITS[EVAL])):
        counts: Counter[Any] = Counter()
        for index in range(tree.config().identities):
            for row in tree.read_rows(index, name):
                counts.update([row["question_type"], row["hops"], row["answer_form"], row["qa_category"]])
        table.append(
            {
                "rows": name.replace("-", " "),
                "single": counts[SINGLE_HOP],
                "multi": counts[MULTI_HOP],
                "hops": [counts[hops] for hops in (1, 2, 3)],
                "reverse": counts[REVERSE],
                "comparison": counts[COMPARISON],
                "sentence": counts[SENTENCE],
            }
        )
    return table


def _scene_table(tree: RawTree) -> list[dict[str, Any]]:
    """One line for each split: its questions by the number of faces and by what shows the asked person."""
    table = []
    for split in SPLITS[SCENES]:
        faces: Counter[int] = Counter()
        asked: Counter[str] = Counter()
        for index in range(tree.config().identities):
            for row in tree.read_rows(index, f"{SCENES}-{split}"):
                found = tree.read_faces(row["identity_id"], row["view_id"])
                faces[len(found)] += 1
                asked[asked_face(row, found)["kind"]] += 1
        table.append({"split": split, "rows": faces.total(), "faces": faces, "asked": asked})
    return table


def _size_category(rows: int) -> str:
    steps = [(1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M")]
    return next((name for limit, name in steps if rows < limit), "1M<n<10M")
