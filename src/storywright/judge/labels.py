"""What is read from a picture: one question for each attribute, with the answers that there are.

People are counted from left to right and things in the order of `toonworld.attributes`. A question that a picture does
not raise, such as the second person's hair where there is one person, has no answer and is not counted.
"""

from collections.abc import Sequence

import numpy as np

from storywright.toonworld import scene as drawn
from storywright.toonworld.attributes import attributes
from storywright.toonworld.scene import Scene

NONE = -1
_PEOPLE, _PROPS = 2, 2
_OF_PERSON: dict[str, tuple[str, ...]] = {
    "hair_colour": drawn.HAIR_COLOURS,
    "hair_length": drawn.HAIR_LENGTHS,
    "hat": ("none", *(hat for hat in drawn.HATS if hat)),
    "top": drawn.TOPS,
    "top_colour": drawn.COLOURS,
    "bottom_colour": drawn.COLOURS,
    "skin": drawn.SKINS,
    "pose": drawn.POSES,
    "expression": drawn.EXPRESSIONS,
}
QUESTIONS: dict[str, tuple[str, ...]] = {
    "setting": drawn.SETTINGS,
    "time": drawn.TIMES,
    "shot": drawn.SHOT_SIZES,
    "style": drawn.STYLES,
    "num_people": ("0", "1", "2", "3"),
    **{f"person_{n + 1}.{part}": known for n in range(_PEOPLE) for part, known in _OF_PERSON.items()},
    **{f"prop_{n + 1}.kind": drawn.PROPS for n in range(_PROPS)},
    **{f"prop_{n + 1}.colour": drawn.COLOURS for n in range(_PROPS)},
}

MEASURES: dict[str, tuple[str, ...]] = {
    name: tuple(question for question in QUESTIONS if question.split(".")[-1] == name)
    for name in dict.fromkeys(question.split(".")[-1] for question in QUESTIONS)
    if name not in ("kind", "colour")
} | {
    "prop kind": tuple(question for question in QUESTIONS if question.endswith(".kind")),
    "prop colour": tuple(question for question in QUESTIONS if question.endswith(".colour")),
}
"""What is reported: questions of the same kind together."""


def answers(scenes: Sequence[Scene]) -> np.ndarray:
    """The right answers, int64 (scenes, questions)."""
    found = np.full((len(scenes), len(QUESTIONS)), NONE, np.int64)
    for row, scene in enumerate(scenes):
        seen = attributes(scene)
        for column, (question, known) in enumerate(QUESTIONS.items()):
            if seen.get(question) in known:
                found[row, column] = known.index(seen[question])
    return found
