"""Pictures of several people: who can be seen, and what stands before whom."""

from __future__ import annotations

import pytest

from generation.presets import load_preset
from generation.views.framing import covers_portrait, face_height, half_frame, lens, visible_share
from generation.views.groupplan import PORTRAIT_PLACE, plan_group
from generation.views.groups import sample_group
from generation.views.grouptables import load_group_tables
from generation.views.view import Prop

DEFAULT = load_preset("default")


@pytest.fixture(scope="module")
def views():
    return [
        sample_group(DEFAULT, index, role, number)
        for index in range(DEFAULT.identities)
        for role in ("seen", "unseen")
        for number in range(DEFAULT.groups_per_identity)
    ]


def test_everyone_present_can_be_seen(views):
    tables = load_group_tables()
    for view in views:
        for k, figure in enumerate(view.figures):
            if figure.kind == "present":
                assert face_height(view, figure, 384) >= tables.least_face
                assert visible_share(view, k) >= tables.least_visible


def test_questions_are_asked_of_what_no_redraw_changes():
    config = load_preset("default", identities=40)

    def people(group):
        return {(figure.identity, figure.kind, figure.place, figure.outfit) for figure in group.figures}

    for index in range(40):
        plan = plan_group(config, index, "unseen", 1)
        for attempt in (0, 4):
            view = sample_group(config, index, "unseen", 1, attempt)
            assert view.id == plan.id
            assert people(view) == people(plan)
            assert view.figures[view.asked].identity == plan.figures[plan.asked].identity == index


def test_framed_pictures_stand_whole_in_the_frame_with_nothing_before_them(views):
    framed = [(v, f) for v in views for f in v.figures if f.kind == "portrait"]
    assert len(framed) >= 10
    for view, figure in framed:
        assert figure.place == PORTRAIT_PLACE
        assert not any(covers_portrait(prop, view.figures, lens(view)) for prop in view.props)
        camera = lens(view)
        half = half_frame(camera, figure.position[2])
        face = 0.5  # half the width of the face on the print
        assert abs(figure.position[0] - camera[0]) + face < half
        assert abs(figure.position[1] - camera[1]) + face < half


@pytest.mark.parametrize(
    ("kind", "shift", "nearer", "covers"),
    [
        ("cup", 0.0, 0.6, True),
        ("cup", 0.0, -0.6, False),
        ("cup", 2.2, 0.6, False),
        ("cup", -1.3, 0.6, True),
        ("table", 0.0, 0.6, False),
    ],
)
def test_what_covers_a_framed_picture(views, kind, shift, nearer, covers):
    view, figure = next((v, f) for v in views for f in v.figures if f.kind == "portrait")
    x, y, z = figure.position
    prop = Prop(kind, (x + shift, y - 1.0, z + nearer), 0.9, (0.5, 0.5, 0.5))
    assert covers_portrait(prop, view.figures, lens(view)) is covers


def test_the_users_own_pictures_are_not_named_by_clothes_that_they_do_not_wear():
    config = load_preset("default", renderer="folder")
    places = {
        figure.place
        for index in range(config.identities)
        for role in ("seen", "unseen")
        for number in range(config.groups_per_identity)
        for figure in sample_group(config, index, role, number).figures
    }
    named = {"on the left", "on the right", "in the middle", "second from the left", "in the framed picture"}
    assert named <= places
    assert places <= named | {"on the far left", "second from the right", "on the far right"} | {
        "on the ID badge",
        "in front of the camera",
    }


def test_the_kinds_of_pictures(views):
    counts = {len(v.figures) for v in views}
    assert counts == {2, 3, 4}
    kinds = {f.kind for v in views for f in v.figures}
    assert kinds == {"present", "portrait", "badge"}
    asked = {v.figures[v.asked].kind for v in views}
    assert asked == kinds
    assert any(v.figures[v.asked].place.startswith("in the ") for v in views)
    assert any(v.figures[v.asked].place == "on the left" for v in views)
