"""A story told in panels: a plot is cast, staged, shot and told.

What is seen in a picture and told only later is not written down in the plots: it is found by comparing each caption's
facts with the pictures before it.
"""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from storywright.board import Language, Style
from storywright.toonworld import scene as drawn
from storywright.toonworld.attributes import PARTS, STILL_POSES, attributes, in_frame
from storywright.toonworld.grammar import asides, cast, shots
from storywright.toonworld.grammar.interludes import INTERLUDES
from storywright.toonworld.grammar.plot import Beat, Phase, Plot, belongings, figures
from storywright.toonworld.grammar.plots import PLOTS
from storywright.toonworld.scene import Person, Prop, Scene
from storywright.toonworld.words.in_english import NAMES as ENGLISH_NAMES
from storywright.toonworld.words.in_english import English
from storywright.toonworld.words.in_russian import NAMES as RUSSIAN_NAMES
from storywright.toonworld.words.in_russian import Russian
from storywright.toonworld.words.telling import Fact, Moment, Teller

MIN_PANELS, MAX_PANELS = 5, 8
LANGUAGES: tuple[Language, ...] = ("en", "ru")
NUM_VOICES = 3

_PET_COLOURS = ("white", "black", "brown", "orange")
_STEPS = ("morning", "day", "evening", "night")
_RARE = ("car", "toothbrush", "perfume", "pizza", "watch", "chair", "can", "shoe")
"""What few plots are about, and so stands about more often."""
_DISTRACTORS = (3, 5, 2)
"""How often a place has none, one or two things that do not matter."""
_PASSER_BY = 0.4
_PASSER = "passer-by"
"""Stands for a name, so that one who passes by is not taken for one of the strangers in the plot."""
_ASIDE = 0.8
"""How often a caption also speaks of something in the panel before."""
_MOODS: dict[Phase, tuple[str, ...]] = {
    "goal": ("smiling", "neutral", "neutral", "surprised"),
    "obstacle": ("sad", "angry", "surprised"),
    "turn": ("surprised", "neutral", "angry", "smiling"),
    "end": ("smiling", "smiling", "neutral", "surprised"),
}


@dataclass(frozen=True, slots=True)
class StoryPanel:
    """One panel: what is drawn and what is told."""

    scene: Scene
    caption: str
    tags: tuple[str, ...]
    phase: str
    facts: frozenset[Fact] = frozenset()
    """What the caption tells of what can be seen."""


@dataclass(frozen=True, slots=True)
class SeenNotTold:
    """Something that a picture showed before any caption told it, and that a later caption tells."""

    fact: Fact
    seen: int
    """The first panel whose picture shows it."""
    told: int
    """The first panel whose caption tells it."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a story, and in which panels."""

    kind: str
    """shuffled, mixed, broken look or missing cause."""
    panels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """A story of the drawn world, whole (score 1) or with known flaws."""

    story_id: str
    language: Language
    style: Style
    panels: tuple[StoryPanel, ...]
    score: float = 1.0
    flaws: tuple[Flaw, ...] = ()

    @property
    def seen_not_told(self) -> tuple[SeenNotTold, ...]:
        """What can be known only by looking, until it is told."""
        found: list[SeenNotTold] = []
        told: set[Fact] = set()
        for number, panel in enumerate(self.panels):
            for fact in sorted(panel.facts - told):
                seen = next((i for i in range(number) if shows(self.panels[i].scene, fact)), None)
                if seen is not None:
                    found.append(SeenNotTold(fact, seen, number))
            told |= panel.facts
        return tuple(found)


def stories(seed: int, language: Language | None = None, style: Style | None = None) -> Iterator[Story]:
    """Stories without end, of one language and style or of all."""
    return (story(seed, index, language, style) for index in itertools.count())


def story(
    seed: int, index: int, language: Language | None = None, style: Style | None = None, wording: int = 0
) -> Story:
    """One of them; story `index` is the same whoever makes it, and whatever was made before.

    From wording 1 on the pictures of a language are the same with every wording, and only the words are others: the
    story is told again.
    """
    random = Random(f"story {seed} {index}")
    spoken, look = random.choice(LANGUAGES), random.choice(drawn.STYLES)
    telling = Random(f"told {seed} {index} {wording}") if wording else random
    staging = _Staging(random, random.choice(PLOTS), language or spoken, style or look, telling)
    return Story(f"story-{seed}-{index:06d}", language or spoken, style or look, tuple(staging.panels()))


