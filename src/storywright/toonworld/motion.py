"""Scenes that move: the same picture through time, in which only what moves changes."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from storywright.errors import BadInput
from storywright.toonworld.drawing import Moment, draw
from storywright.toonworld.scene import OUTDOORS, Prop, Scene

CAMERA_MOVEMENTS = ("pan left", "pan right", "tilt up", "tilt down", "zoom in", "zoom out")
MOVEMENTS = ("walking", "waving", "pouring", "car passing", "sun setting", *CAMERA_MOVEMENTS)


def frames(scene: Scene, movement: str, size: tuple[int, int], count: int) -> np.ndarray:
    """The scene while it moves, (count, height, width, 3) uint8.

    Whoever the shot looks at does what the movement says, and the scene is changed as far as that needs: see `played`.
    """
    scene = played(scene, movement)
    moment = _MOMENTS[movement]
    return np.stack([draw(scene, size, moment(scene, k / max(count - 1, 1))) for k in range(count)])


def moments(scene: Scene, movement: str, count: int) -> list[Moment]:
    """What differs in each frame of the scene as it is played."""
    return [_MOMENTS[movement](scene, k / max(count - 1, 1)) for k in range(count)]


def possible(scene: Scene) -> tuple[str, ...]:
    """The movements that this scene can play."""
    people = ("walking", "waving", "pouring") if scene.people and scene.shot != "insert" else ()
    outdoors = ("car passing",) if scene.setting in OUTDOORS else ()
    sunny = ("sun setting",) if scene.setting in OUTDOORS and scene.weather == "clear" else ()
    return tuple(m for m in MOVEMENTS if m in (*people, *outdoors, *sunny, *CAMERA_MOVEMENTS))


def played(scene: Scene, movement: str) -> Scene:
    """The scene with what the movement needs: a person who walks, waves or waters a plant, or an evening."""
    if movement not in MOVEMENTS:
        raise BadInput(f"There is no movement {movement!r}; the movements are {', '.join(MOVEMENTS)}.")
    if movement not in possible(scene):
        raise BadInput(f"A scene of a {scene.shot} in the {scene.setting} cannot show {movement}: see motion.possible.")
    if movement == "sun setting":
        return replace(scene, time="evening")
    if movement not in ("walking", "waving", "pouring"):
        return scene
    focus = _focus(scene)
    if movement == "pouring":
        plant = next((p for p in scene.props if p.kind == "plant"), Prop(kind="plant"))
        kept = [p for p in scene.props if p.kind != "plant" and (p.by != focus or p.use in ("standing", "worn"))]
        scene = replace(scene, props=(replace(plant, use="used", by=focus), *kept[:2]))
        return _with_pose(scene, focus, "standing")
    scene = replace(scene, props=tuple(p for p in scene.props if p.by != focus or not _hinders(p, movement)))
    return _with_pose(scene, focus, movement)


def _hinders(thing: Prop, movement: str) -> bool:
    """Whether somebody with this thing cannot move so: who rides does not walk, who reads does not wave."""
    seat = thing.kind in ("chair", "bicycle", "car")
    if movement == "walking":
        return seat and thing.use in ("used", "held")
    return thing.use == "used" or (seat and thing.use == "held")


def _with_pose(scene: Scene, person: int, pose: str) -> Scene:
    people = list(scene.people)
    people[person] = replace(people[person], pose=pose)
    return replace(scene, people=tuple(people))


def _focus(scene: Scene) -> int:
    return min(scene.focus, len(scene.people) - 1)


def _walking(scene: Scene, t: float) -> Moment:
    who = scene.people[_focus(scene)]
    way = -1 if who.facing == "left" else 1
    return Moment(person=_focus(scene), stride=math.cos(4 * math.pi * t), travel=way * (t - 0.5) * 0.9)


def _waving(scene: Scene, t: float) -> Moment:
    return Moment(person=_focus(scene), swing=math.sin(4 * math.pi * t))


def _pouring(scene: Scene, t: float) -> Moment:
    return Moment(person=_focus(scene), drip=(2 * t) % 1.0)


def _passing(_scene: Scene, t: float) -> Moment:
    return Moment(passing=t)


def _sunset(_scene: Scene, t: float) -> Moment:
    return Moment(dusk=t)


def _camera(
    pan: float = 0.0, tilt: float = 0.0, zoom: tuple[float, float] = (1.0, 1.0)
) -> Callable[[Scene, float], Moment]:
    """A camera that goes evenly from half a way before its place to half a way after it."""

    def moment(_scene: Scene, t: float) -> Moment:
        scale = zoom[0] * (zoom[1] / zoom[0]) ** t
        return Moment(camera=(pan * (t - 0.5), tilt * (t - 0.5), scale))

    return moment


_MOMENTS: dict[str, Callable[[Scene, float], Moment]] = {
    "walking": _walking,
    "waving": _waving,
    "pouring": _pouring,
    "car passing": _passing,
    "sun setting": _sunset,
    "pan left": _camera(pan=-0.4),
    "pan right": _camera(pan=0.4),
    "tilt up": _camera(tilt=-0.3),
    "tilt down": _camera(tilt=0.3),
    "zoom in": _camera(zoom=(1.0, 1.5)),
    "zoom out": _camera(zoom=(1.5, 1.0)),
}
