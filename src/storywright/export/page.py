"""Pages of a board for people to look at: what stands where, drawn on whatever canvas it is given.

Knows nothing about PDF or pixels. Lengths are millimetres from the top left of the page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from PIL import Image, UnidentifiedImageError

from storywright import files
from storywright.board import Storyboard, picture_size
from storywright.errors import BadInput
from storywright.export import camera, typeface, typeset, words
from storywright.export.camera import Point
from storywright.export.grid import BESIDE, HEAD, MARGIN, STRIP, UNDER, WIDEST_COLUMN
from storywright.export.typeface import Face
from storywright.export.typeset import Block, Line

POINT = 25.4 / 72
"""One typographic point in millimetres."""
Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]
"""Left, top, width and height."""
TONES: dict[str, Colour] = {"ink": (29, 29, 31), "soft": (122, 119, 114), "mark": (176, 66, 28)}
_HAIR: Colour = (214, 211, 205)
_WHITE: Colour = (255, 255, 255)
_LARGEST_LOGO = (38.0, 11.5)
_BETWEEN_COLUMNS = 10.0


class Canvas(Protocol):
    """What a page is drawn on."""

    def text(self, x: float, y: float, text: str, face: Face, size: float, colour: Colour) -> None:
        """Words from `x` on, standing on the line `y`."""

    def panel(self, number: int, box: Box) -> None:
        """The picture of the panel with this number, counted from nought."""

    def image(self, picture: Image.Image, box: Box) -> None:
        """Any other picture."""

    def shape(self, points: Sequence[Point], fill: Colour | None, line: Colour, thickness: float) -> None:
        """A closed shape where it is filled, and an open line where it is not."""


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody chooses about pages."""

    fields: Sequence[str] = words.USUAL_FIELDS
    """What is said under a picture."""
    logo: Path | None = None
    """A picture for the corner; without it the logo among the brief's assets, if it lies in the board's folder."""

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.fields) - set(words.FIELDS)):
            raise BadInput(f"A panel has no field {unknown[0]!r} to print; choose from {', '.join(words.FIELDS)}.")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A board with what is the same on all of its pages."""

    board: Storyboard
    logo: Image.Image | None
    said: tuple[list[Block], ...]
    """What stands under each picture."""

    @classmethod
    def of(cls, board: Storyboard, folder: Path, look: Look) -> "Sheet":
        """Gather everything that the pages say."""
        said = tuple(typeset.blocks(panel, look.fields, board.language) for panel in board.panels)
        return cls(board, _logo(board, folder, look.logo), said)

    @property
    def ratio(self) -> float:
        """Width to height of a panel."""
        width, height = picture_size(self.board.aspect, 1000)
        return width / height

    @property
    def missing(self) -> list[str]:
        """The characters that no face can write."""
        told = "".join(block.label + block.text for said in self.said for block in said)
        return typeface.missing(self.board.title + self.board.logline + told)

    def word(self, term: str) -> str:
        """A label in the board's language."""
        return words.word(term, self.board.language)

    def columns(self, number: int, size: float, width: float) -> list[tuple[float, list[Line]]]:
        """The set words of a panel: one column, or two of picture and sound where one would be too wide to read."""
        said = self.said[number]
        if width <= WIDEST_COLUMN:
            return [(0.0, typeset.lines(said, size, width))]
        half = (width - _BETWEEN_COLUMNS) / 2
        seen = typeset.lines([block for block in said if not block.heard], size, half)
        return [(0.0, seen), (half + _BETWEEN_COLUMNS, typeset.lines([b for b in said if b.heard], size, half))]

    def words_height(self, number: int, size: float, width: float) -> float:
        """The room that the words of a panel take."""
        return max(typeset.height(lines) for _, lines in self.columns(number, size, width))


def notices(sheet: Sheet) -> list[str]:
    """What the pages of this board leave out, and what would help."""
    told = []
    if sheet.missing:
        told.append(f"The fonts cannot write {' '.join(sheet.missing)}: left out of PDF, PNG and captions.")
    named = _named_logos(sheet.board)
    if named and not sheet.logo:
        told.append(f"The brief's logo {named[0]} is not in the board's folder: put it there, or give it with --logo.")
    return told


def draw_cell(
    canvas: Canvas,
    sheet: Sheet,
    number: int,
    place: Point,
    picture: tuple[float, float],
    text: tuple[float, float],
    size: float,
    beside: bool = False,
) -> bool:
    """Draw a panel with its words; False where these had no room and were shortened."""
    panel, (x, y) = sheet.board.panels[number], place
    base = y + STRIP - 1.7
    canvas.text(x, base, str(number + 1), "semibold", 11 * POINT, TONES["ink"])
    lasts = words.seconds(panel.seconds, sheet.board.language)
    _ending(canvas, x + picture[0], base, lasts, "regular", 8 * POINT, TONES["soft"])
    box = (x, y + STRIP, *picture)
    canvas.panel(number, box)
    _draw_marks(canvas, sheet, number, box)
    if beside:
        corner, room = (x + picture[0] + BESIDE, y + STRIP), text[1]
    else:
        corner, room = (x, y + STRIP + picture[1] + UNDER), text[1]
    columns = sheet.columns(number, size, text[0])
    whole = all(typeset.height(lines) <= room + 0.01 for _, lines in columns)
    for offset, lines in columns:
        _draw_lines(canvas, lines if whole else _shortened(sheet, lines, room), (corner[0] + offset, corner[1]))
    return whole


