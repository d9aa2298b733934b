"""Tales that are hard on purpose: three people who look different, and what is told of them next was only seen.

Every caption ends by asking for something: how somebody is dressed, what hair they have, what they hold, or where all
this is. The next caption begins with the answer, which no words have given. In every picture there are two others who
look otherwise and hold other things. Half of the questions say where in the picture the person stands; for the others
one has to remember who is who: the first caption names the three from left to right. Each tale is told in several
wordings. Knows nothing about writers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from storywright.board import Style
from storywright.toonworld import scene as drawn
from storywright.toonworld.grammar import cast
from storywright.toonworld.scene import Person, Prop, Scene

PANELS = 5

_NAMES = {
    True: ("Anna", "Nora", "Kate", "Lucy", "Emma", "Clara", "Maya", "Sofia", "Mia", "Zoe", "Ivy", "Ella"),
    False: ("Ben", "Jack", "Adam", "Oscar", "Paul", "Hugo", "David", "Noah", "Tom", "Leo", "Max", "Finn"),
}
_TOPS, _BOTTOMS = ("shirt", "jacket", "hoodie"), ("trousers", "shorts")
_HELD = ("umbrella", "ball", "gift box", "backpack", "laptop", "book", "plant", "cake")
_POSES = ("standing", "standing", "waving")
_MEETING = (
    "{}, {} and {} meet.",
    "Here come {}, {} and {}.",
    "From left to right: {}, {} and {}.",
    "Once there were {}, {} and {}.",
)
_ASKED = {
    "clothes": (
        "How is {} dressed?",
        "What does {} wear today?",
        "Everybody looks at the clothes of {}.",
        "And what has {} on?",
    ),
    "hair": (
        "And what hair has {}?",
        "The wind takes the hat off {}.",
        "Somebody ruffles the hair of {}.",
        "Look at the head of {}!",
    ),
    "thing": (
        "What does {} hold?",
        "What has {} got there?",
        "And {} has brought something too.",
        "Look what {} holds up!",
    ),
    "place": ("Where is that?", "But where are they?", "They all look around.", "And now, where to?"),
}
_TOLD = {
    "clothes": (
        "{who} wears {top} and {bottom}.",
        "{who} has come in {top} and {bottom}.",
        "With {bottom} {who} has put on {top}.",
        "{top} and {bottom}: that is {who}.",
    ),
    "hair": (
        "{who} has {hair}.",
        "It is {who} with {hair}.",
        "Look: {hair}, that is {who}!",
        "By {hair} one knows {who}.",
    ),
    "thing": (
        "{who} holds {thing}.",
        "It is {thing} that {who} holds.",
        "{thing}! That belongs to {who}.",
        "In the hand of {who} there is {thing}.",
    ),
    "place": (
        "{place} it is {time}.",
        "It is {time}, {place}.",
        "This happens {place}, and it is {time}.",
        "{place}, and by now it is {time}.",
    ),
}
_PLACES = {
    **{setting: f"in the {setting}" for setting in drawn.SETTINGS},
    "beach": "on the beach",
    "office": "at the office",
    "bus stop": "at the bus stop",
    "stadium": "at the stadium",
}
_WHERE = ("on the left", "in the middle", "on the right")
_TIMES = {"morning": "morning", "day": "midday", "evening": "evening", "night": "night"}
_THINGS = {"gift box": "present"}


@dataclass(frozen=True, slots=True)
class Tale:
    """One story: what is drawn, and how it is told in each wording."""

    style: Style
    scenes: tuple[Scene, ...]
    tellings: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class _Question:
    kind: str
    person: Person
    thing: Prop
    scene: Scene
    """The picture in which the answer is seen."""
    place: str
    """Where in it the person stands, if the question says so."""

    @property
    def named(self) -> str:
        """The person as the question calls them."""
        return f"{self.person.name} {self.place}" if self.place else self.person.name


def tale(seed: int, index: int, wordings: int) -> Tale:
    """Tale `index`, the same whoever makes it; its pictures do not depend on how many wordings there are."""
    random = Random(f"tale {seed} {index}")
    people, things = _people(random), _things(random)
    style = random.choice(drawn.STYLES)
    scenes = tuple(_scenes(random, style, people, things))
    questions = _questions(random, people, things, scenes)
    order = [person.name for person in people]
    tellings = tuple(
        tuple(_told(Random(f"told {seed} {index} {wording}"), order, questions)) for wording in range(wordings)
    )
    return Tale(style, scenes, tellings)


def _people(random: Random) -> list[Person]:
    """Three who can be told apart by name, clothes and hair."""
    tops, bottoms = random.sample(drawn.COLOURS, 3), random.sample(drawn.COLOURS, 3)
    found: list[Person] = []
    for top_colour, bottom_colour in zip(tops, bottoms, strict=True):
        person = cast.person(random, age="adult")
        free = [name for name in _NAMES[person.woman] if name not in {one.name for one in found}]
        found.append(
            replace(
                person,
                name=random.choice(free),
                top=random.choice(_TOPS),
                top_colour=top_colour,
                bottom=random.choice(_BOTTOMS),
                bottom_colour=bottom_colour,
                glasses=False,
                hat="",
            )
        )
    return found


def _things(random: Random) -> list[Prop]:
    kinds, colours = random.sample(_HELD, 3), random.sample(drawn.COLOURS, 3)
    return [Prop(kind=kind, colour=colour, use="held") for kind, colour in zip(kinds, colours, strict=True)]


def _scenes(random: Random, style: Style, people: Sequence[Person], things: Sequence[Prop]) -> Iterator[Scene]:
    """All three in every picture: first as they are named, then in any order and at other places."""
    settings = random.sample(drawn.SETTINGS, PANELS)
    for panel, setting in enumerate(settings):
        order = list(range(3)) if panel == 0 else random.sample(range(3), 3)
        yield Scene(
            setting=setting,
            time=random.choice(drawn.TIMES),
            people=tuple(replace(people[at], pose=random.choice(_POSES)) for at in order),
            props=tuple(replace(things[at], by=place) for place, at in enumerate(order)),
            shot="full",
            style=style,
            seed=random.randrange(1 << 31),
        )


def _questions(
    random: Random, people: Sequence[Person], things: Sequence[Prop], scenes: Sequence[Scene]
) -> list[_Question]:
    """What each caption but the last asks for: never the same of the same person."""
    possible = [(kind, at) for kind in ("clothes", "hair", "thing") for at in range(3)] + [("place", 0)] * 3
    found: list[_Question] = []
    asked: set[tuple[str, int]] = set()
    for scene in scenes[:-1]:
        kind, at = random.choice([one for one in possible if one not in asked])
        if kind != "place":
            asked.add((kind, at))
        person = people[at]
        place = [one.name for one in scene.people].index(person.name)
        found.append(_Question(kind, person, things[at], scene, random.choice(("", _WHERE[place]))))
    return found


def _told(telling: Random, order: Sequence[str], questions: Sequence[_Question]) -> Iterator[str]:
    answer = telling.choice(_MEETING).format(*order)
    for question in questions:
        yield f"{answer} {telling.choice(_ASKED[question.kind]).format(question.named)}"
        answer = _answer(telling, question)
    yield answer


def _answer(telling: Random, question: _Question) -> str:
    person, thing, scene = question.person, question.thing, question.scene
    bald = person.hair_length == "bald"
    text = telling.choice(_TOLD[question.kind]).format(
        who=person.name,
        top=f"{_a(person.top_colour)} {person.top}",
        bottom=f"{person.bottom_colour} {person.bottom}",
        hair="a bald head" if bald else f"{person.hair_length} {person.hair_colour} hair",
        thing=f"{_a(thing.colour)} {_THINGS.get(thing.kind, thing.kind)}",
        place=_PLACES[scene.setting],
        time=_TIMES[scene.time],
    )
    return text[0].upper() + text[1:]


def _a(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"
