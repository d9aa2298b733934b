"""Everything in one ZIP: the board's folder as it stands, and each file that was exported with it.

The same content gives the same bytes: names in order, one date for all.
"""

import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from storywright import files
from storywright.board import BOARD_FILE, Storyboard
from storywright.export import pictures

_THEN = (1980, 1, 1, 0, 0, 0)
_PACKED = frozenset((".png", ".jpg", ".jpeg", ".webp", ".gif", ".mp4", ".pdf", ".xlsx", ".zip"))


def write(board: Storyboard, folder: Path, path: Path, *, also: Sequence[Path] = ()) -> Path:
    """Write the ZIP with the files of `also`, which lie beside it; unpacked, its folder `board` is the board again."""
    pictures.opened(board, folder)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        _put(archive, f"board/{BOARD_FILE}", (board.model_dump_json(indent=2) + "\n").encode())
        for name in _files_of(board, folder):
            _put(archive, f"board/{name}", files.inside(folder, name).read_bytes())
        for exported in sorted(set(also)):
            _put(archive, exported.relative_to(path.parent).as_posix(), exported.read_bytes())
    files.write_bytes(path, stream.getvalue())
    return path


def _files_of(board: Storyboard, folder: Path) -> Iterable[str]:
    """The pictures, and those of the brief's assets that lie in the folder."""
    named = {panel.picture for panel in board.panels if panel.picture}
    assets = [asset.file for asset in board.brief.assets if asset.file] if board.brief else []
    return sorted(named | {name for name in assets if files.inside(folder, name).is_file()})


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _THEN)
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_STORED if Path(name).suffix in _PACKED else zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)
