"""Warming up a picture half that starts from random weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from tqdm import tqdm

from recipes.augmentation import Augmentation
from recipes.questions import QuestionSet, generator
from remem_dataset.errors import RememError


def warm_up_pictures(
    network: Any,
    questions: QuestionSet,
    *,
    steps: int,
    batch_size: int,
    lr: float,
    weight_decay: float,
    change: Augmentation | None,
    statistics: tuple[torch.Tensor, torch.Tensor],
    seed: int,
) -> float:
    """Let the vision tower alone learn to tell the training people apart, before the facts.

    A Hub LVLM comes with a vision tower that has seen millions of faces. One from random weights learns
    slowly through the answers: most of their tokens say nothing about who is in the picture. A linear
    layer over the mean of the tower's patch features, thrown away afterwards, names the person instead.

    Args:
        network: a model with `model.vision_tower`; changed in place.
        questions: the training rows; only their training pictures and identities are used.
        steps: optimiser steps (AdamW, one-cycle).
        batch_size: pictures in a step.
        lr: highest learning rate.
        weight_decay: AdamW's weight decay.
        change: augmentation of the pictures.
        statistics: (mean, std) of the picture processor.
        seed: seeds the draws and the linear layer.

    Returns:
        Share of the training pictures, unchanged, whose person is recognised afterwards.

    Raises:
        RememError: the model has no vision tower that takes whole pictures.
    """
    tower = getattr(getattr(network, "model", None), "vision_tower", None)
    pictures, people = questions.pictures()
    if tower is None or pictures.dim() != 4:
        raise RememError("--warm-up needs a model whose vision tower takes whole pictures, such as LLaVA's.")
    draws = generator(seed, "warm-up", 0)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        head = nn.Linear(tower.config.hidden_size, int(people.max()) + 1)
    parameters = [*tower.parameters(), *head.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=lr, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, total_steps=steps)

    def named(batch: torch.Tensor) -> torch.Tensor:
        return head(tower(batch).last_hidden_state.mean(1))

    tower.train()
    for _ in tqdm(range(steps), desc="Warming up the picture half"):
        chosen = torch.randint(len(pictures), (batch_size,), generator=draws)
        batch = pictures[chosen] if change is None else change(pictures[chosen], *statistics, draws)
        loss = nn.functional.cross_entropy(named(batch), people[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    tower.eval()
    with torch.no_grad():
        return (named(pictures).argmax(-1) == people).float().mean().item()
