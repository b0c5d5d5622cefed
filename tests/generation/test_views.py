"""Views: reproducible, diverse, and unseen ones made of nothing that a seen one is made of."""

from __future__ import annotations

import collections
import json
import shutil
import subprocess
import sys

import pytest

from generation.presets import ASSETS, load_preset
from generation.views import sample_view
from generation.views.templates import SEEN, UNSEEN, load_templates
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError

CONFIG = load_preset("tiny", seed=5)
TABLES = ("scenes", "wardrobe", "lights", "cameras", "expressions")


def parts(view):
    """What must not occur on both sides."""
    return view.scene.id, view.outfit.id, view.light.id


@pytest.fixture(scope="module")
def views():
    return {
        role: [sample_view(CONFIG, index, role, k) for index in range(4) for k in range(60)]
        for role in ("train", "seen", "unseen")
    }


def test_same_view_in_another_process():
    code = (
        "import json; from generation.views import sample_view; from generation.presets import load_preset;"
        "c = load_preset('tiny', seed=5);"
        "print(json.dumps([sample_view(c, 2, r, 7).to_dict() for r in ('train', 'unseen')]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ASSETS.parent
    )
    here = [sample_view(CONFIG, 2, role, 7).to_dict() for role in ("train", "unseen")]
    assert json.loads(done.stdout) == json.loads(json.dumps(here))


def test_sizes_of_the_build_do_not_matter():
    larger = BenchmarkConfig(**{**CONFIG.to_dict(), "identities": 100, "images_per_identity": 500})
    for role in ("anchor", "train", "seen", "unseen"):
        assert sample_view(larger, 1, role, 4) == sample_view(CONFIG, 1, role, 4)


def test_seed_identity_role_and_number_all_matter():
    base = sample_view(CONFIG, 1, "train", 4)
    others = [
        sample_view(load_preset("tiny", seed=6), 1, "train", 4),
        sample_view(CONFIG, 2, "train", 4),
        sample_view(CONFIG, 1, "seen", 4),
        sample_view(CONFIG, 1, "train", 5),
    ]
    assert len({v.draw for v in [base, *others]}) == 5


def test_unseen_shares_nothing_with_seen(views):
    known = [set(ids) for ids in zip(*map(parts, views["train"] + views["seen"]), strict=True)]
    new = [set(ids) for ids in zip(*map(parts, views["unseen"]), strict=True)]
    anchor = parts(sample_view(CONFIG, 0, "anchor", 0))
    for a, b, c in zip(known, new, anchor, strict=True):
        assert not a & b
        assert c not in b


def test_unseen_templates_look_new_too():
    """Not only the ids: the kinds of place, the colours of shirts and the lamps differ."""
    templates = load_templates()
    kinds = [{p.scene.kind for p in templates.places[name]} for name in (SEEN, UNSEEN)]
    assert not kinds[0] & kinds[1]
    shirts = [
        {(c.neckline, c.pattern, p) for c in templates.clothes[name] for p in c.palettes}
        for name in (SEEN, UNSEEN)
    ]
    assert not shirts[0] & shirts[1]


def test_enough_templates():
    t = load_templates()
    for group, least in ((SEEN, (16, 10, 6)), (UNSEEN, (6, 4, 3))):
        assert all(len(g[group]) >= n for g, n in zip((t.places, t.clothes, t.lights), least, strict=True))


def test_templates_are_dealt_in_turn():
    """No scene or outfit comes again before all have come; each person has an order of its own."""
    templates = load_templates()
    orders = []
    for index in range(3):
        scenes = len(templates.places[SEEN])
        run = [sample_view(CONFIG, index, "train", k) for k in range(2 * scenes)]
        assert len({v.scene.id for v in run[:scenes]}) == scenes == len({v.scene.id for v in run[scenes:]})
        assert len({v.outfit.id for v in run[: len(templates.clothes[SEEN])]}) == len(templates.clothes[SEEN])
        orders.append(tuple(v.scene.id for v in run))
    assert len(set(orders)) == 3


def test_every_template_is_used(views):
    templates = load_templates()
    for role, group in (("train", SEEN), ("seen", SEEN), ("unseen", UNSEEN)):
        used = collections.Counter(p for v in views[role] for p in parts(v))
        assert all(used[place.scene.id] for place in templates.places[group])
        assert all(used[clothes.id] for clothes in templates.clothes[group])
        assert all(used[light] for light in templates.lights[group])
        assert {v.expression for v in views[role]} == set(templates.expressions[role])


