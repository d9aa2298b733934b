"""Draws a scene: the same picture at any size, composed anew for each aspect, and the same bytes each time.

A scene is staged, seen through a camera, and painted back to front as filled outlines on a canvas two or three times
the size, in one of four styles. `masks` and `figure_boxes` say where in the picture people and props are.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np

from storywright.toonworld import camera, places, styles
from storywright.toonworld.acting import actor
from storywright.toonworld.palette import Palette, paints, pots, shaded
from storywright.toonworld.places.place import Place
from storywright.toonworld.props import prop
from storywright.toonworld.scene import COLOURS, Prop, Scene
from storywright.toonworld.shapes import Bundle, blob, bundle, ellipse, limb, moved, on_ground, polygon
from storywright.toonworld.staging import Item, Stage, items_of, stage

cv2.setNumThreads(1)

BACKGROUND, FIGURE, PROP = 0, 1, 2
"""Values of a mask."""

_BITS = 4
"""Fractional bits of the coordinates that are filled."""
_LIMIT = 2.0e6


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
    layers = _layers(scene, size, moment)
    canvas = _canvas(size, styles.PAPER[scene.style])
    _fill(canvas, layers)
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


@dataclass(frozen=True, slots=True)
class _Layers:
    """The outlines that are seen, from back to front, in fixed point on the canvas."""

    outer: list[np.ndarray]
    """Grown by the line."""
    inner: list[np.ndarray]
    lined: list[bool]
    lines: list[list[float]]
    fills: list[list[float]]
    kinds: list[int]
    backdrop: int
    """How many of them are the place behind everybody."""
    calm: tuple[float, ...]


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
        colours, shining = pots(laid.names, palette)
        self.points.append(points)
        self.laid.append(laid)
        self.colours.append(colours[laid.paints])
        self.shining.append(shining[laid.paints])
        self.lights.append(light)
        self.kinds.append(kind)
        self.flat.append(flat)


def _layers(scene: Scene, size: tuple[int, int], moment: Moment) -> _Layers:
    aspect = size[0] / size[1]
    variant = scene.seed % places.VARIANTS
    if moment.dusk is None:
        place = places.place(scene.setting, scene.time, scene.weather, variant)
    else:
        place = places.place_at_dusk(scene.setting, scene.weather, variant, moment.dusk)
    on = stage(scene)
    seen = camera.view(scene, on, aspect, moment.camera)
    pile = _Pile()
    pile.add(place.backdrop.points, place.backdrop, (), place.light, BACKGROUND)
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
    return _laid_out(scene, size, place, pile, seen)


def _add_people_and_things(
    pile: _Pile, scene: Scene, place: Place, on: Stage, seen: camera.View, moment: Moment
) -> None:
    shadow = (("shadow", _darker(place.ground)),)
    if on.tabletop:
        pile.add(_TABLETOP.points, _TABLETOP, (), place.own_light, BACKGROUND)
    if moment.passing is not None:
        _add_passing_car(pile, scene, place, seen, moment.passing)
    if on.shadows and scene.angle != "worm's eye":
        for person, x, z, half in on.shadows:
            across = np.array((half, 1.0, min(0.16, 0.06 + half * 0.2)), np.float32)
            gone = moment.travel if person == moment.person else 0.0
            spot = _SPOT.points * across + np.array((x + gone, 0.0, z + 0.02), np.float32)
            pile.add(spot, _SPOT, shadow, place.light, BACKGROUND)
    for item in on.items:
        _add_item(pile, scene, place, seen, item)
    for placed in on.actors:
        moves = placed.person == moment.person
        who = actor(placed.look, placed.things, moment.stride, moment.swing, moment.drip) if moves else placed.who
        for item in items_of(placed, who):
            _add_item(pile, scene, place, seen, item, moment.travel if moves else 0.0)


def _add_item(pile: _Pile, scene: Scene, place: Place, seen: camera.View, item: Item, gone: float = 0.0) -> None:
    person = scene.people[item.person] if item.person >= 0 else None
    thing = scene.props[item.prop] if item.prop >= 0 else None
    points = _upright(item.bundle.points, item.x + gone, item.y, item.z, seen.lean)
    kind = {"figure": FIGURE, "prop": PROP}.get(item.drawn_as, BACKGROUND)
    pile.add(points, item.bundle, paints(person, thing, scene.time == "night"), place.own_light, kind)


def _add_passing_car(pile: _Pile, scene: Scene, place: Place, seen: camera.View, passing: float) -> None:
    """A car on its way from one side of the picture to the other."""
    depth = 2.4
    inverse = np.linalg.inv(seen.matrix[:, [0, 1, 3]] + seen.matrix[:, [2]] * np.array([[0, 0, depth]], np.float32))
    edges = [inverse @ np.array((u, 0.6, 1.0)) for u in (0.0, seen.aspect)]
    left, right = (float(e[0] / e[2]) for e in edges)
    half = _CAR.bounds[2]
    to_left = scene.seed % 2 == 1
    x = left - half + (right - left + 2 * half) * (1 - passing if to_left else passing)
    colour = COLOURS[scene.seed % 7]
    outline = _CAR.points * np.array((-1.0 if to_left else 1.0, 1.0), np.float32)
    points = _upright(outline, x, 0.0, depth, seen.lean)
    pile.add(points, _CAR, paints(None, Prop(kind="car", colour=colour), scene.time == "night"), place.own_light, PROP)


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


def _laid_out(scene: Scene, size: tuple[int, int], place: Place, pile: _Pile, seen: camera.View) -> _Layers:
    height, aspect = size[1] * _factor(size), size[0] / size[1]
    points = np.concatenate(pile.points)
    count = sum(len(p) for p, flat in zip(pile.points, pile.flat, strict=True) if not flat)
    flat, depth = _projected(points[:count], seen.matrix)
    before, after, starts, owner = _indices(pile.laid)
    ends = np.append(starts[1:], len(points))
    fixed = np.float32(height * (1 << _BITS))
    behind = np.flatnonzero(np.minimum.reduceat(depth, starts[starts < count]) < camera.NEAR).tolist()
    cut = _cut(behind, points, starts, ends, seen.matrix, aspect, fixed)
    if count < len(points):
        flat = np.concatenate([flat, points[count:, :2]])
        depth = np.concatenate([depth, np.full(len(points) - count, seen.distance, np.float32)])
    low, high = np.minimum.reduceat(flat, starts), np.maximum.reduceat(flat, starts)
    visible = (high[:, 0] > 0) & (low[:, 0] < aspect) & (high[:, 1] > 0) & (low[:, 1] < 1)
    visible &= (high - low).max(axis=1) > 1.2 / size[1]
    visible[behind] = False
    visible[list(cut)] = True
    fills, contours, subject, kinds, nearness = _paint(scene, place, pile, depth[starts], seen)
    style = styles.LINES[scene.style]
    width = np.where(subject, style.subject, style.scenery) * 0.001 * nearness
    width = width * np.concatenate([b.lines for b in pile.laid])
    width = _drawable(np.minimum(width, (high - low).min(axis=1) * 0.16 + 0.0006), height)
    if style.wobble:
        flat = _strayed(flat, style.wobble * 0.001)
    outer = _fixed(_widened(flat, before, after, starts, owner, width, style.heavy, 1.1 / height), fixed)
    inner = _fixed(flat, fixed)
    order = np.flatnonzero(visible)
    spans = list(zip(order.tolist(), starts[order].tolist(), ends[order].tolist(), strict=True))
    return _Layers(
        outer=[outer[a:b] for _, a, b in spans],
        inner=[cut[k] if k in cut else inner[a:b] for k, a, b in spans],
        lined=((width[order] > 0) & ~np.isin(order, behind)).tolist(),
        lines=contours[order].tolist(),
        fills=fills[order].tolist(),
        kinds=kinds[order].tolist(),
        backdrop=int((order < len(place.backdrop.starts)).sum()),
        calm=_calm(scene, place) if scene.words_room else (),
    )


def _fixed(flat: np.ndarray, scale: np.float32) -> np.ndarray:
    return np.clip(flat * scale, -_LIMIT, _LIMIT).astype(np.int32)


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
    scene: Scene, place: Place, pile: _Pile, at: np.ndarray, seen: camera.View
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Fill, contour, whether it is a person or a prop, mask value, and how heavy lines are at its distance."""
    counts = [len(b.starts) for b in pile.laid]
    colours = shaded(np.concatenate(pile.colours), np.concatenate([b.shades for b in pile.laid]))
    shining = np.concatenate(pile.shining)[:, None]
    lights = np.repeat(np.array(pile.lights, np.float32), counts, axis=0)
    kinds = np.repeat(np.array(pile.kinds), counts)
    colours = np.where(shining, colours, colours * lights)
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


