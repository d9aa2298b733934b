"""Rooms. Each is a back wall, two side walls, floor and ceiling, and the furniture that makes it what it is."""

from collections.abc import Callable, Iterable
from itertools import pairwise

from storywright.toonworld.places.place import INDOOR_LIGHT, Place, floor, laid, mixed
from storywright.toonworld.places.sky import window
from storywright.toonworld.shapes import Shape, blob, block, box, ellipse, in_world, limb, polygon, stroke

WALL = 2.7
"""Depth of the back wall."""
SIDE = 3.7
"""Half the width of a room."""
TALL = 3.1

_Room = Callable[[str, int], list[Shape]]


def room(setting: str, time: str, variant: int) -> Place:
    """The room with its furniture."""
    draw, walls, ground, ceiling = _ROOMS[setting]
    wall = walls[(variant // 2) % len(walls)]
    flip = variant % 2 == 1
    light, own_light = INDOOR_LIGHT[time]
    shell = _shell(wall, ground, ceiling, setting)
    return Place(
        backdrop=laid([*shell, *_sunlight(time, wall), *draw(time, variant)], flip),
        frame=laid(_foreground(setting), flip),
        ground=ground,
        light=light,
        own_light=own_light,
        haze=mixed(wall, "#ffffff", 0.2),
        haze_from=90.0,
        calm=mixed(wall, "#ffffff", 0.25),
        mirrored=flip,
    )


def _shell(wall: str, ground: str, ceiling: str, setting: str) -> list[Shape]:
    shapes = [
        polygon([(-SIDE, TALL, WALL), (SIDE, TALL, WALL), (SIDE, TALL, -9), (-SIDE, TALL, -9)], ceiling, 1.0, 0.5),
        polygon([(-SIDE, 0, WALL), (-SIDE, TALL, WALL), (-SIDE, TALL, -9), (-SIDE, 0, -9)], wall, 0.86, 0.5),
        polygon([(SIDE, 0, WALL), (SIDE, TALL, WALL), (SIDE, TALL, -9), (SIDE, 0, -9)], wall, 0.8, 0.5),
        polygon([(-SIDE, 0, WALL), (SIDE, 0, WALL), (SIDE, TALL, WALL), (-SIDE, TALL, WALL)], wall, 1.0, 0.5),
        floor(ground, -9, WALL, SIDE, 1.0, line=0.5),
    ]
    if setting in ("bathroom", "kitchen", "shop", "cafe"):
        edges = [-9.0, -2.4, -0.9, 0.3, 1.3, 2.1, WALL]
        for k, (z0, z1) in enumerate(pairwise(edges[1:])):
            for j in range(6):
                if (j + k) % 2 == 0:
                    x0 = -SIDE + j * SIDE / 3
                    shapes.append(
                        polygon(
                            [(x0, 0, z0), (x0 + SIDE / 3, 0, z0), (x0 + SIDE / 3, 0, z1), (x0, 0, z1)],
                            ground,
                            0.93,
                            0.0,
                        )
                    )
    elif setting not in ("gym", "office"):
        for x in (-2.4, -1.2, 0.0, 1.2, 2.4):
            shapes.append(
                polygon(
                    [(x - 0.02, 0, -9), (x + 0.02, 0, -9), (x + 0.02, 0, WALL), (x - 0.02, 0, WALL)], ground, 0.86, 0.0
                )
            )
    shapes.append(_flat([box(-SIDE, 0, SIDE, 0.14, mixed(wall, "#ffffff", 0.55), 1.0, 0.4)])[0])
    return shapes


def _flat(shapes: Iterable[Shape], z: float = WALL - 0.02) -> list[Shape]:
    return in_world(shapes, z)


def _sunlight(time: str, wall: str) -> list[Shape]:
    """A patch of sun on the wall and the floor, in the morning and in the evening."""
    if time == "morning":
        return [polygon([(-2.9, 0, 1.2), (-1.5, 0, 1.2), (-0.6, 0, -0.4), (-2.3, 0, -0.4)], "#fff0c9", 1.0, 0.0)]
    if time == "evening":
        tint = mixed(wall, "#ffae5e", 0.5)
        return [*_flat([polygon([(-3.2, 0.7), (-1.7, 0.35), (-1.7, 1.9), (-3.2, 2.3)], tint, 1.0, 0.0)])]
    return []


def _pendant(x: float, time: str, colour: str, low: float = 2.35, z: float = 1.6) -> list[Shape]:
    """A hanging lamp; it is on in the evening and at night."""
    lit = time in ("evening", "night")
    shapes = []
    if lit:
        shapes.append(
            polygon(
                [(x - 0.22, low), (x + 0.22, low), (x + 0.55, low - 0.62), (x - 0.55, low - 0.62)],
                "!#e8c98a" if time == "night" else "!#ffdf9e",
                1.0,
                0.0,
            )
        )
    shapes += [
        box(x - 0.015, low + 0.2, x + 0.015, TALL, "#4a4650", 1.0, 0.0),
        ellipse(x, low, 0.11, 0.07, "!#fff3c0" if lit else "#f2eee4", 1.0, 0.4),
        polygon(
            [(x - 0.25, low), (x + 0.25, low), (x + 0.1, low + 0.24), (x - 0.1, low + 0.24)],
            f"!{colour}" if lit else colour,
            1.0,
            0.9,
        ),
    ]
    return in_world(shapes, z)


def _picture(x: float, y: float, w: float, h: float, a: str, b: str) -> list[Shape]:
    return _flat([
        box(x - w / 2, y - h / 2, x + w / 2, y + h / 2, "#5a463a", 1.0, 0.8),
        box(x - w / 2 + 0.05, y - h / 2 + 0.05, x + w / 2 - 0.05, y + h / 2 - 0.05, a, 1.0, 0.0),
        polygon([(x - w / 2 + 0.05, y - h / 2 + 0.05), (x + w / 2 - 0.05, y - h / 2 + 0.05), (x + w / 2 - 0.05, y),
        (x, y + h * 0.1), (x - w / 4, y - h * 0.1), (x - w / 2 + 0.05, y + h * 0.05)], b, 1.0, 0.0),
    ])  # fmt: skip


def _pot(x: float, z: float, scale: float, colour: str = "#b96f4d") -> list[Shape]:
    leaves = [
        limb(
            [(x, 0.45 * scale), (x + dx * scale * 0.6, 0.95 * scale + h * 0.2), (x + dx * scale, (0.75 + h) * scale)],
            [0.03 * scale, 0.11 * scale, 0.03 * scale],
            "#5a9a5e",
            s,
        )
        for dx, h, s in ((-0.42, 0.1, 0.85), (0.42, 0.12, 0.8), (-0.2, 0.5, 0.95), (0.22, 0.48, 1.0), (0.0, 0.65, 1.08))
    ]
    return in_world(
        [
            *leaves,
            polygon(
                [
                    (x - 0.2 * scale, 0.48 * scale),
                    (x + 0.2 * scale, 0.48 * scale),
                    (x + 0.15 * scale, 0),
                    (x - 0.15 * scale, 0),
                ],
                colour,
            ),
        ],
        z,
    )


def _foreground(setting: str) -> list[Shape]:
    """Something near and dark at the side, that a wide view looks past."""
    if setting in ("cafe", "kitchen", "classroom", "office", "shop"):
        return [
            *block(-3.4, -1.9, 0, 0.86, -1.9, -1.2, "#54463f", "#6d5a50"),
            *in_world(
                [
                    polygon([(-2.5, 0.86), (-2.2, 0.86), (-2.16, 1.16), (-2.54, 1.16)], "#3f6a6c"),
                    blob([(-2.7, 1.14), (-2.55, 1.5), (-2.35, 1.34), (-2.2, 1.55), (-2.02, 1.14)], "#4e7d54", steps=4),
                ],
                -1.5,
            ),
        ]
    return _pot(-2.5, -1.6, 1.35, "#6b4c44")


def _kitchen(time: str, variant: int) -> list[Shape]:
    wood = ("#5f9ea0", "#d98e5f", "#7c9f6f")[variant // 2 % 3]
    tile = "#fdf6e6"
    shapes = _flat([box(-3.3, 0.9, 2.3, 1.55, tile, 1.0, 0.4)])
    for k in range(8):
        shapes += _flat([box(-3.0 + k * 0.7, 0.9, -2.98 + k * 0.7, 1.55, "#dccfb4", 1.0, 0.0)])
    shapes += window(0.25, 1.3, 1.95, 2.45, WALL - 0.03, time, variant, curtain="")
    for x in (-3.25, -2.45, -1.2):
        shapes += block(x, x + 0.75, 1.72, 2.6, 2.25, WALL, wood)
        shapes += in_world(
            [
                box(x + 0.07, 1.8, x + 0.68, 2.52, wood, 1.14, 0.5),
                ellipse(x + 0.6, 1.92, 0.035, 0.035, "#f4ead2", 1.0, 0.0),
            ],
            2.24,
        )
    shapes += in_world(
        [polygon([(-1.7, 1.75), (-1.25, 1.75), (-1.36, 2.2), (-1.36, TALL), (-1.6, TALL), (-1.6, 2.2)], "#a8b0b5")], 2.3
    )
    shapes += block(-3.4, 2.25, 0, 0.9, 1.95, WALL, wood, "#efe3cc")
    for x in (-3.3, -2.55, -0.95, -0.2, 0.55, 1.3):
        shapes += in_world(
            [
                box(x + 0.05, 0.12, x + 0.66, 0.62, wood, 1.12, 0.5),
                box(x + 0.05, 0.67, x + 0.66, 0.83, wood, 1.12, 0.5),
                box(x + 0.26, 0.73, x + 0.45, 0.77, "#f4ead2", 1.0, 0.0),
            ],
            1.94,
        )
    shapes += in_world(
        [
            box(-1.8, 0.04, -1.05, 0.86, "#d5d9da"),
            box(-1.7, 0.16, -1.15, 0.52, "#3d444b", 1.0, 0.6),
            box(-1.7, 0.58, -1.15, 0.62, "#7d858b", 1.0, 0.0),
        ],
        1.93,
    )
    shapes += in_world(
        [
            blob([(-1.62, 0.92), (-1.62, 1.14), (-1.22, 1.14), (-1.22, 0.92)], "#c94f43", steps=3),
            limb([(0.95, 0.92), (0.95, 1.2), (1.12, 1.22), (1.14, 1.1)], [0.025] * 4, "#9aa3a8"),
        ],
        2.2,
    )
    shapes += block(2.42, 3.35, 0, 2.15, 1.85, WALL, "#e9eef0")
    shapes += in_world(
        [
            box(2.42, 1.42, 3.35, 1.45, "#8f9aa0", 1.0, 0.0),
            box(2.52, 1.52, 2.58, 1.85, "#8f9aa0", 1.0, 0.0),
            box(2.52, 0.95, 2.58, 1.35, "#8f9aa0", 1.0, 0.0),
            box(2.85, 1.7, 3.05, 1.9, "#f2c94c", 1.0, 0.0),
        ],
        1.84,
    )
    return shapes + _pendant(-0.45, time, "#d1604c", 2.3)


def _living_room(time: str, variant: int) -> list[Shape]:
    sofa = ("#4f7c8a", "#b5654d", "#6f7f4f")[variant // 2 % 3]
    shapes = window(0.75, 0.95, 2.5, 2.45, WALL - 0.03, time, variant, curtain="#e2a75e")
    shapes += _picture(-1.2, 2.15, 0.85, 0.6, "#f3d9a8", "#7a9a7c") + _picture(
        -0.35, 2.2, 0.45, 0.55, "#cfe3e6", "#c86d52"
    )
    shapes += block(-3.6, -2.75, 0, 2.4, 2.2, WALL, "#8a5f43")
    for k, y in enumerate((0.35, 0.95, 1.55)):
        shapes += in_world([box(-3.52, y, -2.83, y + 0.5, "#5a3d2e", 1.0, 0.4)], 2.19)
        for j, c in enumerate(("#c4513f", "#e0b04b", "#4d7f8c", "#8aa36a", "#7a5a86")):
            shapes += in_world(
                [box(-3.49 + j * 0.125, y, -3.39 + j * 0.125, y + 0.3 + 0.05 * ((j + k) % 3), c, 1.0, 0.0)], 2.18
            )
    shapes.append(Shape(ellipse(0, 0, 2.3, 1.0, "#d9b08c").points @ _LIE + (0, 0.005, 0.8), "#cf8f74", 1.0, 0.5))
    shapes.append(Shape(ellipse(0, 0, 1.9, 0.75, "#e8c9a0").points @ _LIE + (0, 0.006, 0.8), "#e3b48f", 1.0, 0.0))
    shapes += block(-2.3, 0.5, 0.5, 1.05, 2.2, 2.55, sofa)
    shapes += block(-2.35, 0.55, 0.1, 0.52, 1.55, 2.3, sofa)
    shapes += in_world(
        [box(-2.2, 0.42, -0.92, 0.6, sofa, 1.15, 0.6, 0.08), box(-0.88, 0.42, 0.4, 0.6, sofa, 1.15, 0.6, 0.08)], 1.54
    )
    shapes += in_world(
        [
            box(-2.55, 0.08, -2.2, 0.8, sofa, 0.88, 1.0, 0.1),
            box(0.4, 0.08, 0.75, 0.8, sofa, 0.88, 1.0, 0.1),
            box(-1.95, 0.58, -1.5, 0.95, "#f0c75e", 1.0, 0.8, 0.09),
        ],
        1.5,
    )
    lit = time in ("evening", "night")
    lamp = [ellipse(3.05, 1.7, 0.75, 0.75, "!#eec88a" if time == "night" else "!#ffdda0", 1.0, 0.0)] if lit else []
    lamp += [
        box(3.02, 0, 3.08, 1.5, "#4a4048"),
        polygon([(2.72, 1.45), (3.38, 1.45), (3.22, 1.95), (2.88, 1.95)], "!#fff0c0" if lit else "#f4e6c8"),
    ]
    return shapes + in_world(lamp, 2.0)


def _bedroom(time: str, variant: int) -> list[Shape]:
    cover = ("#7f8fc4", "#c77d8a", "#6fa08f")[variant // 2 % 3]
    shapes = window(0.95, 1.05, 2.55, 2.4, WALL - 0.03, time, variant, curtain="#d8b4c4")
    shapes += _picture(-1.5, 2.3, 0.8, 0.5, "#f6dcc0", "#c88d7a")
    shapes += block(-2.6, -0.4, 0, 1.35, 2.5, WALL, "#8a6248")
    shapes += block(-2.5, -0.5, 0.2, 0.58, 0.95, 2.5, "#f4efe6")
    shapes += in_world(
        [
            box(-2.35, 0.55, -1.58, 0.95, "#fdfbf5", 1.0, 0.9, 0.1),
            box(-1.42, 0.55, -0.65, 0.95, "#fdfbf5", 0.96, 0.9, 0.1),
        ],
        2.3,
    )
    shapes += [
        polygon([(-2.52, 0.6, 0.93), (-0.48, 0.6, 0.93), (-0.48, 0.6, 1.95), (-2.52, 0.6, 1.95)], cover, 1.12, 0.8)
    ]
    shapes += in_world(
        [
            box(-2.45, 0, -2.33, 0.2, "#6e4f38"),
            box(-0.67, 0, -0.55, 0.2, "#6e4f38"),
            polygon(
                [
                    (-2.54, 0.6),
                    (-0.46, 0.6),
                    (-0.46, 0.2),
                    (-0.8, 0.15),
                    (-1.15, 0.2),
                    (-1.5, 0.15),
                    (-1.85, 0.2),
                    (-2.2, 0.15),
                    (-2.54, 0.2),
                ],
                cover,
                0.95,
            ),
        ],
        0.92,
    )
    shapes += block(-0.25, 0.4, 0, 0.6, 2.2, WALL, "#9c7152")
    lit = time in ("evening", "night")
    lamp = [ellipse(0.07, 1.0, 0.62, 0.55, "!#e9c083" if time == "night" else "!#ffdda0", 1.0, 0.0)] if lit else []
    lamp += [
        limb([(0.07, 0.62), (0.07, 0.86)], [0.04, 0.03], "#d9cbb8"),
        polygon([(-0.14, 0.84), (0.28, 0.84), (0.18, 1.14), (-0.04, 1.14)], "!#fff0c0" if lit else "#efe2cc"),
    ]
    shapes += in_world(lamp, 2.4)
    shapes += block(2.75, 3.65, 0, 2.4, 2.0, WALL, "#a97f5c")
    shapes += in_world(
        [
            box(3.18, 0.08, 3.21, 2.32, "#6e4f38", 1.0, 0.0),
            ellipse(3.1, 1.2, 0.03, 0.03, "#f1e2c4", 1.0, 0.0),
            ellipse(3.29, 1.2, 0.03, 0.03, "#f1e2c4", 1.0, 0.0),
        ],
        1.99,
    )
    return shapes


def _bathroom(time: str, variant: int) -> list[Shape]:
    shapes = []
    for k in range(5):
        shapes += _flat([box(-SIDE, 0.42 + k * 0.36, SIDE, 0.435 + k * 0.36, "#a9ccd0", 1.0, 0.0)])
    for k in range(10):
        shapes += _flat([box(-SIDE + 0.36 + k * 0.74, 0.1, -SIDE + 0.376 + k * 0.74, 1.86, "#a9ccd0", 1.0, 0.0)])
    shapes += _flat([box(-SIDE, 1.86, SIDE, 1.96, "#3f8f96", 1.0, 0.4)])
    shapes += window(1.85, 1.55, 2.85, 2.5, WALL - 0.03, time, variant)
    shapes += _flat(
        [
            ellipse(-0.75, 1.85, 0.62, 0.72, "#c9a36b"),
            ellipse(-0.75, 1.85, 0.54, 0.64, "#dcf1f5", 1.0, 0.4),
            polygon([(-1.1, 1.6), (-0.95, 1.5), (-0.5, 2.2), (-0.68, 2.28)], "#f4fbfc", 1.0, 0.0),
        ]
    )
    lit = time in ("evening", "night")
    shapes += _flat([box(-1.15, 2.62, -0.35, 2.74, "!#fff0c2" if lit else "#f5f2ea", 1.0, 0.7, 0.05)])
    shapes += in_world([box(-0.92, 0, -0.58, 0.75, "#eef3f4", 0.9)], 2.3)
    shapes += in_world(
        [
            blob(
                [(-1.45, 0.95), (-0.05, 0.95), (-0.2, 0.72), (-0.6, 0.62), (-0.9, 0.62), (-1.3, 0.72)],
                "#fbfdfd",
                steps=4,
            ),
            limb([(-0.75, 0.95), (-0.75, 1.17), (-0.62, 1.16), (-0.6, 1.08)], [0.03] * 4, "#9fb0b6"),
        ],
        2.1,
    )
    shapes += in_world(
        [
            box(-0.35, 0.95, -0.2, 1.14, "#e3785f", 1.0, 0.8, 0.02),
            limb([(-0.27, 1.1), (-0.22, 1.28)], [0.015, 0.015], "#4c8fc0", 1.0, 0.4),
        ],
        2.2,
    )
    shapes += in_world(
        [
            box(1.1, 0, 1.25, 0.2, "#9fb0b6"),
            box(3.1, 0, 3.25, 0.2, "#9fb0b6"),
            polygon(
                [
                    (0.74, 0.68),
                    (3.62, 0.68),
                    (3.5, 0.28),
                    (3.36, 0.16),
                    (3.2, 0.12),
                    (1.16, 0.12),
                    (1.0, 0.16),
                    (0.86, 0.28),
                ],
                "#eef5f7",
            ),
            box(0.66, 0.62, 3.68, 0.72, "#fbfdfd", 1.0, 1.0, 0.04),
        ],
        1.9,
    )
    shapes += in_world(
        [
            ellipse(x, 0.72 + dy, r, r * 0.8, "#ffffff", 1.0, 0.5)
            for x, dy, r in (
                (1.3, 0.03, 0.17),
                (1.6, 0.08, 0.2),
                (1.95, 0.03, 0.16),
                (2.4, 0.05, 0.18),
                (2.7, 0.02, 0.14),
            )
        ],
        2.0,
    )
    shapes += in_world(
        [
            limb([(3.3, 0.72), (3.3, 2.2), (2.95, 2.3)], [0.03] * 3, "#9fb0b6"),
            polygon([(2.78, 2.3), (3.08, 2.3), (3.02, 2.38), (2.84, 2.38)], "#9fb0b6"),
        ],
        2.3,
    )
    shapes += _flat(
        [
            box(-3.05, 1.25, -2.1, 1.3, "#9fb0b6", 1.0, 0.4),
            box(-2.95, 0.62, -2.25, 1.3, "#e58a6b", 1.0, 0.8),
            box(-2.95, 0.76, -2.25, 0.84, "#f7d9c5", 1.0, 0.0),
        ]
    )
    shapes.append(Shape(ellipse(0, 0, 0.9, 0.4, "#e58a6b").points @ _LIE + (-0.75, 0.006, 1.35), "#e9a48a", 1.0, 0.6))
    return shapes


def _office(time: str, variant: int) -> list[Shape]:
    shapes = []
    for x in (-0.3, 1.55):
        shapes += window(x, 0.95, x + 1.6, 2.6, WALL - 0.03, time, variant, "#dfe5e8")
    shapes += _flat(
        [
            box(-2.75, 1.35, -0.75, 2.55, "#f8fafa", 1.0, 1.0),
            stroke([(-2.5, 1.6), (-2.1, 1.95), (-1.8, 1.8), (-1.3, 2.25), (-1.0, 2.35)], 0.06, "#d2574a"),
            box(-2.5, 1.5, -0.95, 1.53, "#5a6670", 1.0, 0.0),
            box(-2.5, 1.5, -2.47, 2.4, "#5a6670", 1.0, 0.0),
            box(-1.5, 2.2, -1.2, 2.4, "#f2d35c", 1.0, 0.0),
        ]
    )
    for x, z in ((-2.9, 1.35), (1.15, 1.45)):
        shapes += block(x, x + 1.75, 0.68, 0.76, z, z + 0.8, "#c8a67e", "#ddbf98")
        shapes += in_world(
            [box(x + 0.06, 0, x + 0.13, 0.68, "#6b7178"), box(x + 1.62, 0, x + 1.69, 0.68, "#6b7178")], z
        )
        shapes += in_world(
            [
                box(x + 0.5, 0.92, x + 1.3, 1.42, "#2f3840", 1.0, 1.0, 0.03),
                box(x + 0.55, 0.97, x + 1.25, 1.37, "!#8fc6dd" if time != "night" else "!#9fd4ea", 1.0, 0.0),
                box(x + 0.86, 0.76, x + 0.94, 0.92, "#2f3840", 1.0, 0.4),
            ],
            z + 0.3,
        )
        shapes += in_world(
            [
                blob([(x + 0.55, 1.05), (x + 1.2, 1.05), (x + 1.16, 0.55), (x + 0.6, 0.55)], "#3d5a72", steps=3),
                box(x + 0.84, 0.12, x + 0.92, 0.5, "#2f3840", 1.0, 0.4),
                limb([(x + 0.6, 0.07), (x + 0.88, 0.14), (x + 1.16, 0.07)], [0.04] * 3, "#2f3840", 1.0, 0.4),
            ],
            z - 0.25,
        )
    shapes += _pot(3.3, 2.2, 0.95, "#e9ecec")
    lit = time in ("evening", "night")
    return shapes + [
        polygon(
            [(x, TALL - 0.01, 0.4), (x + 0.9, TALL - 0.01, 0.4), (x + 0.9, TALL - 0.01, 1.7), (x, TALL - 0.01, 1.7)],
            "!#fff6d8" if lit else "#f4f6f6",
            1.0,
            0.4,
        )
        for x in (-2.2, 1.2)
    ]


def _cafe(time: str, variant: int) -> list[Shape]:
    shapes = window(1.0, 0.85, 3.0, 2.5, WALL - 0.03, time, variant, "#4d3a30")
    shapes += _flat(
        [
            box(-2.5, 1.55, -0.55, 2.75, "#2e3a36", 1.0, 1.0),
            box(-2.5, 1.55, -0.55, 1.61, "#a5764b", 1.0, 0.5),
            box(-2.5, 2.69, -0.55, 2.75, "#a5764b", 1.0, 0.5),
        ]
    )
    for k, y in enumerate((2.46, 2.24, 2.02, 1.8)):
        shapes += _flat(
            [
                box(-2.3, y, -1.55 + 0.12 * (k % 2), y + 0.06, "#e9e4d2", 1.0, 0.0),
                box(-1.05, y, -0.75, y + 0.06, "#e8b765", 1.0, 0.0),
            ]
        )
    shapes += block(-3.5, -0.2, 0, 1.05, 1.75, 2.35, "#7a4f38", "#d3a878")
    for x in (-3.35, -2.3, -1.25):
        shapes += in_world([box(x, 0.14, x + 0.9, 0.92, "#8f6044", 1.0, 0.5)], 1.74)
    shapes += in_world(
        [
            box(-3.1, 1.05, -2.3, 1.62, "#b9c0c3", 1.0, 1.0, 0.06),
            box(-2.98, 1.38, -2.42, 1.53, "#5a6268", 1.0, 0.4),
            ellipse(-2.7, 1.26, 0.07, 0.07, "#c9483c", 1.0, 0.4),
            box(-2.8, 1.05, -2.6, 1.16, "#f5f1e8", 1.0, 0.5),
        ],
        2.0,
    )
    shapes += in_world(
        [
            blob(
                [(-1.55, 1.06), (-0.5, 1.06), (-0.55, 1.45), (-1.02, 1.56), (-1.5, 1.45)], "#dcecee", 1.0, 0.9, steps=3
            ),
            *[
                ellipse(x, 1.16, 0.13, 0.1, c, 1.0, 0.5)
                for x, c in ((-1.32, "#d9a05c"), (-1.02, "#b56a48"), (-0.72, "#e8c46e"))
            ],
        ],
        1.9,
    )
    shapes += in_world(
        [
            box(1.92, 0.04, 2.0, 0.72, "#4a3c36"),
            ellipse(1.96, 0.03, 0.28, 0.06, "#4a3c36"),
            ellipse(1.96, 0.75, 0.62, 0.1, "#c99662"),
        ],
        1.5,
    )
    for s in (-1, 1):
        shapes += in_world(
            [
                box(1.96 + s * 0.85 - 0.2, 0.42, 1.96 + s * 0.85 + 0.2, 0.48, "#a8553f"),
                *[
                    box(1.96 + s * 0.85 + q - 0.025, 0, 1.96 + s * 0.85 + q + 0.025, 0.42, "#4a3c36", 1.0, 0.5)
                    for q in (-0.16, 0.16)
                ],
                box(1.96 + s * 1.05 - 0.03, 0.45, 1.96 + s * 1.05 + 0.03, 0.98, "#a8553f", 0.85),
            ],
            1.55,
        )
    shapes += in_world([box(1.86, 0.84, 2.02, 0.98, "#f7f3ea", 1.0, 0.7, 0.02)], 1.45)
    for x, c in ((-2.6, "#c9803e"), (-1.1, "#c9803e"), (1.96, "#c9803e")):
        shapes += _pendant(x, time, c, 2.42, 1.7)
    return shapes


def _shop(time: str, variant: int) -> list[Shape]:
    bright = ("#d9574a", "#e7a23b", "#f0d05a", "#5fa36a", "#4a86b8", "#8a65a8", "#e48aa5")
    shapes = _flat(
        [
            box(-1.3, 2.5, 1.3, 2.98, "#d1504a", 1.0, 1.0, 0.06),
            *[box(-1.0 + k * 0.42, 2.64, -0.72 + k * 0.42, 2.84, "#fff4d9", 1.0, 0.0, 0.05) for k in range(5)],
        ]
    )
    for x0 in (-3.5, -1.75):
        shapes += block(x0, x0 + 1.6, 0, 2.3, 2.2, WALL, "#b98d62")
        for k, y in enumerate((0.15, 0.72, 1.29, 1.8)):
            shapes += in_world([box(x0 + 0.07, y, x0 + 1.53, y + 0.46, "#74563d", 1.0, 0.4)], 2.19)
            for j in range(5):
                colour = bright[(j * 2 + k + variant) % 7]
                tall = 0.3 + 0.06 * ((j + k) % 2)
                shapes += in_world(
                    [
                        box(
                            x0 + 0.12 + j * 0.285,
                            y,
                            x0 + 0.34 + j * 0.285,
                            y + tall,
                            colour,
                            1.0,
                            0.5,
                            0.03 if k % 2 else 0.0,
                        )
                    ],
                    2.18,
                )
    shapes += window(0.95, 0.7, 3.1, 2.4, WALL - 0.03, time, variant, "#7a5a44")
    shapes += block(0.75, 2.9, 0, 0.98, 1.5, 2.1, "#5f8f8a", "#e9dcc2")
    shapes += in_world([box(0.9, 0.15, 2.75, 0.8, "#74a39d", 1.0, 0.5)], 1.49)
    shapes += in_world(
        [
            box(1.2, 0.98, 1.75, 1.18, "#4a5158", 1.0, 0.9, 0.03),
            polygon([(1.28, 1.18), (1.68, 1.18), (1.62, 1.46), (1.34, 1.46)], "#5d666e"),
            box(1.38, 1.24, 1.58, 1.38, "!#bfe6c4", 1.0, 0.0),
            box(2.25, 0.98, 2.6, 1.34, "#e7b04a", 1.0, 0.8),
        ],
        1.7,
    )
    return shapes + _pendant(-1.8, time, "#f1ead8", 2.5) + _pendant(1.8, time, "#f1ead8", 2.5)


def _classroom(time: str, variant: int) -> list[Shape]:
    shapes = _flat([
        box(-2.2, 1.05, 1.0, 2.5, "#a87647", 1.0, 1.0), box(-2.12, 1.13, 0.92, 2.42, "#2f5d4c", 1.0, 0.0),
        box(-1.9, 2.05, -0.9, 2.11, "#e6ece2", 1.0, 0.0), box(-1.9, 1.8, -1.2, 1.86, "#e6ece2", 1.0, 0.0),
        box(-1.9, 1.55, -1.0, 1.61, "#e6ece2", 1.0, 0.0),
        polygon([(-0.3, 1.4), (0.5, 1.4), (0.1, 2.1)], "#e6ece2", 1.0, 0.0),
        polygon([(-0.18, 1.46), (0.38, 1.46), (0.1, 1.96)], "#2f5d4c", 1.0, 0.0),
        box(-2.2, 1.0, 1.0, 1.06, "#7d5633", 1.0, 0.5), ellipse(-3.0, 2.35, 0.3, 0.3, "#fbfaf4"),
        stroke([(-3.0, 2.35), (-3.0, 2.55)], 0.05, "#333338"), stroke([(-3.0, 2.35), (-2.86, 2.3)], 0.05, "#333338"),
    ])  # fmt: skip
    shapes += window(1.5, 1.05, 3.1, 2.5, WALL - 0.03, time, variant)
    shapes += block(-3.4, -2.3, 0, 0.82, 1.95, 2.5, "#a9744a", "#c9935f")
    shapes += in_world(
        [
            ellipse(-2.75, 1.12, 0.24, 0.24, "#5b9ec9"),
            blob([(-2.9, 1.12), (-2.82, 1.28), (-2.68, 1.22), (-2.74, 1.02)], "#7fb46a", 1.0, 0.0, steps=3),
            box(-2.8, 0.82, -2.7, 0.9, "#6b4a33", 1.0, 0.4),
            box(-3.3, 0.82, -3.06, 1.1, "#c9483c", 1.0, 0.6),
        ],
        2.1,
    )
    for x, z in ((-1.9, 1.3), (0.35, 1.3), (2.3, 1.3)):
        shapes += in_world([box(x + 0.1, 0.5, x + 0.8, 0.95, "#4d7fa6", 1.0, 0.8, 0.05)], z + 0.35)
        shapes += in_world(
            [
                box(x + 0.05, 0, x + 0.11, 0.66, "#6b7178", 1.0, 0.5),
                box(x + 0.84, 0, x + 0.9, 0.66, "#6b7178", 1.0, 0.5),
            ],
            z,
        )
        shapes += block(x, x + 0.95, 0.64, 0.72, z, z + 0.5, "#d6a062", "#e8bb80")
    return shapes + _pendant(-0.6, time, "#f1ead8", 2.65)


def _gym(time: str, variant: int) -> list[Shape]:
    shapes = _flat([box(-SIDE, 0, SIDE, 1.05, "#4f7d93", 1.0, 0.4), box(-SIDE, 1.05, SIDE, 1.15, "#e8b24a", 1.0, 0.0)])
    shapes += [
        polygon([(x, 0.004, -9), (x + 0.09, 0.004, -9), (x + 0.09, 0.004, WALL), (x, 0.004, WALL)], "#f6efe0", 1.0, 0.0)
        for x in (-2.2, 2.2)
    ]
    shapes.append(Shape(ellipse(0, 0, 1.7, 0.6, "#fff").points @ _LIE + (0, 0.004, 1.1), "#d35b49", 1.0, 0.0))
    shapes.append(Shape(ellipse(0, 0, 1.56, 0.52, "#fff").points @ _LIE + (0, 0.005, 1.1), "#e0a868", 1.0, 0.0))
    for x in (0.4, 2.0):
        shapes += window(x, 1.75, x + 1.35, 2.75, WALL - 0.03, time, variant, "#dfe5e8")
    shapes += _flat(
        [
            box(-1.3, 1.75, -0.2, 2.6, "#fbfaf4"),
            box(-0.98, 1.9, -0.52, 2.2, "#d35b49", 1.0, 0.0),
            box(-0.92, 1.94, -0.58, 2.16, "#fbfaf4", 1.0, 0.0),
        ]
    )
    shapes += in_world(
        [
            limb([(-0.98, 1.84), (-0.75, 1.8), (-0.52, 1.84)], [0.03] * 3, "#e06a2f", 1.0, 0.6),
            polygon([(-0.96, 1.82), (-0.54, 1.82), (-0.62, 1.5), (-0.88, 1.5)], "#f4f4f0", 1.0, 0.5),
        ],
        2.4,
    )
    for k in range(7):
        shapes += _flat([box(-3.35, 0.3 + k * 0.36, -1.9, 0.37 + k * 0.36, "#c58a50", 1.0, 0.4)], WALL - 0.1)
    shapes += _flat([box(x, 0, x + 0.09, 2.75, "#96643a", 1.0, 0.5) for x in (-3.4, -2.65, -1.9)], WALL - 0.12)
    shapes += block(1.2, 2.9, 0, 0.32, 1.7, 2.4, "#c4473f", "#d8645a")
    shapes += in_world(
        [
            limb([(1.25, 0.5), (2.85, 0.5)], [0.03, 0.03], "#8f979c"),
            *[ellipse(x, 0.5, 0.07, 0.24, "#31363c") for x in (1.3, 1.42, 2.68, 2.8)],
        ],
        1.6,
    )
    return shapes + _pendant(-2.4, time, "#dfe5e8", 2.75) + _pendant(2.4, time, "#dfe5e8", 2.75)


_LIE = [(1.0, 0.0, 0.0), (0.0, 0.0, 1.0)]
"""Lays a flat outline on the floor."""

_ROOMS: dict[str, tuple[_Room, tuple[str, ...], str, str]] = {
    "kitchen": (_kitchen, ("#f8e4b8", "#f3dcc0", "#f6e7c9"), "#d9b58c", "#fdf6e6"),
    "living room": (_living_room, ("#e9c7a2", "#d3d8c0", "#e6c3b4"), "#b07d56", "#f8eddd"),
    "bedroom": (_bedroom, ("#d9d2ea", "#f1d6d3", "#d4e3dd"), "#c79b74", "#f7f3ef"),
    "bathroom": (_bathroom, ("#d4ecec", "#d9eef3", "#dff0e6"), "#bcd3d8", "#f4fafa"),
    "office": (_office, ("#d5dde2", "#dcdcd6", "#d0dbe4"), "#8d99a5", "#eff2f4"),
    "cafe": (_cafe, ("#b57c5a", "#a8755c", "#bd8560"), "#7d5640", "#e0c3a2"),
    "shop": (_shop, ("#f4ddb4", "#efe0c6", "#f2d8bd"), "#c7a98a", "#faf1e2"),
    "classroom": (_classroom, ("#e6e3b8", "#e0e6c4", "#eadfb6"), "#b98d5f", "#f8f6e6"),
    "gym": (_gym, ("#c9dde3", "#d3dde0", "#cfe0dc"), "#e0a868", "#eef3f4"),
}
"""How it is furnished, its walls by variant, its floor and its ceiling."""
