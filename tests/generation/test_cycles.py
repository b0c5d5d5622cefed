"""The cycles renderer: what goes to Blender and comes back, with a small process in Blender's place and,
where its environment exists, with Blender itself."""

from __future__ import annotations

import dataclasses
import io
import multiprocessing
import os
import signal
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from generation.renderers import check_renderer, get_renderer
from generation.renderers.backgrounds import paint_background
from generation.renderers.cycles import CyclesRenderer, protocol, worker
from generation.renderers.cycles.export import _grid
from generation.renderers.cycles.worker import BlenderWorker, find_python
from generation.renderers.embree import post
from remem_dataset.errors import RememError
from tests.fakes.faces import PERSON
from tests.generation.test_renderer import VIEW

SIZE = 64
FOLDER = Path(worker.__file__).parent
#: Speaks the protocol; draws what it is sent as points, with the request's camera.
SPLATTER = f"""
import os, sys
sys.path.insert(0, {str(FOLDER)!r})
replies = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)
import numpy as np
import protocol
print("noise on standard output, as Blender makes it", flush=True)
protocol.send(replies, {{"version": np.array("splatter")}})
while True:
    try:
        request = protocol.receive(sys.stdin.buffer)
    except protocol.Closed:
        break
    size = int(request["size"])
    if size == 17:
        protocol.send_error(replies, "no picture has 17 pixels.")
        continue
    if size == 18:
        print("out of strands", file=sys.stderr, flush=True)
        os._exit(3)
    picture = np.zeros((size, size, 4), np.float32)
    depth = np.full((size, size), -np.inf)
    for key in sorted(request):
        if not key.endswith(":points") or key.startswith("hair"):
            continue
        number = key.split(":")[1]
        points, colour = request[key], request[f"mesh:{{number}}:albedo"]
        away = points - request["camera"]
        half = np.tan(request["field_of_view"] / 2)
        x = ((0.5 + 0.5 * away[:, 0] / -away[:, 2] / half) * size).astype(int)
        y = ((0.5 - 0.5 * away[:, 1] / -away[:, 2] / half) * size).astype(int)
        inside = (x >= 0) & (x < size) & (y >= 0) & (y < size)
        for k in np.flatnonzero(inside)[np.argsort(points[inside, 2])]:
            if points[k, 2] >= depth[y[k], x[k]]:
                depth[y[k], x[k]] = points[k, 2]
                picture[y[k], x[k]] = (*colour[k], 1.0)
    protocol.send(replies, {{"pixels": picture}})
"""


@pytest.fixture
def splatter(tmp_path: Path) -> Path:
    script = tmp_path / "splatter.py"
    script.write_text(SPLATTER)
    return script


@pytest.fixture(scope="module")
def body_and_people():
    renderer = get_renderer("embree")
    return renderer.body, renderer._prepared


def cycles(body_and_people, script: Path) -> CyclesRenderer:
    body, prepared = body_and_people
    return CyclesRenderer(body=body, _prepared=prepared, python=Path(sys.executable), script=script)


def real_python() -> Path | None:
    try:
        return find_python()
    except RememError:
        return None


def test_arrays_and_errors_pass_the_pipe_and_anything_else_counts_as_closed():
    pipe = io.BytesIO()
    sent = {
        "a:0:x": np.arange(6, dtype=np.float32).reshape(2, 3),
        "size": np.array(3),
        "kind": np.array("skin"),
    }
    protocol.send(pipe, sent)
    protocol.send_error(pipe, "ölig")
    pipe.seek(0)
    got = protocol.receive(pipe)
    assert all((got[k] == sent[k]).all() for k in sent)
    assert got["a:0:x"].dtype == np.float32
    assert protocol.receive(pipe) == "ölig"
    whole = pipe.getvalue()
    for cut in (b"", whole[:5], whole[:40]):
        with pytest.raises(protocol.Closed):
            protocol.receive(io.BytesIO(cut))
    length = (9).to_bytes(8, "little")
    for broken in (b"Fra:1 Mem:23.4M | Sample 1/16", b"A" + b"\xff" * 8, b"A" + length + b"no archive"):
        with pytest.raises(protocol.Broken):
            protocol.receive(io.BytesIO(broken))


def test_objects_are_never_unpickled():
    pipe, buffer = io.BytesIO(), io.BytesIO()
    np.savez(buffer, a=np.array([{"x": 1}], dtype=object))
    pipe.write(b"A" + len(buffer.getvalue()).to_bytes(8, "little") + buffer.getvalue())
    pipe.seek(0)
    with pytest.raises(protocol.Broken, match="pickle"):
        protocol.receive(pipe)


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_a_cut_triangle_is_covered_once(steps):
    weights, small = _grid(steps)
    assert len(small) == steps**2
    assert weights.sum(axis=1) == pytest.approx(1)
    corners = weights[small]
    areas = np.linalg.det(corners)  # of the whole: 1; negative if turned over
    assert areas == pytest.approx(1 / steps**2)


