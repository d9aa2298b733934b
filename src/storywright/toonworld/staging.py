"""Who and what stands where: people and things of a scene set side by side, with what they stand on.

Knows nothing about the camera beyond how close the shot is, which decides what is put at what height.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from storywright.toonworld.acting import AIR, PERSON, Actor, Thing, actor
from storywright.toonworld.props import SMALL, prop
from storywright.toonworld.scene import Person, Prop, Scene
from storywright.toonworld.shapes import Bundle, box, bundle, ellipse, limb, moved

Box = tuple[float, float, float, float]
"""Left, bottom, right, top, in metres on the plane where people stand."""

CLOSE = ("extreme close-up", "close-up", "medium close-up", "medium")
_GAP = 0.13
_BEHIND = {"car": 1.15, "bicycle": 0.75}
"""Things too large to stand in the row, and how far behind it they stand."""


class Item(NamedTuple):
    """Shapes upright in the world, at one depth."""

    bundle: Bundle
    x: float
    y: float
    z: float
    person: int
    """Whose colours they have; -1 for nobody's."""
    prop: int
    """Which prop they are; -1 for none."""
    drawn_as: str
    """figure, prop or scenery."""
    flip: bool = False
    """Whether it is seen in a mirror."""


class Placed(NamedTuple):
    """A person where they stand."""

    person: int
    look: Person
    things: tuple[Thing, ...]
    who: Actor
    x: float
    y: float = 0.0
    """Raised or lowered, where the shot does not show the ground."""

    @property
    def box(self) -> Box:
        """Around the person and their things."""
        return _shifted(self.who.bounds, self.x, self.y)


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """Everything in front of the backdrop, from back to front."""

    items: tuple[Item, ...]
    """Things that belong to nobody, and what they stand on."""
    actors: tuple["Placed", ...]
    prop_boxes: dict[int, Box]
    shadows: tuple[tuple[int, float, float, float], ...]
    """Whose it is (-1: a thing's), x, z and half-width of each shadow on the ground."""
    tabletop: bool = False

    def row(self) -> Box:
        """Around everybody and everything in the row."""
        boxes = [a.box for a in self.actors] + list(self.prop_boxes.values())
        if not boxes:
            return (-0.4, 0.0, 0.4, 1.7)
        return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)


def stage(scene: Scene) -> Stage:
    """Set people and things side by side."""
    props = scene.props[:3]
    people = scene.people[:3]
    owned = {k: p for k, p in enumerate(props) if p.use != "standing" and p.by < len(people)}
    loose = {k: p for k, p in enumerate(props) if k not in owned}
    if scene.shot == "insert" and props:
        if 0 in loose:
            return _still_life(props[0])
        people = (people[props[0].by],)
        owned = {k: p for k, p in owned.items() if p.by == props[0].by}
        loose = {}
        actors = _row(people, {k: Prop(kind=p.kind, colour=p.colour, use=p.use) for k, p in owned.items()})
        actors = [a._replace(person=props[0].by) for a in actors]
    else:
        actors = _row(people, owned)
    return _assembled(scene, _levelled(scene, actors), loose)


def _levelled(scene: Scene, actors: list[Placed]) -> list[Placed]:
    """As on a film set: where no ground is seen, heads are brought near to the level of the one the shot looks at."""
    if scene.shot not in CLOSE or len(actors) < 2:
        return actors
    level = actors[min(scene.focus, len(actors) - 1)].who.head_at[1]
    levelled = []
    for a in actors:
        above = a.who.head_at[1] - level
        levelled.append(a._replace(y=min(max(above, -0.2), 0.06) - above))
    return levelled


def items_of(placed: Placed, who: Actor) -> list[Item]:
    """The person and their things, as they are or as they are in the middle of a movement."""
    items = []
    for layer in who.layers:
        kind = "figure" if layer.owner == PERSON else "scenery" if layer.owner == AIR else "prop"
        at = placed.x + (-layer.x if who.flip else layer.x), placed.y + layer.y
        items.append(Item(layer.bundle, *at, 0.0, placed.person, max(layer.owner, -1), kind, who.flip))
    return items


def _row(people: tuple[Person, ...], owned: dict[int, Prop]) -> list[Placed]:
    x, row = 0.0, []
    for index, person in enumerate(people):
        things = tuple((p.kind, p.use, k) for k, p in owned.items() if p.by == index)
        who = actor(person, things)
        left, _, right, _ = who.bounds
        row.append(Placed(index, person, things, who, x - left))
        x += right - left + _GAP
    centre = (x - _GAP) / 2
    return [placed._replace(x=placed.x - centre) for placed in row]


