"""Views: reproducible, diverse, and unseen ones made of nothing that a seen one is made of."""

from __future__ import annotations

import collections
import itertools
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from generation.presets import ASSETS, load_preset
from generation.views import sample_view
from generation.views.templates import SEEN, UNSEEN, frontal_light, load_templates
from generation.views.view import ACCESSORIES, OCCLUDERS
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError

CONFIG = load_preset("tiny", seed=5)
TABLES = ("scenes", "wardrobe", "lights", "cameras", "expressions", "colours")


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
        {(c.garment, c.neckline, c.pattern, p) for c in templates.clothes[name] for p in c.palettes}
        for name in (SEEN, UNSEEN)
    ]
    assert not shirts[0] & shirts[1]
    rigs = [{r.lights for r in templates.lights[name].values()} for name in (SEEN, UNSEEN)]
    assert not rigs[0] & rigs[1]


def test_enough_templates():
    t = load_templates()
    for group, least in ((SEEN, (40, 20, 12)), (UNSEEN, (12, 8, 5))):
        assert all(len(g[group]) >= n for g, n in zip((t.places, t.clothes, t.lights), least, strict=True))
        assert {c.garment for c in t.clothes[group]} == {"t-shirt", "sweater", "shirt", "hoodie", "jacket"}


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
        assert abs(view.yaw) <= 45
        assert abs(view.pitch) <= 10
        assert abs(view.roll) <= 6
        assert 11 <= view.camera_distance <= 36
        assert abs(view.gaze[0]) <= 25
        assert abs(view.gaze[1]) <= 15
    yaws = np.abs([v.yaw for v in views["train"]])
    assert yaws.max() > 33
    assert (yaws > 30).mean() < 0.2
    dealt = sorted(v.yaw for v in views["train"][: len(load_templates().camera.pose.yaw)])
    assert dealt[0] < -30
    assert dealt[-1] > 30
    assert max(b - a for a, b in itertools.pairwise(dealt)) < 18


def test_shares_of_what_makes_a_face_hard_to_see():
    """Over whole packs the shares are exact; the anchor has none of it."""
    drawn = [sample_view(CONFIG, 3, "train", k) for k in range(300)]
    share = {
        what: collections.Counter(getattr(v, what) for v in drawn)
        for what in ("framing", "accessory", "occluder")
    }
    assert 0.05 * 300 <= share["framing"]["half-body"] <= 0.15 * 300
    assert set(share["framing"]) == {"close-up", "portrait", "bust", "half-body"}
    assert set(share["accessory"]) == set(ACCESSORIES)
    assert all(n <= 0.04 * 300 for name, n in share["accessory"].items() if name != "none")
    assert share["accessory"]["sunglasses"] <= 0.02 * 300
    assert 0.04 * 300 <= 300 - share["occluder"]["none"] <= 0.08 * 300
    assert set(share["occluder"]) == set(OCCLUDERS)
    assert 0.1 * 300 <= sum(v.blur > 0 for v in drawn) <= 0.2 * 300
    assert not any(v.accessory != "none" and v.occluder != "none" for v in drawn)
    for number in range(60):
        anchor = sample_view(CONFIG, 3, "anchor", number)
        assert (anchor.accessory, anchor.occluder, anchor.blur, anchor.framing) == (
            "none",
            "none",
            0,
            "portrait",
        )


def test_a_framing_is_what_its_name_says():
    distance = collections.defaultdict(list)
    for k in range(80):
        view = sample_view(CONFIG, 0, "seen", k)
        distance[view.framing].append(view.camera_distance)
    names = ("close-up", "portrait", "bust", "half-body")
    assert all(max(distance[a]) < min(distance[b]) for a, b in itertools.pairwise(names))


@pytest.mark.parametrize("role", ["anchor", "train", "unseen"])
def test_redraws_keep_what_questions_name(role):
    for number in range(12):
        views = [sample_view(CONFIG, 1, role, number, attempt) for attempt in range(5)]
        assert views[0] == sample_view(CONFIG, 1, role, number)
        assert [v.attempt for v in views] == list(range(5))
        for view in views[1:]:
            assert (view.id, view.role, view.expression, view.outfit) == (
                views[0].id,
                role,
                views[0].expression,
                views[0].outfit,
            )
            assert (view.scene.id, view.scene.kind) == (views[0].scene.id, views[0].scene.kind)
        assert len({v.draw for v in views}) == 5


