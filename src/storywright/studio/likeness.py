"""Which of several draws of a panel keeps to the looks of its people and of its product.

Two things are asked of each draw, both of the critic: whether the colours of hair, clothes and product are read from
it as they should be, rather than as any other colour, and how near it is to the reference of each person in it, the
picture in which that person was first seen large enough. Knows nothing about how pictures are drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from storywright.critic.encoder import Critic
from storywright.toonworld.attributes import looks_of, sight
from storywright.toonworld.scene import COLOURS, HAIR_COLOURS, Person, Prop, Scene
from storywright.toonworld.words import prompt

LARGE = ("full", "medium full", "medium", "medium close-up", "close-up", "extreme close-up")
"""Shots in which somebody's hair and clothes fill enough of the picture to be compared."""
_WORN = {"hair_colour": ("hair", HAIR_COLOURS), "top_colour": ("clothes", COLOURS)}
_SURENESS = 30.0
"""How fast a difference of cosines becomes a certainty; the scale that CLIP models are trained towards."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the critic makes of one draw."""

    vector: np.ndarray
    sure: float
    """The mean chance of the right colours; 0.5 where there is nothing to ask."""
    right: float | None
    """The share of them that is likelier than any other; None where there is nothing to ask."""
    misread: str
    """What is read as something else, and as what."""


class Eye:
    """Asks the critic, and remembers what its words look like to it."""

    def __init__(self, critic: Critic) -> None:
        self._critic = critic
        self._known: dict[tuple[str, ...], np.ndarray] = {}

    def vectors(self, pictures: Sequence[Image.Image]) -> np.ndarray:
        """The critic's vectors of pictures."""
        return self._critic.of_pictures(pictures)

    def fits(self, prompts: Sequence[str], vectors: np.ndarray) -> np.ndarray:
        """How well each picture fits its prompt; a prompt that comes again is read once."""
        different = list(dict.fromkeys(prompts))
        words = dict(zip(different, self._critic.of_words(different), strict=True))
        return np.array([words[said] @ vector for said, vector in zip(prompts, vectors, strict=True)])

    def look(self, scene: Scene | None, vector: np.ndarray) -> Seen:
        """What is seen of the looks in a picture of this scene; without one there is nothing to ask."""
        asked = _questions(scene) if scene else []
        sure, right, misread = 0.0, 0, []
        for question in asked:
            cosines = self._words(question) @ vector
            chances = np.exp(_SURENESS * (cosines - cosines.max()))
            sure += float(chances[question.right] / chances.sum())
            answer = int(cosines.argmax())
            right += answer == question.right
            if answer != question.right:
                misread.append(f"{question.what} read as {question.answers[answer]}")
        if not asked:
            return Seen(vector, 0.5, None, "")
        return Seen(vector, sure / len(asked), right / len(asked), ", ".join(misread))

    def _words(self, question: "_Question") -> np.ndarray:
        if question.texts not in self._known:
            self._known[question.texts] = self._critic.of_words(question.texts)
        return self._known[question.texts]


class References:
    """For each person of a board the picture in which they were first seen large enough."""

    def __init__(self) -> None:
        self._vectors: dict[str, np.ndarray] = {}
        self.panels: dict[str, str] = {}
        """The ids of those panels, by name."""

    def likeness(self, scene: Scene, vectors: np.ndarray) -> np.ndarray:
        """How near each draw is to the references of those whom it shows; 0 where there is none yet."""
        known = [self._vectors[name] for name in _shown(scene) if name in self._vectors]
        return vectors @ np.mean(known, axis=0) if known else np.zeros(len(vectors))

    def learn(self, scene: Scene, vector: np.ndarray, panel: str) -> None:
        """A picture was kept; whoever is seen in it for the first time has their reference now."""
        for name in _shown(scene):
            if name not in self._vectors:
                self._vectors[name], self.panels[name] = vector, panel


@dataclass(frozen=True, slots=True)
class _Question:
    """What colour something has, as words for each answer."""

    what: str
    answers: tuple[str, ...]
    right: int
    texts: tuple[str, ...]


def _questions(scene: Scene) -> list[_Question]:
    found: list[_Question] = []
    seen = sight(scene)
    if scene.shot in LARGE:
        for index in seen.people:
            found += _about_person(scene, index, seen.parts)
    for index in seen.props:
        prop = scene.props[index]
        if prop.use != "standing" or scene.shot == "insert":
            found.append(_about_thing(scene, prop))
    return found


def _about_person(scene: Scene, index: int, parts: tuple[str, ...]) -> list[_Question]:
    person = scene.people[index]
    shown = looks_of(person, parts)
    found = []
    for look, (called, answers) in _WORN.items():
        if shown.get(look) in answers:
            texts = tuple(_with(scene, index, replace(person, **{look: answer})) for answer in answers)  # type: ignore[arg-type]
            whose = f"{person.name}'s {called}" if person.name else called
            found.append(_Question(whose, answers, answers.index(shown[look]), texts))
    return found


def _about_thing(scene: Scene, prop: Prop) -> _Question:
    texts = tuple(
        prompt(Scene(style=scene.style, shot="insert", props=(replace(prop, colour=colour, use="standing"),)))
        for colour in COLOURS
    )
    return _Question(prop.kind, COLOURS, COLOURS.index(prop.colour), texts)


def _with(scene: Scene, index: int, person: Person) -> str:
    """The words for a picture of this person; beside others all are told, so that none is taken for another."""
    if len(sight(scene).people) == 1:
        return prompt(Scene(style=scene.style, shot=scene.shot, people=(person,)))
    people = tuple(person if at == index else other for at, other in enumerate(scene.people))
    return prompt(replace(scene, people=people))


def _shown(scene: Scene) -> list[str]:
    if scene.shot not in LARGE:
        return []
    return [scene.people[index].name for index in sight(scene).people if scene.people[index].name]