def draw_head(canvas: Canvas, sheet: Sheet, width: float) -> None:
    """Title, logline, what the board is for, and the logo."""
    board, right, small = sheet.board, width - MARGIN, 8 * POINT
    if sheet.logo:
        box_width, box_height = _inside(sheet.logo.size, _LARGEST_LOGO)
        canvas.image(sheet.logo, (right - box_width, MARGIN - 0.6, box_width, box_height))
        right -= box_width + 7.0
    product = typeface.clipped(board.brief.product.name if board.brief else "", "semibold", small, 60.0)
    facts = _facts(board)
    wide = max(typeface.width(product, "semibold", small), typeface.width(facts, "regular", small))
    _ending(canvas, right, MARGIN + 4.6, product, "semibold", small, TONES["ink"])
    _ending(canvas, right, MARGIN + 9.6, facts, "regular", small, TONES["soft"])
    room = right - MARGIN - wide - 8.0
    size = next((pt * POINT for pt in (15, 14, 13, 12) if _fits(board.title, pt * POINT, room)), 11 * POINT)
    title = typeface.clipped(board.title, "semibold", size, room)
    canvas.text(MARGIN, MARGIN + 4.6, title, "semibold", size, TONES["ink"])
    first, *more = typeface.wrapped(" ".join(board.logline.split()), "italic", 9 * POINT, room) or [""]
    for row, line in enumerate([first, typeface.clipped(" ".join(more), "italic", 9 * POINT, room)]):
        canvas.text(MARGIN, MARGIN + 9.6 + 4.2 * row, line, "italic", 9 * POINT, TONES["soft"])
    y = MARGIN + HEAD - 5.2
    canvas.shape(((MARGIN, y), (width - MARGIN, y)), None, _HAIR, 0.25)


def draw_foot(canvas: Canvas, sheet: Sheet, page: tuple[float, float], pages: str) -> None:
    """Version and date to the left, the page to the right."""
    board, small, y = sheet.board, 7.5 * POINT, page[1] - MARGIN
    date = str(board.provenance.settings.get("date", ""))
    left = " · ".join(part for part in (f"{sheet.word('version')} {board.id}", date) if part)
    canvas.text(MARGIN, y, words.capital(left), "regular", small, TONES["soft"])
    _ending(canvas, page[0] - MARGIN, y, pages, "regular", small, TONES["soft"])


def draw_column(canvas: Canvas, lines: Sequence[Line], x: float, top: float) -> None:
    """Lines of words without a picture."""
    _draw_lines(canvas, lines, (x, top))


def _draw_lines(canvas: Canvas, lines: Sequence[Line], corner: Point) -> None:
    x, y = corner
    for line in lines:
        y += line.height
        base = y - line.size * (typeset.LEADING - 1.02)
        for part in line.parts:
            canvas.text(x + part.x, base, part.text, part.face, line.size, TONES[part.tone])


def _shortened(sheet: Sheet, lines: list[Line], room: float) -> list[Line]:
    """As many lines as have room, the last of which says where the rest is."""
    if typeset.height(lines) <= room:
        return lines
    pointer = typeset.pointer(f"→ {sheet.word('continued')}", lines[0].size)
    kept: list[Line] = []
    for line in lines:
        if typeset.height([*kept, line, pointer]) > room:
            break
        kept.append(line)
    return [*kept, pointer]


def _draw_marks(canvas: Canvas, sheet: Sheet, number: int, box: Box) -> None:
    """A hairline around the picture, and the signs of its move on it."""
    x, y, width, height = box
    edge = ((x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y))
    canvas.shape(edge, None, _HAIR, 0.2)
    thin = max(0.22, min(width, height) / 190)
    for mark in camera.marks(sheet.board.panels[number].shot.move, sheet.ratio):
        points = [(x + part_x * width, y + part_y * height) for part_x, part_y in mark.points]
        if mark.closed:
            canvas.shape(points, _WHITE, TONES["ink"], thin)
        else:
            canvas.shape(points, None, _WHITE, 2.6 * thin)
            canvas.shape(points, None, TONES["ink"], thin)


def _ending(canvas: Canvas, x: float, y: float, text: str, face: Face, size: float, colour: Colour) -> None:
    """Words that end at `x`."""
    canvas.text(x - typeface.width(text, face, size), y, text, face, size, colour)


def _fits(title: str, size: float, room: float) -> bool:
    return typeface.width(title, "semibold", size) <= room


def _facts(board: Storyboard) -> str:
    length = words.seconds(board.seconds, board.language).replace(".0 ", " ").replace(",0 ", " ")
    return " · ".join((length, board.aspect, words.num_panels(len(board.panels), board.language)))


def _logo(board: Storyboard, folder: Path, chosen: Path | None) -> Image.Image | None:
    named = (files.inside(folder, name) for name in _named_logos(board))
    path = chosen or next((file for file in named if file.is_file()), None)
    if path is None:
        return None
    try:
        with Image.open(path) as picture:
            return picture.convert("RGBA")
    except FileNotFoundError as error:
        raise BadInput(f"The logo {path} does not exist: check the path.") from error
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise BadInput(f"The logo {path} is not a picture that can be read: give a PNG or a JPEG.") from error


def _named_logos(board: Storyboard) -> list[str]:
    return [asset.file for asset in board.brief.assets if asset.kind == "logo" and asset.file] if board.brief else []


def _inside(size: tuple[int, int], largest: tuple[float, float]) -> tuple[float, float]:
    scale = min(largest[0] / size[0], largest[1] / size[1])
    return size[0] * scale, size[1] * scale
