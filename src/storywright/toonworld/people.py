"""People from the neck down: a body in a pose, what it wears, and where its hands and its head are.

A figure stands with its feet at the origin, x to the right, y up, in metres. Knows the kinds of gesture that a prop
asks for, and nothing about the props themselves.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

from storywright.toonworld.scene import Person
from storywright.toonworld.shapes import Point, Shape, blob, ellipse, limb, moved, polygon, stroke

GESTURES = (
    "", "hold", "carry", "mouth", "ear", "both", "type", "spray", "high", "lead", "look", "grip", "wheel", "pour",
    "low",
)  # fmt: skip
"""What a prop can ask of the hands; the empty one leaves them to the pose."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawn body, from back to front in four layers; the head and props go between two of them."""

    back: tuple[Shape, ...]
    """The far arm of somebody turned to the side."""
    body: tuple[Shape, ...]
    front: tuple[Shape, ...]
    """The near arm, or both."""
    hands: tuple[Shape, ...]
    """Fingers over what the hand holds."""
    near_hand: Point
    far_hand: Point
    near_wrist: Point
    mouth: Point
    aside: bool
    """Whether the body is turned to the side."""
    size: float
    """Of the body, an adult's being one."""
    head_at: Point
    head_size: float
    """Half the head's height."""
    head_turn: float
    """Degrees by which the head is bent forward."""
    chest: Point
    hips: Point
    knees_y: float
    feet: tuple[Point, ...]
    seat: Point | None
    """Where a seat has to be for somebody who sits."""


@dataclass(frozen=True, slots=True)
class _Body:
    """Joints of a pose for an adult; y up from the ground."""

    hips: Point
    lean: float  # degrees, positive towards the side one faces
    knees: tuple[Point, Point]  # far, near
    ankles: tuple[Point, Point]
    tiptoe: tuple[float, float] = (0.0, 0.0)


def _bodies(aside: bool) -> dict[str, _Body]:
    stand = _Body((0, 0.74), 0, ((0.075, 0.41), (-0.055, 0.41)), ((0.085, 0.07), (-0.07, 0.07)))
    if not aside:
        stand = _Body((0, 0.74), 0, ((-0.105, 0.41), (0.105, 0.41)), ((-0.115, 0.07), (0.115, 0.07)))
    return {
        "standing": stand,
        "walking": _Body((0, 0.74), 3, ((-0.06, 0.42), (0.16, 0.43)), ((-0.26, 0.13), (0.24, 0.07)), (-32, 8)),
        "running": _Body((0.02, 0.77), 13, ((-0.04, 0.44), (0.27, 0.6)), ((-0.36, 0.38), (0.26, 0.27)), (-60, -8)),
        "sitting": _Body((-0.12, 0.5), -2, ((0.27, 0.51), (0.24, 0.49)), ((0.31, 0.07), (0.24, 0.07))),
        "cycling": _Body((-0.2, 0.86), 16, ((0.1, 0.72), (0.13, 0.62)), ((-0.03, 0.42), (0.06, 0.21)), (-10, -6)),
        "waving": stand,
        "pointing": stand,
        "arms raised": stand,
        "reaching": _Body(stand.hips, 6, stand.knees, stand.ankles),
        "driving": _Body((0, 0.74), 0, stand.knees, stand.ankles),
    }


