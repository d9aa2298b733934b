"""OpenTimelineIO: the timeline that pipelines exchange, with everything the board knows kept in its metadata.

Clips that were cut, moved, left out or added elsewhere come back as they were left: `read` takes the order, the lengths
and the pictures from the timeline, and all else from what storywright had written beside them.
"""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import opentimelineio as otio
from opentimelineio.opentime import RationalTime, TimeRange
from pydantic import ValidationError

from storywright import files
from storywright.board import Storyboard
from storywright.errors import BadInput
from storywright.export import timeline as timelines
from storywright.export.timeline import Cut, Timeline
from storywright.voice.track import Track

_KEY = "storywright"
_MARKER_COLOR = otio.schema.MarkerColor.YELLOW
_CUE_COLOR = otio.schema.MarkerColor.CYAN
_NUMBER = "storywright number"
"""Marks a number that is kept as text."""
_WHOLE, _LARGE, _DECIMALS = 2**63, 1e9, 6
"""Whole numbers beyond 64 bits the library refuses; others of many digits it reads wrong in the last one."""


def write(
    board: Storyboard,
    folder: Path,
    path: Path,
    *,
    fps: float | str = 25,
    drop: bool = False,
    track: Track | None = None,
) -> Path:
    """Write the board as one video track, and the voice as one audio track."""
    film = timelines.timeline(board, folder, path, fps=fps, drop=drop, track=track)
    made = otio.schema.Timeline(_one_line(board.title), global_start_time=RationalTime(film.rate.start, _rate(film)))
    made.metadata[_KEY] = {"board": _kept(board.model_dump(mode="json", exclude={"panels"}))}
    made.tracks.append(_pictures(film, board, path))
    if film.sound:
        made.tracks.append(_sound(film, path))
    files.write_text(path, otio.adapters.write_to_string(made, "otio_json") + "\n")
    return path


def beside(path: Path) -> list[Path]:
    """The sound."""
    return timelines.sound_beside(path)


def read(path: Path) -> Storyboard:
    """The board of a timeline; one that storywright did not write becomes a board of its clips."""
    made = _opened(path)
    try:
        about = _loose(made.metadata.get(_KEY, {})).get("board", {})
        tracks = [track for track in made.tracks if getattr(track, "kind", "") == otio.schema.TrackKind.Video]
        panels = list(_panels(tracks[0])) if tracks else []
        named = {"id": path.stem, "title": made.name or path.stem}
        return Storyboard.model_validate({**named, **about, "panels": panels})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise BadInput(f"{path}, {_KEY} metadata, field {field}: {first['msg']}.") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise BadInput(f"{path}: what is kept under {_KEY} in its metadata is spoilt ({error}).") from error


def _pictures(film: Timeline, board: Storyboard, path: Path) -> otio.schema.Track:
    track = otio.schema.Track("Panels", kind=otio.schema.TrackKind.Video)
    for cut in film.cuts:
        track.append(_clip(cut, film, board, path))
    return track


def _clip(cut: Cut, film: Timeline, board: Storyboard, path: Path) -> otio.schema.Clip:
    span = TimeRange(RationalTime(0, _rate(film)), RationalTime(cut.frames, _rate(film)))
    reference = otio.schema.MissingReference()
    if cut.picture:
        reference = otio.schema.ExternalReference(timelines.relative(cut.picture, path), span)
        reference.name = cut.name
    clip = otio.schema.Clip(_one_line(cut.panel.id), reference, span)
    url = reference.target_url if cut.picture else ""
    clip.metadata[_KEY] = {"panel": _kept(cut.panel.model_dump(mode="json")), "frames": cut.frames, "media": url}
    note = timelines.note(cut, board)
    if note:
        marked = TimeRange(RationalTime(0, _rate(film)), RationalTime(cut.frames, _rate(film)))
        head = cut.panel.action.strip() or note.splitlines()[0]
        clip.markers.append(otio.schema.Marker(_one_line(head), marked, _MARKER_COLOR, comment=note))
    return clip


