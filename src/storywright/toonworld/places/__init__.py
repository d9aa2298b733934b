"""Places: what stands around and behind the people in each setting, at each time of day and in each weather.

A place is laid out in the world in metres: people stand at z = 0, z grows away from the camera, y is up.
"""

from functools import lru_cache

from storywright.toonworld.places.indoors import room
from storywright.toonworld.places.outdoors import land
from storywright.toonworld.places.place import Place
from storywright.toonworld.scene import INDOORS

VARIANTS = 6
"""How many arrangements of a setting there are; odd ones are mirrored."""


@lru_cache(maxsize=1200)
def place(setting: str, time: str, weather: str, variant: int) -> Place:
    """The place, arranged in one of its variants."""
    if setting in INDOORS:
        return room(setting, time, variant)
    return land(setting, time, weather, variant)


@lru_cache(maxsize=64)
def place_at_dusk(setting: str, weather: str, variant: int, dusk: float) -> Place:
    """The landscape while the sun sets: 0 is day, 0.6 evening, 1 night."""
    return land(setting, "evening" if dusk < 0.8 else "night", weather, variant, dusk)
