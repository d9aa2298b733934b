"""The faces that exports are set in: what each can write, how wide it is, and where lines break.

Latin, Greek and Cyrillic are set in Storywright Sans, everything else that is known in a subset of Noto Sans CJK. Knows
nothing about pages or pixels: a width is in the unit of the size it is asked for.
"""

import functools
import itertools
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fontTools.ttLib import TTFont

Face = Literal["regular", "semibold", "italic", "cjk"]

_FOLDER = Path(__file__).parent / "fonts"
FONTS: dict[Face, Path] = {
    "regular": _FOLDER / "StorywrightSans-Regular.ttf",
    "semibold": _FOLDER / "StorywrightSans-SemiBold.ttf",
    "italic": _FOLDER / "StorywrightSans-Italic.ttf",
    "cjk": _FOLDER / "NotoSansCJKsc-Subset.otf",
}
_NOT_FIRST = frozenset("、。，．：；？！）」』】〉》〕ーぁぃぅぇぉっゃゅょァィゥェォッャュョ,.:;?!)]}»”’…")
_NOT_LAST = frozenset("（「『【〈《〔([{«“‘")
_WIDE_FROM = 0x2E80
_NARROWER = (0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55)


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one face."""

    face: Face
    text: str


def runs(text: str, face: Face) -> list[Run]:
    """The text in the faces that can write it, with each character that none can write left out."""
    by_face = ((_face_of(char, face), char) for char in unicodedata.normalize("NFC", text))
    grouped = itertools.groupby(((where, char) for where, char in by_face if where), key=lambda pair: pair[0])
    return [Run(where, "".join(char for _, char in chars)) for where, chars in grouped if where]


def width(text: str, face: Face, size: float) -> float:
    """How wide the text is, in the unit of `size`."""
    return size * _ems(text, face)


def missing(text: str) -> list[str]:
    """The characters that no face can write, in order, each once."""
    seen = dict.fromkeys(unicodedata.normalize("NFC", text))
    return sorted(char for char in seen if not _face_of(char, "regular") and not _unseen(char))


def balanced(text: str, face: Face, size: float, room: float) -> list[str]:
    """The text in as few lines as it needs, of about the same length: no single word is left for the last."""
    found = wrapped(text, face, size, room)
    for share in _NARROWER if len(found) > 1 else ():
        tried = wrapped(text, face, size, room * share)
        if len(tried) > len(found):
            break
        found = tried
    return found


def wrapped(text: str, face: Face, size: float, room: float, first_room: float | None = None) -> list[str]:
    """Lines no wider than `room`, broken at spaces, between CJK characters, or inside a word that is wider than a line.

    The first line may have less room, where something stands before it.
    """
    lines: list[str] = []
    for paragraph in text.splitlines():
        line, line_width = "", 0.0
        for piece in _pieces(paragraph):
            limit = room if lines or first_room is None else first_room
            if line and line_width + width(piece.rstrip(), face, size) > limit:
                lines.append(line.rstrip())
                line, line_width, limit = "", 0.0, room
            *full, rest = _chopped(piece, face, size, limit)
            lines += full
            line += rest
            line_width += width(rest, face, size)
        if line.strip():
            lines.append(line.rstrip())
    return lines


def clipped(text: str, face: Face, size: float, room: float) -> str:
    """The text on one line, with an ellipsis where it is too long."""
    text = " ".join(text.split())
    if width(text, face, size) <= room:
        return text
    kept = text
    while kept and width(f"{kept}…", face, size) > room:
        kept = kept[:-1]
    return f"{kept.rstrip(' ,.;:')}…"


def _pieces(paragraph: str) -> Iterator[str]:
    """What must stay together, each with the space behind it."""
    piece = ""
    for char, following in itertools.zip_longest(paragraph, paragraph[1:], fillvalue=""):
        piece += char
        if following and (_breaks_after_space(char, following) or _breaks_between(char, following)):
            yield piece
            piece = ""
    if piece:
        yield piece


def _breaks_after_space(char: str, following: str) -> bool:
    return char in " \t" and following not in " \t"


def _breaks_between(char: str, following: str) -> bool:
    wide = ord(char) >= _WIDE_FROM or ord(following) >= _WIDE_FROM
    return wide and following not in _NOT_FIRST and char not in _NOT_LAST and not following.isspace()


def _chopped(word: str, face: Face, size: float, room: float) -> list[str]:
    if width(word.rstrip(), face, size) <= room:
        return [word]
    parts, part = [], ""
    for char in word:
        if part and width(part + char, face, size) > room:
            parts.append(part)
            part = ""
        part += char
    return [*parts, part]


@functools.lru_cache(maxsize=1 << 16)
def _ems(text: str, face: Face) -> float:
    return sum(_advances(run.face).get(ord(char), 0.0) for run in runs(text, face) for char in run.text)


def _face_of(char: str, face: Face) -> Face | None:
    if ord(char) in _advances(face):
        return face
    return "cjk" if ord(char) >= 0x80 and ord(char) in _advances("cjk") else None


def _unseen(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in ("Cc", "Cf", "Mn")


@functools.cache
def _advances(face: Face) -> dict[int, float]:
    """The advance of each character that the face can write, in ems."""
    with TTFont(FONTS[face], lazy=True) as font:
        metrics, ems = font["hmtx"].metrics, font["head"].unitsPerEm
        return {code: metrics[glyph][0] / ems for code, glyph in font.getBestCmap().items()}
