"""SubRip subtitles: the plain ones that every player and editor reads."""

import re
from pathlib import Path

from storywright import files
from storywright.board import Storyboard
from storywright.export.subtitles import clock, subtitles
from storywright.voice.track import Track

_TAG = re.compile(r"<(?=[A-Za-z/])")
_CODE = re.compile(r"\{(?=\\)")
_JOINER = "\u2060"
"""Takes no room; after a bracket it keeps players from reading a tag."""


def write(board: Storyboard, folder: Path, path: Path, *, track: Track | None = None, speakers: bool = False) -> Path:
    """Write the subtitles; `speakers` puts a character's name before each of their lines."""
    blocks = []
    for number, one in enumerate(subtitles(board, track), 1):
        lines = [_plain(line) for line in one.lines]
        if speakers and one.who:
            lines[0] = f"{_plain(' '.join(one.who.split()))}: {lines[0]}"
        blocks.append("\n".join([str(number), f"{clock(one.start_ms, ',')} --> {clock(one.end_ms, ',')}", *lines, ""]))
    files.write_text(path, "\n".join(blocks))
    return path


def _plain(line: str) -> str:
    return _CODE.sub("{" + _JOINER, _TAG.sub("<" + _JOINER, line)).replace("-->", "→")
