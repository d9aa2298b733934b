"""What the colour words look like, and the colours that a person and a prop are painted with."""

from functools import lru_cache

import numpy as np

from storywright.toonworld.scene import Person, Prop

COLOURS = {
    "red": "#d8352c", "orange": "#f58220", "yellow": "#f9d030", "green": "#3c9f4a", "blue": "#2c6bc6",
    "purple": "#7f47a8",
    "pink": "#f48ab6", "white": "#f8f6f0", "black": "#2b2b31", "brown": "#86532f",
}  # fmt: skip
SKINS = {"light": "#f9d4b5", "tan": "#e2a878", "brown": "#b07546", "dark": "#70462f"}
HAIR = {"black": "#2b2529", "brown": "#70452a", "blond": "#f0c65c", "red": "#c9502a", "grey": "#b9b9c0"}

Rgb = tuple[float, float, float]
Palette = tuple[tuple[str, str], ...]
"""Paint names and their colours."""


@lru_cache(maxsize=8192)
def of_person(skin: str, hair: str, top: str, bottom: str) -> Palette:
    """The paints of a figure."""
    return (
        ("skin", SKINS[skin]),
        ("blush", _mixed(SKINS[skin], "#e8605a", 0.32)),
        ("hair", HAIR[hair]),
        ("top", COLOURS[top]),
        ("bottom", COLOURS[bottom]),
        ("inner", "#f6f2ea" if top != "white" else "#8fb0c4"),
        ("shoe", "#4b3f49" if bottom != "black" else "#75686e"),
        ("hat", "#394b66"),
        ("straw", "#e8c987"),
        ("wood", "#a5754c"),
    )


@lru_cache(maxsize=64)
def of_prop(colour: str, night: bool) -> Palette:
    """The paints of a thing."""
    trim = {"white": "#d95f52", "yellow": "#ffffff", "pink": "#ffffff"}.get(colour, "#fbf7ee")
    return ("prop", COLOURS[colour]), ("trim", trim), ("glass", "#38476e" if night else "#c2e3ef"), ("wood", "#a5754c")


def paints(person: Person | None, thing: Prop | None, night: bool) -> Palette:
    """The paints of shapes that belong to this person and this prop."""
    of = of_person(person.skin, person.hair_colour, person.top_colour, person.bottom_colour) if person else ()
    return (of_prop(thing.colour, night) if thing else (("wood", "#a5754c"),)) + of


@lru_cache(maxsize=16384)
def pots(names: tuple[str, ...], palette: Palette) -> tuple[np.ndarray, np.ndarray]:
    """The colour of each of these paints, (names, 3), and whether it shines by itself."""
    known = dict(reversed(palette))
    table = np.array([rgb(known.get(name, name).lstrip("!")) for name in names], np.float32)
    return table, np.array([name.startswith("!") for name in names])


def shaded(colours: np.ndarray, shades: np.ndarray) -> np.ndarray:
    """The colours in shadow where the shade is under one, in light where it is over one."""
    dark = colours * np.minimum(shades, 1)[:, None]
    lighter = np.minimum(np.maximum((shades - 1) * np.float32(0.85), 0), 1)[:, None]
    return dark + (255 - dark) * lighter


@lru_cache(maxsize=4096)
def rgb(colour: str) -> tuple[int, int, int]:
    """The parts of a colour written `#rrggbb`."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _mixed(a: str, b: str, t: float) -> str:
    return "#" + "".join(f"{round(x * (1 - t) + y * t):02x}" for x, y in zip(rgb(a), rgb(b), strict=True))
