"""`.storyboarder`: the project file of Wonder Unit's Storyboarder, with its pictures in `images/` beside it.

The picture of a panel is the board's reference layer, in the size that Storyboarder draws at. What its own fields do
not hold is kept under a `storywright` key, which it leaves alone, so that a board comes back with what was changed
there and loses nothing else.
"""

import hashlib
import io
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from storywright import files
from storywright.board import Line, Panel, Storyboard, parse
from storywright.errors import BadInput
from storywright.export import pictures, words
from storywright.export import timeline as timelines

_KEY = "storywright"
_VERSION = "3.0.0"
_IMAGES = "images"
_CANVAS_PX = 900
"""The shorter side of what Storyboarder draws on."""
_THUMBNAIL_PX = 60
_UID_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_UID = 5
_OTHER_SECONDS = 2.0
"""How long a board stands whose file does not say it."""
_SPOKEN = re.compile(r"\s*([^:\n]{1,60}):\s+(.+)", re.S)
_UNSAID = "?"
"""Who speaks a line that Storyboarder keeps without a speaker."""


def write(board: Storyboard, folder: Path, path: Path, *, fps: float | str = 25) -> Path:
    """Write the project and its pictures; the project file comes last, so that it never names one that is not there."""
    rate = float(timelines.rate_of(fps).fps)
    uids = _uids(board)
    boards: list[dict[str, Any]] = []
    milliseconds = 0
    for number, panel in enumerate(board.panels, 1):
        made = _board(number, panel, uids[number - 1], milliseconds, board)
        boards.append(made)
        milliseconds += made["duration"]
        _write_pictures(number, panel, made, folder, path.parent / _IMAGES, board.aspect)
    about = board.model_dump(mode="json", exclude={"panels"})
    project = {
        "version": _VERSION,
        "aspectRatio": _aspect_ratio(board.aspect),
        "fps": int(rate) if rate.is_integer() else round(rate, 3),
        "defaultBoardTiming": round(_OTHER_SECONDS * 1000),
        "boards": boards,
        _KEY: {"board": about},
    }
    files.write_text(path, json.dumps(project, indent=2, ensure_ascii=False) + "\n")
    return path


def beside(path: Path) -> list[Path]:
    """The pictures that belong to a project that was written here."""
    images, made = path.parent / _IMAGES, json.loads(path.read_text())["boards"]
    names = [layer["url"] for board in made for layer in board["layers"].values()]
    return [images / name for name in names] + [
        images / name.replace("-reference.png", "-thumbnail.png") for name in names
    ]


def read(path: Path) -> Storyboard:
    """The board of a project; its own fields win over what storywright had kept, where they were changed."""
    project = _project(path)
    kept = project.get(_KEY)
    about = kept.get("board") if isinstance(kept, dict) else None
    about = dict(about) if isinstance(about, dict) else _about(project, path)
    usual = project.get("defaultBoardTiming")
    usual_ms = _milliseconds(usual, f"{path}, field defaultBoardTiming") if usual else _OTHER_SECONDS * 1000
    panels = list(_panels(project["boards"], usual_ms, path))
    notices = [*about.get("notices", []), *_noted(project["boards"], panels)]
    return parse(Storyboard, {**about, "notices": notices, "panels": panels}, str(path))


def _board(number: int, panel: Panel, uid: str, milliseconds: int, board: Storyboard) -> dict[str, Any]:
    url = f"board-{number}-{uid}.png"
    made: dict[str, Any] = {
        "uid": uid,
        "url": url,
        "newShot": True,
        "lastEdited": 0,
        "number": number,
        "shot": f"{number}A",
        "time": milliseconds,
        "duration": max(1, round(panel.seconds * 1000)),
        "lineMileage": 0,
        "layers": {},
    }
    if panel.picture:
        made["layers"]["reference"] = {"url": url.replace(".png", "-reference.png"), "opacity": 1}
    made["action"] = panel.action
    made["dialogue"] = _dialogue(panel)
    made["notes"] = _notes(panel, board)
    own = panel.model_dump(mode="json")
    made[_KEY] = {"panel": own, "as": {name: made[name] for name in ("duration", "action", "dialogue", "notes")}}
    return made


def _dialogue(panel: Panel) -> str:
    """One line for each line that is said, with its speaker before it."""
    return "\n".join(f"{line.who}: {' '.join(line.line.split())}" for line in panel.dialogue)


def _notes(panel: Panel, board: Storyboard) -> str:
    terms = (("voice", panel.voice_over), ("super", panel.super), ("sound", panel.sound))
    told = [words.shot(panel, board.language), words.place(panel, board.language)]
    told += [f"{words.capital(words.word(term, board.language))}: {text}" for term, text in terms if text.strip()]
    return "\n".join(" ".join(text.split()) for text in told if text.strip())


def _write_pictures(number: int, panel: Panel, made: dict[str, Any], folder: Path, images: Path, aspect: str) -> None:
    picture = pictures.picture_of(number, panel, folder)
    if picture is None:
        return
    ratio = _aspect_ratio(aspect)
    size = (round(_CANVAS_PX * max(ratio, 1)), round(_CANVAS_PX / min(ratio, 1)))
    canvas = pictures.fitted(picture, size)
    _write_png(canvas, images / made["layers"]["reference"]["url"])
    thumbnail = canvas.resize((max(1, round(_THUMBNAIL_PX * ratio)), _THUMBNAIL_PX), Image.Resampling.LANCZOS)
    _write_png(thumbnail, images / made["url"].replace(".png", "-thumbnail.png"))


