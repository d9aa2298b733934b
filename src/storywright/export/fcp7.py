"""FCP7 XML (xmeml 4): the timeline that Premiere Pro and DaVinci Resolve import.

It says its `<format>`, without which Resolve takes no notice of a sequence. Frames are counted; a rate is a timebase
and whether it is NTSC's.
"""

import xml.etree.ElementTree as ET
from pathlib import Path

from storywright import files
from storywright.board import Storyboard
from storywright.export import timeline as timelines
from storywright.export.timeline import Cut, Timeline, for_xml
from storywright.voice.track import RATE, Track


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
    """Write the board as a sequence; `portable` names media relative to the file instead of where they lie now."""
    film = timelines.timeline(board, folder, path, fps=fps, drop=drop, track=track)
    root = ET.Element("xmeml", version="4")
    sequence = ET.SubElement(root, "sequence", id="sequence-1")
    _texts(sequence, name=_one_line(film.title) or "storywright", duration=film.frames)
    _rate(sequence, film)
    _timecode(sequence, film.rate.start, film)
    media = ET.SubElement(sequence, "media")
    _pictures(ET.SubElement(media, "video"), film, board, path, portable)
    if film.sound:
        _sound(ET.SubElement(media, "audio"), film, path, portable)
    for cue in film.cues:
        name = f"{cue.who}: {cue.text}" if cue.who else cue.text
        _marker(sequence, name, "", film.at(cue.start), max(film.at(cue.end), film.at(cue.start) + 1))
    files.write_text(path, _document(root))
    return path


def beside(path: Path) -> list[Path]:
    """The sound."""
    return timelines.sound_beside(path)


def _document(root: ET.Element) -> str:
    ET.indent(root, "  ")
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n{body}\n'


def _pictures(video: ET.Element, film: Timeline, board: Storyboard, path: Path, portable: bool) -> None:
    characteristics = ET.SubElement(ET.SubElement(video, "format"), "samplecharacteristics")
    _rate(characteristics, film)
    _size(characteristics, *film.size)
    _texts(characteristics, colordepth=24)
    track = ET.SubElement(video, "track")
    known: dict[Path, str] = {}
    for cut in film.cuts:
        if cut.picture:
            _clip(track, cut, film, board, known, path, portable)
    _texts(track, enabled="TRUE", locked="FALSE")


def _clip(
    track: ET.Element, cut: Cut, film: Timeline, board: Storyboard, known: dict[Path, str], path: Path, portable: bool
) -> None:
    assert cut.picture
    clip = ET.SubElement(track, "clipitem", id=f"clipitem-{cut.number}")
    name = f"file-{len(known) + 1}"
    number = known.setdefault(cut.picture, name).partition("-")[2]
    _texts(clip, masterclipid=f"masterclip-{number}", name=_one_line(cut.name), enabled="TRUE", duration=cut.frames)
    _rate(clip, film)
    _texts(clip, start=cut.start, end=cut.start + cut.frames)
    clip.append(ET.Element("in"))
    clip[-1].text = "0"
    _texts(clip, out=cut.frames, stillframe="TRUE", alphatype="none", pixelaspectratio="square", anamorphic="FALSE")
    file = ET.SubElement(clip, "file", id=known[cut.picture])
    if known[cut.picture] == name:  # a file is described where it is first used, and named after that
        _still(file, cut, film, path, portable)
    text = timelines.note(cut, board)
    if text:
        head = cut.panel.action.strip() or text.splitlines()[0]
        _marker(clip, head, text, 0, -1)
    _texts(ET.SubElement(clip, "logginginfo"), description=text, scene=cut.panel.setting, shottake=cut.panel.id)


def _still(file: ET.Element, cut: Cut, film: Timeline, path: Path, portable: bool) -> None:
    assert cut.picture
    _texts(file, name=_one_line(cut.name), pathurl=_url(cut.picture, path, portable))
    _rate(file, film)
    _texts(file, duration=cut.frames)
    _timecode(file, 0, film)
    characteristics = ET.SubElement(ET.SubElement(ET.SubElement(file, "media"), "video"), "samplecharacteristics")
    _rate(characteristics, film)
    _size(characteristics, *timelines.pixels(cut))


def _sound(audio: ET.Element, film: Timeline, path: Path, portable: bool) -> None:
    assert film.sound
    _texts(audio, numOutputChannels=1)
    heard = ET.SubElement(ET.SubElement(audio, "format"), "samplecharacteristics")
    _texts(heard, depth=16, samplerate=RATE)
    group = ET.SubElement(ET.SubElement(audio, "outputs"), "group")
    _texts(group, index=1, numchannels=1, downmix=0)
    _texts(ET.SubElement(group, "channel"), index=1)
    track = ET.SubElement(audio, "track")
    clip = ET.SubElement(track, "clipitem", id="clipitem-sound")
    _texts(clip, masterclipid="masterclip-sound", name=film.sound.name, enabled="TRUE", duration=film.sound_frames)
    _rate(clip, film)
    _texts(clip, start=0, end=film.sound_frames)
    clip.append(ET.Element("in"))
    clip[-1].text = "0"
    _texts(clip, out=film.sound_frames)
    file = ET.SubElement(clip, "file", id="file-sound")
    _texts(file, name=film.sound.name, pathurl=_url(film.sound, path, portable))
    _rate(file, film)
    _texts(file, duration=film.sound_frames)
    sound = ET.SubElement(ET.SubElement(file, "media"), "audio")
    _texts(ET.SubElement(sound, "samplecharacteristics"), depth=16, samplerate=RATE)
    _texts(sound, channelcount=1)
    _texts(ET.SubElement(clip, "sourcetrack"), mediatype="audio", trackindex=1)
    _texts(track, enabled="TRUE", locked="FALSE", outputchannelindex=1)


def _texts(parent: ET.Element, **texts: str | int) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, name).text = for_xml(str(text))


def _rate(parent: ET.Element, film: Timeline) -> None:
    _texts(ET.SubElement(parent, "rate"), timebase=film.rate.timebase, ntsc="TRUE" if film.rate.ntsc else "FALSE")


def _timecode(parent: ET.Element, frame: int, film: Timeline) -> None:
    timecode = ET.SubElement(parent, "timecode")
    _rate(timecode, film)
    _texts(timecode, string=film.rate.timecode(frame), frame=frame, displayformat="DF" if film.rate.drop else "NDF")


def _size(parent: ET.Element, width: int, height: int) -> None:
    _texts(parent, width=width, height=height, anamorphic="FALSE", pixelaspectratio="square", fielddominance="none")


def _marker(parent: ET.Element, name: str, comment: str, start: int, end: int) -> None:
    marker = ET.SubElement(parent, "marker")
    _texts(marker, name=_one_line(name), comment=comment)
    for label, frame in (("in", start), ("out", end)):
        ET.SubElement(marker, label).text = str(frame)


def _url(media: Path, path: Path, portable: bool) -> str:
    if portable:
        return timelines.relative(media, path)
    return media.resolve().as_uri().replace("file:///", "file://localhost/", 1)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
