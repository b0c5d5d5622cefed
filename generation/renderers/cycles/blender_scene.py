"""Runs under the Python that has `bpy`: reads scenes from standard input, answers with pixels.

Not imported by ReMem: this file, `protocol.py` beside it, numpy and bpy are all that this process needs.
"""

from __future__ import annotations

import os
import sys
import tempfile

# Blender prints its progress to standard output, from C: the replies get a copy of that pipe, and everything
# else that is printed goes to the log.
REPLIES = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)

import numpy as np  # noqa: E402
import protocol  # noqa: E402  (lies beside this script, whose folder Python searches first)

SUBSURFACE_SCALE = 0.035  # decimetres: 3.5 mm, the mean free path of red light in skin
SUBSURFACE_RADIUS = (1.0, 0.36, 0.2)


def main() -> None:
    """Answer requests until the input ends."""
    try:
        import bpy
    except Exception as error:
        protocol.send_error(REPLIES, f"bpy cannot be imported ({error})")
        return
    protocol.send(REPLIES, {"version": np.array(bpy.app.version_string)})
    with tempfile.TemporaryDirectory(prefix="remem-cycles-") as folder:
        while True:
            try:
                request = protocol.receive(sys.stdin.buffer)
            except protocol.Closed:
                return
            try:
                pixels = draw(bpy, request, os.path.join(folder, "picture.exr"))
            except Exception as error:  # whatever it is, the other end must hear of it
                protocol.send_error(REPLIES, f"{type(error).__name__}: {error}")
                continue
            protocol.send(REPLIES, {"pixels": pixels})


def draw(bpy, request: dict[str, np.ndarray], path: str) -> np.ndarray:
    """Build the scene and render it: float32 (size, size, 4), linear, premultiplied, top row first."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    size = int(request["size"])
    _settings(scene, size, int(request["samples"]), int(request["seed"]), path)
    _camera(bpy, scene, request)
    _world(bpy, scene, request["sky"], request["ground"])
    parts = {}
    for key, values in request.items():
        if key.count(":") == 2:
            group, number, name = key.split(":")
            parts.setdefault((group, int(number)), {})[name] = values
    materials = {}
    for (group, number), part in sorted(parts.items()):
        if group == "light":
            _light(bpy, scene, number, part)
        elif group == "hair":
            if "hair" not in materials:
                materials["hair"] = _hair_material(bpy)
            _curves(bpy, scene, number, part, materials["hair"])
        else:
            kind = str(part["kind"])
            if kind not in materials:
                materials[kind] = _solid_material(bpy, kind)
            _mesh(bpy, scene, number, part, materials[kind])
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(path)
    image.colorspace_settings.name = "Non-Color"
    pixels = np.empty(size * size * 4, np.float32)
    image.pixels.foreach_get(pixels)
    return pixels.reshape(size, size, 4)[::-1]


def _settings(scene, size: int, samples: int, seed: int, path: str) -> None:
    scene.render.engine = "CYCLES"
    scene.render.resolution_x = scene.render.resolution_y = size
    scene.render.resolution_percentage = 100
    scene.render.film_transparent = True
    scene.render.threads_mode = "FIXED"
    scene.render.threads = 1
    scene.render.dither_intensity = 0
    scene.render.filepath = path
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_mode = "RGBA"
    scene.render.image_settings.color_depth = "32"
    scene.view_settings.view_transform = "Raw"
    cycles = scene.cycles
    cycles.device = "CPU"
    cycles.samples = samples
    cycles.seed = seed
    cycles.use_adaptive_sampling = False
    cycles.use_light_tree = False
    # Fair hair owes its colour to light that crosses many strands: with 4 bounces it turns grey-green.
    cycles.max_bounces = 16
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.use_denoising = True
    cycles.denoiser = "OPENIMAGEDENOISE"
    cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    cycles.denoising_use_gpu = False


def _camera(bpy, scene, request) -> None:
    camera = bpy.data.cameras.new("camera")
    camera.sensor_fit = "HORIZONTAL"
    camera.angle = float(request["field_of_view"])
    camera.clip_start, camera.clip_end = 0.1, 1000.0
    owner = bpy.data.objects.new("camera", camera)
    owner.location = request["camera"].tolist()  # looks along -z with y up, as ours does
    scene.collection.objects.link(owner)
    scene.camera = owner


def _world(bpy, scene, sky, ground) -> None:
    """Radiance from the ground's to the sky's colour, linear in the direction's height."""
    world = bpy.data.worlds.new("world")
    world.use_nodes = True
    nodes, links = world.node_tree.nodes, world.node_tree.links
    place = nodes.new("ShaderNodeTexCoord")
    split = nodes.new("ShaderNodeSeparateXYZ")
    share = nodes.new("ShaderNodeMapRange")
    share.inputs["From Min"].default_value, share.inputs["From Max"].default_value = -1.0, 1.0
    mix = nodes.new("ShaderNodeMixRGB")
    mix.inputs[1].default_value = (*ground.tolist(), 1.0)
    mix.inputs[2].default_value = (*sky.tolist(), 1.0)
    links.new(place.outputs["Generated"], split.inputs[0])
    links.new(split.outputs["Y"], share.inputs["Value"])
    links.new(share.outputs["Result"], mix.inputs[0])
    links.new(mix.outputs[0], nodes["Background"].inputs["Color"])
    scene.world = world


