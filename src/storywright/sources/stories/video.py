"""Films cut into frames: a panel for each scene, with what is said in it where the film has subtitles.

A film is read once from front to back and never held: frames of a variable rate are placed by their times, turned
upright, and given the shape that they are meant to be seen in. One that breaks off gives the scenes before that.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import av
import av.error
from PIL import Image

from storywright import files
from storywright.errors import BadInput
from storywright.sources.rights import Rights
from storywright.sources.stories import pictures, scenes, subtitles
from storywright.sources.stories.intake import WORDLESS
from storywright.sources.stories.story import Panel, Plan, Rejected, Story, Things, Unit
from storywright.sources.stories.subtitles import Line

SUFFIXES = frozenset(
    (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".m2ts", ".wmv", ".flv", ".ogv", ".3gp")
)

_READING = 1
"""Another number when the same film is read otherwise than before, so that it is read again."""
_LANGUAGES = {"eng": "en", "rus": "ru"}
_PROMPT = "a frame of a film"
_STYLE = "photo"
_MOST_PIXELS = 50_000_000
_MOST_BROKEN = 200
"""Packets in a row that cannot be decoded before the rest of a film is given up."""
_MISSING_SECONDS = 2.0
_OPENED = {
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,asf,flv,ogg",
    "protocol_whitelist": "file",
}
"""A file of these formats holds its own pictures; playlists, which may call themselves films, name other files."""


def units(paths: list[Path], root: Path, plan: Plan) -> Iterator[Unit]:
    """Each film, with a name that says where it is under `root`."""
    for path in paths:
        name = "-".join(path.relative_to(root).with_suffix("").parts)
        yield Unit(
            key=str(path.resolve()),
            fingerprint=_fingerprint(path, plan),
            read=partial(_read, path, name, plan),
        )


class _BrokenError(Exception):
    """A film that cannot be read, or not to its end."""


@dataclass(slots=True)
class _Words:
    """What is said, and in which language; the film's own subtitles arrive as it is read."""

    lines: list[Line]
    language: str

    def of(self, scene: scenes.Scene[Any], number: int) -> tuple[str, bool]:
        """The caption of a scene, and whether the film has words for it."""
        if words := subtitles.said(self.lines, scene.begins, scene.ends):
            return words, True
        span = f"{_clock(scene.begins)} to {_clock(scene.ends)}"
        if self.language == "ru":
            return f"Сцена {number}, с {span.replace('to', 'до')}.", False
        return f"Scene {number}, from {span}.", False


def _read(path: Path, name: str, plan: Plan, known: Collection[str]) -> Things:
    """The stories of a film, some scenes each; what it could not give comes last."""
    try:
        words = _words_beside(path, plan)
        panels: list[Panel] = []
        part = number = 0
        for number, (scene, picture) in enumerate(_scenes(path, words, plan), 1):
            panels.append(_panel(scene, picture, words, number))
            if len(panels) == plan.most_panels:
                part += 1
                yield from _story(path, name, part, panels, words, plan, known)
                panels = []
        if panels:
            yield from _story(path, name, part + 1, panels, words, plan, known)
        if not number:
            yield Rejected(path.name, str(path), "it shows nothing but blank frames")
    except BadInput as error:
        yield Rejected(path.name, str(path), str(error).rstrip("."))
    except _BrokenError as error:
        kept = ""
        if panels:
            yield from _story(path, name, part + 1, panels, words, plan, known)
        if number:
            kept = f"; the {number} scenes before that are taken"
        yield Rejected(path.name, str(path), f"{error}{kept}")


def _story(
    path: Path, name: str, part: int, panels: list[Panel], words: _Words, plan: Plan, known: Collection[str]
) -> Iterator[Story]:
    story_id = f"{name}-{part:03d}"
    if story_id not in known:
        rights = Rights(source="video", licence=plan.licence, owner=plan.owner, origin=path.name, date=plan.date)
        yield Story(story_id=story_id, language=words.language, rights=rights, panels=tuple(panels))


def _panel(scene: scenes.Scene[Any], picture: bytes, words: _Words, number: int) -> Panel:
    caption, said = words.of(scene, number)
    return Panel(
        picture=picture,
        name=f"{_clock(scene.begins)}-{_clock(scene.ends)}",
        prompt=_PROMPT,
        caption=caption,
        style=_STYLE,
        tags=() if said else (WORDLESS,),
    )


