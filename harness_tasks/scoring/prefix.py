"""Shared-prefix scoring: the picture and the question go through the model once for all answers."""

from __future__ import annotations

import inspect
import logging
import math
from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from transformers import DynamicCache

from remem_dataset.errors import RememError
from remem_dataset.prompts import answer_tokens

from .answers import AnswerScore, read_scores
from .cache import KeyValues, copied
from .encoding import encode_prompts
from .packed import PackedRows
from .trie import Trie

logger = logging.getLogger(__name__)

TRIE = "trie"
EXPAND = "expand"
FULL = "full"
#: From the fastest to the one that is right for every architecture.
PATHS = ("auto", TRIE, EXPAND, FULL)

#: Answers compared in the self-check of a run.
CHECKED_ANSWERS = 4
#: What the self-check accepts, nats per token: the largest disagreement in full precision. In half precision
#: single tokens differ by tenths between any two ways to batch the same sum, so there the mean decides.
LARGEST_DIFFERENCE = 1e-4
MEAN_DIFFERENCE_HALF = 0.05

MAX_BATCH = 256
#: Bytes below which batches of answers get no smaller.
LEAST_MEMORY = 1 << 20

#: What marks an answer token in an input that runs along the text. PaliGemma attends in both directions
#: among tokens of type 0 (prompt and picture) and causally from type 1 on.
ANSWER_MARKS = {"attention_mask": 1}
MODEL_MARKS = {"paligemma": {"token_type_ids": 1}}

#: What the model takes for one prompt; the tokens of an answer; answers of which moments are wanted.
Inputs = dict[str, torch.Tensor]
Tokens = tuple[int, ...]
Detailed = frozenset[Tokens]


def slowest(*paths: str | None) -> str | None:
    """The slowest of some paths, None standing for none."""
    return max((path for path in paths if path is not None), key=PATHS.index, default=None)


