"""Draws a scene: the same picture at any size, composed anew for each aspect, and the same bytes each time.

A scene is staged, seen through a camera, and painted back to front as filled outlines on a canvas two or three times
the size, in one of four styles. `masks` and `figure_boxes` say where in the picture people and props are.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np

from storywright.toonworld import camera, places, styles
from storywright.toonworld.palette import Palette, mixed_paints, paints
from storywright.toonworld.places.place import Place
from storywright.toonworld.scene import INDOORS, Scene
from storywright.toonworld.shapes import Bundle, Shape, block, blob, bundle, ellipse, limb, moved, on_ground, polygon
from storywright.toonworld.staging import Stage, stage

cv2.setNumThreads(1)

BACKGROUND, FIGURE, PROP = 0, 1, 2
"""Values of a mask."""

_BITS = 4
"""Fractional bits of the coordinates that are filled."""
_LIMIT = 2.0e6


@dataclass(frozen=True, slots=True)
class Moment:
    """What differs from the still picture while something moves; the still picture is `Moment()`."""

    stride: float = 1.0
    """Legs of whoever walks or runs: from 1 as drawn to -1 with the legs changed over."""
    swing: float = 0.0
    """A waving hand, from -1 to 1."""
    camera: tuple[float, float, float] = (0.0, 0.0, 1.0)
    """Pan and tilt in parts of the height, and zoom."""
    slide: tuple[tuple[int, float, float], ...] = ()
    """Props moved by so many metres to the side and up."""
    travel: float = 0.0
    """Metres that people have walked."""


STILL = Moment()


def draw(scene: Scene, size: tuple[int, int], moment: Moment = STILL) -> np.ndarray:
    """The picture, (height, width, 3) uint8 RGB; `size` is width and height in pixels."""
    layers = _layers(scene, size, moment)
    canvas = _canvas(size, styles.PAPER[scene.style])
    calm_at = layers.calm_before if scene.words_room else -1
    _fill(canvas, layers, calm_at, layers.calm)
    picture = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA)
    return styles.finished(scene.style, picture)


def masks(scene: Scene, size: tuple[int, int], moment: Moment = STILL) -> np.ndarray:
    """Where people (1) and props (2) are seen, (height, width) uint8; the place is 0."""
    layers = _layers(scene, size, moment)
    canvas = np.zeros((size[1], size[0]), np.uint8)
    _fill_mask(canvas, layers, _factor(size))
    return canvas


def figure_boxes(scene: Scene, size: tuple[int, int]) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of each person in pixels, from left to right; they may reach out of the picture."""
    aspect = size[0] / size[1]
    on = stage(scene)
    seen = camera.view(scene, on, aspect)
    boxes = []
    for placed in on.actors:
        left, bottom, right, top = placed.who.person_bounds
        corners = np.array([(x, y) for x in (left, right) for y in (bottom, top)], np.float32)
        points = _upright(corners, placed.x, placed.y, 0.0, seen.lean)
        flat = _projected(points, seen.matrix)[0] * size[1]
        (x0, y0), (x1, y1) = flat.min(axis=0), flat.max(axis=0)
        boxes.append((float(x0), float(y0), float(x1), float(y1)))
    return boxes


@dataclass(slots=True)
class _Layers:
    """Everything to fill, laid out flat."""

    outer: np.ndarray  # (points, 2) int32, fixed point
    inner: np.ndarray
    starts: list[int]
    ends: list[int]
    fills: list[tuple[float, ...]]
    lines: list[tuple[float, ...]]
    lined: list[bool]
    order: list[int]
    kinds: list[int]
    calm_before: int
    calm: tuple[float, ...] = (255, 255, 255)


