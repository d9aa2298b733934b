"""PDF for a meeting: contact sheets of 1, 2, 3, 6 or 9 panels a page, with words that can be searched.

The same board gives the same bytes: no clock is read.
"""

import functools
import io
import logging
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from fpdf import FPDF
from PIL import Image

from storywright import __version__, files
from storywright.board import Storyboard
from storywright.errors import BadInput
from storywright.export import grid, page, pictures, quality, typeface, typeset, words
from storywright.export.camera import Point
from storywright.export.grid import A4, FOOT, GUTTER_X, HEAD, MARGIN, Grid
from storywright.export.page import POINT, Box, Colour, Look, Sheet
from storywright.export.typeface import FONTS, Face
from storywright.export.typeset import Block, Line

SIZES_PT = {1: 10.5, 2: 10.0, 3: 9.5, 6: 8.5, 9: 7.5}
"""For each number of panels a page the size of its words."""
_SMALLEST_PT = 6.8
_ROOMY_SHARE = 0.8
"""Where few panels say much, so many have room for all their words; what the others say is printed at the end."""
_LEAST_SHARE_OF_PICTURE = 0.7
"""All have room as long as pictures keep so much of the area that they would have otherwise."""
_LEAST_PIXELS, _MOST_PIXELS = 1200, 2400
_COLUMN = (A4[0] - 2 * MARGIN - 2 * GUTTER_X) / 2
_NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)

logging.getLogger("fontTools").setLevel(logging.WARNING)


def write(
    board: Storyboard,
    folder: Path,
    path: Path,
    *,
    per_page: Sequence[int] = (6,),
    fields: Sequence[str] = words.USUAL_FIELDS,
    logo: Path | None = None,
) -> Path:
    """Write the board's pages; with several numbers in `per_page`, one section after the other."""
    if unknown := [number for number in per_page if number not in SIZES_PT]:
        raise BadInput(f"A page holds {', '.join(map(str, SIZES_PT))} panels, and {unknown[0]} were asked for.")
    sheet = Sheet.of(board, folder, Look(fields, logo))
    canvas = _Paper(board, pictures.opened(board, folder))
    per_page = [_no_more_than_needed(number, len(board.panels)) for number in per_page]
    sections = [_section(sheet, number) for number in per_page]
    draft = [_short_of_room(sheet, *section) for section in sections]
    appendix = _appendix(sheet, sorted(set().union(*draft)), quality.card(board) if "scores" in fields else [])
    total = sum(math.ceil(len(board.panels) / number) or 1 for number in per_page) + len(appendix)
    for (arranged, size), number in zip(sections, per_page, strict=True):
        for first in range(0, len(board.panels) or 1, number):
            canvas.new_page(sheet, arranged.page, total)
            for at in range(min(number, len(board.panels) - first)):
                place = arranged.place(at)
                page.draw_cell(canvas, sheet, first + at, place, arranged.picture, arranged.text, size, arranged.beside)
    for columns in appendix:
        canvas.new_page(sheet, A4, total)
        for at, lines in enumerate(columns):
            page.draw_column(canvas, lines, MARGIN + at * (_COLUMN + 2 * GUTTER_X), MARGIN + HEAD)
    files.write_bytes(path, canvas.finished())
    return path


def _no_more_than_needed(per_page: int, num_panels: int) -> int:
    """A board with fewer panels than a page holds gets a page of larger ones."""
    return next(number for number in SIZES_PT if number >= min(per_page, num_panels))


def _section(sheet: Sheet, per_page: int) -> tuple[Grid, float]:
    """The arrangement for so many panels a page, and the size of its words; all have room if pictures stay large."""
    everybody, most = (_arranged(sheet, per_page, share) for share in (1.0, _ROOMY_SHARE))
    area = [one.picture[0] * one.picture[1] for one, _ in (everybody, most)]
    all_have_room = not _short_of_room(sheet, *everybody)
    return everybody if all_have_room and area[0] >= _LEAST_SHARE_OF_PICTURE * area[1] else most


def _arranged(sheet: Sheet, per_page: int, share: float) -> tuple[Grid, float]:
    """The arrangement, and the largest size, in which the words of this share of the panels have room."""
    everyone = range(len(sheet.board.panels))

    @functools.cache
    def height(width: float) -> float:
        return _enough((sheet.words_height(number, SIZES_PT[per_page] * POINT, width) for number in everyone), share)

    arranged = grid.arrange(per_page, sheet.ratio, height)
    size = SIZES_PT[per_page]
    while size > _SMALLEST_PT:
        width, room = arranged.text
        if _enough((sheet.words_height(number, size * POINT, width) for number in everyone), share) <= room + 0.01:
            break
        size -= 0.25
    return arranged, size * POINT


