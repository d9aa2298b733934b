"""The quality card in words: what a measure is called, what it says and of which version it is, in a language.

Scores are reasoned in English where they are measured; here is how those reasons are told in Russian. Knows nothing
about how they are measured, nor where they are printed.
"""

import functools
import re
from dataclasses import dataclass

from storywright.board import Language, Score, Storyboard
from storywright.toonworld.words import russian

_HOLE = re.compile(r"\{(\w+)\}")
_NAMES = {
    "alignment": ("alignment", "соответствие"),
    "sequence": ("sequence", "порядок"),
    "consistency": ("consistency", "постоянство"),
    "continuity": ("continuity", "связность"),
    "story": ("story", "история"),
    "coverage": ("coverage", "полнота"),
    "diversity": ("diversity", "разнообразие"),
    "fit": ("fit", "картинка и слова"),
    "looks": ("looks", "внешность"),
}
_WORN = {"hair": russian.HAIR, "clothes": russian.noun("одежд", "f")}
_TAKEN = {"m": "принят", "f": "принята", "n": "принято", "p": "приняты"}
_RUSSIAN = {
    "cosine of picture and words, mean over panels; weakest is {id}: {action}":
        "косинус картинки и слов, среднее по кадрам; слабее всех {id}: {action}",
    "share of what is told that leads to its own picture, {order}; weakest is {id}, which may be taken for {other}":
        "доля рассказанного, что ведёт к своей картинке, {order}; слабее всех {id}, его можно принять за {other}",
    "all of them in step": "всё по порядку",
    "{share} of them in step": "по порядку {share}",
    "{looks}, mean over panels; weakest is {id}: {misread}":
        "{looks}, среднее по кадрам; слабее всех {id}: {misread}",
    "{looks}, mean over panels; weakest is {id}": "{looks}, среднее по кадрам; слабее всех {id}",
    "{looks}, mean over panels": "{looks}, среднее по кадрам",
    "share of hair, clothes and product colours that the critic reads right; {misread}":
        "доля цветов волос, одежды и товара, что критик читает верно; {misread}",
    "share of hair, clothes and product colours that the critic reads right":
        "доля цветов волос, одежды и товара, что критик читает верно",
    "likeness of neighbouring pictures; the largest jump is from {a} to {b}":
        "сходство соседних кадров; самый большой скачок от {a} к {b}",
    "a single panel": "один кадр",
    "share of other orders of these panels that the judge finds less of a story; weakest is {id}: {action}":
        "доля других порядков этих кадров, в которых судья видит меньше истории; слабее всех {id}: {action}",
    "every mandatory is met in a named panel": "всё обязательное показано в названных кадрах",
    "not met: {what}": "не показано: {what}",
    "{n} of {all} events are shown; {file} names the others":
        "показано {n} из {all} событий; остальные названы в {file}",
    "one minus the likeness to the nearest other candidate: pictures {p}, words {w}; most like another's is {id}":
        "единица минус сходство с ближайшей другой доской: картинки {p}, слова {w}; больше всех похож {id}",
    "one minus the likeness to the nearest other candidate: {said}":
        "единица минус сходство с ближайшей другой доской: {said}",
    "cosine of the picture and its words": "косинус картинки и её слов",
}  # fmt: skip
_SAID_AS_IT_IS = ("id", "other", "action", "a", "b", "what", "n", "all", "file", "share")


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the card."""

    name: str
    value: str
    reason: str
    """What it means, which panel is weakest, and of which version it is where that is an older one."""


def card(board: Storyboard, language: Language | None = None) -> list[Told]:
    """The card of a board in its own language, or in another."""
    chosen = language or board.language
    return [told(score, chosen) for score in board.scores]


def told(score: Score, language: Language) -> Told:
    """A score in words."""
    value = f"{score.value:.2f}"
    reason = ". ".join(part for part in (said(score.reason, language), of_version(score, language)) if part)
    return Told(name(score, language), value.replace(".", ",") if language == "ru" else value, reason)


def name(score: Score, language: Language) -> str:
    """What a measure is called; itself where it is not known."""
    english, russian = _NAMES.get(score.name, (score.name, score.name))
    return russian if language == "ru" else english


def of_version(score: Score, language: Language) -> str:
    """That a score was measured on an older version; nothing where it says how the board is now."""
    if not score.version:
        return ""
    return {"en": f"measured on version {score.version}", "ru": f"измерено на версии {score.version}"}[language]


def said(reason: str, language: Language) -> str:
    """A reason in this language; as it is where it is not known."""
    if language != "ru":
        return reason
    for pattern, text in _patterns():
        if match := pattern.fullmatch(reason):
            return text.format(**{hole: _filled(hole, value) for hole, value in match.groupdict().items()})
    return reason


def _filled(hole: str, value: str) -> str:
    if hole in ("p", "w"):
        return value.replace(".", ",")
    if hole == "misread":
        return ", ".join(map(_misread, value.split(", ")))
    return value if hole in _SAID_AS_IT_IS else said(value, "ru")


def _misread(what: str) -> str:
    """`Mia's hair read as black` as it is told in Russian."""
    thing, _, answer = what.partition(" read as ")
    whose, _, part = thing.rpartition("'s ")
    colours = russian.HAIR_COLOUR if part == "hair" else russian.COLOUR
    noun = _WORN.get(part) or russian.PROP.get(part, (None,))[0]
    if noun is None or answer not in colours:
        return what
    called = noun["nom"] + (f" ({whose})" if whose else "")
    return f"{called} {_TAKEN[noun.gender]} за {russian.adjective(colours[answer], noun.gender, 'acc')}"


@functools.cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    return [(_pattern(english), russian) for english, russian in _RUSSIAN.items()]


def _pattern(english: str) -> re.Pattern[str]:
    parts = _HOLE.split(english)  # text, name, text, name, … text
    return re.compile("".join(re.escape(part) if at % 2 == 0 else f"(?P<{part}>.+)" for at, part in enumerate(parts)))
