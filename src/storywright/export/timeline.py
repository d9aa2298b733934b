"""A board as an editor sees it: cuts on whole frames, timecode, and where the pictures and the sound lie.

What all timeline formats share. Frames are counted from the film's beginning, not added up panel by panel, so that a
film is as long as the sum of its panels to a frame at every rate. Knows nothing about any format's syntax.
"""

import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from urllib.parse import quote

from PIL import Image, UnidentifiedImageError

from storywright import files
from storywright.board import Panel, Storyboard, picture_size
from storywright.errors import BadInput
from storywright.export import words
from storywright.voice.track import Cue, Track

_RATES = {
    "23.976": Fraction(24000, 1001),
    "23.98": Fraction(24000, 1001),
    "24": Fraction(24),
    "25": Fraction(25),
    "29.97": Fraction(30000, 1001),
    "30": Fraction(30),
    "48": Fraction(48),
    "50": Fraction(50),
    "59.94": Fraction(60000, 1001),
    "60": Fraction(60),
}
_SHORT_SIDE_PX = 1080
_START_HOUR = 1
"""Programmes begin at one hour, so that something can be put before them."""
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Rate:
    """Frames a second, and how they are counted."""

    fps: Fraction
    drop: bool = False
    """Timecode leaves out numbers, so that it keeps up with the clock; at 29.97 and 59.94 only."""

    @property
    def timebase(self) -> int:
        """The frames that timecode counts in a second."""
        return math.ceil(self.fps)

    @property
    def ntsc(self) -> bool:
        """Whether a second of timecode lasts a thousandth longer than a second."""
        return self.fps.denominator == 1001

    @property
    def start(self) -> int:
        """The film's first frame, counted from timecode zero."""
        frames = _START_HOUR * 3600 * self.timebase
        return frames - _dropped_before(_START_HOUR * 60, self) if self.drop else frames

    def timecode(self, frame: int) -> str:
        """HH:MM:SS:FF of a frame that is counted from timecode zero; with a semicolon where numbers are left out."""
        number = frame + _numbers_left_out(frame, self) if self.drop else frame
        seconds, frames = divmod(number, self.timebase)
        sign = ";" if self.drop else ":"
        return f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{sign}{frames:02d}"


@dataclass(frozen=True, slots=True)
class Cut:
    """One panel on the timeline."""

    number: int
    panel: Panel
    start: int
    """Its first frame, counted from the film's beginning."""
    frames: int
    """How many it has; at least one."""
    picture: Path | None
    """Its picture on this disk."""

    @property
    def name(self) -> str:
        """What the clip is called: the picture's name, else the panel's."""
        return self.picture.name if self.picture else self.panel.id


@dataclass(frozen=True, slots=True)
class Timeline:
    """A film in frames."""

    title: str
    rate: Rate
    size: tuple[int, int]
    """Width and height of the film in pixels."""
    cuts: list[Cut]
    cues: list[Cue]
    """What is said when; empty without a track."""
    sound: Path | None
    """The film's sound on this disk."""
    sound_seconds: Fraction
    """How long the sound is."""

    @property
    def frames(self) -> int:
        """The length of the film."""
        return self.cuts[-1].start + self.cuts[-1].frames if self.cuts else 0

    @property
    def sound_frames(self) -> int:
        """The whole frames for which there is sound; the film may end within a frame."""
        return min(self.frames, int(self.sound_seconds * self.rate.fps))

    def at(self, seconds: float) -> int:
        """The frame in which a moment of the film lies."""
        return min(int(Fraction(str(seconds)) * self.rate.fps), max(self.frames - 1, 0))


def timeline(
    board: Storyboard,
    folder: Path,
    path: Path,
    *,
    fps: float | str = 25,
    drop: bool = False,
    track: Track | None = None,
) -> Timeline:
    """The board at a frame rate; with a track, as long as its voice and with its sound, which is written beside."""
    rate = rate_of(fps, drop)
    seconds = track.panel_seconds if track else {panel.id: panel.seconds for panel in board.panels}
    at = edges([seconds[panel.id] for panel in board.panels], rate.fps)
    cuts = [
        Cut(number, panel, at[number - 1], at[number] - at[number - 1], _picture(number, panel, folder))
        for number, panel in enumerate(board.panels, 1)
    ]
    sound = track.save(path.with_suffix(".wav")) if track and track.sounds else None
    length = Fraction(len(track.samples), track.rate) if track and sound else Fraction(0)
    return Timeline(board.title, rate, film_size(board.aspect), cuts, track.cues if track else [], sound, length)


