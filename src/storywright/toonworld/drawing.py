"""Draws a scene: the same picture at any size, composed anew for each aspect, and the same bytes each time.

A scene is staged, seen through a camera, and painted back to front as filled outlines on a canvas two or three times
the size, in one of four styles. `masks` and `figure_boxes` say where in the picture people and props are.
"""

from dataclasses import dataclass
from functools import lru_cache, partial

import cv2
import numpy as np

from storywright.toonworld import camera, places, styles
from storywright.toonworld.acting import actor
from storywright.toonworld.painting import Air, Outlines, Pile
from storywright.toonworld.palette import paints, rgb, shadow_on
from storywright.toonworld.places.place import Place
from storywright.toonworld.props import prop
from storywright.toonworld.scene import COLOURS, Prop, Scene
from storywright.toonworld.shapes import Bundle, blob, bundle, ellipse, limb, moved, on_ground, polygon
from storywright.toonworld.staging import Item, Stage, items_of, stage

BACKGROUND, FIGURE, PROP = 0, 1, 2
"""Values of a mask."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What differs from the still picture while something moves; the still picture is `Moment()`."""

    person: int = -1
    """Who moves; -1 for nobody."""
    stride: float = 1.0
    """Their legs: from 1 as drawn to -1 with the legs changed over."""
    travel: float = 0.0
    """Metres that they have gone to the right."""
    swing: float = 0.0
    """Their waving hand, from -1 to 1."""
    drip: float = 0.0
    """What they pour, from 0 to 1 and again."""
    camera: tuple[float, float, float] = (0.0, 0.0, 1.0)
    """Pan and tilt in parts of the height, and zoom."""
    passing: float | None = None
    """A car behind the people, from 0 before it comes in at one side to 1 after it has gone out at the other."""
    dusk: float | None = None
    """The time of day while the sun sets, from 0 by day to 1 at night."""


STILL = Moment()


def draw(scene: Scene, size: tuple[int, int], moment: Moment = STILL) -> np.ndarray:
    """The picture, (height, width, 3) uint8 RGB; `size` is width and height in pixels."""
    place = _place(scene, moment)
    canvas = _canvas(size, styles.PAPER[scene.style])
    calm = partial(_calm, scene=scene, place=place) if scene.words_room else None
    _outlines(scene, place, size, canvas.shape[0], moment).paint(canvas, calm)
    return styles.finished(scene.style, cv2.resize(canvas, size, interpolation=cv2.INTER_AREA))


def masks(scene: Scene, size: tuple[int, int], moment: Moment = STILL) -> np.ndarray:
    """Where people (1) and props (2) are seen, (height, width) uint8; the place is 0."""
    canvas = np.zeros((size[1], size[0]), np.uint8)
    _outlines(scene, _place(scene, moment), size, size[1], moment).mark(canvas)
    return canvas


