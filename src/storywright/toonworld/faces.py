"""Heads: face, expression, hair, glasses and hat.

Drawn around the middle of the head in units of half its height, looking to the front or to the right. Knows nothing
about the body under it.
"""

from functools import lru_cache

from storywright.toonworld.shapes import Point, Shape, blob, ellipse, limb, moved, polygon, stroke

INK = "#2b2326"
"""Pupils, lashes and mouths."""


@lru_cache(maxsize=2048)
def head(
    woman: bool, age: str, hair: str, glasses: bool, hat: str, expression: str, aside: bool
) -> tuple[tuple[Shape, ...], tuple[Shape, ...]]:
    """What hangs behind the shoulders, and the head itself."""
    turn = 0.24 if aside else 0.0
    behind = _hair_behind(woman, hair, aside)
    front = [
        *_skull(woman, age, aside),
        *_features(woman, age, expression, turn),
        *_hair_before(woman, age, hair, aside, hat),
    ]
    if glasses:
        front += _glasses(turn)
    if hat:
        front += _cap(aside) if hat == "cap" else _sun_hat()
    return tuple(behind), tuple(front)


def _skull(woman: bool, age: str, aside: bool) -> list[Shape]:
    jaw = 0.36 if woman else 0.46
    cheek = 0.76 if woman else 0.82
    if age == "child":
        jaw, cheek = 0.52, 0.92
    outline: list[Point] = [
        (0.0, -1.0),
        (jaw, -0.84),
        (cheek, -0.32),
        (0.88, 0.18),
        (0.76, 0.66),
        (0.42, 0.95),
        (0, 1.02),
    ]
    ear = ellipse(-0.86, -0.02, 0.15, 0.21, "skin", 0.92)
    if not aside:
        return [ear, ellipse(0.86, -0.02, 0.15, 0.21, "skin", 0.92), blob(outline, "skin", mirror=True)]
    face: list[Point] = [
        (0.16, -1.0), (jaw + 0.1, -0.86), (cheek - 0.02, -0.36), (0.84, 0.12), (0.74, 0.62), (0.42, 0.95), (0, 1.02),
        (-0.46, 0.94), (-0.8, 0.62), (-0.9, 0.15), (-0.78, -0.34), (-jaw + 0.06, -0.84),
    ]  # fmt: skip
    return [blob(face, "skin"), ellipse(-0.62, -0.05, 0.15, 0.2, "skin", 0.86, 0.7)]


def _features(woman: bool, age: str, expression: str, turn: float) -> list[Shape]:
    gap = 0.37 if age != "child" else 0.4
    level = 0.04 if age != "child" else -0.06
    shapes = []
    if woman or age == "child":
        for side in (-1, 1):
            shapes.append(
                ellipse(
                    (0.62 if turn and side > 0 else side * 0.54 + turn * 0.6),
                    -0.34,
                    0.1 if turn and side > 0 else 0.15,
                    0.1,
                    "blush",
                    1.0,
                    0.0,
                )
            )
    for side in (-1, 1):
        x = side * gap * (0.9 if turn else 1.0) + turn
        shapes += _eye(x, level, side, woman, expression, turn)
        shapes.append(_brow(x, level, side, expression, woman))
        if age == "old":
            shapes.append(
                stroke(
                    [(x - side * 0.12, level - 0.3), (x, level - 0.34), (x + side * 0.14, level - 0.28)],
                    0.05,
                    "skin",
                    0.72,
                )
            )
            shapes.append(
                stroke(
                    [(side * 0.3 + turn, -0.3), (side * 0.42 + turn, -0.45), (side * 0.42 + turn, -0.6)],
                    0.05,
                    "skin",
                    0.72,
                )
            )
    if age == "old":
        shapes.append(stroke([(turn - 0.25, 0.58), (turn, 0.62), (turn + 0.25, 0.58)], 0.05, "skin", 0.74))
    nose = [(turn * 1.35 - 0.02, -0.04), (turn * 1.35 + 0.1, -0.22), (turn * 1.35 - 0.04, -0.26)]
    if turn:
        shapes.append(blob([(0.36, 0.02), (0.5, -0.2), (0.4, -0.29), (0.26, -0.27)], "skin", 0.84, 0.0))
    else:
        shapes.append(stroke(nose, 0.075, "skin", 0.66))
    return shapes + _mouth(expression, turn, woman, age)


