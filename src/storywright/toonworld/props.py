"""The things that scenes show and ads sell, each drawn standing on the origin, y up, in metres, larger than life.

The paint `prop` is the colour that was asked for, `trim` the colour that goes with it. Knows nothing about people.
"""

import math
from functools import lru_cache

from storywright.toonworld.shapes import Shape, blob, box, ellipse, limb, moved, polygon, stroke

SMALL = frozenset(
    ("bottle", "can", "mug", "shoe", "phone", "laptop", "watch", "headphones", "cake", "pizza", "perfume",
    "toothbrush", "book")
)  # fmt: skip
"""What stands on a table, not on the ground."""

METAL, DARK, GLASS, RUBBER = "#c3c9cf", "#33333b", "#bfe0ee", "#2e2d33"


@lru_cache(maxsize=256)
def prop(kind: str, state: str = "") -> tuple[Shape, ...]:
    """The thing, standing; `state` is one of its other looks: open, slice, flat, lit, lid, cold."""
    return tuple(_DRAWN[kind, state]() if (kind, state) in _DRAWN else _DRAWN[kind, ""]())


@lru_cache(maxsize=256)
def size_of(kind: str, state: str = "") -> tuple[float, float]:
    """Width and height."""
    points = [s.points for s in prop(kind, state)]
    low = [min(float(p[:, k].min()) for p in points) for k in (0, 1)]
    high = [max(float(p[:, k].max()) for p in points) for k in (0, 1)]
    return high[0] - low[0], high[1] - low[1]


def _bottle() -> list[Shape]:
    return [
        blob([(0.03, 0.34), (0.032, 0.27), (0.062, 0.21), (0.068, 0.14), (0.066, 0.02), (0.05, 0.0), (0, 0.0)],
        "prop", mirror=True),
        box(-0.066, 0.07, 0.066, 0.165, "trim", 1.0, 0.6),
        ellipse(0, 0.117, 0.028, 0.03, "prop", 0.85, 0.0),
        stroke([(-0.04, 0.04), (-0.043, 0.19), (-0.025, 0.25)], 0.02, "prop", 1.5),
        box(-0.037, 0.315, 0.037, 0.36, DARK, 1.0, 1.0, 0.012),
    ]  # fmt: skip


def _can() -> list[Shape]:
    return [
        blob([(0.056, 0.21), (0.07, 0.185), (0.07, 0.02), (0.056, 0.0), (0, -0.004)], "prop", mirror=True),
        ellipse(0, 0.205, 0.056, 0.016, METAL, 1.08, 0.8),
        blob([(-0.07, 0.08), (-0.02, 0.1), (0.03, 0.075), (0.07, 0.1), (0.07, 0.145), (0.03, 0.12), (-0.02, 0.145),
        (-0.07, 0.125)], "trim", 1.0, 0.4),
        stroke([(-0.047, 0.03), (-0.047, 0.17)], 0.018, "prop", 1.5),
    ]  # fmt: skip


def _mug() -> list[Shape]:
    handle = [(0.07, 0.13), (0.125, 0.125), (0.13, 0.06), (0.07, 0.04)]
    return [
        limb(handle, [0.016] * 4, "prop", 0.88),
        blob([(0.083, 0.165), (0.08, 0.03), (0.06, 0.0), (0, -0.004)], "prop", mirror=True, steps=4),
        ellipse(0, 0.165, 0.083, 0.02, "#6b4630", 1.0, 0.9),
        stroke([(-0.055, 0.03), (-0.06, 0.13)], 0.022, "prop", 1.45),
        stroke([(-0.03, 0.21), (-0.045, 0.245), (-0.02, 0.28), (-0.035, 0.32)], 0.016, "#f3f1ee"),
        stroke([(0.03, 0.21), (0.015, 0.25), (0.04, 0.285), (0.025, 0.32)], 0.016, "#f3f1ee"),
    ]  # fmt: skip


def _mug_cold() -> list[Shape]:
    return _mug()[:-2]


