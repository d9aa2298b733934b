"""Half a sentence about the panel before: what was seen there, was not told, and does not matter to the plot.

Which kind a teller likes to speak of depends on its voice. Asides are what keeps the pictures worth looking at in
every panel, and they hide what matters among what does not.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Aside:
    """One kind of aside, in skeletons: plain, lively, literary."""

    kind: str
    """thing, passer-by, mood, clothes, weather or time."""
    en: tuple[str, ...]
    ru: tuple[str, ...]
    most: int = 2
    """How many of them a story bears."""


# In the skeletons d is the thing that stands about, s the passer-by, and a whoever is meant.
THING = Aside(
    "thing",
    en=(
        "The {d.col} {d:stands/stand} to one side.",
        "And what {d:is/are} the {d.col} (for|doing there)?",
        "Nobody has an eye for the {d.col}.",
    ),
    ru=("В стороне — {d.col}.", "А (зачем|откуда) здесь {d.col}?", "А {d.col} никого не (занимает|интересует)."),
)
PASSER_BY = Aside(
    "passer-by",
    en=(
        "{s.alook} has (passed|walked) by.",
        "And who was that? {s.alook}!",
        "{s.alook} has gone {s.his} own way.",
    ),
    ru=(
        "Мимо {s:прошёл/прошла} {s.look}.",
        "А кто это был? Да это {s.look}!",
        "{s.look} {s:ушёл/ушла} своей дорогой.",
    ),
)
MOOD = Aside(
    "mood",
    en=(
        "(A moment ago|Before that) {A} was {a.mood}.",
        "And just now {A} was {a.mood}!",
        "How {a.mood} {A} had (looked|been) only a moment before.",
    ),
    ru=(
        "(Ещё минуту назад|До этого) {A} {a.mood}.",
        "А ведь только что {A} {a.mood}!",
        "А минутой раньше {A} {a.mood}.",
    ),
    most=1,
)
CLOTHES = Aside(
    "clothes",
    en=(
        "The {a.top} suits {A} well.",
        "And how well the {a.top} suits {A}!",
        "{A}, {a.wears}, (can be seen|stands out) from afar.",
    ),
    ru=(
        "{A.dat} (идёт|к лицу) {a.top}.",
        "А как {A.dat} (идёт|к лицу) {a.top}!",
        "{A} {a.wears} {a:виден/видна} издалека.",
    ),
)
WEATHER = Aside(
    "weather",
    en=("{sky}.", "And {sky}, too!", "All the while {sky}."),
    ru=("{sky}.", "И при этом {sky}!", "Всё это время {sky}."),
    most=1,
)
TIME = Aside(
    "time",
    en=("It is {clock}.", "And all this {time}!", "{time} everything looks different."),
    ru=("Всё это происходит {time}.", "И всё это {time}!", "{time} всё кажется другим."),
    most=1,
)

BY_VOICE: tuple[tuple[Aside, ...], ...] = (
    (THING, CLOTHES, WEATHER, PASSER_BY, MOOD, TIME),
    (PASSER_BY, THING, CLOTHES, MOOD, WEATHER, TIME),
    (WEATHER, THING, PASSER_BY, CLOTHES, MOOD, TIME),
)
"""What each voice likes to speak of, the dearest first."""
