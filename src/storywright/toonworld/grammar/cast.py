"""Who and what stories and single pictures are made of: people with looks, and places with their weather."""

from random import Random

from storywright.toonworld import scene as drawn
from storywright.toonworld.scene import Person

NO_SNOW = ("beach", "desert")
"""Where it does not snow."""

_NOT_INDOORS = ("car", "bicycle", "gift box")
_NOT_OUTDOORS = ("lamp", "toothbrush", "perfume", "laptop", "gift box")


def person(random: Random, *, name: str = "", woman: bool | None = None, age: str | None = None) -> Person:
    """Somebody with looks drawn evenly over all there are, as far as they go with sex and age."""
    woman = random.random() < 0.5 if woman is None else woman
    age = age or random.choice(drawn.AGES)
    return Person(
        name=name,
        woman=woman,
        age=age,
        skin=random.choice(drawn.SKINS),
        hair_length=_hair_length(random, woman, age),
        hair_colour=random.choice(drawn.HAIR_COLOURS[:-1] if age == "child" else drawn.HAIR_COLOURS),
        top=random.choices(drawn.TOPS, (2, 2, 3, 2) if woman else (1, 1, 0, 1))[0],
        top_colour=random.choice(drawn.COLOURS),
        bottom=random.choices(drawn.BOTTOMS, (1, 3, 1) if woman else (1, 0, 1))[0],
        bottom_colour=random.choice(drawn.COLOURS),
        glasses=random.random() < 0.3,
        hat=random.choices(drawn.HATS, (4, 1, 1))[0],
    )


def weather(random: Random, setting: str) -> str:
    """Weather that can be drawn at this place."""
    if setting in drawn.INDOORS:
        return "clear"
    return random.choice([kind for kind in drawn.WEATHERS if kind != "snow" or setting not in NO_SNOW])


def _hair_length(random: Random, woman: bool, age: str) -> str:
    if woman:
        weights = (2, 3, 0)
    elif age == "child":
        weights = (3, 1, 0)
    else:
        weights = (2, 1, 3)
    return random.choices(drawn.HAIR_LENGTHS, weights)[0]


def stands_at(setting: str) -> tuple[str, ...]:
    """The things that may stand at this place without a reason."""
    strange = _NOT_INDOORS if setting in drawn.INDOORS else _NOT_OUTDOORS
    return tuple(kind for kind in drawn.PROPS if kind not in strange)
