"""Loading a vision-language model and its processor, with one sentence when that cannot be done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from remem_dataset.errors import RememError

from .lora import base_of, load_adapter

#: Model types whose training input needs more than prompt and answer in a row, and why.
NOT_TRAINED = {"paligemma": "it attends both ways over its prompt, so answers would see themselves"}


def load_model(name: str) -> tuple[Any, Any]:
    """Load a model and its processor, in float32 as training wants it.

    Args:
        name: a folder (also of an adapter, whose model is then loaded under it), or a Hub id.

    Returns:
        The model and its processor.

    Raises:
        RememError: nothing there, or not a vision-language model with a chat template.
    """
    from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor

    if base := base_of(Path(name)):
        model, processor = load_model(base)
        return load_adapter(model, Path(name)), processor
    if not Path(name).is_dir() and (name.count("/") != 1 or name.startswith((".", "/", "~"))):
        raise RememError(
            f"There is no model {name}: it is neither a folder here nor a Hub id <org>/<repo>; "
            "`python -m recipes.reference` builds one."
        )
    try:
        config = AutoConfig.from_pretrained(name)
        if not hasattr(config, "vision_config"):
            raise RememError(f"The model {name} ({config.model_type}) cannot see pictures.")
        if config.model_type in NOT_TRAINED:
            reason = NOT_TRAINED[config.model_type]
            raise RememError(f"The model {name} ({config.model_type}) cannot be trained here: {reason}.")
        processor = AutoProcessor.from_pretrained(name)
        model = AutoModelForImageTextToText.from_pretrained(name, dtype=torch.float32)
    except RememError:
        raise
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise RememError(f"The model {name} cannot be loaded: {reason}.") from None
    if getattr(processor, "chat_template", None) is None:
        raise RememError(f"The processor of {name} has no chat template; save one with it.")
    return model, processor