def _shoe() -> list[Shape]:
    return [
        blob([(-0.15, 0.03), (-0.155, 0.13), (-0.13, 0.175), (-0.06, 0.165), (-0.02, 0.14), (0.05, 0.1),
        (0.13, 0.085), (0.175, 0.05), (0.17, 0.025)], "prop", steps=4),
        blob([(-0.165, 0.0), (-0.16, 0.04), (0.0, 0.036), (0.17, 0.045), (0.19, 0.02), (0.17, 0.0)], "#f6f3ec",
        steps=4),
        blob([(-0.1, 0.05), (-0.02, 0.055), (0.05, 0.08), (0.0, 0.09), (-0.08, 0.085)], "trim", 1.0, 0.0),
        *[stroke([(-0.035 + k * 0.035, 0.135 - k * 0.018), (0.0 + k * 0.035, 0.15 - k * 0.02)], 0.014,
        "#ffffff") for k in range(3)],
    ]  # fmt: skip


def _phone() -> list[Shape]:
    return [
        box(-0.066, 0.0, 0.066, 0.25, "prop", 1.0, 1.0, 0.024),
        box(-0.052, 0.026, 0.052, 0.224, "#26354a", 1.0, 0.0, 0.012),
        polygon([(-0.052, 0.12), (0.052, 0.19), (0.052, 0.21), (-0.052, 0.16)], "#5b86b4", 1.0, 0.0),
        ellipse(0, 0.08, 0.022, 0.022, "#ffe9a8", 1.0, 0.0),
    ]


def _laptop() -> list[Shape]:
    return [
        box(-0.23, 0.03, 0.23, 0.33, "prop", 1.0, 1.0, 0.02),
        box(-0.205, 0.055, 0.205, 0.305, "#e8f3f7", 1.0, 0.5),
        box(-0.17, 0.2, 0.03, 0.27, "#7fb4d6", 1.0, 0.0),
        *[stroke([(-0.17, y), (0.16 - y * 0.3, y)], 0.018, "#9aa7b4") for y in (0.16, 0.12, 0.085)],
        polygon([(-0.23, 0.035), (0.23, 0.035), (0.27, 0.0), (-0.27, 0.0)], "prop", 0.8),
    ]


def _laptop_back() -> list[Shape]:
    """As one sees it over the shoulder of nobody: the lid, and the base behind it."""
    return [
        polygon([(-0.26, 0.0), (0.26, 0.0), (0.25, 0.03), (-0.25, 0.03)], "prop", 0.75),
        polygon([(-0.23, 0.02), (0.23, 0.02), (0.215, 0.3), (-0.215, 0.3)], "prop", 1.0),
        ellipse(0, 0.165, 0.032, 0.032, "trim", 1.0, 0.0),
    ]


def _laptop_side() -> list[Shape]:
    return [
        limb([(-0.2, 0.015), (0.14, 0.015)], [0.014, 0.014], "prop", 0.85),
        limb([(0.14, 0.02), (0.25, 0.29)], [0.016, 0.014], "prop"),
        polygon([(0.12, 0.045), (0.225, 0.29), (0.21, 0.29), (0.105, 0.045)], "#e8f3f7", 1.0, 0.4),
    ]


def _car() -> list[Shape]:
    return [*_car_back(), *_car_front()]


def _car_back() -> list[Shape]:
    return [
        blob([(-1.02, 0.8), (-0.72, 1.24), (-0.4, 1.36), (0.2, 1.36), (0.5, 1.22), (0.86, 0.8)], "prop", 0.9, steps=4),
        blob([(-0.84, 0.82), (-0.62, 1.17), (-0.4, 1.25), (0.16, 1.25), (0.4, 1.14), (0.66, 0.82)], "glass", steps=4),
        polygon([(-0.5, 0.82), (-0.3, 0.82), (-0.05, 1.24), (-0.24, 1.24)], "glass", 1.12, 0.0),
    ]


def _car_front() -> list[Shape]:
    shapes = [
        polygon([(-0.11, 0.78), (-0.03, 0.78), (-0.05, 1.3), (-0.11, 1.3)], "prop", 0.95, 0.5),
        blob(
            [
                (-1.36, 0.36),
                (-1.38, 0.68),
                (-1.2, 0.82),
                (-0.4, 0.84),
                (0.62, 0.83),
                (1.12, 0.76),
                (1.36, 0.6),
                (1.4, 0.36),
                (1.1, 0.27),
                (-1.1, 0.27),
            ],
            "prop",
            steps=4,
        ),
        blob(
            [(-1.37, 0.34), (-1.3, 0.44), (0, 0.46), (1.32, 0.44), (1.39, 0.34), (1.1, 0.26), (-1.1, 0.26)],
            "prop",
            0.72,
            0.0,
            steps=3,
        ),
        stroke([(-0.07, 0.8), (-0.08, 0.46)], 0.025, "prop", 0.6),
        stroke([(0.05, 0.68), (0.2, 0.68)], 0.04, METAL),
        ellipse(1.27, 0.58, 0.09, 0.075, "#fff3c4", 1.0, 0.8),
        ellipse(-1.32, 0.6, 0.05, 0.075, "#d9473f", 1.0, 0.7),
    ]
    for x in (-0.8, 0.82):
        shapes += [
            ellipse(x, 0.28, 0.285, 0.28, RUBBER),
            ellipse(x, 0.28, 0.15, 0.147, METAL),
            ellipse(x, 0.28, 0.055, 0.055, "#7d848c", 1.0, 0.0),
        ]
    return shapes