def _light(bpy, scene, number: int, part) -> None:
    """A square area light whose power gives a white surface at its centre radiance 1 per unit of colour."""
    from mathutils import Vector

    light = bpy.data.lights.new(f"light{number}", "AREA")
    light.shape = "SQUARE"
    light.size = float(part["size"])
    away = Vector(part["centre"].tolist()) - Vector(part["place"].tolist())
    light.energy = WATTS * away.length_squared
    light.color = part["colour"].tolist()
    owner = bpy.data.objects.new(light.name, light)
    owner.location = part["place"].tolist()
    owner.rotation_euler = away.to_track_quat("-Z", "Y").to_euler()
    scene.collection.objects.link(owner)


# An area light of P watts has the radiance P / (π · area), so that at distance d a white diffuse surface
# facing it shows P / (π² · d²); `tests/generation/test_cycles.py` measures it.
WATTS = np.pi**2


def _mesh(bpy, scene, number: int, part, material) -> None:
    points, triangles = part["points"], part["triangles"]
    mesh = bpy.data.meshes.new(f"mesh{number}")
    mesh.vertices.add(len(points))
    mesh.vertices.foreach_set("co", points.ravel())
    mesh.loops.add(triangles.size)
    mesh.loops.foreach_set("vertex_index", triangles.ravel())
    mesh.polygons.add(len(triangles))
    mesh.polygons.foreach_set("loop_start", np.arange(0, triangles.size, 3, dtype=np.int32))
    colour = np.concatenate([part["albedo"], np.ones((len(points), 1), np.float32)], axis=1)
    _attribute(mesh, "albedo", "FLOAT_COLOR", "POINT", "color", colour)
    _attribute(mesh, "bent", "FLOAT_VECTOR", "POINT", "vector", part["normal"])
    _attribute(mesh, "rough", "FLOAT", "POINT", "value", part["roughness"])
    # Principled: a level of 0.5 is 4 % reflectance at normal incidence.
    _attribute(mesh, "shine", "FLOAT", "POINT", "value", part["specular"] / 0.08)
    mesh.update()
    mesh.materials.append(material)
    scene.collection.objects.link(bpy.data.objects.new(mesh.name, mesh))


def _curves(bpy, scene, number: int, part, material) -> None:
    strands, length = part["points"].shape[:2]
    curves = bpy.data.hair_curves.new(f"hair{number}")
    curves.add_curves([length] * strands)
    curves.attributes["position"].data.foreach_set("vector", part["points"].astype(np.float32).ravel())
    _attribute(curves, "radius", "FLOAT", "POINT", "value", part["radius"].astype(np.float32))
    colour = np.concatenate([part["colour"], np.ones((strands, 1), np.float32)], axis=1)
    _attribute(curves, "tint", "FLOAT_COLOR", "CURVE", "color", colour)
    curves.materials.append(material)
    scene.collection.objects.link(bpy.data.objects.new(curves.name, curves))


def _attribute(owner, name: str, kind: str, domain: str, field: str, values: np.ndarray) -> None:
    attribute = owner.attributes.get(name) or owner.attributes.new(name, kind, domain)
    attribute.data.foreach_set(field, np.ascontiguousarray(values, np.float32).ravel())


def _read_attribute(nodes, name: str):
    node = nodes.new("ShaderNodeAttribute")
    node.attribute_name = name
    return node


def _solid_material(bpy, kind: str):
    material = bpy.data.materials.new(kind)
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    shader = nodes["Principled BSDF"]
    for name, output, socket in (
        ("albedo", "Color", "Base Color"),
        ("bent", "Vector", "Normal"),
        ("rough", "Fac", "Roughness"),
        ("shine", "Fac", "Specular IOR Level"),
    ):
        links.new(_read_attribute(nodes, name).outputs[output], shader.inputs[socket])
    if kind == "skin":
        shader.subsurface_method = "RANDOM_WALK"
        shader.inputs["Subsurface Weight"].default_value = 1.0
        shader.inputs["Subsurface Scale"].default_value = SUBSURFACE_SCALE
        shader.inputs["Subsurface Radius"].default_value = SUBSURFACE_RADIUS
    elif kind == "eye":
        shader.inputs["Coat Weight"].default_value = 1.0  # the tear film
        shader.inputs["Coat Roughness"].default_value = 0.04
    elif kind == "cloth":
        shader.inputs["Sheen Weight"].default_value = 0.15
    return material


def _hair_material(bpy):
    material = bpy.data.materials.new("hair")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    shader = nodes.new("ShaderNodeBsdfHairPrincipled")
    shader.model = "CHIANG"
    shader.parametrization = "COLOR"
    shader.inputs["Roughness"].default_value = 0.3
    shader.inputs["Radial Roughness"].default_value = 0.4
    links.new(_read_attribute(nodes, "tint").outputs["Color"], shader.inputs["Color"])
    links.new(shader.outputs[0], nodes["Material Output"].inputs["Surface"])
    return material


if __name__ == "__main__":
    main()
