"""A person together with the things they hold, wear and use: who is where in front of whom, and what the hands do.

Knows nothing about places or the camera.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce

from storywright.toonworld.faces import head
from storywright.toonworld.people import Figure, figure
from storywright.toonworld.props import prop
from storywright.toonworld.scene import Person
from storywright.toonworld.shapes import Bundle, Point, Shape, box, bundle, ellipse, limb, moved, stroke

Thing = tuple[str, str, int]
"""A prop's kind, its use, and its index in the scene."""

PERSON = -1
"""Owner of the shapes that are the person; what belongs to a prop is owned by its index."""
AIR = -2
"""Owner of what belongs to nobody: a table, a leash, drops."""


Box = tuple[float, float, float, float]
"""Left, bottom, right, top."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Shapes that have one owner, and where they go."""

    bundle: Bundle
    owner: int
    x: float = 0.0
    y: float = 0.0

    @property
    def box(self) -> Box:
        """Around the shapes."""
        left, bottom, right, top = self.bundle.bounds
        return left + self.x, bottom + self.y, right + self.x, top + self.y


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """A person and their things, from back to front, feet at the origin."""

    layers: tuple[Layer, ...]
    """As if they faced right."""
    flip: bool
    """Whether they face left: the layers are to be seen in a mirror, as all that follows is already."""
    bounds: Box
    person_bounds: Box
    prop_bounds: tuple[tuple[int, Box], ...]
    head_at: Point
    head_size: float
    hips_y: float
    knees_y: float
    shadows: tuple[tuple[float, float], ...]
    """Middle and half-width of each shadow that they throw on the ground."""


_TWO_HANDS = ("laptop", "cake", "pizza", "plant", "ball", "dog", "cat", "gift box", "car")
_USING = {
    "bottle": ("mouth", ""), "can": ("mouth", ""), "mug": ("mouth", ""), "pizza": ("mouth", ""),
    "toothbrush": ("mouth", ""),
    "cake": ("mouth", ""), "phone": ("ear", ""), "laptop": ("type", "type"), "perfume": ("spray", ""),
    "book": ("both", "both"),
    "umbrella": ("high", ""), "ball": ("high", ""), "dog": ("lead", ""), "cat": ("lead", ""),
    "gift box": ("high", "carry"),
    "plant": ("pour", ""), "lamp": ("hold", ""), "watch": ("look", ""), "car": ("wheel", "wheel"),
}  # fmt: skip
_ACTING = ("waving", "pointing", "reaching", "arms raised")


