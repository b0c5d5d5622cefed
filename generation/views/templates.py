"""The tables that pictures are drawn from: `assets/{scenes,wardrobe,lights,cameras,expressions}.yaml`."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from generation.people.tables import colour, listing, mapping, number, read_table, text
from generation.views.backgrounds import check_params
from generation.views.cameras import Camera, load_camera
from generation.views.view import AreaLight, LightRig, Scene
from generation.views.wardrobe import Clothes, parse_clothes
from remem_dataset.errors import RememError

ANCHOR, SEEN, UNSEEN = "anchor", "seen", "unseen"

#: Role of a picture -> the set of templates that it may use.
ROLES = {"anchor": ANCHOR, "train": SEEN, "seen": SEEN, "unseen": UNSEEN}

SETS = (ANCHOR, SEEN, UNSEEN)
#: `frontal_light` under which a scene is as bright as it was painted.
FULL_LIGHT = 0.8


@dataclass(frozen=True)
class Place:
    """A scene and the ids of the light rigs that suit it."""

    scene: Scene
    lights: tuple[str, ...]

    def lit(self, rig: LightRig) -> Scene:
        """The scene as bright as the rig makes the face: no bright noon behind somebody in the dark."""
        exposure = float(np.clip((frontal_light(rig) / FULL_LIGHT) ** 0.7, 0.55, 1.0))
        return replace(self.scene, params={**self.scene.params, "exposure": round(exposure, 3)})


def frontal_light(rig: LightRig) -> float:
    """How much light of a rig reaches a face that looks into the camera: Σ power · cos, plus the ambient."""
    total = (sum(rig.ambient_sky) + sum(rig.ambient_ground)) / 6
    for light in rig.lights:
        cosine = np.cos(np.radians(light.azimuth)) * np.cos(np.radians(light.elevation))
        total += light.power * max(0.0, float(cosine)) * sum(light.colour) / 3
    return total


@dataclass(frozen=True)
class Templates:
    """Everything a view is made of; the dicts are keyed by "anchor", "seen" and "unseen"."""

    places: dict[str, tuple[Place, ...]]
    clothes: dict[str, tuple[Clothes, ...]]
    lights: dict[str, dict[str, LightRig]]
    expressions: dict[str, tuple[str, ...]]  # keyed by role
    camera: Camera


@functools.lru_cache(maxsize=8)
def load_templates(folder: Path | None = None) -> Templates:
    """Read and check the tables.

    Args:
        folder: where the YAML files lie; None means `assets/`.

    Raises:
        RememError: an unknown key, a value out of range, an empty list, an id given twice, or a template
            that is both seen and unseen.
    """
    expressions = _expressions(folder)
    rigs = _sets("lights", _rig, folder)
    lights = {name: {rig.id: rig for rig in group} for name, group in rigs.items()}
    places = _sets("scenes", _place, folder)
    for name, group in places.items():
        for place in group:
            for light in place.lights:
                text(light, f"scenes.yaml: {name}: {place.scene.id}: a light", lights[name])
    clothes = _sets("wardrobe", parse_clothes, folder)

    _disjoint("scenes.yaml", places, lambda p: [(p.scene.kind, repr(sorted(p.scene.params.items())))])
    _disjoint("wardrobe.yaml", clothes, lambda c: [(c.garment, c.neckline, c.pattern, p) for p in c.palettes])
    _disjoint("lights.yaml", rigs, lambda r: [r.lights])

    return Templates(
        places=places,
        clothes=clothes,
        lights=lights,
        expressions=expressions,
        camera=load_camera(expressions[ANCHOR], folder),
    )


def _sets(table: str, parse, folder: Path | None) -> dict[str, tuple]:
    """Parse the lists of a table with the three sets, and refuse an id that comes twice."""
    groups, home = {}, {}
    for name, entries in mapping(read_table(table, folder), f"{table}.yaml", SETS).items():
        parsed = []
        for k, value in enumerate(listing(entries, f"{table}.yaml: {name}")):
            key = mapping(value, f"{table}.yaml: {name}[{k}]").get("id")
            key = text(key, f"{table}.yaml: {name}[{k}]: id")
            if key in home:
                both = f"in both {home[key]} and {name}" if home[key] != name else f"twice in {name}"
                raise RememError(f"{table}.yaml has the id {key!r} {both}; an id may occur only once.")
            home[key] = name
            parsed.append(parse(value, f"{table}.yaml: {name}: {key}"))
        groups[name] = tuple(parsed)
    return groups


def _disjoint(table: str, groups: dict[str, tuple], contents) -> None:
    """Refuse an unseen template that is a seen one under another id."""
    seen = {content: item for name in (ANCHOR, SEEN) for item in groups[name] for content in contents(item)}
    for item in groups[UNSEEN]:
        for content in contents(item):
            if content in seen:
                a, b = (getattr(i, "id", None) or i.scene.id for i in (item, seen[content]))
                raise RememError(f"{table}: the unseen {a!r} looks the same as {b!r}; it must differ.")


def _place(value: Any, where: str) -> Place:
    mapping(value, where, ("id", "kind", "lights", "params"))
    params = value["params"]
    if not isinstance(params, dict):
        raise RememError(f"{where}: params is {params!r}; it must be a mapping, which may be empty.")
    lights = tuple(text(v, f"{where}: lights") for v in listing(value["lights"], f"{where}: lights"))
    return Place(Scene(value["id"], value["kind"], check_params(value["kind"], params, where)), lights)


def _rig(value: Any, where: str) -> LightRig:
    mapping(value, where, ("id", "lights", "ambient_sky", "ambient_ground"))
    lights = []
    for k, light in enumerate(listing(value["lights"], f"{where}: lights")):
        here = f"{where}: lights[{k}]"
        mapping(light, here, ("azimuth", "elevation", "size", "colour", "power"))
        lights.append(
            AreaLight(
                azimuth=number(light["azimuth"], f"{here}: azimuth", -180, 180),
                elevation=number(light["elevation"], f"{here}: elevation", -90, 90),
                size=number(light["size"], f"{here}: size", 0.1, 40),
                colour=colour(light["colour"], f"{here}: colour"),
                power=number(light["power"], f"{here}: power", 0, 5),
            )
        )
    if len(lights) < 2:
        raise RememError(f"{where}: lights has {len(lights)} entry; a rig needs two or more.")
    sky = colour(value["ambient_sky"], f"{where}: ambient_sky")
    return LightRig(
        value["id"], tuple(lights), sky, colour(value["ambient_ground"], f"{where}: ambient_ground")
    )


def _expressions(folder: Path | None) -> dict[str, tuple[str, ...]]:
    where = "expressions.yaml: expressions"
    table = mapping(read_table("expressions", folder).get("expressions"), where)
    allowed: dict[str, list[str]] = {role: [] for role in ROLES}
    for name, value in table.items():
        for role in listing(mapping(value, f"{where}: {name}").get("roles"), f"{where}: {name}: roles"):
            allowed[text(role, f"{where}: {name}: roles", ROLES)].append(name)
    for role, names in allowed.items():
        if not names:
            raise RememError(f"{where} has none for {role} pictures; give one the role {role!r}.")
    return {role: tuple(names) for role, names in allowed.items()}
