"""FCPXML 1.8: the timeline of Final Cut Pro, which DaVinci Resolve reads as well.

Every time is a whole number of frames, written as a rational number of seconds. Pictures are stills: assets without a
length, shown by `video` elements as long as their panels, as Final Cut itself writes them.
"""

import xml.etree.ElementTree as ET
from pathlib import Path

from storywright import files
from storywright.board import Storyboard
from storywright.export import timeline as timelines
from storywright.export.timeline import Cut, Timeline, for_xml
from storywright.voice.track import RATE, Track

_NAMED_SIZES = {(1920, 1080): "1080p"}
_NAMED_RATES = {
    "24000/1001": "2398", "24": "24", "25": "25", "30000/1001": "2997", "30": "30", "50": "50", "60000/1001": "5994",
    "60": "60",
}  # fmt: skip


def write(
    board: Storyboard,
    folder: Path,
    path: Path,
    *,
    fps: float | str = 25,
    drop: bool = False,
    track: Track | None = None,
    portable: bool = False,
) -> Path:
    """Write the board as a project; `portable` names media relative to the file instead of where they lie now."""
    film = timelines.timeline(board, folder, path, fps=fps, drop=drop, track=track)
    root = ET.Element("fcpxml", version="1.8")
    resources = ET.SubElement(root, "resources")
    ET.SubElement(resources, "format", _film_format(film))
    stills = _stills(resources, film, path, portable)
    if film.sound:
        ET.SubElement(resources, "asset", _sound_asset(film, path, portable))
    event = ET.SubElement(ET.SubElement(root, "library"), "event", name=_name(film.title))
    sequence = ET.SubElement(ET.SubElement(event, "project", name=_name(film.title)), "sequence", _sequence(film))
    spine = ET.SubElement(sequence, "spine")
    for cut in film.cuts:
        _shown(spine, cut, film, board, stills.get(cut.number, ""))
    files.write_text(path, _document(root))
    return path


def beside(path: Path) -> list[Path]:
    """The sound."""
    return timelines.sound_beside(path)


def _document(root: ET.Element) -> str:
    ET.indent(root, "    ")
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n\n{body}\n'


def _film_format(film: Timeline) -> dict[str, str]:
    width, height = film.size
    made = {"id": "r1", "frameDuration": _time(1, film), "width": str(width), "height": str(height)}
    if film.size in _NAMED_SIZES and str(film.rate.fps) in _NAMED_RATES:
        made["name"] = f"FFVideoFormat{_NAMED_SIZES[film.size]}{_NAMED_RATES[str(film.rate.fps)]}"
    return made


def _stills(resources: ET.Element, film: Timeline, path: Path, portable: bool) -> dict[int, str]:
    """An asset for each picture and a format for each size; the asset's id by the panel's number."""
    formats: dict[tuple[int, int], str] = {}
    assets: dict[Path, str] = {}
    for cut in film.cuts:
        if cut.picture is None or cut.picture in assets:
            continue
        size = timelines.pixels(cut)
        if size not in formats:
            formats[size] = f"f{len(formats) + 1}"
            about = {"id": formats[size], "name": "FFVideoFormatRateUndefined"}
            ET.SubElement(resources, "format", about | {"width": str(size[0]), "height": str(size[1])})
        assets[cut.picture] = f"a{len(assets) + 1}"
        about = {"id": assets[cut.picture], "name": _name(cut.name), "src": _url(cut.picture, path, portable)}
        about |= {"start": "0s", "duration": "0s", "hasVideo": "1", "format": formats[size]}
        ET.SubElement(resources, "asset", about)
    return {cut.number: assets[cut.picture] for cut in film.cuts if cut.picture}


def _sound_asset(film: Timeline, path: Path, portable: bool) -> dict[str, str]:
    assert film.sound
    return {
        "id": "r2",
        "name": _name(film.sound.name),
        "src": _url(film.sound, path, portable),
        "start": "0s",
        "duration": _time(film.sound_frames, film),
        "hasAudio": "1",
        "audioSources": "1",
        "audioChannels": "1",
        "audioRate": str(RATE),
    }


def _sequence(film: Timeline) -> dict[str, str]:
    return {
        "format": "r1",
        "duration": _time(film.frames, film),
        "tcStart": _time(film.rate.start, film),
        "tcFormat": "DF" if film.rate.drop else "NDF",
        "audioLayout": "stereo",
        "audioRate": f"{RATE // 1000}k",
    }


def _shown(spine: ET.Element, cut: Cut, film: Timeline, board: Storyboard, asset: str) -> None:
    about = {"name": _name(cut.panel.id), "offset": _time(film.rate.start + cut.start, film)}
    about |= {"start": "0s", "duration": _time(cut.frames, film)}
    item = ET.SubElement(spine, "video", about | {"ref": asset}) if asset else ET.SubElement(spine, "gap", about)
    text = timelines.note(cut, board)
    if text:
        ET.SubElement(item, "note").text = text
    if cut.start == 0 and film.sound:
        heard = {"ref": "r2", "lane": "-1", "offset": "0s", "name": _name(film.sound.name)}
        ET.SubElement(item, "asset-clip", heard | {"duration": _time(film.sound_frames, film), "audioRole": "dialogue"})
    if text:
        value = cut.panel.action.strip() or text.splitlines()[0]
        marker = {"start": "0s", "duration": _time(1, film), "value": _name(value), "note": text}
        ET.SubElement(item, "marker", marker)


def _time(frames: int, film: Timeline) -> str:
    """So many frames as the format writes times: whole seconds, or a fraction over the rate's own denominator."""
    seconds = frames / film.rate.fps
    if seconds.denominator == 1:
        return f"{seconds.numerator}s"
    scale = 1 if film.rate.ntsc else 100  # as Final Cut writes them
    return f"{frames * film.rate.fps.denominator * scale}/{film.rate.fps.numerator * scale}s"


def _url(media: Path, path: Path, portable: bool) -> str:
    return timelines.relative(media, path) if portable else media.resolve().as_uri()


def _name(text: str) -> str:
    return _one_line(for_xml(text)) or "storywright"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
