"""The lm-eval model type `remem-vlm`: any transformers image-text-to-text model, with exposure scoring."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections import defaultdict
from typing import Any

import accelerate
import torch
import transformers
from lm_eval.api.instance import Instance
from lm_eval.api.registry import register_model
from lm_eval.models.hf_vlms import HFMultimodalLM
from lm_eval.models.utils import handle_stop_sequences
from PIL import Image
from tqdm import tqdm

from remem_dataset.errors import RememError

from . import record
from .images import open_image
from .journal import Journal
from .loading import LOADING_ERRORS, image_model_config, reason
from .scoring import AnswerScore, PrefixScorer, encode_prompts
from .scoring.prefix import slowest
from .scoring.repeats import encode_repeats_once

logger = logging.getLogger(__name__)

MAX_NEW_TOKENS = 48

#: Questions asked at once with `batch_size=auto`, at first.
AUTO_BATCH = 64
AUTO_BATCH_ON_CPU = 8


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
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        if str(kwargs.get("batch_size", 1)).startswith("auto"):
            # Halved as often as memory runs out.
            kwargs["batch_size"] = AUTO_BATCH if str(device).startswith("cuda") else AUTO_BATCH_ON_CPU
        kwargs.setdefault("backend", "causal")  # lm-eval knows no name for image-text-to-text models
        try:
            super().__init__(pretrained, device=device, **kwargs)
        except RememError:
            raise
        except LOADING_ERRORS as error:
            logger.debug("Loading %s failed.", pretrained, exc_info=True)
            raise RememError(f"The model {pretrained} does not load ({reason(error)}).") from error
        if not getattr(self.processor, "chat_template", None):
            raise RememError(
                f"The processor of the model {pretrained} has no chat template; save one with it "
                "(chat_template.jinja)."
            )
        self._join_processes()
        encode_repeats_once(self.model)
        if scoring_memory_mb is None:
            scoring_memory_mb = 4096 if self.device.type == "cuda" else 512
        self.scorer = PrefixScorer(
            self.model, self.processor, path=scoring, memory=int(scoring_memory_mb) << 20
        )

    def _join_processes(self) -> None:
        """Share the questions out among the processes of `accelerate launch`, on CPUs too.

        lm-eval does so where there are GPUs; without them it would ask every question in every process.
        """
        if self.world_size > 1 or int(os.environ.get("WORLD_SIZE", "1")) <= 1:
            return
        accelerator = accelerate.Accelerator(cpu=self.device.type == "cpu")
        if accelerator.num_processes > 1:
            self.accelerator = accelerator
            self._rank, self._world_size = accelerator.process_index, accelerator.num_processes

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
                raise RememError(f"The model {name} has no processor that loads ({reason(error)}).") from None
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
        run, journal = record.current(), _journal()
        progress = tqdm(total=len(requests), desc="Scoring answers", disable=disable_tqdm or self.rank != 0)
        for indices in groups.values():
            one = requests[indices[0]]
            answers = [requests[i].args[1] for i in indices]
            scores, path = self._scores(journal, one, answers)
            for i, score in zip(indices, scores, strict=True):
                results[i] = score
                self.cache_hook.add_partial("loglikelihood", requests[i].args, score)
            if run is not None and path is not None:
                run.scoring_path = slowest(run.scoring_path, path)
            progress.update(len(indices))
        progress.close()
        return results

    def _scores(
        self, journal: Journal | None, one: Instance, answers: list[str]
    ) -> tuple[list[AnswerScore], str | None]:
        """Scores of the answers to one question, and the path: from the run's journal, or from the model."""
        question = [*_question(one)[:2], answers]
        if journal is not None and (known := journal.scores(question)) is not None:
            return known, journal.path_of(question)
        images = [open_image(item) for item in _visual(one)]
        # The first answer to a question is the gold one, of which more is wanted.
        scores = self.scorer.score(self._prompt(one.args[0]), images, answers, detailed=1)
        if journal is not None:
            journal.keep_scores(question, scores, self.scorer.path)
        return scores, self.scorer.path

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
        journal = _journal()
        progress = tqdm(
            total=len(requests), desc="Answering questions", disable=disable_tqdm or self.rank != 0
        )
        for indices in groups.values():
            waiting = []
            for i in indices:
                known = journal.text(_question(requests[i])) if journal is not None else None
                if known is None:
                    waiting.append(i)
                else:
                    results[i] = known
            progress.update(len(indices) - len(waiting))
            waiting = _in_order(waiting, requests)
            while waiting:
                taken = waiting[: self.batch_size]
                try:
                    texts = self._generate([requests[i] for i in taken])
                except torch.OutOfMemoryError:
                    self._halve_batch()
                    continue
                waiting = waiting[len(taken) :]
                for i, text in zip(taken, texts, strict=True):
                    results[i] = text
                    self.cache_hook.add_partial("generate_until", requests[i].args, text)
                    if journal is not None:
                        journal.keep_text(_question(requests[i]), text)
                progress.update(len(taken))
        progress.close()
        return results

    def _halve_batch(self) -> None:
        """Ask fewer questions at once after the device's memory ran out.

        Raises:
            RememError: one was too many.
        """
        if self.batch_size == 1:
            raise RememError(
                "The device's memory does not suffice for one question; load the model in half precision "
                "(dtype=bfloat16) or limit the pictures (max_pixels)."
            )
        self.batch_size_per_gpu = self.batch_size // 2
        torch.cuda.empty_cache()
        logger.warning("Out of memory; asking %d questions at once from here on.", self.batch_size)

    @torch.inference_mode()
    def _generate(self, batch: list[Instance]) -> list[str]:
        options = dict(batch[0].args[1])
        eos = self.tok_decode(self.eot_token_id, skip_special_tokens=False)
        stops = [stop for stop in handle_stop_sequences(options.pop("until", None), eos=eos) if stop]
        new_tokens = options.pop("max_gen_toks", MAX_NEW_TOKENS)
        if isinstance(new_tokens, bool) or not isinstance(new_tokens, int) or new_tokens < 1:
            raise RememError(f"max_gen_toks is {new_tokens!r}; it must be a whole number of at least 1.")
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
        try:
            output = self.model.generate(
                **inputs,
                max_new_tokens=new_tokens,
                eos_token_id=self._stop_ids(),
                pad_token_id=self.tokenizer.pad_token_id,
                **options,
            )
        except (ValueError, TypeError) as error:
            logger.debug("Generating with %s failed.", options, exc_info=True)
            raise RememError(
                f"The model cannot generate with {options} and max_gen_toks={new_tokens} ({reason(error)})."
            ) from error
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


