"""What is said, cut into subtitles that can be read: two lines at most, short, and shown while they are heard.

What SRT and WebVTT share. The times are the voice's own; a long line becomes several subtitles, each for its share of
the letters. Knows nothing about either format's syntax.
"""

import itertools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from storywright.board import Storyboard
from storywright.voice.silent import Silent
from storywright.voice.track import Cue, Track
from storywright.voice.track import track as tracked

MOST_COLUMNS, MOST_LINES = 42, 2
_GOOD_BREAKS = ".!?…,;:—–)»”。、！？」"


@dataclass(frozen=True, slots=True)
class Subtitle:
    """One or two lines and when they are shown."""

    start_ms: int
    end_ms: int
    who: str
    lines: tuple[str, ...]


def subtitles(board: Storyboard, track: Track | None) -> list[Subtitle]:
    """The subtitles of a film; without a voice its lines share their panels' time."""
    cues = (track or tracked(board, Silent())).cues
    made: list[Subtitle] = []
    for cue in cues:
        made += _shown(cue)
    return _apart(made)


def clock(milliseconds: int, point: str) -> str:
    """HH:MM:SS and thousandths."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{point}{rest:03d}"


def columns(text: str) -> int:
    """How wide text is: Chinese and Japanese letters are two columns wide, marks above letters none."""
    return sum(_columns(letter) for letter in text)


def _shown(cue: Cue) -> list[Subtitle]:
    text = " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in cue.text).split())
    pages = _pages(text)
    weights = [max(1, sum(columns(line) for line in page)) for page in pages]
    start, whole = cue.start * 1000, (cue.end - cue.start) * 1000
    made, before = [], 0
    for page, weight in zip(pages, weights, strict=True):
        begins = round(start + whole * before / sum(weights))
        before += weight
        made.append(Subtitle(begins, round(start + whole * before / sum(weights)), cue.who, tuple(page)))
    return made


def _pages(text: str) -> list[list[str]]:
    """The text in as few subtitles as it needs, about equally full, each ending where a phrase ends if one does.

    The best way to cut is found from the end: for each word, the cheapest pages from there on.
    """
    words = _Words(_tokens(text))
    best: list[tuple[float, int]] = [(0.0, len(words))] * (len(words) + 1)
    for start in range(len(words) - 1, -1, -1):
        choices = []
        for end in range(start + 1, len(words) + 1):
            if words.split(start, end) is None:
                break
            choices.append((words.cost(start, end) + best[end][0], end))
        best[start] = min(choices)
    pages, at = [], 0
    while at < len(words):
        pages.append(words.lines(at, best[at][1]))
        at = best[at][1]
    return pages


def _tokens(text: str) -> list[str]:
    """Words with the space before them; a word that no line holds, as Japanese sentences are, letter by letter."""
    tokens: list[str] = []
    for word in text.split():
        letters = _letters(word) if columns(word) > MOST_COLUMNS else [word]
        tokens += [f" {letters[0]}", *letters[1:]]
    return tokens


def _letters(word: str) -> list[str]:
    """Letters with the marks above them and the punctuation after them, which begins no line."""
    letters: list[str] = []
    for letter in word:
        stays = not _columns(letter) or unicodedata.category(letter) in ("Po", "Pe", "Pf")
        if letters and stays and columns(letters[-1]) < MOST_COLUMNS // 2:
            letters[-1] += letter
        else:
            letters.append(letter)
    return letters


class _Words:
    """Words whose widths are added up once, so that a whole chapter is cut in no time."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._until = [0, *itertools.accumulate(columns(token) for token in tokens)]

    def __len__(self) -> int:
        return len(self._tokens)

    def split(self, start: int, end: int) -> int | None:
        """Where to break words into two lines: in the middle, after a mark if one is near; `end` where one line holds
        them, and None where two are too few."""
        if self._width(start, end) <= MOST_COLUMNS:
            return end
        if self._width(start, end) > MOST_LINES * MOST_COLUMNS + 1:
            return None
        fitting = [
            at
            for at in range(start + 1, end)
            if self._width(start, at) <= MOST_COLUMNS and self._width(at, end) <= MOST_COLUMNS
        ]
        return min(fitting, key=lambda at: self._unevenness(start, at, end)) if fitting else None

    def cost(self, start: int, end: int) -> float:
        """Of one page: pages should be few, about equally full, and end where a phrase ends."""
        empty = 1 - self._width(start, end) / (MOST_LINES * MOST_COLUMNS)
        ends_well = end == len(self) or self._ends_well(end)
        return 1.0 + empty**2 + (0.0 if ends_well else 0.15)

    def lines(self, start: int, end: int) -> list[str]:
        at = self.split(start, end)
        assert at is not None
        spans = [(start, at), (at, end)] if at < end else [(start, end)]
        return ["".join(self._tokens[first:last]).strip() for first, last in spans]

    def _width(self, start: int, end: int) -> int:
        return self._until[end] - self._until[start] - self._tokens[start].startswith(" ")

    def _unevenness(self, start: int, at: int, end: int) -> int:
        return abs(self._width(start, at) - self._width(at, end)) - (8 if self._ends_well(at) else 0)

    def _ends_well(self, at: int) -> bool:
        return self._tokens[at - 1][-1] in _GOOD_BREAKS


def _apart(made: Sequence[Subtitle]) -> list[Subtitle]:
    """Without overlaps, and none without a time."""
    cut = [
        one if following is None else replace(one, end_ms=min(one.end_ms, following.start_ms))
        for one, following in itertools.zip_longest(made, made[1:])
    ]
    return [one for one in cut if one.end_ms > one.start_ms]


def _columns(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
