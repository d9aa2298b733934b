"""Landscapes and streets. Each is a sky, what stands far away, and what stands near the people."""

from collections.abc import Callable

from storywright.toonworld.places.place import OUTDOOR_LIGHT, Place, at_dusk, floor, laid, mixed
from storywright.toonworld.places.sky import sky, tones
from storywright.toonworld.shapes import Shape, blob, box, ellipse, in_world, limb, polygon, stroke

_Land = Callable[[str, str, int], list[Shape]]


def land(setting: str, time: str, weather: str, variant: int, dusk: float | None = None) -> Place:
    """The landscape under its sky; `dusk` stands for a time of its own, from 0 by day to 1 at night."""
    draw, ground = _LANDS[setting]
    if weather == "snow" and setting not in ("beach", "desert"):
        ground = mixed(ground, "#f2f5fa", 0.88)
    light, own_light = OUTDOOR_LIGHT[time]
    if dusk is not None:
        day, evening, night = (OUTDOOR_LIGHT[name] for name in ("day", "evening", "night"))
        light, own_light = (at_dusk(day[k], evening[k], night[k], dusk) for k in (0, 1))
    if weather in ("rain", "fog", "snow") and time != "night":
        dim = {"rain": 0.82, "fog": 0.95, "snow": 0.96}[weather]
        light = (light[0] * dim, light[1] * dim, light[2] * (dim + 0.05))
    low = tones(time, weather, dusk)[2]
    flip = variant % 2 == 1
    shapes = [*sky(time, weather, variant, dusk), *draw(time, weather, variant)]
    if weather == "rain":
        shapes += _puddles(low)
    return Place(
        backdrop=laid(shapes, flip),
        frame=laid(_foreground(setting), flip),
        ground=ground,
        light=light,
        own_light=own_light,
        haze=low,
        haze_from={"fog": 5.0, "rain": 26.0, "snow": 24.0}.get(weather, 70.0),
        calm=mixed(low, "#ffffff", 0.2) if time != "night" else low,
        mirrored=flip,
    )


def _snowy(colour: str, weather: str) -> str:
    return mixed(colour, "#f2f5fa", 0.88) if weather == "snow" else colour


def _puddles(sky_colour: str) -> list[Shape]:
    return [
        Shape(
            ellipse(0, 0, r, r * 0.45, "x").points @ _LIE + (x, 0.004, z),
            f"!{mixed(sky_colour, '#5d6c80', 0.35)}",
            1.0,
            0.0,
        )
        for x, z, r in ((-1.6, 0.9, 0.8), (1.9, 1.6, 0.9), (0.4, -0.9, 0.6))
    ]


_LIE = [(1.0, 0.0, 0.0), (0.0, 0.0, 1.0)]


def _tree(x: float, z: float, tall: float, leaf: str, shade: float = 1.0, weather: str = "clear") -> list[Shape]:
    """A round tree."""
    crown = [
        (-0.34, 0.42),
        (-0.46, 0.6),
        (-0.36, 0.82),
        (-0.12, 0.98),
        (0.16, 0.97),
        (0.38, 0.82),
        (0.46, 0.58),
        (0.32, 0.42),
        (0.0, 0.36),
    ]
    light = [(-0.36, 0.66), (-0.28, 0.84), (-0.06, 0.93), (0.1, 0.88), (-0.1, 0.76), (-0.2, 0.62)]
    top = "#f4f7fb" if weather == "snow" else leaf
    return in_world([
        limb([(x, 0), (x, tall * 0.45)], [tall * 0.045, tall * 0.032], "#7b5a42", shade),
        blob([(x + a * tall, b * tall) for a, b in crown], leaf, shade, steps=4),
        blob([(x + a * tall, b * tall) for a, b in light], top, shade if weather == "snow" else shade * 1.16, 0.0,
        steps=4),
    ], z)  # fmt: skip


def _pine(x: float, z: float, tall: float, leaf: str, shade: float = 1.0, weather: str = "clear") -> list[Shape]:
    shapes = [box(x - tall * 0.03, 0, x + tall * 0.03, tall * 0.2, "#6a4a38", shade)]
    for low, high, half in ((0.12, 0.56, 0.27), (0.34, 0.78, 0.21), (0.56, 1.0, 0.15)):
        shapes.append(
            blob(
                [
                    (x - half * tall, low * tall),
                    (x - half * tall * 0.3, low * tall - 0.02 * tall),
                    (x + half * tall * 0.3, low * tall - 0.02 * tall),
                    (x + half * tall, low * tall),
                    (x + 0.02 * tall, high * tall),
                    (x - 0.02 * tall, high * tall),
                ],
                leaf,
                shade,
                steps=3,
            )
        )
        if weather == "snow":
            shapes.append(
                polygon(
                    [
                        (x - half * tall * 0.5, (low * 0.5 + high * 0.5) * tall),
                        (x, (low * 0.6 + high * 0.4) * tall),
                        (x + half * tall * 0.5, (low * 0.5 + high * 0.5) * tall),
                        (x, high * tall),
                    ],
                    "#f4f7fb",
                    shade,
                    0.0,
                )
            )
    return in_world(shapes, z)