def _eye(x: float, y: float, side: int, woman: bool, expression: str, turn: float) -> list[Shape]:
    tall = {"surprised": 0.28, "angry": 0.17, "sad": 0.19}.get(expression, 0.22)
    look = 0.05 if turn else 0.0
    shapes = [
        ellipse(x, y, 0.185, tall, "#fdfcf8", 1.0, 0.8),
        ellipse(x + look, y - 0.01, 0.115, min(0.155, tall * 0.82), INK, 1.0, 0.0),
        ellipse(x + look + 0.04, y + 0.06, 0.042, 0.05, "#ffffff", 1.0, 0.0),
    ]
    if expression == "angry":
        shapes.append(
            polygon(
                [
                    (x - 0.21, y + 0.3),
                    (x + 0.21, y + 0.3),
                    (x + 0.21, y + 0.06 + 0.07 * side),
                    (x - 0.21, y + 0.06 - 0.07 * side),
                ],
                "skin",
                1.0,
                0.0,
            )
        )
    elif expression == "sad":
        shapes.append(
            polygon(
                [
                    (x - 0.21, y + 0.3),
                    (x + 0.21, y + 0.3),
                    (x + 0.21, y + 0.1 - 0.06 * side),
                    (x - 0.21, y + 0.1 + 0.06 * side),
                ],
                "skin",
                1.0,
                0.0,
            )
        )
    lid = y + tall * 0.82
    if expression == "angry":
        shapes.append(stroke([(x - 0.2, y + 0.06 - 0.07 * side), (x + 0.2, y + 0.06 + 0.07 * side)], 0.1, INK))
    elif expression == "sad":
        shapes.append(stroke([(x - 0.2, y + 0.1 + 0.06 * side), (x + 0.2, y + 0.1 - 0.06 * side)], 0.09, INK))
    else:
        shapes.append(
            stroke(
                [(x - 0.2, y + tall * 0.36), (x - 0.09, lid), (x + 0.09, lid), (x + 0.2, y + tall * 0.36)], 0.085, INK
            )
        )
    if woman:
        shapes.append(stroke([(x + side * 0.16, y + 0.06), (x + side * 0.27, y + 0.15)], 0.07, INK))
    return shapes


def _brow(x: float, level: float, side: int, expression: str, woman: bool) -> Shape:
    y = level + 0.4
    inner, middle, outer = {
        "smiling": (0.05, 0.12, 0.02),
        "neutral": (0.02, 0.05, -0.03),
        "sad": (0.14, 0.06, -0.1),
        "surprised": (0.17, 0.24, 0.1),
        "angry": (-0.16, -0.02, 0.12),
    }[expression]
    points = [(x - side * 0.2, y + inner), (x, y + middle), (x + side * 0.22, y + outer)]
    return stroke(points, 0.09 if woman else 0.13, "hair", 0.7)


def _mouth(expression: str, turn: float, woman: bool, age: str) -> list[Shape]:
    x = turn * 0.95
    wide = 0.28 if age == "child" else 0.33
    lips = "#b8434a" if woman else "#8c3a36"
    if expression == "smiling":
        return [
            blob([(x - wide, -0.44), (x, -0.5), (x + wide, -0.44), (x + wide * 0.72, -0.66), (x, -0.76),
            (x - wide * 0.72, -0.66)], lips, 1.0, 0.6),
            polygon([(x - wide * 0.82, -0.485), (x, -0.52), (x + wide * 0.82, -0.485), (x + wide * 0.6, -0.58),
            (x - wide * 0.6, -0.58)], "#fffdf8", 1.0, 0.0),
        ]  # fmt: skip
    if expression == "surprised":
        return [ellipse(x, -0.62, 0.16, 0.21, "#6e2a2c", 1.0, 0.7), ellipse(x, -0.72, 0.09, 0.08, "#c8605e", 1.0, 0.0)]
    if expression == "sad":
        return [
            stroke(
                [
                    (x - wide * 0.85, -0.72),
                    (x - wide * 0.4, -0.6),
                    (x, -0.565),
                    (x + wide * 0.4, -0.6),
                    (x + wide * 0.85, -0.72),
                ],
                0.11,
                lips,
                0.85,
            )
        ]
    if expression == "angry":
        return [
            blob([(x - wide * 0.9, -0.72), (x - wide * 0.5, -0.52), (x + wide * 0.5, -0.52), (x + wide * 0.9, -0.72),
            (x, -0.68)], "#6e2a2c", 1.0, 0.7),
            polygon([(x - wide * 0.5, -0.56), (x + wide * 0.5, -0.56), (x + wide * 0.55, -0.63),
            (x - wide * 0.55, -0.63)], "#fffdf8", 1.0, 0.0),
        ]  # fmt: skip
    return [stroke([(x - wide * 0.7, -0.585), (x, -0.6), (x + wide * 0.7, -0.575)], 0.1, lips, 0.85)]


