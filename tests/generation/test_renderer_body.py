"""The body data behind the embree renderer: targets, subdivision, cache."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from generation import cache
from generation.renderers.embree import atlas, bodydata, subdivision, tables


def test_every_face_target_exists():
    table = yaml.safe_load((tables.ASSETS / "face_targets.yaml").read_text())
    stems = [s for f in table["features"] for s in f["low"] + f["high"]]
    stems += table["head_shapes"]["stems"] + table["asymmetries"]["stems"]
    assert set(stems) <= set(bodydata.load_body().targets)


def test_a_damaged_cache_is_rebuilt(tmp_path, monkeypatch):
    monkeypatch.setenv("REMEM_CACHE", str(tmp_path))
    fresh = bodydata.load_body.__wrapped__()
    (file,) = tmp_path.iterdir()
    for damage in (b"", b"not a zip file", file.read_bytes()[:5000]):
        file.write_bytes(damage)
        again = bodydata.load_body.__wrapped__()
        assert np.array_equal(again.canonical, fresh.canonical)
        assert file.stat().st_size > 1e6


@pytest.mark.parametrize("names", [(), ("a",), ("a", "b", "c")])
def test_a_cache_file_with_other_arrays_is_rebuilt(tmp_path, monkeypatch, names):
    monkeypatch.setenv("REMEM_CACHE", str(tmp_path))
    np.savez(tmp_path / "x.npz", **{name: np.zeros(2) for name in names})
    wanted = {"a": np.arange(3), "b": np.arange(4)}
    for built in (lambda: wanted, dict):  # the second time it is read
        arrays = cache.load_or_build("x", built, wanted)
        assert {k: v.tolist() for k, v in arrays.items()} == {"a": [0, 1, 2], "b": [0, 1, 2, 3]}


def test_a_lone_array_in_the_caches_place_is_rebuilt(tmp_path, monkeypatch):
    monkeypatch.setenv("REMEM_CACHE", str(tmp_path))
    with (tmp_path / "x.npz").open("wb") as file:
        np.save(file, np.arange(3))
    assert cache.load_or_build("x", lambda: {"a": np.arange(3)}, ["a"])["a"].tolist() == [0, 1, 2]


def test_the_atlas_is_made_anew_from_a_cache_that_lacks_a_part(tmp_path, monkeypatch):
    monkeypatch.setenv("REMEM_CACHE", str(tmp_path))
    body = bodydata.load_body()
    whole = atlas.load_atlas.__wrapped__(body)
    (file,) = tmp_path.glob("atlas*.npz")
    with np.load(file) as stored:
        np.savez(file, **{name: stored[name] for name in stored.files if name != "nearest"})
    assert (atlas.load_atlas.__wrapped__(body).nearest == whole.nearest).all()


def test_an_unwritable_cache_costs_only_time(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("REMEM_CACHE", str(blocked / "inside"))
    arrays = cache.load_or_build("x", lambda: {"a": np.arange(3)}, ["a"])
    assert arrays["a"].tolist() == [0, 1, 2]


def test_subdivision_keeps_a_plane_flat_and_an_affine_map_affine():
    x, y = np.meshgrid(np.arange(5.0), np.arange(4.0))
    points = np.stack([x.ravel(), y.ravel(), 2 * x.ravel() - y.ravel()], axis=1)
    corner = (np.arange(3)[:, None] * 5 + np.arange(4)[None]).ravel()
    quads = np.stack([corner, corner + 1, corner + 6, corner + 5], axis=1)
    matrix, fine = subdivision.subdivide(quads, len(points))
    assert np.allclose(np.asarray(matrix.sum(axis=1)), 1)
    new = matrix @ points
    assert np.allclose(new[:, 2], 2 * new[:, 0] - new[:, 1])
    assert fine.shape == (48, 4)
    assert fine.max() == len(new) - 1
