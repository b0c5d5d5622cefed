"""The lm-eval model type `remem-vlm`: any transformers image-text-to-text model, with exposure scoring."""

from __future__ import annotations

import json
import logging
import pickle
from collections import defaultdict
from pathlib import Path
from typing import Any

import torch
import transformers
from lm_eval.api.instance import Instance
from lm_eval.api.registry import register_model
from lm_eval.models.hf_vlms import HFMultimodalLM
from lm_eval.models.utils import handle_stop_sequences
from safetensors import SafetensorError
from tqdm import tqdm
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

from remem_dataset.errors import RememError

from . import record
from .images import open_image
from .scoring import PrefixScorer, encode_prompts

logger = logging.getLogger(__name__)

MAX_NEW_TOKENS = 48


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
        raise RememError(f"{looked} ({_reason(error)}).") from None


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


@register_model("remem-vlm")
class RememVLM(HFMultimodalLM):
    """lm-eval's `hf-multimodal` with log-likelihoods of answers to questions about pictures.

    Differences: `loglikelihood` works, with shared-prefix scoring and the log P of every token attached;
    pictures may come by reference; the processor's chat template is applied even when
    `--apply_chat_template` is left out; text-only requests go through the same model and prompts, and may
    be mixed with image ones in a run.

    Args:
        pretrained: Hub id, folder, or a loaded model.
        device: torch device; None takes the GPU if there is one.
        scoring: "auto", "trie", "expand" or "full", see `scoring.PrefixScorer`.
        scoring_memory_mb: MiB that one batch of answers may take.
        **kwargs: all arguments of `hf-multimodal`.

    Raises:
        RememError: no such model, a text-only model, or a processor without chat template.
    """

    def __init__(
        self,
        pretrained: str | transformers.PreTrainedModel,
        device: str | None = None,
        scoring: str = "auto",
        scoring_memory_mb: int | None = None,
        **kwargs: Any,
    ) -> None:
        if str(kwargs.get("batch_size", 1)).startswith("auto"):
            raise RememError("batch_size is auto; remem-vlm needs a whole number, such as 8.")
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        kwargs.setdefault("backend", "causal")  # lm-eval knows no name for image-text-to-text models
        try:
            super().__init__(pretrained, device=device, **kwargs)
        except RememError:
            raise
        except LOADING_ERRORS as error:
            logger.debug("Loading %s failed.", pretrained, exc_info=True)
            raise RememError(f"The model {pretrained} does not load ({_reason(error)}).") from error
        if not getattr(self.processor, "chat_template", None):
            raise RememError(
                f"The processor of the model {pretrained} has no chat template; save one with it "
                "(chat_template.jinja)."
            )
        if scoring_memory_mb is None:
            scoring_memory_mb = 4096 if self.device.type == "cuda" else 512
        self.scorer = PrefixScorer(
            self.model, self.processor, path=scoring, memory=int(scoring_memory_mb) << 20
        )

    def _get_config(self, pretrained: str, **kwargs: Any) -> None:
        self._config = image_model_config(pretrained, **kwargs)

    def _create_tokenizer(
        self, pretrained: Any, tokenizer: Any = None, revision: str | None = "main", **kwargs: Any
    ) -> None:
        if isinstance(tokenizer, transformers.ProcessorMixin):
            self.processor = tokenizer
        else:
            name = tokenizer or (pretrained if isinstance(pretrained, str) else pretrained.name_or_path)
            remote_code = bool(kwargs.get("trust_remote_code"))
            try:
                self.processor = transformers.AutoProcessor.from_pretrained(
                    name, revision=revision, trust_remote_code=remote_code, **self.pixels
                )
            except (OSError, ValueError, TypeError) as error:
                raise RememError(
                    f"The model {name} has no processor that loads ({_reason(error)})."
                ) from None
        if not isinstance(self.processor, transformers.ProcessorMixin):
            raise RememError(
                f"The model {pretrained} comes with a tokenizer only; remem-vlm needs a processor that takes "
                "images (processor_config.json and preprocessor_config.json)."
            )
        self.tokenizer = self.processor.tokenizer

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        """Score answers, those to one question about the same pictures together.

        Args:
            requests: arguments (context, answer) or (context, answer, {"visual": pictures}), each picture a
                PIL picture or a reference (`images.ImageReference`).
            disable_tqdm: show no progress bar.

        Returns:
            One `scoring.AnswerScore` for each request.
        """
        groups: dict[tuple, list[int]] = defaultdict(list)
        for index, request in enumerate(requests):
            pictures = _visual(request)
            key = (request.args[0], *(p if isinstance(p, str) else id(p) for p in pictures))
            groups[key].append(index)
        results: list[Any] = [None] * len(requests)
        progress = tqdm(total=len(requests), desc="Scoring answers", disable=disable_tqdm or self.rank != 0)
        for indices in groups.values():
            one = requests[indices[0]]
            images = [open_image(item) for item in _visual(one)]
            answers = [requests[i].args[1] for i in indices]
            # The first answer to a question is the gold one, of which more is wanted.
            scores = self.scorer.score(self._prompt(one.args[0]), images, answers, detailed=1)
            for i, score in zip(indices, scores, strict=True):
                results[i] = score
                self.cache_hook.add_partial("loglikelihood", requests[i].args, score)
            progress.update(len(indices))
        progress.close()
        run = record.current()
        if run is not None:
            run.scoring_path = self.scorer.path
        return results

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """Answer questions, greedily unless the generation arguments say otherwise.

        Args:
            requests: arguments (context, generation arguments) or the same with {"visual": pictures}.
            disable_tqdm: show no progress bar.

        Returns:
            The generated texts, cut at the first stop string.
        """
        # One batch shares its generation arguments; a prompt without picture cannot share one with pictures.
        groups: dict[tuple, list[int]] = defaultdict(list)
        for index, request in enumerate(requests):
            options = json.dumps(request.args[1], sort_keys=True, default=str)
            groups[options, bool(_visual(request))].append(index)
        results: list[str] = [""] * len(requests)
        progress = tqdm(
            total=len(requests), desc="Answering questions", disable=disable_tqdm or self.rank != 0
        )
        for indices in groups.values():
            # Longest first: the batch that needs most memory fails at once, if at all.
            indices.sort(key=lambda i: -len(requests[i].args[0]))
            for start in range(0, len(indices), self.batch_size):
                batch = [requests[i] for i in indices[start : start + self.batch_size]]
                for i, text in zip(indices[start:], self._generate(batch), strict=False):
                    results[i] = text
                    self.cache_hook.add_partial("generate_until", requests[i].args, text)
                progress.update(len(batch))
        progress.close()
        return results

    @torch.inference_mode()
    def _generate(self, batch: list[Instance]) -> list[str]:
        options = dict(batch[0].args[1])
        eos = self.tok_decode(self.eot_token_id, skip_special_tokens=False)
        stops = [stop for stop in handle_stop_sequences(options.pop("until", None), eos=eos) if stop]
        new_tokens = int(options.pop("max_gen_toks", MAX_NEW_TOKENS))
        if not options.get("temperature"):
            options.pop("temperature", None)
            options.setdefault("do_sample", False)
        inputs = encode_prompts(
            self.processor,
            [self._prompt(request.args[0]) for request in batch],
            [[open_image(item) for item in _visual(request)] for request in batch],
            device=self.device,
            dtype=self.model.dtype,
        )
        output = self.model.generate(
            **inputs,
            max_new_tokens=new_tokens,
            eos_token_id=self._stop_ids(),
            pad_token_id=self.tokenizer.pad_token_id,
            **options,
        )
        texts = self.tokenizer.batch_decode(
            output[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True
        )
        return [_cut(text, stops) for text in texts]

    def _stop_ids(self) -> list[int]:
        """End-of-sequence ids of the tokenizer and of the model's generation config."""
        configured = self.model.generation_config.eos_token_id
        configured = configured if isinstance(configured, list) else [configured]
        ids = {self.tokenizer.eos_token_id, *configured} - {None}
        return sorted(ids)

    def _prompt(self, context: str) -> str:
        """The context as prompt: lm-eval applied the chat template, or we do it here."""
        if self.chat_applied:
            return context
        prompt = self.apply_chat_template([{"role": "user", "content": context}])
        self.chat_applied = False  # `apply_chat_template` notes that lm-eval called it, which it did not
        return prompt


def _reason(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _visual(request: Instance) -> list:
    return list(request.args[2].get("visual") or []) if len(request.args) > 2 else []


def _cut(text: str, stops: list[str]) -> str:
    for stop in stops:
        text = text.split(stop, 1)[0]
    return text