def _hair_behind(woman: bool, hair: str, aside: bool) -> list[Shape]:
    if hair != "long":
        return []
    drop = -2.1 if woman else -1.55
    shift = -0.14 if aside else 0.0
    return [
        blob(
            [
                (shift, 1.2), (0.7 + shift, 1.02), (1.06 + shift, 0.4), (1.08 + shift, -0.5),
                (1.02 + shift, drop * 0.75),
                (0.72 + shift, drop), (shift, drop * 0.94), (-0.74 + shift, drop), (-1.06 + shift, drop * 0.75),
                (-1.12 + shift, -0.5), (-1.06 + shift, 0.4), (-0.7 + shift, 1.02),
            ],
            "hair",
            0.78,
        )
    ]  # fmt: skip


def _hair_before(woman: bool, age: str, hair: str, aside: bool, hat: str) -> list[Shape]:
    if hair == "bald":
        return _bald(woman, age, aside)
    if hair == "long":
        return _long(woman, aside)
    return _bob(aside) if woman else _crop(aside)


def _bald(woman: bool, age: str, aside: bool) -> list[Shape]:
    shine = blob([(-0.42, 0.72), (-0.18, 0.86), (0.05, 0.88), (-0.05, 0.78), (-0.3, 0.66)], "skin", 1.22, 0.0)
    if woman:
        return [shine]
    left = blob([(-0.92, 0.34), (-0.76, 0.4), (-0.72, 0.1), (-0.78, -0.14), (-0.92, -0.02)], "hair", 1.0, 0.7)
    if aside:
        return [shine, moved([left], x=0.1)[0]]
    return [shine, left, *moved([left], flip=True)]


def _crop(aside: bool) -> list[Shape]:
    """Short hair with a parting."""
    if aside:
        outline: list[Point] = [
            (0.86, 0.42), (0.94, 0.8), (0.66, 1.12), (0.1, 1.27), (-0.55, 1.14), (-1.0, 0.72), (-1.06, 0.1),
            (-0.9, -0.38),
            (-0.72, -0.3), (-0.66, 0.12), (-0.46, 0.2), (-0.4, 0.5), (0.1, 0.56), (0.55, 0.6),
        ]  # fmt: skip
    else:
        outline = [
            (0.97, 0.02), (1.0, 0.5), (0.82, 0.96), (0.36, 1.22), (-0.2, 1.26), (-0.74, 1.04), (-1.0, 0.55),
            (-0.97, 0.02),
            (-0.82, 0.1), (-0.76, 0.42), (-0.44, 0.66), (0.1, 0.56), (0.56, 0.7), (0.76, 0.42), (0.82, 0.1),
        ]  # fmt: skip
    lock = stroke([(-0.5, 0.98), (-0.05, 1.08), (0.42, 1.0)], 0.1, "hair", 1.28)
    return [blob(outline, "hair", steps=4), lock]


def _bob(aside: bool) -> list[Shape]:
    """Short hair of a woman, down to the jaw."""
    if aside:
        outline: list[Point] = [
            (0.82, 0.36), (0.92, 0.78), (0.6, 1.14), (0.0, 1.28), (-0.66, 1.12), (-1.1, 0.6), (-1.16, -0.2),
            (-1.0, -0.8),
            (-0.62, -0.86), (-0.36, -0.6), (-0.42, 0.1), (-0.2, 0.44), (0.3, 0.66),
        ]  # fmt: skip
    else:
        outline = [
            (0.52, -0.82), (0.92, -0.82), (1.12, -0.3), (1.08, 0.5), (0.78, 1.04), (0.2, 1.28), (-0.4, 1.22),
            (-0.94, 0.84),
            (-1.14, 0.2), (-1.1, -0.4), (-0.92, -0.82), (-0.52, -0.82), (-0.7, -0.4), (-0.74, 0.2), (-0.5, 0.52),
            (0.1, 0.62), (0.42, 0.72), (0.68, 0.42), (0.74, 0.0), (0.7, -0.4),
        ]  # fmt: skip
    lock = stroke([(-0.62, 0.9), (-0.1, 1.06), (0.36, 0.98)], 0.1, "hair", 1.28)
    return [blob(outline, "hair", steps=4), lock]