def _hills(colour: str, z: float, tall: float, phase: float, shade: float = 1.0) -> list[Shape]:
    import math

    wide = z * 2.6
    tops = [(wide * (k / 8 - 1), tall * (0.62 + 0.38 * math.sin(k * 1.3 + phase))) for k in range(17)]
    return in_world([Shape(blob([*tops, (wide, -1.0), (-wide, -1.0)], colour, steps=4).points, colour, shade, 0.6)], z)


def _bench(x: float, z: float, colour: str = "#a0653c") -> list[Shape]:
    return in_world([
        *[box(x + q - 0.04, 0, x + q + 0.04, 0.92, "#47454c", 1.0, 0.6) for q in (-0.62, 0.62)],
        *[box(x - 0.8, y, x + 0.8, y + 0.13, colour, 1.05, 0.8) for y in (0.6, 0.78)],
        box(x - 0.85, 0.4, x + 0.85, 0.5, colour),
    ], z)  # fmt: skip


def _lamp_post(x: float, z: float, time: str, tall: float = 3.1) -> list[Shape]:
    lit = time in ("evening", "night")
    shapes = [ellipse(x, tall, 0.62, 0.62, "!#5f5c63" if time == "night" else "!#f7b878", 1.0, 0.0)] if lit else []
    shapes += [
        limb([(x, 0), (x, tall - 0.15)], [0.06, 0.04], "#3d424b"),
        ellipse(x, tall, 0.17, 0.2, "!#fff0b8" if lit else "#e9eef0"),
        polygon([(x - 0.2, tall + 0.15), (x + 0.2, tall + 0.15), (x, tall + 0.32)], "#3d424b"),
    ]
    return in_world(shapes, z)


def _house(
    x0: float, x1: float, tall: float, z: float, colour: str, time: str, k: int, rows: int = 3, shop: str = ""
) -> list[Shape]:
    """A house in a row: windows, a cornice, and a shop on the ground floor if it has one."""
    shapes = [
        box(x0, 0, x1, tall, colour, 1.0, 0.9),
        box(x0 - 0.08, tall - 0.12, x1 + 0.08, tall + 0.1, colour, 0.82, 0.7),
    ]
    base = 2.7 if shop else 0.9
    columns = max(2, round((x1 - x0) / 1.25))
    step = (x1 - x0) / columns
    for row in range(rows):
        y = base + 0.35 + row * (tall - base - 0.5) / rows
        for c in range(columns):
            lit = (time == "night" and (c * 3 + row * 2 + k) % 3 == 0) or (time == "evening" and (c + row + k) % 4 == 0)
            glass = "!#ffd97c" if lit else "#3e4c66" if time == "night" else "#b9dbe8"
            x = x0 + (c + 0.5) * step
            shapes += [
                box(x - 0.34, y, x + 0.34, y + 0.95, glass, 1.0, 0.7),
                box(x - 0.42, y - 0.1, x + 0.42, y, colour, 1.15, 0.4),
            ]
    if shop:
        lit = time in ("evening", "night")
        shapes += [
            box(x0 + 0.25, 0, x1 - 0.25, 2.2, "!#ffe0a0" if lit else "#a9d3df", 1.0, 0.8),
            box(x0 + 0.4, 0, x0 + 1.2, 2.0, shop, 0.7, 0.7),
        ]
        awning = [(x0 + 0.1, 2.45), (x1 - 0.1, 2.45), (x1 + 0.05, 1.95), (x0 - 0.05, 1.95)]
        shapes.append(polygon(awning, shop))
        width = (x1 - x0) / 6
        shapes += [
            polygon(
                [
                    (x0 + 0.1 + j * width, 2.45),
                    (x0 + 0.1 + (j + 0.5) * width, 2.45),
                    (x0 + (j + 0.5) * width, 1.95),
                    (x0 - 0.02 + j * width, 1.95),
                ],
                "#faf4e6",
                1.0,
                0.0,
            )
            for j in (1, 3, 5)
        ]
    return in_world(shapes, z)