def _bicycle() -> list[Shape]:
    shapes = []
    for x in (-0.52, 0.54):
        ring = [(x + 0.335 * math.cos(a * math.pi / 8), 0.34 + 0.335 * math.sin(a * math.pi / 8)) for a in range(17)]
        shapes.append(limb(ring, [0.026] * 17, RUBBER, 1.0, 0.4))
        shapes += [
            limb(
                [(x + 0.3 * math.cos(a), 0.34 + 0.3 * math.sin(a)), (x - 0.3 * math.cos(a), 0.34 - 0.3 * math.sin(a))],
                [0.005, 0.005],
                "#9aa0a6",
                1.0,
                0.0,
            )
            for a in (0.4, 1.45, 2.5)
        ]
        shapes.append(ellipse(x, 0.34, 0.035, 0.035, METAL, 1.0, 0.0))
    tubes = [
        ((-0.52, 0.34), (0.0, 0.33)),
        ((-0.52, 0.34), (-0.17, 0.72)),
        ((0.0, 0.33), (-0.2, 0.84)),
        ((0.0, 0.33), (0.4, 0.76)),
        ((-0.17, 0.72), (0.4, 0.78)),
        ((0.54, 0.34), (0.37, 0.96)),
    ]
    shapes += [limb([a, b], [0.03, 0.03], "prop", 1.0, 0.8) for a, b in tubes]
    shapes += [
        blob([(-0.33, 0.85), (-0.3, 0.89), (-0.12, 0.87), (-0.06, 0.855), (-0.16, 0.83)], DARK),
        limb([(0.36, 0.96), (0.45, 1.0), (0.46, 0.93)], [0.022, 0.022, 0.02], DARK, 1.0, 0.5),
        ellipse(0.0, 0.33, 0.06, 0.06, METAL, 0.9, 0.7),
        limb([(0.0, 0.33), (0.06, 0.18)], [0.014, 0.014], DARK, 1.0, 0.0),
        box(0.02, 0.15, 0.12, 0.18, DARK, 1.0, 0.0),
    ]
    return shapes


def _watch() -> list[Shape]:
    return [
        limb([(0, 0.0), (0, 0.1)], [0.036, 0.048], "prop", 0.92),
        limb([(0, 0.21), (0, 0.31)], [0.048, 0.036], "prop", 0.92),
        ellipse(0, 0.155, 0.09, 0.09, METAL),
        ellipse(0, 0.155, 0.068, 0.068, "#fbfaf5", 1.0, 0.6),
        stroke([(0, 0.155), (0, 0.205)], 0.016, DARK),
        stroke([(0, 0.155), (0.038, 0.14)], 0.016, DARK),
        box(0.086, 0.145, 0.108, 0.165, METAL, 0.85, 0.6),
    ]


def _headphones() -> list[Shape]:
    arc = [(0.16 * math.cos(a * math.pi / 8), 0.15 + 0.17 * math.sin(a * math.pi / 8)) for a in range(9)]
    return [
        limb(arc, [0.022] * 9, "prop", 0.86),
        *[ellipse(s * 0.155, 0.1, 0.055, 0.085, "prop") for s in (-1, 1)],
        *[ellipse(s * 0.118, 0.1, 0.03, 0.07, DARK, 1.0, 0.6) for s in (-1, 1)],
        *[ellipse(s * 0.168, 0.1, 0.02, 0.034, "trim", 1.0, 0.0) for s in (-1, 1)],
    ]


