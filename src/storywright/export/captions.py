"""Words burnt into a film: what is said, and the words on the screen, wrapped and timed so that they can be read."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from storywright.board import Storyboard
from storywright.export import film, typeface
from storywright.export.typeface import FONTS, Face
from storywright.voice.track import Cue, Track

_LETTER = 0.047
"""The size of the letters, in parts of the film's shorter side."""
_WIDEST = 0.84
_MOST_LINES = 2
_LEADING = 1.3
_BOX_ALPHA = 168
_SPOKEN_FOOT, _SUPER_FOOT = 0.93, 0.74
"""Where the last line ends, in parts of the height: what is said at the bottom, words on the screen above it."""
_WHITE_LUMA, _GREY_CHROMA = 235, 128


@dataclass(frozen=True, slots=True)
class Card:
    """Words that stand on some frames."""

    first: int
    end: int
    """One past the last frame."""
    lines: tuple[str, ...]
    foot: float
    letter: float


class Captions:
    """What stands on which frame."""

    def __init__(self, cards: list[Card], size: tuple[int, int]) -> None:
        self.cards, self._size = cards, size
        self._painted: dict[Card, _Paint] = {}

    @classmethod
    def of(
        cls, board: Storyboard, heard: Track, size: tuple[int, int], fps: Fraction, *, spoken: bool, supers: bool
    ) -> "Captions":
        """Gather the cards; long speeches are shown two lines at a time, each as long as its share of the letters."""
        letter = _LETTER * min(size)
        cards = []
        if spoken:
            cards += [card for cue in heard.cues for card in _spoken(cue, letter, size, fps)]
        if supers:
            cards += list(_supers(board, heard, letter * 1.25, size, fps))
        return cls(cards, size)

    def on(self, frame: np.ndarray, number: int) -> np.ndarray:
        """The frame with what stands on it; one without words is given back as it is."""
        standing = [card for card in self.cards if card.first <= number < card.end]
        if not standing:
            return frame
        frame = frame.copy()
        for card in standing:
            if card not in self._painted:
                self._painted[card] = _Paint.of(card, self._size)
            self._painted[card].onto(film.luma_and_chroma(frame, self._size))
        return frame


def _spoken(cue: Cue, letter: float, size: tuple[int, int], fps: Fraction) -> Iterator[Card]:
    text = f"{cue.who}: {cue.text}" if cue.who else cue.text
    lines = typeface.balanced(text, "semibold", letter, size[0] * _WIDEST)
    pages = [tuple(lines[at : at + _MOST_LINES]) for at in range(0, len(lines), _MOST_LINES)]
    weights = [sum(map(len, page)) for page in pages]
    at = 0
    for page, weight in zip(pages, weights, strict=True):
        first, end = (cue.start + (cue.end - cue.start) * part / sum(weights) for part in (at, at + weight))
        yield Card(round(first * fps), round(end * fps), page, _SPOKEN_FOOT, letter)
        at += weight


def _supers(board: Storyboard, heard: Track, letter: float, size: tuple[int, int], fps: Fraction) -> Iterator[Card]:
    start = 0.0
    for panel in board.panels:
        end = start + heard.panel_seconds[panel.id]
        if panel.super.strip():
            lines = typeface.balanced(panel.super, "semibold", letter, size[0] * _WIDEST)
            yield Card(round(start * fps), round(end * fps), tuple(lines), _SUPER_FOOT, letter)
        start = end


@dataclass(frozen=True, slots=True)
class _Paint:
    """A card as it is laid over a strip of each plane."""

    strips: tuple[tuple[slice, np.ndarray, np.ndarray], ...]
    """For each plane the rows, what stays of them (0 to 255), and what is added."""

    @classmethod
    def of(cls, card: Card, size: tuple[int, int]) -> "_Paint":
        width, height = size
        leading = card.letter * _LEADING
        bottom = min(int(height * card.foot + card.letter * 0.5), height)
        tall = len(card.lines) * leading + card.letter
        top = max(0, int(bottom - tall)) & ~1
        rows = slice(top, top + max(2, (bottom - top) & ~1))
        ink, veil = _drawn(card, (width, rows.stop - rows.start), leading)
        covered = np.maximum(veil, ink)
        luma = (rows, 255 - covered, _part(ink, _WHITE_LUMA))
        half = cv2.resize(covered, (width // 2, (rows.stop - rows.start) // 2), interpolation=cv2.INTER_AREA)
        chroma = (slice(rows.start // 2, rows.stop // 2), 255 - half, _part(half, _GREY_CHROMA))
        return cls((luma, chroma, chroma))

    def onto(self, planes: tuple[np.ndarray, ...]) -> None:
        """Lay it over the planes of a frame."""
        for plane, (rows, stays, added) in zip(planes, self.strips, strict=True):
            plane[rows] = cv2.add(cv2.multiply(plane[rows], stays, scale=1 / 255), added)


def _part(cover: np.ndarray, value: int) -> np.ndarray:
    """So much of a value as is covered."""
    return (cover.astype(np.uint16) * value // 255).astype(np.uint8)


def _drawn(card: Card, size: tuple[int, int], leading: float) -> tuple[np.ndarray, np.ndarray]:
    """How much of each pixel is letter, and how much of it a dark box hides."""
    ink, veil = Image.new("L", size), Image.new("L", size)
    widest = max(typeface.width(line, "semibold", card.letter) for line in card.lines)
    box_half = widest / 2 + card.letter * 0.7
    box = (size[0] / 2 - box_half, 0, size[0] / 2 + box_half, size[1] - 1)
    ImageDraw.Draw(veil).rounded_rectangle(box, card.letter * 0.35, fill=_BOX_ALPHA)
    pencil = ImageDraw.Draw(ink)
    for row, line in enumerate(card.lines):
        x = (size[0] - typeface.width(line, "semibold", card.letter)) / 2
        for run in typeface.runs(line, "semibold"):
            base = (size[1] - len(card.lines) * leading) / 2 + row * leading + card.letter
            pencil.text((x, base), run.text, fill=255, font=_font(run.face, card.letter), anchor="ls")
            x += typeface.width(run.text, run.face, card.letter)
    return np.asarray(ink), np.asarray(veil)


def _font(face: Face, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS[face], round(size, 1), layout_engine=ImageFont.Layout.BASIC)