def shows(scene: Scene, fact: Fact) -> bool:
    """Whether the picture of this scene shows the fact."""
    seen = attributes(scene)
    words = fact.value.split(" ", 1)
    match fact.kind:
        case "place":
            return seen.get("setting") == fact.value
        case "time" | "weather":
            return seen.get(fact.kind, "clear") == fact.value
        case "thing":
            return fact.value in _each(seen, "prop", "kind")
        case "colour":
            return tuple(words) in _each(seen, "prop", "colour", "kind")
        case "clothes":
            return tuple(words) in _each(seen, "person", "top_colour", "top")
        case "hair":
            wanted = (words[0], words[1] if len(words) > 1 else None)
            return wanted in _each(seen, "person", "hair_length", "hair_colour")
        case "mood":
            return fact.value in _each(seen, "person", "expression")
        case "direction":
            return ("pointing", fact.value) in _each(seen, "person", "pose", "facing")
    raise ValueError(f"no picture shows a {fact.kind}")


def _each(seen: dict[str, str], what: str, *parts: str) -> list[object]:
    found: list[object] = []
    for number in itertools.count(1):
        values = tuple(seen.get(f"{what}_{number}.{part}") for part in parts)
        if f"{what}_{number}.{'kind' if what == 'prop' else 'skin'}" not in seen and not any(values):
            return found
        found.append(values if len(parts) > 1 else values[0])
    return found


