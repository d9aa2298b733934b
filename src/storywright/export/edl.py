"""CMX3600 EDL: the cut list that every editing program has read for forty years.

An event is a panel; a picture's source begins at zero and its reel is a name of eight letters. The format ends at 999
events: a longer film goes on in a second file, at the timecode where the first one ended.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from storywright import files
from storywright.board import Storyboard
from storywright.export import timeline as timelines
from storywright.export.timeline import Cut, Timeline
from storywright.voice.track import Track
from storywright.voice.wording import in_latin

_MOST_EVENTS = 999
_REEL = 8
_BLACK, _SOUND = "BL", "VOICE"
_LINE = 200


def write(
    board: Storyboard,
    folder: Path,
    path: Path,
    *,
    fps: float | str = 25,
    drop: bool = False,
    track: Track | None = None,
) -> Path:
    """Write the board's cuts; past 999 events also `NAME-2.edl`, `NAME-3.edl` and so on, which go on from there."""
    film = timelines.timeline(board, folder, path, fps=fps, drop=drop, track=track)
    reels = _reels(film.cuts)
    each = _MOST_EVENTS - bool(film.sound)
    parts = [film.cuts[at : at + each] for at in range(0, len(film.cuts), each)] or [[]]
    for number, cuts in enumerate(parts, 1):
        title = _latin(film.title)[:60] or "STORYBOARD"
        title += f" ({number} OF {len(parts)})" if len(parts) > 1 else ""
        place = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        files.write_text(place, "\r\n".join(_lines(title, cuts, film, board, reels)) + "\r\n")
    return path


def beside(path: Path) -> list[Path]:
    """The files in which a long film goes on."""
    title = path.read_text(encoding="utf-8").partition("\n")[0]
    parts = int(found[1]) if (found := re.search(r"\(1 OF (\d+)\)$", title)) else 1
    return [path.with_stem(f"{path.stem}-{number}") for number in range(2, parts + 1)]


def _lines(title: str, cuts: Sequence[Cut], film: Timeline, board: Storyboard, reels: dict[int, str]) -> list[str]:
    lines = [f"TITLE: {title}", f"FCM: {'DROP FRAME' if film.rate.drop else 'NON-DROP FRAME'}", ""]
    for event, cut in enumerate(cuts, 1):
        lines += [_event(event, reels[cut.number], "V", 0, cut.start, cut.frames, film)]
        lines += [f"* FROM CLIP NAME: {_one_line(cut.name)}"] if cut.picture else []
        lines += [
            f"* COMMENT: {_one_line(f'{label}: {text}' if label else text)}"
            for label, text in timelines.notes(cut, board)
        ]
        lines += [""]
    if film.sound and cuts:
        start = cuts[0].start
        frames = min(cuts[-1].start + cuts[-1].frames, film.sound_frames) - start
        lines += [_event(len(cuts) + 1, _SOUND, "A", start, start, frames, film)]
        lines += [f"* FROM CLIP NAME: {_one_line(film.sound.name)}", ""]
    return lines


def _event(number: int, reel: str, channel: str, source: int, record: int, frames: int, film: Timeline) -> str:
    """Number, reel, channel, cut, and in and out on the source and on the record, each in its column."""
    record += film.rate.start
    times = (source, source + frames, record, record + frames)
    codes = " ".join(film.rate.timecode(frame) for frame in times)
    return f"{number:03d}  {reel:<8} {channel:<5} C        {codes}"


def _reels(cuts: Sequence[Cut]) -> dict[int, str]:
    """A reel of eight capital letters and digits for each picture, the same for the same picture, unlike all others."""
    by_source: dict[Path, str] = {}
    taken = {_BLACK, _SOUND, "AX"}
    for cut in cuts:
        if cut.picture and cut.picture not in by_source:
            wished = re.sub(r"[^A-Z0-9]", "", _latin(cut.picture.stem).upper())[:_REEL] or f"PANEL{cut.number:03d}"
            wished = f"P{wished}"[:_REEL] if wished.isdigit() else wished
            by_source[cut.picture] = _free(wished, taken)
            taken.add(by_source[cut.picture])
    return {cut.number: by_source[cut.picture] if cut.picture else _BLACK for cut in cuts}


def _free(wished: str, taken: set[str]) -> str:
    own, count = wished[:_REEL], 1
    while own in taken:
        count += 1
        ending = str(count)
        own = wished[: _REEL - len(ending)] + ending
    return own


def _latin(text: str) -> str:
    return " ".join(in_latin(text).encode("ascii", "ignore").decode().split())


def _one_line(text: str) -> str:
    """A comment is one line; its letters are UTF-8, which programs of this century read."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LINE]
