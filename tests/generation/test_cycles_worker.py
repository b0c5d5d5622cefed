"""The Blender process when it hangs, dies or talks nonsense: a script in its Python's place."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from generation.renderers.cycles import worker
from generation.renderers.cycles.worker import BlenderWorker, find_python
from remem_dataset.errors import RememError

FOLDER = Path(worker.__file__).parent
HELLO = f"""
import sys, time
sys.path.insert(0, {str(FOLDER)!r})
import numpy as np
import protocol
protocol.send(sys.stdout.buffer, {{"version": np.array("fake")}})
"""
NO_READER = "print('one', 'two', 'three', 'four', sep='\\n', file=sys.stderr, flush=True)\ntime.sleep(60)"
ONE_REQUEST = "protocol.receive(sys.stdin.buffer)\nsys.stderr.write('bad\\nday.\\n')\n"
NO_WRITER = "protocol.receive(sys.stdin.buffer)\ntime.sleep(60)"


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Names a script of the given lines as Blender's Python."""

    def name(lines: str) -> Path:
        python = tmp_path / "python"
        python.write_text(f"#!{sys.executable}\n{lines}\n")
        python.chmod(0o755)
        monkeypatch.setenv(worker.ENVIRONMENT, str(python))
        return find_python()

    return name


@pytest.mark.parametrize("then", [NO_READER, NO_WRITER], ids=["reads nothing", "writes nothing"])
def test_a_process_that_hangs_is_given_up_with_its_last_lines(stand_in, monkeypatch, then):
    hanging = BlenderWorker(stand_in(HELLO + then))
    monkeypatch.setattr(worker, "PICTURE_SECONDS", 1.0)
    said = r" \(it said: two \| three \| four\)" if then == NO_READER else ""
    with pytest.raises(RememError, match=rf"did not answer within 1 seconds; finished .* again{said}\.$"):
        hanging.ask({"more than a pipe holds": np.zeros(10**6)})
    assert not hanging.alive


def test_a_process_that_hangs_while_it_starts_is_given_up(stand_in, monkeypatch):
    monkeypatch.setattr(worker, "START_SECONDS", 0.5)
    with pytest.raises(RememError, match=r"did not answer within 0\.5 seconds"):
        BlenderWorker(stand_in("import time\ntime.sleep(60)"))


def test_a_script_that_leaves_the_pipe_to_its_child_is_given_up_too(tmp_path, monkeypatch):
    wrapper = tmp_path / "python"
    wrapper.write_text("#!/bin/sh\nsleep 3\n")
    wrapper.chmod(0o755)
    monkeypatch.setattr(worker, "START_SECONDS", 0.5)
    with pytest.raises(RememError, match="did not answer within"):
        BlenderWorker(wrapper)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("b'{}'", "sent what is no answer .*status bytes"),
        ("b'A' + (4).to_bytes(8, 'little') + b'PK!?'", "sent what is no answer .*"),
        ("b'A' + (400).to_bytes(8, 'little') + b'PK'", "died"),
        ("b'A' + (1 << 60).to_bytes(8, 'little')", "sent what is no answer .*claims"),
    ],
)
def test_rubbish_and_half_an_answer_are_one_sentence(stand_in, reply, message):
    talking = BlenderWorker(stand_in(f"{HELLO}{ONE_REQUEST}sys.stdout.buffer.write({reply})"))
    with pytest.raises(RememError, match=rf"^The Blender process {message}.* \(it said: bad \| day\)\.$"):
        talking.ask({"size": np.array(1)})
    assert not talking.alive


def test_rubbish_instead_of_a_greeting_is_one_sentence(stand_in):
    with pytest.raises(RememError, match="sent what is no answer"):
        BlenderWorker(stand_in("print('Blender 4.5.0')"))
