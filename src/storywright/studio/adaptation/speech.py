"""What of a paragraph is told, and what is said in it: quotation marks of every kind, and lines that begin with a dash.

A quotation that is no speech, such as the words on a label, stays with what is told. Knows nothing about who speaks.
"""

import re
from dataclasses import dataclass
from typing import Literal

from storywright.studio.adaptation import text as texts
from storywright.studio.adaptation.aspect import parses
from storywright.studio.adaptation.lexicon import SURELY_SPEECH_RU, words_of
from storywright.studio.adaptation.text import Word

_PAIRS = {"“": "”", "«": "»", "„": "“", '"': '"'}
_DASH = re.compile(r"\s*[-–—]\s*(?=\S)")
_TURN = re.compile(r"[,.!?…][»”\"']?\s*[-–—]+\s*")
_LABELS = words_of(
    "word words label labelled labeled marked called named title sign signed inscription written reading say says "
    "слово слова надпись надписью название названием написано подпись прозвище кличка кличку имя"
)
_SHORT_BETWEEN = 40
"""A quotation so soon behind a speech goes on with it: “and what,” thought Alice “without pictures?”"""
_ENDS_SPEECH = ",.!?…—–-:;"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a paragraph."""

    kind: Literal["told", "said"]
    start: int
    """In the manuscript; the marks around what is said are left out."""
    end: int


def pieces(text: str, offset: int) -> list[Piece]:
    """The paragraph's parts in their order."""
    if dash := _DASH.match(text):
        found = _after_dash(text, dash.end())
    elif _lost_dash(text):
        found = _after_dash(text, 0)
    else:
        found = _quoted(text)
    return [Piece(kind, offset + start, offset + end) for kind, start, end in found if text[start:end].strip()]


def tokens(text: str, offset: int, parts: list[Piece]) -> list[Word]:
    """The words of a paragraph with each speech as one token."""
    found: list[Word] = []
    for part in parts:
        if part.kind == "said":
            found.append(texts.said(part.start, part.end))
        else:
            found += texts.words(text[part.start - offset : part.end - offset], part.start)
    return found


_Found = list[tuple[Literal["told", "said"], int, int]]


def _after_dash(text: str, start: int) -> _Found:
    """- What is said, - said somebody, - and goes on: a dash behind a mark changes sides."""
    found: _Found = []
    speaking = True
    for turn in _TURN.finditer(text, start):
        mark = text[turn.start()]
        rest = text[turn.end() :]
        if (speaking and rest[:1].islower() and mark != ".") or (speaking and rest[:1].islower() and _tells(rest)):
            found.append(("said", start, turn.start() + 1))
        elif not speaking and (mark in ",." or rest[:1].isupper()):
            found.append(("told", start, turn.start() + 1))
        else:
            continue
        start, speaking = turn.end(), not speaking
    found.append(("said" if speaking else "told", start, len(text)))
    return found


def _lost_dash(text: str) -> bool:
    """A line of dialogue whose first dash is missing: Так как же, - заговорил он."""
    turn = _TURN.search(text)
    if turn is None or text[turn.start()] == "." or text[:1] in "“«\"„'‘":
        return False
    first = re.match(r"\w+", text[turn.end() :])
    return (
        first is not None
        and first[0].islower()
        and any(p.normal_form in SURELY_SPEECH_RU for p in parses(first[0])[:1])
    )


def _tells(rest: str) -> bool:
    """Whether the words behind a full stop and a dash are the author's: they hold a verb in the past."""
    return re.match(r"(?:\w+\s+){0,3}?\w+(?:л|ла|ло|ли|лся|лась|лось|лись)\b", rest) is not None


def _quoted(text: str) -> _Found:
    found: _Found = []
    at = place = 0
    while (opening := _opening(text, place)) is not None:
        closing = _closing(text, opening)
        inner_end = len(text) if closing is None else closing
        goes_on = bool(found) and opening - at < _SHORT_BETWEEN and found[-1][0] == "said"
        if goes_on or _is_speech(text, opening, inner_end):
            found.append(("told", at, opening))
            found += _with_author(text, opening + 1, inner_end)
            at = min(inner_end + 1, len(text))
        place = inner_end + 1
    found.append(("told", at, len(text)))
    return found


def _with_author(text: str, start: int, end: int) -> _Found:
    """«Нет, — подумала она, — не пойду»: Russian leaves the author's words inside the marks."""
    inside = text[:end]
    if any(_tells(inside[turn.end() :]) for turn in _TURN.finditer(inside, start)):
        return _after_dash(inside, start)
    return [("said", start, end)]


def _opening(text: str, place: int) -> int | None:
    """Where the next quotation opens; a single mark counts only where it cannot be an apostrophe."""
    for index in range(place, len(text)):
        mark = text[index]
        if mark in _PAIRS:
            return index
        if mark in "'‘" and (index == 0 or text[index - 1] in " (\n—–-") and _closing(text, index) is not None:
            return index
    return None


def _closing(text: str, opening: int) -> int | None:
    mark = text[opening]
    if mark in _PAIRS:
        found = text.find(_PAIRS[mark], opening + 1)
        return found if found >= 0 else None
    for index in range(opening + 2, len(text)):
        if text[index] in "'’" and not text[index + 1 : index + 2].isalnum() and not text[index - 1].isspace():
            return index
    return None


def _is_speech(text: str, opening: int, end: int) -> bool:
    before, inside = text[:opening].rstrip(), text[opening + 1 : end].strip()
    if not inside:
        return False
    last = re.search(r"(\w+)\W*$", before)
    if last and last[1].lower() in _LABELS and inside[-1] not in "!?…" and len(inside.split()) < 12:
        return before[-1] == "," or (before[-1] == ":" and last[1].lower() in ("say", "says"))
    if not before or before[-1] in ".!?…—–-(:,;”»\u2060\"'":
        return bool(before) or inside[-1] in _ENDS_SPEECH or " " in inside
    return inside[-1] in "!?…" and inside[0].isupper() and " " in inside
