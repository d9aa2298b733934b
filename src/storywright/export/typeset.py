"""A panel's words set into lines: what is said in which order, with which weight, in a column of some width.

Knows nothing about where on a page the column stands. Sizes and widths share one unit, which is millimetres on paper.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from storywright.board import Language, Panel
from storywright.export import quality, typeface, words
from storywright.export.typeface import Face

Tone = Literal["ink", "soft", "mark"]

LEADING = 1.34
_BLOCK_GAP = 0.38
_RUN_IN_GAP = 0.45


@dataclass(frozen=True, slots=True)
class Block:
    """One thing that is said about a panel, with what it is called in front."""

    text: str
    label: str = ""
    tone: Tone = "ink"
    heard: bool = False
    """Belongs to the sound and not to the picture."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some words on a line."""

    x: float
    text: str
    face: Face
    tone: Tone


@dataclass(frozen=True, slots=True)
class Line:
    """A set line and the room that it takes."""

    parts: tuple[Part, ...]
    size: float
    before: float
    """Room above it, where a new block begins."""

    @property
    def height(self) -> float:
        """With the room above."""
        return self.before + self.size * LEADING


def blocks(panel: Panel, fields: Sequence[str], language: Language) -> list[Block]:
    """What the fields say about a panel, in the order in which it is read; empty ones are left out."""

    def label(term: str) -> str:
        return words.capital(words.word(term, language))

    said = {
        "shot": [Block(words.shot(panel, language), tone="soft")],
        "place": [Block(words.place(panel, language), tone="soft")],
        "cast": [Block(", ".join(panel.cast), label("cast"))],
        "action": [Block(panel.action)],
        "dialogue": [Block(line.line, line.who, heard=True) for line in panel.dialogue],
        "voice": [Block(panel.voice_over, label("voice"), heard=True)],
        "super": [Block(panel.super, label("super"), heard=True)],
        "sound": [Block(panel.sound, label("sound"), heard=True)],
        "drawn": [Block(f"{was} → {drawn}", tone="mark") for was, drawn in panel.drawn_as.items()],
        "source": [Block(panel.source.quote if panel.source else "", label("source"))],
        "prompt": [Block(panel.prompt, label("prompt"))],
        "scores": [Block(_scores(panel, language), tone="soft")],
    }
    return [block for field in words.FIELDS if field in fields for block in said[field] if block.text.strip()]


def _scores(panel: Panel, language: Language) -> str:
    told = (quality.told(score, language) for score in panel.scores)
    return ", ".join(f"{one.name} {one.value}" for one in told)


def lines(said: Sequence[Block], size: float, room: float) -> list[Line]:
    """The blocks set in a column."""
    found: list[Line] = []
    for block in said:
        before = _BLOCK_GAP * size if found else 0.0
        found += _set(block, size * (0.88 if block.tone != "ink" else 1.0), room, before)
    return found


def height(found: Sequence[Line]) -> float:
    """The room that the lines take together."""
    return sum(line.height for line in found)


def pointer(text: str, size: float) -> Line:
    """A line that says where to read on."""
    return Line((Part(0.0, text, "regular", "mark"),), size, 0.0)


def spaced(found: Sequence[Line], before: float) -> list[Line]:
    """The lines with that much room above the first."""
    return [replace(line, before=before if k == 0 else line.before) for k, line in enumerate(found)]


def broken(found: Sequence[Line], room: float) -> list[list[Line]]:
    """The lines in columns of that height; at the top of a column no room is left above."""
    columns: list[list[Line]] = []
    for line in found:
        if columns and height([*columns[-1], line]) <= room:
            columns[-1].append(line)
        else:
            columns.append([replace(line, before=0.0)])
    return columns


def _set(block: Block, size: float, room: float, before: float) -> list[Line]:
    """One block; its label stands at the head of the first line."""
    text = " ".join(block.text.split())
    head = typeface.clipped(block.label, "semibold", size, room * 0.6) if block.label else ""
    start = typeface.width(head, "semibold", size) + _RUN_IN_GAP * size if head else 0.0
    rows = typeface.wrapped(text, "regular", size, room, room - start) or [""]
    first = (Part(0.0, head, "semibold", block.tone),) if head else ()
    return [
        Line((*(first if k == 0 else ()), Part(start if k == 0 else 0.0, row, "regular", block.tone)), size, gap)
        for k, (row, gap) in enumerate(zip(rows, [before] + [0.0] * (len(rows) - 1), strict=True))
    ]