def _backpack() -> list[Shape]:
    return [
        limb([(-0.06, 0.5), (-0.05, 0.57), (0.05, 0.57), (0.06, 0.5)], [0.014] * 4, "prop", 0.65),
        blob([(0.12, 0.53), (0.2, 0.42), (0.22, 0.12), (0.18, 0.0), (0, -0.005)], "prop", mirror=True),
        blob([(0.13, 0.5), (0.19, 0.4), (0.19, 0.32), (0, 0.285)], "prop", 0.85, 0.7, mirror=True),
        box(-0.135, 0.045, 0.135, 0.235, "prop", 0.85, 0.8, 0.03),
        stroke([(-0.11, 0.19), (0.11, 0.19)], 0.022, "trim"),
        box(-0.025, 0.27, 0.025, 0.34, "trim", 0.95, 0.6),
    ]


def _chair() -> list[Shape]:
    return [
        limb([(-0.21, 0.46), (-0.23, 0.98)], [0.026, 0.024], "prop", 0.85),
        limb([(-0.14, 0.5), (-0.16, 0.03)], [0.024, 0.02], "prop", 0.7),
        limb([(0.24, 0.46), (0.24, 0.03)], [0.024, 0.02], "prop", 0.7),
        polygon(
            [(-0.25, 0.68), (-0.21, 0.68), (-0.11, 0.73), (-0.12, 0.99), (-0.15, 1.0), (-0.26, 0.97)], "prop", 0.93
        ),
        polygon([(-0.23, 0.46), (-0.12, 0.51), (0.26, 0.51), (0.2, 0.46)], "prop", 1.2),
        box(-0.24, 0.41, 0.21, 0.465, "prop"),
        limb([(-0.215, 0.42), (-0.225, 0.0)], [0.026, 0.02], "prop"),
        limb([(0.18, 0.42), (0.19, 0.0)], [0.026, 0.02], "prop"),
    ]


def _lamp() -> list[Shape]:
    return _lamp_with("prop", 1.12)


def _lamp_lit() -> list[Shape]:
    glow = [polygon([(-0.13, 0.34), (0.13, 0.34), (0.3, 0.05), (-0.3, 0.05)], "!#fff0b8", 1.0, 0.0)]
    return [*glow, *_lamp_with("prop", 1.3)]


def _lamp_with(shade: str, light: float) -> list[Shape]:
    return [
        ellipse(0, 0.02, 0.11, 0.03, DARK),
        limb([(0, 0.02), (0, 0.34)], [0.016, 0.016], METAL),
        ellipse(0, 0.325, 0.045, 0.05, "!#fff6cf", 1.0, 0.5),
        polygon([(-0.17, 0.32), (0.17, 0.32), (0.095, 0.56), (-0.095, 0.56)], shade),
        polygon([(-0.11, 0.345), (-0.02, 0.345), (-0.02, 0.54), (-0.065, 0.54)], shade, light, 0.0),
    ]


def _cake() -> list[Shape]:
    shapes = [
        ellipse(0, 0.015, 0.24, 0.035, "#f4f1ec"),
        blob([(0.18, 0.2), (0.18, 0.03), (0, 0.0)], "#f0cf9a", mirror=True, steps=4),
        polygon([(-0.18, 0.1), (0.18, 0.1), (0.18, 0.075), (-0.18, 0.075)], "#b8754a", 1.0, 0.0),
        blob([(-0.19, 0.215), (-0.186, 0.14), (-0.14, 0.115), (-0.1, 0.155), (-0.05, 0.12), (0, 0.16), (0.05, 0.12),
        (0.1, 0.155), (0.15, 0.115), (0.187, 0.145), (0.19, 0.215), (0, 0.255)], "prop", steps=4),
        ellipse(0, 0.22, 0.185, 0.038, "prop", 1.15, 0.6),
    ]  # fmt: skip
    for x in (-0.09, 0.0, 0.09):
        shapes += [
            limb([(x, 0.225), (x, 0.3)], [0.012, 0.012], "trim", 1.0, 0.7),
            blob([(x, 0.355), (x + 0.017, 0.32), (x, 0.3), (x - 0.017, 0.32)], "!#ffb83a", 1.0, 0.5),
        ]
    return shapes


