"""Command line: `python -m recipes.learn --model MODEL --data ./remem --out runs/demo/vanilla`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recipes.learn.stage1 import LearnSettings, learn
from recipes.lora import TARGETS, Lora
from recipes.terminal import run_command

_DEFAULT = LearnSettings()


def main(
    model: Annotated[str, typer.Option(help="Folder or Hub id of the model to start from.")],
    data: Annotated[str, typer.Option(help="Built dataset folder, or a Hub id.")],
    out: Annotated[Path, typer.Option(help="Folder for the model that has learnt.")],
    split: Annotated[
        str, typer.Option(help="finetune, or a forget config, whose retain split is then learnt.")
    ] = _DEFAULT.split,
    epochs: Annotated[float, typer.Option(help="Passes over the split.")] = _DEFAULT.epochs,
    max_steps: Annotated[int | None, typer.Option(help="Optimiser steps, instead of --epochs.")] = None,
    batch_size: Annotated[int, typer.Option(help="Rows in a step.")] = _DEFAULT.batch_size,
    lr: Annotated[float, typer.Option(help="Highest learning rate.")] = _DEFAULT.lr,
    vision_lr_scale: Annotated[
        float, typer.Option(help="The picture half learns at this multiple of --lr.")
    ] = _DEFAULT.vision_lr_scale,
    warm_up: Annotated[
        int, typer.Option(help="Steps in which a vision tower from random weights first learns faces.")
    ] = _DEFAULT.warm_up,
    weight_decay: Annotated[float, typer.Option(help="AdamW's weight decay.")] = _DEFAULT.weight_decay,
    augment: Annotated[str, typer.Option(help="none, light, medium or strong.")] = _DEFAULT.augment,
    views: Annotated[
        str, typer.Option(help="own: each row's picture; any: any training picture of the person.")
    ] = _DEFAULT.views,
    multi_hop_repeats: Annotated[
        int, typer.Option(help="How often a pass meets each multi-hop row.")
    ] = _DEFAULT.multi_hop_repeats,
    precision: Annotated[str, typer.Option(help="auto, fp32 or bf16.")] = _DEFAULT.precision,
    stop_at: Annotated[
        float | None, typer.Option(help="Stop at this exact match on the training rows.")
    ] = None,
    probe_every: Annotated[int, typer.Option(help="Steps between measurements.")] = _DEFAULT.probe_every,
    checkpoint_every: Annotated[
        int, typer.Option(help="Steps between checkpoints; 0: none.")
    ] = _DEFAULT.checkpoint_every,
    lora_rank: Annotated[int, typer.Option(help="Train an adapter of this rank; 0: the whole model.")] = 0,
    lora_alpha: Annotated[float, typer.Option(help="Its scale times its rank; 0: twice the rank.")] = 0.0,
    lora_targets: Annotated[
        str, typer.Option(help="Linear layers of the text decoder that get an adapter, with commas.")
    ] = TARGETS,
    seed: Annotated[int, typer.Option(min=0, help="Seeds shuffling, pairing, augmentation.")] = 0,
    restart: Annotated[
        bool, typer.Option("--restart/--resume", help="Begin anew, or take over what is there.")
    ] = False,
) -> None:
    """Stage 1: learn the people of a dataset, answers only, and record what the result depends on."""
    settings = LearnSettings(
        split=split,
        epochs=epochs,
        max_steps=max_steps,
        batch_size=batch_size,
        lr=lr,
        vision_lr_scale=vision_lr_scale,
        warm_up=warm_up,
        weight_decay=weight_decay,
        augment=augment,
        views=views,
        multi_hop_repeats=multi_hop_repeats,
        precision=precision,
        stop_at=stop_at,
        probe_every=probe_every,
        checkpoint_every=checkpoint_every,
        lora=Lora(lora_rank, lora_alpha, lora_targets),
    )
    record = learn(model, data, out, settings, seed=seed, restart=restart)
    typer.echo(
        f"learnt: {out}: step {record['stopped']['step']} ({record['stopped']['reason']}), "
        f"training exact match {record['training_exact_match']:.3f}"
    )


if __name__ == "__main__":
    run_command(main)
