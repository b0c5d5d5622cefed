"""`eval.yaml`: how a dataset repository registers as a benchmark on the Hub."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from .schema import EVAL, EXPOSURE, FORGET, RETAIN, SEEN, UNSEEN

EVAL_FILE = "eval.yaml"

#: The harness that computes the results. The Hub accepts frameworks of its own list only, which had no entry
#: for it when this was written.
FRAMEWORK = "lm-evaluation-harness"


def render_registration(manifest: dict[str, Any]) -> str:
    """The text of `eval.yaml`: name, description, framework, and one entry for each task.

    First come the headlines, one for each forget level, which models' pages show (`remem submit` writes
    them). The other tasks' `id` is their lm-eval name, which results name too. Tasks that ask both splits of
    a config (`remem_multi_image_qa`, `remem_scene_qa`) are left out: an entry has room for one split.

    Args:
        manifest: what goes into `remem.json`.
    """
    level = manifest["default_forget"]
    content = {
        "name": "ReMem",
        "description": (
            "Memorisation and unlearning in vision-language models: questions and exposure over fictitious "
            f"people, of whom those of {level} are to be forgotten and the others retained."
        ),
        "evaluation_framework": FRAMEWORK,
        "tasks": [*_headlines(manifest["forget_levels"]), *_tasks()],
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)


def headline_task(forget: str) -> str:
    """The id under which a model's page shows the headline of a forget level.

    Example:
        >>> headline_task("forget10")
        'remem_forget10'
    """
    return f"remem_{forget}"


def _headlines(levels: Iterable[str]) -> list[dict[str, str]]:
    return [{"id": headline_task(level), "config": level, "split": FORGET} for level in levels]


def _tasks() -> list[dict[str, str]]:
    """{"id", "config", "split"} of every task that asks one split."""
    tasks = []
    for part in (FORGET, RETAIN):
        for measure, config in (("qa", EVAL), ("exposure", EXPOSURE)):
            for split in (SEEN, UNSEEN):
                for hop in ("single", "multi"):
                    name = f"remem_{part}_{split}_{hop}_{measure}"
                    tasks.append({"id": name, "config": config, "split": split})
            tasks.append({"id": f"remem_{part}_text_{measure}", "config": config, "split": SEEN})
    return tasks
