"""Boards as files that other programs open, one format a module, and the table of what there is.

A format is a module here with `write(board, folder, path, …) -> Path`: `folder` holds the board's pictures, `path` is
the file to write, which is whole or not there. It knows nothing but `board.json` and the pictures. A format that comes
back has `read(path) -> Storyboard` too, and one that leaves other files beside its own says which: `beside(path) ->
list[Path]`. A module is loaded when its format is asked for.
"""

import importlib
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from storywright import files
from storywright.board import Storyboard, read_board
from storywright.errors import BadInput, needs_extra


@dataclass(frozen=True, slots=True)
class Format:
    """One line of the table."""

    module: str
    """The module under storywright.export."""
    suffix: str
    """How its files end, with the dot."""
    line: str
    """What it is for, in one line."""
    takes: tuple[str, ...] = ()
    """The keyword options of its `write` beyond board, folder and path."""


FORMATS: dict[str, Format] = {
    # name: (module, suffix, one line of description, options of its write)
    "pdf": Format("pdf", ".pdf", "pages for a meeting, searchable", ("per_page", "fields", "logo")),
    "png": Format("png", ".png", "one sheet with every panel", ("fields", "logo")),
    "html": Format("html", ".html", "one page that opens anywhere without a network"),
    "mp4": Format(
        "mp4",
        ".mp4",
        "the animatic: moves, voice, captions",
        ("fps", "height", "captions", "supers", "track", "clips"),
    ),
    "gif": Format("gif", ".gif", "the film in small, for a chat", ("track",)),
    "webp": Format("webp", ".webp", "the film in small, sharper than gif", ("track",)),
    "otio": Format(
        "otio", ".otio", "OpenTimelineIO, with all that the board knows; reads back", ("fps", "drop", "track")
    ),
    "fcpxml": Format("fcpxml", ".fcpxml", "Final Cut Pro, DaVinci Resolve", ("fps", "drop", "track", "portable")),
    "fcp7": Format("fcp7", ".xml", "Premiere Pro, DaVinci Resolve", ("fps", "drop", "track", "portable")),
    "edl": Format("edl", ".edl", "CMX3600 cut list for every editing program", ("fps", "drop", "track")),
    "csv": Format("shot_list_csv", ".csv", "shot list as plain table", ("fps", "drop", "track")),
    "xlsx": Format("shot_list_xlsx", ".xlsx", "shot list as spreadsheet with pictures", ("fps", "drop", "track")),
    "storyboarder": Format("storyboarder", ".storyboarder", "Wonder Unit's Storyboarder; reads back", ("fps",)),
    "srt": Format("srt", ".srt", "subtitles for players and editors", ("track", "speakers")),
    "vtt": Format("vtt", ".vtt", "subtitles for web players", ("track",)),
    "wav": Format("wav", ".wav", "the film's voice for an editor's sound track", ("track",)),
    "fountain": Format("fountain", ".fountain", "screenplay for Highland, Beat and any text editor; reads back"),
    "fdx": Format("fdx", ".fdx", "Final Draft script; reads back"),
    # zip stays the last: it takes along what was written before it
    "zip": Format("zip", ".zip", "the board, its pictures and every file exported with it", ("also",)),
}

_DEVICE = re.compile("con|prn|aux|nul|(com|lpt)[0-9]")
"""What Windows takes for a device, whatever its ending."""


def export(
    folder: Path,
    formats: Sequence[str],
    out: Path,
    *,
    options: Mapping[str, object] | None = None,
    on_file: Callable[[str, Path], None] = lambda _name, _path: None,
) -> list[Path]:
    """Write the board of `folder` in each of the formats into `out`, and say where the files are.

    A format takes those of the options that it knows. Where one fails, the others are written all the same, and what
    went wrong is said at the end.
    """
    names = known(formats)
    place = folder if folder.is_dir() else folder.parent
    board = read_board(folder)
    out = _writable(out)
    made: dict[str, list[Path]] = {}
    failed: dict[str, list[str]] = {}

    def write(name: str) -> list[Path]:
        path = out / f"{stem(board)}{FORMATS[name].suffix}"
        given = {key: value for key, value in (options or {}).items() if key in FORMATS[name].takes}
        if "also" in FORMATS[name].takes:
            given["also"] = [file for written in made.values() for file in written]
        return [module(name).write(board, place, path, **given), *_beside(name, path)]

    # Two at a time: while the film's encoder works, the others are written.
    with ThreadPoolExecutor(2) as pool:
        under_way = {name: pool.submit(write, name) for name in names if "also" not in FORMATS[name].takes}
        for name in names:
            try:
                made[name] = under_way[name].result() if name in under_way else write(name)
            except BadInput as error:
                failed.setdefault(str(error), []).append(name)
            else:
                on_file(name, made[name][0])
    if failed:
        raise BadInput(" ".join(f"{', '.join(which)}: {sentence}" for sentence, which in failed.items()))
    return [written[0] for written in made.values()]


def known(formats: Sequence[str]) -> list[str]:
    """The names in the table's order, each once; `all` is every format; refuses a name that is not there."""
    wanted = set(FORMATS) if "all" in formats else set(formats)
    if unknown := sorted(wanted - set(FORMATS)):
        raise BadInput(f"There is no format {unknown[0]!r}; the formats are {', '.join(FORMATS)}, or all of them: all.")
    return [name for name in FORMATS if name in wanted]


def module(name: str) -> ModuleType:
    """The module of a format, with what it needs."""
    with needs_extra("export", f"Exporting {name}"):
        return importlib.import_module(f"storywright.export.{FORMATS[name].module}")


def stem(board: Storyboard) -> str:
    """The name of a board's files without their ending: its title, fit for any disk."""
    name = re.sub(r"\W+", "-", board.title.lower()).strip("-")[:60].rstrip("-")
    return f"{name}-{board.id}" if _DEVICE.fullmatch(name) else name or board.id


def _beside(name: str, path: Path) -> list[Path]:
    listed = getattr(module(name), "beside", None)
    return listed(path) if listed else []


def _writable(out: Path) -> Path:
    if out.exists() and not out.is_dir():
        raise BadInput(f"{out} is a file: name a folder for the exports.")
    try:
        with files.full_disk_named(out):
            out.mkdir(parents=True, exist_ok=True)
    except NotADirectoryError as error:
        raise BadInput(f"{out} lies below a file and not in a folder: choose another folder.") from error
    except FileNotFoundError as error:
        raise BadInput(f"{out} cannot be made, since nothing can be written there: choose another folder.") from error
    return out
