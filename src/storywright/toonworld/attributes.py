"""What of a scene can be seen in its picture: the labels of the judge, and what a prompt has to name.

A close shot shows one face and no shoes; an insert shows one thing and nobody. Knows nothing about drawing; a test
compares it with what changes in the drawings.
"""

from dataclasses import dataclass

from storywright.toonworld.scene import INDOORS, Person, Scene

_LOOKS = ("gender", "age", "skin", "hair_length", "hair_colour", "hat", "facing")
_CLOTHES = ("top", "top_colour", "bottom", "bottom_colour")
_FACE = ("glasses", "expression")

PARTS: dict[str, tuple[str, ...]] = {
    "extreme close-up": (*_LOOKS, *_FACE),
    "close-up": (*_LOOKS, *_FACE, "top", "top_colour"),
    "medium close-up": (*_LOOKS, *_FACE, "top", "top_colour"),
    "medium": (*_LOOKS, *_FACE, "top", "top_colour", "pose"),
    "medium full": (*_LOOKS, *_FACE, *_CLOTHES, "pose"),
    "full": (*_LOOKS, *_FACE, *_CLOTHES, "pose"),
    "long": (*_LOOKS, *_CLOTHES, "pose"),
    "extreme long": (*_LOOKS, *_CLOTHES, "pose"),
    "establishing": (*_LOOKS, *_CLOTHES, "pose"),
    "insert": (),
}
"""What can be told apart of a person at each shot size."""

ONE_PERSON = ("extreme close-up", "close-up", "medium close-up", "medium")
"""Shots that look at one person alone."""

STILL_POSES = ("standing", "sitting", "walking")
"""Poses with the arms down, which a close shot leaves out of the frame."""

CARRIERS = ("car", "bicycle", "chair")
"""What is used with the whole body, so that the pose follows from it."""

_IN_FRAME: dict[tuple[str, str], tuple[str, ...]] = {
    ("extreme close-up", "held"): ("book", "cat", "lamp"),
    ("extreme close-up", "worn"): ("headphones",),
    ("extreme close-up", "used"): ("ball", "bottle", "can", "car", "mug", "perfume", "phone", "toothbrush"),
    ("extreme close-up", "standing"): (),
    ("close-up", "held"): ("book", "bottle", "cat", "dog", "lamp", "toothbrush", "watch"),
    ("close-up", "worn"): ("backpack", "headphones"),
    ("close-up", "used"): (
        "ball", "book", "bottle", "can", "car", "gift box", "lamp", "mug", "perfume", "phone", "pizza", "toothbrush",
    ),
    ("close-up", "standing"): ("car",),
}  # fmt: skip
"""For the closest shots, the things that are in the frame by their use."""
_OUT_OF_FRAME: dict[tuple[str, str], tuple[str, ...]] = {
    ("medium close-up", "held"): ("backpack", "umbrella"),
    ("medium close-up", "worn"): ("shoe", "watch"),
    ("medium close-up", "used"): ("bicycle", "cat", "chair", "dog", "plant", "umbrella"),
    ("medium close-up", "standing"): ("umbrella",),
    ("medium", "held"): ("backpack", "umbrella"),
    ("medium", "worn"): ("shoe",),
    ("medium", "used"): ("cat", "chair", "plant"),
    ("medium", "standing"): ("chair", "plant", "umbrella"),
    ("medium full", "worn"): ("shoe",),
}
"""For the others, the things that are not: too low for the frame."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What of a scene the frame shows."""

    people: tuple[int, ...]
    """Indices of the people in the frame, from left to right."""
    parts: tuple[str, ...]
    """What can be told apart of each of them."""
    props: tuple[int, ...]
    """Indices of the things in the frame: first those that people have, from left to right, then those that stand."""
    setting: bool
    """Whether enough of the place is seen to name it."""


def sight(scene: Scene) -> Sight:
    """What the frame of this scene shows."""
    if scene.shot == "insert":
        return Sight((), (), (0,) if scene.props else (), True)
    people = tuple(range(len(scene.people)))
    if scene.shot in ONE_PERSON and people:
        people = (min(scene.focus, len(people) - 1),)
    props = [
        i
        for i, prop in enumerate(scene.props)
        if in_frame(prop.kind, prop.use, scene.shot) and (prop.use == "standing" or prop.by in people)
    ]
    props.sort(key=lambda i: (scene.props[i].use == "standing", scene.props[i].by, i))
    return Sight(people, PARTS[scene.shot], tuple(props), scene.shot != "extreme close-up")


def attributes(scene: Scene) -> dict[str, str]:
    """Every attribute that can be read from the picture, by a name such as `setting` or `person_1.top_colour`.

    People and things are counted from 1 over those in the frame, in the order of `Sight`.
    """
    seen = sight(scene)
    found = {"style": scene.style, "shot": scene.shot, "angle": scene.angle, "num_people": str(len(seen.people))}
    if seen.setting:
        found |= {"setting": scene.setting, "time": scene.time}
        if scene.setting not in INDOORS:
            found["weather"] = scene.weather
    for number, index in enumerate(seen.people, start=1):
        looks = looks_of(scene.people[index], seen.parts)
        if rides(scene, index):
            looks.pop("pose", None)
        found |= {f"person_{number}.{part}": value for part, value in looks.items()}
    for number, index in enumerate(seen.props, start=1):
        prop = scene.props[index]
        found |= {f"prop_{number}.kind": prop.kind, f"prop_{number}.colour": prop.colour}
        if scene.shot != "insert":
            found[f"prop_{number}.use"] = prop.use
        if prop.use != "standing" and len(seen.people) > 1:
            found[f"prop_{number}.by"] = str(seen.people.index(prop.by) + 1)
    if scene.words_room:
        found["words_room"] = "yes"
    return found


def looks_of(person: Person, parts: tuple[str, ...]) -> dict[str, str]:
    """The looks of a person, of these parts, without what is hidden: a bald head's hair, what a dress covers."""
    looks = {
        "gender": "woman" if person.woman else "man",
        "age": person.age,
        "skin": person.skin,
        "hair_length": person.hair_length,
        "hair_colour": person.hair_colour,
        "top": person.top,
        "top_colour": person.top_colour,
        "bottom": person.bottom,
        "bottom_colour": person.bottom_colour,
        "glasses": "yes" if person.glasses else "no",
        "hat": person.hat or "none",
        "pose": person.pose,
        "expression": person.expression,
        "facing": person.facing,
    }
    hidden = set()
    if person.hair_length == "bald":
        hidden.add("hair_colour")
    if person.top == "dress":
        hidden |= {"bottom", "bottom_colour"}
    return {part: value for part, value in looks.items() if part in parts and part not in hidden}


def rides(scene: Scene, person: int) -> bool:
    """Whether the pose of this person is that of a rider, driver or sitter, whatever it says."""
    return any(prop.use == "used" and prop.by == person and prop.kind in CARRIERS for prop in scene.props)


def in_frame(kind: str, use: str, shot: str) -> bool:
    """Whether a thing in this use is seen at this shot size."""
    if (shot, use) in _IN_FRAME:
        return kind in _IN_FRAME[shot, use]
    return kind not in _OUT_OF_FRAME.get((shot, use), ())