def _pizza() -> list[Shape]:
    """A whole pizza in its coloured box."""
    shapes = [
        polygon([(-0.26, 0.06), (0.26, 0.06), (0.25, 0.38), (-0.25, 0.38)], "prop", 0.88),
        ellipse(0, 0.24, 0.07, 0.06, "trim", 1.0, 0.0),
        polygon([(-0.26, 0.07), (0.26, 0.07), (0.32, 0.0), (-0.32, 0.0)], "prop", 1.1),
        ellipse(0, 0.055, 0.25, 0.066, "#d99a4e"),
        ellipse(0, 0.066, 0.215, 0.052, "#f5cf63", 1.0, 0.0),
    ]
    return shapes + [
        ellipse(x, y, 0.038, 0.014, "#c8402f", 1.0, 0.0)
        for x, y in ((-0.12, 0.07), (0.0, 0.09), (0.11, 0.065), (-0.02, 0.045))
    ]


def _pizza_slice() -> list[Shape]:
    """A slice with its tip to the left of the origin, on a coloured napkin."""
    return [
        polygon([(0.02, -0.08), (0.15, -0.07), (0.16, 0.06), (0.05, 0.04)], "prop"),
        blob([(-0.17, 0.0), (0.06, 0.09), (0.1, 0.1), (0.11, -0.06), (0.06, -0.07)], "#f5cf63", steps=3),
        limb([(0.085, 0.1), (0.1, 0.02), (0.085, -0.075)], [0.024, 0.027, 0.024], "#d08a42"),
        ellipse(0.02, 0.03, 0.028, 0.022, "#c8402f", 1.0, 0.0), ellipse(0.03, -0.035, 0.025, 0.02, "#c8402f", 1.0, 0.0),
        ellipse(-0.06, 0.0, 0.024, 0.02, "#c8402f", 1.0, 0.0),
    ]  # fmt: skip


def _pizza_plate() -> list[Shape]:
    """What is carried: a coloured plate with a pizza on it."""
    return [
        blob([(-0.26, 0.045), (-0.14, 0.0), (0.14, 0.0), (0.26, 0.045), (0, 0.055)], "prop", steps=4),
        ellipse(0, 0.05, 0.26, 0.035, "prop", 1.18),
        blob([(-0.2, 0.055), (-0.15, 0.095), (0, 0.11), (0.15, 0.095), (0.2, 0.055), (0, 0.035)], "#d99a4e", steps=4),
        ellipse(0, 0.083, 0.165, 0.03, "#f5cf63", 1.0, 0.0),
        *[
            ellipse(x, y, 0.03, 0.013, "#c8402f", 1.0, 0.0)
            for x, y in ((-0.09, 0.085), (0.0, 0.098), (0.09, 0.08), (0.01, 0.07))
        ],
    ]


def _perfume() -> list[Shape]:
    return [
        polygon([(-0.085, 0.02), (-0.07, 0.0), (0.07, 0.0), (0.085, 0.02), (0.085, 0.115), (0.05, 0.145),
        (-0.05, 0.145), (-0.085, 0.115)], "prop"),
        polygon([(-0.06, 0.03), (0.06, 0.03), (0.06, 0.085), (-0.06, 0.085)], "prop", 1.35, 0.4),
        polygon([(-0.065, 0.1), (-0.045, 0.13), (-0.02, 0.13), (-0.04, 0.1)], "#ffffff", 1.0, 0.0),
        box(-0.024, 0.145, 0.024, 0.17, "#d9b45a", 0.9, 0.7),
        box(-0.042, 0.168, 0.042, 0.235, "#e8c766", 1.0, 1.0, 0.014),
    ]  # fmt: skip


def _toothbrush() -> list[Shape]:
    """Upright, its bristles to the left."""
    return [
        limb([(0, 0.0), (0.006, 0.12), (0, 0.22), (0, 0.33)], [0.02, 0.024, 0.015, 0.018], "prop"),
        box(-0.056, 0.25, -0.014, 0.335, "#fbfdff", 1.0, 0.9, 0.008),
        stroke([(-0.036, 0.26), (-0.036, 0.325)], 0.014, "#9fd3e8"),
        stroke([(0.003, 0.04), (0.008, 0.13)], 0.016, "trim"),
    ]


