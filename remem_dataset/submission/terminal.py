"""What `remem submit` prints and does, once its options are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from huggingface_hub import HfApi
from rich.console import Console
from rich.markup import escape

from ..errors import RememError
from ..hub.errors import bound_waits
from ..hub.names import check_repo, is_repo
from ..results import read_results
from .modelcard import PATH, entry_of, merged
from .proposals import DATASET, MODEL, Proposal, check_signed_in, head_of, propose, read_file
from .submit import Offer, prepare, same_result
from .validation import printable
from .versions import published_versions


def run_submit(
    results: Path,
    *,
    base_results: Path | None,
    model: str,
    base_model: str,
    method: str,
    data: str | None,
    to: str | None,
    links: dict[str, str],
    notes: str,
    dry_run: bool,
    recompute: Callable[[Path], list[str]],
) -> None:
    """Check results, show them, and propose them to the model's and to the results' repository.

    Args:
        results: run of the unlearned model.
        base_results: run of the model before unlearning.
        model: Hub id of the unlearned model.
        base_model: Hub id of the model before unlearning.
        method: how it was unlearned.
        data: Hub id of the dataset; None takes what the results name.
        to: Hub id of the results repository; None takes the dataset's name with "-results".
        links: "paper" and "code" -> address.
        notes: the submitter's own words.
        dry_run: show both files and send nothing.
        recompute: see `prepare`.

    Raises:
        RememError: anything that keeps the results from the leaderboard.
    """
    console = Console(highlight=False, soft_wrap=True)
    bound_waits()
    api = HfApi()
    data = data or _named_dataset(results)
    to = to or f"{data}-results"
    check_repo(to)
    if not dry_run:
        check_signed_in(api)
    versions = published_versions(data)
    check_repo(model)
    head = head_of(api, model, MODEL)
    offer = prepare(
        results,
        base_results=base_results,
        model=model,
        base_model=base_model,
        method=method,
        versions=versions,
        recompute=recompute,
        model_commit=head,
        links=links,
        notes=notes,
    )
    _print_summary(console, offer)
    card = _model_file(api, offer, to, head)
    if dry_run:
        console.print(f"\n[bold]{to}[/], {offer.path}\n")
        console.print(offer.text, markup=False)
        if card is not None:
            console.print(f"[bold]{model}[/], {PATH}\n")
            console.print(card, markup=False)
        console.print("Nothing was sent; without --dry-run both files become pull requests.")
        return
    what = f"{offer.submission.method}, {offer.submission.forget}"
    title = f"Result of {model}: {what}"
    done = propose(api, to, DATASET, offer.path, offer.text.encode("utf-8"), title, same_result)
    _print_done(console, to, done)
    if card is not None:
        done = propose(api, model, MODEL, PATH, card.encode("utf-8"), f"ReMem result: {what}")
        _print_done(console, model, done)


def _named_dataset(results: Path) -> str:
    named = read_results(results).dataset
    if not is_repo(named):
        raise RememError(
            f"The results were measured on {printable(named)!r}, which is no Hub dataset; name the published "
            "one with --data <org>/<name>."
        )
    return named


def _print_summary(console: Console, offer: Offer) -> None:
    found = offer.submission
    console.print(f"[bold]{found.model}[/]  {found.method}  {found.forget}, dataset {found.revision}")
    if found.headline.percent is None:
        console.print(f"  No score, and no place in the ranking: {escape(found.headline.reason)}")
    else:
        parts = found.headline
        console.print(
            f"  score {parts.percent:.1f} %: erasure {100 * parts.erasure:.1f}, "
            f"retention {100 * parts.retention:.1f}, language {100 * parts.language:.1f}"
        )
    console.print(f"  stage-1 gate of {found.document['base_model']}: {found.gate_status}")
    told = "yes" if found.document["recomputed"] else "no (no sidecar and row file beside the results)"
    console.print(f"  figures computed again from token log-probabilities: {told}")


def _model_file(api: HfApi, offer: Offer, to: str, head: str) -> str | None:
    """The model's `.eval_results/remem.yaml`; None where there is no headline to put into it."""
    if offer.submission.headline.percent is None:
        return None
    model = offer.submission.model
    existing = read_file(api, model, MODEL, PATH, head)
    return merged(existing, entry_of(offer.submission, to, offer.path, api.endpoint), f"{PATH} of {model}")


def _print_done(console: Console, repo: str, done: Proposal) -> None:
    if done.url is None:
        console.print(f"{repo} has this {done.path} already.")
    else:
        console.print(f"{'Proposed already' if done.was_there else 'Proposed'} to {repo}: {done.url}")