def actor(look: Person, things: tuple[Thing, ...], stride: float = 1.0, swing: float = 0.0, drip: float = 0.0) -> Actor:
    """The person with their things; each further thing in hand goes to a hand that is still free.

    `stride`, `swing` and `drip` move legs, a waving hand and what is poured; left as they are, nothing moves.
    """
    flip, aside = look.facing == "left", look.facing != "front"
    dressed = _dressed(look.woman, look.age, look.top, look.bottom, look.pose, aside, things, stride, swing, drip)
    body = dressed.body
    hair, face = _head(
        look.woman, look.age, look.hair_length, look.glasses, look.hat, look.expression, aside,
        body.head_size, body.head_turn,
    )  # fmt: skip
    x, y = body.head_at
    front = Layer(face, PERSON, x, y)
    around_head = front.box
    if hair is None:
        layers = (*dressed.before, *dressed.between, front, *dressed.after)
    else:
        back = Layer(hair, PERSON, x, y)
        around_head = _joined(around_head, back.box)
        layers = (*dressed.before, back, *dressed.between, front, *dressed.after)
    bounds, person_bounds = _joined(dressed.bounds, around_head), _joined(dressed.person_bounds, around_head)
    return Actor(
        layers=layers,
        flip=flip,
        bounds=_mirrored(bounds) if flip else bounds,
        person_bounds=_mirrored(person_bounds) if flip else person_bounds,
        prop_bounds=tuple((k, _mirrored(b)) for k, b in dressed.prop_bounds) if flip else dressed.prop_bounds,
        head_at=(-x if flip else x, y),
        head_size=body.head_size,
        hips_y=body.hips[1],
        knees_y=body.knees_y,
        shadows=tuple((-middle, half) for middle, half in dressed.shadows) if flip else dressed.shadows,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Dressed:
    """A body with its things, and room for the hair behind it and for its head."""

    before: tuple[Layer, ...]
    between: tuple[Layer, ...]
    after: tuple[Layer, ...]
    body: Figure
    bounds: Box
    person_bounds: Box
    prop_bounds: tuple[tuple[int, Box], ...]
    shadows: tuple[tuple[float, float], ...]


@lru_cache(maxsize=4096)
def _dressed(
    woman: bool, age: str, top: str, bottom: str, pose: str, aside: bool,
    things: tuple[Thing, ...], stride: float, swing: float, drip: float,
) -> _Dressed:  # fmt: skip
    facing = "right" if aside else "front"
    look = Person(woman=woman, age=age, top=top, bottom=bottom, pose=pose, facing=facing)
    uses = _one_at_a_time([(kind, _real_use(kind, use), index) for kind, use, index in things])
    look = _posed(look, uses)
    near, far, in_near, in_far = _gestures(look, uses)
    body = figure(look, near, far, stride, swing)
    stage = _Stage(body, drip)
    stage.add("back", body.back, PERSON)
    stage.add("body", body.body, PERSON)
    stage.add("arms", body.front, PERSON)
    stage.add("fingers", body.hands, PERSON)
    if look.pose == "sitting" and ("chair", "used") not in [(k, u) for k, u, _ in uses]:
        stage.add("seat", _stool(body), AIR)
    for thing in uses:
        _put(stage, look, thing, in_near == thing, in_far == thing)
    return stage.dressed()


@lru_cache(maxsize=4096)
def _head(
    woman: bool, age: str, hair: str, glasses: bool, hat: str, expression: str, aside: bool, size: float, turn: float,
) -> tuple[Bundle | None, Bundle]:  # fmt: skip
    """What hangs behind the shoulders, and the head, around the middle of the head."""
    behind, face = head(woman, age, hair, glasses, hat, expression, aside)
    back = moved(behind, scale=size)
    return bundle(back) if back else None, bundle(moved(face, scale=size, turn=turn))


def _shadows(bounds_of: dict[int, Box], feet: list[float]) -> Iterator[tuple[float, float]]:
    if feet and bounds_of[PERSON][1] < 0.3:
        yield (min(feet) + max(feet)) / 2, (max(feet) - min(feet)) / 2 + 0.2
    for owner, b in bounds_of.items():
        if owner >= 0 and b[1] < 0.06:
            yield (b[0] + b[2]) / 2 * 0.95, (b[2] - b[0]) / 2 * 0.95


def _real_use(kind: str, use: str) -> str:
    wearable = kind in ("watch", "headphones", "backpack", "shoe")
    if use == "worn":
        return "worn" if wearable else "held"
    if use == "used" and kind in ("shoe", "headphones", "backpack"):
        return "worn"
    return use


def _one_at_a_time(uses: list[Thing]) -> list[Thing]:
    """Hands use one thing, and one thing is sat on, ridden or driven; what else would be used is held meanwhile."""
    busy = seated = False
    for k, (kind, use, index) in enumerate(uses):
        if use == "used" and kind in _SEATS:
            uses[k] = (kind, "held" if seated else use, index)
            seated = True
        elif use == "used" and kind in _USING:
            uses[k] = (kind, "held" if busy else use, index)
            busy = True
    return uses


_SEATS = {"chair": "sitting", "bicycle": "cycling", "car": "driving"}
"""The poses of those who use them."""


def _posed(look: Person, uses: list[Thing]) -> Person:
    """What is sat on, ridden or driven decides the pose."""
    for kind, use, _ in uses:
        if use == "used" and kind in _SEATS:
            return replace(look, pose=_SEATS[kind])
    for kind, use, _ in uses:
        if use == "used" and kind in _USING and look.pose in _ACTING:
            return replace(look, pose="standing")
        if use == "held" and kind in ("chair", "bicycle") and look.pose != "walking":
            return replace(look, pose="standing")
    return look


def _gestures(look: Person, uses: list[Thing]) -> tuple[str, str, Thing | None, Thing | None]:
    near = far = ""
    in_near: Thing | None = None
    in_far: Thing | None = None
    for thing in uses:
        kind, use, _ = thing
        if use == "used" and kind in _USING and in_near is None:
            near, wanted_far = _USING[kind]
            far, in_near = far or wanted_far, thing
        elif (
            use == "held" and in_near is None and (look.pose not in _ACTING or look.pose in ("arms raised", "reaching"))
        ):
            near, in_near = _holding(kind), thing
            if kind in _TWO_HANDS and in_far is None and look.pose not in _ACTING:
                far = "carry"
            elif look.pose in _ACTING:
                near = "hold"
        elif use == "held" and in_far is None:
            far, in_far = _holding(kind) if kind not in _TWO_HANDS else "hold", thing
    return near, far, in_near, in_far


def _holding(kind: str) -> str:
    if kind in _TWO_HANDS:
        return "carry"
    return {"backpack": "low", "umbrella": "low", "bicycle": "grip"}.get(kind, "hold")


class _Stage:
    """Collects shapes by layer."""

    BEFORE = ("far back", "seat", "back")
    BETWEEN = ("far hand", "body", "worn")
    AFTER = ("on head", "chest", "arms", "near hand", "fingers", "front")

    def __init__(self, body: Figure, drip: float) -> None:
        self.body = body
        self.drip = drip
        self.parts: dict[str, list[tuple[Sequence[Shape], int]]] = {
            layer: [] for layer in (*self.BEFORE, *self.BETWEEN, *self.AFTER)
        }

    def add(self, layer: str, shapes: Sequence[Shape], owner: int) -> None:
        if shapes:
            self.parts[layer].append((shapes, owner))

    def lift(self, x: float, y: float) -> None:
        """Move the person and what they have in hand, not what they are in or on."""
        for name, parts in self.parts.items():
            if name not in ("far back", "seat", "front"):
                self.parts[name] = [(moved(shapes, x, y), owner) for shapes, owner in parts]

    def dressed(self) -> _Dressed:
        before, between, after = (self._layers(names) for names in (self.BEFORE, self.BETWEEN, self.AFTER))
        around: dict[int, Box] = {}
        for layer in (*before, *between, *after):
            box_of = layer.box
            around[layer.owner] = _joined(around[layer.owner], box_of) if layer.owner in around else box_of
        return _Dressed(
            before,
            between,
            after,
            self.body,
            bounds=reduce(_joined, around.values()),
            person_bounds=around[PERSON],
            prop_bounds=tuple((owner, b) for owner, b in around.items() if owner >= 0),
            shadows=tuple(_shadows(around, [x for x, _ in self.body.feet])),
        )

    def _layers(self, names: tuple[str, ...]) -> tuple[Layer, ...]:
        parts = [part for name in names for part in self.parts[name]]
        return tuple(Layer(_bundled(tuple(shapes)), owner) for shapes, owner in parts)


@lru_cache(maxsize=8192)
def _bundled(shapes: tuple[Shape, ...]) -> Bundle:
    """A layer made ready; the same legs, torso or arm serve many figures."""
    return bundle(shapes)


def _mirrored(b: Box) -> Box:
    return -b[2], b[1], -b[0], b[3]


def _joined(a: Box, b: Box) -> Box:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _stool(body: Figure) -> list[Shape]:
    assert body.seat is not None
    x, y = body.seat
    return [
        limb([(x - 0.13, y - 0.05), (x - 0.17, 0.0)], [0.024, 0.02], "wood", 0.72),
        limb([(x + 0.15, y - 0.05), (x + 0.18, 0.0)], [0.024, 0.02], "wood", 0.72),
        box(x - 0.22, y - 0.08, x + 0.24, y, "wood", 1.0, 1.0, 0.03),
    ]


def _at(
    shapes: tuple[Shape, ...], to: Point, grip: Point, scale: float = 1.0, turn: float = 0.0, flip: bool = False
) -> list[Shape]:
    """The prop turned and scaled about its grip, and the grip brought to a point."""
    centred = moved(shapes, -grip[0], -grip[1])
    return moved(centred, to[0], to[1], scale, turn, flip)


def _put(stage: _Stage, look: Person, thing: Thing, near: bool, far: bool) -> None:
    kind, use, owner = thing
    if use == "worn":
        _WORN[kind](stage, owner)
    elif use == "used":
        _USED[kind](stage, owner)
    else:
        _in_hand(stage, kind, owner, near or not far)


_GRIP: dict[str, tuple[Point, float, float]] = {
    "bottle": ((0, 0.12), 1.0, 0), "can": ((0, 0.09), 1.0, 0), "mug": ((0.115, 0.085), 1.0, 0),
    "shoe": ((-0.11, 0.14), 0.95, 0),
    "phone": ((0, 0.06), 1.0, -8), "watch": ((0, 0.02), 0.9, -10), "headphones": ((0, 0.3), 1.0, 0),
    "backpack": ((0, 0.56), 0.95, 0),
    "lamp": ((0, 0.16), 0.9, 0), "perfume": ((0, 0.05), 1.1, 0), "toothbrush": ((0, 0.09), 1.1, -14),
    "book": ((0.0, 0.05), 0.9, -6),
    "umbrella": ((0.04, 0.86), 0.78, 0),
}  # fmt: skip
"""Where a hand takes it, its scale in the hand, and its turn."""
_CARRIED: dict[str, tuple[str, Point, float]] = {
    "laptop": ("back", (0, 0.06), 0.9), "cake": ("", (0, 0.02), 1.0), "pizza": ("plate", (0, 0.02), 1.0),
    "plant": ("", (0, 0.1), 0.75),
    "ball": ("", (0, 0.13), 0.95), "dog": ("", (0.02, 0.25), 0.62), "cat": ("", (0, 0.1), 0.95),
    "gift box": ("", (0, 0.09), 0.9),
    "car": ("", (0, 0.45), 0.2),
}  # fmt: skip


def _in_hand(stage: _Stage, kind: str, owner: int, near: bool) -> None:
    body = stage.body
    hand = body.near_hand if near else body.far_hand
    layer = "near hand" if near else ("far hand" if body.aside else "near hand")
    if kind in _CARRIED:
        state, grip, scale = _CARRIED[kind]
        level = abs(body.near_hand[1] - body.far_hand[1]) < 0.1
        if level and near:
            x = (body.near_hand[0] + body.far_hand[0]) / 2 + (0.06 if body.aside else 0)
            stage.add("near hand", _at(prop(kind, state), (x, hand[1]), grip, scale), owner)
        else:
            stage.add(layer, _at(prop(kind, state), (hand[0], hand[1] + 0.02), (grip[0], 0.0), scale * 0.8), owner)
        return
    if kind == "chair":
        stage.add(layer, moved(prop(kind), hand[0] + 0.2, 0.0, max(0.6, hand[1] / 0.95)), owner)
        return
    if kind == "bicycle":
        stage.add("front", moved(prop(kind), hand[0] + 0.4 * body.size, 0.0, hand[1] / 0.97, flip=True), owner)
        return
    grip, scale, turn = _GRIP[kind]
    if kind == "umbrella":
        scale = max(0.3, hand[1] / 0.86) if hand[1] < 0.9 else 0.8
        grip = grip if hand[1] < 0.9 else (0, 0.3)
    flip = not near and not body.aside
    stage.add(layer, _at(prop(kind), hand, grip, scale, turn, flip), owner)


def _worn_watch(stage: _Stage, owner: int) -> None:
    x, y = stage.body.near_wrist
    stage.add(
        "near hand",
        [
            ellipse(x, y, 0.085, 0.08, "prop"),
            ellipse(x, y, 0.05, 0.05, "#fbfaf5", 1.0, 0.8),
            stroke([(x, y + 0.032), (x, y), (x + 0.025, y)], 0.016, "#33333b"),
        ],
        owner,
    )


def _worn_headphones(stage: _Stage, owner: int) -> None:
    (x, y), r = stage.body.head_at, stage.body.head_size
    if not _looks_aside(stage):
        stage.add("on head", moved(prop("headphones"), x, y - 0.14 * r / 0.16, r / 0.158), owner)
        return
    shapes = [
        limb([(-0.64, 0.1), (-0.66, 0.8), (-0.3, 1.28), (0.12, 1.36)], [0.1, 0.11, 0.11, 0.09], "prop", 0.86),
        ellipse(-0.6, -0.06, 0.34, 0.44, "prop"),
        ellipse(-0.57, -0.06, 0.16, 0.22, "trim", 1.0, 0.0),
    ]
    stage.add("on head", moved(shapes, x, y, r), owner)


def _looks_aside(stage: _Stage) -> bool:
    return stage.body.mouth[0] > stage.body.head_at[0] + 0.01


def _worn_backpack(stage: _Stage, owner: int) -> None:
    body, size = stage.body, stage.body.size
    x, y = body.chest
    if body.aside:
        stage.add("far back", moved(prop("backpack"), x - 0.2 * size, y - 0.34 * size, size * 1.05, -4), owner)
        strap = [
            (x - 0.06 * size, y + 0.2 * size),
            (x + 0.06 * size, y + 0.02 * size),
            (x - 0.08 * size, y - 0.18 * size),
        ]
        stage.add("worn", [limb(strap, [0.03 * size] * 3, "prop", 0.8)], owner)
        return
    stage.add("far back", moved(prop("backpack"), x, y - 0.32 * size, size * 1.22), owner)
    for side in (-1, 1):
        strap = [
            (x + side * 0.1 * size, y + 0.22 * size),
            (x + side * 0.115 * size, y),
            (x + side * 0.15 * size, y - 0.16 * size),
        ]
        stage.add("worn", [limb(strap, [0.032 * size] * 3, "prop", 0.85)], owner)


def _worn_shoes(stage: _Stage, owner: int) -> None:
    body = stage.body
    for index, (x, y) in enumerate(body.feet):
        flip = not body.aside and index == 0
        out = (0.04 if body.aside else 0.05 * (-1 if index == 0 else 1)) * body.size
        stage.add("worn", moved(prop("shoe"), x + out, y - 0.075 * body.size, 0.86 * body.size, flip=flip), owner)


def _drinking(kind: str, tip: Point, turn: float) -> Callable[[_Stage, int], None]:
    def put(stage: _Stage, owner: int) -> None:
        x, y = stage.body.mouth
        stage.add("near hand", _at(prop(kind, "cold"), (x + 0.015, y - 0.012), tip, 0.95, turn), owner)

    return put


def _bite(stage: _Stage, owner: int) -> None:
    x, y = stage.body.mouth
    stage.add("near hand", _at(prop("pizza", "slice"), (x - 0.01, y), (-0.17, 0.0), 0.85, -14), owner)


def _brush(stage: _Stage, owner: int) -> None:
    x, y = stage.body.mouth
    stage.add("on head", [ellipse(x, y, 0.065, 0.042, "#ffffff", 1.0, 0.6)], AIR)
    stage.add("near hand", _at(prop("toothbrush"), (x, y), (-0.03, 0.3), 1.0, 62), owner)


def _spray(stage: _Stage, owner: int) -> None:
    body = stage.body
    x, y = body.near_hand
    stage.add("near hand", _at(prop("perfume"), (x, y), (0, 0.05), 1.1, 6), owner)
    puffs = [
        ellipse(x - dx, y + 0.13 + dy, r, r * 0.8, "#f7f4ff", 1.0, 0.5)
        for dx, dy, r in ((0.09, 0.03, 0.022), (0.14, 0.05, 0.028), (0.14, -0.01, 0.024))
    ]
    stage.add("near hand", puffs, AIR)


def _eat_cake(stage: _Stage, owner: int) -> None:
    body = stage.body
    (x, y), right = body.mouth, _right_of(body) + 0.12
    stage.add(
        "near hand",
        [
            stroke([(x + 0.02, y), body.near_hand], 0.022, "#b9bec4"),
            ellipse(x + 0.02, y, 0.045, 0.035, "#f0cf9a", 1.0, 0.8),
        ],
        AIR,
    )
    stage.add("front", _table(right - 0.05, right + 0.55, 0.62 * body.size + 0.08), AIR)
    stage.add("front", moved(prop("cake"), right + 0.25, 0.62 * body.size + 0.08), owner)


def _right_of(body: Figure) -> float:
    return max(body.feet[0][0], body.feet[1][0], body.hips[0] + 0.12)


def _table(x0: float, x1: float, y: float) -> list[Shape]:
    return [
        limb([(x0 + 0.07, y - 0.03), (x0 + 0.07, 0.0)], [0.022, 0.02], "wood", 0.75),
        limb([(x1 - 0.07, y - 0.03), (x1 - 0.07, 0.0)], [0.022, 0.02], "wood", 0.75),
        box(x0, y - 0.055, x1, y, "wood", 1.0, 1.0, 0.012),
    ]


def _phone_call(stage: _Stage, owner: int) -> None:
    stage.add(
        "near hand",
        _at(prop("phone"), stage.body.near_hand, (0, 0.09), 0.9, 10 if not _looks_aside(stage) else -10),
        owner,
    )


def _type(stage: _Stage, owner: int) -> None:
    body = stage.body
    x, y = body.near_hand
    stage.add("chest", _table(x - 0.16, x + 0.46, y - 0.045), AIR)
    stage.add("chest", moved(prop("laptop", "side"), x + 0.14, y - 0.045, 1.05), owner)


def _read(stage: _Stage, owner: int) -> None:
    body = stage.body
    x = (body.near_hand[0] + body.far_hand[0]) / 2 + (0.05 if body.aside else 0.0)
    stage.add(
        "chest" if not body.aside else "near hand", moved(prop("book", "open"), x, body.near_hand[1] + 0.1, 0.95), owner
    )


def _shelter(stage: _Stage, owner: int) -> None:
    body = stage.body
    x, y = body.near_hand
    rise = max(0.0, body.head_at[1] + body.head_size * 1.2 - y - 0.66)
    stage.add("seat", _at(prop("umbrella", "open"), (x, y + rise), (0, 0), 1.0, 13), owner)
    if rise:
        stage.add(
            "near hand", [limb([(x, y - 0.08), (x - 0.02, y + rise)], [0.014, 0.014], "#8a5a34", 1.0, 0.8)], owner
        )


def _play_ball(stage: _Stage, owner: int) -> None:
    x, y = stage.body.near_hand
    stage.add("near hand", moved(prop("ball"), x + 0.03, y + 0.025), owner)


def _walk_dog(stage: _Stage, owner: int) -> None:
    body = stage.body
    x, y = body.near_hand
    at = _right_of(body) + 0.62
    stage.add(
        "front",
        [stroke([(x, y), ((x + at + 0.2) / 2, (y + 0.5) / 2 - 0.03), (at + 0.17, 0.52)], 0.026, "#5b4636")],
        AIR,
    )
    stage.add("front", moved(prop("dog"), at, 0.0), owner)


def _tease_cat(stage: _Stage, owner: int) -> None:
    body = stage.body
    x, y = body.near_hand
    at = _right_of(body) + 0.5
    stage.add("front", [
        limb([(x - 0.04, y - 0.03), (x + 0.22, y + 0.12)], [0.012, 0.008], "wood", 0.8),
        stroke([(x + 0.22, y + 0.12), (at - 0.01, y - 0.02), (at, 0.74)], 0.014, "#6b5b50"),
        ellipse(at, 0.72, 0.04, 0.032, "#c7b299"),
    ], AIR)  # fmt: skip
    stage.add("front", moved(prop("cat"), at, 0.0), owner)


def _open_gift(stage: _Stage, owner: int) -> None:
    body = stage.body
    x = (body.far_hand[0] + 0.15 * body.size) if not body.aside else body.far_hand[0] + 0.06
    stage.add("chest", moved(prop("gift box", "open"), x, body.far_hand[1] - 0.1, 0.95), owner)
    stage.add(
        "near hand", moved(prop("gift box", "lid"), body.near_hand[0] - 0.05, body.near_hand[1] - 0.03, 0.95, 14), owner
    )


def _water(stage: _Stage, owner: int) -> None:
    body = stage.body
    x, y = body.near_hand
    stage.add("near hand", list(moved(prop("watering can"), x, y)), AIR)
    at = x + 0.36
    drops = [
        ellipse(at - 0.02 + dx, y - 0.08 - (dy + stage.drip * 0.24) % 0.24, 0.019, 0.034, "#6fb0dc", 1.0, 0.4)
        for dx, dy in ((0, 0), (0.03, 0.07), (-0.02, 0.12), (0.02, 0.18))
    ]
    stage.add("front", drops, AIR)
    stage.add("front", moved(prop("plant"), at + 0.04, 0.0, max(0.7, (y - 0.28) / 0.7)), owner)


def _light_lamp(stage: _Stage, owner: int) -> None:
    x, y = stage.body.near_hand
    base = y - 0.3
    stage.add("front", _table(x - 0.04, x + 0.5, base), AIR)
    stage.add("front", moved(prop("lamp", "lit"), x + 0.2, base, 1.1), owner)
    stage.add("front", stage.body.hands[:1], PERSON)


def _check_watch(stage: _Stage, owner: int) -> None:
    _worn_watch(stage, owner)


def _sit(stage: _Stage, owner: int) -> None:
    body = stage.body
    assert body.seat is not None
    stage.add("seat", moved(prop("chair"), body.seat[0] + 0.03, 0.0, body.seat[1] / 0.465), owner)


def _ride(stage: _Stage, owner: int) -> None:
    stage.add("seat", moved(prop("bicycle"), 0.0, 0.0, stage.body.size), owner)


def _drive(stage: _Stage, owner: int) -> None:
    body = stage.body
    stage.lift(0.22, 1.2 - body.head_at[1])
    stage.body = replace(body, head_at=(body.head_at[0] + 0.22, 1.2), feet=(), chest=(0.22, 0.8), hips=(0, 0.5))
    stage.parts["fingers"] = []
    stage.add("far back", moved(prop("car", "back"), scale=1.14), owner)
    stage.add("front", moved(prop("car", "front"), scale=1.14), owner)


_WORN: dict[str, Callable[[_Stage, int], None]] = {
    "watch": _worn_watch, "headphones": _worn_headphones, "backpack": _worn_backpack, "shoe": _worn_shoes,
}  # fmt: skip
_USED: dict[str, Callable[[_Stage, int], None]] = {
    "bottle": _drinking("bottle", (0, 0.35), 58), "can": _drinking("can", (-0.03, 0.2), 48),
    "mug": _drinking("mug", (-0.07, 0.155), 30),
    "pizza": _bite, "toothbrush": _brush, "perfume": _spray, "cake": _eat_cake, "phone": _phone_call, "laptop": _type,
    "book": _read,
    "umbrella": _shelter, "ball": _play_ball, "dog": _walk_dog, "cat": _tease_cat, "gift box": _open_gift,
    "plant": _water,
    "lamp": _light_lamp, "watch": _check_watch, "chair": _sit, "bicycle": _ride, "car": _drive,
}  # fmt: skip
