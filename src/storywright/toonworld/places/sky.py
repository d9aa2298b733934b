"""Sky, sun, moon, stars, clouds; and what is seen of them through a window."""

import math
from itertools import pairwise

from storywright.toonworld.places.place import FAR, SKIES, mixed
from storywright.toonworld.shapes import Shape, blob, box, ellipse, in_world, limb, polygon

_BANDS = (-0.6, 0.0, 0.06, 0.13, 0.21, 0.3, 0.42, 0.58, 0.85, 1.4, 60.0)
"""Edges of the bands of the sky, as tangents of the angle above the horizon."""

SUN, MOON, STAR = "!#fff1b0", "!#f6f2da", "!#f4f0d4"


def tones(time: str, weather: str, dusk: float | None = None) -> tuple[str, str, str]:
    """Above, half-way, horizon; `dusk` goes from 0 by day to 1 at night."""
    grey = {"rain": "#8793a0", "snow": "#c3cedb", "fog": "#cfd4d6"}.get(weather)
    top, middle, low = SKIES[time] if dusk is None else _dusky(dusk)
    if grey is None:
        return top, middle, low
    return mixed(top, grey, 0.62), mixed(middle, grey, 0.62), mixed(low, grey, 0.6)


def _dusky(dusk: float) -> tuple[str, str, str]:
    a, b, t = _between_times(dusk)
    top, middle, low = (mixed(x, y, t) for x, y in zip(SKIES[a], SKIES[b], strict=True))
    return top, middle, low


def _between_times(dusk: float) -> tuple[str, str, float]:
    return ("day", "evening", dusk / 0.6) if dusk < 0.6 else ("evening", "night", (dusk - 0.6) / 0.4)


def sky(time: str, weather: str, variant: int, dusk: float | None = None) -> list[Shape]:
    """The whole sky behind a landscape."""
    top, middle, low = tones(time, weather, dusk)
    shapes = []
    for k, (a, b) in enumerate(pairwise(_BANDS)):
        t = min(max(k - 1, 0) / 7, 1.0)
        colour = mixed(low, middle, t * 2) if t < 0.5 else mixed(middle, top, t * 2 - 1)
        shapes.append(
            polygon(
                [(-9000, a * FAR, FAR), (9000, a * FAR, FAR), (9000, b * FAR + 1, FAR), (-9000, b * FAR + 1, FAR)],
                f"!{colour}",
                1.0,
                0.0,
            )
        )
    if weather == "clear":
        shapes += _lights(time, variant) if dusk is None else _sinking_sun(variant, dusk, low)
    return shapes + _clouds(time, weather, variant, dusk)


