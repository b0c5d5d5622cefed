"""Builds that meet with an accident: killed at any moment, out of disk, with damaged files."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest

from generation.tree import sole_builder

KILLS = 10
BUILD = {
    "--preset": "tiny",
    "--identities": 2,
    "--forget-levels": 50,
    "--default-forget-level": 50,
    "--qa-per-identity": 20,
    "--single-hop-ratio": 0.7,
    "--images-per-identity": 2,
    "--eval-per-identity": 2,
    "--groups-per-identity": 1,
    "--multi-image-per-identity": 1,
    "--image-size": 64,
    "--casting-pool": 2,
    "--redraws": 1,
    "--candidates": 3,
}


def command(out, workers: int) -> list[str]:
    options = {**BUILD, "--out": out, "--workers": workers}
    return [sys.executable, "-m", "generation", *(str(part) for pair in options.items() for part in pair)]


def start(out, workers: int, root, **how) -> subprocess.Popen:
    return subprocess.Popen(
        command(out, workers),
        cwd=root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **how,
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, request):
    """A build by one worker that nothing disturbed."""
    out = tmp_path_factory.mktemp("undisturbed") / "remem"
    build = start(out, 1, request.config.rootpath)
    _, stderr = build.communicate()
    assert build.returncode == 0, stderr
    return out


def content(out) -> dict[str, bytes]:
    """Every file of the dataset and of the raw tree's people; logs and caches aside."""
    raw = out.with_name(out.name + ".raw")
    parts = [(out, out.rglob("*")), (raw, raw.glob("identities/**/*")), (raw, raw.glob("casting/*.npz"))]
    return {
        f"{root.name}/{path.relative_to(root)}": path.read_bytes()
        for root, paths in parts
        for path in paths
        if path.is_file() and path.suffix != ".npz"
    }


def test_killed_ten_times_gives_the_same_dataset(undisturbed, tmp_path, request):
    out = tmp_path / "remem"
    rng = np.random.default_rng(7)
    interrupted = 0
    for _ in range(KILLS):
        build = start(out, 2, request.config.rootpath)
        time.sleep(rng.uniform(2.0, 7.0))
        if build.poll() is None:
            interrupted += 1
            os.killpg(build.pid, signal.SIGKILL)
        build.communicate()
    assert interrupted, "every build was done before it could be killed"
    build = start(out, 2, request.config.rootpath)
    _, stderr = build.communicate()
    assert build.returncode == 0, stderr
    assert content(out) == content(undisturbed)
    left = [path.name for path in tmp_path.rglob(".*") if path.name != ".lock"]
    assert left == [], "temporary files stayed behind"


def test_workers_end_when_the_build_is_killed(tmp_path, request):
    build = start(tmp_path / "remem", 2, request.config.rootpath)
    parent = psutil.Process(build.pid)
    while build.poll() is None and len(parent.children(recursive=True)) < 3:
        time.sleep(0.05)
    family = parent.children(recursive=True)
    assert len(family) >= 3, "two workers and their fork server"
    build.kill()
    build.communicate()
    _, alive = psutil.wait_procs(family, timeout=30)
    for process in alive:
        process.kill()
    assert alive == []


def test_a_full_disk_is_one_sentence_and_loses_nothing(undisturbed, tmp_path, request):
    out = tmp_path / "remem"
    # A limit on file size is what a full disk looks like to one file: small ones fit, pictures do not.
    build = start(
        out,
        1,
        request.config.rootpath,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000)),
    )
    _, stderr = build.communicate()
    assert build.returncode == 2
    assert "error: Cannot write " in stderr
    assert "Traceback" not in stderr
    assert not out.exists()
    again = start(out, 1, request.config.rootpath)
    _, stderr = again.communicate()
    assert again.returncode == 0, stderr
    assert content(out) == content(undisturbed)


def test_damaged_casting_files_are_made_anew(undisturbed, tmp_path, request):
    out, raw = tmp_path / "remem", tmp_path / "remem.raw"
    shutil.copytree(undisturbed.with_name("remem.raw"), raw)
    cast, audition = raw / "casting" / "cast.npz", raw / "casting" / "id_0002.npz"
    cast.write_bytes(cast.read_bytes()[:100])
    audition.write_bytes(b"")
    (raw / "identities" / "id_0001" / "images" / "seen-000.png").unlink()
    build = start(out, 1, request.config.rootpath)
    _, stderr = build.communicate()
    assert build.returncode == 0, stderr
    assert content(out) == content(undisturbed)


def test_a_second_build_of_the_same_tree_is_refused(undisturbed, request):
    raw = undisturbed.with_name("remem.raw")
    before = content(undisturbed)
    with sole_builder(raw):
        build = subprocess.run(
            [*command(undisturbed, 1), "--restart"],
            cwd=request.config.rootpath,
            capture_output=True,
            text=True,
        )
    assert build.returncode == 2
    assert "Another build is at work" in build.stderr
    assert content(undisturbed) == before