def figure_boxes(scene: Scene, size: tuple[int, int]) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of each person in pixels, from left to right; they may reach out of the picture."""
    on = stage(scene)
    seen = camera.view(scene, on, size[0] / size[1])
    boxes = []
    for placed in on.actors:
        left, bottom, right, top = placed.who.person_bounds
        (x0, y0), (x1, y1) = seen.around((left + placed.x, bottom + placed.y, right + placed.x, top + placed.y))
        boxes.append((x0 * size[1], y0 * size[1], x1 * size[1], y1 * size[1]))
    return boxes


def _place(scene: Scene, moment: Moment) -> Place:
    variant = scene.seed % places.VARIANTS
    if moment.dusk is None:
        return places.place(scene.setting, scene.time, scene.weather, variant)
    return places.place_at_dusk(scene.setting, scene.weather, variant, moment.dusk)


def _outlines(scene: Scene, place: Place, size: tuple[int, int], height: int, moment: Moment) -> Outlines:
    """What is seen of the scene, on a canvas of this height."""
    aspect = size[0] / size[1]
    on = stage(scene)
    seen = camera.view(scene, on, aspect, moment.camera)
    pile = Pile()
    pile.add_world(place.backdrop, place.light)
    _add_ground(pile, scene, place, on, moment)
    if moment.passing is not None:
        _add_passing_car(pile, scene, place, seen, moment.passing)
    for item in on.items:
        _add_item(pile, scene, place, item)
    for placed in on.actors:
        moves = placed.person == moment.person
        who = actor(placed.look, placed.things, moment.stride, moment.swing, moment.drip) if moves else placed.who
        for item in items_of(placed, who):
            _add_item(pile, scene, place, item, moment.travel if moves else 0.0)
    _add_foreground(pile, scene, place, aspect)
    air = Air(rgb(place.haze), place.haze_from, hides_the_sky=scene.weather == "fog")
    return pile.outlines(seen, scene.style, air, height)


def _add_ground(pile: Pile, scene: Scene, place: Place, on: Stage, moment: Moment) -> None:
    """The table of a still life, and the shadows on the ground."""
    if on.tabletop:
        pile.add_world(_TABLETOP, place.own_light)
    if scene.angle == "worm's eye":
        return
    for person, x, z, half in on.shadows:
        gone = moment.travel if person == moment.person else 0.0
        across = np.array(((half,), (1.0,), (min(0.16, 0.06 + half * 0.2),)), np.float32)
        points = _SPOT.points * across + np.array(((x + gone,), (0.0,), (z + 0.02,)), np.float32)
        pile.add_world(_SPOT, place.light, shadow_on(place.ground), points=points)


def _add_item(pile: Pile, scene: Scene, place: Place, item: Item, gone: float = 0.0) -> None:
    person = scene.people[item.person] if item.person >= 0 else None
    thing = scene.props[item.prop] if item.prop >= 0 else None
    colours = paints(person, thing, scene.time == "night")
    at = item.x + gone, item.y, item.z
    pile.add_upright(item.bundle, at, place.own_light, colours, _KINDS[item.drawn_as], item.flip)


def _add_passing_car(pile: Pile, scene: Scene, place: Place, seen: camera.View, passing: float) -> None:
    """A car on its way from one side of the picture to the other."""
    depth, half = 2.4, _CAR.bounds[2]
    left, right = seen.span_at(depth)
    to_left = scene.seed % 2 == 1
    x = left - half + (right - left + 2 * half) * (1 - passing if to_left else passing)
    colours = paints(None, Prop(kind="car", colour=COLOURS[scene.seed % 7]), scene.time == "night")
    pile.add_upright(_CAR, (x, 0.0, depth), place.own_light, colours, PROP, to_left)


def _add_foreground(pile: Pile, scene: Scene, place: Place, aspect: float) -> None:
    """What a wide view looks past, whose shoulder we look over, and what falls from the sky."""
    if scene.shot in ("establishing", "extreme long"):
        red, green, blue = place.light
        pile.add_world(place.frame, (0.62 * red, 0.62 * green, 0.62 * blue))
    if scene.angle == "over the shoulder":
        pile.add_to_picture(_shoulder(aspect, camera.shoulder_right(scene)), place.own_light)
    if scene.weather in ("rain", "snow"):
        pile.add_to_picture(_falling(scene.weather, round(aspect, 3), scene.seed % 8), (1.0, 1.0, 1.0))


def _calm(canvas: np.ndarray, scene: Scene, place: Place) -> None:
    """Quieten the side where words will stand."""
    colour = np.array([rgb(place.calm)], np.float32) * np.array(place.light, np.float32)
    plain = np.full_like(canvas, styles.coloured(scene.style, colour.T, np.array([False]))[0][:, 0].astype(np.uint8))
    canvas[:] = cv2.blendLinear(canvas, plain, *_calm_side(*canvas.shape[:2]))


@lru_cache(maxsize=16)
def _calm_side(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.linspace(0, 1, width, dtype=np.float32)
    cover = np.clip((x - 0.38) / 0.22, 0, 1)
    cover = np.repeat((0.3 + 0.62 * cover * cover * (3 - 2 * cover))[None, :], height, axis=0).astype(np.float32)
    return (1 - cover).copy(), cover


def _canvas(size: tuple[int, int], paper: tuple[int, int, int]) -> np.ndarray:
    factor = 3 if min(size) < 64 else 2
    return _blank(size[1] * factor, size[0] * factor, paper).copy()


@lru_cache(maxsize=16)
def _blank(height: int, width: int, paper: tuple[int, int, int]) -> np.ndarray:
    return np.full((height, width, 3), paper, np.uint8)


_KINDS = {"scenery": BACKGROUND, "figure": FIGURE, "prop": PROP}

_CAR = bundle(moved(prop("car"), scale=1.12))
"""What drives past."""


_SPOT = bundle(on_ground([ellipse(0.0, 0.0, 1.0, 1.0, "shadow", 1.0, 0.0)], 0.008))
"""A shadow on the ground, of a radius of one metre."""


def _tabletop() -> Bundle:
    """A table that fills the foreground of a still life."""
    shapes = [
        polygon([(-3, 0.78, -0.5), (3, 0.78, -0.5), (3, 0.78, 0.42), (-3, 0.78, 0.42)], "#c08a5a", 1.0, 0.8),
        polygon([(-3, 0.78, -0.18), (3, 0.78, -0.18), (3, 0.78, -0.165), (-3, 0.78, -0.165)], "#c08a5a", 0.86, 0.0),
        polygon([(-3, 0.78, 0.16), (3, 0.78, 0.16), (3, 0.78, 0.17), (-3, 0.78, 0.17)], "#c08a5a", 0.86, 0.0),
        polygon([(-3, 0.0, -0.5), (3, 0.0, -0.5), (3, 0.78, -0.5), (-3, 0.78, -0.5)], "#c08a5a", 0.72, 0.8),
        *on_ground([ellipse(0.03, 0.0, 0.22, 0.075, "#c08a5a", 0.76, 0.0)], 0.781),
    ]
    return bundle(shapes)


_TABLETOP = _tabletop()


@lru_cache(maxsize=64)
def _shoulder(aspect: float, right: bool) -> Bundle:
    """Head and shoulder of somebody near, seen from behind, in parts of the picture."""
    head = [
        limb([(0.3, 0.62), (0.3, 0.9)], [0.1, 0.13], "#4a342c", 1.0),
        blob(
            [(0.02, 1.2), (0.04, 0.94), (0.16, 0.84), (0.3, 0.82), (0.46, 0.86), (0.58, 0.98), (0.64, 1.2)],
            "#39465e",
            1.0,
        ),
        blob(
            [
                (0.1, 0.5),
                (0.12, 0.26),
                (0.24, 0.14),
                (0.36, 0.14),
                (0.47, 0.26),
                (0.49, 0.5),
                (0.42, 0.68),
                (0.3, 0.72),
                (0.18, 0.68),
            ],
            "#362b30",
            1.0,
        ),
        blob([(0.46, 0.42), (0.51, 0.4), (0.515, 0.5), (0.465, 0.52)], "#5a4036", 1.0),
    ]
    size = min(1.0, aspect * 0.8)
    shapes = moved(head, -0.17 * size, 1.02 - size, size)
    if right:
        shapes = moved(shapes, aspect, 0.0, 1.0, flip=True)
    return bundle(shapes)


@lru_cache(maxsize=64)
def _falling(weather: str, aspect: float, seed: int) -> Bundle:
    """Rain or snow in front of everything."""
    shapes = []
    count = int(26 * aspect)
    for k in range(count):
        u = (k * 0.7548 + seed * 0.31) % 1.0 * (aspect + 0.2) - 0.1
        v = (k * 0.5698 + seed * 0.17) % 1.0 * 1.1 - 0.05
        near = 0.6 + 0.5 * ((k * 0.381) % 1.0)
        if weather == "rain":
            shapes.append(
                polygon(
                    [
                        (u, v),
                        (u + 0.006 * near, v),
                        (u - 0.022 * near, v + 0.1 * near),
                        (u - 0.027 * near, v + 0.1 * near),
                    ],
                    "!#d3e4f0",
                    1.0,
                    0.0,
                )
            )
        else:
            shapes.append(ellipse(u, v, 0.011 * near, 0.011 * near, "!#ffffff", 1.0, 0.0))
    return bundle(shapes)
