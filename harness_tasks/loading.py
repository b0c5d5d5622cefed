"""Finding a model's config, and what may go wrong when somebody's model is loaded."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import transformers
from safetensors import SafetensorError
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

from remem_dataset.errors import RememError

#: What loading somebody's model folder may end in: broken files, wrong shapes, unknown arguments, no device.
LOADING_ERRORS = (
    OSError,
    ValueError,
    RuntimeError,
    TypeError,
    AttributeError,
    AssertionError,
    ImportError,
    pickle.UnpicklingError,
    SafetensorError,
)


def model_config(pretrained: str, **options: Any) -> transformers.PretrainedConfig:
    """The config of a model.

    Args:
        pretrained: Hub id or folder.
        **options: what `AutoConfig.from_pretrained` takes (revision, trust_remote_code …).

    Raises:
        RememError: no such model.
    """
    looked = (
        f"There is no model {pretrained}: it is neither a folder with a config.json nor a reachable Hub id"
    )
    if pretrained.startswith((".", "/", "~")) and not Path(pretrained, "config.json").is_file():
        raise RememError(f"{looked}.")
    try:
        return transformers.AutoConfig.from_pretrained(pretrained, **options)
    except (OSError, ValueError) as error:
        raise RememError(f"{looked} ({reason(error)}).") from None


def image_model_config(pretrained: str, **options: Any) -> transformers.PretrainedConfig:
    """The config of a model that takes images; arguments as in `model_config`.

    Raises:
        RememError: no such model, or one that takes text only.
    """
    config = model_config(pretrained, **options)
    remote = "AutoModelForImageTextToText" in (getattr(config, "auto_map", None) or {})
    if not remote and type(config) not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING:
        raise RememError(
            f"The model {pretrained} ({config.model_type}) takes no images; remem-vlm needs an "
            "image-text-to-text model, and `--model hf` runs the tasks remem_*_text_* alone."
        )
    return config


def reason(error: BaseException) -> str:
    """The first line of what an error says."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
