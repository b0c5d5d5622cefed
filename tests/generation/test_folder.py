"""The folder renderer: what it refuses to read, whom it draws, and where."""

from __future__ import annotations

import dataclasses
import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("cv2", reason="the extra `faces` is not installed")

from generation.quality.recogniser import THRESHOLD, overlap, shared_recogniser
from generation.renderers import check_renderer, get_renderer, source_digest
from generation.renderers.backgrounds import paint_background
from generation.renderers.embree.post import to_srgb
from generation.renderers.folder import pictures
from generation.renderers.folder.cutout import cut_out, find_face, to_linear
from generation.renderers.folder.light import grade
from generation.renderers.folder.pictures import digest, list_folders, load
from generation.views.view import AreaLight, Figure, GroupView, LightRig, Outfit, Scene
from remem_dataset.errors import RememError
from tests.fakes.faces import EVEN_LIGHT as LIGHT
from tests.fakes.faces import LOOKS, PASSPORT, draw_faces

SCENE = Scene("wall", "studio", {"centre": (0.1, 0.3, 0.6), "edge": (0.05, 0.15, 0.3), "mottle": 0.0})
OUTFIT = Outfit("plain", "crew", "plain", ((0.2, 0.2, 0.2), (0.3, 0.3, 0.3)))
VIEW = dataclasses.replace(PASSPORT, outfit=OUTFIT, scene=SCENE, camera_distance=18.0, draw=3)
SIZE = 128


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three folders with one real picture each, of three people drawn by the embree renderer."""
    return draw_faces(tmp_path_factory.mktemp("faces"), LOOKS, SIZE)


def png(path: Path, size: tuple[int, int] = (128, 128), mode: str = "RGB") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size).save(path)
    return path


def test_folders_come_in_the_order_of_their_names_and_hidden_files_and_notes_are_left_alone(tmp_path):
    for name in ("zoe/2.png", "zoe/10.png", "Bob/x.jpg", "adam/y.webp"):
        png(tmp_path / name)
    (tmp_path / ".DS_Store").touch()
    (tmp_path / "licence.txt").touch()
    (tmp_path / "zoe" / "notes.md").touch()
    found = list_folders(tmp_path)
    assert [f.name for f in found] == ["Bob", "adam", "zoe"]
    assert [p.name for p in found[2].files] == ["10.png", "2.png"]
    assert [f.name for f in list_folders(tmp_path, 2)] == ["Bob", "adam"]


def test_too_few_folders_are_refused_before_any_work_naming_both_numbers(tmp_path):
    png(tmp_path / "a" / "1.png")
    with pytest.raises(RememError, match=r"has 4 identities, but .* holds 1 folders"):
        check_renderer("folder", tmp_path, identities=4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda root: (root / "a").mkdir(), "holds no picture"),
        (lambda root: (root / "a").mkdir() or (root / "a" / "x.heic").touch(), "only PNG, JPEG and WebP"),
        (lambda root: png(root / "loose.png"), "beside the folders"),
        (lambda root: png(root / "a" / "deep" / "x.png"), "is not a picture"),
        (lambda root: (root / "a").symlink_to("/etc"), "symbolic link"),
        (
            lambda root: (root / "a").mkdir() or (root / "a" / "x.png").symlink_to("/etc/passwd"),
            "symbolic link",
        ),
        (lambda root: (root / "a").mkdir() or os.mkfifo(root / "a" / "x.png"), "is not a picture"),
    ],
)
def test_folders_that_are_not_as_they_should_be_are_refused(tmp_path, make, message):
    make(tmp_path)
    with pytest.raises(RememError, match=message):
        list_folders(tmp_path)


def test_a_missing_folder_or_option_is_named(tmp_path):
    with pytest.raises(RememError, match="is not a folder"):
        get_renderer("folder", tmp_path / "nowhere")
    with pytest.raises(RememError, match="needs --faces"):
        check_renderer("folder")
    with pytest.raises(RememError, match="'embree' draws people itself"):
        check_renderer("embree", tmp_path)


def bomb(path: Path, side: int) -> Path:
    """A PNG of side × side black pixels in a few kilobytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes(side * ((side + 7) // 8 + 1)), 9)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )
    return path


def test_decompression_bombs_small_broken_and_mislabelled_pictures_are_refused(tmp_path, monkeypatch):
    with pytest.raises(RememError, match="9000 × 9000 pixels; at most 64 million"):
        load(bomb(tmp_path / "bomb.png", 9000))
    with pytest.raises(RememError, match="each side must have at least 96"):
        load(png(tmp_path / "small.png", (200, 95)))
    whole = np.random.default_rng(0).integers(0, 255, (128, 128, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(whole).save(buffer, "PNG")
    (tmp_path / "half.png").write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 2])
    with pytest.raises(RememError, match="cannot be read"):
        load(tmp_path / "half.png")
    (tmp_path / "text.png").write_text("<svg/>")
    with pytest.raises(RememError, match="it is no PNG, JPEG or WebP"):
        load(tmp_path / "text.png")
    (tmp_path / "really.jpg").write_bytes(buffer.getvalue())
    with pytest.raises(RememError, match="is a PNG file by its content"):
        load(tmp_path / "really.jpg")
    monkeypatch.setattr(pictures, "MOST_BYTES", 1000)
    (tmp_path / "big.png").write_bytes(buffer.getvalue())
    with pytest.raises(RememError, match="is larger than"):
        load(tmp_path / "big.png")


def test_a_file_swapped_for_a_link_after_listing_is_refused(tmp_path):
    path = png(tmp_path / "a" / "x.png")
    list_folders(tmp_path)
    outside = png(tmp_path / "b.png")
    path.unlink()
    path.symlink_to(outside)
    with pytest.raises(RememError, match="Cannot read the picture"):
        load(path)


def test_pictures_come_upright_whatever_the_camera_wrote(tmp_path):
    gradient = np.zeros((120, 200, 3), np.uint8)
    gradient[:60] = 255
    turned = Image.fromarray(gradient).rotate(90, expand=True)
    exif = turned.getexif()
    exif[0x0112] = 6  # turn clockwise to show
    turned.save(tmp_path / "x.jpg", exif=exif, quality=95)
    upright = load(tmp_path / "x.jpg")
    assert upright.shape == (120, 200, 4)
    assert upright[:50, :, 0].min() > 240
    assert upright[70:, :, 0].max() < 15
    grey16 = (np.arange(128 * 128).reshape(128, 128) * 4).astype(np.uint16)
    Image.fromarray(grey16).save(tmp_path / "y.png")
    assert load(tmp_path / "y.png")[-1, -1].tolist() == [254, 254, 254, 255]


def test_the_digest_tells_other_pictures_other_names_and_other_counts(tmp_path):
    for name in ("a/1.png", "b/1.png"):
        png(tmp_path / name)
    first = digest(list_folders(tmp_path))
    assert first == digest(list_folders(tmp_path)) == source_digest("folder", tmp_path, 2)
    assert source_digest("folder", tmp_path, 1) != first
    assert source_digest("embree", None, 2) == ""
    png(tmp_path / "b" / "1.png", (129, 128))
    changed = digest(list_folders(tmp_path))
    (tmp_path / "b" / "1.png").rename(tmp_path / "b" / "2.png")
    assert len({first, changed, digest(list_folders(tmp_path))}) == 3


def test_the_tone_curve_is_undone_exactly_below_its_shoulder_and_nearly_above():
    codes = np.arange(256, dtype=np.uint8)
    back = to_srgb(to_linear(np.repeat(codes[:, None], 3, axis=1))[None])[0, :, 0]
    assert np.abs(back.astype(int) - codes)[:253].max() <= 1


def test_people_stay_who_they_are_and_stand_before_the_scene(faces):
    renderer = get_renderer("folder", faces)
    recogniser = shared_recogniser()
    drawn, source = {}, {}
    for name, person in LOOKS.items():
        picture = renderer.render(person, VIEW, 192)
        (face,) = picture.faces
        (found,) = recogniser.faces(picture.pixels, expected=face.box)
        assert overlap(found.box, face.box) > 0.5
        assert face.identity == person.index
        assert face.kind == "present"
        assert face.visible > 0.85
        drawn[name] = recogniser.embed(picture.pixels, found.box)
        original = np.asarray(Image.open(faces / name / "a.png"))
        source[name] = recogniser.embed(original, find_face(original, name))
        behind = to_srgb(paint_background(SCENE, 192, VIEW.draw))
        for corner in (np.s_[:20, :20], np.s_[:20, -20:]):
            assert np.abs(picture.pixels[corner].astype(int) - behind[corner]).max() <= 2
    for name in LOOKS:
        away = {other: np.linalg.norm(drawn[name] - source[other]) for other in LOOKS}
        assert away[name] < THRESHOLD
        assert min(away, key=away.get) == name


def test_same_input_same_bytes_also_from_another_renderer(faces):
    first, second = get_renderer("folder", faces), get_renderer("folder", faces)
    second.render(LOOKS["ada"], dataclasses.replace(VIEW, draw=8), 96)
    a, b = (r.render(LOOKS["ben"], VIEW, 96) for r in (first, second))
    assert (a.pixels == b.pixels).all()
    assert a.faces == b.faces


def test_framing_moves_and_scales_the_face(faces):
    renderer = get_renderer("folder", faces)

    def box(**changes) -> np.ndarray:
        return np.array(
            renderer.render(LOOKS["ada"], dataclasses.replace(VIEW, **changes), 96).faces[0].box, dtype=float
        )

    near, far = box(camera_distance=15.0), box(camera_distance=30.0)
    assert 1.8 < (near[3] - near[1]) / (far[3] - far[1]) < 2.2
    middle, shifted = box(), box(camera_shift=(0.5, 0.0))
    assert shifted[0] < middle[0] - 8  # the frame moves right, the face left


def test_a_cut_out_that_ends_never_ends_within_the_frame(faces):
    renderer = get_renderer("folder", faces)
    behind = to_srgb(paint_background(SCENE, 96, VIEW.draw))
    for distance in (18.0, 32.0):
        pixels = renderer.render(LOOKS["ada"], dataclasses.replace(VIEW, camera_distance=distance), 96).pixels
        foot = np.abs(pixels[-3:, 38:58].astype(int) - behind[-3:, 38:58]).max(axis=-1)
        assert (foot > 8).mean() > 0.95


def test_light_colours_and_sides_gently():
    right = LightRig("r", (AreaLight(60.0, 0.0, 4.0, (1.0, 0.6, 0.3), 1.0),), (0.1,) * 3, (0.1,) * 3)
    gain = grade(right, np.array([-1.0, 0.0, 1.0]))
    assert gain[2].mean() > gain[1].mean() > gain[0].mean()
    assert gain[1, 0] > gain[1, 1] > gain[1, 2]
    assert gain.min() > 0.6
    assert gain.max() < 1.6
    assert np.ptp(grade(LIGHT, np.array([-1.0, 1.0]))) < 1e-3


def test_alpha_is_taken_at_its_word(faces, tmp_path):
    source = Image.open(faces / "ada" / "a.png").convert("RGBA")
    rgba = np.array(source)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    inside = (columns - 64) ** 2 / 40**2 + (rows - 60) ** 2 / 50**2 < 1
    rgba[..., 3] = 255 * inside
    rgba[~inside, :3] = (255, 0, 255)  # what hides under transparent pixels must not show
    cutout = cut_out(rgba, "x.png")
    assert abs(cutout.alpha.sum() / inside.sum() - 1) < 0.02
    assert cutout.colour[..., 1][cutout.alpha > 0.02].min() > 0.001


def test_grab_cut_keeps_the_person_and_drops_the_paper(faces):
    cutout = cut_out(load(faces / "ada" / "a.png"), "a.png")
    left, top, right, bottom = (round(v) for v in cutout.face)
    assert cutout.alpha[top + 8 : bottom - 4, left + 10 : right - 10].mean() > 0.97
    assert cutout.alpha[: SIZE // 2, :8].max() < 0.05
    assert cutout.alpha[-1, cutout.alpha.shape[1] // 2] > 0.95


def brightened(source: Path, target: Path, factor: float) -> None:
    Image.fromarray((np.asarray(Image.open(source)) * factor).astype(np.uint8)).save(target)


def test_the_clothes_of_a_tight_portrait_stay(tmp_path):
    """Of these shoulders a strip shows, too little for the torso's usual outline to meet."""
    draw_faces(tmp_path, {"ben": LOOKS["ben"]}, size=192)
    rgba = np.asarray(Image.open(tmp_path / "ben" / "a.png").convert("RGBA"))
    cutout = cut_out(rgba, "ben")
    left, _, right, bottom = (round(edge) for edge in cutout.face)
    wide = right - left
    shoulders = cutout.alpha[bottom + 36, left - wide // 3 : right + wide // 3]
    assert shoulders.mean() > 0.95


def test_roles_take_pictures_in_turn_and_the_last_quarter_is_for_unseen(faces, tmp_path):
    folder = tmp_path / "ada"
    folder.mkdir()
    for k, factor in enumerate((1.0, 0.95, 0.9, 0.85)):
        brightened(faces / "ada" / "a.png", folder / f"{k}.png", factor)
    renderer = get_renderer("folder", tmp_path)
    level = [renderer.cutout(0, "anchor", 0).photo.mean()] + [
        renderer.cutout(0, "train", k).photo.mean() for k in range(4)
    ]
    assert level[0] == level[1] == level[4] > level[2] > level[3]
    unseen = {float(renderer.cutout(0, "unseen", k).photo.mean()) for k in range(3)}
    assert len(unseen) == 1
    assert unseen.pop() < level[3]
    redrawn = renderer.render(LOOKS["ada"], dataclasses.replace(VIEW, attempt=1), 64).pixels
    assert (
        redrawn == renderer.render(LOOKS["ada"], dataclasses.replace(VIEW, id="train-001"), 64).pixels
    ).all()


def test_of_two_or_three_pictures_the_last_is_for_unseen_and_a_single_one_for_all(faces, tmp_path):
    for count in (1, 2, 3):
        folder = tmp_path / str(count)
        folder.mkdir()
        for k in range(count):
            brightened(faces / "ada" / "a.png", folder / f"{k}.png", 1.0 - 0.05 * k)
    renderer = get_renderer("folder", tmp_path)
    for identity, count in enumerate((1, 2, 3)):
        levels = {
            role: {float(renderer.cutout(identity, role, k).photo.mean()) for k in range(4)}
            for role in ("train", "seen", "unseen")
        }
        assert levels["train"] == levels["seen"]
        assert len(levels["train"]) == max(1, count - 1)
        assert len(levels["unseen"]) == 1
        assert levels["train"].isdisjoint(levels["unseen"]) == (count > 1)


def test_people_with_a_single_picture_are_counted_before_any_work(tmp_path, capsys):
    for name in ("a/1.png", "b/1.png", "b/2.png", "c/1.png"):
        png(tmp_path / name)
    check_renderer("folder", tmp_path, 3)
    said = capsys.readouterr().err
    assert said.startswith("warning: 2 of 3 people have a single picture in ")
    assert "such as 'a'; their unseen views show the picture that training shows" in said
    (tmp_path / "a" / "2.png").write_bytes((tmp_path / "a" / "1.png").read_bytes())
    check_renderer("folder", tmp_path, 2)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("usable", "shown", "held"), [("1010", "0", "2"), ("1100", "0", "1"), ("0011", "2", "3")]
)
def test_seen_and_unseen_share_no_picture_when_some_cannot_be_used(faces, tmp_path, usable, shown, held):
    (tmp_path / "ada").mkdir()
    for k, good in enumerate(usable):
        if good == "1":
            brightened(faces / "ada" / "a.png", tmp_path / "ada" / f"{k}.png", 1.0 - 0.1 * k)
        else:
            png(tmp_path / "ada" / f"{k}.png")
    renderer = get_renderer("folder", tmp_path)
    for role, expected in (("anchor", shown), ("train", shown), ("unseen", held)):
        wanted = cut_out(load(tmp_path / "ada" / f"{expected}.png"), "").photo
        assert all((renderer.cutout(0, role, number).photo == wanted).all() for number in range(4))


def test_unusable_pictures_are_passed_over_and_a_folder_of_them_is_an_error(faces, tmp_path):
    folder = tmp_path / "ada"
    png(folder / "0-empty.png")
    (folder / "1-broken.png").write_bytes(b"\x89PNG")
    with pytest.raises(
        RememError, match=r"No picture in the folder 'ada' can be used: No face was found in .*0-"
    ):
        get_renderer("folder", tmp_path).render(LOOKS["ada"], VIEW, 64)
    (folder / "2-good.png").write_bytes((faces / "ada" / "a.png").read_bytes())
    with pytest.raises(RememError, match=r"the 3 pictures in the folder 'ada' only 2-good\.png can be used"):
        get_renderer("folder", tmp_path).render(LOOKS["ada"], VIEW, 64)
    brightened(folder / "2-good.png", folder / "3-held.png", 0.8)
    picture = get_renderer("folder", tmp_path).render(LOOKS["ada"], VIEW, 64)
    alone = get_renderer("folder", faces).render(LOOKS["ada"], VIEW, 64)
    assert (picture.pixels == alone.pixels).all()
    with pytest.raises(RememError, match="no folder for identity 1"):
        get_renderer("folder", tmp_path).render(LOOKS["ben"], VIEW, 64)


def test_two_faces_of_one_size_are_refused(faces):
    pair = np.concatenate([np.asarray(Image.open(faces / n / "a.png")) for n in ("ada", "ben")], axis=1)
    with pytest.raises(RememError, match="shows 2 faces"):
        find_face(np.ascontiguousarray(pair), "pair.png")


def figure(identity: int, kind: str, position: tuple[float, float, float]) -> Figure:
    return Figure(identity, kind, "", position, 0.0, 0.0, 0.0, "neutral", 1.0, (0.0, 0.0), OUTFIT)


def group(*figures: Figure) -> GroupView:
    return GroupView(
        "group-seen-000",
        "seen",
        figures,
        0,
        (),
        LIGHT,
        SCENE,
        camera_distance=30.0,
        camera_shift=(0.0, -1.0),
        draw=4,
    )


def test_a_group_has_everyone_in_place_and_the_nearer_in_front(faces):
    renderer = get_renderer("folder", faces)
    people = list(LOOKS.values())
    view = group(figure(0, "present", (-1.9, 0, 0)), figure(1, "present", (1.9, 0, 0)))
    picture = renderer.render_group(people[:2], view, 192)
    left, right = picture.faces
    assert (left.identity, right.identity) == (0, 1)
    assert left.box[2] < right.box[0]
    assert min(left.visible, right.visible) > 0.85
    recogniser = shared_recogniser()
    assert all(recogniser.faces(picture.pixels, expected=f.box) for f in picture.faces)
    hidden = group(figure(0, "present", (0, 0, -4)), figure(1, "present", (0.5, 0, 3)))
    behind, before = renderer.render_group(people[:2], hidden, 96).faces
    assert behind.visible < 0.5 < before.visible
    assert behind.box[3] - behind.box[1] < before.box[3] - before.box[1]


def test_badges_hang_on_their_wearer_and_portraits_on_the_wall(faces):
    renderer = get_renderer("folder", faces)
    people = list(LOOKS.values())
    view = group(
        figure(0, "present", (-1.6, 0, 0)),
        figure(1, "badge", (-1.6, -3, 0)),
        figure(2, "portrait", (1.8, 1, -4)),
    )
    picture = renderer.render_group(people, view, 192)
    wearer, badge, portrait = picture.faces
    assert [f.kind for f in picture.faces] == ["present", "badge", "portrait"]
    assert badge.box[1] > wearer.box[3]
    assert badge.visible > 0.9
    assert wearer.box[0] < badge.box[0] < wearer.box[2] + (wearer.box[2] - wearer.box[0])
    assert portrait.box[0] > wearer.box[2]
    assert portrait.visible > 0.9
    with pytest.raises(RememError, match="3 figures but 2 persons"):
        renderer.render_group(people[:2], view, 96)
