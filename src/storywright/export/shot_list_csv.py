"""CSV shot list: UTF-8 with the mark by which spreadsheets know it, and no cell that they would take for a formula."""

import csv
import io
from pathlib import Path

from storywright import files
from storywright.board import Storyboard
from storywright.export.shot_list import Cell, shot_list
from storywright.voice.track import Track

_MARK = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write(
    board: Storyboard,
    folder: Path,
    path: Path,
    *,
    fps: float | str = 25,
    drop: bool = False,
    track: Track | None = None,
) -> Path:
    """Write the table, one row a panel."""
    table = shot_list(board, fps, drop, track)
    stream = io.StringIO(newline="")
    rows = csv.writer(stream, lineterminator="\r\n")
    rows.writerow(table.heads)
    rows.writerows([_safe(cell) for cell in row] for row in table.rows)
    files.write_text(path, _MARK + stream.getvalue())
    return path


def _safe(cell: Cell) -> Cell:
    """Text that a spreadsheet would compute gets an apostrophe before it, as typing one would do."""
    if not isinstance(cell, str):
        return cell
    cell = cell.replace("\0", "")
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