def _foreground(setting: str) -> list[Shape]:
    """What a wide view looks past: a branch, a lamp post, a rock."""
    if setting in ("street", "bus stop", "stadium"):
        return in_world(
            [
                box(-2.95, 0, -2.72, 6, "#2e323c", 1.0, 1.0),
                box(-3.05, 0, -2.62, 0.5, "#2e323c"),
                box(-3.4, 2.5, -2.3, 3.0, "#3c6e8c", 1.0, 1.0, 0.06),
                box(-3.25, 2.68, -2.45, 2.8, "#f4f4ee", 1.0, 0.0),
            ],
            -1.6,
        )
    if setting == "desert":
        return in_world([blob([(-4.2, -0.2), (-3.9, 0.8), (-3.2, 1.1), (-2.5, 0.7), (-2.0, -0.2)], "#8a4b32")], -1.5)
    if setting == "beach":
        leaves = [
            limb(
                [(-3.4, 3.4), (-2.6 + dx * 0.4, 3.4 + dy), (-2.0 + dx, 3.0 + dy * 1.5)],
                [0.05, 0.22, 0.03],
                "#2f6b4a",
                s,
            )
            for dx, dy, s in ((-0.2, -0.5, 0.8), (0.2, -0.15, 1.0), (0.25, 0.25, 0.9))
        ]
        return in_world(leaves, -1.8)
    crown = [(-4.2, 4.6), (-1.2, 4.6), (-1.5, 3.7), (-2.1, 3.5), (-2.4, 3.0), (-2.9, 3.1), (-3.2, 2.6), (-4.2, 2.4)]
    return in_world([box(-3.6, 0, -3.15, 4, "#4a382f"), blob(crown, "#2f5d3c", steps=4)], -1.8)


def _street(time: str, weather: str, variant: int) -> list[Shape]:
    walls = ("#c9705a", "#e0b27a", "#8fa5b5", "#d9927a", "#b8c49a", "#a98fa8")
    shapes = [floor(_snowy("#b9b4ac", weather), -14, 40)]
    shapes += in_world([box(-60, 0, 60, 7.5, "#a7b2bf", 1.0, 0.0)], 22)
    x = -13.0
    for k, (wide, tall) in enumerate(
        ((3.2, 6.4), (2.8, 7.8), (3.6, 5.9), (2.7, 8.2), (3.4, 6.6), (3.0, 7.4), (3.5, 6.1), (3.2, 8.0))
    ):
        shop = ("#c4483c", "", "#3f7f6a", "", "#d09235", "", "#45668c", "")[(k + variant) % 8]
        shapes += _house(x, x + wide, tall, 7.0, walls[(k + variant) % 6], time, k, 3, shop)
        x += wide
    shapes += [
        floor(_snowy("#c7c2b8", weather), 4.2, 7.0, 40, 1.04),
        floor("#6c7079" if weather != "snow" else "#c9d0da", 1.5, 4.2, 60, 1.0),
        floor("#d9d4c8", 4.1, 4.25, 60),
        floor("#d9d4c8", 1.4, 1.55, 60),
    ]
    shapes += [
        polygon(
            [(q, 0.003, 2.78), (q + 1.6, 0.003, 2.78), (q + 1.6, 0.003, 2.95), (q, 0.003, 2.95)], "#f2efe2", 1.0, 0.0
        )
        for q in (-9.2, -5.9, -2.6, 0.7, 4.0, 7.3)
    ]
    shapes += _lamp_post(-2.55, 1.35, time) + _tree(3.1, 4.6, 3.6, "#6fa45c", weather=weather)
    return shapes


