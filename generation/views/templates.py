"""The tables that pictures are drawn from: `assets/{scenes,wardrobe,lights,cameras,expressions}.yaml`."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.people.tables import Rgb, colour, listing, mapping, number, read_table, span, text
from generation.views.backgrounds import check_params
from generation.views.view import AreaLight, LightRig, Outfit, Scene
from remem_dataset.errors import RememError

ANCHOR, SEEN, UNSEEN = "anchor", "seen", "unseen"

#: Role of a picture -> the set of templates that it may use.
ROLES = {"anchor": ANCHOR, "train": SEEN, "seen": SEEN, "unseen": UNSEEN}

SETS = (ANCHOR, SEEN, UNSEEN)
NECKLINES = ("crew", "v", "turtle")
PATTERNS = ("plain", "stripes", "check")


@dataclass(frozen=True)
class Place:
    """A scene and the ids of the light rigs that suit it."""

    scene: Scene
    lights: tuple[str, ...]


@dataclass(frozen=True)
class Clothes:
    """An outfit in all its colours."""

    id: str
    neckline: str
    pattern: str
    palettes: tuple[tuple[Rgb, Rgb], ...]

    def outfit(self, palette: int) -> Outfit:
        """The outfit in the palette of that number."""
        return Outfit(self.id, self.neckline, self.pattern, self.palettes[palette])


@dataclass(frozen=True)
class Framing:
    """Ranges of camera distance and frame shift, in decimetres."""

    id: str
    weight: float
    distance: tuple[float, float]
    shift_x: tuple[float, float]
    shift_y: tuple[float, float]


@dataclass(frozen=True)
class Pose:
    """Ranges of the head's and the eyes' angles in degrees; `yaw` bins are taken in turn."""

    yaw: tuple[tuple[float, float], ...]
    pitch: tuple[float, float]
    roll: tuple[float, float]
    gaze_yaw: tuple[float, float]
    gaze_pitch: tuple[float, float]
    eye_contact: float


@dataclass(frozen=True)
class Templates:
    """Everything a view is made of; the dicts are keyed by "anchor", "seen" and "unseen"."""

    places: dict[str, tuple[Place, ...]]
    clothes: dict[str, tuple[Clothes, ...]]
    lights: dict[str, dict[str, LightRig]]
    expressions: dict[str, tuple[str, ...]]  # keyed by role
    anchor: Framing
    anchor_expression: str
    framings: tuple[Framing, ...]
    pose: Pose
    expression_strength: tuple[float, float]


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
    clothes = _sets("wardrobe", _clothes, folder)

    _disjoint("scenes.yaml", places, lambda p: [(p.scene.kind, repr(sorted(p.scene.params.items())))])
    _disjoint("wardrobe.yaml", clothes, lambda c: [(c.neckline, c.pattern, p) for p in c.palettes])
    _disjoint("lights.yaml", rigs, lambda r: [r.lights])

    camera = mapping(
        read_table("cameras", folder), "cameras.yaml", ("anchor", "framings", "pose", "expression_strength")
    )
    where = "cameras.yaml: anchor"
    anchor = mapping(camera["anchor"], where, ("distance", "shift_x", "shift_y", "expression"))
    expression = text(anchor["expression"], f"{where}: expression", expressions[ANCHOR])
    frame = {k: v for k, v in anchor.items() if k != "expression"}
    return Templates(
        places=places,
        clothes=clothes,
        lights=lights,
        expressions=expressions,
        anchor=_framing({"id": ANCHOR, "weight": 1, **frame}, where),
        anchor_expression=expression,
        framings=tuple(
            _framing(value, f"cameras.yaml: framings[{k}]")
            for k, value in enumerate(listing(camera["framings"], "cameras.yaml: framings"))
        ),
        pose=_pose(camera["pose"]),
        expression_strength=span(camera["expression_strength"], "cameras.yaml: expression_strength"),
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


def _clothes(value: Any, where: str) -> Clothes:
    mapping(value, where, ("id", "neckline", "pattern", "palettes"))
    palettes = []
    for pair in listing(value["palettes"], f"{where}: palettes"):
        if not isinstance(pair, list) or len(pair) != 2:
            raise RememError(f"{where}: palettes holds {pair!r}; it must be a pair of colours.")
        palettes.append((colour(pair[0], f"{where}: palettes"), colour(pair[1], f"{where}: palettes")))
    return Clothes(
        value["id"],
        text(value["neckline"], f"{where}: neckline", NECKLINES),
        text(value["pattern"], f"{where}: pattern", PATTERNS),
        tuple(palettes),
    )


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


def _framing(value: Any, where: str) -> Framing:
    mapping(value, where, ("id", "weight", "distance", "shift_x", "shift_y"))
    return Framing(
        text(value["id"], f"{where}: id"),
        number(value["weight"], f"{where}: weight", 0, 100),
        span(value["distance"], f"{where}: distance", 8, 40),
        span(value["shift_x"], f"{where}: shift_x", -1, 1),
        span(value["shift_y"], f"{where}: shift_y", -1, 1),
    )


def _pose(value: Any) -> Pose:
    where = "cameras.yaml: pose"
    mapping(value, where, ("yaw", "pitch", "roll", "gaze_yaw", "gaze_pitch", "eye_contact"))
    return Pose(
        tuple(span(v, f"{where}: yaw", -30, 30) for v in listing(value["yaw"], f"{where}: yaw")),
        span(value["pitch"], f"{where}: pitch", -10, 10),
        span(value["roll"], f"{where}: roll", -6, 6),
        span(value["gaze_yaw"], f"{where}: gaze_yaw", -25, 25),
        span(value["gaze_pitch"], f"{where}: gaze_pitch", -15, 15),
        number(value["eye_contact"], f"{where}: eye_contact"),
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
