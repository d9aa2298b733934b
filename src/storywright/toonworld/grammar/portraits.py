"""Single pictures with every attribute drawn evenly and apart from the others: for learning to bind."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from random import Random

from storywright.board import Style
from storywright.toonworld import scene as drawn
from storywright.toonworld.attributes import ONE_PERSON, PARTS, STILL_POSES, in_frame
from storywright.toonworld.grammar import cast
from storywright.toonworld.scene import Person, Prop, Scene
from storywright.toonworld.words import MAX_TOKENS, num_tokens, prompt

_NUM_WORDINGS = 1_000_000
_CANONICAL = 0.3
"""How many of the pictures are described in the usual words."""


def portraits(seed: int, style: Style | None = None) -> Iterator[tuple[Scene, str]]:
    """Single scenes without end, each with its prompt."""
    return (portrait(seed, index, style) for index in itertools.count())


def portrait(seed: int, index: int, style: Style | None = None) -> tuple[Scene, str]:
    """One of them; picture `index` is the same whoever draws it, and whatever was drawn before."""
    random = Random(f"portrait {seed} {index}")
    chosen = random.choice(drawn.STYLES) if style is None else style
    scene = _scene(random, chosen)
    wording = wording_of(random)
    while num_tokens(words := prompt(scene, wording)) > MAX_TOKENS:
        scene = _simpler(scene)
    return scene, words


def wording_of(random: Random) -> int:
    """The usual wording of a prompt, or more often another."""
    return 0 if random.random() < _CANONICAL else random.randrange(1, _NUM_WORDINGS)


def _scene(random: Random, style: Style) -> Scene:
    setting, shot = random.choice(drawn.SETTINGS), random.choice(drawn.SHOT_SIZES)
    people = tuple(_posed(random, cast.person(random), shot) for _ in range(_num_people(random, shot)))
    return Scene(
        setting=setting,
        time=random.choice(drawn.TIMES),
        weather=cast.weather(random, setting),
        people=people,
        props=_props(random, shot, len(people)),
        shot=shot,
        angle=random.choice(drawn.ANGLES),
        style=style,
        words_room=shot == "insert" and random.random() < 0.3,
        seed=random.randrange(1 << 31),
    )


def _num_people(random: Random, shot: str) -> int:
    if shot == "insert":
        return 0
    if shot in ONE_PERSON:
        return 1
    return random.choices(
        (0, 1, 2, 3), (1, 4, 3, 2) if shot in ("long", "extreme long", "establishing") else (0, 5, 4, 1)
    )[0]


def _posed(random: Random, person: Person, shot: str) -> Person:
    return replace(
        person,
        pose=random.choice(drawn.POSES if "pose" in PARTS[shot] else STILL_POSES),
        expression=random.choice(drawn.EXPRESSIONS),
        facing=random.choice(drawn.FACINGS),
    )


def _props(random: Random, shot: str, num_people: int) -> tuple[Prop, ...]:
    """Different things; each person has at most one, and so as it is used."""
    count = 1 if shot == "insert" else random.choices((0, 1, 2, 3), (1, 4, 3, 1))[0]
    free, props = list(range(num_people)), []
    for kind in random.sample(drawn.PROPS, count):
        colour = random.choice(drawn.COLOURS)
        uses = [use for use in drawn.USES_OF[kind] if in_frame(kind, use, shot) and (free or use == "standing")]
        if not uses:
            continue
        use = random.choice(uses)
        if use == "standing":
            props.append(Prop(kind=kind, colour=colour))
        else:
            props.append(Prop(kind=kind, colour=colour, use=use, by=free.pop(random.randrange(len(free)))))
    return tuple(props)


def _simpler(scene: Scene) -> Scene:
    if scene.props:
        return replace(scene, props=scene.props[:-1])
    return replace(scene, people=scene.people[:-1])
