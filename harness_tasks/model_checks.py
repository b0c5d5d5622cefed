"""What `remem-eval` refuses about the model before anything is loaded: one sentence each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from remem_dataset.errors import RememError
from remem_dataset.schema import EXPOSURE

from .data import TASKS

MODEL = "remem-vlm"
TEXT_MODEL_TYPES = ("hf", "hf-auto", "huggingface")
ASKING_MODEL_TYPE = "hf-multimodal"


def check_model(settings: dict[str, Any]) -> None:
    """Refuse a model or an option that lm-eval would stumble over.

    Args:
        settings: lm-eval's settings by name; `model_args` is a mapping.

    Raises:
        RememError: an unknown model type; a batch size, device, dtype or scoring option that is none; no
            model named, no such model, one that takes no images where they are needed, or broken weights.
    """
    from lm_eval.models import MODEL_MAPPING

    from . import model  # noqa: F401  registers the model type
    from .loading import image_model_config, model_config

    kind = str(settings.get("model"))
    if kind not in MODEL_MAPPING and kind != MODEL and not _registered(kind):
        raise RememError(f"There is no model type {kind}; leave --model out for {MODEL}.")
    _check_batch_size(kind, settings.get("batch_size"))
    if kind not in (MODEL, ASKING_MODEL_TYPE, *TEXT_MODEL_TYPES):
        return
    arguments = settings["model_args"]
    name = arguments.get("pretrained")
    if not name:
        raise RememError("No model is named; add --model_args pretrained=<folder or Hub id>.")
    _check_torch_options(settings.get("device"), arguments.get("dtype"))
    if kind == MODEL:
        _check_scoring(arguments)
    options = {key: arguments[key] for key in ("revision", "trust_remote_code") if key in arguments}
    if kind in TEXT_MODEL_TYPES:
        model_config(str(name), **options)
    else:
        image_model_config(str(name), **options)
    check_weights(str(name))


def check_weights(pretrained: str) -> None:
    """Refuse a local folder with a safetensors file that is cut short or is none.

    Only the headers are read. A Hub id is left to the download, which checks its files by itself.

    Args:
        pretrained: folder or Hub id.

    Raises:
        RememError: a file that is not readable as safetensors.
    """
    from safetensors import SafetensorError, safe_open

    for file in sorted(Path(pretrained).glob("*.safetensors")):
        try:
            with safe_open(file, framework="pt"):
                pass
        except (SafetensorError, OSError) as error:
            raise RememError(f"The weights {file} cannot be read ({_first_line(error)}).") from None


def check_model_type(model: str, names: Sequence[str]) -> None:
    """Refuse tasks that lm-eval's own model types cannot run.

    Args:
        model: lm-eval's `--model`.
        names: leaf tasks of ours.

    Raises:
        RememError: image tasks on a text model type; answers to score, or tasks with and without pictures
            together, on `hf-multimodal`.
    """
    pictured = [name for name in names if TASKS[name].images]
    if model in TEXT_MODEL_TYPES and pictured:
        raise RememError(
            f"--model {model} takes no images, but {pictured[0]} has some; leave --model out, or run the "
            "tasks remem_*_text_*."
        )
    if model != ASKING_MODEL_TYPE:
        return
    scored = [name for name in pictured if TASKS[name].config == EXPOSURE]
    if scored:
        raise RememError(
            f"--model {model} cannot score answers to images, as {scored[0]} needs; leave --model out, or "
            "run the tasks remem_*_qa."
        )
    if 0 < len(pictured) < len(names):
        raise RememError(
            f"--model {model} cannot run tasks with and without images together; leave --model out, or run "
            "remem_*_text_* by themselves."
        )


def _registered(kind: str) -> bool:
    from lm_eval.api.registry import model_registry

    return kind in model_registry


def _check_batch_size(kind: str, value: Any) -> None:
    text = str(value)
    if text.isdecimal() and int(text) >= 1:
        return
    head, _, schedule = text.partition(":")
    if head == "auto" and (not schedule or schedule.replace(".", "", 1).isdecimal()):
        return
    raise RememError(
        f'--batch_size is {text[:40]}; {kind} needs a whole number of at least 1 or "auto", such as 8.'
    )


def _check_torch_options(device: Any, dtype: Any) -> None:
    import torch

    if device is not None:
        try:
            named = torch.device(str(device))
        except RuntimeError:
            raise RememError(f"--device is {str(device)[:40]!r}; name one such as cpu or cuda:0.") from None
        # lm-eval would compute on another device without a word that anybody reads.
        if named.type == "cuda" and (named.index or 0) >= torch.cuda.device_count():
            raise RememError(
                f"--device is {str(device)!r}, but torch finds {torch.cuda.device_count()} CUDA GPUs here; "
                "leave it out to take what there is."
            )
    if (
        isinstance(dtype, str)
        and dtype != "auto"
        and not isinstance(getattr(torch, dtype, None), torch.dtype)
    ):
        raise RememError(f"dtype is {dtype[:40]!r}; it must be auto or a type such as float32 or bfloat16.")


def _check_scoring(arguments: dict[str, Any]) -> None:
    from .scoring.prefix import PATHS

    if arguments.get("scoring", "auto") not in PATHS:
        raise RememError(
            f"scoring is {str(arguments['scoring'])[:40]!r}; it must be one of {', '.join(PATHS)}."
        )
    memory = arguments.get("scoring_memory_mb", 1)
    if isinstance(memory, bool) or not isinstance(memory, int) or memory < 1:
        raise RememError(f"scoring_memory_mb is {str(memory)[:40]!r}; it must be a whole number of MiB.")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:200]
