"""What a description means in the drawn world: the inverse of the prompt, for words that people write.

Reads English and Russian. Words that the drawn world does not have are taken for the nearest thing that it has, and
said; what it cannot place is said too. Knows nothing about the stories around a description.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from storywright.toonworld import scene as drawn
from storywright.toonworld.scene import Person, Prop, Scene
from storywright.toonworld.words.lexicon import ADJECTIVES, LONGEST, Sense, ends_like_a_word, plain, senses

MAX_PEOPLE = MAX_PROPS = 3


@dataclass(frozen=True, slots=True)
class Understood:
    """What could be read out of a description."""

    scene: Scene
    """What was said, and the usual for the rest."""
    said: frozenset[str]
    """The attributes that were said, by names such as `setting`, `person_1.top_colour` or `prop_1.kind`."""
    mapped: dict[str, str]
    """Words that stand for something the drawn world does not have → what is drawn instead."""
    unknown: tuple[str, ...]
    """Words that could not be placed, in their order."""


def scene_from_words(text: str, cast: Mapping[str, Person] | None = None) -> Understood:
    """Read a scene out of a description; people of the cast are known by their names."""
    return _Reader(cast or {}).read(text)


@dataclass
class _Someone:
    person: Person
    said: set[str] = field(default_factory=set)
    fresh: bool = True
    """Just named, so that a noun for a person that follows means the same one."""


@dataclass
class _Something:
    prop: Prop
    said: set[str] = field(default_factory=set)


_WORDS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?|\d+|[.,;:!?]")
_WITH = ("with", "с", "со")
_IN = ("in", "в", "во")
_BEFORE_NOUN = ("a", "an", "the", "of", "her", "his", "their", "with", "and", "this", "that", "one")
_OF_NO_MATTER = """
can through against along past uses use using used towards toward behind between among inside onto across about see
sees a an the and or of at on to from into out by for is are be it its this that there here their they them her his
him as while when then who which where but not no very so up down over off around near next left right hand hands head
teeth all both one two three own some something someone's something's i we you my our your has have had does do did и
а на по из за у от до над при же ли не ни бы что кто где когда это этот эта эти тот та там тут его ее их им ему ей как
так но или для о об к ко под рука руки рукой руке руках голова слева справа есть свой свою свои своей своим один одна
два две три все очень еще уже
"""
_SMALL = frozenset(_OF_NO_MATTER.split())
_BESIDE = ("dog", "cat", "lamp", "plant", "laptop")
"""Who is with them does not hold them."""
_IN_SHOES = ("headphones", "shoe")
"""What somebody is in, in either language, when they wear it."""


class _Reader:
    def __init__(self, cast: Mapping[str, Person]) -> None:
        self._cast = {plain(name): (name, person) for name, person in cast.items()}
        self._given: dict[str, str] = {}
        self._people: list[_Someone] = []
        self._props: list[_Something] = []
        self._current: _Someone | None = None
        self._pending: list[tuple[str, dict[str, Sense]]] = []
        self._use: Sense | None = None
        self._with = False
        self._last: _Something | None = None
        self._named = ""
        self._mapped: dict[str, str] = {}
        self._unknown: list[str] = []
        self._spoken, self._before, self._definite = "", "", False
        self._start = self._end = 0

    def read(self, text: str) -> Understood:
        words = _WORDS.findall(plain(text))
        place = 0
        while place < len(words):
            place += self._take(words, place)
        self._clear()
        return self._result()

    def _take(self, words: list[str], place: int) -> int:
        """Read one phrase; returns how many words it took."""
        if (member := self._member(words[place])) is not None:
            self._enter(member)
            return 1
        for length in range(min(LONGEST, len(words) - place), 0, -1):
            phrase = tuple(words[place : place + length])
            meant = senses(phrase)
            before = words[place - 1] if place else ""
            if meant and not self._misread(phrase, before):
                self._spoken, self._definite, self._start, self._before = (
                    " ".join(phrase),
                    before == "the",
                    place,
                    before,
                )
                self._mean(meant)
                self._end = place + length
                return length
        if words[place] == "on" and self._last and place == self._end:
            self._read_after(Sense("after", "worn"))
        self._take_small(words[place])
        return 1

    def _take_small(self, word: str) -> None:
        if word in ".;:!?":
            self._clear()
        elif word == ",":
            self._dressed_in_colour()
            self._use, self._with, self._last = None, False, None
        elif word in _WITH:
            self._dressed_in_colour()
            self._with = True
        elif word in _IN:
            self._dressed_in_colour()
            self._use = self._use or Sense("worn", "in")
        elif word not in _SMALL and not word.isdigit():
            self._unknown.append(word)

    def _misread(self, phrase: tuple[str, ...], before: str) -> bool:
        """Whether a word that is two in English is the other one here: can, and watches."""
        return phrase == ("can",) and before not in _BEFORE_NOUN and not self._pending and self._use is None

    def _member(self, word: str) -> tuple[str, Person] | None:
        for name, member in self._cast.items():
            stem = name[:-1] if name[-1] in "аяй" else name
            if word == name or (len(stem) > 2 and word.startswith(stem) and ends_like_a_word(word[len(stem) :])):
                return member
        return None

    def _mean(self, meant: tuple[Sense, ...]) -> None:
        adjectives = {sense.category: sense for sense in meant if sense.category in ADJECTIVES}
        if adjectives:
            self._pending.append((self._spoken, adjectives))
            return
        sense = meant[0]
        getattr(self, f"_read_{sense.category}", self._read_given)(sense)

    def _read_given(self, sense: Sense) -> None:
        """Style, shot, angle, setting, time or weather; the first that is said counts."""
        self._pending.clear()
        self._use, self._with, self._last = None, False, None
        if sense.category not in self._given:
            self._given[sense.category] = sense.value
            self._note(sense)

    def _read_person(self, sense: Sense) -> None:
        age, gender = sense.value.split("/")
        woman = gender == "woman"
        current = self._current
        if current and current.fresh and current.person.name:
            current.fresh = False
            self._describe(current)
            return
        if self._definite and (known := self._known(woman)):
            self._current = known
            self._pending.clear()
            return
        self._note(sense)
        someone = _Someone(Person(woman=woman, age=age), {"gender", "age"})
        self._enter_new(someone)

    def _read_couple(self, sense: Sense) -> None:
        self._pending.clear()
        self._note(sense)
        for woman in (True, False):
            self._enter_new(_Someone(Person(woman=woman, age=sense.value), {"gender", "age"}))

    def _read_pronoun(self, sense: Sense) -> None:
        woman = sense.value == "woman"
        if known := self._known(woman):
            self._current = known
        elif not self._people:
            self._enter_new(_Someone(Person(woman=woman), {"gender"}))

    def _read_small(self, sense: Sense) -> None:
        """A phrase that says nothing about the picture."""

    def _read_hair(self, sense: Sense) -> None:
        self._look({"hair_length", "hair_colour"})

    def _read_haired(self, sense: Sense) -> None:
        """red-haired: the colour is that of the hair of whoever is named next."""
        self._pending = [
            (spoken, {part: sense for part, sense in meant.items() if part.startswith("hair")})
            for spoken, meant in self._pending
        ]

    def _read_skin_noun(self, sense: Sense) -> None:
        self._look({"skin"})

    def _read_bald(self, sense: Sense) -> None:
        someone = self._someone()
        self._change(someone, "hair_length", "bald")

    def _read_glasses(self, sense: Sense) -> None:
        self._pending.clear()
        self._change(self._someone(), "glasses", True)

    def _read_hat(self, sense: Sense) -> None:
        self._pending.clear()
        self._change(self._someone(), "hat", sense.value)
        self._note(sense)

    def _read_top(self, sense: Sense) -> None:
        self._dress("top", sense)

    def _read_bottom(self, sense: Sense) -> None:
        self._dress("bottom", sense)

    def _read_pose(self, sense: Sense) -> None:
        if self._last and self._start == self._end and sense.value in ("standing", "sitting"):
            return  # a lamp stands there, a ball lies there
        self._dressed_in_colour()
        self._change(self._someone(), "pose", sense.value)
        self._note(sense)

    def _read_expression(self, sense: Sense) -> None:
        self._dressed_in_colour()
        self._change(self._someone(), "expression", sense.value)
        self._note(sense)

    def _read_facing(self, sense: Sense) -> None:
        self._change(self._someone(), "facing", sense.value)

    def _read_use(self, sense: Sense) -> None:
        """A word for holding, wearing or using: it speaks of the thing that follows."""
        self._use = sense
        if sense.value == "chair":
            self._change(self._someone(), "pose", "sitting")

    _read_held = _read_worn = _read_use

    def _read_after(self, sense: Sense) -> None:
        """in hand, on a leash, nearby: it speaks of the thing before."""
        if self._last is None:
            return
        kind, by = self._last.prop.kind, self._people.index(self._current) if self._current else 0
        if sense.value == "standing" or sense.value in drawn.USES_OF[kind]:
            self._last.prop = replace(self._last.prop, use=sense.value, by=0 if sense.value == "standing" else by)

    def _read_room(self, sense: Sense) -> None:
        self._given["words_room"] = "yes"

    def _read_prop(self, sense: Sense) -> None:
        if self._last and self._before == "of" and self._start == self._end + 1:
            return  # a bottle of milk is a bottle
        if self._last and self._start == self._end:
            self._rename(self._last, sense)  # an espresso cup is a cup
            return
        if len(self._props) == MAX_PROPS:
            self._unknown.append(self._spoken)
            return
        use = self._use_of(sense.value)
        by = self._people.index(self._current) if self._current and use != "standing" else 0
        something = _Something(Prop(kind=sense.value, use=use, by=by), {"kind"})
        if colour := self._adjective("colour"):
            something.prop = replace(something.prop, colour=colour)
            something.said.add("colour")
        self._props.append(something)
        self._last, self._named = something, self._spoken
        self._note(sense)
        self._pending.clear()
        self._use, self._with = None, False

    def _rename(self, something: _Something, sense: Sense) -> None:
        use = something.prop.use if something.prop.use in drawn.USES_OF[sense.value] else "standing"
        something.prop = replace(something.prop, kind=sense.value, use=use)
        self._mapped = {words: kind for words, kind in self._mapped.items() if words != self._named}
        self._note(sense, f"{self._named} {self._spoken}")

    def _use_of(self, kind: str) -> str:
        possible, wanted = drawn.USES_OF[kind], self._use
        if self._current is None:
            return "standing"
        if wanted and wanted.category == "use" and (kind in wanted.value.split("/") or kind in ("dog", "cat")):
            return "used"
        if wanted and wanted.category == "worn" and "worn" in possible and (not wanted.value or kind in _IN_SHOES):
            return "worn"
        if wanted and wanted.category in ("held", "use") and wanted.value != "umbrella" and "held" in possible:
            return "held"
        return "held" if self._with and "held" in possible and kind not in _BESIDE else "standing"

    def _dress(self, part: str, sense: Sense) -> None:
        someone = self._someone()
        colour = self._adjective("colour")
        self._change(someone, part, sense.value)
        if colour:
            self._change(someone, f"{part}_colour", colour)
        self._note(sense)
        self._pending.clear()

    def _look(self, parts: set[str]) -> None:
        self._look_of(self._someone(), sorted(parts))

    def _look_of(self, someone: _Someone, parts: Sequence[str]) -> None:
        for part in parts:
            if value := self._adjective(part):
                self._change(someone, part, value)
        self._pending.clear()

    def _describe(self, someone: _Someone) -> None:
        """Adjectives before a noun for a person: old, tanned, blonde, long-haired."""
        of_hair_alone = [(spoken, meant) for spoken, meant in self._pending if not {"skin", "colour"} & set(meant)]
        for part in ("age", "skin"):
            if value := self._adjective(part):
                self._change(someone, part, value)
        self._pending = of_hair_alone
        self._look_of(someone, ("hair_length", "hair_colour"))

    def _adjective(self, category: str) -> str:
        """The last adjective of this category that waits for its noun."""
        for spoken, meant in reversed(self._pending):
            if sense := meant.get(category):
                self._note(sense, spoken)
                return sense.value
        return ""

    def _enter(self, member: tuple[str, Person]) -> None:
        name, person = member
        self._pending.clear()
        for someone in self._people:
            if someone.person.name == name:
                self._current = someone
                return
        said = {"gender", "age", "skin", "hair_length", "hair_colour", "top", "top_colour", "bottom", "bottom_colour"}
        self._enter_new(_Someone(replace(person, name=name), said))

    def _enter_new(self, someone: _Someone) -> None:
        if len(self._people) == MAX_PEOPLE:
            self._unknown.append(self._spoken)
            return
        self._people.append(someone)
        self._current = someone
        self._describe(someone)
        self._last, self._use, self._with = None, None, False

    def _someone(self) -> _Someone:
        """Who is spoken of; a look without anybody makes somebody."""
        if self._current is None:
            someone = _Someone(Person())
            self._people.append(someone)
            self._current = someone
        self._current.fresh = False
        self._last = None
        return self._current

    def _known(self, woman: bool) -> _Someone | None:
        return next((one for one in reversed(self._people) if one.person.woman == woman), None)

    def _change(self, someone: _Someone, part: str, value: str | bool) -> None:
        someone.person = replace(someone.person, **{part: value})  # type: ignore[arg-type]
        someone.said.add(part)

    def _note(self, sense: Sense, spoken: str = "") -> None:
        if sense.near:
            self._mapped[spoken or self._spoken] = sense.value.replace("/", " ")

    def _clear(self) -> None:
        """The end of a sentence: nothing waits for its noun any more."""
        self._dressed_in_colour()
        self._pending.clear()
        self._use, self._with, self._last = None, False, None

    def _dressed_in_colour(self) -> None:
        """A woman in yellow: the colour of what she wears."""
        if self._pending and self._current and self._use and self._use.category == "worn":
            if colour := self._adjective("colour"):
                self._change(self._current, "top_colour", colour)
            self._pending.clear()

    def _result(self) -> Understood:
        given = dict(self._given)
        weather = given.get("weather", "clear")
        setting = given.get("setting") or ("street" if weather != "clear" else Scene().setting)
        if setting in drawn.INDOORS and weather != "clear":
            self._unknown.append(weather)
            given.pop("weather")
        people = tuple(one.person for one in self._people)
        chosen = {name: given[name] for name in ("time", "weather", "shot", "angle", "style") if name in given}
        scene = Scene(
            setting=setting,
            people=people,
            props=tuple(one.prop for one in self._props),
            words_room="words_room" in given,
            **chosen,  # type: ignore[arg-type]
        )
        said = set(given)
        for number, someone in enumerate(self._people, start=1):
            said |= {f"person_{number}.{part}" for part in someone.said}
        for number, something in enumerate(self._props, start=1):
            said |= {f"prop_{number}.{part}" for part in something.said}
        return Understood(scene, frozenset(said), self._mapped, tuple(self._unknown))