def figure(look: Person, near: str = "", far: str = "", stride: float = 1.0, swing: float = 0.0) -> Figure:
    """The person in this pose with these gestures; whoever faces left is drawn facing right, for the caller to mirror.

    `stride` and `swing` move the legs and a waving arm through a motion.
    """
    moving = look.pose in ("walking", "running", "sitting", "cycling")
    aside = look.facing != "front" or moving or look.pose == "pointing" or near in ("wheel", "type")
    build, trunk = _trunk(replace(look, facing="front"), aside, stride)
    size, joints, head_at, radius = build.size, build.joints, build.head_at, build.radius
    hands = _hand_targets(build, near, far, swing)
    far_arm, far_fingers, _ = _arm(build, 0, hands[0], _hand_kind(look, far, near_side=False))
    near_arm, near_fingers, wrist = _arm(build, 1, hands[1], _hand_kind(look, near, near_side=True))
    return Figure(
        back=far_arm if aside else (),
        body=trunk,
        front=near_arm if aside else far_arm + near_arm,
        hands=near_fingers if aside else near_fingers + far_fingers,
        near_hand=hands[1],
        far_hand=hands[0],
        near_wrist=wrist,
        mouth=(head_at[0] + (0.23 * radius if look.facing != "front" else 0.0), head_at[1] - 0.6 * radius),
        aside=aside,
        size=size,
        head_at=head_at,
        head_size=radius,
        head_turn=-6 if look.age == "old" and aside else 0,
        chest=build.up(0, 0.3),
        hips=_scaled(joints.hips, size),
        knees_y=min(k[1] for k in joints.knees) * size,
        feet=(_scaled(joints.ankles[0], size), _scaled(joints.ankles[1], size)),
        seat=(joints.hips[0] * size, (joints.hips[1] - 0.09) * size) if look.pose == "sitting" else None,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Build:
    """A body in its pose, before its hands are told what to do."""

    look: Person
    size: float
    radius: float
    aside: bool
    joints: _Body
    lean: float

    def up(self, x: float, y: float) -> Point:
        """A point of the upright upper body, leaned about the hips."""
        a, hips = -math.radians(self.lean), self.joints.hips
        return (
            (hips[0] + x * math.cos(a) - y * math.sin(a)) * self.size,
            (hips[1] + x * math.sin(a) + y * math.cos(a)) * self.size,
        )

    @property
    def head_at(self) -> Point:
        """The middle of the head."""
        x, y = self.up(0, 0.53)
        stoop = 0.07 if self.look.age == "old" else 0.0
        return x + (stoop + 0.015 if self.aside else 0.0), y + self.radius * (0.88 if stoop else 0.98)

    @property
    def shoulders(self) -> tuple[Point, Point]:
        """Far and near; looking to the front, the left one of the picture is far."""
        wide = 0.152 if self.look.woman else 0.172
        if self.aside:
            return self.up(0.085, 0.425), self.up(-0.09, 0.42)
        return self.up(-wide, 0.425), self.up(wide, 0.425)


@lru_cache(maxsize=4096)
def _trunk(look: Person, aside: bool, stride: float) -> tuple[_Build, tuple[Shape, ...]]:
    """The body and what of it is drawn whatever the hands do: legs, torso and neck."""
    size = {"child": 0.64, "adult": 1.0, "old": 0.95}[look.age]
    radius = {"child": 0.19, "adult": 0.205, "old": 0.2}[look.age]
    joints = _strided(_bodies(aside)[look.pose], look.pose, stride)
    build = _Build(look, size, radius, aside, joints, joints.lean + (7 if look.age == "old" and aside else 0))
    return build, (*_legs(build), *_torso(build), *_neck(build))


def _strided(body: _Body, pose: str, stride: float) -> _Body:
    """The legs part of the way through a step: 1 as drawn, -1 with the legs changed over."""
    if stride == 1.0 or pose not in ("walking", "running"):
        return body
    t = (stride + 1) / 2
    lift = 0.1 * (1 - abs(stride))

    def blend(a: Point, b: Point, lifted: float) -> Point:
        return (a[0] * t + b[0] * (1 - t), a[1] * t + b[1] * (1 - t) + lifted)

    return _Body(
        body.hips,
        body.lean,
        (blend(body.knees[0], body.knees[1], lift * 0.6), blend(body.knees[1], body.knees[0], 0)),
        (blend(body.ankles[0], body.ankles[1], lift), blend(body.ankles[1], body.ankles[0], 0)),
        (body.tiptoe[0] * t + body.tiptoe[1] * (1 - t), body.tiptoe[1] * t + body.tiptoe[0] * (1 - t)),
    )


def _hand_kind(look: Person, gesture: str, near_side: bool) -> str:
    if gesture:
        return "fist" if gesture not in ("type", "both") else "flat"
    if look.pose in ("waving", "reaching") and near_side:
        return "open"
    if look.pose == "arms raised":
        return "open"
    if look.pose == "pointing" and near_side:
        return "finger"
    return "fist"


def _hand_targets(build: _Build, near: str, far: str, swing: float) -> tuple[Point, Point]:
    """Where the far and the near hand go."""
    look, aside, size, radius = build.look, build.aside, build.size, build.radius
    shoulders, head_at = build.shoulders, build.head_at

    def reach(index: int, x: float, y: float) -> Point:
        return shoulders[index][0] + x * size, shoulders[index][1] + y * size

    def gesture(index: int, kind: str) -> Point:
        out = 1 if index else -1
        if aside:
            out = 1
        table = {
            "hold": (0.3, -0.2) if aside else (out * 0.2, -0.11),
            "carry": (0.27, -0.24) if aside else (out * -0.015, -0.33),
            "both": (0.32, -0.2) if aside else (out * -0.03, -0.27),
            "type": (0.36, -0.27) if aside else (out * -0.02, -0.3),
            "high": (0.27, -0.02) if aside else (out * 0.15, -0.02),
            "lead": (0.32, -0.3) if aside else (out * 0.24, -0.3),
            "look": (0.26, -0.14) if aside else (out * -0.08, -0.16),
            "grip": (0.42, -0.26),
            "wheel": (0.36, -0.22),
            "pour": (0.36, -0.06) if aside else (out * 0.28, -0.12),
            "low": (0.08, -0.48) if aside else (out * 0.12, -0.48),
        }
        if kind == "mouth":
            return (head_at[0] + (0.98 if aside else out * 0.92) * radius, head_at[1] - 0.98 * radius)
        if kind == "ear":
            side = -0.62 if aside else out * 0.98
            return head_at[0] + side * radius, head_at[1] - 0.32 * radius
        if kind == "spray":
            return head_at[0] + (0.95 if aside else out * 1.15) * radius, head_at[1] - 1.15 * radius
        return reach(index, *table[kind])

    pose = look.pose
    stretch = 1.35 if look.age == "child" else 1.0
    if aside:
        rest = {
            "walking": ((-0.2, -0.42), (0.22, -0.42)),
            "running": ((0.27, -0.2), (-0.24, -0.26)),
            "sitting": ((0.27, -0.33), (0.3, -0.33)),
            "cycling": ((0.4, -0.22), (0.48, -0.2)),
        }.get(pose, ((0.07, -0.5), (-0.03, -0.51)))
    else:
        drop = -0.58 if look.age == "child" else -0.52
        rest = ((-0.07, drop), (0.07, drop))
    far_hand, near_hand = reach(0, *rest[0]), reach(1, *rest[1])
    if pose == "waving":
        wide = 0.32 if not aside else 0.44
        near_hand = reach(1, (wide + 0.1 * swing) * stretch, 0.25 - 0.05 * abs(swing))
    elif pose == "pointing":
        near_hand = reach(1, 0.53, 0.05)
    elif pose == "arms raised":
        far_hand, near_hand = reach(0, -0.22 * stretch, 0.42), reach(1, 0.22 * stretch, 0.42)
        if aside:
            far_hand, near_hand = reach(0, 0.3 * stretch, 0.38), reach(1, -0.2 * stretch, 0.44)
    elif pose == "reaching":
        near_hand = reach(1, 0.42, 0.28)
        if aside:
            far_hand, near_hand = reach(0, 0.34, 0.36), reach(1, 0.53, 0.07)
    acting = pose in ("waving", "pointing", "arms raised", "reaching")
    if far and not (acting and pose == "arms raised" and far == "hold"):
        far_hand = gesture(0, far)
    if near and not (acting and near == "hold"):
        near_hand = gesture(1, near)
    return far_hand, near_hand


def _legs(build: _Build) -> list[Shape]:
    look, size, body = build.look, build.size, build.joints
    if look.pose == "driving":
        return []
    bare = look.bottom != "trousers" or look.top == "dress"
    shapes: list[Shape] = []
    dress = look.top == "dress"
    for index in (0, 1):
        hip_x = (0.05 if index == 0 else -0.04) if build.aside else (-0.085 if index == 0 else 0.085)
        hip = (body.hips[0] + hip_x, body.hips[1] - 0.02)
        knee, ankle = body.knees[index], body.ankles[index]
        shade = 0.84 if index == 0 and build.aside else 1.0
        shapes.append(_shoe(build, index, shade))
        joints = [_scaled(p, size) for p in (hip, knee, ankle)]
        thick = 0.9 if look.woman else 1.0
        if bare:
            leg = (0.08 * size * thick, 0.062 * size * thick, 0.045 * size)
            shapes += _jointed((joints[0], joints[1], joints[2]), leg, "skin", shade * 0.97)
        else:
            leg = (0.098 * size * thick, 0.082 * size * thick, 0.07 * size)
            shapes += _jointed((joints[0], joints[1], joints[2]), leg, "bottom", shade)
        if look.bottom == "shorts" and not dress:
            end = (knee[0] * 0.85 + hip[0] * 0.15, knee[1] * 0.85 + hip[1] * 0.15)
            shapes.append(
                limb(
                    [_scaled(hip, size), _scaled(end, size)],
                    [0.105 * size, 0.11 * size],
                    "bottom",
                    shade,
                    1.0,
                    ends=False,
                )
            )
    if look.pose == "sitting" and dress:
        return shapes
    if look.bottom == "skirt" and not dress:
        shapes.append(_skirt(build, "bottom", 0.5))
    elif not dress:
        shapes.append(
            ellipse(
                body.hips[0] * size,
                (body.hips[1] + 0.0) * size,
                (0.125 if build.aside else 0.165) * size,
                0.1 * size,
                "bottom",
                1.0,
                0.0,
            )
        )
    return shapes


def _skirt(build: _Build, paint: str, length: float) -> Shape:
    """Cloth from the waist over both thighs."""
    body, size = build.joints, build.size
    (x, y), knees = body.hips, body.knees
    if build.look.pose in ("sitting", "cycling"):
        k = knees[1]
        points = [
            (x - 0.15, y + 0.14),
            (x + 0.1, y + 0.14),
            (x + 0.2, y + 0.11),
            (k[0] + 0.1, k[1] + 0.09),
            (k[0] + 0.12, k[1] - 0.1),
            (x, y - 0.12),
            (x - 0.18, y - 0.1),
        ]
        return blob([_scaled(p, size) for p in points], paint, steps=4)
    waist = 0.1 if build.aside else 0.13
    low = y - (y - 0.42) * (0.55 + length * 0.7)
    left = min(knees[0][0], knees[1][0], x - 0.08) - 0.12
    right = max(knees[0][0], knees[1][0], x + 0.08) + 0.12
    points = [
        (x - waist, y + 0.15),
        (x + waist, y + 0.15),
        (x + waist + 0.06, y),
        (right, low),
        (x, low - 0.03),
        (left, low),
        (x - waist - 0.06, y),
    ]
    return blob([_scaled(p, size) for p in points], paint, steps=4)


def _shoe(build: _Build, index: int, shade: float) -> Shape:
    size, (x, y) = build.size, build.joints.ankles[index]
    if build.aside:
        shape = blob(
            [(-0.075, 0.05), (0.03, 0.06), (0.13, 0.01), (0.165, -0.045), (0.1, -0.07), (-0.08, -0.07)],
            "shoe",
            shade,
            steps=4,
        )
        return moved([shape], x * size, y * size, size, build.joints.tiptoe[index])[0]
    out = -1 if index == 0 else 1
    shape = blob(
        [(-0.07, 0.05), (0.06, 0.05), (0.11, -0.03), (0.08, -0.07), (-0.07, -0.07), (-0.09, -0.02)],
        "shoe",
        shade,
        steps=4,
    )
    return moved([shape], x * size, y * size, size, flip=out < 0)[0]


def _torso(build: _Build) -> list[Shape]:
    look, up = build.look, build.up
    waist, hip = (0.118, 0.15) if look.woman else (0.15, 0.155)
    shoulder = 0.17 if look.woman else 0.195
    if build.aside:
        waist, hip, shoulder = waist * 0.88, hip * 0.86, shoulder * 0.8
    low = -0.06 if look.top in ("jacket", "hoodie") else -0.02
    skirt = [_skirt(build, "top", 0.75)] if look.top == "dress" and look.pose != "driving" else []
    outline = [
        (0, 0.535),
        (0.06, 0.53),
        (shoulder * 0.8, 0.485),
        (shoulder, 0.41),
        (waist + 0.025, 0.27),
        (waist, 0.15),
        (hip, low + 0.04),
        (hip - 0.015, low),
        (0, low - 0.012),
    ]
    full = [up(*p) for p in outline] + [up(-x, y) for x, y in reversed(outline[1:-1])]
    shapes = [*skirt, blob(full, "top", steps=4)]
    fold = [up(-waist * 0.92, 0.2), up(-waist * 0.55, 0.16), up(-hip * 0.9, 0.02), up(-hip * 0.98, low + 0.05)]
    shapes.append(blob(fold, "top", 0.82, 0.0, steps=3))
    return shapes + _trimmings(build, hip, low)


def _trimmings(build: _Build, hip: float, low: float) -> list[Shape]:
    """What tells a shirt from a jacket, a dress and a hoodie."""
    up, size, x = build.up, build.size, 0.04 if build.aside else 0.0
    top = build.look.top
    if top == "shirt":
        collar = [
            polygon([up(x + s * 0.01, 0.455), up(x + s * 0.085, 0.535), up(x + s * 0.1, 0.46)], "top", 1.25, 0.7)
            for s in (-1, 1)
        ]
        return [stroke([up(x, 0.44), up(x, low + 0.03)], 0.016 * size, "top", 0.7), *collar,
                *[ellipse(*up(x, y), 0.013 * size, 0.013 * size, "top", 1.5, 0.0) for y in (0.36, 0.24,
                0.12)]]  # fmt: skip
    if top == "jacket":
        inner = blob(
            [
                up(x - 0.05, 0.53),
                up(x + 0.05, 0.53),
                up(x + 0.055, 0.25),
                up(x + 0.05, low + 0.005),
                up(x - 0.05, low + 0.005),
                up(x - 0.055, 0.25),
            ],
            "inner",
            1.0,
            0.6,
            steps=3,
        )
        lapels = [
            polygon(
                [up(x + s * 0.045, 0.545), up(x + s * 0.125, 0.47), up(x + s * 0.1, 0.38), up(x + s * 0.055, 0.24)],
                "top",
                0.76,
                0.7,
            )
            for s in (-1, 1)
        ]
        return [inner, *lapels]
    if top == "hoodie":
        hood = blob(
            [up(-0.12, 0.5), up(-0.07, 0.57), up(0.07, 0.57), up(0.12, 0.5), up(0.05, 0.445), up(-0.05, 0.445)],
            "top",
            0.78,
            0.8,
            steps=4,
        )
        pocket = polygon(
            [up(x - 0.075, 0.15), up(x + 0.075, 0.15), up(x + 0.11, 0.02), up(x - 0.11, 0.02)], "top", 0.84, 0.7
        )
        strings = [
            stroke([up(x + s * 0.04, 0.455), up(x + s * 0.045, 0.33)], 0.02 * size, "#f4f1ea", 1.0) for s in (-1, 1)
        ]
        return [pocket, hood, *strings]
    neckline = blob(
        [up(-0.075, 0.54), up(0.075, 0.54), up(0.05, 0.46), up(0, 0.435), up(-0.05, 0.46)], "skin", 0.97, 0.6, steps=4
    )
    belt = polygon(
        [up(-0.118, 0.165), up(0.118, 0.165), up(0.122, 0.125), up(-0.122, 0.125)]
        if not build.aside
        else [up(-0.105, 0.165), up(0.105, 0.165), up(0.107, 0.125), up(-0.107, 0.125)],
        "top",
        0.7,
        0.0,
    )
    return [neckline, belt]


def _neck(build: _Build) -> list[Shape]:
    head_at, radius = build.head_at, build.radius
    thick = 0.05 if build.look.woman else 0.062
    base = build.up(0, 0.5)
    return [
        limb(
            [base, (head_at[0], head_at[1] - radius * 0.7)],
            [thick * build.size, thick * build.size * 0.95],
            "skin",
            0.82,
        )
    ]


@lru_cache(maxsize=8192)
def _arm(build: _Build, index: int, hand: Point, kind: str) -> tuple[tuple[Shape, ...], tuple[Shape, ...], Point]:
    """Sleeve, forearm and hand; the fingers that close over what is held; and the wrist."""
    look, size = build.look, build.size
    shoulder = build.shoulders[index]
    outward = (-1 if index == 0 else 1) if not build.aside else -1
    elbow, hand = _bent(shoulder, hand, *_foreshortened(build, shoulder, hand), outward)
    shade = 0.86 if index == 0 and build.aside else 1.0
    slim = 0.88 if look.woman else 1.0
    widths = (0.07 * size * slim, 0.056 * size * slim, 0.045 * size)
    long_sleeve = look.top in ("jacket", "hoodie")
    shapes = [*_hand(hand, elbow, size, kind, shade)]
    if long_sleeve:
        cuff = _between(elbow, hand, 0.88)
        sleeve = (0.078 * size * slim, 0.066 * size * slim, 0.056 * size)
        shapes += _jointed((shoulder, elbow, cuff), sleeve, "top", shade * 0.95)
    else:
        shapes = [*_jointed((shoulder, elbow, hand), widths, "skin", shade), *shapes]
        end = _between(shoulder, elbow, 0.92 if look.top == "shirt" else 0.5)
        shapes.append(limb([shoulder, end], [0.08 * size * slim, 0.074 * size * slim], "top", shade * 0.95, 1.0))
    fingers = [ellipse(hand[0], hand[1], 0.05 * size, 0.042 * size, "skin", shade, 0.8)] if kind == "fist" else []
    return tuple(shapes), tuple(fingers), _between(elbow, hand, 0.76)


def _jointed(
    joints: tuple[Point, Point, Point], widths: tuple[float, float, float], paint: str, shade: float
) -> list[Shape]:
    """A limb; one that is sharply bent is made of two, so that its inside does not fold over itself."""
    (ax, ay), (bx, by), (cx, cy) = joints
    ux, uy, vx, vy = bx - ax, by - ay, cx - bx, cy - by
    straight = (ux * vx + uy * vy) / (math.hypot(ux, uy) * math.hypot(vx, vy) + 1e-9)
    if straight > 0.35:
        return [limb(joints, widths, paint, shade)]
    return [
        limb(joints[:2], widths[:2], paint, shade),
        limb(joints[1:], widths[1:], paint, shade),
        ellipse(bx, by, widths[1] * 0.97, widths[1] * 0.97, paint, shade, 0.0),
    ]


def _hand(hand: Point, elbow: Point, size: float, kind: str, shade: float) -> list[Shape]:
    direction = math.degrees(math.atan2(hand[1] - elbow[1], hand[0] - elbow[0]))
    if kind == "open":
        shapes = [
            limb([(0.02, 0.0), (0.085 * math.cos(a), 0.085 * math.sin(a))], [0.022, 0.018], "skin", shade)
            for a in (0.75, 0.28, -0.2, -0.65)
        ]
        shapes += [
            limb([(0, 0.02), (0.035, 0.075)], [0.02, 0.017], "skin", shade),
            ellipse(0.015, 0, 0.05, 0.052, "skin", shade, 0.0),
        ]
        return moved(shapes, *hand, size, direction)
    if kind == "finger":
        shapes = [
            limb([(0.02, 0.018), (0.13, 0.018)], [0.021, 0.017], "skin", shade),
            ellipse(0.015, -0.005, 0.055, 0.048, "skin", shade),
        ]
        return moved(shapes, *hand, size, direction)
    if kind == "flat":
        return moved([ellipse(0.02, 0, 0.06, 0.04, "skin", shade)], *hand, size, direction)
    shapes = [
        ellipse(0.012, 0, 0.054, 0.05, "skin", shade),
        limb([(0, 0.02), (0.04, 0.05)], [0.018, 0.015], "skin", shade, 0.7),
    ]
    return moved(shapes, *hand, size, direction)


def _foreshortened(build: _Build, shoulder: Point, hand: Point) -> tuple[float, float]:
    """Lengths of upper and lower arm as they are seen: an arm that comes towards us looks shorter."""
    size = build.size * (1.12 if build.look.age == "child" else 1.0)
    upper, lower = 0.275 * size, 0.265 * size
    if build.aside:
        return upper, lower
    distance = math.hypot(hand[0] - shoulder[0], hand[1] - shoulder[1])
    factor = min(1.0, max(0.72, distance / (upper + lower) / 0.88))
    return upper * factor, lower * factor


def _bent(shoulder: Point, hand: Point, upper: float, lower: float, outward: float) -> tuple[Point, Point]:
    """Where the elbow is, and the hand if it has to come nearer to be reached."""
    dx, dy = hand[0] - shoulder[0], hand[1] - shoulder[1]
    distance = max(math.hypot(dx, dy), 1e-6)
    longest = (upper + lower) * 0.985
    if distance > longest:
        dx, dy, distance = dx * longest / distance, dy * longest / distance, longest
        hand = (shoulder[0] + dx, shoulder[1] + dy)
    along = (upper**2 - lower**2 + distance**2) / (2 * distance)
    height = math.sqrt(max(upper**2 - along**2, 0.0))
    ux, uy = dx / distance, dy / distance
    options = [
        (shoulder[0] + ux * along - uy * height * s, shoulder[1] + uy * along + ux * height * s) for s in (1, -1)
    ]
    return max(options, key=lambda p: p[0] * outward * 0.5 - p[1]), hand


def _between(a: Point, b: Point, t: float) -> Point:
    return a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t


def _scaled(p: Point, size: float) -> Point:
    return p[0] * size, p[1] * size
