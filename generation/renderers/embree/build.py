"""From a person and a pose to the surfaces that are traced."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generation.people.person import Person
from generation.renderers.embree import facial
from generation.renderers.embree.accessories import build_accessory, build_jewellery
from generation.renderers.embree.atlas import atlas_corners, load_atlas
from generation.renderers.embree.bodydata import BodyData
from generation.renderers.embree.clothes import build_clothes, covered_triangles
from generation.renderers.embree.eyes import build_eyes, eye_spheres
from generation.renderers.embree.hair import grow_hair
from generation.renderers.embree.hair_torso import TorsoField, build_torso, pose_hair
from generation.renderers.embree.hair_under import hair_under
from generation.renderers.embree.headmap import HeadMap, build_headmap
from generation.renderers.embree.lashes import lashes
from generation.renderers.embree.shape import Pose, make_pose, neutral_shape
from generation.renderers.embree.skin import SkinMaps, bake_skin, sample_mask
from generation.renderers.embree.strands import Strands, joined, ribbons, thinned
from generation.renderers.embree.subdivision import triangulate
from generation.renderers.embree.surface import Surface, vertex_normals
from generation.renderers.embree.tables import check_choice
from generation.renderers.embree.tracer import frame_height
from generation.views.view import Figure, View

#: Width of a drawn strand in pixels: more where several people stand, whose hair is most of the memory.
STRAND = 0.62
GROUP_STRAND = 1.25
BEARDS = ["none", *facial.BEARD_COUNT]


@dataclass(frozen=True, eq=False)
class PreparedPerson:
    """What every view of a person shares.

    Attributes:
        person: who.
        neutral: (N, 3) coarse vertices without expression.
        skin: (V, 3) the same, subdivided.
        eye_centre: (3,) midpoint between the eyeballs.
        hair: scalp hair around the unposed head, or None.
        head: what hair lies on under a hat.
        torso: what long hair lies on.
        brows: eyebrows.
        beard: beard, or None.
        maps: the skin's colours and relief over the atlas.
    """

    person: Person
    neutral: np.ndarray
    skin: np.ndarray
    eye_centre: np.ndarray
    hair: Strands | None
    head: HeadMap
    torso: TorsoField
    brows: facial.RootedHair
    beard: facial.RootedHair | None
    maps: SkinMaps


def prepare(person: Person, body: BodyData) -> PreparedPerson:
    """Shape and hair of a person.

    Raises:
        RememError: unknown hair style, beard or face target.
    """
    check_choice("beard", person.beard, BEARDS)
    neutral = neutral_shape(person, body)
    vertices = body.subdivision @ neutral[: body.n_skin]
    skin = Surface("skin", vertices, body.triangles, vertex_normals(vertices, body.triangles))
    corner_ears = sample_mask(body.masks["ears"], body.corner_uv.reshape(-1, 2))
    ears = np.zeros(len(vertices))
    np.maximum.at(ears, body.triangles.ravel(), corner_ears)
    head = build_headmap(skin, ears > 0.3)
    rest = make_pose(neutral, body, 0.0, 0.0, 0.0).apply(neutral, body.weights)
    torso = build_torso(body.subdivision @ rest[: body.n_skin], body.triangles)
    eyes = np.unique(np.concatenate([body.parts["l-eye"], body.parts["r-eye"]]))
    return PreparedPerson(
        person=person,
        neutral=neutral,
        skin=vertices,
        eye_centre=neutral[eyes].mean(axis=0),
        hair=grow_hair(person, skin, body.canonical, ears, head, torso),
        head=head,
        torso=torso,
        brows=facial.root_brows(person, body),
        beard=facial.root_beard(person, body),
        maps=bake_skin(person, body, load_atlas(body)),
    )


def build_surfaces(
    known: PreparedPerson,
    body: BodyData,
    coarse: np.ndarray,
    pose: Pose,
    view: View | Figure,
    size: int,
    camera: np.ndarray,
    distance: float,
) -> list[Surface]:
    """Everything the rays can hit, posed.

    Args:
        known: the prepared person.
        body: the body data.
        coarse: (N, 3) coarse vertices with expression, unposed.
        pose: bone transforms.
        view: outfit and gaze.
        size: pixels each way; strands get no thinner than the picture can show.
        camera: (3,) its position; strands turn towards it.
        distance: decimetres from the camera to the figure.
    """
    posed = pose.apply(coarse, body.weights)
    vertices = body.subdivision @ posed[: body.n_skin]
    skin = Surface(
        material="skin",
        vertices=vertices,
        triangles=body.triangles,
        normals=vertex_normals(vertices, body.triangles),
        values={"canonical": body.canonical},
        corners={"atlas": atlas_corners(body)},
        settings={"maps": known.maps, "turn": pose.head[0]},
    )
    height = frame_height(distance)
    # Lowest height in the picture; perspective shows a little more of what is nearer.
    bottom = float(camera[1]) - 0.53 * height
    clothes = build_clothes(skin, body, view.outfit, height / size, bottom, collar=view.accessory != "scarf")
    bare = ~covered_triangles(body, view.outfit, bottom)
    rotate, _ = pose.head
    pixel = height / size
    small = [known.brows.posed(vertices, skin.normals, body.triangles, rotate)]
    if known.beard is not None:
        small.append(known.beard.posed(vertices, skin.normals, body.triangles, rotate))
    small.append(lashes(posed, body, rotate @ [0.0, 0.0, 1.0]))
    surfaces = [ribbons(joined(small), camera, 0.22 * pixel)]
    if known.hair is not None:
        share = GROUP_STRAND if isinstance(view, Figure) else STRAND
        strands = hair_under(thinned(known.hair, pixel, share), view.accessory, known.head)
        surfaces.append(
            ribbons(pose_hair(strands, pose, known.torso, view.outfit.garment), camera, 0.5 * pixel)
        )
        surfaces[-1].settings["scalp"] = True
    skin.triangles = body.triangles[bare]
    skin.corners = {"atlas": atlas_corners(body)[bare]}
    surfaces += [skin, *clothes, *build_eyes(known.neutral, body, view.gaze, pose.head)]
    surfaces += [_helper(body, posed, name) for name in ("upper-teeth", "lower-teeth", "tongue")]
    eyes = eye_spheres(known.neutral, body)
    surfaces += build_jewellery(known, pose.head, eyes, view.accessory)
    draw = getattr(view, "draw", 0)
    return surfaces + build_accessory(view.accessory, known, pose.head, eyes, [skin, *clothes], draw, pixel)


def _helper(body: BodyData, posed: np.ndarray, name: str) -> Surface:
    numbers, quads = np.unique(body.parts[name], return_inverse=True)
    triangles = triangulate(quads.reshape(body.parts[name].shape))
    vertices = posed[numbers]
    return Surface(
        material="tongue" if name == "tongue" else "teeth",
        vertices=vertices,
        triangles=triangles,
        normals=vertex_normals(vertices, triangles),
        values={"canonical": body.vertices[numbers]},
        settings={"part": name},
    )
