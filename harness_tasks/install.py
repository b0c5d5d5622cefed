"""Linking our tasks into the installed lm_eval, so that plain `lm_eval --tasks 'remem_*'` finds them."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

from remem_dataset.errors import RememError

TASKS_FOLDER = Path(__file__).resolve().parent / "tasks"
OUR_TASKS = TASKS_FOLDER / "remem"
MARK = ".installed-by-remem-bench"


def lm_eval_folder() -> Path:
    """Where the installed lm_eval looks for tasks.

    Raises:
        RememError: lm_eval is not installed.
    """
    spec = find_spec("lm_eval")
    if spec is None or not spec.submodule_search_locations:
        raise RememError("lm_eval is not installed; install remem-bench with its dependencies.")
    return Path(spec.submodule_search_locations[0]) / "tasks"


def installed(parent: Path | None = None) -> bool:
    """Whether our tasks are linked into lm_eval, by us."""
    return ((parent or lm_eval_folder()) / OUR_TASKS.name / MARK).is_file()


def installed_as_ours(parent: Path | None = None) -> bool:
    """Whether lm_eval's task folder holds our tasks just as they are here.

    lm_eval takes the first task of a name, and its own folder comes first: tasks left there by another
    version would be run in place of ours.

    Args:
        parent: lm_eval's task folder; None finds the installed one.

    Raises:
        RememError: a folder of our name is there with other contents.
    """
    target = (parent or lm_eval_folder()) / OUR_TASKS.name
    if not target.exists():
        return False
    ours, theirs = _contents(OUR_TASKS), _contents(target)
    theirs.pop(MARK, None)
    if ours == theirs:
        return True
    way = "run `remem install-tasks` again" if installed(parent) else "move that folder away"
    raise RememError(f"{target} holds other tasks than this version of remem-bench; {way}.")


def install_tasks(parent: Path | None = None) -> Path:
    """Link our task files into lm_eval's task folder; links made earlier are renewed.

    The folder itself is a real one with a link for each file, because lm_eval's search does not enter
    linked folders. Where links are not possible the files are copied.

    Args:
        parent: lm_eval's task folder; None finds the installed one.

    Returns:
        The folder that was made.

    Raises:
        RememError: a folder of that name exists that we did not make, or it cannot be written.
    """
    target = (parent or lm_eval_folder()) / OUR_TASKS.name
    remove_tasks(parent)
    try:
        target.mkdir()
        # The mark first: an interrupted installation can then be removed like a whole one.
        (target / MARK).write_text("`remem install-tasks --remove` takes this folder away.\n")
        for source in sorted(OUR_TASKS.iterdir()):
            if source.is_file():
                _link(source, target / source.name)
    except OSError as error:
        shutil.rmtree(target, ignore_errors=True)
        raise RememError(f"Cannot write {target} ({error.strerror}); use remem-eval instead.") from None
    return target


def remove_tasks(parent: Path | None = None) -> bool:
    """Take our tasks out of lm_eval again.

    Args:
        parent: lm_eval's task folder; None finds the installed one.

    Returns:
        Whether there was anything to take out.

    Raises:
        RememError: the folder is not one that we made, or it cannot be removed.
    """
    target = (parent or lm_eval_folder()) / OUR_TASKS.name
    if not target.exists() and not target.is_symlink():
        return False
    if target.is_symlink() or not (target / MARK).is_file():
        raise RememError(f"{target} was not made by `remem install-tasks`; it is left as it is.")
    try:
        shutil.rmtree(target)
    except OSError as error:
        raise RememError(f"Cannot remove {target} ({error.strerror}).") from None
    return True


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def _link(source: Path, target: Path) -> None:
    try:
        target.symlink_to(source)
    except (OSError, NotImplementedError):
        shutil.copyfile(source, target)
