"""The Blender process: started once, asked for one picture after the other, never waited for in vain."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import weakref
from pathlib import Path
from typing import NoReturn

import numpy as np

from generation.renderers.cycles import protocol
from generation.renderers.cycles.patience import Late, Patience
from remem_dataset.errors import RememError

ENVIRONMENT = "REMEM_CYCLES_PYTHON"
#: Seconds that Blender may take to start, and for one picture: many times what a busy machine needs.
START_SECONDS = 300.0
PICTURE_SECONDS = 600.0
SCRIPT = Path(__file__).with_name("blender_scene.py")
#: How many lines of what it printed an error repeats.
LAST_LINES = 3
AGAIN = "finished pictures are kept: run the same command again"
_ROOT = Path(__file__).resolve().parents[3]
HOW_TO = (
    "make its environment with `python3.11 -m venv .venv-cycles` and "
    "`.venv-cycles/bin/pip install 'bpy==4.5.*'`, or name another Python in " + ENVIRONMENT
)


def find_python() -> Path:
    """The Python that has `bpy`.

    Raises:
        RememError: there is none; says how to make one.
    """
    named = os.environ.get(ENVIRONMENT)
    path = Path(named) if named else _ROOT / ".venv-cycles" / "bin" / "python"
    if not (path.is_file() and os.access(path, os.X_OK)):
        raise RememError(f"The renderer 'cycles' found no Python at {path}; {HOW_TO}.")
    return path


class BlenderWorker:
    """One Blender process.

    Args:
        python: its interpreter.
        script: what it runs; speaks `protocol` over standard input and output.

    Raises:
        RememError: it does not start in time, such as when the interpreter has no `bpy`.
    """

    def __init__(self, python: Path, script: Path = SCRIPT) -> None:
        self._owner = os.getpid()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the process)
        try:
            self._process = subprocess.Popen(
                [str(python), str(script)],
                bufsize=0,  # `Patience` reads the pipe itself, past any buffer
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
            )
        except OSError as error:
            raise RememError(f"Cannot start {python}: {error.strerror}; {HOW_TO}.") from None
        self._end = weakref.finalize(self, _end, self._process, self._owner)
        hello = self._talk(None, START_SECONDS, f"did not start; {HOW_TO}")
        if isinstance(hello, str):
            self._fail(f"did not start: {hello}; {HOW_TO}")
        self.version = str(hello.get("version", ""))

    def ask(self, request: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Send a scene, wait for the picture.

        Raises:
            RememError: the process died, refused, hangs or talks nonsense, or belongs to another process.
        """
        if os.getpid() != self._owner:
            raise RememError("A Blender process belongs to the process that started it; make a new renderer.")
        reply = self._talk(request, PICTURE_SECONDS, f"died (killed, or out of memory); {AGAIN}")
        if isinstance(reply, str):
            raise RememError(f"Blender could not draw the scene: {reply.rstrip('.')}.")
        return reply

    def _talk(
        self, request: dict[str, np.ndarray] | None, seconds: float, death: str
    ) -> dict[str, np.ndarray] | str:
        """Send a message, if any, and receive one; whatever else happens ends the process."""
        pipes = Patience(self._process.stdout, self._process.stdin, seconds)
        try:
            if request is not None:
                protocol.send(pipes, request)
            return protocol.receive(pipes)
        except Late:
            self._process.kill()  # it would not end by itself
            self._fail(f"did not answer within {seconds:g} seconds; {AGAIN}")
        except protocol.Broken as error:
            self._process.kill()
            self._fail(f"sent what is no answer ({error}); {AGAIN}")
        except (OSError, protocol.Closed):
            self._fail(death)

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the process."""
        self._end()

    def _fail(self, what: str) -> NoReturn:
        self.close()
        raise RememError(f"The Blender process {what}{self._last_words()}.") from None

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read()[-4000:].decode("utf-8", "replace").split("\n")
        said = [line.strip()[:200].rstrip(".") for line in lines if line.strip()]
        return f" (it said: {' | '.join(said[-LAST_LINES:])})" if said else ""


def _end(process: subprocess.Popen, owner: int) -> None:
    if os.getpid() != owner:  # a forked copy of the handle must not end the process
        return
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            pipe.close()
    try:
        process.wait(timeout=5)  # it ends by itself when its input ends
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
