"""`python -m generation` as a user meets it: resuming, refusing, options."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
import time

import psutil
import pytest

from generation import pipeline
from generation.identity import build_identity, planned_groups, planned_views
from generation.streams import stream
from generation.tree import open_tree, origin_of, sole_builder
from generation.views import sample_view
from generation.views.groups import sample_group
from remem_dataset.errors import RememError
from remem_dataset.raw import RawTree
from remem_dataset.schema import ALTERNATIVES, FINETUNE, PROFILES, SPLITS
from tests.fakes.dataset import SwatchRenderer, small_config, swatch_studio

ORIGIN = origin_of(small_config())


def run_generation(*arguments, cwd):
    command = [sys.executable, "-m", "generation", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_streams_depend_on_every_name_and_on_nothing_else():
    draw = stream(1, "profile", 3, "pet").integers(2**62)
    assert draw == stream(1, "profile", 3, "pet").integers(2**62)
    assert draw == 404129214090422140, "a change here changes every published dataset"
    others = [
        stream(*names).integers(2**62) for names in ((2, "profile", 3, "pet"), (1, "profile", "3", "pet"))
    ]
    assert draw not in others


def test_an_identity_can_be_built_in_any_order(tmp_path):
    config = small_config()
    forward, backward = (open_tree(tmp_path / name, config, ORIGIN) for name in ("forward", "backward"))
    for index in range(3):
        build_identity(forward, config, index, swatch_studio(config))
        build_identity(backward, config, 2 - index, swatch_studio(config))
    for path in sorted(forward.root.rglob("*.*")):
        assert path.read_bytes() == (backward.root / path.relative_to(forward.root)).read_bytes(), path


def test_a_helper_draws_from_the_other_end_what_another_process_would_have_drawn(tmp_path, monkeypatch):
    order = []

    class Noting(SwatchRenderer):
        def render(self, person, view, size):
            order.append(view.id)
            return super().render(person, view, size)

        def render_group(self, persons, view, size):
            order.append(view.id)
            return SwatchRenderer().render_group(persons, view, size)

    config = small_config()
    alone, helped = (open_tree(tmp_path / name, config, ORIGIN) for name in ("alone", "helped"))
    for index in range(config.identities):
        build_identity(alone, config, index, swatch_studio(config))
    monkeypatch.setattr(pipeline, "_studio", lambda *_: swatch_studio(config, Noting()))
    step = pipeline.BuildIdentities(str(helped.root), config.to_dict(), None)
    tasks = pipeline.task_count(config)
    step.run(rank=tasks + 1, world_size=2 * tasks)
    views = _views(config, 1)
    assert len(order) > 8
    assert order == [view.id for view in reversed(views)]
    order.clear()
    step.run(rank=1, world_size=2 * tasks)
    assert not order, "everything was there"
    for rank in (0, 2, 3, *range(tasks, 2 * tasks)):
        step.run(rank=rank, world_size=2 * tasks)
    assert len(order) == 3 * len(views), "who is complete needs no help"
    for path in sorted(alone.root.rglob("*.*")):
        assert path.read_bytes() == (helped.root / path.relative_to(alone.root)).read_bytes(), path


def _views(config, index):
    return [
        *(sample_view(config, index, role, number) for role, number in planned_views(config)),
        *(sample_group(config, index, role, number) for role, number in planned_groups(config)),
    ]


def test_resuming_draws_only_what_is_missing(tmp_path):
    class Counting(SwatchRenderer):
        drawn = 0

        def render(self, person, view, size):
            self.drawn += 1
            return super().render(person, view, size)

    config, first, second = small_config(), Counting(), Counting()
    tree = open_tree(tmp_path / "raw", config, ORIGIN)
    build_identity(tree, config, 0, swatch_studio(config, first))
    before = {path: path.read_bytes() for path in tree.root.rglob("*.*")}
    groups = [sample_group(config, 0, role, number) for role, number in planned_groups(config)]
    assert first.drawn == len(list(planned_views(config))) + sum(len(g.figures) for g in groups)
    tree.picture("id_0001", "seen-001").unlink()
    tree.rows(0, "finetune").unlink()
    build_identity(tree, config, 0, swatch_studio(config, second))
    assert second.drawn == 1
    assert {path: path.read_bytes() for path in tree.root.rglob("*.*")} == before


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("seen-001.json", lambda content: content[:40]),
        ("seen-001.json", lambda content: b"{}"),
        ("seen-001.json", None),
        ("seen-001.png", lambda content: content[:-30]),
        ("seen-001.png", lambda content: content[:60] + b"rot" + content[63:]),
        ("seen-001.png", lambda content: b""),
    ],
)
def test_a_damaged_picture_is_drawn_anew(tmp_path, name, damage):
    config = small_config()
    tree = open_tree(tmp_path / "raw", config, ORIGIN)
    build_identity(tree, config, 0, swatch_studio(config))
    path = tree.identity(0) / "images" / name
    before = path.read_bytes()
    if damage:
        path.write_bytes(damage(before))
    else:
        path.unlink()
    build_identity(tree, config, 0, swatch_studio(config))
    assert path.read_bytes() == before


def test_every_row_file_is_written(tmp_path):
    config = small_config()
    tree = open_tree(tmp_path / "raw", config, ORIGIN)
    build_identity(tree, config, 0, swatch_studio(config))
    whole = (FINETUNE, ALTERNATIVES)
    names = [*whole, *(f"{c}-{s}" for c in SPLITS for s in SPLITS[c] if c not in (*whole, PROFILES))]
    assert len(names) == 10
    assert all(tree.rows(0, name).is_file() for name in names)


def test_a_raw_tree_of_another_config_is_refused(tmp_path):
    open_tree(tmp_path / "raw", small_config(), ORIGIN)
    with pytest.raises(RememError, match="begun with seed = 0, not 4"):
        open_tree(tmp_path / "raw", small_config(seed=4), ORIGIN)
    assert open_tree(tmp_path / "raw", small_config(seed=4), ORIGIN, restart=True).config().seed == 4


def test_a_raw_tree_of_other_code_is_refused(tmp_path):
    tree = open_tree(tmp_path / "raw", small_config(), ORIGIN)
    path = tree.root / "remem-raw.json"
    path.write_text(path.read_text().replace(tree.origin().generator, "0" * 32))
    with pytest.raises(RememError, match="another version of the code or the assets that draw"):
        open_tree(tmp_path / "raw", small_config(), ORIGIN)


def test_other_wordings_cost_no_picture(tmp_path):
    """A tree that was begun with other words is taken up: its rows are written anew, its pictures stay."""
    config = small_config()
    tree = open_tree(tmp_path / "raw", config, dataclasses.replace(ORIGIN, text="0" * 32))
    build_identity(tree, config, 0, swatch_studio(config))
    rows, picture = tree.rows(0, FINETUNE), tree.picture("id_0001", "train-000")
    before = rows.read_bytes(), picture.stat().st_mtime_ns
    rows.write_text("{}\n")
    tree = open_tree(tmp_path / "raw", config, ORIGIN)
    build_identity(tree, config, 0, swatch_studio(config))
    assert (rows.read_bytes(), picture.stat().st_mtime_ns) == before
    assert tree.origin() == ORIGIN


def test_words_and_pictures_have_digests_of_their_own(tmp_path, monkeypatch):
    from generation import tree as module

    for name in (
        "assets/questions/pet.j2",
        "assets/scenes.yaml",
        "generation/rows.py",
        "generation/cache.py",
        "assets/presets/tiny.yaml",
        "generation/sheet.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("one")
    monkeypatch.setattr(module, "ASSETS", tmp_path / "assets")
    pictures, words = module.code_digests()
    for name in ("assets/questions/pet.j2", "generation/rows.py"):
        (tmp_path / name).write_text("two")
        now = module.code_digests()
        assert now[0] == pictures
        assert now[1] != words
        words = now[1]
    for name in ("assets/scenes.yaml", "generation/cache.py"):
        (tmp_path / name).write_text("two")
        now = module.code_digests()
        assert now[1] == words
        assert now[0] != pictures
        pictures = now[0]
    for name in ("assets/presets/tiny.yaml", "generation/sheet.py"):
        (tmp_path / name).write_text("two")
        assert module.code_digests() == (pictures, words)


def test_a_raw_tree_of_other_pictures_is_refused(tmp_path):
    open_tree(tmp_path / "raw", small_config(), ORIGIN)
    other = dataclasses.replace(ORIGIN, faces="0" * 32)
    with pytest.raises(RememError, match="other pictures in --faces"):
        open_tree(tmp_path / "raw", small_config(), other)
    tree = open_tree(tmp_path / "raw", small_config(), other, restart=True)
    assert tree.origin() == other


def test_restart_throws_everything_away(tmp_path):
    config = small_config()
    tree = open_tree(tmp_path / "raw", config, ORIGIN)
    build_identity(tree, config, 0, swatch_studio(config))
    with sole_builder(tree.root):
        open_tree(tree.root, config, ORIGIN, restart=True)
        assert {path.name for path in tree.root.iterdir()} == {".lock", "remem-raw.json"}
        with pytest.raises(RememError, match="Another build is at work"), sole_builder(tree.root):
            pass


def test_a_folder_that_is_no_raw_tree_is_refused(tmp_path):
    (tmp_path / "x").write_text("mine")
    with pytest.raises(RememError, match="is not a raw tree"):
        open_tree(tmp_path, small_config(), ORIGIN, restart=True)
    with pytest.raises(RememError, match="is not a raw tree"), sole_builder(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_text() == "mine"


def test_command_line_makes_two_people_on_two_workers(tmp_path, request):
    options = {
        "--preset": "tiny",
        "--out": tmp_path / "remem",
        "--identities": 2,
        "--forget-levels": 50,
        "--default-forget-level": 50,
        "--qa-per-identity": 20,
        "--single-hop-ratio": 0.7,
        "--images-per-identity": 1,
        "--eval-per-identity": 2,
        "--multi-image-per-identity": 1,
        "--image-size": 48,
        "--candidates": 3,
        "--groups-per-identity": 1,
        "--casting-pool": 1,
        "--redraws": 0,
        "--workers": 2,
    }
    arguments = [part for option in options.items() for part in option]
    done = run_generation(*arguments, cwd=request.config.rootpath)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "remem" / "remem.json").read_text())
    assert manifest["counts"]["finetune"]["train"] == 40
    assert manifest["config"]["image_size"] == 48
    assert len(list((tmp_path / "remem.raw").rglob("*.png"))) == 2 * 8
    again = run_generation(*arguments, cwd=request.config.rootpath)
    assert "already built" in again.stdout
    other = run_generation(*arguments, "--seed", 9, cwd=request.config.rootpath)
    assert other.returncode == 2
    assert other.stderr.startswith("error: ")
    assert other.stderr.count("\n") == 1
    assert json.loads((tmp_path / "remem" / "remem.json").read_text()) == manifest


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--preset", "huge"], "There is no preset 'huge'"),
        (["--single-hop-ratio", "2"], "single_hop_ratio is 2.0"),
        (["--renderer", "crayon"], "There is no renderer 'crayon'; the renderers are"),
        (["--no-such-field", "1"], "No such option"),
        (["--out", "{tmp}/a-file/x"], "Cannot write"),
        (["--out", "/proc/nope/x"], "Cannot write"),
    ],
)
def test_bad_input_exits_with_2_and_writes_nothing(tmp_path, request, arguments, sentence):
    (tmp_path / "a-file").touch()
    given = [argument.replace("{tmp}", str(tmp_path)) for argument in arguments]
    done = run_generation("--out", tmp_path / "remem", *given, cwd=request.config.rootpath)
    assert done.returncode == 2
    assert re.fullmatch(rf"error: .*{re.escape(sentence)}.*\n", done.stderr), done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a-file"]


def test_a_killed_worker_ends_the_run_and_the_next_run_completes_it(tmp_path, request):
    command = [sys.executable, "-m", "generation", "--preset", "tiny", "--out", str(tmp_path / "remem")]
    command += ["--identities", "2", "--forget-levels", "50", "--default-forget-level", "50"]
    command += ["--recognition", "0"]
    command += [
        "--image-size",
        "48",
        "--images-per-identity",
        "3",
        "--eval-per-identity",
        "2",
        "--workers",
        "2",
    ]
    build = subprocess.Popen(command, cwd=request.config.rootpath, stderr=subprocess.PIPE, text=True)
    pictures = tmp_path / "remem.raw" / "identities"
    while build.poll() is None and not list(pictures.glob("*/images/[!.]*.png")):
        time.sleep(0.05)
    family = [process for process in psutil.Process(build.pid).children(recursive=True)]
    worker = max(family, key=lambda process: process.cpu_times().user)
    worker.kill()
    _, stderr = build.communicate(timeout=120)
    assert build.returncode == 2, stderr
    assert "A worker process died" in stderr
    assert not (tmp_path / "remem").exists()
    kept = {path: path.stat().st_mtime_ns for path in pictures.glob("*/images/[!.]*.png")}
    assert kept
    subprocess.run(command, cwd=request.config.rootpath, check=True, capture_output=True)
    assert json.loads((tmp_path / "remem" / "remem.json").read_text())["counts"]["finetune"]["train"] == 48
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_the_raw_tree_names_damage(tmp_path):
    tree = RawTree(tmp_path)
    (tmp_path / "remem-raw.json").write_text('{"schema_version": "0.9"}')
    with pytest.raises(RememError, match=r"schema version 0\.9"):
        tree.config()
    path = tree.rows(0, "finetune")
    path.parent.mkdir(parents=True)
    path.write_text('{"id": 1}\n{"id"')
    with pytest.raises(RememError, match="line 2, is not JSON"):
        list(tree.read_rows(0, "finetune"))