def _visual(request: Instance) -> list:
    return list(request.args[2].get("visual") or []) if len(request.args) > 2 else []


def _in_order(indices: list[int], requests: list[Instance]) -> list[int]:
    """Requests in the order to ask them: those about the same pictures together, the longest first.

    A batch then encodes a picture once, and the batch that needs most memory fails at once, if at all.
    """
    about: dict[tuple, list[int]] = defaultdict(list)
    for i in indices:
        about[tuple(_question(requests[i])[1])].append(i)

    def length(i: int) -> int:
        return len(requests[i].args[0])

    groups = [sorted(group, key=length, reverse=True) for group in about.values()]
    return [i for group in sorted(groups, key=lambda group: -length(group[0])) for i in group]


def _journal() -> Journal | None:
    run = record.current()
    return None if run is None else run.journal


def _question(request: Instance) -> list:
    """What the answer to a request depends on besides the model: context, pictures, generation arguments."""
    pictures = [item if isinstance(item, str) else _fingerprint(item) for item in _visual(request)]
    return [request.args[0], pictures, request.args[1]]


def _fingerprint(picture: Image.Image) -> str:
    digest = hashlib.blake2b(picture.tobytes(), digest_size=16).hexdigest()
    return f"{picture.mode} {picture.width}x{picture.height} {digest}"


def _cut(text: str, stops: list[str]) -> str:
    for stop in stops:
        text = text.split(stop, 1)[0]
    return text