def _plant() -> list[Shape]:
    leaves = []
    for turn, long, shade in ((64, 0.36, 0.82), (-64, 0.36, 0.78), (34, 0.44, 0.95), (-34, 0.44, 0.9), (0, 0.5, 1.06)):
        leaf = blob(
            [(0, 0), (0.075, long * 0.5), (0.03, long * 0.86), (0, long), (-0.03, long * 0.86), (-0.075, long * 0.5)],
            "#4f9a55",
            shade,
            0.9,
            steps=4,
        )
        vein = stroke([(0, 0.05), (0, long * 0.85)], 0.012, "#4f9a55", shade * 0.75)
        leaves += moved([leaf, vein], 0, 0.2, 1.0, turn)
    return [
        *leaves,
        polygon([(-0.14, 0.21), (0.14, 0.21), (0.1, 0.0), (-0.1, 0.0)], "prop"),
        box(-0.16, 0.19, 0.16, 0.25, "prop", 1.12, 1.0, 0.012),
        polygon([(-0.13, 0.18), (-0.07, 0.18), (-0.06, 0.02), (-0.095, 0.02)], "prop", 1.25, 0.0),
    ]


def _book() -> list[Shape]:
    return [
        polygon([(0.12, 0.015), (0.15, 0.035), (0.15, 0.345), (0.12, 0.335)], "#f8f4e8", 1.0, 0.7),
        box(-0.135, 0.0, 0.125, 0.34, "prop", 1.0, 1.0, 0.01),
        polygon([(-0.135, 0.0), (-0.1, 0.0), (-0.1, 0.34), (-0.135, 0.34)], "prop", 0.72, 0.5),
        box(-0.065, 0.2, 0.09, 0.28, "trim", 1.0, 0.5),
        stroke([(-0.05, 0.1), (0.075, 0.1)], 0.022, "trim"),
    ]


def _book_open() -> list[Shape]:
    """Seen from its covers, as one sees somebody reading."""
    return [
        polygon([(-0.2, 0.15), (0, 0.11), (0.2, 0.15), (0.2, 0.19), (0, 0.15), (-0.2, 0.19)], "#f8f4e8", 1.0, 0.7),
        polygon([(-0.21, -0.12), (-0.005, -0.16), (-0.005, 0.13), (-0.21, 0.17)], "prop"),
        polygon([(0.21, -0.12), (0.005, -0.16), (0.005, 0.13), (0.21, 0.17)], "prop", 0.88),
        polygon([(-0.17, 0.02), (-0.05, 0.0), (-0.05, 0.07), (-0.17, 0.095)], "trim", 1.0, 0.4),
        limb([(0, -0.155), (0, 0.125)], [0.012, 0.012], "prop", 0.7, 0.4),
    ]


def _umbrella() -> list[Shape]:
    """Closed and upright, its handle at the top."""
    return [
        limb([(0, 0.7), (0, 0.84), (0.03, 0.9), (0.08, 0.88)], [0.016] * 4, "#8a5a34"),
        polygon([(-0.012, 0.0), (0.012, 0.0), (0.012, 0.1), (-0.012, 0.1)], METAL),
        blob([(0, 0.06), (0.05, 0.25), (0.085, 0.6), (0.06, 0.72), (0, 0.7)], "prop", mirror=True, steps=4),
        stroke([(-0.02, 0.14), (-0.04, 0.4), (-0.035, 0.68)], 0.02, "prop", 0.7),
        stroke([(0.03, 0.25), (0.03, 0.68)], 0.02, "prop", 0.75),
        limb([(-0.075, 0.52), (0.078, 0.5)], [0.016, 0.016], "trim", 1.0, 0.4),
    ]


def _umbrella_open() -> list[Shape]:
    """Opened; the hand is at the origin."""
    top, rim = 1.02, 0.7
    shapes = [limb([(-0.0, -0.1), (0, 0.0), (0, top - 0.04)], [0.014] * 3, "#8a5a34", 1.0, 0.8)]
    panels = [-0.72, -0.4, 0.0, 0.4, 0.72]
    shapes.append(
        blob(
            [
                (-0.72, rim),
                (-0.56, rim + 0.2),
                (-0.25, top - 0.02),
                (0, top),
                (0.25, top - 0.02),
                (0.56, rim + 0.2),
                (0.72, rim),
                (0.56, rim + 0.045),
                (0.4, rim),
                (0.2, rim + 0.05),
                (0, rim),
                (-0.2, rim + 0.05),
                (-0.4, rim),
                (-0.56, rim + 0.045),
            ],
            "prop",
            steps=4,
        )
    )
    shapes.append(
        blob(
            [
                (-0.4, rim),
                (-0.28, rim + 0.22),
                (0, top - 0.005),
                (-0.25, top - 0.03),
                (-0.56, rim + 0.19),
                (-0.71, rim + 0.01),
                (-0.56, rim + 0.045),
            ],
            "prop",
            0.8,
            0.0,
            steps=3,
        )
    )
    shapes += [
        stroke([(x, rim + 0.01), (x * 0.8, rim + 0.19), (0, top - 0.01)], 0.014, "prop", 0.62) for x in panels[1:4]
    ]
    shapes.append(limb([(0, top), (0, top + 0.06)], [0.012, 0.008], "#8a5a34", 1.0, 0.6))
    return shapes