def _long(woman: bool, aside: bool) -> list[Shape]:
    """The parting and the strands that frame the face; the rest hangs behind."""
    drop = -1.45 if woman else -1.05
    if aside:
        outline: list[Point] = [
            (0.84, 0.36), (0.9, 0.8), (0.56, 1.14), (-0.06, 1.27), (-0.7, 1.1), (-1.12, 0.56), (-1.18, -0.3),
            (-1.1, drop),
            (-0.74, drop - 0.1), (-0.44, -0.66), (-0.46, 0.1), (-0.24, 0.46), (0.34, 0.68),
        ]  # fmt: skip
        return [blob(outline, "hair", steps=4), stroke([(-0.6, 0.92), (-0.86, 0.4), (-0.9, -0.4)], 0.1, "hair", 1.28)]
    outline = [
        (0.72, drop * 0.8), (0.98, drop), (1.12, -0.4), (1.06, 0.5), (0.74, 1.04), (0.16, 1.27), (-0.44, 1.2),
        (-0.94, 0.8),
        (-1.12, 0.2), (-1.12, -0.5), (-0.98, drop), (-0.72, drop * 0.8), (-0.76, -0.4), (-0.76, 0.16), (-0.56, 0.5),
        (-0.2, 0.78), (0.3, 0.66), (0.62, 0.46), (0.76, 0.1), (0.76, -0.4),
    ]  # fmt: skip
    return [blob(outline, "hair", steps=4), stroke([(-0.3, 1.06), (-0.76, 0.76), (-0.94, 0.2)], 0.1, "hair", 1.28)]


def _glasses(turn: float) -> list[Shape]:
    frame = "#23242b"
    shapes = []
    for side in (-1, 1):
        x = side * 0.38 * (0.92 if turn else 1.0) + turn
        ring = [(x + 0.27 * c, 0.02 + 0.27 * s) for c, s in _RING]
        shapes.append(limb([*ring, ring[0]], [0.045] * 9, frame, 1.0, 0.0))
    shapes.append(stroke([(turn - 0.12, 0.08), (turn, 0.12), (turn + 0.12, 0.08)], 0.12, frame))
    for side in (-1, 1) if not turn else (-1,):
        start = side * 0.62 + turn
        shapes.append(stroke([(start, 0.08), (side * 0.86, 0.12)], 0.12, frame))
    return shapes


_RING = [(1.0, 0.0), (0.72, 0.68), (0.0, 0.92), (-0.72, 0.68), (-1.0, 0.0), (-0.72, -0.7), (0.0, -0.95), (0.72, -0.7)]


def _cap(aside: bool) -> list[Shape]:
    dome = blob(
        [(-0.98, 0.5), (-0.94, 0.96), (-0.5, 1.34), (0, 1.42), (0.5, 1.34), (0.94, 0.96), (0.98, 0.5), (0, 0.6)], "hat"
    )
    band = blob([(-0.99, 0.46), (-0.96, 0.68), (0, 0.78), (0.96, 0.68), (0.99, 0.46), (0, 0.56)], "hat", 0.78, 0.6)
    if aside:
        return [
            dome,
            band,
            blob([(0.3, 0.6), (0.9, 0.66), (1.5, 0.5), (1.52, 0.4), (0.9, 0.4), (0.3, 0.46)], "hat", 0.86),
        ]
    return [dome, blob([(-0.78, 0.62), (0, 0.76), (0.78, 0.62), (0.72, 0.36), (0, 0.5), (-0.72, 0.36)], "hat", 0.78)]


def _sun_hat() -> list[Shape]:
    return [
        ellipse(0, 0.62, 1.62, 0.3, "straw"),
        blob([(-0.92, 0.66), (-0.82, 1.15), (-0.4, 1.42), (0, 1.46), (0.4, 1.42), (0.82, 1.15), (0.92, 0.66),
        (0, 0.56)], "straw", 1.06),
        blob([(-0.93, 0.64), (-0.9, 0.84), (0, 0.76), (0.9, 0.84), (0.93, 0.64), (0, 0.54)], "#b5473f", 1.0, 0.6),
    ]  # fmt: skip