def _assembled(scene: Scene, actors: list[Placed], loose: dict[int, Prop]) -> Stage:
    items: list[Item] = []
    boxes: dict[int, Box] = {}
    shadows: list[tuple[int, float, float, float]] = []
    left = min((a.box[0] for a in actors), default=0.0)
    right = max((a.box[2] for a in actors), default=0.0)
    to_right = scene.seed // 2 % 2 == 0
    for k, thing in loose.items():
        laid, table, size, height = _standing(thing.kind, _table_height(scene, thing.kind, actors))
        z = _BEHIND.get(thing.kind, 0.0) if actors else 0.0
        half = max(size / 2, table / 2)
        inside = half * 0.75 if z else -_GAP
        at = right - inside + half if to_right else left + inside - half
        if not actors and left == right:
            at = 0.0
        if to_right:
            right = max(right, at + half)
        else:
            left = min(left, at - half)
        to_right = not to_right
        if table:
            items.append(Item(_table(table, height), at, 0.0, z + 0.01, -1, -1, "scenery"))
        items.append(Item(laid, at, height, z, -1, k, "prop"))
        shadows.append((-1, at, z, half * 0.95))
        low = laid.bounds
        boxes[k] = (at + low[0], height + low[1], at + low[2], height + low[3])
    items.sort(key=lambda item: -item.z)
    for a in actors:
        for k, b in a.who.prop_bounds:
            boxes[k] = _shifted(b, a.x, a.y)
        shadows += [(a.person, a.x + x, 0.0, half) for x, half in a.who.shadows]
    return Stage(tuple(items), tuple(actors), boxes, tuple(shadows))


def _table_height(scene: Scene, kind: str, actors: list[Placed]) -> float:
    """How high a thing stands so that the shot can see it; nought on the ground."""
    if kind in ("car", "bicycle", "chair", "umbrella") or not actors:
        return 0.74 if kind in SMALL and not actors else 0.0
    focus = actors[min(scene.focus, len(actors) - 1)].who
    y, r = focus.head_at[1], focus.head_size
    if scene.shot in ("close-up", "extreme close-up"):
        return y - 1.3 * r
    if scene.shot == "medium close-up":
        return max(0.74, y - 2.6 * r)
    if scene.shot == "medium":
        return max(0.7, focus.hips_y + 0.06)
    return 0.7 if kind in SMALL else 0.0


@lru_cache(maxsize=256)
def _standing(kind: str, height: float) -> tuple[Bundle, float, float, float]:
    """The thing, how wide its table is, how wide it is itself, and how high it stands."""
    shapes = list(prop(kind))
    if kind == "lamp" and not height:
        shapes = [
            *moved([limb([(0, 0), (0, 0.95)], [0.024, 0.022], "#c3c9cf"), ellipse(0, 0.03, 0.17, 0.05, "#33333b")]),
            *moved(shapes[1:], y=0.6, scale=1.4),
        ]
    elif kind in ("plant", "ball", "gift box", "cat", "backpack") and not height:
        shapes = moved(shapes, scale=1.25)
    laid = bundle(shapes)
    left, _, right, _ = laid.bounds
    return laid, (right - left + 0.28 if height else 0.0), right - left, height


@lru_cache(maxsize=256)
def _table(width: float, height: float) -> Bundle:
    half = width / 2
    legs = [
        limb([(s * (half - 0.07), height - 0.03), (s * (half - 0.04), 0.0)], [0.026, 0.022], "wood", 0.72)
        for s in (-1, 1)
    ]
    return bundle(
        [
            *legs,
            box(-half + 0.03, height - 0.13, half - 0.03, height - 0.04, "wood", 0.8, 0.8),
            box(-half, height - 0.055, half, height, "wood", 1.0, 1.0, 0.015),
        ]
    )


def _still_life(thing: Prop) -> Stage:
    """One thing alone, on a table top if it is small."""
    small = thing.kind not in ("car", "bicycle", "chair", "dog", "umbrella")
    height = 0.78 if small else 0.0
    laid = bundle(list(prop(thing.kind)))
    low = laid.bounds
    items = [Item(laid, 0.0, height, 0.0, -1, 0, "prop")]
    boxes = {0: (low[0], height + low[1], low[2], height + low[3])}
    return Stage(tuple(items), (), boxes, () if small else ((-1, 0.0, 0.0, (low[2] - low[0]) * 0.48),), tabletop=small)


def _shifted(b: Box, x: float, y: float) -> Box:
    return b[0] + x, b[1] + y, b[2] + x, b[3] + y
