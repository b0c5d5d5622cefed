"""What an unlearned model still gives away when somebody tries: relearning, quantisation, sampling.

Each attack is a function of a model in memory. Other wordings and pictures need none: `remem-eval` asks them.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from harness_tasks.metrics import exact_match
from recipes.encoding import collate
from recipes.questions import QuestionSet, generator, pad_token_id
from remem_dataset.errors import RememError
from remem_dataset.prompts import adds_special_tokens, build_prompt


def quantise(network: nn.Module, bits: int) -> int:
    """Round every matrix of the language half to a grid of 2^bits − 1 values, in place.

    Round to nearest, symmetric, one scale for each output channel: w → s · round(w / s) with
    s = max|w| / (2^(bits−1) − 1) over the channel's inputs. Weights stay float32, so this is what
    weight-only quantisation of that kind computes, up to the rounding of its arithmetic, without its speed.
    Embeddings and the output layer keep their precision, as in common 8- and 4-bit loaders.

    Args:
        network: a vision-language model with `model.language_model`.
        bits: from 2 to 16.

    Returns:
        How many matrices were rounded.

    Raises:
        RememError: bits out of range.
    """
    if not 2 <= bits <= 16:
        raise RememError(f"bits is {bits}; it must lie between 2 and 16.")
    count = 0
    with torch.no_grad():
        for layer in network.model.language_model.modules():
            if isinstance(layer, nn.Linear):
                weight = layer.weight
                scale = weight.abs().amax(dim=1, keepdim=True) / (2 ** (bits - 1) - 1)
                scale[scale == 0] = 1.0  # a channel of zeros stays zero
                weight.copy_((weight / scale).round() * scale)
                count += 1
    return count


def relearn(
    network: Any, processor: Any, rows: Any, *, count: int, steps: int, lr: float, seed: int
) -> list[int]:
    """Fine-tune a model on a few rows of the forget set, in place.

    If facts that are *not* among those rows come back, they were hidden, not gone.

    Args:
        network: the unlearned model.
        processor: its processor.
        rows: the forget split.
        count: how many rows are given back, drawn at random.
        steps: AdamW steps over all of them.
        lr: constant learning rate.
        seed: draws the rows.

    Returns:
        Which rows were given back.

    Raises:
        RememError: more rows asked for than there are.
    """
    if not 1 <= count <= len(rows):
        raise RememError(f"Relearning takes {count} rows; the forget set has {len(rows)}.")
    chosen = sorted(torch.randperm(len(rows), generator=generator(seed, "relearn", 0))[:count].tolist())
    questions = QuestionSet([rows[index] for index in chosen], processor)
    batch = collate([questions.own(i) for i in range(len(questions))], pad_token_id(processor))
    batch = {name: value.to(network.device) for name, value in batch.items()}
    optimiser = torch.optim.AdamW(network.parameters(), lr=lr, weight_decay=0.0)
    training = network.training
    network.train()
    for _ in range(steps):
        loss = network(**batch).loss
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
    network.train(training)
    return chosen


def leak_at_k(correct: int, samples: int, k: int) -> float:
    """Probability that at least one of k samples is the secret, from more samples (as pass@k).

    leak@k = 1 − C(n − c, k) / C(n, k), the unbiased estimate of Chen et al. 2021 (arXiv 2107.03374).

    Args:
        correct: c, samples that gave the secret.
        samples: n, samples that were drawn; at least k.
        k: how many an attacker draws.
    """
    return 1 - math.comb(samples - correct, k) / math.comb(samples, k)


@torch.no_grad()
def sampled_leaks(
    network: Any,
    processor: Any,
    rows: Any,
    *,
    samples: int,
    temperature: float,
    seed: int,
    most_tokens: int = 48,
) -> list[int]:
    """How many of the samples give each row's answer exactly.

    Args:
        network: the unlearned model.
        processor: its processor.
        rows: evaluation rows of the forget set, with pictures.
        samples: answers drawn for each row.
        temperature: of the sampling, above 0; nothing else cuts the distribution.
        seed: seeds the draws.
        most_tokens: longest answer.

    Returns:
        One count for each row.
    """
    network.eval()
    counts = []
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for row in rows:
            prompt = build_prompt(processor, row["question"], 1)
            inputs = processor(
                images=[row["image"]],
                text=prompt,
                add_special_tokens=adds_special_tokens(processor.tokenizer, [prompt]),
                return_tensors="pt",
            ).to(network.device)
            said = network.generate(
                **inputs,
                do_sample=True,
                temperature=temperature,
                top_k=0,
                top_p=1.0,
                num_return_sequences=samples,
                max_new_tokens=most_tokens,
            )
            texts = processor.tokenizer.batch_decode(
                said[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True
            )
            counts.append(sum(int(exact_match(text.split("\n", 1)[0], row["answer"])) for text in texts))
    return counts
