"""WebVTT subtitles: those of web players, in which each line says who speaks."""

from pathlib import Path

from storywright import files
from storywright.board import Storyboard
from storywright.export.subtitles import clock, subtitles
from storywright.voice.track import Track

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\u200e": "&lrm;", "\u200f": "&rlm;"})


def write(board: Storyboard, folder: Path, path: Path, *, track: Track | None = None) -> Path:
    """Write the subtitles; a character's lines stand in a voice tag with their name."""
    blocks = ["WEBVTT", ""]
    for number, one in enumerate(subtitles(board, track), 1):
        text = "\n".join(line.translate(_ESCAPES) for line in one.lines)
        who = " ".join(one.who.split()).translate(_ESCAPES)
        blocks += [str(number), f"{clock(one.start_ms, '.')} --> {clock(one.end_ms, '.')}"]
        blocks += [f"<v {who}>{text}" if who else text, ""]
    files.write_text(path, "\n".join(blocks))
    return path
