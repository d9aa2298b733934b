"""How people look: what the text says about them, and for the rest a choice that the seed keeps.

Everybody is given looks once, when first drawn, and keeps them; two people of one story differ in what a picture shows
best, the colour of what they wear. Knows nothing about scenes.
"""

from dataclasses import replace
from random import Random

from storywright.board import Language
from storywright.studio.adaptation.people import Character
from storywright.toonworld.scene import Person
from storywright.toonworld.words import scene_from_words

_LOOKS = ("skin", "hair_length", "hair_colour", "top", "top_colour", "bottom", "bottom_colour", "glasses", "hat")
_COLOURS = ("blue", "red", "green", "yellow", "purple", "orange", "brown", "white", "pink", "black")
_GROUND_COLOURS = ("black", "brown", "blue", "white")


class Wardrobe:
    """Gives looks and keeps them."""

    def __init__(self, seed: int, language: Language) -> None:
        self._seed, self._language = seed, language
        self._given: dict[Character, Person] = {}
        self._stated: dict[Character, set[str]] = {}

    def person(self, character: Character) -> Person:
        """The looks of somebody, the same each time."""
        if character not in self._given:
            self._given[character] = self._dressed(character)
        return self._given[character]

    def stated(self, character: Character) -> set[str]:
        """Which of the looks the text states."""
        return self._stated.get(character, set())

    @property
    def given(self) -> dict[Character, Person]:
        """Everybody who has been drawn."""
        return self._given

    def _dressed(self, character: Character) -> Person:
        random = Random(f"{self._seed} {character.name}")
        said = self._said(character)
        self._stated[character] = set(said)
        woman = character.gender == "f" if character.gender in ("m", "f") else random.random() < 0.5
        worn = {person.top_colour for person in self._given.values()}
        free = [colour for colour in _COLOURS if colour not in worn] or list(_COLOURS)
        chosen = Person(
            name=character.name,
            woman=woman,
            age=character.age,
            hair_length=random.choice(("long", "long", "short")) if woman else "short",
            hair_colour="grey" if character.age == "old" else random.choice(("black", "brown", "blond", "red")),
            top=random.choice(("shirt", "dress", "jacket")) if woman else random.choice(("shirt", "jacket", "hoodie")),
            top_colour=free[0],
            bottom="skirt" if woman else "trousers",
            bottom_colour=random.choice(_GROUND_COLOURS),
        )
        return replace(chosen, **said)  # type: ignore[arg-type]

    def _said(self, character: Character) -> dict[str, str | bool]:
        """What descriptions of somebody state, in the words of the drawn world."""
        found: dict[str, str | bool] = {}
        whom = _WHOM[self._language][character.gender == "f"]
        for words in character.described:
            read = scene_from_words(words)
            if not read.scene.people:
                read = scene_from_words(f"{whom}, {words}")
            if not read.scene.people:
                continue
            for look in _LOOKS:
                if f"person_1.{look}" in read.said and look not in found:
                    found[look] = getattr(read.scene.people[0], look)
        return found


_WHOM: dict[Language, tuple[str, str]] = {"en": ("man", "woman"), "ru": ("мужчина", "женщина")}


def in_words(person: Person, language: Language) -> str:
    """The looks as a cast list says them."""
    from storywright.toonworld.words import english as en

    noun = en.PEOPLE[person.age, person.woman][0]
    hair = "bald head" if person.hair_length == "bald" else f"{person.hair_length} {person.hair_colour} hair"
    clothes = [f"{person.top_colour} {person.top}"]
    if person.top != "dress":
        clothes.append(f"{person.bottom_colour} {person.bottom}")
    more = ["glasses"] * person.glasses + [person.hat] * bool(person.hat)
    return f"{noun} with {hair}, {', '.join([*more, *clothes])}"
