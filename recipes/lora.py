"""Low-rank adapters (Hu et al. 2021, arXiv 2106.09685) in a model's text decoder, by peft."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from remem_dataset.errors import RememError

#: Linear layers of Llama-like decoders, as transformers calls them.
TARGETS = "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj"
#: What an adapter's folder is known by.
ADAPTER = "adapter_config.json"


@dataclass(frozen=True)
class Lora:
    """How a model is trained by an adapter.

    Attributes:
        rank: of the adapter's matrices; 0 trains the whole model.
        alpha: the adapter's output is scaled by alpha / rank; 0 takes twice the rank.
        targets: names of linear layers of the text decoder, with commas.
    """

    rank: int = 0
    alpha: float = 0.0
    targets: str = TARGETS

    def __post_init__(self) -> None:
        if self.rank < 0 or not 0 <= self.alpha < math.inf:
            raise RememError(
                f"--lora-rank is {self.rank} and --lora-alpha {self.alpha:g}; neither may be below 0."
            )


def with_adapter(model: Any, lora: Lora, seed: int) -> Any:
    """A model with a fresh adapter that alone is trained; the model itself if the rank is 0.

    Args:
        model: a transformers vision-language model, or one that has an adapter already.
        lora: the adapter.
        seed: of its random start.

    Raises:
        RememError: the model has an adapter already, or a target that no layer is called.
    """
    if not lora.rank:
        return model
    if is_adapter(model):
        raise RememError("The model is an adapter already, which is trained further; leave --lora-rank out.")
    from peft import LoraConfig, get_peft_model

    decoder = model.get_decoder()
    prefix = next(name for name, module in model.named_modules() if module is decoder)
    layers = [
        name
        for name, module in model.named_modules()
        if name.startswith(f"{prefix}.") and isinstance(module, torch.nn.Linear)
    ]
    called = sorted({name.rsplit(".", 1)[-1] for name in layers})
    wanted = [name.strip() for name in lora.targets.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in called]
    if unknown or not wanted:
        raise RememError(
            f"--lora-targets names {', '.join(unknown) or 'nothing'}, but the linear layers of this model's "
            f"text decoder are called {', '.join(called)}."
        )
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha or 2 * lora.rank,
        target_modules=[name for name in layers if name.rsplit(".", 1)[-1] in wanted],
        lora_dropout=0.0,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return get_peft_model(model, config)


def is_adapter(model: Any) -> bool:
    """Whether a loaded model is an adapter on a model."""
    return hasattr(model, "peft_config")


def base_of(folder: Path) -> str | None:
    """The model that an adapter's folder belongs to; None if the folder holds no adapter.

    Raises:
        RememError: the adapter does not say.
    """
    if not (folder / ADAPTER).is_file():
        return None
    from remem_dataset.files import read_json_object

    base = read_json_object(folder / ADAPTER, "adapter's config").get("base_model_name_or_path")
    if not isinstance(base, str) or not base:
        raise RememError(f"{folder / ADAPTER} does not name the model that it belongs to.")
    return base


def load_adapter(model: Any, folder: Path) -> Any:
    """Put a folder's adapter on its model, to be trained further.

    Raises:
        RememError: the adapter does not fit the model.
    """
    from peft import PeftModel

    try:
        return PeftModel.from_pretrained(model, str(folder), is_trainable=True)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise RememError(f"The adapter {folder} does not load on its model: {reason}.") from None