@dataclass(slots=True)
class _Pile:
    """Bundles in the order in which they are painted."""

    points: list[np.ndarray] = field(default_factory=list)
    laid: list[Bundle] = field(default_factory=list)
    colours: list[np.ndarray] = field(default_factory=list)
    shining: list[np.ndarray] = field(default_factory=list)
    lights: list[tuple[float, float, float]] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    flat: list[bool] = field(default_factory=list)

    def add(
        self,
        points: np.ndarray,
        laid: Bundle,
        palette: Palette,
        light: tuple[float, float, float],
        kind: int,
        flat: bool = False,
    ) -> None:
        colours, shining = mixed_paints(laid, palette)
        self.points.append(points)
        self.laid.append(laid)
        self.colours.append(colours)
        self.shining.append(shining)
        self.lights.append(light)
        self.kinds.append(kind)
        self.flat.append(flat)


def _layers(scene: Scene, size: tuple[int, int], moment: Moment) -> _Layers:
    aspect = size[0] / size[1]
    place = places.place(scene.setting, scene.time, scene.weather, scene.seed % places.VARIANTS)
    on = stage(scene, moment.stride, moment.swing)
    seen = camera.view(scene, on, aspect, moment.camera)
    pile = _Pile()
    pile.add(place.backdrop.points, place.backdrop, (), place.light, BACKGROUND)
    calm_before = len(place.backdrop.starts)
    _add_people_and_things(pile, scene, place, on, seen, moment)
    if place.frame is not None and scene.shot in ("establishing", "extreme long"):
        dim = tuple(0.62 * c for c in place.light)
        pile.add(place.frame.points, place.frame, (), dim, BACKGROUND)  # type: ignore[arg-type]
    if scene.angle == "over the shoulder":
        over = _shoulder(aspect, camera.shoulder_right(scene))
        pile.add(_in_picture(over, size), over, (), place.own_light, BACKGROUND, flat=True)
    if scene.weather in ("rain", "snow"):
        falling = _falling(scene.weather, round(aspect, 3), scene.seed % 8)
        pile.add(_in_picture(falling, size), falling, (), (1.0, 1.0, 1.0), BACKGROUND, flat=True)
    return _laid_out(scene, size, place, pile, seen, calm_before)


def _add_people_and_things(
    pile: _Pile, scene: Scene, place: Place, on: Stage, seen: camera.View, moment: Moment
) -> None:
    shadow = (("shadow", _darker(place.ground)),)
    if on.tabletop:
        pile.add(_TABLETOP.points, _TABLETOP, (), place.own_light, BACKGROUND)
    if on.shadows and (scene.angle not in ("worm's eye",)):
        spots = bundle([s for x, z, half in on.shadows for s in _spot(x + moment.travel, z, half)])
        pile.add(spots.points, spots, shadow, place.light, BACKGROUND)
    night = scene.time == "night"
    slides = {k: (x, y) for k, x, y in moment.slide}
    for item in on.items:
        person = scene.people[item.person] if item.person >= 0 else None
        thing = scene.props[item.prop] if item.prop >= 0 else None
        dx, dy = slides.get(item.prop, (0.0, 0.0)) if item.person < 0 else (moment.travel, 0.0)
        points = _upright(item.bundle.points, item.x + dx, item.y + dy, item.z, seen.lean)
        kind = {"figure": FIGURE, "prop": PROP}.get(item.drawn_as, BACKGROUND)
        pile.add(points, item.bundle, paints(person, thing, night), place.own_light, kind)


def _upright(points: np.ndarray, x: float, y: float, z: float, lean: float) -> np.ndarray:
    """Points of a figure put into the world, leaning back by an angle."""
    placed = np.empty((len(points), 3), np.float32)
    height = points[:, 1] + np.float32(y)
    placed[:, 0] = points[:, 0] + np.float32(x)
    placed[:, 1] = height * np.float32(np.cos(lean))
    placed[:, 2] = np.float32(z) - height * np.float32(np.sin(lean))
    return placed


def _in_picture(laid: Bundle, size: tuple[int, int]) -> np.ndarray:
    """Points that are given in the picture itself, marked by a depth of their own."""
    return np.column_stack([laid.points, np.ones(len(laid.points), np.float32)])


