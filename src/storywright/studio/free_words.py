"""Prompts for a published checkpoint, which takes any words: nothing is mapped to the drawn world.

People are put as they look, in the same words in every prompt: a model that was never told who Mia is can draw a woman
with long red hair. Knows nothing about how a panel came to be.
"""

import re
from collections.abc import Mapping, Sequence

from storywright.board import Angle, Language, ShotSize, Style
from storywright.toonworld.words import english

_NOTICE: dict[Language, str] = {
    "en": "Drawn by {model}, which takes any words: nothing was mapped to the drawn world.",
    "ru": "Рисует {model}, ей доступны любые слова: на рисуемый мир ничего не сводилось.",
}


def prompt(
    action: str,
    *,
    style: Style,
    size: ShotSize,
    angle: Angle,
    looks: Mapping[str, str],
    things: Sequence[str] = (),
    place: str = "",
    time: str = "",
) -> str:
    """The words of a panel: how it is drawn and framed, what happens, who is seen and how they look, where and when.

    `looks` are those of the people in the picture, by their names; `things` are seen beside what the action names.
    """
    camera = [
        english.STYLE[style][0],
        english.SHOT[size][0],
        *([] if angle == "eye level" else [english.ANGLE[angle][0]]),
    ]
    told, unnamed = action.strip().rstrip("."), []
    for name, look in looks.items():
        said = look or name
        first, *later = re.split(rf"\b{re.escape(name)}\b", told)
        if later:
            told = _shortly(said).join([f"{first}{said}{later[0]}", *later[1:]])
        else:
            unnamed.append(said)
    seen = [thing for thing in things if thing and thing.lower() not in told.lower()]
    return ", ".join(part for part in (*camera, told, *unnamed, *seen, place, time) if part)


def _shortly(look: str) -> str:
    """The person again: an old man with a beard is the old man from then on."""
    noun = re.split(r" (?:in|with|wearing|who|с|со|в|во)\b|,", look, maxsplit=1)[0]
    return re.sub(r"^an? ", "the ", noun)


def notice(model: str, language: Language) -> str:
    """What the board says about it."""
    return _NOTICE[language].format(model=model)
