"""Answers as a trie in one row: the text decoder runs over it once, after the prompt's keys and values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from .answers import moments_of
from .cache import KeyValues, copied
from .trie import ROOT, Pack, Trie

#: Nodes of a row: enough for matrix products to be fast, few enough for the mask to be small.
ROW = 256
ROW_ON_GPU = 1024


class CannotPack(Exception):
    """The architecture has something that a packed row cannot express."""


@dataclass(frozen=True)
class Edges:
    """What the model says of each node of a trie, given what precedes it.

    Attributes:
        logprobs: (E,) log P of each node's token, nats.
        greedy: (E,) whether it is the likeliest token there.
        moments: node -> moments of the distribution that its token was drawn from, of the nodes asked for.
    """

    logprobs: list[float]
    greedy: list[bool]
    moments: dict[int, tuple[float, float]]


class PackedRows:
    """Runs tries through a model's text decoder.

    A row holds many answers at once. Each token attends to the prompt and to its own ancestors by an additive
    four-dimensional mask, and stands at the position that it has in its answer.

    Args:
        model: a transformers image-text-to-text model.
        memory: bytes that a row's logits and mask may take.
    """

    def __init__(self, model: Any, memory: int) -> None:
        self._decoder = model.get_decoder()
        self._head = model.get_output_embeddings()
        if self._head is None or self._decoder is model:
            raise CannotPack("its text decoder or its output layer cannot be told apart")
        self._config = model.config.get_text_config()
        self._dtype, self._device = model.dtype, model.device
        if getattr(self._config, "_attn_implementation", "eager") not in ("eager", "sdpa"):
            raise CannotPack("its attention takes no mask of our own")
        self.memory = memory
        self._seen: list[torch.Tensor] = []
        rotary = getattr(self._decoder, "rotary_emb", None)
        if rotary is not None:
            rotary.register_forward_pre_hook(self._see, with_kwargs=True)

    def _see(self, _module: Any, args: tuple, kwargs: dict[str, Any]) -> None:
        """Note the positions that the decoder works with: some models count pictures in their own way."""
        positions = kwargs.get("position_ids", args[1] if len(args) > 1 else None)
        if positions is not None:
            self._seen = [positions]

    def next_position(self, length: int) -> int:
        """Position of the first token after a prompt of `length` tokens that has just run."""
        return int(self._seen[-1].max()) + 1 if self._seen else length

    def run(
        self,
        first: torch.Tensor,
        prefix: KeyValues,
        position: int,
        trie: Trie,
        detailed: Collection[int] = (),
    ) -> Edges:
        """Log P of every node.

        Args:
            first: (V,) logits after the prompt.
            prefix: keys and values of the prompt.
            position: position of the answers' first token.
            trie: the answers.
            detailed: nodes whose moments are wanted.

        Raises:
            CannotPack: a kind of attention that no mask here stands for.
        """
        logprobs = torch.empty(len(trie.tokens))
        greedy = torch.empty(len(trie.tokens), dtype=torch.bool)
        children = _children(trie)
        moments: dict[int, tuple[float, float]] = {}

        def read(logits: torch.Tensor, rows: Sequence[int], nodes: Sequence[int]) -> None:
            row = torch.tensor(rows, device=logits.device)
            token = torch.as_tensor(trie.tokens[nodes], device=logits.device)
            chosen = logits[row, token]
            asked = [(k, node) for k, node in enumerate(nodes) if node in detailed]
            if asked:
                found = moments_of(logits[row[[k for k, _ in asked]]])
                moments.update(zip((node for _, node in asked), found, strict=True))
            highest, likeliest = logits.max(-1)
            # In place: a second array of the vocabulary's width would cost as much as the model's last layer.
            normaliser = logits.sub_(highest[:, None]).exp_().sum(-1).log_() + highest
            where = torch.as_tensor(nodes)
            logprobs[where] = (chosen - normaliser[row]).cpu()
            greedy[where] = (likeliest[row] == token).cpu()

        read(first.clone()[None], [0] * len(children[ROOT]), children[ROOT])
        for pack in trie.packs(self._row_size(first.numel(), prefix[0][0].shape[2])):
            logits = self._logits(pack, prefix, position, trie)
            rows = [
                (row, child)
                for row, node in enumerate(pack.nodes[pack.first :].tolist())
                for child in children[node]
            ]
            read(logits, [row for row, _ in rows], [child for _, child in rows])
        return Edges(logprobs.tolist(), greedy.tolist(), moments)

    def _logits(self, pack: Pack, prefix: KeyValues, position: int, trie: Trie) -> torch.Tensor:
        """Logits after the pack's new nodes, float32 (C, V)."""
        depths = torch.as_tensor(pack.depths, device=self._device)
        positions = (position + depths)[None]
        if self._seen and self._seen[-1].dim() == 3:  # one row of positions each for time, height and width
            positions = positions.expand(self._seen[-1].shape[0], 1, -1)
        output = self._decoder(
            input_ids=torch.as_tensor(trie.tokens[pack.nodes], device=self._device)[None],
            attention_mask=self._masks(pack, prefix[0][0].shape[2], depths),
            position_ids=positions,
            past_key_values=copied(prefix, 1),
            use_cache=True,
        )
        logits = self._head(output.last_hidden_state[0, pack.first :]).float()
        scaling = getattr(self._config, "logits_scaling", None)
        if scaling:
            logits = logits / scaling
        cap = getattr(self._config, "final_logit_softcapping", None)
        return cap * torch.tanh(logits / cap) if cap else logits

    def _masks(self, pack: Pack, length: int, depths: torch.Tensor) -> torch.Tensor | dict[str, torch.Tensor]:
        """Additive masks (1, 1, C, P + C): one, or one for each kind of attention that the layers have."""
        visible = torch.as_tensor(pack.visible, device=self._device)
        window = getattr(self._config, "sliding_window", None)
        kinds = set(getattr(self._config, "layer_types", None) or ())
        if not kinds:
            return self._additive(visible, length, depths, window)
        if kinds - {"full_attention", "sliding_attention"}:
            raise CannotPack(f"it has layers of {', '.join(sorted(kinds))}")
        full = self._additive(visible, length, depths, None)
        if kinds == {"full_attention"}:
            return full
        return {"full_attention": full, "sliding_attention": self._additive(visible, length, depths, window)}

    def _additive(
        self, visible: torch.Tensor, length: int, depths: torch.Tensor, window: int | None
    ) -> torch.Tensor:
        shown = torch.cat([visible.new_ones(len(visible), length), visible], dim=1)
        if window is not None:
            # Windows count tokens of the text, whatever positions pictures are given.
            keys = torch.cat([torch.arange(length, device=depths.device), length + depths])
            shown = shown & (length + depths[:, None] - keys[None] < window)
        mask = torch.zeros(shown.shape, dtype=self._dtype, device=self._device)
        return mask.masked_fill_(~shown, torch.finfo(self._dtype).min)[None, None]

    def _row_size(self, vocabulary: int, length: int) -> int:
        row = ROW if self._device.type == "cpu" else ROW_ON_GPU
        # Logits in the model's precision, in single precision, and what logsumexp makes of them.
        return max(1, min(row, self.memory // (12 * vocabulary + 8 * (length + row))))


def _children(trie: Trie) -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    for node, parent in enumerate(trie.parents.tolist()):
        children.setdefault(parent, []).append(node)
    return children