def _enough(heights: Iterable[float], share: float) -> float:
    """The height that is enough for this share."""
    ordered = sorted(heights)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def _short_of_room(sheet: Sheet, arranged: Grid, size: float) -> set[int]:
    width, room = arranged.text
    everyone = range(len(sheet.board.panels))
    return {number for number in everyone if sheet.words_height(number, size, width) > room + 0.01}


def _appendix(sheet: Sheet, numbers: list[int], card: Sequence[quality.Told]) -> list[list[list[Line]]]:
    """Pages of two columns with all the words of these panels, the quality card, and what the fonts cannot write."""
    size = 9.5 * POINT
    told: list[Line] = []
    for number in numbers:
        heading = Block("", f"{words.capital(sheet.word('panel'))} {number + 1}")
        told += typeset.spaced(typeset.lines([heading], size * 1.15, _COLUMN), 2 * size)
        told += typeset.spaced(typeset.lines(sheet.said[number], size, _COLUMN), 0.4 * size)
    if card:
        heading = Block("", words.capital(sheet.word("quality")))
        told += typeset.spaced(typeset.lines([heading], size * 1.15, _COLUMN), 2 * size)
        measured = [Block(one.reason, f"{words.capital(one.name)} {one.value}") for one in card]
        told += typeset.spaced(typeset.lines(measured, size, _COLUMN), 0.4 * size)
    if sheet.missing:
        codes = ", ".join(f"U+{ord(char):04X}" for char in sheet.missing)
        note = Block(codes, words.capital(sheet.word("not in the fonts")), "mark")
        told += typeset.spaced(typeset.lines([note], size, _COLUMN), 2 * size)
    columns = typeset.broken(told, A4[1] - 2 * MARGIN - HEAD - FOOT)
    return [columns[start : start + 2] for start in range(0, len(columns), 2)]


class _Paper:
    """A canvas that is a PDF."""

    def __init__(self, board: Storyboard, drawn: Sequence[Image.Image | None]) -> None:
        self._drawn = drawn
        self._pdf = FPDF(unit="mm", format=A4)
        self._pdf.set_auto_page_break(False)
        self._pdf.set_margin(0)
        self._pdf.set_title(board.title)
        self._pdf.set_subject(board.logline)
        self._pdf.set_lang(board.language)
        self._pdf.set_creator(f"storywright {__version__}")
        self._pdf.set_creation_date(_date(board))
        self._known: set[Face] = set()
        self._panels: dict[int, io.BytesIO] = {}

    def new_page(self, sheet: Sheet, size: tuple[float, float], total: int) -> None:
        """Begin a page with its head and its foot."""
        self._pdf.add_page(format=size)
        page.draw_head(self, sheet, size[0])
        page.draw_foot(self, sheet, size, f"{self._pdf.page_no()} / {total}")

    def finished(self) -> bytes:
        """The file."""
        return bytes(self._pdf.output())

    def text(self, x: float, y: float, text: str, face: Face, size: float, colour: Colour) -> None:
        for run in typeface.runs(text, face):
            if run.face not in self._known:
                self._known.add(run.face)
                self._pdf.add_font(run.face, fname=FONTS[run.face])
            self._pdf.set_font(run.face, size=size / POINT)
            self._pdf.set_text_color(*colour)
            self._pdf.text(x, y, run.text)
            x += typeface.width(run.text, run.face, size)

    def panel(self, number: int, box: Box) -> None:
        if number not in self._panels:
            self._panels[number] = _jpeg(self._drawn[number], box[2] / box[3])
        self._pdf.image(self._panels[number], *box)

    def image(self, picture: Image.Image, box: Box) -> None:
        self._pdf.image(picture, *box)

    def shape(self, points: Sequence[Point], fill: Colour | None, line: Colour, thickness: float) -> None:
        self._pdf.set_draw_color(*line)
        self._pdf.set_line_width(thickness)
        if fill:
            self._pdf.set_fill_color(*fill)
            self._pdf.polygon(points, style="DF")
        else:
            self._pdf.polyline(points)


def _jpeg(picture: Image.Image | None, ratio: float) -> io.BytesIO:
    """The picture with pixels enough for print: viewers enlarge a small one in squares."""
    wide = 0 if picture is None else picture.width
    width = min(max(wide, _LEAST_PIXELS), _MOST_PIXELS)
    stream = io.BytesIO()
    pictures.fitted(picture, (width, round(width / ratio))).save(stream, "JPEG", quality=90, subsampling=0)
    return stream


def _date(board: Storyboard) -> datetime:
    try:
        return datetime.fromisoformat(str(board.provenance.settings.get("date", ""))).replace(tzinfo=UTC)
    except ValueError:
        return _NO_DATE