def _ball() -> list[Shape]:
    return [
        ellipse(0, 0.15, 0.15, 0.15, "prop"),
        blob(
            [
                (-0.145, 0.17),
                (-0.05, 0.21),
                (0.06, 0.2),
                (0.146, 0.16),
                (0.145, 0.11),
                (0.05, 0.14),
                (-0.05, 0.15),
                (-0.14, 0.11),
            ],
            "trim",
            1.0,
            0.4,
        ),
        ellipse(-0.055, 0.235, 0.035, 0.025, "prop", 1.5, 0.0, 30),
    ]


def _dog() -> list[Shape]:
    return [
        limb([(-0.27, 0.36), (-0.38, 0.44), (-0.42, 0.58)], [0.04, 0.034, 0.02], "prop", 0.9),
        *[limb([(x, 0.3), (x + 0.01, 0.03)], [0.055, 0.045], "prop", 0.78) for x in (-0.15, 0.17)],
        blob([(-0.32, 0.34), (-0.26, 0.47), (0.0, 0.46), (0.2, 0.53), (0.3, 0.44), (0.26, 0.27), (0.0, 0.22),
        (-0.26, 0.22)], "prop", steps=4),
        *[limb([(x, 0.28), (x, 0.035)], [0.062, 0.05], "prop") for x in (-0.23, 0.22)],
        *[ellipse(x + 0.025, 0.025, 0.07, 0.03, "prop", 1.12, 0.8) for x in (-0.23, 0.22)],
        blob([(0.12, 0.6), (0.16, 0.78), (0.3, 0.82), (0.4, 0.74), (0.54, 0.68), (0.56, 0.58), (0.42, 0.52),
        (0.22, 0.5)], "prop", 1.06, steps=4),
        blob([(0.17, 0.8), (0.08, 0.74), (0.06, 0.54), (0.14, 0.52), (0.22, 0.68)], "prop", 0.66, steps=4),
        ellipse(0.545, 0.665, 0.04, 0.034, "#2b2326", 1.0, 0.0),
        ellipse(0.345, 0.705, 0.036, 0.042, "#fdfcf8", 1.0, 0.5),
        ellipse(0.352, 0.702, 0.022, 0.03, "#2b2326", 1.0, 0.0),
        stroke([(0.53, 0.575), (0.46, 0.55), (0.4, 0.57)], 0.02, "#2b2326", 1.0, 0.0),
        limb([(0.13, 0.53), (0.3, 0.49)], [0.022, 0.022], "trim", 1.0, 0.7),
    ]  # fmt: skip


def _cat() -> list[Shape]:
    shapes = [
        limb([(-0.12, 0.06), (-0.28, 0.06), (-0.32, 0.22), (-0.25, 0.32)], [0.04, 0.036, 0.03, 0.022], "prop", 0.86),
        blob([(-0.16, 0.0), (-0.19, 0.14), (-0.1, 0.3), (0.02, 0.36), (0.13, 0.28), (0.15, 0.0), (0, -0.005)], "prop",
        steps=4),
        *[limb([(x, 0.17), (x + 0.01, 0.03)], [0.044, 0.04], "prop", 1.08) for x in (0.03, 0.12)],
        blob([(-0.13, 0.47), (-0.14, 0.62), (-0.06, 0.545), (0.07, 0.545), (0.16, 0.62), (0.15, 0.46), (0.11, 0.36),
        (0.01, 0.315), (-0.1, 0.36)], "prop", 1.06, steps=4),
        polygon([(-0.125, 0.585), (-0.115, 0.525), (-0.08, 0.545)], "#e9a5a0", 1.0, 0.0),
        polygon([(0.145, 0.585), (0.13, 0.525), (0.095, 0.545)], "#e9a5a0", 1.0, 0.0),
    ]  # fmt: skip
    for x in (-0.055, 0.07):
        shapes += [
            ellipse(x, 0.455, 0.034, 0.04, "#f4f0b8", 1.0, 0.5),
            ellipse(x, 0.455, 0.015, 0.034, "#2b2326", 1.0, 0.0),
        ]
    shapes += [
        polygon([(-0.014, 0.41), (0.03, 0.41), (0.008, 0.388)], "#d9736e", 1.0, 0.0),
        stroke([(-0.035, 0.37), (0.008, 0.385), (0.05, 0.37)], 0.014, "#2b2326"),
    ]
    shapes.append(limb([(-0.08, 0.335), (0.11, 0.335)], [0.016, 0.016], "trim", 1.0, 0.5))
    return shapes