def rate_of(fps: float | str, drop: bool = False) -> Rate:
    """A frame rate that editors know, by its usual name."""
    name = fps if isinstance(fps, str) else f"{fps:g}"
    if name not in _RATES:
        raise BadInput(f"{name} frames a second is no rate that editing programs know: take {', '.join(_RATES)}.")
    if drop and (_RATES[name].denominator != 1001 or name.startswith("23")):
        raise BadInput(f"Drop-frame timecode exists at 29.97 and 59.94 frames a second only, not at {name}.")
    return Rate(_RATES[name], drop)


def edges(seconds: Sequence[float], fps: Fraction) -> list[int]:
    """Where each panel begins and the film ends: the frame nearest to the true time; a panel has one at least."""
    frames, until = [0], Fraction(0)
    for length in seconds:
        until += Fraction(str(length))
        frames.append(max(frames[-1] + 1, math.floor(until * fps + Fraction(1, 2))))
    return frames


def film_size(aspect: str) -> tuple[int, int]:
    """Full HD in the board's aspect: the shorter side has 1080 pixels."""
    width, height = (float(number) for number in aspect.split(":"))
    if width >= height:
        return picture_size(aspect, _SHORT_SIDE_PX)
    return _SHORT_SIDE_PX, round(_SHORT_SIDE_PX * height / width / 2) * 2


def relative(media: Path, path: Path) -> str:
    """The URL of a media file, relative to the timeline's own file: both can move together."""
    return quote(Path(os.path.relpath(media.resolve(), path.parent.resolve())).as_posix())


def sound_beside(path: Path) -> list[Path]:
    """The sound that a timeline's file refers to and that lies beside it."""
    sound = path.with_suffix(".wav")
    return [sound] if sound.is_file() and quote(sound.name) in path.read_text(encoding="utf-8") else []


def pixels(cut: Cut) -> tuple[int, int]:
    """The size of a cut's picture."""
    assert cut.picture
    try:
        with Image.open(cut.picture) as picture:
            return picture.size
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise BadInput(
            f"Panel {cut.number} ({cut.panel.id}): {cut.picture} is not a picture that can be read ({error})."
        ) from error


def notes(cut: Cut, board: Storyboard) -> list[tuple[str, str]]:
    """What an editor has to know about a panel, as label and text."""
    panel, language = cut.panel, board.language
    said = [(line.who, line.line) for line in panel.dialogue]
    told = [("", panel.action), ("", words.shot(panel, language)), ("", words.place(panel, language)), *said]
    told += [(words.capital(words.word(term, language)), text) for term, text in (
        ("voice", panel.voice_over), ("super", panel.super), ("sound", panel.sound)
    )]  # fmt: skip
    clean = [(_one_line(label), _one_line(text)) for label, text in told]
    return [(label, text) for label, text in clean if text]


def note(cut: Cut, board: Storyboard) -> str:
    """The same as lines of one text."""
    return "\n".join(f"{label}: {text}" if label else text for label, text in notes(cut, board))


def for_xml(text: str) -> str:
    """The text without the characters that no XML file can hold."""
    return _NOT_IN_XML.sub("", text)


def _one_line(text: str) -> str:
    return " ".join(for_xml(text).split())


def _picture(number: int, panel: Panel, folder: Path) -> Path | None:
    if not panel.picture:
        return None
    path = files.inside(folder, panel.picture)
    if not path.is_file():
        raise BadInput(
            f"Panel {number} ({panel.id}) has the picture {panel.picture}, which is not in {folder}: "
            "put the file back, or draw the panel again."
        )
    return path


def _dropped_before(minutes: int, rate: Rate) -> int:
    """Timecode numbers that do not exist in so many minutes: two (or four) each minute, except every tenth."""
    return (rate.timebase // 15) * (minutes - minutes // 10)


def _numbers_left_out(frame: int, rate: Rate) -> int:
    left_out = rate.timebase // 15
    in_minute = 60 * rate.timebase - left_out
    in_ten_minutes = 10 * in_minute + left_out
    tens, rest = divmod(frame, in_ten_minutes)
    # The first minute of ten leaves nothing out, and is longer by that much.
    minutes = 0 if rest < in_minute + left_out else 1 + (rest - in_minute - left_out) // in_minute
    return left_out * (9 * tens + minutes)