class PrefixScorer:
    """Scores answers to a question about pictures with a transformers model.

    Three paths give the same figures. "trie" runs the prompt once, then all answers in few rows, what they
    begin with in common only once (`packed`). "expand" runs them in batches over copies of the prompt's
    key-value cache. "full" runs prompt and answer together, one answer at a time: slow, and right for every
    architecture. "auto" compares them on a few answers of the first question and takes the first that agrees
    with "full", because a model that needs more than a mask or a copy (recurrent state, attention across
    to the picture) goes wrong silently.

    Args:
        model: a transformers image-text-to-text model in evaluation mode.
        processor: its processor.
        path: "auto", "trie", "expand" or "full".
        memory: bytes that the copies of the cache and the logits of a batch may take.
    """

    def __init__(self, model: Any, processor: Any, *, path: str = "auto", memory: int = 1 << 29) -> None:
        if path not in PATHS:
            raise ValueError(f"path is {path!r}; it must be one of {', '.join(PATHS)}.")
        self.model = model
        self.processor = processor
        self.memory = memory
        # A prompt with and one without a picture may differ in what the cache must hold.
        self._paths = dict.fromkeys((True, False), None if path == "auto" else path)
        self._offset = [module for module in model.modules() if hasattr(module, "rope_deltas")]
        bare = model.get_base_model() if hasattr(model, "get_base_model") else model  # within an adapter
        self._keeps_logits = "logits_to_keep" in inspect.signature(bare.forward).parameters
        self._packed: PackedRows | None = None
        self._context = getattr(model.config.get_text_config(), "max_position_embeddings", None)

    @property
    def path(self) -> str | None:
        """The path in use, the slowest if there are two; None before the first question."""
        return slowest(*self._paths.values())

    def score(
        self, prompt: str, images: Sequence[Image.Image], answers: Sequence[str], *, detailed: int = 0
    ) -> list[AnswerScore]:
        """Log P of each answer as continuation of the prompt.

        Args:
            prompt: text that went through the chat template, with image placeholders.
            images: the prompt's pictures; empty for a text-only prompt.
            answers: R texts; equal ones are computed once.
            detailed: so many of the first answers also get moments.

        Returns:
            R scores in the order of `answers`.

        Raises:
            RememError: an answer has no token, or prompt and answer are longer than the model's context.
        """
        tokens = answer_tokens(self.processor.tokenizer, prompt, answers)
        inputs = encode_prompts(
            self.processor, [prompt], [images], device=self.model.device, dtype=self.model.dtype
        )
        return self.score_tokens(inputs, tokens, pictured=bool(images), detailed=detailed)

    def score_tokens(
        self,
        inputs: dict[str, torch.Tensor],
        answers: Sequence[Sequence[int]],
        *,
        pictured: bool = True,
        detailed: int = 0,
    ) -> list[AnswerScore]:
        """`score` for a prompt and answers that are encoded already.

        Args:
            inputs: the model's keyword arguments for one prompt without padding, input_ids of shape (1, P).
            answers: token ids of R answers; equal ones are computed once.
            pictured: whether the prompt has pictures.
            detailed: so many of the first answers also get moments.

        Returns:
            R scores in the order of `answers`.

        Raises:
            RememError: prompt and answer are longer than the model's context, or the device's memory does
                not suffice for any batch.
        """
        tokens = [tuple(ids) for ids in answers]
        distinct = list(dict.fromkeys(tokens))
        self._check_length(inputs["input_ids"].shape[1] + max(map(len, distinct)))
        wanted = frozenset(tokens[:detailed])
        while True:
            try:
                scores = dict(zip(distinct, self._score(inputs, distinct, pictured, wanted), strict=True))
                return [scores[ids] for ids in tokens]
            except torch.OutOfMemoryError:
                pass  # until here, the error holds on to what was computed
            self._take_less()

    @torch.inference_mode()
    def _score(
        self, inputs: Inputs, distinct: list[Tokens], pictured: bool, wanted: Detailed
    ) -> list[AnswerScore]:
        path = self._paths[pictured]
        if path is None:
            path = self._paths[pictured] = self._choose(inputs, distinct[:CHECKED_ANSWERS])
        # A collapsed model has nothing to compare: a later question decides, and this one is not slow.
        run = {TRIE: self._trie, EXPAND: self._expand, FULL: self._full}[path or EXPAND]
        return run(inputs, distinct, wanted)

    def _take_less(self) -> None:
        """Score in smaller batches after the device's memory ran out.

        Raises:
            RememError: the batches are as small as they get.
        """
        if self.memory <= LEAST_MEMORY:
            raise RememError(
                "The device's memory does not suffice for one question and its answers; load the model in "
                "half precision (dtype=bfloat16) or limit the pictures (max_pixels)."
            )
        self.memory //= 4
        if self._packed is not None:
            self._packed.memory = self.memory
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        logger.warning("Out of memory; scoring with %d MiB a batch from here on.", self.memory >> 20)

    def _choose(self, inputs: Inputs, answers: list[Tokens]) -> str | None:
        """The fastest path that agrees with a full forward; None if that gives scores that are no numbers."""
        reference = self._full(inputs, answers)
        if not all(math.isfinite(score[0]) for score in reference):
            return None
        for path, run in ((TRIE, self._trie), (EXPAND, self._expand)):
            try:
                difference = self._disagreement(run(inputs, answers), reference)
            except torch.OutOfMemoryError:
                raise
            except Exception as error:  # whatever an unknown architecture raises, the next path remains
                logger.warning("Answers cannot be scored by the path %s (%s).", path, error)
                continue
            if difference <= 1.0:
                return path
            logger.warning(
                "Scores by the path %s differ from a full forward by %.2g times what is accepted.",
                path,
                difference,
            )
        logger.warning("Scoring answers one by one.")
        return FULL

    def _disagreement(self, scores: list[AnswerScore], reference: list[AnswerScore]) -> float:
        """How far two sets of scores differ, in units of what is accepted in the model's precision."""
        differences = [
            abs(a - b)
            for one, other in zip(scores, reference, strict=True)
            for a, b in zip(one.token_logprobs, other.token_logprobs, strict=True)
        ]
        if not all(math.isfinite(difference) for difference in differences):
            return math.inf
        if self.model.dtype in (torch.float16, torch.bfloat16):
            return sum(differences) / len(differences) / MEAN_DIFFERENCE_HALF
        return max(differences) / LARGEST_DIFFERENCE

    def _trie(
        self, inputs: Inputs, answers: list[Tokens], detailed: Detailed = frozenset()
    ) -> list[AnswerScore]:
        if self._packed is None:
            self._packed = PackedRows(self.model, self.memory)
        first, prefix = self._prefill(inputs)
        trie = Trie(answers)
        position = self._packed.next_position(inputs["input_ids"].shape[1])
        nodes = {
            node for ids, path in zip(answers, trie.paths, strict=True) if ids in detailed for node in path
        }
        edges = self._packed.run(first, prefix, position, trie, nodes)
        return [
            AnswerScore(
                [edges.logprobs[node] for node in path],
                all(edges.greedy[node] for node in path),
                tuple(edges.moments[node] for node in path) if ids in detailed else None,
            )
            for ids, path in zip(answers, trie.paths, strict=True)
        ]

    def _expand(
        self, inputs: Inputs, answers: list[Tokens], detailed: Detailed = frozenset()
    ) -> list[AnswerScore]:
        first, prefix = self._prefill(inputs)
        order = sorted(range(len(answers)), key=lambda i: -len(answers[i]))
        scores: dict[int, AnswerScore] = {}
        start = 0
        while start < len(order):
            longest = len(answers[order[start]])
            chosen = order[start : start + self._batch_size(prefix, longest, first.numel())]
            batch = [answers[i] for i in chosen]
            found = self._continue(first, prefix, batch, detailed)
            scores.update(zip(chosen, found, strict=True))
            start += len(chosen)
        return [scores[i] for i in range(len(answers))]

    def _prefill(self, inputs: dict[str, torch.Tensor]) -> tuple[torch.Tensor, KeyValues]:
        """Logits after the prompt, shape (V,), and the keys and values of each layer, (1, H, P, D)."""
        for module in self._offset:
            # Left from the picture of an earlier question; a prompt without picture would inherit it.
            module.rope_deltas = None
        # Without a config: sliding-window layers then keep the whole prompt and the mask does the windowing.
        cache = DynamicCache()
        keep = {"logits_to_keep": 1} if self._keeps_logits else {}
        output = self.model(**inputs, past_key_values=cache, use_cache=True, **keep)
        return output.logits[0, -1].float(), [(layer.keys, layer.values) for layer in cache.layers]

    def _continue(
        self, first: torch.Tensor, prefix: KeyValues, batch: list[Tokens], detailed: Detailed
    ) -> list[AnswerScore]:
        """Scores of B answers after one prompt.

        The first token's logits come from the prompt; the last token never needs a forward. Padding goes
        to the right, where the causal mask keeps it from every real token.
        """
        longest = max(len(ids) for ids in batch)
        targets = torch.zeros((len(batch), longest), dtype=torch.long, device=first.device)
        for row, ids in enumerate(batch):
            targets[row, : len(ids)] = torch.tensor(ids, device=first.device)
        logits = first.expand(len(batch), 1, -1)
        if longest > 1:
            output = self.model(
                input_ids=targets[:, :-1],
                past_key_values=copied(prefix, len(batch)),
                use_cache=True,
            )
            logits = torch.cat([logits, output.logits.float()], dim=1)
        return read_scores(logits, targets, batch, detailed)

    def _full(
        self, inputs: Inputs, answers: list[Tokens], detailed: Detailed = frozenset()
    ) -> list[AnswerScore]:
        return [self._full_one(inputs, ids, detailed) for ids in answers]

    def _full_one(self, inputs: Inputs, ids: Tokens, detailed: Detailed) -> AnswerScore:
        prompt = inputs["input_ids"]
        answer = torch.tensor([ids], device=prompt.device)
        whole = dict(inputs, input_ids=torch.cat([prompt, answer], dim=1))
        marks = ANSWER_MARKS | MODEL_MARKS.get(self.model.config.model_type, {})
        for name, value in inputs.items():
            # Everything that runs along the text (masks, token types) grows with it.
            if name == "cross_attention_mask":
                # An answer looks at the pictures that the end of the prompt looks at.
                whole[name] = torch.cat([value, value[:, -1:].expand(-1, len(ids), -1, -1)], dim=1)
            elif name != "input_ids" and value.shape == prompt.shape:
                mark = torch.full_like(answer, marks.get(name, 0), dtype=value.dtype)
                whole[name] = torch.cat([value, mark], dim=1)
        keep = {"logits_to_keep": len(ids) + 1} if self._keeps_logits else {}
        logits = self.model(**whole, use_cache=False, **keep).logits[:, -len(ids) - 1 : -1].float()
        return read_scores(logits, answer, [ids], detailed)[0]

    def _check_length(self, length: int) -> None:
        """Refuse what is longer than the model's positions reach.

        Raises:
            RememError: prompt and longest answer do not fit.
        """
        if self._context is not None and length > self._context:
            raise RememError(
                f"A prompt with its longest answer has {length} tokens, but the context of the model "
                f"{self.model.config.model_type} has {self._context}; use smaller pictures (max_pixels) or "
                "another model."
            )

    def _batch_size(self, prefix: KeyValues, longest: int, vocabulary: int) -> int:
        keys, values = prefix[0]
        cache = len(prefix) * (keys.numel() + values.numel()) * keys.element_size()
        logits = 2 * longest * vocabulary * 4
        return max(1, min(MAX_BATCH, self.memory // (2 * cache + logits)))