def _gift() -> list[Shape]:
    return [
        box(-0.18, 0.0, 0.18, 0.25, "prop"),
        box(-0.035, 0.0, 0.035, 0.25, "trim", 1.0, 0.5),
        polygon([(-0.18, 0.0), (-0.12, 0.0), (-0.12, 0.25), (-0.18, 0.25)], "prop", 0.8, 0.0),
        *_gift_lid_at(0.23),
    ]


def _gift_open() -> list[Shape]:
    """The box without its lid, light coming out of it."""
    rays = [
        polygon([(x, 0.24), (x + 0.05, 0.24), (x * 1.6 + 0.05, 0.42), (x * 1.6 - 0.01, 0.42)], "!#ffe58a", 1.0, 0.0)
        for x in (-0.15, -0.03, 0.1)
    ]
    return [*rays, *_gift()[:3], polygon([(-0.18, 0.25), (0.18, 0.25), (0.15, 0.285), (-0.15, 0.285)], "prop", 0.6)]


def _gift_lid() -> list[Shape]:
    return _gift_lid_at(0.0)


def _gift_lid_at(y: float) -> list[Shape]:
    return [
        box(-0.2, y, 0.2, y + 0.075, "prop", 1.12, 1.0, 0.008),
        box(-0.038, y, 0.038, y + 0.075, "trim", 1.0, 0.5),
        *[
            blob(
                [(0, y + 0.08), (s * 0.06, y + 0.16), (s * 0.13, y + 0.15), (s * 0.12, y + 0.09)],
                "trim",
                1.0,
                0.9,
                steps=4,
            )
            for s in (-1, 1)
        ],
        ellipse(0, y + 0.092, 0.028, 0.024, "trim", 0.85, 0.8),
    ]


def _watering_can() -> list[Shape]:
    """Held at its handle and tipped to the right."""
    can = [
        limb([(-0.09, 0.0), (-0.16, -0.06), (-0.1, -0.16)], [0.014] * 3, METAL, 0.8),
        polygon([(-0.1, -0.18), (0.08, -0.18), (0.06, 0.0), (-0.08, 0.0)], METAL),
        limb([(0.06, -0.15), (0.2, 0.02)], [0.018, 0.014], METAL, 0.9),
        ellipse(0.21, 0.03, 0.025, 0.045, METAL, 0.8, 0.8, -40),
    ]
    return moved(can, 0.08, 0.08, 1.0, -28)


_DRAWN = {
    ("bottle", ""): _bottle, ("can", ""): _can, ("mug", ""): _mug, ("mug", "cold"): _mug_cold, ("shoe", ""): _shoe,
    ("phone", ""): _phone,
    ("laptop", ""): _laptop, ("laptop", "back"): _laptop_back, ("laptop", "side"): _laptop_side, ("car", ""): _car,
    ("car", "back"): _car_back, ("car", "front"): _car_front, ("bicycle", ""): _bicycle, ("watch", ""): _watch,
    ("headphones", ""): _headphones, ("backpack", ""): _backpack, ("chair", ""): _chair, ("lamp", ""): _lamp,
    ("lamp", "lit"): _lamp_lit, ("cake", ""): _cake, ("pizza", ""): _pizza, ("pizza", "slice"): _pizza_slice,
    ("pizza", "plate"): _pizza_plate, ("perfume", ""): _perfume, ("toothbrush", ""): _toothbrush, ("plant", ""): _plant,
    ("book", ""): _book, ("book", "open"): _book_open, ("umbrella", ""): _umbrella,
    ("umbrella", "open"): _umbrella_open,
    ("ball", ""): _ball, ("dog", ""): _dog, ("cat", ""): _cat, ("gift box", ""): _gift,
    ("gift box", "open"): _gift_open,
    ("gift box", "lid"): _gift_lid, ("watering can", ""): _watering_can,
}  # fmt: skip
