"""What a place is made of, and how its light falls."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from storywright.toonworld.palette import Rgb
from storywright.toonworld.shapes import Bundle, Shape, bundle, polygon

FAR = 300.0
"""Distance of the sky, in metres."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A place as it is drawn."""

    backdrop: Bundle
    """Everything behind the people, from back to front."""
    frame: Bundle
    """What stands in the foreground of a wide view, at the side."""
    ground: str
    """Colour of the ground where the people stand."""
    light: Rgb
    """What the light does to the colours of the place."""
    own_light: Rgb
    """What it does to people and props, which stay readable at night."""
    haze: str
    """The colour that distance fades into."""
    haze_from: float
    """Metres at which half of a colour has faded."""
    calm: str
    """A calm tone of the place, for room for words."""
    mirrored: bool = False


OUTDOOR_LIGHT: dict[str, tuple[Rgb, Rgb]] = {
    "morning": ((1.0, 0.95, 0.9), (1.0, 0.98, 0.94)),
    "day": ((1.0, 1.0, 1.0), (1.0, 1.0, 1.0)),
    "evening": ((0.93, 0.72, 0.66), (1.0, 0.88, 0.8)),
    "night": ((0.42, 0.5, 0.74), (0.78, 0.81, 0.96)),
}
INDOOR_LIGHT: dict[str, tuple[Rgb, Rgb]] = {
    "morning": ((1.0, 0.97, 0.9), (1.0, 0.98, 0.94)),
    "day": ((1.0, 1.0, 1.0), (1.0, 1.0, 1.0)),
    "evening": ((0.97, 0.82, 0.7), (1.0, 0.9, 0.82)),
    "night": ((0.64, 0.58, 0.66), (0.93, 0.88, 0.86)),
}
SKIES: dict[str, tuple[str, str, str]] = {
    "morning": ("#7fbbe6", "#f3cdbd", "#fdeac6"),
    "day": ("#3f97de", "#8ecbf0", "#d9f0fa"),
    "evening": ("#54478c", "#dd6a5c", "#fdbb62"),
    "night": ("#0d1533", "#1b2852", "#35457c"),
}
"""Above, half-way and at the horizon."""


def at_dusk(day: Rgb, evening: Rgb, night: Rgb, dusk: float) -> Rgb:
    """A light on its way from day over evening to night."""
    a, b, t = (day, evening, dusk / 0.6) if dusk < 0.6 else (evening, night, (dusk - 0.6) / 0.4)
    return a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t


def mixed(a: str, b: str, t: float) -> str:
    """A colour between two."""
    return "#" + "".join(f"{round(int(a[k : k + 2], 16) * (1 - t) + int(b[k : k + 2], 16) * t):02x}" for k in (1, 3, 5))


def mirrored(shapes: Iterable[Shape]) -> list[Shape]:
    """The world seen in a mirror: left and right change places."""
    over = np.array((-1, 1, 1), np.float32)
    return [Shape(s.points * over, s.paint, s.shade, s.line, s.smooth) for s in shapes]


def laid(shapes: Iterable[Shape], flip: bool) -> Bundle:
    """World shapes made into a bundle."""
    return bundle(mirrored(shapes) if flip else shapes)


def floor(
    paint: str, z0: float, z1: float, half: float = 40.0, shade: float = 1.0, y: float = 0.0, line: float = 0.0
) -> Shape:
    """A strip of ground across the whole view."""
    return polygon([(-half, y, z0), (half, y, z0), (half, y, z1), (-half, y, z1)], paint, shade, line)
