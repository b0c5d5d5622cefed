"""A folder in the layout that the paper's authors published, made from a small dataset of ours."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

from datasets import Dataset, Features, Image, List, Value

from remem_dataset.fingerprint import read_parquet_rows
from remem_dataset.schema import COMPARISON, RECOGNITION, REVERSE

FEATURES = Features(
    {
        "image": Image(),
        **dict.fromkeys(("question", "answer"), Value("string")),
        "keywords": List(Value("string")),
        **dict.fromkeys(
            ("question_type", "qa_category", "attribute", "cloze_prompt", "image_path"), Value("string")
        ),
    }
)

#: Kinds of question that the published data does not have.
_OTHER_KINDS = (COMPARISON, RECOGNITION, REVERSE)


def published_rows(dataset: Path, forget: int = 2) -> dict[str, list[dict[str, Any]]]:
    """Published split -> rows of our columns, in an order that gives no person away.

    Args:
        dataset: a built dataset folder.
        forget: number of forget splits, which hold 1, 2 … people.
    """

    def rows(pattern: str) -> list[dict[str, Any]]:
        found = [r for file in sorted((dataset / "data").glob(pattern)) for r in read_parquet_rows(file)]
        found = [row for row in found if row["qa_category"] not in _OTHER_KINDS]
        random.Random(0).shuffle(found)
        return found

    splits = {"finetune": rows("finetune/*"), "retain": rows("eval/seen*"), "test": rows("eval/unseen*")}
    for level in range(1, forget + 1):
        splits[f"forget{level}"] = [row for row in splits["finetune"] if row["forget_rank"] <= level]
    return splits


def published_row(row: dict[str, Any], image_path: str | None = None) -> dict[str, Any]:
    """A row of ours without what the authors do not publish."""
    path = image_path or f"images/{row['identity_id'].replace('id_', 'person')}/{row['view_id']}.png"
    kept = {name: row[name] for name in FEATURES if name not in ("image_path",)}
    return {**kept, "image_path": path}


def write_published(
    folder: Path, splits: dict[str, list[dict[str, Any]]], shape: str = "parquet", license: str = "cc-by-4.0"
) -> Path:
    """Write a published folder.

    Args:
        folder: where to.
        splits: split -> rows as `published_row` makes them.
        shape: "parquet" (data/<split>-….parquet), "configs" (<config>/train-….parquet, named in the README
            alone), "json" or "jsonl" (a file for each split, pictures as files), "saved" (`save_to_disk`).
        license: what the README states.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    configs = []
    for split, rows in splits.items():
        if shape in ("json", "jsonl"):
            _write_json(folder, split, rows, shape)
            continue
        data = Dataset.from_list(rows, features=FEATURES)
        if shape == "saved":
            data.save_to_disk(folder / split)
        elif shape == "configs":
            (folder / f"c{len(configs)}").mkdir()
            data.to_parquet(folder / f"c{len(configs)}" / "part.parquet")
            configs.append({"config_name": split, "data_files": f"c{len(configs)}/*.parquet"})
        else:
            (folder / "data").mkdir(exist_ok=True)
            data.to_parquet(folder / "data" / f"{split}-00000-of-00001.parquet")
    front = {"license": license, **({"configs": configs} if configs else {})}
    (folder / "README.md").write_text(f"---\n{json.dumps(front)}\n---\n\n# ReMem\n", encoding="utf-8")
    return folder


def _write_json(folder: Path, split: str, rows: list[dict[str, Any]], shape: str) -> None:
    plain = []
    for row in rows:
        path = folder / row["image_path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(row["image"]["bytes"])
        plain.append({name: value for name, value in row.items() if name != "image"})
    text = json.dumps(plain) if shape == "json" else "".join(json.dumps(row) + "\n" for row in plain)
    (folder / f"{split}.{shape}").write_text(text, encoding="utf-8")