def _cut(
    behind: list[int], points: np.ndarray, starts: np.ndarray, ends: np.ndarray, matrix: np.ndarray, aspect: float,
    fixed: np.float32,
) -> dict[int, np.ndarray]:  # fmt: skip
    """What is left in the picture of outlines that reach behind the lens; only ground, walls and ceiling do."""
    left = {}
    for k in behind:
        part = (points[starts[k] : ends[k]] @ matrix[:, :3].T + matrix[:, 3]).tolist()
        kept = _before_lens(part)
        if not kept:
            continue
        us, vs = [u for u, _ in kept], [v for _, v in kept]
        if max(us) > 0 and min(us) < aspect and max(vs) > 0 and min(vs) < 1:
            left[k] = _fixed(np.array(kept, np.float32), fixed)
    return left


def _before_lens(part: list[list[float]]) -> list[tuple[float, float]]:
    """Where in the picture the part of an outline before the lens lies."""
    kept = []
    ax, ay, az = part[-1]
    for bx, by, bz in part:
        if (az >= camera.NEAR) != (bz >= camera.NEAR):
            t = (camera.NEAR - az) / (bz - az)
            kept.append(((ax + (bx - ax) * t) / camera.NEAR, (ay + (by - ay) * t) / camera.NEAR))
        if bz >= camera.NEAR:
            kept.append((bx / bz, by / bz))
        ax, ay, az = bx, by, bz
    return kept


def _fill(canvas: np.ndarray, layers: _Layers) -> None:
    fill = cv2.fillPoly
    shapes = zip(layers.outer, layers.inner, layers.lined, layers.lines, layers.fills, strict=True)
    for k, (outer, inner, lined, line, colour) in enumerate(shapes):
        if k == layers.backdrop and layers.calm:
            _calmed(canvas, layers.calm)
        if lined:
            fill(canvas, [outer], line, 8, _BITS)
        fill(canvas, [inner], colour, 8, _BITS)


def _fill_mask(canvas: np.ndarray, layers: _Layers, factor: int) -> None:
    for inner, kind in zip(layers.inner, layers.kinds, strict=True):
        cv2.fillPoly(canvas, [inner // factor], kind, 8, _BITS)


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


_CAR = bundle(moved(prop("car"), scale=1.12))
"""What drives past."""


_SPOT = bundle(on_ground([ellipse(0.0, 0.0, 1.0, 1.0, "shadow", 1.0, 0.0)], 0.008))
"""A shadow on the ground, of a radius of one metre."""


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
