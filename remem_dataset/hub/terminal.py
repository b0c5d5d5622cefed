"""What `remem publish`, `remem versions` and `remem fetch` print."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import HfApi, constants
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from ..errors import RememError
from ..verify.command import verified
from .contents import Contents
from .errors import bound_waits
from .fetch import fetch
from .names import check_repo, check_version
from .publish import Plan, plan, publish
from .versions import list_versions


def _api() -> HfApi:
    """The Hub's client; its token is the one that `hf auth login` or HF_TOKEN left."""
    bound_waits()
    return HfApi(library_name="remem-bench")


def run_publish(
    folder: Path, repo: str, version: str, *, private: bool, create_pr: bool, dry_run: bool, pixels: bool
) -> None:
    """Verify a folder, publish it, and say where it is.

    Args:
        folder: the dataset folder.
        repo: "<org>/<name>".
        version: "vX.Y.Z".
        private: make the repository private.
        create_pr: propose a pull request.
        dry_run: only say what would be done.
        pixels: also verify the pixels.

    Raises:
        RememError: see `publish.publish`.
        SystemExit: with code 2, after a sentence on stderr for each fault of the folder.
    """
    check_repo(repo)
    check_version(version)
    found = verified(folder, pixels=pixels)
    contents, api, console = Contents(folder), _api(), Console(highlight=False, soft_wrap=True)
    console.print(
        f"[bold]{folder}[/] is whole: {found.people} people, {_size(contents.size)} in {len(contents.files)} "
        f"files, fingerprint {contents.fingerprint}."
    )
    if contents.left_out:
        console.print(f"Not part of the dataset, so left here: {_few(contents.left_out)}.")
    page = f"{constants.ENDPOINT}/datasets/{repo}"
    if dry_run:
        _print_plan(console, plan(api, contents, repo, version, private=private), repo, version, create_pr)
        return
    done = publish(api, contents, repo, version, private=private, create_pr=create_pr)
    if done.pull_request is not None:
        was = "was proposed before" if done.was_there else "is proposed"
        console.print(f"The dataset {was}: {done.pull_request}")
        console.print("When it is merged, publish again without --create-pr: that only tags it.")
        return
    was = "was there already" if done.was_there else "is published"
    seen = ", private" if done.private else ""
    console.print(f"{version} {was} (commit {done.commit[:12]}{seen}): {page}/tree/{version}")
    forget = contents.manifest["default_forget"]
    console.print(f'load_dataset("{repo}", "{forget}", revision="{version}")', markup=False)


def _print_plan(console: Console, found: Plan, repo: str, version: str, create_pr: bool) -> None:
    if found.tagged:
        console.print(f"Nothing to do: {repo} has this dataset as {version}.")
        return
    difference = found.difference
    made = " in a new repository" if found.create else ""
    where = "a pull request" if create_pr else "one commit"
    if difference:
        console.print(f"Would send {len(difference.send)} files to {repo}{made}, in {where}:")
        for name in difference.send:
            console.print(f"  {name}", markup=False)
        for name in difference.remove:
            console.print(f"  {name} (removed)", markup=False)
    else:
        console.print(f"{repo} holds these files already; nothing would be sent.")
    if not create_pr:
        console.print(f"Would tag it as {version}.")


def run_versions(repo: str) -> None:
    """Print the versions of a dataset.

    Raises:
        RememError: no such repository, or none with a version.
    """
    check_repo(repo)
    found = list_versions(_api(), repo)
    if not found:
        raise RememError(f"{repo} has no version: no tag of it looks like v1.0.0.")
    table = Table("version", "commit", Column("fingerprint", no_wrap=True))
    for version in found:
        table.add_row(version.tag, version.commit[:12], version.fingerprint or "none that can be read")
    Console(highlight=False, markup=False).print(table)


def run_fetch(repo: str, revision: str, out: Path, *, pixels: bool) -> None:
    """Fetch a version under a progress bar and say what it is.

    Args:
        repo: "<org>/<name>".
        revision: tag, branch or commit.
        out: the folder to write.
        pixels: also fingerprint the pixels.

    Raises:
        RememError: see `fetch.fetch`.
    """
    check_repo(repo)
    columns = (TextColumn("Files checked"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    errors = Console(stderr=True)
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("files", total=None, visible=False)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, visible=True)

        found = fetch(_api(), repo, revision, out, pixels=pixels, progress=show)
    was = "was there already" if found.was_there else "is there"
    Console(highlight=False, soft_wrap=True, markup=False).print(
        f"{out} {was}: {repo} at {revision} (commit {found.commit[:12]}), fingerprint {found.fingerprint}."
    )


def _size(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"


def _few(names: list[str]) -> str:
    """Some names; the rest as a number."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
