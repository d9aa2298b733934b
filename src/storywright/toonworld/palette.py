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

PAINTS = (
    "prop", "trim", "glass", "wood", "shadow",
    "skin", "blush", "hair", "top", "bottom", "inner", "shoe", "hat", "straw",
)  # fmt: skip
"""The paints that a palette has a colour for."""

Rgb = tuple[float, float, float]
Palette = np.ndarray
"""(3, PAINTS): the colours of the paints; black where nothing is painted with one."""

NO_PAINTS = np.zeros((3, len(PAINTS)), np.float32)
"""For shapes that name their colours themselves."""


def paints(person: Person | None, thing: Prop | None, night: bool) -> Palette:
    """The paints of shapes that belong to this person and this prop."""
    of = (person.skin, person.hair_colour, person.top_colour, person.bottom_colour) if person else None
    return _paints(of, thing.colour if thing else "", night)


@lru_cache(maxsize=64)
def shadow_on(ground: str) -> Palette:
    """The paint of shadows on ground of this colour."""
    return _laid_out({"shadow": "#" + "".join(f"{int(part * 0.74):02x}" for part in rgb(ground))})


@lru_cache(maxsize=8192)
def _paints(of: tuple[str, str, str, str] | None, thing: str, night: bool) -> Palette:
    colours = {"wood": "#a5754c"}
    if thing:
        trim = {"white": "#d95f52", "yellow": "#ffffff", "pink": "#ffffff"}.get(thing, "#fbf7ee")
        colours |= {"prop": COLOURS[thing], "trim": trim, "glass": "#38476e" if night else "#c2e3ef"}
    if of:
        skin, hair, top, bottom = of
        colours |= {
            "skin": SKINS[skin],
            "blush": _mixed(SKINS[skin], "#e8605a", 0.32),
            "hair": HAIR[hair],
            "top": COLOURS[top],
            "bottom": COLOURS[bottom],
            "inner": "#f6f2ea" if top != "white" else "#8fb0c4",
            "shoe": "#4b3f49" if bottom != "black" else "#75686e",
            "hat": "#394b66",
            "straw": "#e8c987",
        }
    return _laid_out(colours)


def _laid_out(colours: dict[str, str]) -> Palette:
    return np.array([rgb(colours.get(name, "#000000")) for name in PAINTS], np.float32).T.copy()


def shaded(colours: np.ndarray, shades: np.ndarray) -> np.ndarray:
    """The colours, (3, shapes), in shadow where the shade is under one, in light where it is over one."""
    dark = colours * np.minimum(shades, 1)
    lighter = np.minimum(np.maximum((shades - 1) * np.float32(0.85), 0), 1)
    return dark + (255 - dark) * lighter


@lru_cache(maxsize=4096)
def rgb(colour: str) -> tuple[int, int, int]:
    """The parts of a colour written `#rrggbb`."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _mixed(a: str, b: str, t: float) -> str:
    return "#" + "".join(f"{round(x * (1 - t) + y * t):02x}" for x, y in zip(rgb(a), rgb(b), strict=True))