def test_pose_within_limits_and_from_all_sides(views):
    for view in views["train"] + views["unseen"]:
        assert abs(view.yaw) <= 30
        assert abs(view.pitch) <= 10
        assert abs(view.roll) <= 6
        assert 11 <= view.camera_distance <= 20
        assert abs(view.gaze[0]) <= 25
        assert abs(view.gaze[1]) <= 15
    yaws = [v.yaw for v in views["train"][:5]]
    assert min(yaws) < -7
    assert max(yaws) > 7
    assert any(abs(y) <= 7 for y in yaws)


def test_colours_are_in_range(views):
    for view in views["train"] + views["unseen"]:
        colours = [*view.outfit.colours, view.light.ambient_sky, view.light.ambient_ground]
        colours += [light.colour for light in view.light.lights]
        assert all(0 <= c <= 1 for colour in colours for c in colour)
        assert len(view.light.lights) >= 2


def test_anchor_is_a_plain_frontal_portrait():
    for index in range(5):
        view = sample_view(CONFIG, index, "anchor", 0)
        assert (view.id, view.yaw, view.pitch, view.roll) == ("anchor-000", 0, 0, 0)
        assert (view.expression, view.gaze, view.scene.kind) == ("neutral", (0, 0), "studio")


def test_ids():
    assert sample_view(CONFIG, 0, "train", 0).id == "train-000"
    assert sample_view(CONFIG, 0, "unseen", 27).id == "unseen-027"


@pytest.mark.parametrize(("role", "number"), [("test", 0), ("train", -1)])
def test_bad_arguments(role, number):
    with pytest.raises(RememError):
        sample_view(CONFIG, 0, role, number)


@pytest.mark.parametrize(
    ("table", "old", "new", "message"),
    [
        ("scenes", "id: museum", "id: park-noon", "'park-noon' in both seen and unseen"),
        ("scenes", "id: park-autumn", "id: park-noon", "'park-noon' twice in seen"),
        ("scenes", "kind: gallery", "kind: brick", "'museum' looks the same as 'brick-red'"),
        ("scenes", "kind: gallery", "kind: moon", "it must be one of"),
        ("scenes", "params: {sun: 0.8}", "params: {sun: 1.8}", "sun is 1.8"),
        ("scenes", "params: {sun: 0.8}", "params: {moon: 0.8}", "'moon'"),
        ("scenes", "params: {sun: 0.8}", "params: {leaf: [0.1, 0.2, 7]}", "leaf is 7"),
        ("scenes", "params: {sun: 0.8}", "parameters: {}", "unknown key 'parameters'"),
        ("scenes", "lights: [clamshell, skylight]", "lights: [butterfly]", "butterfly"),
        ("scenes", "lights: [clamshell, skylight]", "lights: []", "at least one entry"),
        ("wardrobe", "neckline: v, pattern: stripes", "neckline: w, pattern: stripes", "neckline is 'w'"),
        ("wardrobe", '[["#9a88b8", "#9a88b8"]', '[["#9a88b8"]', "pair of colours"),
        ("wardrobe", '["#9a88b8", "#9a88b8"]', '["#1e2023", "#1e2023"]', None),
        (
            "wardrobe",
            '["#9a88b8", "#9a88b8"]',
            '["#5f7a86", "#5f7a86"]',
            "'lilac-v' looks the same as 'v-plain'",
        ),
        ("lights", "power: 0.96", "power: 80", "power is 80"),
        ("lights", "power: 0.96", "brightness: 0.96", "unknown key 'brightness'"),
        ("lights", "ambient_sky: [0.20, 0.21, 0.23]", "ambient_sky: [0.20, 0.21]", "ambient_sky"),
        ("cameras", "yaw: [[-30, -18]", "yaw: [[-50, -18]", "yaw is -50"),
        ("cameras", "distance: [13.2, 14.4]", "distance: [14.4, 13.2]", "must not exceed"),
        ("cameras", "expression: neutral", "expression: frozen", "expression is 'frozen'"),
    ],
)
def test_faulty_tables(tmp_path, table, old, new, message):
    for name in TABLES:
        shutil.copy(ASSETS / f"{name}.yaml", tmp_path)
    path = tmp_path / f"{table}.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    if message is None:  # the same colours in another cut are another outfit
        load_templates(tmp_path)
        return
    with pytest.raises(RememError, match=message) as fault:
        load_templates(tmp_path)
    assert len(str(fault.value).splitlines()) == 1