class _Staging:
    """One story in the making."""

    def __init__(self, random: Random, plot: Plot, language: Language, style: Style, telling: Random) -> None:
        self._random, self._plot, self._style, self._telling = random, plot, style, telling
        grammar = English() if language == "en" else Russian()
        self._teller = Teller(language, telling.randrange(NUM_VOICES), telling, grammar)
        self._people = self._cast(ENGLISH_NAMES if language == "en" else RUSSIAN_NAMES)
        self._aliases = self._carriers()
        self._things = self._find_things()
        self._places = self._find_places()
        self._time = random.choice(plot.times.split("/"))
        self._weather = random.choice(plot.weathers.split("/"))
        self._direction = random.choice(("left", "right"))
        self._row = random.sample(list(self._people), len(self._people))
        self._seeds = {setting: random.randrange(1 << 31) for setting in self._places.values()}
        self._extras = {setting: self._distractors(setting) for setting in self._places.values()}
        self._spoken: Counter[str] = Counter()
        self._told: frozenset[Fact] = frozenset()
        self._shot: shots.Shot | None = None

    def panels(self) -> Iterator[StoryPanel]:
        before: Scene | None = None
        for beat in self._beats():
            if beat.later:
                self._time = _STEPS[(_STEPS.index(self._time) + 1) % len(_STEPS)]
            self._weather = beat.weather or self._weather
            scene = self._scene(beat)
            skeletons = beat.en if self._teller.language == "en" else beat.ru
            caption, facts = self._teller.tell(skeletons, self._moment(scene))
            if before is not None and self._telling.random() < _ASIDE:
                aside, more = self._aside(before, scene, facts)
                caption, facts = f"{caption} {aside}".strip(), facts | more
            self._told |= facts
            before = scene
            yield StoryPanel(scene, caption, (self._plot.name, beat.tag), beat.phase, facts)

    def _aside(self, before: Scene, now: Scene, facts: frozenset[Fact]) -> tuple[str, frozenset[Fact]]:
        """A sentence about something that the panel before showed and nobody has told yet."""
        for aside in asides.BY_VOICE[self._teller.voice]:
            if self._spoken[aside.kind] == aside.most:
                continue
            for fact, moment in self._subjects(aside.kind, before, now):
                if fact not in self._told | facts and shows(before, fact):
                    self._spoken[aside.kind] += 1
                    return self._teller.add(aside.en if self._teller.language == "en" else aside.ru, moment)
        return "", frozenset()

    def _subjects(self, kind: str, before: Scene, now: Scene) -> Iterator[tuple[Fact, Moment]]:
        """What an aside of this kind could be about, with the fact that it would tell."""
        moment = self._moment(before)
        roles = {person.name: role for role, person in self._people.items() if person.name}
        if kind == "thing":
            for thing in self._extras[before.setting]:
                yield (
                    Fact("colour", f"{thing.colour} {thing.kind}"),
                    replace(moment, things={**moment.things, "d": thing}),
                )
        elif kind == "passer-by":
            for person in before.people:
                if person.name == _PASSER:
                    stranger = replace(person, name="")
                    yield _look_of(stranger), replace(moment, people={**moment.people, "s": stranger})
        elif kind in ("mood", "clothes"):
            now_in = {person.name: person.expression for person in now.people}
            for person in before.people:
                role = roles.get(person.name)
                if role and (kind == "clothes" or now_in.get(person.name, person.expression) != person.expression):
                    told = replace(
                        moment, people={**moment.people, "a": self._people[role]}, moods={"a": person.expression}
                    )
                    yield (Fact("mood", person.expression) if kind == "mood" else _look_of(person)), told
        elif kind == "weather" and before.setting not in drawn.INDOORS and before.weather != "clear":
            yield Fact("weather", before.weather), moment
        elif kind == "time":
            yield Fact("time", before.time), moment

    def _cast(self, names: dict[tuple[str, bool], tuple[str, ...]]) -> dict[str, Person]:
        """People who can be told apart: no two with the same colour on, and the named ones with names of their own."""
        colours = self._random.sample(drawn.COLOURS, len(self._plot.cast))
        people: dict[str, Person] = {}
        taken: set[str] = set()
        for (role, ages), colour in zip(self._plot.cast.items(), colours, strict=True):
            like = people.get(ages.removeprefix("unlike "))
            age = like.age if like else self._random.choice(ages.split("/"))
            person = cast.person(self._random, age=age, woman=not like.woman if like else None)
            free = [name for name in names[person.age, person.woman] if name.split()[-1] not in taken]
            name = "" if role.isupper() else self._random.choice(free)
            taken |= set(name.split()[-1:])
            people[role.lower()] = replace(person, name=name, top_colour=colour)
        return people

    def _carriers(self) -> dict[str, str]:
        """k, who carries what matters, and o, the other: which of the two it is, only the pictures tell."""
        if not self._plot.carriers:
            return {}
        carrier, other = self._random.sample(self._plot.carriers, 2)
        return {"k": carrier, "o": other}

    def _find_things(self) -> dict[str, Prop]:
        things, taken = {}, set()
        for role, kinds in self._plot.things.items():
            kind = self._random.choice([kind for kind in kinds.split("/") if kind not in taken])
            taken.add(kind)
            things[role] = Prop(kind=kind, colour=self._random.choice(_colours(kind)))
        return things

    def _find_places(self) -> dict[str, str]:
        places: dict[str, str] = {}
        for role, settings in self._plot.places.items():
            places[role] = self._random.choice([s for s in settings.split("/") if s not in places.values()])
        return places

    def _distractors(self, setting: str) -> tuple[Prop, ...]:
        """What also stands at a place and does not matter."""
        taken = {thing.kind for thing in self._things.values()}
        found = []
        for _ in range(self._random.choices((0, 1, 2), _DISTRACTORS)[0]):
            kinds = [kind for kind in cast.stands_at(setting) if kind not in taken]
            kind = self._random.choices(kinds, [4 if kind in _RARE else 1 for kind in kinds])[0]
            taken.add(kind)
            found.append(Prop(kind=kind, colour=self._random.choice(_colours(kind))))
        return tuple(found)

    def _beats(self) -> list[Beat]:
        """The plot's beats, with as many of those it can do without as fit, and sometimes an interlude."""
        beats = [beat for beat in self._plot.beats if not beat.maybe or self._random.random() < 0.5]
        spare = MAX_PANELS - len(beats)
        for _ in range(self._random.choice((0, 1, 1, 2)[: spare + 1])):
            place = self._random.randrange(1, len(beats))
            before = beats[place - 1]
            fitting = [i for i in INTERLUDES if self._fits(i, before) and i not in beats]
            if fitting:
                chosen = self._random.choice(fitting)
                beats.insert(place, replace(chosen, phase=before.phase, place=before.place))
        return beats[:MAX_PANELS]

    def _fits(self, interlude: Beat, before: Beat) -> bool:
        present = {figure.role for figure in figures(before)}
        things = {role for role, _, _ in belongings(before)}
        wanted = {figure.role for figure in figures(interlude)}
        return (
            interlude.phase == before.phase
            and (self._plot.glad or interlude.tag != "good spirits")
            and wanted <= present
            and {role for role, _, _ in belongings(interlude)} <= things
            and not before.shot.startswith(("close", "insert"))
            and all(self._people[self._real(role)].name for role in wanted)
        )

    def _moment(self, scene: Scene) -> Moment:
        people = self._people | {alias: self._people[role] for alias, role in self._aliases.items()}
        return Moment(people, self._things, self._places, scene.time, scene.weather, self._direction)

    def _scene(self, beat: Beat) -> Scene:
        kind, _, subject = beat.shot.partition(":")
        setting = self._places[beat.place]
        people_in = sorted((self._real(figure.role) for figure in figures(beat)), key=self._row.index)
        if kind == "close":
            people_in = [self._real(subject)]
        elif kind == "insert":
            people_in = []
        if kind == "near" and len(people_in) == 1:
            kind = "alone"
        self._shot = shots.shot(self._random, kind, setting, frozenset(people_in), self._shot)
        people = [self._posed(beat, role, self._shot.size) for role in people_in]
        props = self._props(beat, people_in, subject if kind == "insert" else "")
        if kind in ("wide", "full"):
            props += self._extras[setting]
            if len(people) == 1 and setting not in drawn.INDOORS and self._random.random() < _PASSER_BY:
                people.append(self._passer_by())
        return Scene(
            setting=setting,
            time=self._time,
            weather=self._weather if self._can_be(setting) else "clear",
            people=tuple(people),
            props=tuple(prop for prop in props if in_frame(prop.kind, prop.use, self._shot.size))[:3],
            shot=self._shot.size,
            angle=self._shot.angle,
            style=self._style,
            words_room=beat.room,
            seed=self._seeds[setting],
        )

    def _real(self, role: str) -> str:
        return self._aliases.get(role, role)

    def _can_be(self, setting: str) -> bool:
        return setting not in drawn.INDOORS and not (self._weather == "snow" and setting in cast.NO_SNOW)

    def _posed(self, beat: Beat, role: str, size: str) -> Person:
        figure = next(figure for figure in figures(beat) if self._real(figure.role) == role)
        pose = self._random.choice(figure.poses)
        if "pose" not in PARTS[size] and pose not in STILL_POSES:
            pose = "standing"
        facing = self._direction if pose in ("pointing", "walking", "running") else self._turned(role)
        mood = self._random.choice(figure.expressions or _MOODS[beat.phase])
        return replace(self._people[role], pose=pose, expression=mood, facing=facing)

    def _turned(self, role: str) -> str:
        """People look at each other across the line between them, which stays where it is all through the story."""
        first = self._row.index(role) == 0
        return self._random.choice(("front", "right" if first else "left"))

    def _passer_by(self) -> Person:
        taken = {person.top_colour for person in self._people.values()}
        passer = cast.person(self._random)
        while passer.top_colour in taken:
            passer = cast.person(self._random)
        return replace(passer, name=_PASSER, pose="walking", facing=self._random.choice(("left", "right")))

    def _props(self, beat: Beat, people_in: list[str], subject: str) -> list[Prop]:
        props = []
        for role, use, owner in belongings(beat):
            if self._real(owner) in people_in:
                props.append(replace(self._things[role], use=use, by=people_in.index(self._real(owner))))
            elif not owner:
                props.append(self._things[role])
            elif role == subject:
                props.append(replace(self._things[role], use="standing"))
        return sorted(props, key=lambda prop: prop.kind != (self._things[subject].kind if subject else ""))


def _look_of(person: Person) -> Fact:
    return Fact("clothes", f"{person.top_colour} {person.top}")


def _colours(kind: str) -> tuple[str, ...]:
    return _PET_COLOURS if kind in ("dog", "cat") else drawn.COLOURS
