"""What a plot is: roles to cast, places to find, and beats with what is shown and the skeletons of what is told.

A beat is written in short strings, so that a plot reads like a shot list:

    who   "a=walking b=waving:smiling"      poses and expressions; several to choose from are parted by a slash
    has   "x@a.held y"                      the thing x in a's hand, the thing y standing there
    shot  wide, full, near, close:a, insert:x
"""

from dataclasses import dataclass
from typing import Literal

from storywright.toonworld.scene import EXPRESSIONS, POSES

Phase = Literal["goal", "obstacle", "turn", "end"]

CALM = "standing/sitting/walking"


@dataclass(frozen=True, kw_only=True, slots=True)
class Beat:
    """One panel of a plot: what its picture shows, and ways to tell it."""

    phase: Phase
    tag: str
    """What happens, in one or two words."""
    en: tuple[str, ...]
    """Skeletons in English: plain, lively, literary."""
    ru: tuple[str, ...]
    """Skeletons in Russian, in the same order."""
    who: str = ""
    has: str = ""
    shot: str = "full"
    place: str = "p"
    weather: str = ""
    """What the weather turns to, and stays."""
    later: bool = False
    """Whether the next time of day has come."""
    maybe: bool = False
    """Whether the story can do without it."""
    room: bool = False
    """Whether the picture keeps room for words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plot:
    """A kind of story."""

    name: str
    cast: dict[str, str]
    """Role → ages to choose from, parted by a slash, or `unlike a` for the same age and the other sex; a role in
    capitals is a stranger without a name."""
    things: dict[str, str]
    """Role → kinds of thing to choose from, parted by a slash."""
    places: dict[str, str]
    """Role → settings to choose from, parted by a slash; no two roles get the same."""
    beats: tuple[Beat, ...]
    carriers: str = ""
    """Two roles, one of which, by chance, is also called k and the other o in the beats."""
    glad: bool = True
    """Whether it begins in good spirits."""
    times: str = "morning/day/evening/night"
    weathers: str = "clear/rain/snow/fog"
    """What the weather can be at the start, where it is outdoors."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Somebody in a beat, with the poses and expressions to choose from."""

    role: str
    poses: tuple[str, ...]
    expressions: tuple[str, ...]


def figures(beat: Beat) -> list[Figure]:
    """Who is in the picture of a beat."""
    found = []
    for part in beat.who.replace("arms raised", "arms_raised").split():
        role, _, how = part.partition("=")
        poses, _, expressions = how.replace("arms_raised", "arms raised").partition(":")
        figure = Figure(role, tuple((poses or CALM).split("/")), tuple(filter(None, expressions.split("/"))))
        assert set(figure.poses) <= set(POSES) and set(figure.expressions) <= set(EXPRESSIONS), (
            f"{beat.tag}: {beat.who}"
        )
        found.append(figure)
    return found


def belongings(beat: Beat) -> list[tuple[str, str, str]]:
    """The things in a beat's picture: role, use, and whose (empty when it stands there)."""
    found = []
    for part in beat.has.split():
        role, _, how = part.partition("@")
        owner, _, use = how.partition(".")
        found.append((role, use or "standing", owner))
    return found
