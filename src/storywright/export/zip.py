"""Everything in one ZIP: the board's folder as it stands, and each file that was exported with it.

The same content gives the same bytes: names in order, one date for all.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from storywright import files
from storywright.board import BOARD_FILE, Storyboard
from storywright.export import pictures, timeline

_THEN = (1980, 1, 1, 0, 0, 0)
_TIMELINES = frozenset((".otio", ".fcpxml", ".xml"))
_REFERENCE = '"target_url": "|src="|<pathurl>'
_PACKED = frozenset((".png", ".jpg", ".jpeg", ".webp", ".gif", ".mp4", ".pdf", ".xlsx", ".zip"))


def write(board: Storyboard, folder: Path, path: Path, *, also: Sequence[Path] = ()) -> Path:
    """Write the ZIP with the files of `also`, which lie beside it; unpacked, its folder `board` is the board again."""
    pictures.opened(board, folder)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        _put(archive, f"board/{BOARD_FILE}", (board.model_dump_json(indent=2) + "\n").encode())
        for name in _files_of(board, folder):
            _put(archive, f"board/{name}", files.inside(folder, name).read_bytes())
        places = _places(board, folder, path, also)
        for exported in sorted(set(also)):
            content = exported.read_bytes()
            if exported.suffix in _TIMELINES:
                content = _pointing(content.decode(), places).encode()
            _put(archive, exported.relative_to(path.parent).as_posix(), content)
    files.write_bytes(path, stream.getvalue())
    return path


def _places(board: Storyboard, folder: Path, path: Path, also: Sequence[Path]) -> dict[str, str]:
    """How timelines name media where they lie now, and how they have to inside the ZIP."""
    inside = {files.inside(folder, name): f"board/{name}" for name in _files_of(board, folder)}
    inside |= {exported: exported.relative_to(path.parent).as_posix() for exported in also}
    now = {media.resolve().as_uri(): quote(name) for media, name in inside.items()}
    now |= {uri.replace("file:///", "file://localhost/"): name for uri, name in now.items()}  # as FCP7 names it
    return now | {timeline.relative(media, path): quote(name) for media, name in inside.items()}


def _pointing(text: str, places: Mapping[str, str]) -> str:
    """A timeline whose media are looked for where they lie once it is unpacked."""
    named = "|".join(re.escape(name) for name in sorted(places, key=len, reverse=True))
    return re.sub(f'({_REFERENCE})({named})(?=["<])', lambda match: match[1] + places[match[2]], text)


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
