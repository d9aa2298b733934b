"""One PNG with every panel and its words, for a chat or a slide."""

import functools
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from storywright import files
from storywright.board import Storyboard
from storywright.export import page, pictures, typeface, words
from storywright.export.camera import Point
from storywright.export.grid import FOOT, GUTTER_X, HEAD, MARGIN, STRIP, UNDER
from storywright.export.page import POINT, Box, Colour, Look, Sheet
from storywright.export.typeface import FONTS, Face

_PIXELS_A_MM = 7.0
_SIZE = 9 * POINT
_ROW_GAP = 10.0
_AREA = 92.0 * 60.0
"""What a panel's picture covers, in square millimetres, whatever its aspect."""


def write(
    board: Storyboard,
    folder: Path,
    path: Path,
    *,
    fields: Sequence[str] = words.USUAL_FIELDS,
    logo: Path | None = None,
) -> Path:
    """Write the sheet; each row is as high as its longest words."""
    sheet = Sheet.of(board, folder, Look(fields, logo))
    columns, wide = _columns(len(board.panels), sheet.ratio)
    picture = (wide, wide / sheet.ratio)
    tops, bottom = _rows(sheet, columns, picture)
    size = (2 * MARGIN + columns * wide + (columns - 1) * GUTTER_X, bottom + FOOT + MARGIN)
    canvas = _Pixels(size, pictures.opened(board, folder))
    page.draw_head(canvas, sheet, size[0])
    page.draw_foot(canvas, sheet, size, "")
    for number in range(len(board.panels)):
        place = (MARGIN + number % columns * (wide + GUTTER_X), tops[number // columns])
        page.draw_cell(canvas, sheet, number, place, picture, (wide, bottom), _SIZE)
    files.write_bytes(path, canvas.finished())
    return path


def _columns(num_panels: int, ratio: float) -> tuple[int, float]:
    """How many, so that the sheet is about as wide as it is high, and how wide; few panels are larger ones."""
    wide, fewest = max((_AREA * ratio) ** 0.5, 46.0), 2 if ratio > 1.2 else 3
    columns = max(fewest, min(round((num_panels * 1.5 / ratio**0.5) ** 0.5), 8))
    if num_panels >= columns or not num_panels:
        return columns, wide
    return num_panels, (columns * (wide + GUTTER_X) - num_panels * GUTTER_X) / num_panels


def _rows(sheet: Sheet, columns: int, picture: tuple[float, float]) -> tuple[list[float], float]:
    """Where each row begins, and where the last one ends."""
    tops, y = [], MARGIN + HEAD
    for first in range(0, len(sheet.board.panels), columns):
        tops.append(y)
        row = range(first, min(first + columns, len(sheet.board.panels)))
        tallest = max(sheet.words_height(number, _SIZE, picture[0]) for number in row)
        y += STRIP + picture[1] + UNDER + tallest + _ROW_GAP
    return tops, y


class _Pixels:
    """A canvas that is a picture."""

    def __init__(self, size: tuple[float, float], drawn: Sequence[Image.Image | None]) -> None:
        self._drawn = drawn
        self._paper = Image.new("RGB", (_px(size[0]), _px(size[1])), "white")
        self._pencil = ImageDraw.Draw(self._paper)

    def finished(self) -> bytes:
        """The file."""
        stream = io.BytesIO()
        self._paper.save(stream, "PNG", compress_level=4)
        return stream.getvalue()

    def text(self, x: float, y: float, text: str, face: Face, size: float, colour: Colour) -> None:
        for run in typeface.runs(text, face):
            font = _font(run.face, round(size * _PIXELS_A_MM, 1))
            place = (x * _PIXELS_A_MM, y * _PIXELS_A_MM)
            self._pencil.text(place, run.text, fill=colour, font=font, anchor="ls")
            x += typeface.width(run.text, run.face, size)

    def panel(self, number: int, box: Box) -> None:
        size = (_px(box[2]), _px(box[3]))
        self._paper.paste(pictures.fitted(self._drawn[number], size), (_px(box[0]), _px(box[1])))

    def image(self, picture: Image.Image, box: Box) -> None:
        small = picture.convert("RGBA").resize((_px(box[2]), _px(box[3])), Image.Resampling.LANCZOS)
        self._paper.paste(small, (_px(box[0]), _px(box[1])), small)

    def shape(self, points: Sequence[Point], fill: Colour | None, line: Colour, thickness: float) -> None:
        """Drawn four times as large and brought down, for smooth edges."""
        left, top = (int(min(point[axis] for point in points) * _PIXELS_A_MM) - 6 for axis in (0, 1))
        right, bottom = (int(max(point[axis] for point in points) * _PIXELS_A_MM) + 6 for axis in (0, 1))
        large = [((x * _PIXELS_A_MM - left) * 4, (y * _PIXELS_A_MM - top) * 4) for x, y in points]
        stroke = max(3, round(thickness * _PIXELS_A_MM * 4))
        for colour, closed in ((fill, True), (line, False)):
            if colour:
                mask = Image.new("L", ((right - left) * 4, (bottom - top) * 4))
                pencil = ImageDraw.Draw(mask)
                if closed:
                    pencil.polygon(large, fill=255)
                else:
                    pencil.line([*large, large[0]] if fill else large, fill=255, width=stroke, joint="curve")
                self._paper.paste(colour, (left, top), mask.reduce(4))


@functools.cache
def _font(face: Face, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS[face], size, layout_engine=ImageFont.Layout.BASIC)


def _px(length: float) -> int:
    return round(length * _PIXELS_A_MM)