def _write_png(picture: Image.Image, path: Path) -> None:
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=1)  # a sixth of the time, for a third more bytes
    files.write_bytes(path, stream.getvalue())


def _uids(board: Storyboard) -> list[str]:
    """Five letters for each panel, the same as long as its id is, each unlike the others."""
    taken: list[str] = []
    for panel in board.panels:
        for attempt in range(1000):
            number = int.from_bytes(hashlib.sha256(f"{board.id}\0{panel.id}\0{attempt}".encode()).digest()[:8])
            uid = "".join(_UID_LETTERS[number // 36**place % 36] for place in range(_UID))
            if uid not in taken:
                break
        taken.append(uid)
    return taken


def _aspect_ratio(aspect: str) -> float:
    width, height = aspect.split(":")
    return float(width) / float(height)


def _project(path: Path) -> dict[str, Any]:
    try:
        project = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise BadInput(f"{path} does not exist: check the path.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text (byte {error.start}): is this a .storyboarder file?") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadInput(f"{path} is not JSON ({error}): is this a .storyboarder file?") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    boards = project.get("boards") if isinstance(project, dict) else None
    if not isinstance(boards, list) or not all(isinstance(one, dict) for one in boards):
        raise BadInput(f"{path} has no list of boards: is this a .storyboarder file?")
    assert isinstance(project, dict)
    return project


def _about(project: dict[str, Any], path: Path) -> dict[str, Any]:
    """What there is to say about a project that storywright did not write."""
    try:
        ratio = float(project.get("aspectRatio") or 16 / 9)
    except (TypeError, ValueError):
        ratio = 16 / 9
    ratio = min(max(ratio, 0.25), 4.0) if math.isfinite(ratio) else 16 / 9
    named = {"16:9": 16 / 9, "4:3": 4 / 3, "1:1": 1.0, "9:16": 9 / 16}
    aspect = next((name for name, value in named.items() if abs(value - ratio) < 0.005), f"{ratio:.4g}:1")
    return {"id": path.stem or "board", "title": path.stem or "board", "aspect": aspect}


def _panels(boards: list[dict[str, Any]], usual_ms: float, path: Path) -> Iterator[dict[str, Any]]:
    ids: set[str] = set()
    for number, made in enumerate(boards, 1):
        panel = _part(made, "panel") or {"picture": _poster(made)}
        panel |= _changed(made, usual_ms, f"{path}, board {number}")
        panel["id"] = _own_id(str(panel.get("id") or made.get("uid") or f"board-{number}"), ids)
        yield panel


def _part(made: dict[str, Any], name: str) -> dict[str, Any]:
    """What storywright had kept beside a board."""
    kept = made.get(_KEY)
    part = kept.get(name) if isinstance(kept, dict) else None
    return dict(part) if isinstance(part, dict) else {}


def _poster(made: dict[str, Any]) -> str:
    """The flattened picture that Storyboarder keeps of what was drawn there."""
    url = str(made.get("url") or "")
    return f"{_IMAGES}/{url.removesuffix('.png')}-posterframe.jpg" if re.fullmatch(r"[\w. -]+", url) else ""


def _changed(made: dict[str, Any], usual_ms: float, where: str) -> dict[str, Any]:
    """The fields that Storyboarder has, where they are not as storywright wrote them."""
    written = _part(made, "as")
    changed: dict[str, Any] = {}
    duration = made.get("duration")
    if duration is None:
        duration = usual_ms
    if duration != written.get("duration"):
        changed["seconds"] = _milliseconds(duration, f"{where}, field duration") / 1000
    action, dialogue = _text(made, "action"), _text(made, "dialogue")
    if action != written.get("action", ""):
        changed["action"] = action
    if dialogue != written.get("dialogue", ""):
        changed["dialogue"] = [line.model_dump() for line in _lines(dialogue)]
    return changed


def _noted(boards: list[dict[str, Any]], panels: list[dict[str, Any]]) -> list[str]:
    """Notes that were written in Storyboarder, for which a panel has no field."""
    notes = [(_text(made, "notes").strip(), _part(made, "as").get("notes", "")) for made in boards]
    return [
        f"{panel['id']}: {note}"
        for panel, (note, written) in zip(panels, notes, strict=True)
        if note != written.strip()
    ]


def _text(made: dict[str, Any], field: str) -> str:
    return str(made.get(field) or "")


def _milliseconds(value: Any, where: str) -> float:
    try:
        milliseconds = float(value)
    except (TypeError, ValueError) as error:
        raise BadInput(f"{where}: expected milliseconds, got {value!r}.") from error
    if not math.isfinite(milliseconds) or milliseconds <= 0:
        raise BadInput(f"{where}: expected more than 0 milliseconds, got {value!r}.")
    return milliseconds


def _lines(dialogue: str) -> list[Line]:
    """Lines with their speakers; what has no speaker goes on with the line before it, or is somebody's."""
    lines: list[Line] = []
    for text in filter(str.strip, dialogue.splitlines()):
        if match := _SPOKEN.fullmatch(text):
            lines.append(Line(who=match[1].strip(), line=match[2].strip()))
        elif lines:
            lines[-1] = Line(who=lines[-1].who, line=f"{lines[-1].line} {text.strip()}")
        else:
            lines.append(Line(who=_UNSAID, line=text.strip()))
    return lines


def _own_id(wished: str, ids: set[str]) -> str:
    """A board that was copied needs an id of its own."""
    own, count = wished, 1
    while own in ids:
        count += 1
        own = f"{wished}-{count}"
    ids.add(own)
    return own
