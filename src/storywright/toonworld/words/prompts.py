"""The illustrator's words for a scene: everything that its picture shows, and nothing that it does not."""

from collections.abc import Collection
from random import Random

from storywright.toonworld.attributes import looks_of, rides, sight
from storywright.toonworld.scene import INDOORS, Prop, Scene
from storywright.toonworld.words import english as en

MAX_TOKENS = 75
"""What fits into the window of a CLIP text encoder, without its two marks; longer prompts are put tersely."""

SOMEBODY = "a person"
"""Whose looks are not said."""

_DROPS_DEFAULT = 0.5
"""How often a wording leaves out what goes without saying."""


def prompt(scene: Scene, wording: int = 0, by_reference: Collection[int] = ()) -> str:
    """English words for everything seen. Wording 0 is the usual form; each other number is another way to say it.

    What goes without saying is a calm face, standing, daylight, a clear sky and the eye's level. The looks of the
    people `by_reference`, indices, are left to a reference picture.
    """
    words = _Wording(scene, wording, by_reference).text()
    return words if num_tokens(words) <= MAX_TOKENS else _Wording(scene, wording, by_reference, terse=True).text()


class _Wording:
    def __init__(self, scene: Scene, wording: int, by_reference: Collection[int], *, terse: bool = False) -> None:
        self._terse, self._by_reference = terse, by_reference
        self._scene, self._sight = scene, sight(scene)
        self._random = Random(f"wording {wording}") if wording else None

    def text(self) -> str:
        camera = [self._of(en.STYLE, self._scene.style), self._of(en.SHOT, self._scene.shot), self._angle()]
        seen = [*self._people(), *self._standing()]
        place = self._place() if self._sight.setting else []
        if self._scene.words_room:
            place.append(self._choose(en.WORDS_ROOM))
        blocks = [camera, seen, place]
        if self._random:
            order = self._random.choice(((0, 1, 2), (0, 2, 1), (1, 2, 0), (2, 1, 0), (1, 0, 2)))
            blocks = [blocks[i] for i in order]
        return ", ".join(part for block in blocks for part in block if part)

    def _angle(self) -> str:
        return self._unless_default("eye level", self._scene.angle) and self._of(en.ANGLE, self._scene.angle)

    def _place(self) -> list[str]:
        scene = self._scene
        parts = [self._of(en.SETTING, scene.setting)]
        if self._unless_default("day", scene.time):
            parts.append(self._of(en.TIME, scene.time))
        if scene.setting not in INDOORS and self._unless_default("clear", scene.weather):
            parts.append(self._of(en.WEATHER, scene.weather))
        return parts

    def _people(self) -> list[str]:
        return [self._person(index) for index in self._sight.people]

    def _person(self, index: int) -> str:
        person = self._scene.people[index]
        noun = en.article(self._choose(en.PEOPLE[person.age, person.woman]))
        looks = looks_of(person, self._sight.parts)
        said = [SOMEBODY] if index in self._by_reference else self._looks(noun, looks)
        parts = [*said, *self._acts(looks, rides(self._scene, index)), *self._belongings(index)]
        if self._terse:
            return " ".join(part.removeprefix("a ") if number else part for number, part in enumerate(parts))
        return ", ".join(parts)

    def _looks(self, noun: str, looks: dict[str, str]) -> list[str]:
        face = [f"{self._of(en.SKIN, looks['skin'])} skin"]
        if looks.get("hair_length") == "bald":
            face.append("bald head")
        elif "hair_colour" in looks:
            length = self._of(en.HAIR_LENGTH, looks["hair_length"]) + " " if "hair_length" in looks else ""
            face.append(f"{length}{self._of(en.HAIR_COLOUR, looks['hair_colour'])} hair")
        if looks.get("glasses") == "yes":
            face.append(self._choose(en.GLASSES))
        if looks.get("hat", "none") != "none":
            face.append(self._of(en.HAT, looks["hat"]))
        clothes = [
            f"{self._of(en.COLOUR, looks[f'{part}_colour'])} {self._of(terms, looks[part])}"
            for part, terms in (("top", en.TOP), ("bottom", en.BOTTOM))
            if part in looks
        ]
        if self._terse or not clothes or not self._random or self._random.random() < 0.4:
            return [f"{noun} with {face[0]}", *face[1:], *clothes]
        dressed = self._choose(("in ", "wearing ", "dressed in ")) + " and ".join(map(en.with_article, clothes))
        if self._random.random() < 0.5:
            return [f"{noun} {dressed}", "with " + face[0], *face[1:]]
        return [f"{noun} with {face[0]}", *face[1:], dressed]

    def _acts(self, looks: dict[str, str], rides: bool) -> list[str]:
        acts = []
        if "pose" in looks and not rides and self._unless_default("standing", looks["pose"]):
            acts.append(self._of(en.POSE, looks["pose"]))
        if looks.get("facing", "front") != "front":
            acts.append(self._of(en.FACING, looks["facing"]))
        if "expression" in looks and self._unless_default("neutral", looks["expression"]):
            acts.append(self._of(en.EXPRESSION, looks["expression"]))
        return acts

    def _belongings(self, index: int) -> list[str]:
        props = [self._scene.props[i] for i in self._sight.props]
        return [self._use(prop) for prop in props if prop.by == index and prop.use != "standing"]

    def _use(self, prop: Prop) -> str:
        forms = {"held": en.HELD, "worn": en.WORN, "used": en.USED[prop.kind]}[prop.use]
        return self._choose(forms).format(self._thing(prop))

    def _standing(self) -> list[str]:
        scene = self._scene
        things = [
            scene.props[i] for i in self._sight.props if scene.props[i].use == "standing" or not self._sight.people
        ]
        if not self._random or not self._sight.people:
            return [self._thing(prop) for prop in things]
        return [self._choose(en.STANDING).format(self._thing(prop)) for prop in things]

    def _thing(self, prop: Prop) -> str:
        noun = self._of(en.PROP, prop.kind)
        if prop.use in ("worn", "used"):
            noun = en.PLURALS.get(noun, noun)
        return en.with_article(f"{self._of(en.COLOUR, prop.colour)} {noun}")

    def _of(self, terms: en.Terms, value: str) -> str:
        return self._choose(terms[value])

    def _choose(self, ways: tuple[str, ...]) -> str:
        if self._terse or not self._random or self._random.random() < 0.4:
            return ways[0]
        return self._random.choice(ways)

    def _unless_default(self, default: str, value: str) -> str:
        dropped = value == default and (
            self._terse or (self._random is not None and self._random.random() < _DROPS_DEFAULT)
        )
        return "" if dropped else value


def num_tokens(text: str) -> int:
    """How many tokens a tokenizer that knows every word makes of it: words and punctuation marks."""
    return sum(1 + part.count(",") + part.count("-") * 2 + part.count("'") * 2 for part in text.split())