def _projected(points: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where points of the world lie in the picture, and how deep."""
    seen = points @ matrix[:, :3].T + matrix[:, 3]
    depth = seen[:, 2]
    return seen[:, :2] / np.maximum(depth, camera.NEAR)[:, None], depth


def _laid_out(
    scene: Scene, size: tuple[int, int], place: Place, pile: _Pile, seen: camera.View, calm_before: int
) -> _Layers:
    height = size[1] * _factor(size)  # of the canvas
    world = [k for k, flat in enumerate(pile.flat) if not flat]
    count = sum(len(pile.points[k]) for k in world)
    points = np.concatenate(pile.points)
    flat, depth = _projected(points[:count], seen.matrix)
    before, after, starts, owner = _indices(pile.laid)
    clipped = np.flatnonzero(np.minimum.reduceat(depth, starts[starts < count]) < camera.NEAR)
    if count < len(points):
        flat = np.concatenate([flat, points[count:, :2]])
        depth = np.concatenate([depth, np.full(len(points) - count, seen.distance, np.float32)])
    line_weights = np.concatenate([b.lines for b in pile.laid])
    fills, contours, subject, kinds, nearness = _paint(scene, place, pile, depth, starts, seen)
    low, high = np.minimum.reduceat(flat, starts), np.maximum.reduceat(flat, starts)
    aspect = size[0] / size[1]
    visible = (high[:, 0] > 0) & (low[:, 0] < aspect) & (high[:, 1] > 0) & (low[:, 1] < 1)
    visible &= (high - low).max(axis=1) > 1.2 / size[1]
    style = styles.LINES[scene.style]
    width = np.where(subject, style.subject, style.scenery) * 0.001 * line_weights * nearness
    width = _drawable(np.minimum(width, (high - low).min(axis=1) * 0.16 + 0.0006), height)
    if style.wobble:
        flat = _strayed(flat, style.wobble * 0.001)
    outer = _widened(flat, before, after, starts, owner, width, style.heavy, 1.1 / height)
    fixed = np.float32(height * (1 << _BITS))
    limit = np.float32(_LIMIT)
    ends = np.append(starts[1:], len(flat))
    layers = _Layers(
        outer=np.clip(outer * fixed, -limit, limit).astype(np.int32),
        inner=np.clip(flat * fixed, -limit, limit).astype(np.int32),
        starts=starts.tolist(), ends=ends.tolist(), fills=fills.tolist(), lines=contours.tolist(),
        lined=(width > 0).tolist(), order=np.flatnonzero(visible).tolist(), kinds=kinds.tolist(), calm_before=calm_before,
    )  # fmt: skip
    if len(clipped):
        _clip(layers, clipped, points, starts, ends, seen, fixed, visible, aspect)
    if scene.words_room:
        layers.calm = _calm(scene, place)
    return layers


def _indices(laid: list[Bundle]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Neighbours, starts and owners of all points of all bundles, counted through."""
    before, after, starts, owner = [], [], [], []
    points = shapes = 0
    for b in laid:
        before.append(b.before + points)
        after.append(b.after + points)
        starts.append(b.starts + points)
        owner.append(b.owner + shapes)
        points += len(b.points)
        shapes += len(b.starts)
    return np.concatenate(before), np.concatenate(after), np.concatenate(starts), np.concatenate(owner)


def _paint(
    scene: Scene, place: Place, pile: _Pile, depth: np.ndarray, starts: np.ndarray, seen: camera.View
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Fill, contour, whether it is a person or a prop, mask value, and how heavy lines are at its distance."""
    counts = [len(b.starts) for b in pile.laid]
    colours = np.concatenate(pile.colours)
    shining = np.concatenate(pile.shining)[:, None]
    lights = np.repeat(np.array(pile.lights, np.float32), counts, axis=0)
    kinds = np.repeat(np.array(pile.kinds), counts)
    colours = np.where(shining, colours, colours * lights)
    at = depth[starts]
    far = np.maximum(at - seen.distance, 0)
    fade = 1 - np.exp2(-far / place.haze_from)
    fade = np.where(shining[:, 0] & (at > 100) & (scene.weather != "fog"), 0, np.minimum(fade, 0.9))[:, None]
    haze = np.array(_rgb(place.haze), np.float32)
    colours = colours * (1 - fade) + haze * fade
    subject = kinds > 0
    fills, contours = styles.coloured(scene.style, colours, subject)
    metre = seen.scale * seen.distance / np.maximum(at, camera.NEAR)
    nearness = np.clip(np.sqrt(metre / 0.6), 0.5, 1.6)
    return np.clip(fills, 0, 255), np.clip(contours, 0, 255), subject, kinds, nearness


def _drawable(width: np.ndarray, height: int) -> np.ndarray:
    """No line thinner than the canvas can hold: it would break into dashes."""
    pixels = width * height
    return np.where(pixels < 0.4, 0.0, np.maximum(pixels, 1.25)) / height


def _strayed(flat: np.ndarray, by: float) -> np.ndarray:
    """A hand is not a ruler: points stray together with their neighbours."""
    u, v = flat[:, 0], flat[:, 1]
    du = np.sin(13 * u + 5 * v) + np.sin(-7 * u + 17 * v + 1)
    dv = np.sin(11 * v - 6 * u + 2) + np.sin(19 * u + 3 * v)
    return flat + np.stack([du, dv], axis=1).astype(np.float32) * np.float32(by * 0.6)


def _widened(
    flat: np.ndarray, before: np.ndarray, after: np.ndarray, starts: np.ndarray, owner: np.ndarray, width: np.ndarray,
    heavy: float, least: float,
) -> np.ndarray:  # fmt: skip
    """Each outline grown by its line, more on the side away from the light and nowhere less than can be seen."""
    following = flat[after]
    along = following - flat[before]
    length = np.sqrt(along[:, 0] ** 2 + along[:, 1] ** 2) + np.float32(1e-9)
    area = np.add.reduceat(flat[:, 0] * following[:, 1] - flat[:, 1] * following[:, 0], starts)
    side = np.where(area >= 0, np.float32(1), np.float32(-1))[owner] / length
    nx, ny = along[:, 1] * side, -along[:, 0] * side
    width = width.astype(np.float32)
    grow = width[owner] * (1 + np.float32(heavy) * (0.45 * nx + 0.8 * ny))
    grow = np.maximum(grow, np.where(width > 0, np.float32(least), np.float32(0))[owner])
    return flat + np.stack([nx * grow, ny * grow], axis=1)


def _clip(
    layers: _Layers, clipped: np.ndarray, points: np.ndarray, starts: np.ndarray, ends: np.ndarray, seen: camera.View,
    fixed: np.float32, visible: np.ndarray, aspect: float,
) -> None:  # fmt: skip
    """Cut off what lies behind the lens; only ground, walls and ceiling reach there."""
    order = set(layers.order)
    extra: list[np.ndarray] = []
    total = len(layers.inner)
    for k in clipped.tolist():
        part = points[starts[k] : ends[k]] @ seen.matrix[:, :3].T + seen.matrix[:, 3]
        kept = _before_lens(part)
        if len(kept) < 3:
            order.discard(k)
            continue
        flat = kept[:, :2] / kept[:, 2:]
        if flat[:, 0].max() <= 0 or flat[:, 0].min() >= aspect or flat[:, 1].max() <= 0 or flat[:, 1].min() >= 1:
            order.discard(k)
            continue
        extra.append(np.clip(flat * fixed, -_LIMIT, _LIMIT).astype(np.int32))
        layers.starts[k], layers.ends[k] = total, total + len(flat)
        total += len(flat)
        order.add(k)
    if extra:
        layers.inner = np.concatenate([layers.inner, *extra])
        layers.outer = np.concatenate([layers.outer, *extra])
    layers.order = sorted(order)


def _before_lens(part: np.ndarray) -> np.ndarray:
    kept = []
    for a, b in zip(part, np.roll(part, -1, axis=0), strict=True):
        inside_a, inside_b = a[2] >= camera.NEAR, b[2] >= camera.NEAR
        if inside_a:
            kept.append(a)
        if inside_a != inside_b:
            t = (camera.NEAR - a[2]) / (b[2] - a[2])
            kept.append(a + (b - a) * t)
    return np.array(kept, np.float32).reshape(-1, 3)


def _fill(canvas: np.ndarray, layers: _Layers, calm_at: int, calm: tuple[float, ...]) -> None:
    fill = cv2.fillPoly
    outer, inner, starts, ends = layers.outer, layers.inner, layers.starts, layers.ends
    waiting = calm_at >= 0
    for k in layers.order:
        if waiting and k >= calm_at:
            _calmed(canvas, calm)
            waiting = False
        a, b = starts[k], ends[k]
        if layers.lined[k]:
            fill(canvas, [outer[a:b]], layers.lines[k], 8, _BITS)
        fill(canvas, [inner[a:b]], layers.fills[k], 8, _BITS)
    if waiting:
        _calmed(canvas, calm)


def _fill_mask(canvas: np.ndarray, layers: _Layers, factor: int) -> None:
    for k in layers.order:
        part = layers.inner[layers.starts[k] : layers.ends[k]] // factor
        cv2.fillPoly(canvas, [part], layers.kinds[k], 8, _BITS)


def _calm(scene: Scene, place: Place) -> tuple[float, ...]:
    colour = np.array([_rgb(place.calm)], np.float32) * np.array(place.light, np.float32)
    return tuple(styles.coloured(scene.style, colour, np.array([False]))[0][0].tolist())


def _calmed(canvas: np.ndarray, calm: tuple[float, ...]) -> None:
    """Quieten the side where words will stand."""
    height, width = canvas.shape[:2]
    keep, cover = _calm_side(height, width)
    plain = np.full_like(canvas, np.array(calm, np.uint8))
    canvas[:] = cv2.blendLinear(canvas, plain, keep, cover)


@lru_cache(maxsize=16)
def _calm_side(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.linspace(0, 1, width, dtype=np.float32)
    cover = np.clip((x - 0.38) / 0.22, 0, 1)
    cover = np.repeat((0.3 + 0.62 * cover * cover * (3 - 2 * cover))[None, :], height, axis=0).astype(np.float32)
    return (1 - cover).copy(), cover


def _factor(size: tuple[int, int]) -> int:
    return 3 if min(size) < 64 else 2


def _canvas(size: tuple[int, int], paper: tuple[int, int, int]) -> np.ndarray:
    return _blank(size[1] * _factor(size), size[0] * _factor(size), paper).copy()


@lru_cache(maxsize=16)
def _blank(height: int, width: int, paper: tuple[int, int, int]) -> np.ndarray:
    return np.full((height, width, 3), paper, np.uint8)


@lru_cache(maxsize=4096)
def _spot(x: float, z: float, half: float) -> tuple[Shape, ...]:
    return tuple(on_ground([ellipse(x, z + 0.02, half, min(0.16, 0.06 + half * 0.2), "shadow", 1.0, 0.0)], 0.008))


@lru_cache(maxsize=64)
def _darker(colour: str) -> str:
    return "#" + "".join(f"{int(c * 0.74):02x}" for c in _rgb(colour))


@lru_cache(maxsize=1024)
def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


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
    shapes = moved(head, -0.17, 0.02)
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


__all__ = ["BACKGROUND", "FIGURE", "INDOORS", "PROP", "Moment", "draw", "figure_boxes", "masks"]
