"""The card of an adopted dataset: whose data it is, how it was read, what is doubtful."""

from __future__ import annotations

from typing import Any

import datasets
from datasets.info import DatasetInfosDict
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCardData
from jinja2 import Environment, PackageLoader, StrictUndefined

from ..schema import EXPOSURE, FINETUNE


def render_card(
    manifest: dict[str, Any],
    infos: dict[str, datasets.DatasetInfo],
    data_files: dict[str, list[dict[str, Any]]],
    report: dict[str, Any],
) -> str:
    """The README.md of an adopted dataset folder.

    Args:
        manifest: what goes into `remem.json`.
        infos: features and sizes of every config.
        data_files: the `data_files` of every config.
        report: what goes into `adoption.json`.

    Returns:
        Markdown with YAML front matter.
    """
    data = DatasetCardData(
        pretty_name="ReMem (the paper's data)",
        license=manifest["adopted"]["license"],
        language=["en"],
        task_categories=["visual-question-answering", "image-text-to-text"],
        tags=["unlearning", "memorisation", "privacy", "vision-language-models"],
    )
    DatasetInfosDict(infos).to_dataset_card_data(data)
    # The Arrow cache is keyed by this YAML, not by the Parquet files.
    description = f"ReMem {manifest['version']}, adopted, content {manifest['fingerprint']['all']}"
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
    body = environment.get_template("adopted.md.j2").render(
        manifest=manifest, report=report, has_exposure=EXPOSURE in manifest["counts"]
    )
    return f"---\n{data.to_yaml()}\n---\n\n{body}"
