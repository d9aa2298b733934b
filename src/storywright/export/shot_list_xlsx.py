"""XLSX shot list: the same table with pictures, wrapped and ready to print. The same board gives the same bytes."""

import io
import re
import unicodedata
import zipfile
from pathlib import Path

from openpyxl import Workbook
from openpyxl.drawing.image import Image as Drawing
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image

from storywright import files
from storywright.board import Storyboard
from storywright.export import pictures, quality, words
from storywright.export.shot_list import Cell, ShotList, shot_list
from storywright.export.timeline import for_xml
from storywright.voice.track import Track

_FIRST_ROW = 3
_PICTURE_PX = (176, 132)
"""A picture fits into this."""
_SHARPNESS = 2
"""Pixels of a picture for each pixel of the sheet."""
_WIDEST, _NARROWEST = 44, 6
_POINTS_A_LINE, _POINTS_A_PIXEL = 15.0, 0.75
_HIGHEST_POINTS = 409.0
"""The highest row that the format allows."""
_MOST_CHARACTERS = 32_000
"""The longest text that a cell holds is a little more."""
_HEAD = PatternFill("solid", fgColor="22201D")
_LINE = Border(bottom=Side("thin", color="DDD5C9"))
_TIMESTAMP = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:\2>)")


def write(
    board: Storyboard,
    folder: Path,
    path: Path,
    *,
    fps: float | str = 25,
    drop: bool = False,
    track: Track | None = None,
) -> Path:
    """Write the table, one row a panel with its picture."""
    table = shot_list(board, fps, drop, track)
    book = Workbook()
    book.properties.title, book.properties.creator = for_xml(board.title), "storywright"
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = _sheet_name(board.title)
    _fill(sheet, board.title, table)
    _shape(sheet, table)
    drawn = pictures.opened(board, folder)
    for row, picture in enumerate(drawn, _FIRST_ROW):
        if picture:
            _place(sheet, picture, row)
    if board.scores:
        _judge(book.create_sheet(words.capital(words.word("quality", board.language))), board)
    stream = io.BytesIO()
    book.save(stream)
    files.write_bytes(path, _without_time(stream.getvalue()))
    return path


def _judge(sheet: Worksheet, board: Storyboard) -> None:
    """The quality card."""
    for row, one in enumerate(quality.card(board), 1):
        _put(sheet, row, 1, words.capital(one.name)).font = Font(bold=True)
        _put(sheet, row, 2, board.scores[row - 1].value).number_format = "0.00"
        _put(sheet, row, 3, one.reason).alignment = Alignment(wrap_text=True, vertical="top")
    for column, width in zip("ABC", (18, 8, 100), strict=True):
        sheet.column_dimensions[column].width = width


def _fill(sheet: Worksheet, title: str, table: ShotList) -> None:
    _put(sheet, 1, 1, title).font = Font(bold=True, size=14)
    for column, head in enumerate(("", *table.heads), 1):
        cell = _put(sheet, _FIRST_ROW - 1, column, head)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), _HEAD
        cell.alignment = Alignment(vertical="center", wrap_text=True)
    for row, cells in enumerate(table.rows, _FIRST_ROW):
        for column, value in enumerate(("", *cells), 1):
            cell = _put(sheet, row, column, value)
            cell.alignment, cell.border = Alignment(vertical="top", wrap_text=True), _LINE


def _put(sheet: Worksheet, row: int, column: int, value: Cell):  # type: ignore[no-untyped-def]
    """A cell; text is text, even where it begins like a formula."""
    cell = sheet.cell(row, column)
    if isinstance(value, str):
        # Assigned to the value, a text that begins with = would become a formula.
        cell._value, cell.data_type = for_xml(value)[:_MOST_CHARACTERS].replace("\r\n", "\n").replace("\r", "\n"), "s"
        cell.quotePrefix = value.startswith("=")
    else:
        cell.value = value
    return cell


def _shape(sheet: Worksheet, table: ShotList) -> None:
    """Columns as wide as their words need within limits, rows as high as their words and pictures."""
    sheet.column_dimensions["A"].width = _PICTURE_PX[0] / 7 + 1
    widths = []
    for column, head in enumerate(table.heads, 2):
        longest = max((_width(str(row[column - 2])) for row in table.rows), default=0)
        widths.append(min(max(longest, _width(head), _NARROWEST), _WIDEST) + 2)
        sheet.column_dimensions[get_column_letter(column)].width = widths[-1]
    for number, row in enumerate(table.rows, _FIRST_ROW):
        lines = max(_num_lines(str(cell), width) for cell, width in zip(row, widths, strict=True))
        height = max(lines * _POINTS_A_LINE, (_PICTURE_PX[1] + 8) * _POINTS_A_PIXEL)
        sheet.row_dimensions[number].height = min(height, _HIGHEST_POINTS)
    sheet.row_dimensions[_FIRST_ROW - 1].height = 24
    sheet.freeze_panes = sheet.cell(_FIRST_ROW, 3)
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{_FIRST_ROW - 1}:{_FIRST_ROW - 1}"


def _width(text: str) -> int:
    """The columns that the longest line takes; Chinese and Japanese letters take two each."""
    return max((sum(_columns(letter) for letter in line) for line in text.splitlines()), default=0)


def _num_lines(text: str, width: float) -> int:
    return sum(max(1, -(-_width(line) // int(width))) for line in text.splitlines() or [""])


def _columns(letter: str) -> int:
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _place(sheet: Worksheet, picture: Image.Image, row: int) -> None:
    shown = picture.copy()
    shown.thumbnail((_PICTURE_PX[0] * _SHARPNESS, _PICTURE_PX[1] * _SHARPNESS), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    shown.save(stream, "PNG")
    drawing = Drawing(stream)
    scale = min(_PICTURE_PX[0] / shown.width, _PICTURE_PX[1] / shown.height)
    drawing.width, drawing.height = round(shown.width * scale), round(shown.height * scale)
    sheet.add_image(drawing, f"A{row}")


def _sheet_name(title: str) -> str:
    return re.sub(r"[\[\]:*?/\\']", " ", for_xml(title)).strip()[:31].strip() or "Storyboard"


def _without_time(content: bytes) -> bytes:
    """The same workbook with the year 2000 wherever the clock had been written."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == "docProps/core.xml":
                data = _TIMESTAMP.sub(rb"\g<1>2000-01-01T00:00:00Z\g<3>", data)
            fixed = zipfile.ZipInfo(entry.filename, (2000, 1, 1, 0, 0, 0))
            fixed.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(fixed, data)
    return stream.getvalue()