def test_redraws_get_easier():
    templates = load_templates()
    hard = [[sample_view(CONFIG, i, "train", k, a) for i in range(2) for k in range(40)] for a in range(5)]
    for attempt, views in enumerate(hard):
        assert max(abs(v.yaw) for v in views) <= 45 * 0.75**attempt
    for view in itertools.chain(*hard[2:]):
        assert (view.accessory, view.occluder, view.blur) == ("none", "none", 0)
        assert view.framing != "half-body"
    rigs = {p.scene.id: [templates.lights[SEEN][name] for name in p.lights] for p in templates.places[SEEN]}
    for view in hard[4]:
        assert frontal_light(view.light) == max(frontal_light(r) for r in rigs[view.scene.id])


def test_places_are_not_brighter_than_the_light_on_the_face(views):
    """The darker the rig, the darker the place behind; the same for the same rig."""
    exposure = {v.light.id: v.scene.params["exposure"] for v in views["train"] + views["unseen"]}
    for view in views["train"] + views["unseen"]:
        assert view.scene.params["exposure"] == exposure[view.light.id] <= 1
    assert exposure["golden-hour"] < exposure["softboxes"]


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
        ("wardrobe", "garment: hoodie", "garment: kimono", "garment is 'kimono'"),
        (
            "wardrobe",
            "garment: sweater, neckline: turtle",
            "garment: hoodie, neckline: turtle",
            "a hoodie has",
        ),
        ("wardrobe", 'colours: ["#9a88b8", "#9a88b8"]', 'colours: ["#9a88b8"]', "pair of colours"),
        ("wardrobe", 'colours: ["#9a88b8", "#9a88b8"]', 'hues: ["#9a88b8", "#9a88b8"]', "unknown key 'hues'"),
        (
            "wardrobe",
            'words: [purple]}, {colours: ["#8fb07a"',
            'words: [blue]}, {colours: ["#8fb07a"',
            "is purple",
        ),
        ("wardrobe", "words: [white, blue]", "words: [white]", "needs 2 colour words"),
        ("wardrobe", "words: [orange]", "words: [ochre]", "'ochre'"),
        (
            "wardrobe",
            'colours: ["#9a88b8", "#9a88b8"], words: [purple]',
            'colours: ["#1e2023", "#1e2023"], words: [black]',
            None,
        ),
        (
            "wardrobe",
            'colours: ["#9a88b8", "#9a88b8"], words: [purple]',
            'colours: ["#8a7a55", "#8a7a55"], words: [brown]',
            "'lilac-v' looks the same as 'tee-v'",
        ),
        ("lights", "power: 0.96", "power: 80", "power is 80"),
        ("lights", "power: 0.96", "brightness: 0.96", "unknown key 'brightness'"),
        ("lights", "ambient_sky: [0.20, 0.21, 0.23]", "ambient_sky: [0.20, 0.21]", "ambient_sky"),
        ("cameras", "yaw: [[-45, -30]", "yaw: [[-50, -30]", "yaw is -50"),
        ("cameras", "distance: [13.2, 14.4]", "distance: [14.4, 13.2]", "must not exceed"),
        ("cameras", "expression: neutral", "expression: frozen", "expression is 'frozen'"),
        ("cameras", "id: half-body, cards: 2", "id: half-body, cards: 9", "15% is the limit"),
        ("cameras", "id: half-body, cards: 2", "id: half-body, cards: 0.5", "whole number of cards"),
        ("cameras", "id: bust", "id: torso", "'torso'"),
        ("cameras", "sunglasses: 1", "sunglasses: 2", "sunglasses has 2 of 51"),
        ("cameras", "beanie: 2", "turban: 2", "'turban'"),
        ("cameras", "post: 1}", "post: 9}", "8% is the limit"),
        ("cameras", "{none: 46, ", "{none: 0, ", "no card 'none'"),
        ("cameras", "sigma: [0.0015, 0.0040]", "sigma: [0.0015, 0.4]", "sigma is 0.4"),
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