def _sound(film: Timeline, path: Path) -> otio.schema.Track:
    assert film.sound
    span = TimeRange(RationalTime(0, _rate(film)), RationalTime(film.sound_frames, _rate(film)))
    clip = otio.schema.Clip(film.sound.name, otio.schema.ExternalReference(timelines.relative(film.sound, path), span))
    clip.source_range = span
    for cue in film.cues:
        start = film.at(cue.start)
        length = max(1, film.at(cue.end) - start)
        marked = TimeRange(RationalTime(start, _rate(film)), RationalTime(length, _rate(film)))
        name = f"{cue.who}: {cue.text}" if cue.who else cue.text
        clip.markers.append(otio.schema.Marker(_one_line(name), marked, _CUE_COLOR))
    track = otio.schema.Track("Voice", kind=otio.schema.TrackKind.Audio)
    track.append(clip)
    return track


def _rate(film: Timeline) -> float:
    return float(film.rate.fps)


def _one_line(text: str) -> str:
    return " ".join(timelines.for_xml(text).split())[:120]


def _opened(path: Path) -> otio.schema.Timeline:
    try:
        made = otio.adapters.read_from_file(str(path))
    except FileNotFoundError as error:
        raise BadInput(f"{path} does not exist: check the path.") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}.") from error
    except otio.exceptions.UnsupportedSchemaError as error:
        raise BadInput(
            f"{path} comes from a newer OpenTimelineIO than the {otio.__version__} here ({error}): save it for an "
            "older one, or upgrade with `pip install -U opentimelineio`."
        ) from error
    except (otio.exceptions.OTIOError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{path} is not an OpenTimelineIO timeline: {str(error).splitlines()[0]}.") from error
    if not isinstance(made, otio.schema.Timeline):
        kind = type(made).__name__
        raise BadInput(f"{path} holds a {kind}, not a timeline: export the timeline itself.")
    return made


def _panels(track: otio.schema.Track) -> Iterator[dict[str, Any]]:
    """The items of a track in order; a gap is a panel without a picture, a transition takes no time of its own."""
    ids: set[str] = set()
    for number, item in enumerate(track, 1):
        if isinstance(item, otio.schema.Transition):
            continue
        length = item.duration()
        if length.value <= 0 or length.rate <= 0:
            continue
        panel = _panel(item, length)
        panel["id"] = _own_id(panel.get("id") or f"clip-{number}", ids)
        yield panel


def _panel(item: otio.core.Item, length: RationalTime) -> dict[str, Any]:
    kept = _loose(item.metadata.get(_KEY, {}))
    panel = kept.get("panel")
    url = getattr(getattr(item, "media_reference", None), "target_url", "")
    if not isinstance(panel, dict):
        return {"id": "", "action": item.name, "seconds": _seconds(length), "picture": _picture(url)}
    as_written = kept.get("frames") == length.value
    return {
        **panel,
        "seconds": panel.get("seconds") if as_written else _seconds(length),
        "picture": panel.get("picture", "") if kept.get("media", "") == url else _picture(url),
    }


def _seconds(length: RationalTime) -> float:
    return round(length.value / length.rate, 6)


def _picture(url: str) -> str:
    """A picture that lies beside the timeline; one that lies elsewhere on a disk is not the board's."""
    parts = urlsplit(url)
    name = unquote(parts.path)
    inside = not parts.scheme and not parts.netloc and name and not name.startswith(("/", "../", "~"))
    return name if inside and ".." not in name.split("/") else ""


def _own_id(wished: str, ids: set[str]) -> str:
    """A clip that was split or used twice needs an id of its own for each part."""
    own, count = wished, 1
    while own in ids:
        count += 1
        own = f"{wished}-{count}"
    ids.add(own)
    return own


def _kept(value: Any) -> Any:
    """JSON as the format's metadata can hold it."""
    if isinstance(value, dict):
        return {_kept(key): _kept(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_kept(one) for one in value]
    if isinstance(value, str):
        return value.replace("\0", "")  # at which the format would end the text
    if isinstance(value, float) and not math.isfinite(value):
        return None
    plain = abs(value) < _LARGE and round(value, _DECIMALS) == value if isinstance(value, float) else True
    if isinstance(value, int) and not -_WHOLE <= value < _WHOLE:
        plain = False
    return value if plain else {_NUMBER: repr(value)}


def _loose(value: Any) -> Any:
    """Metadata as plain Python."""
    if isinstance(value, Mapping):
        if list(value) == [_NUMBER]:
            return json.loads(value[_NUMBER])
        return {key: _loose(one) for key, one in value.items()}
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        return value
    return [_loose(one) for one in value]
