"""Command line: `python -m recipes.unlearn --method npo --model runs/demo/vanilla --data ./remem --out …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recipes.lora import TARGETS, Lora
from recipes.terminal import run_command
from recipes.unlearn.methods import method_names
from recipes.unlearn.stage2 import UnlearnSettings, unlearn
from remem_dataset.errors import RememError

_DEFAULT = UnlearnSettings()


def main(
    model: Annotated[str, typer.Option(help="Folder or Hub id of the model that has learnt the people.")],
    data: Annotated[str, typer.Option(help="Built dataset folder, or a Hub id.")],
    out: Annotated[Path, typer.Option(help="Folder for the unlearned model.")],
    method: Annotated[str, typer.Option(help=f"{', '.join(method_names())}.")] = _DEFAULT.method,
    forget: Annotated[str | None, typer.Option(help="Forget config; default: the dataset's.")] = None,
    option: Annotated[
        list[str] | None, typer.Option("--set", help="An option of the method, name=value; repeatable.")
    ] = None,
    epochs: Annotated[float, typer.Option(help="Most passes over the forget set.")] = _DEFAULT.epochs,
    batch_size: Annotated[int, typer.Option(help="Forget rows in a step.")] = _DEFAULT.batch_size,
    lr: Annotated[
        float | None, typer.Option(help="Constant learning rate; default: the method's.")
    ] = _DEFAULT.lr,
    augment: Annotated[str, typer.Option(help="Of retain pictures: none … strong.")] = _DEFAULT.augment,
    forget_views: Annotated[
        int, typer.Option(help="Pictures of its person that each forget question is unlearnt with.")
    ] = _DEFAULT.forget_views,
    views: Annotated[str, typer.Option(help="Pictures of retain rows: own or any.")] = _DEFAULT.views,
    precision: Annotated[str, typer.Option(help="auto, fp32 or bf16.")] = _DEFAULT.precision,
    forget_log_prob: Annotated[
        float, typer.Option(help="Stop below this mean log P of a forget answer token, in nats, …")
    ] = _DEFAULT.forget_log_prob,
    forget_exact_match: Annotated[
        float, typer.Option(help="… or, for methods that teach refusals, at this forget exact match …")
    ] = _DEFAULT.forget_exact_match,
    retain_exact_match: Annotated[
        float, typer.Option(help="… if at least this share of the retain rows is answered exactly.")
    ] = _DEFAULT.retain_exact_match,
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
    """Stage 2: unlearn a forget set, keep the rest, and record what the result depends on."""
    settings = UnlearnSettings(
        method=method,
        options=_options(option or []),
        epochs=epochs,
        batch_size=batch_size,
        lr=lr,
        augment=augment,
        forget_views=forget_views,
        views=views,
        precision=precision,
        forget_log_prob=forget_log_prob,
        forget_exact_match=forget_exact_match,
        retain_exact_match=retain_exact_match,
        probe_every=probe_every,
        checkpoint_every=checkpoint_every,
        lora=Lora(lora_rank, lora_alpha, lora_targets),
    )
    record = unlearn(model, data, out, forget, settings, seed=seed, restart=restart)
    after = record["after"]
    typer.echo(
        f"unlearned: {out}: step {record['stopped']['step']} ({record['stopped']['reason']}); "
        f"exact match on training rows: forget {after['forget_exact_match']:.3f}, "
        f"retain {after['retain_exact_match']:.3f}"
    )


def _options(pairs: list[str]) -> dict[str, str]:
    for pair in pairs:
        if "=" not in pair:
            raise RememError(f"--set {pair!r} must read name=value.")
    return dict(pair.split("=", 1) for pair in pairs)


if __name__ == "__main__":
    run_command(main)