def _scenes(path: Path, words: _Words, plan: Plan) -> Iterator[tuple[scenes.Scene[Any], bytes]]:
    cutter: scenes.Cutter[av.VideoFrame] = scenes.Cutter(plan.scene_seconds)
    shape = 1.0
    try:
        with av.open(str(path), options=dict(_OPENED), metadata_errors="replace") as container:
            stream = _stream(container, path)
            shape = float(stream.sample_aspect_ratio or 1)
            for seconds, frame in _frames(container, stream, words):
                small = frame.reformat(*scenes.LOOK_PX, format="rgb24", interpolation="AREA").to_ndarray()
                for scene in cutter.add(scenes.look(seconds, small, frame)):
                    yield scene, _picture(scene.frame, shape, plan)
    except av.error.FFmpegError as error:
        for scene in cutter.end():
            yield scene, _picture(scene.frame, shape, plan)
        raise _BrokenError(f"it cannot be read as a film ({error.strerror or error})") from error
    except _BrokenError:
        for scene in cutter.end():
            yield scene, _picture(scene.frame, shape, plan)
        raise
    for scene in cutter.end():
        yield scene, _picture(scene.frame, shape, plan)


def _stream(container: Any, path: Path) -> Any:
    """The film's moving picture; the picture on a song's cover does not move."""
    for stream in container.streams.video:
        if not stream.disposition & stream.disposition.attached_pic:
            context = stream.codec_context
            if context.width * context.height > _MOST_PIXELS:
                raise _BrokenError(f"its frames have {context.width}x{context.height} pixels, which are too many")
            stream.thread_type = "AUTO"
            return stream
    others = sorted({stream.type for stream in container.streams})
    raise _BrokenError(f"it has no moving picture, only {' and '.join(others) or 'nothing'}")


def _frames(container: Any, stream: Any, words: _Words) -> Iterator[tuple[float, av.VideoFrame]]:
    """About ten frames a second with their times; frames that cannot be decoded are passed over."""
    spoken = None if words.lines else _spoken(container, words)
    begins: float | None = None
    newest, due, broken = 0.0, 0.0, 0
    for packet in container.demux([one for one in (stream, spoken) if one]):
        try:
            decoded = packet.decode()
        except av.error.FFmpegError as error:
            broken += 1
            if broken > _MOST_BROKEN:
                raise _BrokenError(f"it is damaged from {_clock(newest)} on ({error.strerror})") from error
            continue
        if packet.stream is spoken:
            words.lines += _lines(packet, decoded, begins or 0.0)
            continue
        for frame in decoded:
            if frame.is_corrupt or frame.time is None:
                continue
            broken = 0
            begins = frame.time if begins is None else begins
            newest = frame.time - begins
            if newest >= due:
                due = max(due, newest - 1e-6) + 1 / scenes.LOOKS_A_SECOND
                yield newest, frame
    if begins is None:
        raise _BrokenError("not one of its frames can be decoded")
    promised = container.duration / av.time_base if container.duration else 0.0
    if promised - newest > max(_MISSING_SECONDS, 0.05 * promised):
        raise _BrokenError(f"it breaks off at {_clock(newest)} of {_clock(promised)}")


def _picture(frame: av.VideoFrame, shape: float, plan: Plan) -> bytes:
    """A frame as it is meant to be seen: with square pixels, upright, no larger than wanted."""
    width, height = max(1, round(frame.width * shape)), frame.height
    scale = min(1.0, plan.longest_px / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    picture = frame.to_image()
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    if frame.rotation:
        picture = picture.rotate(frame.rotation, Image.Resampling.BICUBIC, expand=True)
    return pictures.encoded(picture)


def _words_beside(path: Path, plan: Plan) -> _Words:
    if not (found := subtitles.beside(path, plan.language)):
        return _Words([], plan.language)
    return _Words(subtitles.read(found[0]), found[1])


def _spoken(container: Any, words: _Words) -> Any:
    """The film's own subtitles, those of the wanted language first; subtitles that are pictures have no words."""
    texts = [one for one in container.streams.subtitles if one.codec_context.name in _TEXT_CODECS]
    texts.sort(key=lambda one: _LANGUAGES.get(one.language or "") != words.language)
    if texts:
        words.language = _LANGUAGES.get(texts[0].language or "", words.language)
    return texts[0] if texts else None


_TEXT_CODECS = frozenset(("ass", "ssa", "subrip", "srt", "webvtt", "mov_text", "text"))


def _lines(packet: Any, decoded: Any, film_begins: float) -> Iterator[Line]:
    if packet.pts is None:
        return
    begins = float(packet.pts * packet.time_base) - film_begins
    ends = begins + float((packet.duration or 0) * packet.time_base)
    for rect in decoded:
        said = getattr(rect, "dialogue", b"") or getattr(rect, "text", b"")
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        if words := subtitles.plain(text):
            yield Line(begins, ends, words)


def _fingerprint(path: Path, plan: Plan) -> str:
    stat = path.stat()
    beside = subtitles.beside(path, plan.language)
    words = [beside[0].name, files.digest(beside[0])] if beside else []
    return files.digest_of(
        [
            *(_READING, stat.st_size, stat.st_mtime_ns, words),
            *(plan.licence, plan.owner, plan.language, plan.longest_px, plan.scene_seconds, plan.most_panels),
        ]
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
