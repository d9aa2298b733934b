"""How panels are arranged on a page: of all arrangements, the one that leaves the pictures largest.

Knows neither what is said nor what is drawn: it is told how high the words stand in a column of some width. Lengths are
millimetres.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

A4 = (297.0, 210.0)
MARGIN = 13.0
HEAD, FOOT = 22.0, 8.0
"""Room for title and page number, above and below the panels."""
STRIP = 5.4
"""The line above a picture that has the panel's number and its seconds."""
UNDER = 2.2
"""Between a picture and the words below it."""
GUTTER_X, GUTTER_Y = 8.0, 7.0
BESIDE = 5.0
"""Between a picture and the words beside it."""
WIDEST_COLUMN = 120.0
"""Words wider than this are set in two columns."""
_LEAST_TEXT_WIDTH = 38.0
_LEAST_TEXT_HEIGHT = 5.0
_LARGEST_TEXT_SHARE = 0.55
_UPRIGHT = 0.85
"""How much an upright page counts against a lying one, which a screen shows whole."""

_BESIDE_WORTH = 0.86
"""How much words beside a picture count against words below it, where pictures stand side by side as in the film."""

Height = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Grid:
    """Where pictures and words stand on a page."""

    page: tuple[float, float]
    columns: int
    pitch: tuple[float, float]
    """From one panel to the next, across and down."""
    picture: tuple[float, float]
    text: tuple[float, float]
    beside: bool
    """The words stand to the right of the picture instead of below it."""

    def place(self, at: int) -> tuple[float, float]:
        """The top left of a page's panel; a single column stands in the middle."""
        x = MARGIN + at % self.columns * self.pitch[0]
        if self.columns == 1 and not self.beside:
            x = (self.page[0] - self.text[0]) / 2
        return x, MARGIN + HEAD + at // self.columns * self.pitch[1]


def arrange(per_page: int, ratio: float, height: Height) -> Grid:
    """The best arrangement of so many panels of this width to height, where words of some width have that height."""
    found = [
        one
        for page in (A4, A4[::-1])
        for columns in range(1, per_page + 1)
        if per_page % columns == 0
        for one in _on(page, columns, per_page // columns, ratio, height)
    ]
    return max(found, key=_worth)


def _worth(grid: Grid) -> float:
    lying = grid.page[0] > grid.page[1]
    worth = grid.picture[0] * grid.picture[1]
    return worth * (1.0 if lying else _UPRIGHT) * (_BESIDE_WORTH if grid.beside else 1.0)


def _on(page: tuple[float, float], columns: int, rows: int, ratio: float, height: Height) -> Iterator[Grid]:
    across = page[0] - 2 * MARGIN
    width = (across - (columns - 1) * GUTTER_X) / columns
    tall = (page[1] - 2 * MARGIN - HEAD - FOOT - (rows - 1) * GUTTER_Y) / rows
    room, down = tall - STRIP, tall + GUTTER_Y
    if width >= _LEAST_TEXT_WIDTH:
        picture = _above_words(width, room, ratio, height)
        text = max(picture[0], min(_LEAST_TEXT_WIDTH, width))
        pitch = (across - text) / (columns - 1) if columns > 1 else across
        yield Grid(page, columns, (pitch, down), picture, (text, room - UNDER - picture[1]), beside=False)
    for share in (0.24, 0.28, 0.32, 0.36, 0.4, 0.45, 0.5, 0.55, 0.6):
        text = width * share - BESIDE
        if text >= _LEAST_TEXT_WIDTH and height(text) <= room:
            picture = _within(width - text - BESIDE, room, ratio)
            words = (width - picture[0] - BESIDE, room)
            yield Grid(page, columns, (width + GUTTER_X, down), picture, words, beside=True)


def _above_words(width: float, room: float, ratio: float, height: Height) -> tuple[float, float]:
    """The largest picture under which words of its own width have room, down to a share of the height."""
    smallest = _within(width, room * (1 - _LARGEST_TEXT_SHARE) - UNDER, ratio)
    largest = _within(width, room - UNDER - _LEAST_TEXT_HEIGHT, ratio)
    for step in range(41):
        wide = largest[0] + (smallest[0] - largest[0]) * step / 40
        if wide / ratio + UNDER + height(max(wide, min(_LEAST_TEXT_WIDTH, width))) <= room:
            return wide, wide / ratio
    return smallest


def _within(width: float, height: float, ratio: float) -> tuple[float, float]:
    return (height * ratio, height) if width > height * ratio else (width, width / ratio)