def test_the_scene_reaches_the_other_process_and_its_pixels_come_back(body_and_people, splatter):
    renderer = cycles(body_and_people, splatter)
    view = dataclasses.replace(VIEW, blur=0.0)
    picture = renderer.render(PERSON, view, SIZE)
    again = renderer.render(PERSON, view, SIZE)
    assert (picture.pixels == again.pixels).all()
    plain = get_renderer("embree").render(PERSON, view, SIZE)
    assert picture.faces == plain.faces
    left, top, right, bottom = picture.faces[0].box
    middle = np.s_[(top + bottom) // 2 : bottom - 6, left + 6 : right - 6]
    skin = picture.pixels[middle].reshape(-1, 3).mean(axis=0)
    assert skin[0] > skin[1] > skin[2] > 40
    behind = post.to_srgb(paint_background(view.scene, SIZE, view.draw))
    assert (picture.pixels[:4, :4] == behind[:4, :4]).all()
    renderer._worker.close()


def test_what_is_sent_covers_what_the_camera_sees_about_once_a_pixel(body_and_people, splatter, monkeypatch):
    renderer = cycles(body_and_people, splatter)
    sent = {}
    monkeypatch.setattr(BlenderWorker, "ask", lambda self, request: sent.update(request) or _blank(request))
    renderer.render(PERSON, VIEW, SIZE)
    kinds = {str(sent[k]) for k in sent if k.endswith(":kind")}
    assert {"skin", "cloth", "eye"} <= kinds
    for key in (k for k in sent if k.startswith("mesh:") and k.endswith(":points")):
        number = key.split(":")[1]
        points, triangles = sent[key], sent[f"mesh:{number}:triangles"]
        assert triangles.min() >= 0
        assert triangles.max() < len(points)
        assert np.linalg.norm(sent[f"mesh:{number}:normal"], axis=1) == pytest.approx(1, abs=1e-3)
        assert sent[f"mesh:{number}:albedo"].max() <= 1
    hair = [k for k in sent if k.startswith("hair:") and k.endswith(":points")]
    assert len(hair) == 2  # brows and lashes, scalp
    for key in hair:
        number = key.split(":")[1]
        strands, length, _ = sent[key].shape
        assert sent[f"hair:{number}:radius"].shape == (strands, length)
        steps = np.linalg.norm(np.diff(sent[key], axis=1), axis=-1)
        assert np.median(steps) < 1.0  # strands hang together
    assert sum("light:" in k and k.endswith(":place") for k in sent) == len(VIEW.light.lights)
    renderer._worker.close()


def _blank(request: dict) -> dict:
    size = int(request["size"])
    return {"pixels": np.zeros((size, size, 4), np.float32)}


def test_what_blender_refuses_is_one_sentence_and_the_process_goes_on(body_and_people, splatter):
    renderer = cycles(body_and_people, splatter)
    with pytest.raises(RememError, match=r"could not draw the scene: no picture has 17 pixels\.$"):
        renderer.render(PERSON, VIEW, 17)
    first = renderer._worker
    renderer.render(PERSON, VIEW, 32)
    assert renderer._worker is first
    first.close()


def test_a_process_that_dies_is_reported_with_its_last_words_and_replaced(body_and_people, splatter):
    renderer = cycles(body_and_people, splatter)
    with pytest.raises(
        RememError, match=r"died .*finished pictures are kept.*it said: .*out of strands\)\.$"
    ):
        renderer.render(PERSON, VIEW, 18)
    renderer.render(PERSON, VIEW, 32)
    os.kill(renderer._worker._process.pid, signal.SIGKILL)
    renderer._worker._process.wait()
    renderer.render(PERSON, VIEW, 32)
    renderer._worker.close()


def test_a_kill_while_it_draws_is_an_error_not_a_hang(tmp_path):
    script = tmp_path / "slow.py"
    script.write_text(
        textwrap.dedent(f"""
        import sys
        sys.path.insert(0, {str(FOLDER)!r})
        import numpy as np, os, protocol, signal
        protocol.send(sys.stdout.buffer, {{"version": np.array("slow")}})
        protocol.receive(sys.stdin.buffer)
        os.kill(os.getpid(), signal.SIGKILL)
        """)
    )
    slow = BlenderWorker(Path(sys.executable), script)
    with pytest.raises(RememError, match="died"):
        slow.ask({"size": np.array(1)})
    assert not slow.alive


def test_a_picture_of_another_size_is_refused(body_and_people, splatter, monkeypatch):
    renderer = cycles(body_and_people, splatter)
    for reply, found in (({}, "none"), ({"pixels": np.zeros((3, 3, 4))}, r"one of shape \(3, 3, 4\)")):
        monkeypatch.setattr(BlenderWorker, "ask", lambda self, request, reply=reply: reply)
        with pytest.raises(RememError, match=f"64 × 64 pixels and sent {found}"):
            renderer.render(PERSON, VIEW, SIZE)
    renderer._worker.close()


def test_the_process_ends_with_its_renderer(splatter):
    started = BlenderWorker(Path(sys.executable), splatter)
    process = started._process
    assert started.alive
    del started
    assert process.poll() is not None


def _ask_from_a_fork(handle: BlenderWorker, answers) -> None:
    try:
        handle.ask({"size": np.array(1)})
    except RememError as error:
        answers.put(str(error))


def test_a_forked_copy_neither_uses_nor_ends_the_process(splatter):
    context = multiprocessing.get_context("fork")
    handle = BlenderWorker(Path(sys.executable), splatter)
    answers = context.Queue()
    child = context.Process(target=_ask_from_a_fork, args=(handle, answers))
    child.start()
    assert "belongs to the process that started it" in answers.get(timeout=60)
    child.join()
    assert handle.alive
    handle.close()


def test_absence_is_told_before_any_work_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv(worker.ENVIRONMENT, str(tmp_path / "nothing"))
    with pytest.raises(RememError, match=r"no Python at .*nothing; make its environment with .*pip install"):
        check_renderer("cycles")
    with pytest.raises(RememError, match="no Python at"):
        get_renderer("cycles")
    with pytest.raises(RememError, match="draws people itself"):
        check_renderer("cycles", tmp_path)


def test_a_python_without_bpy_is_told_apart():
    with pytest.raises(RememError, match=r"did not start: bpy cannot be imported .*bpy==4\.5"):
        BlenderWorker(Path(sys.executable))


blender = pytest.mark.skipif(real_python() is None, reason="Blender's environment is not there")


@blender
def test_blenders_lights_have_the_strength_that_the_rigs_mean():
    """A flat white wall lit from the front by power 1 shows its albedo; ambient light its own colour."""
    drawn = {}
    started = BlenderWorker(find_python())
    quad = np.array([[-9, -9, 0], [9, -9, 0], [9, 9, 0], [-9, 9, 0]], np.float32)
    for name, power, sky in (("lamp", 1.0, 0.0), ("sky", 0.0, 0.3)):
        request = {
            "size": np.array(16),
            "seed": np.array(1),
            "samples": np.array(64),
            "field_of_view": np.array(np.radians(3.0)),
            "camera": np.array([0, 0, 15], np.float32),
            "sky": np.full(3, sky, np.float32),
            "ground": np.full(3, sky, np.float32),
            "light:0:place": np.array([0, 0, 20], np.float32),
            "light:0:centre": np.zeros(3, np.float32),
            "light:0:colour": np.array([power, power / 2, power / 4], np.float32),
            "light:0:size": np.array(1.0, np.float32),
            "mesh:0:kind": np.array("plain"),
            "mesh:0:points": quad,
            "mesh:0:triangles": np.array([[0, 1, 2], [0, 2, 3]], np.int32),
            "mesh:0:normal": np.tile(np.float32([0, 0, 1]), (4, 1)),
            "mesh:0:albedo": np.full((4, 3), 0.5, np.float32),
            "mesh:0:roughness": np.ones(4, np.float32),
            "mesh:0:specular": np.zeros(4, np.float32),
        }
        drawn[name] = started.ask(request)["pixels"]
        assert (drawn[name] == started.ask(request)["pixels"]).all()
    started.close()
    assert drawn["lamp"][..., 3] == pytest.approx(1)
    assert drawn["lamp"][..., :3].mean(axis=(0, 1)) == pytest.approx([0.5, 0.25, 0.125], rel=0.05)
    assert drawn["sky"][..., :3].mean() == pytest.approx(0.15, rel=0.05)


@blender
def test_blender_draws_the_person_of_the_embree_picture():
    picture = get_renderer("cycles").render(PERSON, VIEW, SIZE)
    plain = get_renderer("embree").render(PERSON, VIEW, SIZE)
    assert picture.faces == plain.faces
    left, top, right, bottom = picture.faces[0].box
    face = np.s_[top:bottom, left:right]
    ours, theirs = (p.pixels[face].astype(float) for p in (picture, plain))
    assert abs(ours.mean() - theirs.mean()) < 30
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.75
