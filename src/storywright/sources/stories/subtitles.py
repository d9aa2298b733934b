"""The words of a film: subtitles in a file beside it, SubRip or WebVTT, as lines with their times."""

import html
import re
from dataclasses import dataclass
from pathlib import Path

from storywright.errors import BadInput

SUFFIXES = (".srt", ".vtt")

_TIMES = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{2})[,.](\d{1,3})\s*-->\s*(?:(\d+):)?(\d{1,2}):(\d{2})[,.](\d{1,3})")
_MARKUP = re.compile(r"<[^<>]*>|\{\\[^{}]*\}")
_SPACES = re.compile(r"\s+")
_MOST_BYTES = 16_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """What is said, and when, in seconds."""

    begins: float
    ends: float
    words: str


def beside(film: Path, language: str) -> tuple[Path, str] | None:
    """The subtitles that lie beside a film, and their language: those of this language rather than others."""
    found: dict[str, Path] = {}
    for path in sorted(film.parent.iterdir()):
        if path.suffix.lower() in SUFFIXES and (path.stem == film.stem or path.stem.startswith(f"{film.stem}.")):
            named = path.stem.removeprefix(film.stem).strip(".").lower()[:2]
            found.setdefault(named or language, path)
    if not found:
        return None
    chosen = language if language in found else next(iter(found))
    return found[chosen], chosen


def read(path: Path) -> list[Line]:
    """The lines of a file of subtitles, in order."""
    if path.stat().st_size > _MOST_BYTES:
        raise BadInput(f"{path} has more than {_MOST_BYTES:,} bytes, too many for subtitles.")
    content = path.read_bytes()
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise BadInput(f"{path}, line {number} is not UTF-8: save the subtitles as UTF-8.") from error
    lines = []
    for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        times = _TIMES.search(block)
        if times and (words := plain(block[times.end() :].partition("\n")[2])):
            lines.append(Line(_seconds(times.groups()[:4]), _seconds(times.groups()[4:]), words))
    return sorted(lines, key=lambda line: line.begins)


def plain(text: str) -> str:
    """Words without their markup, on one line."""
    return _SPACES.sub(" ", html.unescape(_MARKUP.sub("", text).replace("\\N", " ").replace("\\n", " "))).strip()


def said(lines: list[Line], begins: float, ends: float) -> str:
    """What is said in a scene: the lines whose middle lies in it."""
    return " ".join(line.words for line in lines if begins <= (line.begins + line.ends) / 2 < ends)


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, thousandths = parts
    fraction = int((thousandths or "0").ljust(3, "0")) / 1000
    return int((hours or "0")[:6]) * 3600 + int(minutes or 0) * 60 + int(seconds or 0) + fraction
