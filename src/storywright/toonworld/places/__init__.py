"""Places: what stands around and behind the people in each setting, at each time of day and in each weather.

A place is laid out in the world in metres: people stand at z = 0, z grows away from the camera, y is up.
"""

from functools import lru_cache

from storywright.toonworld.places import indoors, outdoors
from storywright.toonworld.places.place import Place
from storywright.toonworld.scene import INDOORS

VARIANTS = 6
"""How many arrangements of a setting there are; odd ones are mirrored."""


@lru_cache(maxsize=1024)
def place(setting: str, time: str, weather: str, variant: int) -> Place:
    """The place, arranged in one of its variants."""
    if setting in INDOORS:
        return indoors.room(setting, time, variant)
    return outdoors.land(setting, time, weather, variant)