def _park(time: str, weather: str, variant: int) -> list[Shape]:
    grass = _snowy("#86bb5c", weather)
    leaf = ("#5c9a4c", "#c98a3d", "#69a557")[variant // 2 % 3]
    hills = _hills(_snowy("#7fae72", weather), 45, 6, variant)
    shapes = [floor(grass, -14, 60), *hills, floor(grass, 3, 44, shade=0.95)]
    for k, (x, z, tall) in enumerate(((-9, 13, 6.5), (-4.5, 15, 6), (1, 16, 6.4), (6, 14, 6.8), (10.5, 13, 6))):
        shapes += _tree(x, z, tall, leaf, 0.8 + 0.06 * (k % 3), weather)
    path = [
        (-0.6, 0.002, -14),
        (2.2, 0.002, -14),
        (1.4, 0.002, 0),
        (2.2, 0.002, 3.2),
        (4.4, 0.002, 6.5),
        (6.0, 0.002, 12),
        (4.9, 0.002, 12),
        (3.3, 0.002, 6.5),
        (1.1, 0.002, 3.2),
        (0.0, 0.002, 0),
    ]
    shapes.append(polygon(path, _snowy("#e6d3a6", weather), 1.0, 0.5))
    shapes.append(
        Shape(
            ellipse(0, 0, 3.0, 1.2, "x").points @ _LIE + (-5.2, 0.003, 8.5),
            f"!{mixed(tones(time, weather)[2], '#4f8fc0', 0.5)}",
            1.0,
            0.6,
        )
    )
    shapes += _tree(-3.2, 3.2, 4.4, leaf, 1.0, weather) + _bench(-1.55, 2.1) + _lamp_post(3.0, 3.0, time, 2.8)
    return shapes


def _beach(time: str, weather: str, variant: int) -> list[Shape]:
    sea = {"morning": "#6fb8cf", "day": "#2f9ccb", "evening": "#7a6a9a", "night": "#1c3a6b"}[time]
    low = tones(time, weather)[2]
    shapes = [
        floor(f"!{mixed(sea, low, 0.35)}", 30, 290, 900),
        floor(f"!{sea}", 9, 60, 300),
        floor(f"!{mixed(sea, '#bfeaf0', 0.25)}", 4.6, 12, 200),
    ]
    shapes += [
        polygon(
            [
                (x, 0.01, z),
                (x + z * 0.5, 0.01, z),
                (x + z * 0.42, 0.01, z + z * 0.05),
                (x + z * 0.08, 0.01, z + z * 0.05),
            ],
            f"!{mixed(sea, '#ffffff', 0.55)}",
            1.0,
            0.0,
        )
        for x, z in ((-8, 14), (2, 18), (9, 13), (-20, 26), (-2, 9), (14, 30), (-3, 34))
    ]
    shapes += in_world([blob([(14, 0), (17, 2.0), (22, 3.0), (28, 1.6), (33, 0)], "#6c8f7c")], 60)
    shapes += in_world(
        [
            polygon([(-13, 0.3), (-9, 0.3), (-9.8, -0.3), (-12.2, -0.3)], "#c65346", 1.0, 0.8),
            polygon([(-11, 0.5), (-11, 4.4), (-8.6, 0.8)], "#fdfaf2", 1.0, 0.8),
        ],
        36,
    )
    shapes += [
        Shape(
            blob(
                [(-60, -16), (-60, 4.4), (-14, 4.9), (-6, 4.1), (0, 4.8), (7, 4.2), (16, 4.9), (60, 4.5), (60, -16)],
                "x",
                steps=3,
            ).points
            @ _LIE
            + (0, 0.005, 0.35),
            "#fff9ea",
            1.0,
            0.0,
        )
    ]
    shapes += [
        Shape(
            blob(
                [(-60, -16), (-60, 4.2), (-14, 4.7), (-6, 3.9), (0, 4.6), (7, 4.0), (16, 4.7), (60, 4.3), (60, -16)],
                "x",
                steps=3,
            ).points
            @ _LIE
            + (0, 0.006, 0),
            "#f2d694",
            1.0,
            0.0,
        )
    ]
    trunk = limb([(-2.9, 0), (-2.7, 1.6), (-2.3, 3.3)], [0.16, 0.12, 0.09], "#94694a")
    fronds = [
        limb(
            [(-2.3, 3.3), (-2.3 + dx * 0.6, 3.3 + dy), (-2.3 + dx, 3.25 + dy * 0.2 - abs(dx) * 0.35)],
            [0.06, 0.17, 0.02],
            "#4b9a56",
            s,
        )
        for dx, dy, s in ((-1.5, 0.3, 0.85), (1.5, 0.3, 0.9), (-0.9, 0.75, 1.0), (1.0, 0.75, 1.06), (0.3, 0.9, 1.1))
    ]
    shapes += in_world(
        [trunk, *fronds, ellipse(-2.36, 3.18, 0.12, 0.12, "#7d5236"), ellipse(-2.16, 3.16, 0.12, 0.12, "#7d5236")], 2.4
    )
    parasol = [
        limb([(2.55, 0), (2.65, 2.2)], [0.035, 0.03], "#f4f0e6"),
        blob(
            [(1.4, 1.85), (1.7, 2.4), (2.65, 2.72), (3.6, 2.4), (3.9, 1.85), (3.2, 1.98), (2.65, 1.88), (2.05, 1.98)],
            "#e2604c",
            steps=4,
        ),
        blob(
            [(2.05, 1.98), (2.3, 2.5), (2.65, 2.72), (3.0, 2.5), (3.2, 1.98), (2.65, 1.88)],
            "#fdf4e0",
            1.0,
            0.0,
            steps=3,
        ),
    ]
    towel = [(2.0, 0.01, 1.7), (3.6, 0.01, 1.7), (3.7, 0.01, 2.6), (2.1, 0.01, 2.6)]
    return [*shapes, *in_world(parasol, 2.2), polygon(towel, "#5aa9c4", 1.0, 0.6)]


def _forest(time: str, weather: str, variant: int) -> list[Shape]:
    ground = _snowy("#6f8f4c", weather)
    shapes = [floor(ground, -14, 60)]
    far = {"night": "#2e4a5c"}.get(time, "#8fb39a")
    for k in range(13):
        shapes += _pine(-26 + k * 4.4, 26, 9 + (k * 5) % 3, far, 1.0, weather)
    shapes += [floor(ground, 2, 24, shade=0.9)]
    for k, (x, z, tall) in enumerate(
        ((-10, 14, 9), (-6.2, 12, 8), (-1.4, 15, 9.5), (3.2, 13, 8.5), (7.4, 12, 9), (11, 14, 9))
    ):
        shapes += _pine(x, z, tall, "#3f7a55", 0.86 + 0.06 * (k % 2), weather)
    shapes.append(
        polygon(
            [
                (-0.9, 0.002, -14),
                (1.5, 0.002, -14),
                (0.9, 0.002, 1),
                (1.4, 0.002, 5),
                (0.2, 0.002, 12),
                (-0.4, 0.002, 12),
                (0.3, 0.002, 5),
                (-0.3, 0.002, 1),
            ],
            _snowy("#b99c6c", weather),
            1.0,
            0.4,
        )
    )
    shapes += _pine(-3.0, 4.2, 6.5, "#2f6a48", 1.0, weather) + _pine(3.5, 4.8, 7.2, "#37734e", 1.0, weather)
    shapes += in_world(
        [
            box(2.15, 0, 2.75, 7, "#6a4a38"),
            polygon([(2.15, 0), (2.3, 0), (2.35, 7), (2.15, 7)], "#6a4a38", 1.2, 0.0),
            blob([(1.85, 0), (2.1, 0.4), (2.8, 0.4), (3.1, 0)], "#6a4a38", 0.92),
        ],
        2.6,
    )
    shapes += in_world(
        [
            blob([(-2.5, 0), (-2.55, 0.35), (-2.2, 0.55), (-1.7, 0.5), (-1.4, 0.2), (-1.4, 0)], "#5d8a45"),
            *[
                polygon([(x, 0), (x + 0.07, 0), (x + 0.06, 0.16), (x + 0.01, 0.16)], "#f4ead6", 1.0, 0.6)
                for x in (1.2, 1.45)
            ],
            *[blob([(x - 0.1, 0.14), (x + 0.03, 0.28), (x + 0.17, 0.14)], "#cf4a3c", steps=4) for x in (1.2, 1.45)],
        ],
        2.0,
    )
    return shapes


def _mountains(time: str, weather: str, variant: int) -> list[Shape]:
    grass = _snowy("#9bb56c", weather)
    shapes = [floor(grass, -14, 80)]
    for x, tall, half, z in (
        (-62, 46, 44, 150),
        (48, 54, 50, 150),
        (-8, 64, 56, 140),
        (100, 44, 46, 145),
        (-115, 50, 48, 150),
    ):
        left, top = (x - half, 0.0), (x, float(tall))
        rock = "#7d88a6"
        shapes += in_world(
            [
                polygon(
                    [
                        left,
                        (x - half * 0.45, tall * 0.5),
                        (x - half * 0.3, tall * 0.58),
                        top,
                        (x + half * 0.35, tall * 0.55),
                        (x + half * 0.55, tall * 0.42),
                        (x + half, 0),
                    ],
                    rock,
                    1.0,
                    0.9,
                )
            ],
            z,
        )
        shapes += in_world(
            [
                polygon(
                    [
                        top,
                        (x + half * 0.35, tall * 0.55),
                        (x + half * 0.55, tall * 0.42),
                        (x + half, 0),
                        (x + half * 0.2, 0),
                        (x + half * 0.08, tall * 0.5),
                    ],
                    rock,
                    0.8,
                    0.0,
                )
            ],
            z,
        )
        cap = [
            (x - half * 0.27, tall * 0.66),
            (x - half * 0.15, tall * 0.6),
            (x - half * 0.04, tall * 0.68),
            (x + half * 0.08, tall * 0.58),
            (x + half * 0.26, tall * 0.68),
            top,
        ]
        shapes += in_world([polygon(cap, "#f6f9fc", 1.0, 0.6)], z)
    shapes += _hills(_snowy("#6f9a6a", weather), 70, 9, variant * 0.7, 0.95)
    for k in range(9):
        shapes += _pine(-22 + k * 5.6 + (k % 2), 30, 5.5 + (k * 3) % 2, "#4c7a5c", 1.0, weather)
    shapes += [floor(grass, 2, 28, shade=0.96)]
    shapes += _pine(-3.4, 5, 4.2, "#3f7455", 1.0, weather)
    shapes += in_world(
        [
            blob([(1.7, 0), (1.8, 0.55), (2.3, 0.95), (2.95, 0.8), (3.4, 0.3), (3.45, 0)], "#8f8a88"),
            blob([(1.85, 0.4), (2.3, 0.85), (2.55, 0.7), (2.2, 0.3)], "#8f8a88", 1.18, 0.0),
        ],
        2.2,
    )
    shapes += in_world(
        [
            box(-2.1, 0, -1.98, 1.3, "#7a5638"),
            polygon([(-2.6, 1.28), (-1.6, 1.28), (-1.38, 1.11), (-1.6, 0.94), (-2.6, 0.94)], "#b98552"),
        ],
        2.2,
    )
    return shapes


def _desert(time: str, weather: str, variant: int) -> list[Shape]:
    sand = "#eab669"
    shapes = [floor(sand, -14, 120)]
    for x0, x1, tall, z in ((-58, -30, 26, 110.0), (26, 62, 30, 110.0), (-12, 4, 20, 115.0)):
        shapes += in_world(
            [
                polygon(
                    [(x0 - 8, 0), (x0 - 1, tall * 0.5), (x0, tall), (x1, tall), (x1 + 1, tall * 0.45), (x1 + 8, 0)],
                    "#c0623f",
                    1.0,
                    0.8,
                ),
                polygon(
                    [
                        (x0 + (x1 - x0) * 0.6, 0),
                        (x0 + (x1 - x0) * 0.7, tall),
                        (x1, tall),
                        (x1 + 1, tall * 0.45),
                        (x1 + 8, 0),
                    ],
                    "#c0623f",
                    0.82,
                    0.0,
                ),
            ],
            z,
        )
    shapes += _hills("#e0a255", 50, 7, variant, 1.0) + _hills("#efc27a", 26, 3.4, variant + 2.2, 1.0)
    for x, z, high in ((-2.7, 3.0, 2.6), (5.5, 10.0, 3.2), (3.1, 4.2, 1.7)):
        arms = [
            limb(
                [(x - high * 0.02, high * 0.4), (x - high * 0.24, high * 0.45), (x - high * 0.25, high * 0.75)],
                [high * 0.06] * 3,
                "#5a9660",
                0.9,
            ),
            limb(
                [(x, high * 0.3), (x + high * 0.22, high * 0.36), (x + high * 0.23, high * 0.6)],
                [high * 0.055] * 3,
                "#5a9660",
                0.95,
            ),
        ]
        shapes += in_world(
            [
                *arms,
                limb([(x, 0), (x, high * 0.92)], [high * 0.09, high * 0.08], "#5a9660"),
                stroke([(x - high * 0.03, high * 0.1), (x - high * 0.03, high * 0.85)], high * 0.03, "#5a9660", 1.25),
            ],
            z,
        )
    shapes += in_world(
        [
            blob([(1.6, 0), (1.7, 0.3), (2.1, 0.42), (2.5, 0.25), (2.6, 0)], "#b0693f"),
            blob([(-1.7, 0), (-1.6, 0.18), (-1.35, 0.24), (-1.1, 0.1), (-1.08, 0)], "#b0693f", 0.92),
        ],
        1.9,
    )
    return shapes


def _garden(time: str, weather: str, variant: int) -> list[Shape]:
    grass = _snowy("#7fbf5e", weather)
    shapes = [floor(grass, -14, 40)]
    shapes += _tree(-7, 10, 5.4, "#5a9a52", 0.85, weather) + _tree(8, 10, 5.8, "#5a9a52", 0.9, weather)
    lit = time in ("evening", "night")
    house = [
        box(-0.4, 0, 4.6, 2.9, "#f2dfbd", 1.0, 0.9),
        polygon([(-0.9, 2.85), (5.1, 2.85), (4.2, 4.9), (0.1, 4.9)], "#b9543f"),
        box(3.3, 4.4, 3.8, 5.4, "#a0685a"),
        box(2.9, 0, 3.9, 2.1, "#6a8f6f", 1.0, 0.8),
        ellipse(3.05, 1.0, 0.06, 0.06, "#f0d58a", 1.0, 0.0),
        box(0.3, 1.0, 2.2, 2.2, "!#ffdb85" if lit else "#a9d3df", 1.0, 0.9),
        box(1.2, 1.0, 1.3, 2.2, "#fdfaf2", 1.0, 0.0),
        box(0.15, 0.85, 2.35, 1.0, "#fdfaf2", 1.0, 0.6),
    ]
    shapes += in_world(house, 7.0)
    for k in range(15):
        x = -8.4 + k * 0.62
        if x < -0.8 or x > 4.9:
            shapes += in_world(
                [polygon([(x, 0), (x + 0.42, 0), (x + 0.42, 1.05), (x + 0.21, 1.28), (x, 1.05)], "#fbf8f0", 1.0, 0.7)],
                5.4,
            )
    shapes += in_world([box(-8.5, 0.4, -0.9, 0.52, "#fbf8f0", 0.9, 0.4)], 5.35)
    shapes += [
        polygon(
            [
                (0.9, 0.002, -14),
                (2.6, 0.002, -14),
                (2.7, 0.002, 1),
                (3.8, 0.002, 6.9),
                (3.0, 0.002, 6.9),
                (1.6, 0.002, 1),
            ],
            _snowy("#d9c6a4", weather),
            1.0,
            0.5,
        )
    ]
    for x0, x1, z in ((-3.6, -1.0, 2.2), (3.0, 4.4, 2.4)):
        shapes += in_world(
            [
                blob(
                    [
                        (x0, 0),
                        (x0 - 0.1, 0.3),
                        (x0 + 0.3, 0.6),
                        ((x0 + x1) / 2, 0.52),
                        (x1 - 0.3, 0.62),
                        (x1 + 0.1, 0.3),
                        (x1, 0),
                    ],
                    "#4f8f4c",
                    steps=4,
                )
            ],
            z,
        )
        for j, c in enumerate(("#e4574c", "#f3c74f", "#e98ab0", "#ffffff", "#8d6fc0", "#f08a3c")):
            x, y = x0 + 0.25 + j * (x1 - x0 - 0.4) / 5, 0.42 + 0.16 * (j % 2)
            shapes += in_world(
                [ellipse(x, y, 0.12, 0.12, c, 1.0, 0.7), ellipse(x, y, 0.045, 0.045, "#f6d75a", 1.0, 0.0)], z - 0.05
            )
    return shapes


def _stadium(time: str, weather: str, variant: int) -> list[Shape]:
    shapes = [floor(_snowy("#4f9a4f", weather), -14, 40)]
    stand = "#8b93a3"
    shapes += in_world([box(-60, 0.9, 60, 8.6, stand, 1.0, 0.6)], 20)
    crowd = ("#d9685a", "#f0cf6a", "#5f93c0", "#f4efe6", "#7db07a", "#b98ac0")
    for row in range(4):
        y = 2.0 + row * 1.65
        shapes += in_world([box(-60, y - 0.6, 60, y - 0.42, stand, 0.75, 0.0)], 19.8 - row * 0.02)
        for k in range(17):
            x = -15.4 + k * 1.9 + (row % 2) * 0.9
            shapes += in_world(
                [
                    blob(
                        [(x - 0.55, y - 0.5), (x - 0.42, y + 0.16), (x + 0.42, y + 0.16), (x + 0.55, y - 0.5)],
                        crowd[(k * 2 + row + variant) % 6],
                        1.0,
                        0.0,
                        steps=2,
                    ),
                    ellipse(x, y + 0.42, 0.34, 0.36, ("#e8bb94", "#a9714b", "#d39c74")[(k + row) % 3], 1.0, 0.0),
                ],
                19.7 - row * 0.02,
            )
    shapes += in_world(
        [
            box(-60, 0, 60, 1.25, "#3c5a88", 1.0, 0.7),
            *[
                box(-14 + k * 7, 0.25, -9.5 + k * 7, 1.0, ("#f2d15c", "#f4f0e6", "#e0604e", "#f4f0e6")[k % 4], 1.0, 0.0)
                for k in range(5)
            ],
        ],
        18.5,
    )
    for s in (-1, 1):
        lit = time in ("evening", "night")
        mast = [
            limb([(s * 15, 8), (s * 15, 13.5)], [0.22, 0.18], "#525a66"),
            box(s * 15 - 2.2, 13, s * 15 + 2.2, 15.4, "#525a66"),
        ]
        mast += [
            ellipse(s * 15 - 1.4 + 1.4 * j, 13.65 + 1.05 * i, 0.52, 0.42, "!#fff8d8" if lit else "#e8edf0", 1.0, 0.0)
            for i in (0, 1)
            for j in (0, 1, 2)
        ]
        shapes += in_world(mast, 21)
    shapes += [floor(_snowy("#c6583f", weather), 3.4, 8.2, 60)] + [
        floor("#f6ece0", z, z + 0.12, 60, y=0.003) for z in (3.4, 5.0, 6.6, 8.1)
    ]
    shapes += [
        floor(_snowy("#59a858", weather), 8.3, 18, 60),
        floor(_snowy("#5caa59", weather), -2.2, 0.6, 60),
        floor("#f6f6ee", 2.2, 2.34, 60, y=0.003),
    ]
    goal = [
        limb([(1.9, 0), (1.9, 2.0)], [0.05, 0.05], "#fbfbf6"),
        limb([(5.6, 0), (5.6, 2.0)], [0.05, 0.05], "#fbfbf6"),
        limb([(1.9, 2.0), (5.6, 2.0)], [0.05, 0.05], "#fbfbf6"),
    ]
    net = [
        limb([(2.3 + 0.55 * k, 0), (2.3 + 0.55 * k, 1.95)], [0.012, 0.012], "#e4ece6", 1.0, 0.0) for k in range(6)
    ] + [limb([(1.95, 0.5 * k), (5.55, 0.5 * k)], [0.012, 0.012], "#e4ece6", 1.0, 0.0) for k in (1, 2, 3)]
    return shapes + in_world([*net, *goal], 9.5)


def _bus_stop(time: str, weather: str, variant: int) -> list[Shape]:
    shapes = [floor(_snowy("#a9adb3", weather), -14, 40)]
    for k in range(9):
        x = -16 + k * 3.8
        tall = 7.5 + (k * 7 + variant) % 4 * 1.6
        shapes += _house(x, x + 3.4, tall, 15, ("#93a3b5", "#a8b3ae", "#b5a89e")[k % 3], time, k, 4)
    shapes += [floor("#5f646d" if weather != "snow" else "#c4ccd6", 3.6, 14, 60), floor("#e3ded2", 3.45, 3.65, 60)]
    shapes += [
        polygon([(q, 0.003, 7.6), (q + 2.4, 0.003, 7.6), (q + 2.4, 0.003, 7.95), (q, 0.003, 7.95)], "#f2efe2", 1.0, 0.0)
        for q in (-13, -8, -3, 2, 7, 12)
    ]
    lit = time in ("evening", "night")
    bus = [
        box(1.2, 0.45, 9.4, 3.2, "#e8a531", 1.0, 1.0, 0.25),
        box(1.2, 0.45, 9.4, 0.95, "#c4472f", 1.0, 0.5),
        *[
            box(1.6 + 1.5 * j, 1.55, 2.85 + 1.5 * j, 2.65, "!#fff0b8" if lit else "#bfe0ea", 1.0, 0.7, 0.08)
            for j in range(5)
        ],
        *[ellipse(x, 0.42, 0.48, 0.46, "#2b2b32") for x in (2.9, 7.6)],
        *[ellipse(x, 0.42, 0.2, 0.2, "#c3c9cf", 1.0, 0.0) for x in (2.9, 7.6)],
        ellipse(1.32, 0.85, 0.1, 0.14, "!#fff3c4", 1.0, 0.4),
    ]
    shapes += in_world(bus, 6.2)
    glow = "!#d9c79a" if time == "night" else "!#f4e2b0" if lit else "#d3e8ec"
    shapes += in_world(
        [box(-3.3, 0.25, 1.15, 2.25, glow, 1.0, 0.8), box(-3.3, 1.2, 1.15, 1.25, "#7d8b94", 1.0, 0.0)], 2.5
    )
    shapes += in_world(
        [
            box(-3.2, 0.65, -2.3, 2.05, "#f6f1e4", 1.0, 0.8),
            ellipse(-2.75, 1.5, 0.3, 0.32, "#e0604e", 1.0, 0.0),
            box(-3.05, 0.8, -2.45, 0.95, "#4a78a6", 1.0, 0.0),
        ],
        2.45,
    )
    shapes += in_world([box(x - 0.05, 0, x + 0.05, 2.35, "#3f5a70") for x in (-3.35, 1.2)], 2.4)
    roof = [(-3.6, 2.35, 1.5), (1.45, 2.35, 1.5), (1.45, 2.42, 2.7), (-3.6, 2.42, 2.7)]
    shapes += [polygon(roof, "#3f5a70", 0.8), *in_world([box(-3.6, 2.3, 1.45, 2.46, "#3f6f8f")], 1.5)]
    shapes += in_world(
        [
            box(-1.9, 0.4, 0.9, 0.5, "#b5743f"),
            box(-1.7, 0, -1.6, 0.4, "#47454c", 1.0, 0.5),
            box(0.6, 0, 0.7, 0.4, "#47454c", 1.0, 0.5),
        ],
        2.15,
    )
    sign = [
        box(2.06, 0, 2.16, 2.9, "#4a5560"),
        box(1.75, 2.2, 2.47, 3.0, "#2f6fb0", 1.0, 1.0, 0.08),
        box(1.9, 2.42, 2.32, 2.78, "#fbfaf4", 1.0, 0.0, 0.06),
        *[ellipse(x, 2.42, 0.06, 0.06, "#fbfaf4", 1.0, 0.0) for x in (1.98, 2.24)],
    ]
    return shapes + in_world(sign, 1.7)


_LANDS: dict[str, tuple[_Land, str]] = {
    "street": (_street, "#b9b4ac"), "park": (_park, "#86bb5c"), "beach": (_beach, "#f2d694"),
    "forest": (_forest, "#6f8f4c"),
    "mountains": (_mountains, "#9bb56c"), "desert": (_desert, "#eab669"), "garden": (_garden, "#7fbf5e"),
    "stadium": (_stadium, "#59a858"), "bus stop": (_bus_stop, "#a9adb3"),
}  # fmt: skip
"""How it is drawn, and the colour of its ground."""
