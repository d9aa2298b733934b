"""Sentences from skeletons: the small language in which stories are written down, in English and in Russian.

A skeleton is a sentence with places to fill and choices to make:

    {a} (spots|notices) {x.acol} {p.in}[, all alone].

`(…|…)` is one of several ways to say the same, `[…]` may be left out, and `{…}` is filled from what the story is
about: people a b c, things x y z, places p q, the time, the weather, the direction. After the role stand what is
wanted of it and, in Russian, the case: `{x.col.acc}` is the thing with its colour in the accusative. `{a:он|она}`
chooses by gender, `{x:is|are}` by number. A capital `{A}` is the name where `{a}` may be a pronoun.

A teller keeps to its voice: it mostly takes the way of the same number among those it can choose from. It knows nothing
about plots; what it told of what can be seen is handed back as facts.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from storywright.board import Language
from storywright.toonworld.scene import Person, Prop

KEEPS_VOICE = 0.75
"""How often a teller takes the way that fits its voice; otherwise any."""

_LEAVES_OUT = 0.5
_SAYS_PRONOUN = 0.85
_TOKEN = re.compile(r"\{[^}]*\}|[()|\[\]]|[^{}()|\[\]]+")


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """Something that can be seen, as far as it was told."""

    kind: str
    """thing, colour, clothes, hair, mood, place, time, weather or direction."""
    value: str
    """For a colour and for clothes with what has it: red ball."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What the places in a skeleton are filled from, at one panel."""

    people: Mapping[str, Person]
    things: Mapping[str, Prop]
    places: Mapping[str, str]
    time: str
    weather: str
    direction: str
    moods: Mapping[str, str] = field(default_factory=dict)
    """How people looked when they were seen last, by role."""


class Grammar(Protocol):
    """What a language does with one place of a skeleton."""

    def person(self, teller: "Teller", person: Person, role: str, wanted: list[str], named: bool) -> str: ...  # noqa: D102
    def thing(self, teller: "Teller", thing: Prop, role: str, wanted: list[str]) -> str: ...  # noqa: D102
    def mood(self, person: Person, expression: str) -> str: ...  # noqa: D102
    def place(self, setting: str, wanted: list[str]) -> str: ...  # noqa: D102
    def moment(self, what: str, moment: Moment) -> str: ...  # noqa: D102
    def gender_of(self, teller: "Teller", subject: Person | Prop, role: str) -> int: ...  # noqa: D102


@dataclass
class Teller:
    """One who tells a story from its first panel to its last."""

    language: Language
    voice: int
    random: Random
    grammar: Grammar
    facts: set[Fact] = field(default_factory=set)
    """What the sentence now being told has told so far."""
    _named: list[set[Person]] = field(default_factory=lambda: [set(), set()])
    """Who was spoken of in the sentence before, and in this one."""
    _words: dict[str, int] = field(default_factory=dict)
    """Which of its nouns each thing is called by in this story."""

    def tell(self, skeletons: tuple[str, ...], moment: Moment) -> tuple[str, frozenset[Fact]]:
        """One panel's caption, and what it tells of what can be seen."""
        self._named = [self._named[1], set()]
        return self.add(skeletons, moment)

    def add(self, skeletons: tuple[str, ...], moment: Moment) -> tuple[str, frozenset[Fact]]:
        """One more sentence of the same caption."""
        self.facts, self._moment = set(), moment
        text, rest = self._sequence(_TOKEN.findall(self.pick(skeletons)))
        assert not rest, f"unbalanced skeleton in {skeletons}"
        return _tidy(text), frozenset(self.facts)

    def pick(self, ways: tuple[str, ...]) -> str:
        """One of the ways, mostly the one of this voice."""
        if self.random.random() < KEEPS_VOICE:
            return ways[self.voice % len(ways)]
        return self.random.choice(ways)

    def word_for(self, role: str, count: int) -> int:
        """Which of `count` nouns this thing is called by, the same all through the story."""
        if role not in self._words:
            self._words[role] = 0 if self.random.random() < 0.5 else self.random.randrange(count)
        return self._words[role] % count

    def pronoun_will_do(self, role: str) -> bool:
        """Whether it is plain who is meant, and note that they were spoken of."""
        person = self._moment.people[role]
        spoken = self._named[0] | self._named[1]
        others = any(other != person and other.woman == person.woman for other in spoken)
        known = person in spoken
        self._named[1].add(person)
        return known and not others and self.random.random() < _SAYS_PRONOUN

    def spoken_of(self, role: str) -> None:
        """Note that somebody was spoken of."""
        self._named[1].add(self._moment.people[role])

    def _sequence(self, tokens: list[str]) -> tuple[str, list[str]]:
        """Tell tokens up to one that closes or parts; returns the words and what is left, that token included."""
        words = ""
        while tokens and tokens[0] not in ("|", ")", "]"):
            token, tokens = tokens[0], tokens[1:]
            if token in ("(", "["):
                told, tokens = self._choice(tokens, ")" if token == "(" else "]")
                words += told
            else:
                words += self._fill(token[1:-1]) if token.startswith("{") else token
        return words, tokens

    def _choice(self, tokens: list[str], closing: str) -> tuple[str, list[str]]:
        ways, depth, start = [], 0, 0
        for position, token in enumerate(tokens):
            if depth == 0 and token in ("|", closing):
                ways.append(tokens[start:position])
                start = position + 1
                if token == closing:
                    break
            depth += (token in ("(", "[")) - (token in (")", "]"))
        if closing == "]":
            ways = [[], *ways] if self.random.random() < _LEAVES_OUT else ways
            chosen = ways[0]
        else:
            chosen = ways[self._number(len(ways))]
        told, rest = self._sequence(list(chosen))
        assert not rest
        return told, tokens[start:]

    def _number(self, count: int) -> int:
        return self.voice % count if self.random.random() < KEEPS_VOICE else self.random.randrange(count)

    def _fill(self, place: str) -> str:
        moment = self._moment
        if ":" in place:
            role, _, forms = place.partition(":")
            ways = forms.split("/")
            subject = moment.people.get(role) or moment.things[role]
            return ways[self.grammar.gender_of(self, subject, role)]
        role, *wanted = place.split(".")
        name = role.lower()
        if name in moment.people and wanted == ["mood"]:
            self.spoken_of(name)
            self.facts.add(Fact("mood", moment.moods[name]))
            return self.grammar.mood(moment.people[name], moment.moods[name])
        if name in moment.people:
            return self.grammar.person(self, moment.people[name], name, wanted, role != name)
        if name in moment.things:
            return self.grammar.thing(self, moment.things[name], name, wanted)
        if name in moment.places:
            self.facts.add(Fact("place", moment.places[name]))
            return self.grammar.place(moment.places[name], wanted)
        if name in ("time", "clock"):
            self.facts.add(Fact("time", moment.time))
        elif name in ("weather", "sky"):
            self.facts.add(Fact("weather", moment.weather))
        elif name in ("dir", "side"):
            self.facts.add(Fact("direction", moment.direction))
        return self.grammar.moment(name, moment)


def _tidy(text: str) -> str:
    """One space between words, none before a mark, a capital at the start of each sentence."""
    text = re.sub(r"\s+([,.!?:;])", r"\1", re.sub(r"\s+", " ", text)).strip()
    upper: Callable[[re.Match[str]], str] = lambda found: found.group(1) + found.group(2).upper()  # noqa: E731
    return re.sub(r"((?:^|[.!?]\s)[\"“«]?)(\w)", upper, text)