def _sinking_sun(variant: int, dusk: float, low: str) -> list[Shape]:
    x, y = (0.36, 0.52, 0.28)[variant // 2 % 3] * FAR, (0.3 - 0.42 * dusk) * FAR
    size, colour = (0.05 + 0.04 * min(dusk / 0.6, 1)) * FAR, mixed("#fff3b8", "#ffb84f", min(dusk / 0.6, 1))
    halo = ellipse(x, y, size * 1.55, size * 1.55, f"!{mixed(low, colour, 0.45)}", 1.0, 0.0)
    return in_world([halo, ellipse(x, y, size, size, f"!{colour}", 1.0, 0.8)], FAR - 4)


def _lights(time: str, variant: int) -> list[Shape]:
    side = (variant // 2) % 3
    if time == "night":
        x = (0.34, 0.5, 0.27)[side] * FAR
        moon = blob(
            [
                (0.6, 0.9),
                (-0.25, 1.0),
                (-0.95, 0.35),
                (-0.95, -0.4),
                (-0.25, -1.0),
                (0.6, -0.85),
                (-0.02, -0.5),
                (-0.25, 0.05),
                (0.0, 0.55),
            ],
            MOON,
            1.0,
            0.6,
        )
        size = 0.05 * FAR
        shapes = [ellipse(x, 0.33 * FAR, size * 1.75, size * 1.75, "!#2b3a6c", 1.0, 0.0)]
        shapes.append(Shape(moon.points * size + (x, 0.33 * FAR), MOON, 1.0, 0.6))
        shapes += [
            _star((u - 0.5) * 1.9 * FAR, (0.14 + 0.5 * v) * FAR, (0.008 + 0.006 * w) * FAR)
            for u, v, w in _scatter(16, variant)
        ]
        return in_world(shapes, FAR - 4)
    x = (0.36, 0.52, 0.28)[side] * FAR
    y, size, halo, colour = {
        "morning": (0.16, 0.05, "#fdf0cf", "!#fff7d6"),
        "day": (0.4, 0.046, "#a5daf6", "!#fff3b8"),
        "evening": (0.065, 0.085, "#f79a5c", "!#ffe08a"),
    }[time]
    size *= FAR
    return in_world(
        [
            ellipse(x, y * FAR, size * 1.55, size * 1.55, f"!{halo}", 1.0, 0.0),
            ellipse(x, y * FAR, size, size, colour, 1.0, 0.8),
        ],
        FAR - 4,
    )


def _star(x: float, y: float, r: float) -> Shape:
    return polygon(
        [
            (x + r * math.cos(a) * (1 if k % 2 == 0 else 0.4), y + r * math.sin(a) * (1 if k % 2 == 0 else 0.4))
            for k, a in enumerate([i * math.pi / 4 for i in range(8)])
        ],
        STAR,
        1.0,
        0.0,
    )


def _clouds(time: str, weather: str, variant: int, dusk: float | None) -> list[Shape]:
    if weather == "fog":
        return []
    count = 3 if weather == "clear" else 6
    colours = {"morning": "#fff3e6", "day": "#ffffff", "evening": "#f2a38c", "night": "#33426f"}
    colour = colours[time]
    if dusk is not None:
        a, b, t = _between_times(dusk)
        colour = mixed(colours[a], colours[b], t)
    if weather != "clear":
        colour = mixed(colour, {"rain": "#6d7784", "snow": "#e3e8ee"}[weather], 0.7)
    shapes: list[Shape] = []
    for k, (u, v, w) in enumerate(_scatter(count, variant + 7)):
        x = ((k + 0.25 + 0.5 * u) / count - 0.5) * 1.9 * FAR
        y = (0.2 + 0.2 * v) * FAR if weather == "clear" else (0.28 + 0.16 * v) * FAR
        size = (0.09 + 0.05 * w) * FAR * (1.0 if weather == "clear" else 1.7)
        shapes += cloud(x, y, size, f"!{colour}")
    return in_world(shapes, FAR - 8)


def cloud(x: float, y: float, size: float, paint: str) -> list[Shape]:
    """A heap of cloud with a flat foot."""
    outline = [
        (-1.1, 0.0),
        (-1.02, 0.22),
        (-0.7, 0.28),
        (-0.55, 0.55),
        (-0.15, 0.62),
        (0.1, 0.48),
        (0.42, 0.56),
        (0.66, 0.3),
        (0.98, 0.24),
        (1.1, 0.0),
    ]
    foot = [(-1.1, 0.0), (-0.7, 0.12), (0.1, 0.1), (0.8, 0.13), (1.1, 0.0), (0.5, -0.06), (-0.5, -0.06)]
    return [
        blob([(x + a * size, y + b * size) for a, b in outline], paint, 1.0, 0.6, steps=4),
        blob([(x + a * size, y + b * size) for a, b in foot], paint, 0.93, 0.0, steps=3),
    ]


def window(
    x0: float,
    y0: float,
    x1: float,
    y1: float,
    z: float,
    time: str,
    variant: int,
    frame: str = "#f7f4ec",
    curtain: str = "",
) -> list[Shape]:
    """A window in the back wall, with the sky of this time in it."""
    top, middle, low = SKIES[time]
    w, h = x1 - x0, y1 - y0
    shapes = [box(x0 - 0.09, y0 - 0.09, x1 + 0.09, y1 + 0.09, frame, 0.97, 1.0)]
    for k, colour in enumerate((top, mixed(top, middle, 0.6), mixed(middle, low, 0.4), low)):
        shapes.append(box(x0, y1 - (k + 1) * h / 4, x1, y1 - k * h / 4 + 0.002, f"!{colour}", 1.0, 0.0))
    if time == "night":
        shapes += [
            ellipse(x0 + w * 0.7, y0 + h * 0.68, h * 0.13, h * 0.13, MOON, 1.0, 0.0),
            ellipse(x0 + w * 0.7 + h * 0.07, y0 + h * 0.72, h * 0.11, h * 0.11, f"!{top}", 1.0, 0.0),
        ]
        shapes += [
            _star(x0 + w * u, y0 + h * v, 0.035) for u, v in ((0.16, 0.8), (0.36, 0.6), (0.14, 0.42), (0.88, 0.4))
        ]
    elif time == "evening":
        shapes.append(ellipse(x0 + w * 0.66, y0 + h * 0.27, h * 0.19, h * 0.19, "!#ffe48f", 1.0, 0.0))
    elif time == "morning":
        shapes.append(ellipse(x0 + w * 0.3, y0 + h * 0.5, h * 0.13, h * 0.13, "!#fffbe2", 1.0, 0.0))
    else:
        shapes += cloud(x0 + w * 0.5, y0 + h * 0.62, min(w, h) * 0.24, "!#ffffff")
    hill = {"morning": "#9db97c", "day": "#7cb562", "evening": "#5d4a55", "night": "#131c38"}[time]
    shapes.append(
        polygon(
            [
                (x0, y0),
                (x1, y0),
                (x1, y0 + h * 0.16),
                (x0 + w * 0.7, y0 + h * 0.2),
                (x0 + w * 0.35, y0 + h * 0.11),
                (x0, y0 + h * 0.2),
            ],
            f"!{hill}",
            1.0,
            0.0,
        )
    )
    shapes += [
        box(x0 + w / 2 - 0.03, y0, x0 + w / 2 + 0.03, y1, frame, 1.0, 0.4),
        box(x0, y0 + h * 0.52, x1, y0 + h * 0.52 + 0.05, frame, 1.0, 0.4),
    ]
    shapes.append(box(x0 - 0.16, y0 - 0.14, x1 + 0.16, y0 - 0.06, frame, 0.88, 0.8))
    if curtain:
        for s, edge in ((1, x0), (-1, x1)):
            drop = [
                (edge - s * 0.2, y1 + 0.16),
                (edge + s * w * 0.22, y1 + 0.16),
                (edge + s * w * 0.1, y0 + h * 0.4),
                (edge + s * w * 0.13, y0 - 0.3),
                (edge - s * 0.22, y0 - 0.3),
            ]
            shapes += [
                polygon(drop, curtain, 1.0, 0.8),
                limb([(edge - s * 0.06, y1 + 0.1), (edge - s * 0.08, y0 - 0.25)], [0.03, 0.035], curtain, 0.84, 0.0),
            ]
        shapes.append(box(x0 - 0.35, y1 + 0.14, x1 + 0.35, y1 + 0.19, "#6b5546", 1.0, 0.6))
    return in_world(shapes, z)


def _scatter(count: int, variant: int) -> list[tuple[float, float, float]]:
    """Places that look strewn and are the same each time."""
    return [
        (
            ((k + 1) * 0.754877 + variant * 0.31) % 1.0,
            ((k + 1) * 0.569840 + variant * 0.17) % 1.0,
            ((k + 1) * 0.3819 + variant * 0.53) % 1.0,
        )
        for k in range(count)
    ]
